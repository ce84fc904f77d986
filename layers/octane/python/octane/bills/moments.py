"""When somebody is reminded of a plan's instalments (OR9). Pure values: nothing here reads or writes."""

from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple

from octane.bills.plans import Plan, PlanState
from octane.kernel.clock import BEIJING, SECOND, Instant
from octane.store.items import Item, due_shard

HOUR = time(10, tzinfo=BEIJING)
"""When people are told."""
DAYS = 3


class Reminder(StrEnum):
    BEFORE = "BEFORE"
    DAY = "DAY"
    LATE = "LATE"


class Moment(NamedTuple):
    at: Instant
    no: int
    """Of the instalment, from 0."""
    reminder: Reminder


def moments(plan: Plan) -> tuple[Moment, ...]:
    """Every moment at which somebody may be told, one after the other: instalments are a month apart."""
    days = ((-DAYS, Reminder.BEFORE), (0, Reminder.DAY), (DAYS, Reminder.LATE))
    return tuple(
        Moment(_instant(datetime.combine(each.due_on + timedelta(days=shift), HOUR)), no, reminder)
        for no, each in enumerate(plan.instalments)
        for shift, reminder in days
    )


def armed(plan: Plan, after: Instant) -> Item:
    """The attributes with which a plan waits for its next moment; none when there is none."""
    unpaid = moments(plan)[plan.paid * len(Reminder) :] if plan.state is PlanState.ACTIVE else ()
    at = next((moment.at for moment in unpaid if moment.at > after), None)
    return {} if at is None else {"due_shard": due_shard(plan.plan_id), "due_at": at}


def _instant(moment: datetime) -> Instant:
    return Instant(int(moment.timestamp()) * SECOND)
