"""Large orders on the deployed template (OR10): the state machine waits, and people give its tokens back.

All are played at once: one of them waits for its deadline.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, NamedTuple

import pytest

from demo.checks import is_in
from demo.customer import Customer
from demo.performance import SETTINGS, SIMULATOR_OPTIONS, opened_stage
from demo.proofs import prove
from demo.review_stories import HUGE, LARGE, claim, decide, held, money_back, proven, refused, taken
from demo.stage import Json, Stage
from local.world import LocalOctane

RUN_SECONDS = 90.0
WHOLE_WAY = ["Face", "Reviewer", "SecondReviewer", "Expire", "HasItEnded", "Ended"]


class Ended(NamedTuple):
    order: Json
    run: list[str]
    """The states that its run entered."""
    waited: tuple[str, ...] = ()
    """Where the run was seen waiting, before each step of a person."""


class Runs:
    """The runs of the review's state machine, by their orders."""

    def __init__(self, octane: LocalOctane) -> None:
        self._client = octane.client("stepfunctions")
        self._arn = octane.outputs["ReviewOrderArn"]

    def start(self, order_id: str, name: str) -> None:
        """Another run of the same order."""
        body = json.dumps({"order_id": order_id})
        self._client.start_execution(stateMachineArn=self._arn, name=name, input=body)

    async def waits(self, order_id: str, state: str) -> str:
        """Wait until the run has come to this state and no further."""
        await self._until(order_id, lambda _, entered: entered[-1:] == [state])
        return state

    async def ended(self, name: str) -> list[str]:
        """Wait for its end, which must be a good one; return the states that it entered."""
        status, entered = await self._until(name, lambda status, _: status != "RUNNING")
        assert status == "SUCCEEDED", (status, entered)
        return entered

    async def _until(self, name: str, done: Callable[[str, list[str]], bool]) -> tuple[str, list[str]]:
        deadline = time.monotonic() + RUN_SECONDS
        while True:
            status, entered = await asyncio.to_thread(self._look, name)
            if done(status, entered):
                return status, entered
            assert time.monotonic() < deadline, f"{name} is {status} after {entered}"
            await asyncio.sleep(0.3)

    def _look(self, name: str) -> tuple[str, list[str]]:
        run = f"{self._arn.replace(':stateMachine:', ':execution:')}:{name}"
        try:
            status: str = self._client.describe_execution(executionArn=run)["status"]
        except self._client.exceptions.ExecutionDoesNotExist:
            return "NOT STARTED", []
        events = self._client.get_execution_history(executionArn=run, maxResults=1000)["events"]
        entered: list[Any] = [event.get("stateEnteredEventDetails") for event in events]
        return status, [details["name"] for details in entered if details]


async def approve_by_two(person: Customer, runs: Runs) -> Ended:
    first, second = await person.stage.reviewers()
    order_id = await held(person, HUGE)
    waited = [await runs.waits(order_id, "Face")]
    step_up_id = await prove(person, "LARGE_TOP_UP", order_id, HUGE)
    await person.call("POST", f"/orders/{order_id}/step-up", {"step_up_id": step_up_id})
    waited.append(await runs.waits(order_id, "Reviewer"))
    taken(await claim(first, order_id))
    taken(await decide(first, order_id, "APPROVE", "The firm confirmed it by telephone."))
    waited.append(await runs.waits(order_id, "SecondReviewer"))
    taken(await claim(second, order_id))
    taken(await decide(second, order_id, "APPROVE", "So they did with me."))
    order = await person.until(order_id, "SUCCEEDED", is_in("SUCCEEDED"))
    return Ended(order, await runs.ended(order_id), tuple(waited))


async def refuse(person: Customer, runs: Runs) -> Ended:
    reviewer, _ = await person.stage.reviewers()
    order_id = await proven(person, LARGE)
    waited = await runs.waits(order_id, "Reviewer")
    taken(await claim(reviewer, order_id))
    taken(await decide(reviewer, order_id, "REFUSE", "Nobody answers at the firm."))
    await money_back(person, order_id, LARGE, "REVIEW_REFUSED")
    return Ended(await person.order(order_id), await runs.ended(order_id), (waited,))


async def expire(person: Customer, runs: Runs) -> Ended:
    """Not even the customer does anything."""
    reviewer, _ = await person.stage.reviewers()
    order_id = await held(person, LARGE)
    waited = await runs.waits(order_id, "Face")
    await money_back(person, order_id, LARGE, "REVIEW_EXPIRED")
    refused(await claim(reviewer, order_id), "REVIEW_STATE")
    refused(await decide(reviewer, order_id, "APPROVE", "Better late than never."), "REVIEW_STATE")
    runs.start(order_id, "too-late")
    return Ended(await person.order(order_id), await runs.ended("too-late"), (waited,))


async def challenge(person: Customer, _: Runs) -> Ended:
    """The second order, a large one, comes from a phone that nobody knows."""
    await person.place(1_000)
    person.device = "another-phone"
    body = {"card_id": person.card_id, "amount_fen": 100_000}
    status, refusal = await person.answer("POST", "/orders", body)
    assert (status, refusal["error"]["code"]) == (403, "STEP_UP_REQUIRED")
    return Ended(await person.order(await person.place(100_000)), [])


PLAYED = {
    "approved": ("1000110000000000101", approve_by_two),
    "refused": ("1000110000000000102", refuse),
    "expired": ("1000110000000000103", expire),
    "challenged": ("1000110000000000104", challenge),
}


@pytest.fixture(scope="module")
def octane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalOctane]:
    """One of its own: where other tests have left many orders that are due, a deadline waits behind them."""
    directory = tmp_path_factory.mktemp("reviews")
    with LocalOctane(directory, iam=True, settings=SETTINGS, simulator_options=SIMULATOR_OPTIONS) as running:
        yield running


@pytest.fixture(scope="module")
def ended(octane: LocalOctane) -> dict[str, Ended]:
    runs = Runs(octane)

    async def play(
        stage: Stage, name: str, card: str, act: Callable[[Customer, Runs], Awaitable[Ended]]
    ) -> Ended:
        person = Customer(stage, f"review-{name}")
        try:
            await person.arrive(card)
            return await act(person, runs)
        finally:
            await person.leave()

    async def play_all() -> list[Ended]:
        async with opened_stage(octane, lambda *_: None) as stage:
            return await asyncio.gather(*(play(stage, name, *each) for name, each in PLAYED.items()))

    return dict(zip(PLAYED, asyncio.run(play_all()), strict=True))


def test_two_people_approve_and_the_run_goes_on_with_each(ended: dict[str, Ended]) -> None:
    order, run, waited = ended["approved"]
    assert waited == ("Face", "Reviewer", "SecondReviewer")
    assert run == WHOLE_WAY
    assert (order["captured_fen"], order["refunded_fen"]) == (HUGE, 0)
    events = [step["event"] for step in order["timeline"]]
    assert events == ["OrderPlaced", "PaymentStarted", "OrderHeld", "OrderReleased", "OrderSucceeded"]


def test_a_refusal_ends_the_run_and_returns_the_money(ended: dict[str, Ended]) -> None:
    order, run, waited = ended["refused"]
    assert waited == ("Reviewer",)
    assert run == WHOLE_WAY
    assert [refund["amount_fen"] for refund in order["refunds"]] == [LARGE]


def test_at_the_deadline_the_money_goes_back_and_nobody_can_approve(ended: dict[str, Ended]) -> None:
    order, late_run, waited = ended["expired"]
    assert waited == ("Face",)
    assert (order["state"], order["reason"], order["refunded_fen"]) == ("FAILED", "REVIEW_EXPIRED", LARGE)
    assert [step["event"] for step in order["timeline"]].count("OrderFailed") == 1
    assert late_run == WHOLE_WAY, "a run that comes too late waits for nobody"


def test_a_new_phone_proves_who_holds_it(ended: dict[str, Ended]) -> None:
    order = ended["challenged"].order
    assert (order["state"], order["amount_fen"]) == ("PENDING", 100_000)
