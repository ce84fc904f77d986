"""Where a company hands its bills out: from its books, with what was planted, for 30 seconds an address."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

from simulators.bills.file_plants import FILE_PLANTS
from simulators.bills.plant import EVERYONE, Truth, find_spot, print_bill
from simulators.bills.row_plants import ROW_PLANTS
from simulators.bills.rows import Form, Heading, Row, Rows
from simulators.protocol import Json, Now
from simulators.texts import LETTERS, midnight, pick

LIVES_MS = 30_000
READY_MS = 34 * 3_600_000
"""From a day's beginning to 10:00 of the next."""


@dataclass(slots=True)
class Planted:
    """A discrepancy that was ordered, and what became of it."""

    kind: str
    number: str = ""
    """The row that it is for; empty: any."""
    day: date | None = None
    """Whose bill it is for; that of the first that is made, unless told."""
    truths: tuple[Truth, ...] = ()
    refused: str = ""
    row: str = ""
    """The number of the row that it took."""
    done: bool = False

    def view(self) -> Json:
        return {
            "kind": self.kind,
            "number": self.row,
            "day": self.day.isoformat() if self.day else "",
            "planted": self.done,
            "refused": self.refused,
            "truth": [truth._asdict() for truth in self.truths],
        }


@dataclass(frozen=True, slots=True)
class Bill:
    text: bytes
    packed: bytes
    wrong_digest: bool


class Office:
    def __init__(self, form: Form, now: Now, random: Random) -> None:
        self._form = form
        self._now = now
        self._random = random
        self.early = False
        """Hand out the bill of a day that is not over (for demonstrations)."""
        self._planted: list[Planted] = []
        self._late: dict[tuple[date, int], Rows] = {}
        """Rows for another day's bill, by that day and the discrepancy that moved them."""
        self._offers: dict[str, tuple[int, bytes]] = {}

    def plant(self, order: Json) -> Json:
        """`kind`, optionally `number` and `day`; raises `ValueError`."""
        kind, number, day = (order.get(name, "") for name in ("kind", "number", "day"))
        if set(order) - {"kind", "number", "day"} or not all(isinstance(each, str) for each in (number, day)):
            raise ValueError("kind, number and day (YYYY-MM-DD) are text")
        if self._form.source not in self.sources(kind):
            raise ValueError(f"kinds: {', '.join(self.kinds())}")
        self._planted.append(Planted(kind, number, date.fromisoformat(day) if day else None))
        return self.view()

    def command(self, name: str, order: Json) -> Json | None:
        """A control-plane command about discrepancies; None when it is none."""
        match name:
            case "POST /bills/plant":
                return self.plant(order)
            case "DELETE /bills/plant":
                return self.forget()
            case "GET /bills/plant":
                return self.view()
        return None

    def forget(self) -> Json:
        self._planted.clear()
        self._late.clear()
        return self.view()

    def view(self) -> Json:
        return {"kinds": self.kinds(), "planted": [each.view() for each in self._planted]}

    def kinds(self) -> list[str]:
        return [kind for kind in (*ROW_PLANTS, *FILE_PLANTS) if self._form.source in self.sources(kind)]

    @staticmethod
    def sources(kind: object) -> frozenset[str]:
        plant = ROW_PLANTS.get(str(kind)) or FILE_PLANTS.get(str(kind))
        return plant.sources & EVERYONE if plant else frozenset()

    def is_ready(self, day: date) -> bool:
        return self.early or self._now() >= midnight(day) + READY_MS

    def bill(self, heading: Heading, rows: Sequence[Row]) -> Bill | None:
        """The bill of a day out of all rows of the books; None when nothing moved. Asked again, it is the
        same as long as the books are."""
        today = tuple(row for row in rows if heading.holds(row.at))
        today += tuple(row for (day, _), late in self._late.items() if day == heading.day for row in late)
        if not today:
            return None
        files = []
        for place, planted in enumerate(self._planted):
            if planted.day not in (None, heading.day):
                continue
            planted.day = heading.day
            source, random = self._form.source, Random(f"{heading.day} {place}")  # noqa: S311 - no secret
            if planted.kind in FILE_PLANTS:
                files.append(FILE_PLANTS[planted.kind])
                planted.refused, planted.done = files[-1].refused.get(source, ""), True
            else:
                today = self._edited(planted, place, heading, today, random)
        printed = print_bill(self._form, heading, today, files, Random(f"{heading.day}"))  # noqa: S311 - no secret
        return Bill(printed.text, printed.packed, any(plant.wrong_digest for plant in files))

    def offer(self, content: bytes) -> str:
        """The token under which the file can be fetched for 30 seconds."""
        token = pick(self._random, LETTERS, 32)
        self._offers[token] = (self._now() + LIVES_MS, content)
        return token

    def fetch(self, token: str) -> bytes | None:
        """The file, until its address is over."""
        until, content = self._offers.get(token, (0, b""))
        return content if self._now() < until else None

    def _edited(self, planted: Planted, place: int, heading: Heading, rows: Rows, random: Random) -> Rows:
        plant = ROW_PLANTS[planted.kind]
        spot = find_spot(
            plant, self._form.source, heading, rows, random, number=planted.number, early=self.early
        )
        planted.done = spot is not None
        if spot is None:
            return rows
        edited = plant.edit(spot)
        planted.row = "" if plant.whole else spot.row.number
        planted.refused = plant.refused.get(self._form.source, "")
        planted.truths = () if planted.refused else (*edited.truths, *edited.truths_later)
        self._late[heading.next.day, place] = edited.later
        return edited.rows
