"""A customer who is asked who they are proves it and sends the very same request again (RK2, ID4)."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from demo.customer import TRIES, Customer
from demo.stage import Stage, StoryError

STEP_UP = "P" * 26
FACE = {"verify_id": "V1", "expires_in": 300}


@dataclass
class Sms:
    messages: list[dict[str, Any]]

    async def look(self, command: str) -> dict[str, Any]:
        assert command.startswith("/inbox?phone=138")
        return {"messages": self.messages}


@dataclass
class Phone:
    shown: list[str] = field(default_factory=list)

    async def do(self, command: str, **order: str) -> None:
        assert (command, order["result"]) == ("/faces/end", "pass")
        self.shown.append(order["verify_id"])


@dataclass
class Backstage:
    """As much of `Stage` as proofs need."""

    sms: Sms = field(default_factory=lambda: Sms([{"parameters": ["000000"]}, {"parameters": ["123456"]}]))
    wechat: Phone = field(default_factory=Phone)
    proving: asyncio.Lock = field(default_factory=asyncio.Lock)
    told: list[str] = field(default_factory=list)

    def tell(self, _: str, line: str) -> None:
        self.told.append(line)


@dataclass
class Asked:
    method: str
    path: str
    body: Any
    key: str
    step_up: str


class Person(Customer):
    """Answers as Octane does that asks for `methods` before it places an order."""

    def __init__(self, methods: list[str], face: Any = None, ends: str = "PASSED", via: str = "") -> None:
        self.backstage = Backstage()
        super().__init__(cast("Stage", self.backstage), "somebody", card_id="C1")
        self.methods, self.face, self.ends, self.via = methods, face, ends, via
        self.asked: list[Asked] = []

    async def answer(
        self, method: str, path: str, body: Any = None, key: str = "", *, step_up: str = ""
    ) -> tuple[int, Any]:
        self.asked.append(Asked(method, path, body, key, step_up))
        at_first = {"step_up_id": STEP_UP, "methods": self.methods, "state": "OPEN", "via": ""}
        if path == "/me/step-ups":
            return 201, at_first
        if path == f"/me/step-ups/{STEP_UP}/proofs":
            return 200, {"step_up": at_first | {"state": self.ends, "via": self.via}, "face": self.face}
        if step_up == STEP_UP or not self.methods:
            return 201, {"order_id": "T1", "state": "PENDING"}
        return 403, {"error": {"code": "STEP_UP_REQUIRED"}}

    def sent(self, path: str) -> list[Asked]:
        return [one for one in self.asked if one.path == path]


def test_nobody_proves_what_nobody_asks() -> None:
    person = Person([])
    assert asyncio.run(person.place(100)) == "T1"
    assert [one.path for one in person.asked] == ["/orders"]


def test_the_same_request_goes_again_with_the_proof() -> None:
    person = Person(["SMS"])

    assert asyncio.run(person.place(100_000)) == "T1"

    first, second = person.sent("/orders")
    assert (first.body, first.key) == (second.body, second.key)
    assert (first.step_up, second.step_up) == ("", STEP_UP)
    asked = person.sent("/me/step-ups")[0].body
    assert asked == {"operation": "PLACE_ORDER", "subject": "C1", "amount_fen": 100_000}
    codes = [one.body for one in person.sent(f"/me/step-ups/{STEP_UP}/proofs")]
    assert codes == [{"method": "SMS"}, {"method": "SMS", "value": "123456"}], "the newest code"


def test_the_face_is_shown_on_the_phone_and_then_asked_after() -> None:
    person = Person(["FACE"], face=FACE)

    assert asyncio.run(person.place(100_000)) == "T1"

    assert person.backstage.wechat.shown == ["V1"]
    faces = [one.body for one in person.sent(f"/me/step-ups/{STEP_UP}/proofs")]
    assert faces == [{"method": "FACE"}] * 2


@pytest.mark.parametrize(
    "person",
    [Person(["SMS"], ends="OPEN"), Person(["SMS"], via="FALLBACK"), Person(["FACE"])],
    ids=["not passed", "fallback", "no face"],
)
def test_what_is_not_proven_is_no_proof(person: Person) -> None:
    with pytest.raises(StoryError):
        asyncio.run(person.place(100_000))
    assert [one.step_up for one in person.sent("/orders")] == [""]


def test_a_code_that_never_came_ends_the_story() -> None:
    person = Person(["SMS"])
    person.backstage.sms.messages.clear()
    with pytest.raises(StoryError, match="no message came"):
        asyncio.run(person.place(100_000))


class Shaken(Person):
    """Answers 503 at first."""

    unavailable = 2

    async def answer(
        self, method: str, path: str, body: Any = None, key: str = "", *, step_up: str = ""
    ) -> tuple[int, Any]:
        status, content = await super().answer(method, path, body, key, step_up=step_up)
        self.unavailable -= 1
        return (status, content) if self.unavailable < 0 else (503, {"error": {"code": "UNAVAILABLE"}})


def test_what_is_unavailable_is_asked_for_again_under_the_same_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demo.customer.AGAIN_SECONDS", 0)
    person = Shaken([])
    assert asyncio.run(person.place(100)) == "T1"
    first, *more = person.sent("/orders")
    assert more == [first, first]


def test_what_stays_unavailable_ends_the_story(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demo.customer.AGAIN_SECONDS", 0)
    person = Shaken([])
    person.unavailable = TRIES
    with pytest.raises(StoryError, match="answered 503"):
        asyncio.run(person.place(100))


def test_everybody_has_their_own_phone() -> None:
    stage = cast("Stage", Backstage())
    names = ("paid", "refused", "unpaid", "approved", "declined", "forgotten")
    phones = {Customer(stage, name).phone for name in names}
    assert len(phones) == len(names)
    assert all(phone.startswith("138") and len(phone) == 11 for phone in phones)
