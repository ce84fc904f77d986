"""The billers' settlement files: asked for in each protocol, fetched, checked, read (RC1)."""

from datetime import timedelta

import pytest
from unit.billers.town import ACCOUNTS, DAY, Town, owed_at, report

from octane.billers.accounts import masked
from octane.billers.names import Biller
from octane.billers.port import BillPart, BillPayment
from octane.kernel.fulfilment import FulfilmentState
from octane.kernel.statement import (
    BillNotReady,
    BillOriginal,
    BillUnknown,
    BillUnreadableError,
    LineKind,
    LineStatus,
)
from simulators.misbehaviour import Effect

every_biller = pytest.mark.parametrize("biller", list(Biller))
NEXT_NOON_MS = 24 * 3_600_000


def paid_town(biller: Biller) -> Town:
    """A biller that was paid at noon, at noon of the next day."""
    town = Town()
    client, account_no = town.client(biller), ACCOUNTS[biller]
    parts = tuple(BillPart(bill.bill_no, bill.owed) for bill in owed_at(client, account_no).bills)
    paid = report(client.pay(BillPayment("OABCDEFGR01", account_no, parts)))
    assert paid.state is FulfilmentState.RUNNING
    town.pass_time(1_000)
    town.pass_time(NEXT_NOON_MS)
    return town


@every_biller
def test_the_file_has_what_was_paid(biller: Biller) -> None:
    town = paid_town(biller)
    client = town.client(biller)
    file = client.fetch(DAY)
    assert isinstance(file, BillOriginal)
    assert file.name == f"{biller.value.lower()}-settlement-{DAY}.csv"
    bill = client.parse(file.content, DAY)
    [line] = bill.lines
    paid = town.company.payments.totals()["paid_fen"]
    done = report(client.query("OABCDEFGR01", paid, masked(ACCOUNTS[biller])))
    assert (line.kind, line.status, line.number) == (LineKind.RECHARGE, LineStatus.SUCCEEDED, done.order_no)
    assert (line.reference, line.settled_at) == (done.reference, done.fulfilled_at)
    assert line.amount == bill.stated[0].amount == paid
    assert (line.party, line.fee) == (f"*{ACCOUNTS[biller][-4:]}", 0)
    assert client.merchant == ""


@every_biller
def test_a_day_without_movement_and_a_day_that_is_not_over(biller: Biller) -> None:
    client = paid_town(biller).client(biller)
    assert client.fetch(DAY - timedelta(days=1)) is BillNotReady.EMPTY_DAY
    assert client.fetch(DAY + timedelta(days=1)) is BillNotReady.NOT_READY


@every_biller
def test_a_file_that_is_not_the_one_announced(biller: Biller) -> None:
    town = paid_town(biller)
    town.company.command("POST /bills/plant", {"biller": biller.value, "kind": "bad_digest"})
    with pytest.raises(BillUnreadableError, match="DIGEST"):
        town.client(biller).fetch(DAY)


@every_biller
@pytest.mark.parametrize("operation", ["settlement", "settlement_file"])
@pytest.mark.parametrize("effect", [Effect.DROP_BEFORE, Effect.DROP_AFTER, Effect.STATUS])
def test_a_call_without_an_answer_is_made_again_later(biller: Biller, operation: str, effect: Effect) -> None:
    town = paid_town(biller)
    town.misbehave(operation, effect, count=1)
    client = town.client(biller)
    assert isinstance(client.fetch(DAY), BillUnknown)
    assert isinstance(client.fetch(DAY), BillOriginal)


@pytest.mark.parametrize("effect", [Effect.GARBAGE, Effect.WRONG_SIGNATURE, Effect.REFUSE])
@every_biller
def test_an_address_that_is_not_the_billers_word_is_not_called(biller: Biller, effect: Effect) -> None:
    town = paid_town(biller)
    town.misbehave("settlement", effect)
    town.sent.clear()
    assert isinstance(town.client(biller).fetch(DAY), BillUnknown)
    assert [call.method for call in town.sent] == ["POST"]


@every_biller
def test_a_file_never_travels_less_safely_than_the_question(biller: Biller) -> None:
    # Given a biller that is asked over TLS and names an address without it
    town = paid_town(biller)
    town.sent.clear()
    # When the file is asked for, Then it is not fetched
    client = town.client(biller, url="https://billers.test")
    assert client.fetch(DAY) == BillUnknown("ANSWER_UNREADABLE no address")
    assert [call.method for call in town.sent] == ["POST"]
