"""Our side of a day: which entries are lines, whose, and how they read (RC1)."""

from collections import Counter

import pytest
from unit.reconciliation.runs import DAY

from octane.kernel.clock import Instant
from octane.kernel.money import Fen
from octane.kernel.statement import LineKind, LineStatus, StatementLine
from octane.ledger import topup
from octane.ledger.accounts import channel_receivable, wallet
from octane.ledger.entries import Entry, payer_mark
from octane.reconciliation.cut import cut_lines, expected_fee
from octane.reconciliation.model import Source, day_window

WINDOW = day_window(Source.WECHAT, DAY)
NOON, BOOKED = Instant(WINDOW.start + 43_200_000), Instant(WINDOW.end + 5)


def received(channel: str = "WECHAT", at: Instant = NOON, **parts: int) -> Entry:
    legs = {
        channel_receivable(channel): Fen(1_250),
        **{wallet(name): Fen(fen) for name, fen in parts.items()},
    }
    return topup.payment_received("O1", "O1P01", legs, at, BOOKED, "T1", "o1")


def lines_of(*entries: Entry, source: Source = Source.WECHAT, merchant: str = "m1") -> list[StatementLine]:
    return list(cut_lines(entries, source, day_window(source, DAY), merchant))


def test_a_payment_reads_as_the_bill_has_it() -> None:
    assert lines_of(received(U1=750)) == [
        StatementLine(
            kind=LineKind.PAYMENT,
            number="O1P01",
            reference="T1",
            amount=1_250,  # what the wallet gave is no matter of the channel's
            fee=8,  # 7.5 fen, half up
            currency="CNY",
            status=LineStatus.SUCCEEDED,
            party=payer_mark("o1"),
            merchant="m1",
            settled_at=NOON,
            line=0,
        )
    ]


def test_a_refund_and_a_recharge_read_as_the_bill_has_them() -> None:
    account = channel_receivable("WECHAT")
    refund = topup.refund_succeeded("O1", "O1R01", account, Fen(500), NOON, BOOKED, "RF1")
    recharge = topup.recharge_succeeded("O1", "ISSUER_PAYABLE:SINOPEC", Fen(2_000), NOON, "query:S1", "*0001")

    [returned], [recharged] = lines_of(refund), lines_of(recharge, source=Source.JUHE, merchant="")

    assert returned[:5] == (LineKind.REFUND, "O1R01", "RF1", 500, 0)
    assert recharged[:5] == (LineKind.RECHARGE, "O1R01", "S1", 2_000, 0)
    assert (recharged.party, recharged.merchant) == ("*0001", "")


def test_unexpected_money_and_a_contradiction_are_movements_too() -> None:
    late = topup.unexpected_payment_received("O1", "O1P02", "WECHAT", Fen(7), NOON, BOOKED, "T2")
    again = topup.recharge_contradicted(
        topup.recharge_succeeded("O2", "ISSUER_PAYABLE:PETROCHINA", Fen(9), NOON, "notice:S2")
    )

    assert [(each.kind, each.number, each.amount) for each in lines_of(late)] == [
        (LineKind.PAYMENT, "O1P02", 7)
    ]
    assert [(each.reference, each.amount) for each in lines_of(again, source=Source.JUHE)] == [("S2", 9)]


def test_what_moves_nothing_there_is_no_line() -> None:
    others = (
        topup.recharge_failed("O1", "O1R01", Fen(5), NOON, "query:S1"),
        topup.wallet_credited("O1", wallet("U1"), Fen(5), NOON),
        topup.refund_succeeded("O1", "O1R02", wallet("U1"), Fen(5), NOON, BOOKED, ""),
        received("ALIPAY"),
    )

    assert lines_of(*others) == []
    assert [each.number for each in lines_of(*others, source=Source.ALIPAY)] == ["O1P01"]


@pytest.mark.parametrize("source", [Source.WECHAT, Source.UNIONPAY])
def test_the_day_is_cut_by_success_to_the_millisecond(source: Source) -> None:
    window = day_window(source, DAY)
    moments = (window.start - 1, window.start, window.end - 1, window.end)

    lines = lines_of(*(received(source, Instant(at)) for at in moments), source=source)

    assert [each.settled_at for each in lines] == [window.start, window.end - 1]


def test_sums_are_by_account() -> None:
    entries = [
        topup.recharge_succeeded(order, f"ISSUER_PAYABLE:{issuer}", Fen(2), NOON, "query:S")
        for order, issuer in (("O1", "SINOPEC"), ("O2", "PETROCHINA"), ("O3", "SINOPEC"))
    ]
    sums: Counter[str] = Counter()

    list(cut_lines(entries, Source.JUHE, day_window(Source.JUHE, DAY), "", sums))

    assert sums == {"ISSUER_PAYABLE:SINOPEC": 4, "ISSUER_PAYABLE:PETROCHINA": 2}


@pytest.mark.parametrize(
    ("source", "kind", "amount", "fee"),
    [
        (Source.WECHAT, LineKind.PAYMENT, 83, 0),
        (Source.WECHAT, LineKind.PAYMENT, 84, 1),
        (Source.UNIONPAY, LineKind.PAYMENT, 100, 1),
        (Source.UNIONPAY, LineKind.PAYMENT, 99, 0),
        (Source.ALIPAY, LineKind.REFUND, 10_000, 0),
        (Source.JUHE, LineKind.RECHARGE, 10_000, 0),
    ],
)
def test_the_expected_fee_is_rounded_half_up(source: Source, kind: LineKind, amount: int, fee: int) -> None:
    assert expected_fee(source, kind, amount) == fee
