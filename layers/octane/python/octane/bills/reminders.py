"""Remind of instalments: three days before, on the day, three days late; each once (OR9, OP1).

A plan that somebody is to be reminded of stands in the index DUE with the next moment. The claim is to move
that moment on, in one conditional write before the message leaves: a run that dies in between, and a
message of which nobody knows whether it went, tell nobody twice.
"""

from collections.abc import Iterator, Mapping

from octane.bills.deps import ReminderDeps
from octane.bills.kinds import KINDS
from octane.bills.moments import Moment, Reminder, armed, moments
from octane.bills.plans import Plan, PlanState, plan_key, plan_of
from octane.identity.enterprises import MemberState, find_membership
from octane.identity.users import find_user
from octane.kernel.clock import SECOND, Instant, later
from octane.kernel.errors import OctaneError
from octane.kernel.money import format_yuan
from octane.notify.messages import MessageRefused, MessageUnknown, Messenger, Refusal, Sent, Template
from octane.store.items import DUE, DUE_SHARDS, Item, Key, Query, Table, due_shard
from octane.store.store import Store
from octane.store.writes import ChangedMeanwhileError, Is, Missing, Update, all_of

PAGE = 100


def remind_instalments(deps: ReminderDeps, seconds: int) -> int:
    """Tell whoever is due, for about so long; return how many messages were taken. The rest waits for the
    next run; a plan that fails keeps no other."""
    until, sent, messenger = later(deps.clock.now(), seconds * SECOND), 0, deps.messenger
    for place in _due(deps.store, deps.clock.now()):
        if deps.clock.now() >= until:
            break
        try:
            sent += _remind(deps, messenger, place)
        except ChangedMeanwhileError:
            continue  # another run has it, or its owner or an order moved it: the next run looks again
        except OctaneError as error:
            deps.signals.count("ReminderFailed", plan_id=place.sk.removeprefix("PLAN#"), why=error.code)
    return sent


def _due(store: Store, now: Instant) -> Iterator[Key]:
    for shard in range(DUE_SHARDS):
        query = Query(Table.BILLS, f"due{shard}", last=now, index=DUE, limit=PAGE)
        for keys in list(store.scan_pages(query)):
            yield Key(Table.BILLS, str(keys["pk"]), str(keys["sk"]))


def _remind(deps: ReminderDeps, messenger: Messenger, place: Key) -> int:
    """Tell what is due of one plan, one moment after the other. While an order pays it nobody is told: the
    next run sees how that ended."""
    item, now, sent = deps.store.get(place), deps.clock.now(), 0
    plan = None if item is None else plan_of(item)
    while plan is not None and not plan.order_id and plan.due_at is not None and plan.due_at <= now:
        moment = _to_tell(plan, now)
        after = _claimed(deps.store, plan, now if moment is None else moment.at)
        if moment is not None:
            answer = _told(deps, messenger, plan, moment)
            sent += isinstance(answer, Sent)
            if isinstance(answer, MessageRefused) and answer.reason is Refusal.LATER:
                deps.store.commit(_again(after, moment))
                break
        plan = after
    return sent


def _to_tell(plan: Plan, now: Instant) -> Moment | None:
    """The first moment that nobody was told at; of one instalment the last, when a run was missed."""
    first = plan.due_at or now
    due = [each for each in moments(plan)[plan.paid * len(Reminder) :] if first <= each.at <= now]
    if plan.state is not PlanState.ACTIVE or not due:
        return None
    return max(each for each in due if each.no == due[0].no)


def _claimed(store: Store, plan: Plan, told: Instant) -> Plan:
    """Move the plan on to the moment behind `told`, unless it was moved, paid or taken by an order since it
    was read."""
    after, place = armed(plan, told), plan_key(plan.account_id, plan.plan_id)
    as_read = all_of(Is("due_at", plan.due_at), Is("paid", plan.paid), Missing("order_id"))
    gone = () if after else ("due_shard", "due_at")
    store.commit(Update(place, when=as_read, assign=after, remove=gone))
    at = after.get("due_at")
    return plan._replace(due_at=Instant(at) if isinstance(at, int) else None)


def _again(plan: Plan, moment: Moment) -> Update:
    """The message certainly did not go: its moment is due again."""
    as_left = Missing("due_at") if plan.due_at is None else Is("due_at", plan.due_at)
    active = all_of(as_left, Is("state", PlanState.ACTIVE.value))
    due: Item = {"due_shard": due_shard(plan.plan_id), "due_at": moment.at}
    return Update(plan_key(plan.account_id, plan.plan_id), when=active, assign=due)


def _told(
    deps: ReminderDeps, messenger: Messenger, plan: Plan, moment: Moment
) -> Sent | MessageRefused | MessageUnknown | None:
    """Tell whoever made the plan; None: they can't be reached, or it is none of theirs any more."""
    openid = _openid(deps.store, plan)
    answer = messenger.send(openid, Template.INSTALMENT_DUE, _words(plan, moment.no)) if openid else None
    outcome = type(answer).__name__ if answer else "Unreachable"
    deps.signals.count(
        "InstalmentReminder", plan_id=plan.plan_id, outcome=outcome, reminder=moment.reminder.value
    )
    return answer


def _openid(store: Store, plan: Plan) -> str:
    user = find_user(store, plan.made_by)
    if user is None or user.frozen:
        return ""
    if plan.account_id != plan.made_by:
        membership = find_membership(store, plan.account_id, plan.made_by)
        if membership is None or membership.state is not MemberState.ACTIVE:
            return ""
    return user.openid


def _words(plan: Plan, no: int) -> Mapping[str, str]:
    due = plan.instalments[no]
    return {
        "bill": f"{KINDS[plan.biller].name} {plan.account_masked}",
        "amount": f"{format_yuan(due.amount)}元",
        "due": due.due_on.isoformat(),
        "part": f"第{no + 1}期，共{len(plan.instalments)}期",
    }
