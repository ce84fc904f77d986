"""What the counterparties' bills say: the rows of their own books, and what a story does to them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import MappingProxyType

from octane.kernel.clock import Instant
from octane.kernel.statement import LineKind, LineStatus, StatementLine
from octane.ledger.entries import payer_mark
from octane.reconciliation.model import FULFILLERS, Source
from simulation.alipay import CONFIG as ALIPAY
from simulation.books import MCHID
from simulation.unionpay import CONFIG as UNIONPAY
from simulation.world import World
from simulators.alipay.bills import bill_rows as alipay_rows
from simulators.billers.settlement import settlement_rows
from simulators.bills.rows import Row, RowKind
from simulators.issuer.bills import bill_rows as issuer_rows
from simulators.unionpay.clearing import bill_rows as unionpay_rows
from simulators.wechat.bills import bill_rows as wechat_rows

BEIJING_MS, DAY_MS = 8 * 3_600_000, 86_400_000
STARTS = MappingProxyType({Source.UNIONPAY: -3_600_000})
"""When a counterparty's day begins, from midnight: the witness's own word."""
MERCHANTS = MappingProxyType(
    {
        Source.WECHAT: MCHID,
        Source.ALIPAY: ALIPAY.seller_id,
        Source.UNIONPAY: UNIONPAY.mer_id,
        **dict.fromkeys(FULFILLERS, ""),
    }
)
SHOWN = 4
"""Characters of a card or account that both sides can write."""
Edit = Callable[[Row], tuple[Row, ...]]


@dataclass(slots=True)
class Bills:
    """Each bill is a snapshot of the books, as a story has it told."""

    world: World
    edits: dict[str, Edit] = field(default_factory=dict)
    """What stands in a bill in the place of a row, by our number of it."""
    added: dict[Source, list[Row]] = field(default_factory=dict)
    """Rows of which nobody has heard before."""

    def leave_out(self, number: str) -> None:
        self.edits[number] = lambda _row: ()

    def double(self, number: str, times: int) -> None:
        self.edits[number] = lambda row: (row,) * times

    def misstate(self, number: str, more: int) -> None:
        """Say so many fen more (or less) than the books do."""
        self.edits[number] = lambda row: (row._replace(amount=row.amount + more),)

    def correct(self, number: str) -> None:
        """From now on the bill says what the books say."""
        self.edits.pop(number, None)
        for source, rows in self.added.items():
            self.added[source] = [row for row in rows if row.number != number]

    def add(self, source: Source, number: str, amount: int, kind: RowKind = RowKind.PAYMENT) -> None:
        now = self.world.scheduler.now
        row = Row(kind, number, f"ref-{number}", amount, 0, now, MERCHANTS[source])
        self.added.setdefault(source, []).append(row)

    def lines(self, source: Source) -> Iterator[StatementLine]:
        """All that a counterparty has ever told, from any day."""
        rows = [told for row in self._rows(source) for told in self.edits.get(row.number, _as_it_is)(row)]
        for place, row in enumerate(rows + self.added.get(source, []), start=1):
            yield _line(source, row, place)

    def _rows(self, source: Source) -> list[Row]:
        match source:
            case Source.WECHAT:
                return wechat_rows(self.world.wechat, MCHID)
            case Source.ALIPAY:
                return alipay_rows(self.world.alipay, ALIPAY.seller_id)
            case Source.UNIONPAY:
                return unionpay_rows(self.world.unionpay, UNIONPAY.mer_id)
            case Source.JUHE:
                return issuer_rows(self.world.recharges, "")
            case _:
                return settlement_rows(self.world.payments, source.value)


def day_number(source: Source, at: int) -> int:
    """Which day of a counterparty's a moment belongs to, counted from 1970."""
    return (at + BEIJING_MS - STARTS.get(source, 0)) // DAY_MS


def _as_it_is(row: Row) -> tuple[Row, ...]:
    return (row,)


def _line(source: Source, row: Row, place: int) -> StatementLine:
    """The row as our parser of that bill reads it, and the collection of bills keeps it."""
    return StatementLine(
        kind=LineKind.REFUND if row.returns else LineKind(row.kind.value),
        number=row.number,
        reference=f"{row.reference}/{row.number}"
        if row.returns and source is Source.ALIPAY
        else row.reference,
        amount=row.amount,
        fee=row.fee,
        currency=row.currency,
        status=LineStatus(row.status.value),
        party=f"*{row.party[-SHOWN:]}" if source in FULFILLERS else payer_mark(row.party),
        merchant=row.merchant,
        settled_at=Instant(row.at // 1_000 * 1_000),
        line=place,
    )
