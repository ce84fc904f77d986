"""Three protocols, one model: whatever a biller speaks, the same is asked and believed (FU2)."""

from typing import Any

import pytest
from unit.billers.town import ACCOUNTS, Town, asked, headers_of, owed_at, report

from octane.billers.names import Biller
from octane.billers.port import BillerNoticeRefusedError, BillerRefused, BillPart, BillPayment, Owed
from octane.kernel.fulfilment import FulfilmentReport, FulfilmentState, FulfilmentUnknown
from octane.kernel.money import Fen
from octane.wire.http import Response
from simulators.billers.desks import Style
from simulators.misbehaviour import Effect

NO = "OABCDEFGHIJKLMNOPQRSTUVWXYR01"
every_biller = pytest.mark.parametrize("biller", list(Biller))
METERED = (Biller.ELECTRICITY, Biller.WATER, Biller.GAS)


@pytest.fixture
def town() -> Town:
    return Town()


def whole(owed: Owed, account_no: str, order_no: str = NO) -> BillPayment:
    parts = tuple(BillPart(bill.bill_no, bill.owed) for bill in owed.bills)
    return BillPayment(order_no, account_no, parts)


@every_biller
def test_what_is_owed_is_told_in_fen(town: Town, biller: Biller) -> None:
    # Given an account with bills at the biller
    account_no, client = ACCOUNTS[biller], town.client(biller)
    # When it is asked
    owed = owed_at(client, account_no)
    # Then every bill is as the biller's books have it, and its holder is masked
    books = town.company.payments.account(biller, account_no).bills
    assert {bill.bill_no: bill.owed for bill in owed.bills} == {no: bill.owed for no, bill in books.items()}
    assert "*" in owed.holder_masked
    for bill in owed.bills:
        assert sum(tier.amount for tier in bill.tiers) == (bill.owed - bill.late_fee if bill.tiers else 0)
    assert all(bill.tiers and bill.unit for bill in owed.bills) is (biller in METERED)
    assert any(bill.partial for bill in owed.bills) is (biller in (Biller.ELECTRICITY, Biller.PROPERTY))
    assert all(account_no not in call.target for call in town.sent)


@every_biller
def test_a_payment_runs_and_succeeds(town: Town, biller: Biller) -> None:
    account_no, client = ACCOUNTS[biller], town.client(biller)
    payment = whole(owed_at(client, account_no), account_no)
    # When all bills are paid in one order
    first = report(client.pay(payment))
    # Then it runs, is told as it stands when it is sent again, and succeeds when its time has come
    assert (first.state, first.order_no, first.source) == (FulfilmentState.RUNNING, NO, "answer")
    assert report(client.pay(payment)).state is FulfilmentState.RUNNING
    town.pass_time(1_000)
    done = report(asked(client, payment))
    assert (done.state, done.source, done.reference) == (
        FulfilmentState.SUCCEEDED,
        "query",
        first.reference,
    )
    assert done.fulfilled_at == town.clock.at
    assert owed_at(client, account_no).bills == ()
    assert town.company.payments.totals()["paid_fen"] == payment.amount
    [letter] = town.letters()
    told = client.read_notice(letter.body, headers_of(letter))
    assert (told.state, told.order_no, told.source) == (FulfilmentState.SUCCEEDED, NO, "notice")


@every_biller
def test_a_payment_that_was_accepted_is_refused_in_the_end(town: Town, biller: Biller) -> None:
    account_no, client = ACCOUNTS[biller], town.client(biller)
    town.misbehave("pay", Effect.FAIL, key=NO)
    payment = whole(owed_at(client, account_no), account_no)
    assert report(client.pay(payment)).state is FulfilmentState.RUNNING
    town.pass_time(1_000)
    # Then query and notice say so, the bills are owed again, and the number stays refused
    [letter] = town.letters()
    notice = client.read_notice(letter.body, headers_of(letter))
    for said in (asked(client, payment), notice, client.pay(payment)):
        told = report(said)
        assert (told.state, told.code) == (FulfilmentState.REFUSED, "PAYMENT_REVOKED")
        assert told.fulfilled_at is None
    assert whole(owed_at(client, account_no), account_no) == payment


@every_biller
@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda parts: (BillPart("X-1", Fen(100)),), "BILL_UNKNOWN"),
        (lambda parts: (*parts, BillPart("X-1", Fen(100))), "BILL_UNKNOWN"),
        (lambda parts: (parts[0]._replace(amount=Fen(parts[0].amount + 1)), *parts[1:]), "BILL_NOT_OWED"),
        (lambda parts: (parts[0]._replace(amount=Fen(1)), *parts[1:]), "AMOUNT_NOT_ALLOWED"),
    ],
)
def test_all_parts_are_paid_or_none(town: Town, biller: Biller, change, code: str) -> None:
    account_no, client = ACCOUNTS[biller], town.client(biller)
    before = owed_at(client, account_no)
    parts = change(whole(before, account_no).parts)
    # When one part cannot be paid
    payment = BillPayment(NO, account_no, parts)
    refused = report(client.pay(payment))
    # Then the order is refused for good, also when it is asked about, and nothing of it was paid
    assert (refused.state, refused.code) == (FulfilmentState.REFUSED, code)
    assert report(asked(client, payment)).code == code
    assert owed_at(client, account_no) == before


@every_biller
@pytest.mark.parametrize(("ending", "code"), [("0000", "ACCOUNT_UNKNOWN"), ("9999", "ACCOUNT_CLOSED")])
def test_an_account_that_is_unknown_or_closed(town: Town, biller: Biller, ending: str, code: str) -> None:
    account_no = ACCOUNTS[biller][:-4] + ending
    client = town.client(biller)
    assert client.owed(account_no) == BillerRefused(code)
    refused = report(client.pay(BillPayment(NO, account_no, (BillPart("X-1", Fen(100)),))))
    assert (refused.state, refused.code) == (FulfilmentState.REFUSED, code)


@pytest.mark.parametrize("biller", [Biller.ELECTRICITY, Biller.PROPERTY])
def test_a_bill_may_be_paid_in_parts(town: Town, biller: Biller) -> None:
    account_no, client = ACCOUNTS[biller], town.client(biller)
    bill = owed_at(client, account_no).bills[0]
    first = BillPayment(NO, account_no, (BillPart(bill.bill_no, bill.minimum),))
    assert report(client.pay(first)).state is FulfilmentState.RUNNING
    left = next(each for each in owed_at(client, account_no).bills if each.bill_no == bill.bill_no)
    assert left.owed == bill.owed - bill.minimum
    rest = BillPayment(f"{NO}2", account_no, (BillPart(bill.bill_no, left.owed),))
    assert report(client.pay(rest)).state is FulfilmentState.RUNNING


@every_biller
def test_a_number_that_nobody_sent_is_not_found(town: Town, biller: Biller) -> None:
    told = report(town.client(biller).query(NO, Fen(1), ""))
    assert (told.state, told.source) == (FulfilmentState.NOT_FOUND, "query")


@every_biller
def test_a_number_with_another_payment_behind_it_is_unknown(town: Town, biller: Biller) -> None:
    account_no, client = ACCOUNTS[biller], town.client(biller)
    payment = whole(owed_at(client, account_no), account_no)
    client.pay(payment)
    other = payment._replace(parts=(payment.parts[0]._replace(amount=Fen(7)),))
    assert isinstance(client.pay(other), FulfilmentUnknown)


def tells(monkeypatch: pytest.MonkeyPatch, **other: object) -> None:
    """Let every biller tell such a field otherwise, rightly signed."""
    honest = Style.written

    def written(style: Style, told: dict[str, Any]) -> dict[str, Any]:
        return honest(style, {**told, **{name: other[name] for name in other if name in told}})

    monkeypatch.setattr(Style, "written", written)


@every_biller
@pytest.mark.parametrize(
    "other", [{"amount": 777}, {"account_no": "9" * 13}, {"order_no": f"{NO}2"}], ids=str
)
def test_a_payment_of_something_else_is_unknown(
    monkeypatch: pytest.MonkeyPatch, town: Town, biller: Biller, other: dict[str, object]
) -> None:
    # Given a biller that keeps another payment under our number
    account_no, client = ACCOUNTS[biller], town.client(biller)
    payment = whole(owed_at(client, account_no), account_no)
    tells(monkeypatch, **other)
    # When it is paid, and when it is asked about, Then nothing is known
    assert isinstance(client.pay(payment), FulfilmentUnknown)
    town.pass_time(1_000)
    assert isinstance(asked(client, payment), FulfilmentUnknown)


@every_biller
def test_whose_payment_it_is_goes_unasked_when_the_account_is_erased(town: Town, biller: Biller) -> None:
    account_no, client = ACCOUNTS[biller], town.client(biller)
    payment = whole(owed_at(client, account_no), account_no)
    client.pay(payment)
    assert report(client.query(NO, payment.amount, "")).state is FulfilmentState.RUNNING
    assert isinstance(client.query(NO, Fen(payment.amount + 1), ""), FulfilmentUnknown)


@every_biller
@pytest.mark.parametrize(("ahead_ms", "is_believed"), [(300_000, True), (301_000, False)])
def test_what_ends_in_the_future_is_unknown(
    monkeypatch: pytest.MonkeyPatch, town: Town, biller: Biller, ahead_ms: int, *, is_believed: bool
) -> None:
    """It would be booked into a day that nobody closes."""
    account_no, client = ACCOUNTS[biller], town.client(biller)
    payment = whole(owed_at(client, account_no), account_no)
    client.pay(payment)
    town.pass_time(1_000)
    tells(monkeypatch, finished_at=town.clock.at + ahead_ms)
    assert isinstance(asked(client, payment), FulfilmentReport) is is_believed


@every_biller
@pytest.mark.parametrize("refusal", ["MOON_PHASE", "PAYMENT_UNKNOWN", "NOT_READY"])
def test_a_refusal_is_definite_whatever_its_reason_is_called(
    monkeypatch: pytest.MonkeyPatch, town: Town, biller: Biller, refusal: str
) -> None:
    account_no, client = ACCOUNTS[biller], town.client(biller)
    town.misbehave("pay", Effect.FAIL, key=NO)
    payment = whole(owed_at(client, account_no), account_no)
    client.pay(payment)
    town.pass_time(1_000)
    tells(monkeypatch, refusal=refusal)
    told = report(asked(client, payment))
    assert (told.state, told.code) == (FulfilmentState.REFUSED, "BILLER_REFUSED")


@every_biller
def test_what_is_owed_is_waited_for_less_than_a_payment(
    monkeypatch: pytest.MonkeyPatch, town: Town, biller: Biller
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(town, "send", lambda *call: waits.append(call[-1]) or Response(500, {}, b""))
    client = town.client(biller)
    client.owed(ACCOUNTS[biller])
    client.query(NO, Fen(1), "")
    assert waits == [2.0, 5.0]


@every_biller
@pytest.mark.parametrize(
    ("effect", "more", "took_effect"),
    [
        (Effect.DROP_BEFORE, {}, False),
        (Effect.DROP_AFTER, {}, True),
        (Effect.STATUS, {"status": 500}, False),
        (Effect.STATUS, {"status": 504, "after": True}, True),
        (Effect.GARBAGE, {}, True),
        (Effect.WRONG_SIGNATURE, {}, True),
        (Effect.REFUSE, {"code": "MOON_PHASE"}, False),
        (Effect.REFUSE, {"code": "SYSTEM"}, False),
    ],
)
def test_less_than_a_definite_word_is_unknown(
    town: Town, biller: Biller, effect: Effect, more: dict[str, object], took_effect: bool
) -> None:
    account_no, client = ACCOUNTS[biller], town.client(biller)
    payment = whole(owed_at(client, account_no), account_no)
    # Given a biller that does not say clearly what became of a call
    for operation in ("owed", "pay", "query"):
        town.misbehave(operation, effect, count=1, **more)
    # When anything is asked, Then nothing is known
    assert isinstance(client.pay(payment), FulfilmentUnknown)
    assert isinstance(asked(client, payment), FulfilmentUnknown)
    assert isinstance(client.owed(account_no), FulfilmentUnknown)
    # Then the next question finds out what happened, and the same payment is paid once
    found = report(asked(client, payment)).state
    assert found is (FulfilmentState.RUNNING if took_effect else FulfilmentState.NOT_FOUND)
    assert report(client.pay(payment)).state is FulfilmentState.RUNNING
    assert len(town.company.payments.payments) == 1


@every_biller
def test_an_answer_to_another_question_is_not_believed(town: Town, biller: Biller) -> None:
    account_no, client = ACCOUNTS[biller], town.client(biller)
    kept: list[Response] = []

    def keep(answer: Response) -> Response:
        kept.append(answer)
        return kept[0]

    # Given somebody who answers every question with the first one's answer
    town.on_the_way = keep
    assert isinstance(client.owed(account_no), Owed)
    # Then none of these, rightly signed as it is, is an answer
    assert isinstance(client.owed(account_no), FulfilmentUnknown)
    assert isinstance(client.query(NO, Fen(1), ""), FulfilmentUnknown)


@every_biller
def test_a_wrong_key_gets_no_answer(town: Town, biller: Biller) -> None:
    client = town.client(biller, key="another")
    assert isinstance(client.owed(ACCOUNTS[biller]), FulfilmentUnknown)
    assert isinstance(client.query(NO, Fen(1), ""), FulfilmentUnknown)


@every_biller
def test_a_call_is_heard_once(town: Town, biller: Biller) -> None:
    client = town.client(biller)
    assert isinstance(client.owed(ACCOUNTS[biller]), Owed)
    # When the same bytes arrive again, Then the biller does not act on them
    town.nonces.given -= 1
    assert isinstance(client.owed(ACCOUNTS[biller]), FulfilmentUnknown)


@every_biller
@pytest.mark.parametrize("broken", ["body", "signature", "key", "age", "another_biller"])
def test_a_notice_is_believed_as_it_was_signed_and_while_it_is_young(
    town: Town, biller: Biller, broken: str
) -> None:
    account_no, client = ACCOUNTS[biller], town.client(biller)
    client.pay(whole(owed_at(client, account_no), account_no))
    if broken == "key":
        town.misbehave("notice", Effect.WRONG_SIGNATURE)
    if broken == "age":
        town.misbehave("notice", Effect.STALE, ms=301_000)
    town.pass_time(1_000)
    [letter] = town.letters()
    body, headers = letter.body, headers_of(letter)
    if broken == "body":
        body = body.replace(NO.encode(), b"OABCDEFGHIJKLMNOPQRSTUVWXZR01")
        assert body != letter.body
    if broken == "signature":
        headers["biller-signature"] = ""
        body = body.replace(b"sign=", b"sign=0")
    if broken == "another_biller":
        client = town.client(Biller.GAS if biller is not Biller.GAS else Biller.WATER)
    # When one thing of it is not right, Then it is refused
    with pytest.raises(BillerNoticeRefusedError):
        client.read_notice(body, headers)


@every_biller
@pytest.mark.parametrize(
    "body", [b"", b"{}", b"<notice/>", b"a=b", b"\xff" * 10, b"x" * 10_000, b"[" * 9_000]
)
def test_what_is_no_notice(town: Town, biller: Biller, body: bytes) -> None:
    with pytest.raises(BillerNoticeRefusedError):
        town.client(biller).read_notice(body, {})
