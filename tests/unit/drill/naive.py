"""The rules of matching once more, as plainly as can be: what the drill's truth is checked against."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date

from drill.findings import Finding
from octane.kernel.statement import LineKind, LineStatus, StatementLine
from octane.ledger.entries import Entry
from octane.reconciliation.model import Source, day_window
from simulators.bills.rows import fee_of

FEES = {Source.WECHAT: 6_000, Source.ALIPAY: 6_000, Source.UNIONPAY: 5_000, Source.JUHE: 0, Source.WATER: 0}
PAYABLES = {Source.JUHE: "ISSUER_PAYABLE:", Source.WATER: "BILLER_PAYABLE:WATER"}
FIELDS = ("amount", "fee", "currency", "status", "party", "merchant", "reference")
MAY_BE_UNTOLD = {"party", "merchant", "reference"}
Keyed = dict[tuple[LineKind, str], list[StatementLine]]


def our_lines(entries: Iterable[Entry], source: Source, day: date, merchant: str) -> list[StatementLine]:
    window = day_window(source, day)
    found = []
    for entry in entries:
        if not window.start <= entry.effective_at < window.end:
            continue
        for leg in entry.legs:
            kind, number, reference = None, entry.reference, entry.proof
            if leg.account == f"CHANNEL_RECEIVABLE:{source}":
                paid = entry.kind in ("payment_received", "unexpected_payment_received")
                kind = (
                    LineKind.PAYMENT
                    if paid
                    else LineKind.REFUND
                    if entry.kind == "refund_succeeded"
                    else None
                )
            elif leg.account.startswith(PAYABLES.get(source, "nobody")):
                kind, number = LineKind.RECHARGE, f"{entry.subject}R01"
                reference = entry.proof.partition(":")[2]
            if kind is not None:
                amount = abs(leg.fen)
                fee = fee_of(amount, FEES[source]) if kind is not LineKind.REFUND else 0
                status, at = LineStatus.SUCCEEDED, entry.effective_at
                line = StatementLine(
                    *(kind, number, reference, amount, fee, "CNY", status, entry.party, merchant, at, 0)
                )
                found.append(line)
    return found


class NaiveBooks:
    """One source's matching over consecutive days."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._carried: tuple[list[StatementLine], list[StatementLine]] = ([], [])

    def close(self, day: date, ours: list[StatementLine], theirs: list[StatementLine]) -> Counter[Finding]:
        window = day_window(self.source, day)
        old = {id(line) for side in self._carried for line in side}
        sides = (_keyed([*self._carried[0], *ours]), _keyed([*self._carried[1], *theirs]))
        self._carried = ([], [])
        found: Counter[Finding] = Counter()

        def tell(name: str, line: StatementLine, fields: str = "") -> None:
            found[Finding(self.source, day, name, line.kind, line.number, fields)] += 1

        for key in {**sides[0], **sides[1]}:
            here, there = (side.get(key, []) for side in sides)
            if here and there:
                left, right = min(
                    ((a, b) for a in here for b in there),
                    key=lambda pair: (len(_differing(*pair)), pair[0].line, pair[1].line),
                )
                if fields := _differing(left, right):
                    tell("MISMATCH", left, ",".join(fields))
                here, there = here[1:], there[1:]
            elif here or there:
                place, mine = (0, here) if here else (1, there)
                alone = mine.pop(0)
                if id(alone) not in old and alone.settled_at >= window.transit_from:
                    tell("IN_TRANSIT", alone)
                    self._carried[place].append(alone)
                else:
                    tell("MISSING_THERE" if here is mine else "MISSING_HERE", alone)
            for line in here:
                tell("DUPLICATE_HERE", line)
            for line in there:
                tell("DUPLICATE_THERE", line)
        return found


def _keyed(lines: Iterable[StatementLine]) -> Keyed:
    keyed: Keyed = defaultdict(list)
    for line in lines:
        keyed[line.kind, line.number].append(line)
    return keyed


def _differing(ours: StatementLine, theirs: StatementLine) -> list[str]:
    def differs(name: str) -> bool:
        left, right = getattr(ours, name), getattr(theirs, name)
        return left != right and not (name in MAY_BE_UNTOLD and "" in (left, right))

    return [name for name in FIELDS if differs(name)]
