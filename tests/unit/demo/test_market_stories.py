"""Whatever a sale, a bill or a price does not keep of what it promised is told as a `StoryError`."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import pytest

from demo.bill_stories import must_add_up, owed
from demo.customer import Customer
from demo.price_story import must_be_told_once, price
from demo.sale_story import UNITS, must_be_sold
from demo.stage import Json, Stage, StoryError

CLAIMERS = UNITS + 50
SOLD_OUT = (409, {"error": {"code": "SOLD_OUT"}})
Answers = list[tuple[int, Any]]


def sale() -> Answers:
    """What a crowd is answered when all goes well."""
    claimed = [(201, {"coupon_id": f"C{number}"}) for number in range(UNITS)]
    return [*claimed, *(CLAIMERS - UNITS) * [SOLD_OUT]]


def test_a_sale_is_sold_when_each_unit_has_one_owner() -> None:
    assert len(must_be_sold(sale())) == UNITS


UNSOUND: dict[str, Callable[[Answers], object]] = {
    "one unit too many": lambda answers: answers.__setitem__(-1, (201, {"coupon_id": "C999"})),
    "one unit is left and people were refused": lambda answers: answers.__setitem__(0, SOLD_OUT),
    "one coupon for two": lambda answers: answers.__setitem__(0, answers[1]),
    "refused for another reason": lambda answers: answers.__setitem__(
        -1, (429, {"error": {"code": "WAITING_ROOM"}})
    ),
    "broken": lambda answers: answers.__setitem__(-1, (502, {})),
}


@pytest.mark.parametrize("what", UNSOUND)
def test_an_unsound_sale_is_found(what: str) -> None:
    answers = sale()
    UNSOUND[what](answers)
    with pytest.raises(StoryError, match="were to be claimed by"):
        must_be_sold(answers)


def test_tiers_and_late_fee_are_what_is_owed() -> None:
    bill: Json = {"bill_no": "E1", "owed_fen": 102, "late_fee_fen": 2, "tiers": [{"amount_fen": 100}]}
    must_add_up(bill)
    for wrong in ("owed_fen", "late_fee_fen"):
        with pytest.raises(StoryError, match="come to"):
            must_add_up({**bill, wrong: 1})
    with pytest.raises(StoryError, match="come to"):
        must_add_up({**bill, "owed_fen": 2, "tiers": []})


@dataclass
class Wechat:
    messages: list[str]

    async def look(self, command: str) -> dict[str, Any]:
        assert command == "/messages?openid=somebody"
        return {"messages": [{"words": {"thing2": text}} for text in self.messages]}


@dataclass
class Backstage:
    wechat: Wechat


class Person(Customer):
    """Is answered `content`, whatever they ask."""

    def __init__(self, content: Any = None, messages: list[str] | None = None) -> None:
        super().__init__(cast("Stage", Backstage(Wechat(messages or []))), "somebody")
        self.content = content

    async def answer(
        self, method: str, path: str, body: Any = None, key: str = "", *, step_up: str = ""
    ) -> tuple[int, Any]:
        return 200, self.content


def test_a_subscriber_is_told_once_and_of_the_new_price() -> None:
    asyncio.run(must_be_told_once(Person(messages=["92# 7.80 (+0.25)"])))
    for messages in ([], ["92# 7.80 (+0.25)"] * 2, ["92# 7.55 (-0.25)"]):
        with pytest.raises(StoryError, match="one message"):
            asyncio.run(must_be_told_once(Person(messages=messages)))


def test_a_price_is_read_with_its_version_and_of_its_province_only() -> None:
    beijing = {"province": "BJ", "version": 3, "grades": {"92": {"fen": 780, "stale": False}}}
    found = asyncio.run(price(Person({"provinces": [beijing]})))
    assert found == {"fen": 780, "stale": False, "version": 3}
    with pytest.raises(StoryError, match="the prices of BJ"):
        asyncio.run(price(Person({"provinces": [beijing | {"province": "SH"}]})))


def test_what_a_silent_biller_said_before_is_not_what_is_owed_now() -> None:
    assert asyncio.run(owed(Person({"stale": False, "bills": []}), "A")) == []
    with pytest.raises(StoryError, match="stale"):
        asyncio.run(owed(Person({"stale": True, "bills": []}), "A"))
