"""The day is closed to the fen: what agrees, what is repaired, what waits for a person, what fails loudly."""

from pathlib import Path

import pytest

from flow.books import nets
from flow.closing import close_day, differences, exported, open_early, state_of, today
from flow.customers import Customer, new_staff
from octane.kernel.caller import Role
from octane_verify import verify
from world.shop import Shop

TWO = ["WECHAT", "JUHE"]


@pytest.fixture
def finance(shop: Shop) -> Customer:
    open_early(shop)
    return new_staff(shop, Role.FINANCE)


def test_a_day_on_which_everything_agrees_is_closed_and_verifies_offline(
    shop: Shop, ann: Customer, finance: Customer, tmp_path: Path
) -> None:
    # Given a top-up, and one that the issuer refused and that was refunded
    ann.topped_up(10_000)
    shop.world.issuer.misbehave("submit", "refuse", count=1, code="208703")
    ann.paid(5_000)
    shop.drain()
    shop.deliver()
    shop.drain()

    # When the day is closed
    done = close_day(shop, sources=TWO)

    # Then every bill is, nothing waits, and the files prove themselves
    assert (done["closed"], done["failures"]) == (True, [])
    assert [each["state"] for each in done["sources"]] == ["CLOSED", "CLOSED"]
    assert [total["count"] for total in state_of(done, "WECHAT")["theirs"]] == [2, 1]
    assert differences(finance) == []
    assert verify(exported(shop, done, tmp_path)).findings == []


def test_a_lost_callback_is_repaired_and_the_next_run_finds_it_matched(
    shop: Shop, ann: Customer, finance: Customer
) -> None:
    # Given a payment that the channel has taken and whose notice never comes
    shop.world.wechat.misbehave("payment_notice", "lose")
    order = ann.place(10_000)
    ann.pay_for(ann.start_paying(order))
    assert ann.order(order).body["state"] == "PAYING"

    # When the day is closed
    done = close_day(shop, sources=TWO)

    # Then the channel was asked, the order goes on, and nobody has to look
    assert state_of(done, "WECHAT")["resolution"] == {
        "repaired": 1,
        "accepted": 0,
        "opened": 0,
        "cleared": 0,
        "known": 0,
    }
    assert ann.order(order).body["state"] == "RECHARGING"
    assert differences(finance) == []
    (repaired,) = differences(finance, today(shop))
    assert (repaired["state"], repaired["action"]) == ("REPAIRED", "QUERY_AND_CONFIRM")

    # And the next run has it among what agrees
    shop.drain()
    assert shop.deliver().body == "success"
    again = close_day(shop, sources=TWO)
    assert again["closed"]
    assert again["run"]["version"] == 2
    assert state_of(again, "WECHAT")["resolution"]["repaired"] == 0
    assert nets(shop) == {"CHANNEL_RECEIVABLE:WECHAT": 10_000, "ISSUER_PAYABLE:SINOPEC": -10_000}


def test_a_late_payment_of_a_closed_order_is_found_and_returned(
    shop: Shop, ann: Customer, finance: Customer
) -> None:
    # Given an order that was cancelled, and the customer whose phone paid all the same, unheard
    order = ann.place(10_000)
    number = ann.start_paying(order)
    assert ann.post(f"/orders/{order}/cancel").status == 200
    shop.world.wechat.misbehave("payment_notice", "lose")
    ann.pay_for(number, late=True)

    # When the day is closed
    close_day(shop, sources=TWO)
    shop.drain()

    # Then it is booked apart and goes back
    assert ann.order(order).body["state"] == "CLOSED"
    assert ann.order(order).body["refunds"][0]["amount_fen"] == 10_000


def test_nobodys_payment_waits_in_suspense_until_finance_decides(
    shop: Shop, ann: Customer, finance: Customer
) -> None:
    # Given a bill with a payment that we never asked for
    ann.topped_up(10_000)
    shop.world.wechat.post("/bills/plant", kind="nobodys_payment")

    # When the day is closed, twice
    done = close_day(shop, sources=TWO)
    close_day(shop, sources=TWO)

    # Then its money is in suspense once, and one task waits
    assert done["closed"]
    (task,) = differences(finance)
    amount = task["theirs"]["amount_fen"]
    assert (task["match_class"], task["state"], task["suspense_fen"]) == ("MISSING_HERE", "OPEN", -amount)
    assert nets(shop)["SUSPENSE:WECHAT"] == -amount

    # And when finance accepts it, it is owed to whoever paid
    place = f"/reconciliation/differences/{task['day']}/WECHAT/{task['difference_id']}"
    body = {"action": "ACCEPT", "reason": "an old QR code", "version": task["version"]}
    decided = finance.post(f"{place}/decisions", body)
    assert decided.status == 201, decided
    if decided.body["state"] == "PROPOSED":
        colleague = new_staff(shop, Role.FINANCE)
        decided = colleague.post(f"{place}/approvals", {"version": decided.body["version"]})
    assert (decided.status, decided.body["state"]) == (201, "ACCEPTED")
    assert "SUSPENSE:WECHAT" not in nets(shop)
    assert nets(shop)["UNEXPECTED_RECEIPTS"] == -amount
    assert finance.get(place).body["steps"][0]["by"] == "reconciliation"


def test_a_fen_off_at_the_channel_is_a_mismatch_of_a_fen(
    shop: Shop, ann: Customer, finance: Customer
) -> None:
    ann.topped_up(10_000)
    shop.world.wechat.post("/bills/plant", kind="one_fen_less")

    close_day(shop, sources=TWO)

    (task,) = differences(finance)
    assert (task["match_class"], task["fields"], task["suspense_fen"]) == ("MISMATCH", ["amount"], 1)
    assert nets(shop)["SUSPENSE:WECHAT"] == 1


def test_a_bill_that_cannot_be_read_keeps_only_its_own_source_open(
    shop: Shop, ann: Customer, finance: Customer
) -> None:
    ann.topped_up(10_000)
    shop.world.wechat.post("/bills/plant", kind="cut_in_a_row")

    done = close_day(shop, sources=TWO)

    assert not done["closed"]
    assert state_of(done, "WECHAT")["state"] == "UNREADABLE"
    assert state_of(done, "JUHE")["state"] == "CLOSED"
    assert done["failures"][0].startswith("WECHAT: UNREADABLE")
    assert shop.signals.named("BillUnreadable")


def test_a_summary_that_lies_fails_the_proof_and_books_nothing(
    shop: Shop, ann: Customer, finance: Customer
) -> None:
    ann.topped_up(10_000)
    shop.world.wechat.post("/bills/plant", kind="sum_lies")
    before = nets(shop)

    done = close_day(shop, sources=TWO)

    assert state_of(done, "WECHAT")["state"] == "UNPROVEN"
    assert "its summary says" in state_of(done, "WECHAT")["why"]
    assert nets(shop) == before
    assert shop.signals.named("ProofFailed")


def test_a_bill_that_never_comes_is_overdue(shop: Shop, ann: Customer) -> None:
    ann.topped_up(10_000)
    shop.world.wechat.post("/settings", early_bills=False)

    done = close_day(shop, sources=["WECHAT"])

    assert state_of(done, "WECHAT")["state"] == "OVERDUE"
    assert shop.signals.named("BillOverdue")


def test_a_changed_ledger_entry_is_not_journalled_over(shop: Shop, ann: Customer, finance: Customer) -> None:
    """Append-only: the stream of a change is an alarm, and the journal keeps what was written first."""
    ann.topped_up(10_000)
    close_day(shop, sources=TWO)
    change = {
        "eventName": "MODIFY",
        "dynamodb": {"Keys": {"pk": {"S": "x"}, "sk": {"S": "payment_received#x"}}, "NewImage": {}},
    }

    with pytest.raises(Exception, match="MODIFY of payment_received#x"):
        shop.function("ledger/journal_entries")({"Records": [change]}, None)

    assert shop.signals.named("LedgerAltered")
