"""Where prices come from: which source tells which provinces, and one call to it (ST2)."""

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import NamedTuple

from octane.kernel.clock import Clock, in_beijing
from octane.kernel.errors import OctaneError
from octane.kernel.provinces import Province
from octane.prices.formats import AnswerUnreadableError, Format, read_answer
from octane.prices.model import Reading
from octane.prices.ports import Silent
from octane.wire.http import Transport, WireError

TIMEOUT_S = 5.0
DEFAULT = (
    "CITY /cnoil/oil_city AH BJ CQ FJ GD GS GX GZ HA HB HE HI HL HN JL JS; "
    "LIST /oil/prices JX LN NM NX QH SC SD SH SN SX TJ XJ XZ YN ZJ"
)
"""Format, address and provinces of each source; an address that starts with `/` is below OCTANE_PRICES_URL.
"""
HEADERS: Mapping[str, str] = MappingProxyType({"accept": "application/json"})


class PriceSourcesInvalidError(OctaneError):
    """A fault of the deployment."""

    code = "PRICE_SOURCES_INVALID"
    summary = "The sources of prices are not as octane/prices/sources.py wants them."


class SourceConfig(NamedTuple):
    form: Format
    address: str
    provinces: tuple[Province, ...]


def read_sources(text: str) -> tuple[SourceConfig, ...]:
    """Read `CITY /path BJ SH; LIST https://… GD`: each province once. Raise `PriceSourcesInvalidError`."""
    found: list[SourceConfig] = []
    for line in filter(None, map(str.strip, text.split(";"))):
        try:
            form, address, *provinces = line.split()
            found.append(SourceConfig(Format(form), address, tuple(map(Province, provinces))))
        except ValueError:
            raise PriceSourcesInvalidError(f"Not a source of prices: {line}") from None
    provinces_of_all = [province for source in found for province in source.provinces]
    if len(set(provinces_of_all)) != len(provinces_of_all):
        raise PriceSourcesInvalidError("A province has two sources of prices.")
    if any(not one.provinces or not one.address.startswith(("/", "https://")) for one in found):
        raise PriceSourcesInvalidError("A source of prices has an address and provinces.")
    return tuple(found)


class HttpSource:
    """Implements `octane.prices.ports.PriceSource`."""

    def __init__(self, config: SourceConfig, base_url: str, transport: Transport, clock: Clock) -> None:
        self.name = f"{config.form.value} {config.address.partition('?')[0]}"
        self.provinces = config.provinces
        self._form = config.form
        is_below = config.address.startswith("/")
        self._url = base_url.rstrip("/") + config.address if is_below else config.address
        self._transport = transport
        self._clock = clock

    def pull(self) -> Mapping[Province, Reading] | Silent:
        """GET the prices, once."""
        try:
            answer = self._transport.send("GET", self._url, HEADERS, None, TIMEOUT_S)
        except WireError as error:
            return Silent(f"{type(error).__name__} {error}")
        if answer.status != HTTPStatus.OK:
            return Silent(f"HTTP_{answer.status}")
        try:
            return read_answer(self._form, answer.body, in_beijing(self._clock.now()).date())
        except AnswerUnreadableError as error:
            return Silent(str(error))
