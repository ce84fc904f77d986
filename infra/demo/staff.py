"""The people at work: made what they are by an administrator, then they call the API as any client."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from demo.customer import Customer
from demo.stage import Json, Stage
from octane.identity.users import user_key
from octane.kernel.caller import Role

NAME = "operator"
BEIJING = timedelta(hours=8)
SPREAD_SECONDS = 1.0
"""Longer than any function keeps the rules that it has read (RoutingCacheMs in `performance.SETTINGS`)."""

Promote = Callable[[str, Role], None]
"""Give the person of this user id a role."""


def promoter(dynamodb: Any, identity_table: str) -> Promote:
    """What an administrator does in the console."""

    def promote(user_id: str, role: Role) -> None:
        key = user_key(user_id)
        dynamodb.update_item(
            TableName=identity_table,
            Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}},
            UpdateExpression="SET #role = :role",
            ConditionExpression="attribute_exists(pk)",
            ExpressionAttributeNames={"#role": "role"},
            ExpressionAttributeValues={":role": {"S": role.value}},
        )

    return promote


async def hire(stage: Stage, name: str, role: Role, promote: Promote) -> Customer:
    """Log somebody in who has the role."""
    person = Customer(stage, name)
    await person.log_in()
    await asyncio.to_thread(promote, person.user_id, role)
    await person.log_in()  # the next login carries the role
    return person


async def seat_reviewers(stage: Stage, promote: Promote) -> tuple[Customer, Customer]:
    """Return two who may review large amounts."""
    reviewer = await hire(stage, "reviewer", Role.RISK, promote)
    return reviewer, await hire(stage, "director", Role.FINANCE_DIRECTOR, promote)


async def open_the_day(stage: Stage, promote: Promote) -> Customer:
    """Put the rules of the day in force; return the operator who did.

    At the counter WeChat Pay is the cheapest; in the mini-program UnionPay is, for 1,000.00 CNY a day. No
    payment explores, so that each story goes where it is told to go.
    """
    operator = await hire(stage, NAME, Role.OPERATOR, promote)
    rules = await rules_in_force(operator)
    offers = [_offer("H5", "WECHAT", 3_000), _offer("MINI_PROGRAM", "UNIONPAY", 3_000)]
    rows = next(node["content"]["rules"] for node in rules["table"]["nodes"] if "content" in node)
    rows[:0] = [{"_id": f"offer{number}", **offer} for number, offer in enumerate(offers)]
    await publish(operator, {**rules, "exploration_ppm": 0, "quotas": {"UNIONPAY": [_plan(100_000)]}})
    return operator


async def raise_quota(operator: Customer, limit_fen: int) -> None:
    """Let UnionPay take more on this day."""
    rules = await rules_in_force(operator)
    await publish(operator, {**rules, "quotas": {"UNIONPAY": [_plan(limit_fen)]}})


async def rules_in_force(operator: Customer) -> Json:
    found: Json = (await operator.call("GET", "/routing/rules"))["rules"]
    return found


async def publish(operator: Customer, rules: Json) -> None:
    """Put rules in force, and wait until every function goes by them."""
    based_on = (await operator.call("GET", "/routing/rules"))["version"]
    published = await operator.call("POST", "/routing/rules", {"rules": rules, "based_on": based_on})
    operator.stage.tell(NAME, f"published routing rules, version {published['version']}")
    await asyncio.sleep(SPREAD_SECONDS)


def _offer(platform: str, channel: str, fee_ppm: int) -> Json:
    """A row that comes before the others. Cells are expressions: a text has its own quotes."""
    return {
        "platform": f'"{platform}"',
        "channel": f'"{channel}"',
        "enabled": "true",
        "fee_ppm": str(fee_ppm),
    }


def _plan(limit_fen: int) -> Json:
    today = (datetime.fromtimestamp(time.time(), UTC) + BEIJING).strftime("%Y%m%d")
    return {"from_day": today, "limit_fen": limit_fen, "shards": 4}
