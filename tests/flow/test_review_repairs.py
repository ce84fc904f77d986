"""What a bill has and our books miss: booked on the bill's day, and not for want of an answer."""

from typing import Any

import pytest

from flow.books import assert_settled, entries, nets, recharges
from flow.closing import close_day, differences, open_early, state_of, today
from flow.customers import Customer, new_staff
from flow.finance_plays import happened
from flow.tills import given_back
from octane.channels.port import RefundReport, RefundRequest
from octane.channels.wechat_pay.client import WechatPay
from octane.kernel.caller import Role
from octane.kernel.clock import in_beijing
from world.shop import Shop

TWO = ["WECHAT", "JUHE"]
PAID = "CHANNEL_RECEIVABLE:WECHAT"


@pytest.fixture
def finance(shop: Shop) -> Customer:
    open_early(shop)
    return new_staff(shop, Role.FINANCE)


def days_later(shop: Shop, days: int) -> None:
    shop.clock.move(seconds=days * 86_400)


def unheard(shop: Shop, ann: Customer) -> str:
    """An order that the channel has taken and does not tell us of."""
    shop.world.wechat.misbehave("payment_notice", "lose")
    order = ann.place(10_000)
    ann.pay_for(ann.start_paying(order))
    return order


def silent(shop: Shop) -> None:
    shop.world.wechat.misbehave("query", "status", status=500)


def test_a_repaired_recharge_is_of_the_bills_day(shop: Shop, ann: Customer, finance: Customer) -> None:
    """The issuer's answer does not tell when; booked as of the morning after, both days would differ."""
    # Given a recharge whose notice never comes
    shop.world.issuer.misbehave("recharge_notice", "lose")
    order, day = ann.paid(10_000), today(shop)
    shop.drain()
    happened(lambda: recharges(shop)[0]["game_state"] == "1")
    assert ann.state(order) == "RECHARGING"

    # When its day is closed on the next one, and again on the one after
    days_later(shop, 1)
    first = close_day(shop, day=day, sources=TWO)
    days_later(shop, 1)
    again = close_day(shop, day=day, sources=TWO)

    # Then the second run has it among what agrees, and nothing is apart
    assert state_of(first, "JUHE")["resolution"]["repaired"] == 1
    assert state_of(again, "JUHE")["ours"] == state_of(again, "JUHE")["theirs"]
    assert again["failures"] == []
    (booked,) = [each for each in entries(shop) if each.kind == "recharge_succeeded"]
    assert in_beijing(booked.effective_at).date().isoformat() == day
    assert nets(shop) == {PAID: 10_000, "ISSUER_PAYABLE:SINOPEC": -10_000}


def test_a_repaired_refund_is_of_the_bills_day(
    shop: Shop, ann: Customer, finance: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not every channel's answer tells when it gave the money back."""
    # Given a refund whose notice never comes, of a channel that does not say when
    shop.world.issuer.misbehave("submit", "refuse", count=1, code="208703")
    shop.world.wechat.misbehave("refund_notice", "lose")
    order, day = ann.paid(), today(shop)
    shop.drain()
    happened(lambda: given_back(shop) != [])
    asked = WechatPay.query_refund

    def timeless(self: WechatPay, request: RefundRequest) -> Any:
        answer = asked(self, request)
        return answer._replace(finished_at=None) if isinstance(answer, RefundReport) else answer

    monkeypatch.setattr(WechatPay, "query_refund", timeless)

    # When
    days_later(shop, 1)
    done = close_day(shop, day=day, sources=TWO)

    # Then
    assert state_of(done, "WECHAT")["resolution"]["repaired"] == 1
    assert ann.order(order).body["refunded_fen"] == 10_000
    (booked,) = [each for each in entries(shop) if each.kind == "refund_succeeded"]
    assert in_beijing(booked.effective_at).date().isoformat() == day


def test_silence_is_no_proof(shop: Shop, ann: Customer, finance: Customer) -> None:
    """A bill that has a payment and a channel that cannot be asked: the card gets nothing for it."""
    order = unheard(shop, ann)
    silent(shop)

    close_day(shop, sources=TWO)
    close_day(shop, sources=TWO)

    (task,) = differences(finance)
    assert (task["state"], task["reason"], task["suspense_fen"]) == ("OPEN", "SILENT", -10_000)
    assert ann.state(order) == "PAYING"
    assert nets(shop) == {PAID: 10_000, "SUSPENSE:WECHAT": -10_000}


def test_who_answers_the_next_run_is_believed(shop: Shop, ann: Customer, finance: Customer) -> None:
    order = unheard(shop, ann)
    silent(shop)
    close_day(shop, sources=TWO)
    shop.world.wechat.delete("/rules")

    done = close_day(shop, sources=TWO)

    assert state_of(done, "WECHAT")["resolution"]["repaired"] == 1
    assert ann.state(order) == "RECHARGING"
    assert differences(finance) == []
    shop.drain()
    shop.deliver()
    assert_settled(shop)


def test_who_is_silent_for_ever_is_taken_at_their_bill(shop: Shop, ann: Customer, finance: Customer) -> None:
    order, day = unheard(shop, ann), today(shop)
    silent(shop)
    close_day(shop, sources=TWO)
    days_later(shop, 1)

    done: Any = close_day(shop, day=day, sources=TWO)

    assert state_of(done, "WECHAT")["resolution"]["repaired"] == 1
    assert ann.state(order) == "RECHARGING"
    assert nets(shop) == {PAID: 10_000, "CUSTOMER_ADVANCE": -10_000}
