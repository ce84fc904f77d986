"""Bills are paid by the path that recharges cards (OR4, OR5, FU2): once, and failed only with proof."""

import pytest
from unit.orders.house import METER_NO, ONE, REFUSED, SUCCEEDED, House, bills, card

from octane.billers.config import BillerUnavailableError
from octane.billers.names import Biller
from octane.channels.port import ChannelName
from octane.kernel.clock import Instant
from octane.kernel.fulfilment import FulfilmentReport, FulfilmentState, FulfilmentUnknown
from octane.kernel.statement import LineKind, LineStatus, StatementLine
from octane.ledger.entries import entry_of
from octane.orders.access import get_receipt
from octane.orders.due import settle_due
from octane.orders.model import OrderNotFoundError, OrderStateError
from octane.orders.recharge import IssuerSilentError, confirm_recharge, start_recharge
from octane.orders.repair import Repair, repair_line
from octane.orders.states import OrderState
from octane.store.items import Key, Table

POWER = Biller.ELECTRICITY
RUNNING, NOT_FOUND = FulfilmentState.RUNNING, FulfilmentState.NOT_FOUND
SILENCE = FulfilmentUnknown("LOST")
HOUR = 3_600_000


def notice(order_id: str, state: FulfilmentState = SUCCEEDED) -> FulfilmentReport:
    return FulfilmentReport(f"{order_id}R01", state, "S1", source="notice")


def confirm(house: House, order_id: str, biller: Biller | None = POWER) -> None:
    confirm_recharge(house, order_id, notice(order_id), biller)  # type: ignore[arg-type]


def test_the_biller_is_told_what_to_pay(house: House) -> None:
    order_id = house.place_and_pay_bills()
    [payment] = house.billers[POWER].paid
    assert (payment.order_no, payment.account_no, payment.amount) == (f"{order_id}R01", METER_NO, 10_000)
    assert [tuple(part) for part in payment.parts] == [("B1", 6_000), ("B2", 4_000)]
    assert house.issuer.recharged == []
    start_recharge(house, order_id)  # type: ignore[arg-type]  # the message again
    assert len(house.billers[POWER].paid) == 1


def test_a_notice_is_a_reason_to_ask(house: House) -> None:
    # Given
    order_id = house.place_and_pay_bills()
    house.billers[POWER].answers = [SILENCE]

    # When the biller does not say it again, then it does
    with pytest.raises(IssuerSilentError):
        confirm(house, order_id)
    assert house.order(order_id).state is OrderState.RECHARGING
    confirm(house, order_id)
    confirm(house, order_id)  # twice

    # Then
    assert house.order(order_id).state is OrderState.SUCCEEDED
    assert house.nets() == {"CHANNEL_RECEIVABLE:WECHAT": 10_000, "BILLER_PAYABLE:ELECTRICITY": -10_000}
    entry = entry_of(house.item(Key(Table.LEDGER, order_id, "recharge_succeeded#R01")))
    assert (entry.party, entry.proof) == ("*5678", "query:S1")
    assert len(house.billers[POWER].queried) == 2


@pytest.mark.parametrize("sender", [None, Biller.WATER])
def test_a_notice_of_somebody_else(house: House, sender: Biller | None) -> None:
    order_id = house.place_and_pay_bills()
    with pytest.raises(OrderNotFoundError):
        confirm(house, order_id, sender)
    assert house.billers[POWER].queried == []


def test_a_billers_notice_of_a_cards_order(house: House) -> None:
    house.issuer.answers.append(RUNNING)
    order_id = house.paid(card(10_000))
    start_recharge(house, order_id)  # type: ignore[arg-type]
    with pytest.raises(OrderNotFoundError):
        confirm(house, order_id)
    confirm(house, order_id, None)
    assert house.order(order_id).state is OrderState.SUCCEEDED


def test_what_was_paid_before_the_order_was_placed_is_unknown(house: House) -> None:
    """It would be booked into a day that was closed long ago."""
    order_id = house.paid(bills(("B1", 6_000)))
    placed_at = house.order(order_id).placed_at

    def told(early: int) -> FulfilmentReport:
        at = Instant(placed_at - early)
        return FulfilmentReport(f"{order_id}R01", SUCCEEDED, "S1", fulfilled_at=at, source="query")

    house.billers[POWER].answers = [told(300_001), told(300_001), told(300_000)]
    start_recharge(house, order_id)  # type: ignore[arg-type]
    settled(house, order_id, 1)
    assert house.order(order_id).state is OrderState.RECHARGING
    settled(house, order_id, 1)
    assert house.order(order_id).state is OrderState.SUCCEEDED


def test_a_late_refusal_is_refunded(house: House) -> None:
    order_id = house.place_and_pay_bills()
    house.billers[POWER].answers = [REFUSED]
    confirm_recharge(house, order_id, notice(order_id, REFUSED), POWER)  # type: ignore[arg-type]
    order = house.order(order_id)
    assert (order.state, order.reason, order.refunding) == (OrderState.FAILED, "BILLER_NOTHING_OWED", 10_000)
    assert (house.holder("B1"), house.holder("B2")) == ("", "")


def test_silence_is_no_refusal(house: House) -> None:
    """A submit that nobody answered may have arrived: it is asked about, then sent again under its number,
    and a refusal of that proves nothing."""
    # Given
    house.billers[POWER].answers = [SILENCE, NOT_FOUND, REFUSED]
    order_id = house.paid(bills(("B1", 6_000)))
    start_recharge(house, order_id)  # type: ignore[arg-type]
    assert house.order(order_id).state is OrderState.RECHARGING

    # When
    house.clock.at += HOUR
    settle_due(house, order_id)  # type: ignore[arg-type]

    # Then
    assert {payment.order_no for payment in house.billers[POWER].paid} == {f"{order_id}R01"}
    assert len(house.billers[POWER].paid) == 2
    assert house.order(order_id).state is OrderState.RECHARGING
    house.clock.at += HOUR
    settle_due(house, order_id)  # type: ignore[arg-type]
    assert house.order(order_id).state is OrderState.SUCCEEDED


def test_paid_after_a_refusal_is_our_loss(house: House) -> None:
    house.gets_coupon()
    house.billers[POWER].answers = [REFUSED]
    order_id = house.paid(bills(("B1", 6_000), coupon_ids=(ONE,)))
    start_recharge(house, order_id)  # type: ignore[arg-type]
    before = house.coupon()
    confirm(house, order_id)
    confirm(house, order_id)
    assert house.signals.seen.count("IssuerContradicted") == 2
    nets = house.nets()
    assert (nets["RECHARGE_LOSS"], nets["BILLER_PAYABLE:ELECTRICITY"]) == (6_000, -6_000)
    assert house.coupon() == before


def settled(house: House, order_id: str, times: int) -> None:
    for _ in range(times):
        house.clock.at += 6 * HOUR
        settle_due(house, order_id)  # type: ignore[arg-type]


@pytest.mark.parametrize("reference", ["W1", ""])
def test_an_acceptance_is_never_forgotten(house: House, reference: str) -> None:
    """A biller that took the payment, with or without a number of its own, and seems to have forgotten it:
    its refusals are no proof, as the payment may still run."""
    # Given
    order_id = house.paid(bills(("B1", 6_000)))
    number = f"{order_id}R01"
    accepted, refused = FulfilmentReport(number, RUNNING, reference), FulfilmentReport(number, REFUSED)
    house.billers[POWER].answers = [accepted, NOT_FOUND, refused, NOT_FOUND, refused]
    start_recharge(house, order_id)  # type: ignore[arg-type]

    # When it forgets twice and refuses twice, Then nothing is given back
    settled(house, order_id, 2)
    order = house.order(order_id)
    assert (order.state, order.refunding) == (OrderState.RECHARGING, 0)

    # When it has paid after all
    settled(house, order_id, 1)
    assert house.nets() == {"CHANNEL_RECEIVABLE:WECHAT": 6_000, "BILLER_PAYABLE:ELECTRICITY": -6_000}


def test_a_query_says_what_it_is_about(house: House) -> None:
    order_id = house.place_and_pay_bills()
    settled(house, order_id, 1)
    assert house.billers[POWER].queried == [(f"{order_id}R01", 10_000, "****5678")]


def test_an_order_whose_biller_is_not_connected_waits_and_rings(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the first submit and at each question after it."""

    def gone(_: Biller) -> None:
        raise BillerUnavailableError

    # Given
    order_id = house.paid(bills(("B1", 6_000)))
    with monkeypatch.context() as patch:
        patch.setattr(house, "biller_of", gone)

        # When
        start_recharge(house, order_id)  # type: ignore[arg-type]
        settled(house, order_id, 2)

        # Then
        order = house.order(order_id)
        assert (order.state, order.checks) == (OrderState.RECHARGING, 3)
        assert house.signals.seen.count("RechargeOverdue") == 2

    # When it is connected again
    settled(house, order_id, 1)
    assert house.order(order_id).state is OrderState.SUCCEEDED


@pytest.mark.parametrize("reference", ["W2", ""])
def test_what_was_refused_after_its_success_has_no_receipt(house: House, reference: str) -> None:
    # Given
    order_id = house.place_and_pay_bills()
    settled(house, order_id, 1)
    assert get_receipt(house, house.ann, order_id).order.issuer_reference == "S1"  # type: ignore[arg-type]

    # When
    house.billers[POWER].answers = [FulfilmentReport(f"{order_id}R01", REFUSED, reference)]
    confirm_recharge(house, order_id, notice(order_id, REFUSED), POWER)  # type: ignore[arg-type]

    # Then the number is still known
    assert house.order(order_id).issuer_reference == f"CONTRADICTED:{reference or 'S1'}"
    with pytest.raises(OrderStateError):
        get_receipt(house, house.ann, order_id)  # type: ignore[arg-type]


def line(order_id: str, kind: LineKind = LineKind.RECHARGE) -> StatementLine:
    return StatementLine(
        kind, f"{order_id}R01", "S1", 10_000, 0, "CNY", LineStatus.SUCCEEDED, "*5678", "", Instant(1), 1
    )


def test_a_line_of_its_file_is_repaired_by_asking(house: House) -> None:
    order_id = house.place_and_pay_bills()
    for source in (None, Biller.WATER, ChannelName.WECHAT):
        assert repair_line(house, source, line(order_id)) is Repair.UNKNOWN_NUMBER  # type: ignore[arg-type]
    assert repair_line(house, POWER, line(order_id, LineKind.PAYMENT)) is Repair.UNKNOWN_NUMBER  # type: ignore[arg-type]
    house.billers[POWER].answers = [SILENCE, RUNNING]
    answers = [repair_line(house, POWER, line(order_id)) for _ in range(3)]  # type: ignore[arg-type]
    assert answers == [Repair.SILENT, Repair.UNCONFIRMED, Repair.DONE]
    entry = entry_of(house.item(Key(Table.LEDGER, order_id, "recharge_succeeded#R01")))
    assert entry.effective_at == 1
