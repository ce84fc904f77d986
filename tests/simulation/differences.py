"""Differences after every effect: what each holds, where its money stands, who moved it (RC3).

Like the witness, it has its own copy of the rules and reads the tables' streams only.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from simulation.violations import must
from simulation.world import World
from simulators.billers.names import BILLERS
from world.memory_engine import Change, ChangeKind

Record = Mapping[str, Any]
WAITING = {"OPEN", "PROPOSED", "CHASED"}
BY_PERSON = {"ACCEPTED", "WRITTEN_OFF", "RECOVERED"}
MOVES = MappingProxyType(
    {
        "": {"OPEN", "REPAIRED", "ACCEPTED"},
        "OPEN": {"OPEN", "PROPOSED", "CHASED", "ACCEPTED", "WRITTEN_OFF", "CLEARED", "REPAIRED"},
        "PROPOSED": {"OPEN", "CHASED", "ACCEPTED", "WRITTEN_OFF", "RECOVERED", "CLEARED"},
        "CHASED": {"CHASED", "PROPOSED", "RECOVERED", "WRITTEN_OFF", "CLEARED"},
        "REPAIRED": {"OPEN"},
        "CLEARED": {"OPEN"},
        "ACCEPTED": {"OPEN"},
        "WRITTEN_OFF": {"OPEN"},
        "RECOVERED": {"OPEN"},
    }
)
DECIDES = MappingProxyType(
    {"ACCEPT": "ACCEPTED", "WRITE_OFF": "WRITTEN_OFF", "CHASE": "CHASED", "RECOVER": "RECOVERED"}
)
TWO_PEOPLE_FEN = 10_000
"""More than this needs two."""
KINDS = MappingProxyType(
    {
        "payment_received": "PAYMENT",
        "unexpected_payment_received": "PAYMENT",
        "refund_succeeded": "REFUND",
        "recharge_succeeded": "RECHARGE",
        "recharge_contradicted": "RECHARGE",
    }
)
COUNTERPARTY = ("CHANNEL_RECEIVABLE", "ISSUER_PAYABLE", "BILLER_PAYABLE")
SIGNS = MappingProxyType({"PAYMENT": 1, "REFUND": -1, "RECHARGE": -1})


class Movement(NamedTuple):
    """What one of our entries says that a counterparty did. Fen: debit positive."""

    source: str
    kind: str
    number: str
    fen: int
    at: int


@dataclass(slots=True)
class Differences:
    world: World
    movements: list[Movement] = field(default_factory=list)
    booked: set[tuple[str, str]] = field(default_factory=set)
    """Kind and number of what our books have."""
    nets: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """Debits less credits, by difference and account."""
    recovered: Counter[str] = field(default_factory=Counter)
    """What came back to its counterparty's account by somebody's word, by difference."""
    items: dict[str, Record] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    """What people have ended, and the bill has no more."""
    places: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Day and source of a difference."""
    steps: dict[tuple[str, int], Record] = field(default_factory=dict)
    runs: dict[str, int] = field(default_factory=dict)
    touched: dict[str, None] = field(default_factory=dict)

    def entry(self, change: Change) -> None:
        """Told of each entry of the ledger."""
        item: Record = change.new or {}
        name, _, reference = change.key.sk.partition("#")
        if change.key.pk.startswith("DIFF#"):
            self._apart(change.key.pk[5:], name, item)
            return
        kind = KINDS.get(name)
        for leg in item["legs"] if kind else ():
            place, _, source = leg["account"].partition(":")
            if place in COUNTERPARTY:
                recharge = kind == "RECHARGE"
                number = change.key.pk + reference if recharge else reference
                whose = "JUHE" if place == "ISSUER_PAYABLE" else source
                told = whose, kind, number, leg["fen"], item["effective_at"]
                self.movements.append(Movement(*told))
                self.booked.add((kind, number))

    def _apart(self, identifier: str, kind: str, item: Record) -> None:
        for leg in item["legs"]:
            self.nets[identifier][leg["account"]] += leg["fen"]
            if kind == "difference_recovered" and leg["account"].startswith(COUNTERPARTY):
                self.recovered[identifier] += leg["fen"]
        self.touched[identifier] = None

    def row(self, change: Change) -> None:
        """Told of a change in the table of differences."""
        new: Record = change.new or {}
        kind, _, rest = change.key.sk.partition("#")
        if change.key.sk == "#RUN":
            before = self.runs.get(change.key.pk, 0)
            must(int(new["version"]) > before, "a newer run is never overtaken", f"{change.key.pk} {before}")
            self.runs[change.key.pk] = int(new["version"])
        elif kind == "STEP":
            must(change.kind is ChangeKind.INSERT, "what was done is never changed", change.key.sk)
            identifier, _, version = rest.partition("#")
            self.steps[identifier, int(version)] = new
        elif kind == "DIFF":
            _, day, source = change.key.pk.split("#")
            self.places[rest] = day, source
            self.items[rest] = new
            self.touched[rest] = None
            self._moved(rest, change.old or {}, new, change.key.pk)

    def check(self) -> None:
        """Check the money of what was touched, when all that was committed with it is known."""
        for identifier in self.touched:
            item = self.items.get(identifier, {})
            must(item, "an entry goes with its difference", identifier)
            self._money(identifier, item)
            step = self.steps.get((identifier, int(item["version"])))
            same = step is not None and (step["state"], step["suspense"]) == (item["state"], item["suspense"])
            must(same, "each change of a difference is told", f"{self.name(identifier)} {step}")
        self.touched.clear()

    def name(self, identifier: str) -> str:
        item = self.items[identifier]
        number = str(item["number"])
        return (
            f"{self.places[identifier][1]} {item['match_class']} {item['kind']} {self.world.alias(number)}"
            f"{number[26:]} {item['state']} v{item['version']} holds {item['suspense']}"
        )

    def account(self, identifier: str) -> str:
        """The counterparty's account with us."""
        source = self.places[identifier][1]
        if source in BILLERS:
            return f"BILLER_PAYABLE:{source}"
        return f"ISSUER_PAYABLE:{source}" if source == "JUHE" else f"CHANNEL_RECEIVABLE:{source}"

    def _moved(self, identifier: str, old: Record, new: Record, partition: str) -> None:
        name, state, before = self.name(identifier), str(new["state"]), str(old.get("state", ""))
        must(state in MOVES.get(before, set()), "every transition is legal", f"{name} after {before}")
        must(new["version"] == old.get("version", 0) + 1, "each change is one version", name)
        must((state in WAITING) == ("open_shard" in new), "what waits is on the list", name)
        if booked := int(new["booked"]):
            self.gone.discard(identifier)
        elif new["reason"] == "GONE" and state == "OPEN":
            self.gone.add(identifier)
        if before in BY_PERSON:
            changed = said_of(old) != said_of(new) or booked != old["booked"]
            must(changed, "what a person has ended stays so, unless the figures change", name)
        if state == "REPAIRED":
            has = (new["kind"], new["number"]) in self.booked
            must(has, "repaired only when our books have it", name)
        process = self.world.scheduler.running
        if process is not None and process.run:
            newest = process.run == self.runs[partition]
            must(newest, "only the newest run acts", f"{name} by run {process.run}")
        elif state in BY_PERSON | {"CHASED"} and before:
            self._decided(name, state, old, new)

    def _decided(self, name: str, state: str, old: Record, new: Record) -> None:
        """People end a difference: a large one two, over the same figures."""
        if old["state"] == "PROPOSED" and new["action"] == "REFUSED":
            return
        views = [old[side]["amount"] for side in ("ours", "theirs") if side in old]
        large = (abs(int(old["suspense"])) or max(views)) > TWO_PEOPLE_FEN
        must(
            DECIDES.get(str(new["action"])) == state,
            "a decision does what it says",
            f"{name} {new['action']}",
        )
        must(new["reason"], "a decision has its reason", name)
        people = {str(old["proposed_by"]), str(new["decided_by"])} - {""}
        if large or old["state"] == "PROPOSED":
            two = old["state"] == "PROPOSED" and len(people) == 2
            must(two, "a large difference needs two people", f"{name} {people}")
            must(old["action"] == new["action"], "a decision does what it says", name)

    def _money(self, identifier: str, item: Record) -> None:
        name, nets = self.name(identifier), self.nets[identifier]
        source, state = self.places[identifier][1], str(item["state"])
        waits, holds, booked = state in WAITING, int(item["suspense"]), int(item["booked"])
        apart = {account: nets[f"{account}:{source}"] for account in ("SUSPENSE", "CLAIMS")}
        wanted = {"SUSPENSE": 0, "CLAIMS": 0}
        if waits:
            wanted["CLAIMS" if item["chased"] else "SUSPENSE"] = holds
        text = f"{name}: {dict(nets)}"
        must(apart == wanted, "what a difference holds is set apart", text)
        must(waits or not holds, "an ended difference holds nothing", text)
        gone = state in ("CLEARED", "REPAIRED") or identifier in self.gone
        must(booked == (0 if gone else delta_of(item)), "a difference books what differs", text)
        moved = nets[self.account(identifier)] - self.recovered[identifier]
        must(moved == booked, "the account stands as the bill says", text)


def delta_of(item: Record) -> int:
    """Theirs less ours, debit positive."""
    sides = {side: item.get(side) or {} for side in ("ours", "theirs")}
    fen = {
        side: int(view["amount"]) if view.get("status") == "SUCCEEDED" else 0 for side, view in sides.items()
    }
    return SIGNS[str(item["kind"])] * (fen["theirs"] - fen["ours"])


def said_of(item: Record) -> list[object]:
    """What both sides say, but for when and where."""
    views = [dict(item.get(side) or {}) for side in ("ours", "theirs")]
    return [{k: v for k, v in view.items() if k not in ("settled_at", "day", "line")} for view in views]
