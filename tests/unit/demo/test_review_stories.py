"""A story about a review tells lies nowhere: whatever does not end as told raises `StoryError`."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from demo.customer import Customer
from demo.review_stories import TRIES, claim, decide, money_back, refused, still_held, taken
from demo.stage import Stage, StoryError

MOVED = (409, {"error": {"code": "CHANGED_MEANWHILE"}})
GONE = {"order_id": "T1", "state": "FAILED", "captured_fen": 5, "refunded_fen": 5, "reason": "REVIEW_REFUSED"}
BACK = GONE | {"refunds": [{"status": "SUCCEEDED"}]}


@dataclass
class Issuer:
    recharged: Sequence[str]

    async def look(self, _: str) -> dict[str, Any]:
        return {"recharges": [{"uorderid": number} for number in self.recharged]}


@dataclass
class Backstage:
    issuer: Issuer
    told: list[str] = field(default_factory=list)

    def tell(self, _: str, line: str) -> None:
        self.told.append(line)


class Person(Customer):
    """Reads reviews whose version grows, and is answered one after the other of `answers`."""

    def __init__(
        self, *answers: tuple[int, dict[str, Any]], order: Any = None, recharged: Sequence[str] = ()
    ) -> None:
        super().__init__(cast("Stage", Backstage(Issuer(recharged))), "somebody")
        self.answers = list(answers)
        self.kept = order
        self.sent: list[Any] = []

    async def answer(
        self, method: str, path: str, body: Any = None, key: str = "", *, step_up: str = ""
    ) -> tuple[int, Any]:
        if path.startswith("/orders/"):
            return 200, self.kept
        if method == "GET":
            return 200, {"version": len(self.sent) + 1}
        self.sent.append((path, body))
        return self.answers.pop(0)


def test_a_review_that_moved_is_read_again() -> None:
    person = Person(MOVED, MOVED, (201, {"state": "CLAIMED"}))
    assert asyncio.run(claim(person, "T1")) == (201, {"state": "CLAIMED"})
    assert person.sent == [("/reviews/T1/claim", {"version": version}) for version in (1, 2, 3)]


def test_a_review_that_never_rests_ends_the_story() -> None:
    with pytest.raises(StoryError, match="moves all the time"):
        asyncio.run(decide(Person(*[MOVED] * TRIES), "T1", "APPROVE", "seen"))


def test_a_refusal_is_no_decision_and_a_decision_no_refusal() -> None:
    no = (409, {"error": {"code": "REVIEW_STATE"}})
    yes = (201, {"state": "APPROVED"})
    taken(yes)
    refused(no, "REVIEW_STATE")
    with pytest.raises(StoryError):
        taken(no)
    for answer, code in ((yes, "REVIEW_STATE"), (no, "OWN_REVIEW")):
        with pytest.raises(StoryError):
            refused(answer, code)


def test_money_that_is_held_is_held() -> None:
    held = {"order_id": "T1", "state": "REVIEWING", "captured_fen": 5}
    asyncio.run(still_held(Person(order=held, recharged=["T2R01"]), "T1"))
    for person in (Person(order=held | {"state": "FAILED"}), Person(order=held, recharged=["T1R01"])):
        with pytest.raises(StoryError):
            asyncio.run(still_held(person, "T1"))


@pytest.mark.parametrize(
    "field_name, value", [("state", "SUCCEEDED"), ("refunded_fen", 4), ("reason", "EXPIRED")]
)
def test_money_that_is_back_is_all_back_and_says_why(field_name: str, value: object) -> None:
    asyncio.run(money_back(Person(order=BACK), "T1", 5, "REVIEW_REFUSED"))
    with pytest.raises(StoryError, match=field_name):
        asyncio.run(money_back(Person(order=BACK | {field_name: value}), "T1", 5, "REVIEW_REFUSED"))


def test_money_is_not_back_and_on_the_card() -> None:
    with pytest.raises(StoryError, match="recharged"):
        asyncio.run(money_back(Person(order=BACK, recharged=["T1R01"]), "T1", 5, "REVIEW_REFUSED"))
