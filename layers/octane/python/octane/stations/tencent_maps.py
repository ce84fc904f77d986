"""Driving distances by Tencent's distance matrix, `/ws/distance/v1/matrix`: one place to many (ST1).

Every call is signed: `sig` is the MD5 of path, `?`, the parameters sorted and as they are (not encoded), and
the secret key. A status that is not 0 says why there is no answer: 110 and 112 (we may not ask from here),
306 and 310 (parameters), 311 (the key).
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Self
from urllib.parse import urlencode

from octane.kernel.signals import Signals
from octane.stations.model import Place, degrees
from octane.stations.ports import Drive
from octane.wire.http import Transport, WireError

PATH = "/ws/distance/v1/matrix"
MOST_ENDS = 200
ROUGH = -2
"""Where somebody stands is told to the map to a ten-thousandth of a degree: eleven metres are enough for a
road, and the map need not know more."""
SHOWN_CODE = 32
"""Characters of a strange status that go to the log."""


@dataclass(frozen=True, slots=True)
class TencentMapsConfig:
    key: str
    secret_key: str = field(repr=False)
    base_url: str
    timeout_s: float = 1.0
    """A customer waits for it; a time-out of a second opens the circuit at once."""

    @classmethod
    def from_secret(cls, secret: Mapping[str, str], base_url: str) -> Self:
        """Build from the map secret: key, secret_key."""
        return cls(secret["key"], secret["secret_key"], base_url)


class TencentMaps:
    """Implements `octane.stations.ports.DrivingMap`."""

    def __init__(self, config: TencentMapsConfig, transport: Transport, signals: Signals) -> None:
        self._config = config
        self._transport = transport
        self._signals = signals

    def drives(self, start: Place, ends: Sequence[Place]) -> list[Drive | None] | None:
        if not ends:
            return []
        if len(ends) > MOST_ENDS:
            raise ValueError(f"at most {MOST_ENDS} places in one question")
        rough = Place(*(round(part, ROUGH) for part in start))
        fields = {
            "mode": "driving",
            "from": _point(rough),
            "to": ";".join(_point(end) for end in ends),
            "key": self._config.key,
        }
        query = urlencode({**fields, "sig": sign(PATH, fields, self._config.secret_key)})
        url = f"{self._config.base_url.rstrip('/')}{PATH}?{query}"
        headers = {"accept": "application/json"}
        try:
            answer = self._transport.send("GET", url, headers, None, self._config.timeout_s)
        except WireError as error:
            return self._silent(type(error).__name__)
        if answer.status != HTTPStatus.OK:
            return self._silent(f"HTTP_{answer.status}")
        try:
            told = json.loads(answer.body)
            if told["status"] != 0:
                return self._silent(f"STATUS_{str(told['status'])[:SHOWN_CODE]}")
            [row] = told["result"]["rows"]
            found = [_drive(element) for element in row["elements"]]
        except (ValueError, KeyError, TypeError, RecursionError):
            return self._silent("UNREADABLE")
        return found if len(found) == len(ends) else self._silent("INCOMPLETE")

    def _silent(self, why: str) -> list[Drive | None] | None:
        self._signals.count("MapSilent", why=why)
        return None


class SilentMap:
    """Instead of a map that is not set up; or whose secret cannot be read, and then it says why."""

    def __init__(self, signals: Signals, why: str = "") -> None:
        self._signals = signals
        self._why = why

    def drives(self, _start: Place, _ends: Sequence[Place]) -> list[Drive | None] | None:
        if self._why:
            self._signals.count("MapSilent", why=self._why)
        return None


def sign(path: str, fields: Mapping[str, str], secret_key: str) -> str:
    """Tencent's signature of a GET.

    >>> sign("/ws/geocoder/v1", {"key": "K", "location": "28.7033487,115.8660847"}, "S")
    '1af1584b42d23b8c9f70904469ddbdcd'
    """
    raw = "&".join(f"{name}={value}" for name, value in sorted(fields.items()))
    return hashlib.md5(f"{path}?{raw}{secret_key}".encode(), usedforsecurity=False).hexdigest()


def _point(place: Place) -> str:
    return f"{degrees(place.lat)},{degrees(place.lon)}"


def _drive(element: Mapping[str, object]) -> Drive | None:
    """One way; None where the map says that there is none. Raise `KeyError`, `TypeError` or `ValueError`."""
    metres, seconds = element["distance"], element.get("duration", 0)
    if type(metres) is not int or type(seconds) is not int:
        raise TypeError
    return Drive(metres, seconds) if metres >= 0 and seconds >= 0 and not element.get("status") else None
