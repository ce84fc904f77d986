"""Is this how they usually log in? Pure rules over a person's own habits (ID5).

| sign         | points | when                                                                              |
|--------------|--------|-----------------------------------------------------------------------------------|
| `NEW_DEVICE` | 3      | none of their last ten devices; no device, from who always named one              |
| `FAR_AWAY`   | 3      | farther from the last position than a plane flies in the time since               |
| `ODD_HOUR`   | 2      | somebody who logged in 20 times, and never within an hour of now                  |
| `NEW_IP`     | 1      | none of their last ten addresses                                                  |

From 3 points a code to the bound phone is asked for; from 8 the login is refused. A first login has no
habits, and an account without a phone could answer no challenge: both are let in, and their signs are in the
audit. Speed falls as time passes, so a refusal ends by itself.

A position is used and kept with consent only (`LOCATION`). Device and position are the client's own word:
they tell a thief who does not think of them from the owner, and prove nothing. Kept are digests of devices
and addresses, and positions rounded to 0.1° (about 10 km).
"""

from enum import StrEnum
from typing import NamedTuple

from octane.kernel.clock import Instant, in_beijing
from octane.kernel.ids import derive_id
from octane.kernel.places import degrees_in
from octane.store.items import Item, Key, Table, Value
from octane.store.writes import Absent, Is, Put

KEPT = 10
"""Devices, addresses and recent logins."""
HOURS_KNOWN_AFTER = 20
"""Logins until somebody's hours are a habit."""
FAR_KM = 100.0
"""Below it positions are noise."""
PLANE_KM_H = 900.0
HOUR_MS = 3_600_000
HOURS = 24
CELL = 5
"""h3 resolution: cells about as coarse as the positions."""
CHALLENGE_FROM = 3
REFUSE_FROM = 8


class Sign(StrEnum):
    NEW_DEVICE = "NEW_DEVICE"
    FAR_AWAY = "FAR_AWAY"
    ODD_HOUR = "ODD_HOUR"
    NEW_IP = "NEW_IP"


POINTS = {Sign.NEW_DEVICE: 3, Sign.FAR_AWAY: 3, Sign.ODD_HOUR: 2, Sign.NEW_IP: 1}


class Verdict(StrEnum):
    ALLOW = "ALLOW"
    CHALLENGE = "CHALLENGE"
    REFUSE = "REFUSE"


class Recent(NamedTuple):
    """A login as its owner is shown it."""

    at: Instant
    provider: str
    ip: str
    """Masked."""
    outcome: str
    """`DONE`, or the code of the refusal."""


class Habits(NamedTuple):
    """How somebody logged in so far. `version` counts the changes."""

    version: int = 0
    logins: int = 0
    devices: tuple[str, ...] = ()
    """Digests, the last used first."""
    ips: tuple[str, ...] = ()
    hours: tuple[int, ...] = (0,) * HOURS
    """Logins in each hour of Beijing's day."""
    place: str = ""
    """Where they were when they last said so: `31.2,121.5`."""
    place_at: Instant = Instant(0)
    recent: tuple[Recent, ...] = ()


class SignIn(NamedTuple):
    """A login that is to be judged."""

    at: Instant
    provider: str
    ip: str
    device: str
    place: str


def judge(habits: Habits, login: SignIn) -> tuple[Verdict, tuple[Sign, ...]]:
    """Say what to do with a login, and why."""
    signs = tuple(_signs(habits, login)) if habits.logins else ()
    points = sum(POINTS[sign] for sign in signs)
    if points >= REFUSE_FROM:
        return Verdict.REFUSE, signs
    return (Verdict.CHALLENGE if points >= CHALLENGE_FROM else Verdict.ALLOW), signs


def _signs(habits: Habits, login: SignIn) -> list[Sign]:
    found = []
    if habits.devices and _digest(login.device) not in habits.devices:
        found.append(Sign.NEW_DEVICE)
    if login.place and habits.place and _is_far(habits, login):
        found.append(Sign.FAR_AWAY)
    if habits.logins >= HOURS_KNOWN_AFTER:
        hour = in_beijing(login.at).hour
        if not any(habits.hours[(hour + step) % HOURS] for step in (-1, 0, 1)):
            found.append(Sign.ODD_HOUR)
    if habits.ips and _digest(login.ip) not in habits.ips:
        found.append(Sign.NEW_IP)
    return found


def _is_far(habits: Habits, login: SignIn) -> bool:
    """Whether nobody travels so fast. One kilometre an hour is as good as another: cells, not addresses."""
    if login.place == habits.place:
        return False
    distance = _km_between(habits.place, login.place)
    hours = max(login.at - habits.place_at, 0) / HOUR_MS
    return distance > max(FAR_KM, PLANE_KM_H * hours)


def _km_between(one: str, other: str) -> float:
    import h3  # noqa: PLC0415 (its import takes longer than a login; few logins have two places to compare)

    cells = [h3.latlng_to_cell(*map(float, place.split(",")), CELL) for place in (one, other)]
    return float(h3.great_circle_distance(*map(h3.cell_to_latlng, cells)))


def rounded_place(text: str) -> str:
    """Round `31.2304,121.4737` to `31.2,121.5`; whatever is no position is none."""
    return ",".join(f"{degrees:.1f}" for degrees in degrees_in(text) or ())


def masked_ip(ip: str) -> str:
    """`1.2.3.4` is shown as `1.2.*.*`, `2001:db8:…` by its first two groups."""
    if ":" in ip:
        return ":".join(ip.split(":")[:2]) + ":*"
    return ".".join([*ip.split(".")[:2], "*", "*"]) if ip else ""


def after_login(habits: Habits, login: SignIn) -> Habits:
    """The habits with one more login in them."""
    hour = in_beijing(login.at).hour
    place, place_at = (login.place, login.at) if login.place else (habits.place, habits.place_at)
    return after_refusal(habits, login, "DONE")._replace(
        logins=habits.logins + 1,
        devices=_with(habits.devices, login.device),
        ips=_with(habits.ips, login.ip),
        hours=tuple(count + (number == hour) for number, count in enumerate(habits.hours)),
        place=place,
        place_at=place_at,
    )


def after_refusal(habits: Habits, login: SignIn, outcome: str) -> Habits:
    """A refused login is shown to its owner and makes nothing a habit."""
    recent = Recent(login.at, login.provider, masked_ip(login.ip), outcome)
    return habits._replace(version=habits.version + 1, recent=(recent, *habits.recent)[:KEPT])


def _with(known: tuple[str, ...], text: str) -> tuple[str, ...]:
    if not text:
        return known
    found = _digest(text)
    return (found, *(each for each in known if each != found))[:KEPT]


def _digest(text: str) -> str:
    return derive_id("W", text)


def habits_key(user_id: str) -> Key:
    return Key(Table.IDENTITY, user_id, "#HABITS")


def store_habits(user_id: str, habits: Habits) -> Put:
    """`ChangedMeanwhileError` when another login moved first."""
    recent: list[Value] = [[one.at, one.provider, one.ip, one.outcome] for one in habits.recent]
    item: Item = {
        "version": habits.version,
        "logins": habits.logins,
        "devices": list(habits.devices),
        "ips": list(habits.ips),
        "hours": list(habits.hours),
        "place": habits.place,
        "place_at": habits.place_at,
        "recent": recent,
    }
    before = habits.version - 1
    return Put(habits_key(user_id), item, when=Is("version", before) if before else Absent())


def habits_in(item: Item | None) -> Habits:
    if item is None:
        return Habits()
    recent = [[str(part) for part in _listed(entry)] for entry in _listed(item["recent"])]
    return Habits(
        version=int(str(item["version"])),
        logins=int(str(item["logins"])),
        devices=tuple(str(each) for each in _listed(item["devices"])),
        ips=tuple(str(each) for each in _listed(item["ips"])),
        hours=tuple(int(str(each)) for each in _listed(item["hours"])),
        place=str(item["place"]),
        place_at=Instant(int(str(item["place_at"]))),
        recent=tuple(Recent(Instant(int(at)), *rest) for at, *rest in recent),
    )


def _listed(value: Value) -> list[Value]:
    return value if isinstance(value, list) else []
