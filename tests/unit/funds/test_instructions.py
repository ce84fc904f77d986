"""From the instruction to the statement that confirms it: sent until taken, paid once, open until proven."""

from dataclasses import replace

import pytest
from unit.funds.house import ANN, BOB, COLD, DAY, HOT, House, at, next_day, opened

from octane.channels.port import Refused, Unknown
from octane.funds.instructions import fail, move_funds
from octane.funds.model import BankAccount
from octane.funds.model import DifferenceKind as Kind
from octane.funds.port import Accepted, Order
from octane.funds.records import change_instruction
from octane.funds.withdrawals import approve_withdrawal, request_withdrawal
from octane.kernel.money import Fen
from octane.kernel.statement import BillNotReady, BillOriginal, BillUnknown
from octane.store.writes import ChangedMeanwhileError
from simulators.misbehaviour import parse_rule

TOMORROW = next_day(DAY)


def approved(house: House, amount: int = 1_000) -> str:
    asked = request_withdrawal(house, ANN, amount, "rent of July", "key-00000001")
    return approve_withdrawal(house, BOB, asked.withdrawal_id).withdrawal_id


def misbehave(house: House, effect: str, **more: object) -> None:
    house.company.rules.add(parse_rule({"operation": "instruct", "effect": effect, "count": 1, **more}))


def state(house: House) -> tuple[str, str]:
    """Of the only withdrawal and of its instruction."""
    (withdrawal,), (instruction,) = house.withdrawals(), house.instructions()
    return withdrawal.state.value, instruction.state.value


def paid_by_bank(house: House) -> list[int]:
    house.company.settle()
    return [-line.fen for line in house.company.custody.accounts["HOT"] if line.kind == "TRANSFER"]


def test_a_statement_ends_a_withdrawal() -> None:
    # Given
    house = opened(hot=10_000)
    approved(house)

    # When
    move_funds(house)
    report = house.check(DAY)

    # Then
    assert (report.holds, report.differences) == (True, ())
    assert state(house) == ("PAID", "CONFIRMED")
    assert house.balance(HOT) == (9_000, 0)
    assert house.nets() == {"CUSTODY_BANK:HOT": 9_000, "SUSPENSE:BANK": -10_000, "WITHDRAWALS": 1_000}
    house.must_be_sound()


@pytest.mark.parametrize("effect", ["drop_before", "drop_after", "wrong_signature"])
def test_an_unknown_answer_is_asked_again_under_the_same_number(effect: str) -> None:
    # Given
    house = opened(hot=10_000)
    number = approved(house)
    misbehave(house, effect)

    # When
    move_funds(house)
    assert house.instructions()[0].sent_at == 0
    move_funds(house)
    move_funds(house)

    # Then
    assert house.instructions()[0].sent_at
    assert paid_by_bank(house) == [1_000]
    assert [call.json()["number"] for call in house.wire.calls] == [number, number]
    assert house.signals.seen.count("InstructionUnknown") == 1


@pytest.mark.parametrize("status", [500, 503, 429])
@pytest.mark.parametrize("after", [False, True])
def test_an_error_of_the_bank_says_nothing_of_the_instruction(status: int, after: bool) -> None:
    house = opened(hot=10_000)
    approved(house)
    misbehave(house, "status", status=status, after=after)
    move_funds(house)
    assert state(house) == ("APPROVED", "INSTRUCTED")
    move_funds(house)
    assert paid_by_bank(house) == [1_000]


def test_an_instruction_that_the_bank_refuses_fails_for_good() -> None:
    # Given
    house = opened(hot=10_000)
    approved(house)
    misbehave(house, "refuse", code="PAYEE_BLOCKED")

    # When
    move_funds(house)
    move_funds(house)

    # Then
    assert state(house) == ("FAILED", "FAILED")
    assert house.withdrawals()[0].reason == "PAYEE_BLOCKED"
    assert house.balance(HOT) == (10_000, 0)
    assert "WITHDRAWALS" not in house.nets()
    assert len(house.wire.calls) == 1
    house.must_be_sound()


def test_one_that_no_statement_confirms_stays_open_and_is_reported() -> None:
    # Given an instruction that the bank takes and leaves lying
    house = opened(hot=10_000)
    number = approved(house)
    misbehave(house, "stay")
    move_funds(house)

    # When / Then: on its own day nobody wonders
    assert house.check(DAY).differences == ()

    # And on the next one they do, every day the same thing
    house.clock.at = at(TOMORROW, 9)
    (open_one,) = house.check(TOMORROW).differences
    assert (open_one.kind, open_one.expected, open_one.about) == (Kind.UNCONFIRMED, -1_000, number)
    assert state(house) == ("APPROVED", "INSTRUCTED")
    later = next_day(DAY, 2)
    house.clock.at = at(later, 9)
    assert house.check(later).differences[0].number == open_one.number
    house.must_be_sound()

    # And it ends when the bank does it
    house.company.custody.end(number)
    assert house.check(later).differences == ()
    assert state(house) == ("PAID", "CONFIRMED")
    house.must_be_sound()


@pytest.mark.parametrize(
    ("fen", "kind", "expected"), [(-999, Kind.AMOUNT, -1_000), (1_000, Kind.AMOUNT, -1_000)]
)
def test_another_amount_is_not_our_withdrawal(fen: int, kind: Kind, expected: int) -> None:
    house = opened(hot=10_000)
    number = approved(house)
    house.company.custody.move("HOT", fen, "TRANSFER", instruction=number)
    (found,) = house.check(DAY).differences
    assert (found.kind, found.expected, found.found, found.about) == (kind, expected, fen, number)
    assert state(house) == ("APPROVED", "INSTRUCTED")
    house.must_be_sound()


def test_one_that_is_paid_twice_is_in_suspense_the_second_time() -> None:
    house = opened(hot=10_000)
    number = approved(house)
    move_funds(house)
    house.company.custody.settle()
    house.company.custody.move("HOT", -1_000, "TRANSFER", instruction=number)
    (found,) = house.check(DAY).differences
    assert (found.kind, found.found) == (Kind.DUPLICATE, -1_000)
    assert house.nets()["WITHDRAWALS"] == 1_000
    house.must_be_sound()


def test_one_that_is_paid_after_it_failed_is_in_suspense() -> None:
    house = opened(hot=10_000)
    number = approved(house)
    fail(house, house.instructions()[0], "PAYEE_BLOCKED")
    house.company.custody.move("HOT", -1_000, "TRANSFER", instruction=number)
    (found,) = house.check(DAY).differences
    assert (found.kind, state(house)) == (Kind.UNEXPECTED, ("FAILED", "FAILED"))
    house.must_be_sound()


def test_a_number_that_is_not_ours_and_a_payment_from_the_cold_account() -> None:
    house = opened(hot=10_000, cold=10_000)
    number = approved(house)
    house.company.custody.move("HOT", -1_000, "TRANSFER", instruction="W" * 26)
    house.company.custody.move("COLD", -1_000, "TRANSFER", instruction=number)
    found = house.check(DAY).differences
    assert [(one.kind, one.account) for one in found] == [(Kind.UNEXPECTED, HOT), (Kind.UNEXPECTED, COLD)]
    assert state(house) == ("APPROVED", "INSTRUCTED")


def test_a_statement_may_be_faster_than_the_answer() -> None:
    # Given an instruction whose answer got lost
    house = opened(hot=10_000)
    approved(house)
    misbehave(house, "drop_after")
    move_funds(house)

    # When the statement comes first
    assert house.check(DAY).differences == ()

    # Then nothing is sent any more
    move_funds(house)
    assert (state(house), len(house.wire.calls)) == (("PAID", "CONFIRMED"), 1)


def test_a_failure_and_a_statement_cannot_both_end_it() -> None:
    house = opened(hot=10_000)
    approved(house)
    (before,) = house.instructions()
    move_funds(house)
    house.check(DAY)
    with pytest.raises(ChangedMeanwhileError):
        fail(house, before, "LATE")
    with pytest.raises(ChangedMeanwhileError):
        house.store.commit(change_instruction(before, before._replace(sent_at=1)))
    assert state(house) == ("PAID", "CONFIRMED")


class TestTheBank:
    """The client and the simulated bank, over the wire's own words."""

    ORDER = Order("S" * 26, HOT, COLD, Fen(500), 'sweep, "quoted" 扫款')

    def test_an_instruction_happens_once(self) -> None:
        house = opened(hot=1_000)
        assert house.bank.instruct(self.ORDER) is Accepted.ACCEPTED
        house.company.settle()
        assert house.bank.instruct(self.ORDER) is Accepted.ACCEPTED
        house.company.settle()
        assert house.company.custody.totals() == {"hot_fen": 500, "cold_fen": 500}

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"amount": Fen(1_001)}, "INSUFFICIENT_FUNDS"),
            ({"credit": HOT}, "INSTRUCTION_INVALID"),
        ],
    )
    def test_a_refusal_is_for_good(self, changes: dict[str, object], code: str) -> None:
        house = opened(hot=1_000)
        order = self.ORDER._replace(**changes)  # type: ignore[arg-type]
        assert house.bank.instruct(order) == Refused(code, "")
        house.moves("HOT", 10_000)
        assert house.bank.instruct(order) == Refused(code, "")

    def test_what_is_promised_is_not_promised_again(self) -> None:
        house = opened(hot=1_000)
        house.company.rules.add(parse_rule({"operation": "instruct", "effect": "stay"}))
        assert house.bank.instruct(self.ORDER._replace(number="A" * 26)) is Accepted.ACCEPTED
        assert house.bank.instruct(self.ORDER._replace(number="B" * 26)) is Accepted.ACCEPTED
        assert house.bank.instruct(self.ORDER._replace(number="C" * 26, amount=Fen(1))) == Refused(
            "INSUFFICIENT_FUNDS", ""
        )

    def test_a_number_with_other_words_is_no_answer_of_ours(self) -> None:
        house = opened(hot=1_000)
        house.bank.instruct(self.ORDER)
        answer = house.bank.instruct(self.ORDER._replace(amount=Fen(1)))
        assert answer == Unknown("HTTP_409 NUMBER_USED")

    def test_a_request_that_is_signed_wrongly_or_late_is_not_heard(self) -> None:
        house = opened(hot=1_000)
        calls = house.bank._calls
        house.bank._calls = replace(calls, key="x" * 32)
        assert house.bank.instruct(self.ORDER) == Unknown("SIGNATURE")
        house.bank._calls = calls
        real, house.clock.at = house.clock.at, house.clock.at - 301_000
        house.company._now = lambda: real
        assert house.bank.instruct(self.ORDER) == Unknown("HTTP_401 SIGNATURE")
        assert house.company.custody.instructions == {}

    def test_statements(self) -> None:
        house = opened(hot=1_000)
        found = house.bank.fetch(BankAccount.HOT, DAY)
        assert isinstance(found, BillOriginal)
        assert found.name == "custody-hot-2026-07-01.csv"
        house.company.command("POST /settings", {"early_statements": False})
        assert house.bank.fetch(HOT, DAY) is BillNotReady.NOT_READY
        house.clock.at = at(TOMORROW)
        assert isinstance(house.bank.fetch(HOT, DAY), BillOriginal)
        house.company.rules.add(parse_rule({"operation": "statement", "effect": "drop_before"}))
        assert isinstance(house.bank.fetch(HOT, DAY), BillUnknown)
