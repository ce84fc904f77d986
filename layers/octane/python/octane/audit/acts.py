"""One act of one person (or of the system), as it is written: with the change that it made, in one commit
(SE2).

| key                                 | item                                          |
|-------------------------------------|-----------------------------------------------|
| pk: what it was done to             | `U…` a person, `T…` an order, `RULES#RISK` …  |
| sk: `000001795000000000#A…`         | when (ms), and the act's id                   |

Nobody updates or deletes an item. What is personal stays out: a subject is an id, values are digests.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from octane.kernel.caller import Caller
from octane.kernel.clock import Instant
from octane.kernel.ids import derive_id, digest_of
from octane.store.items import Item, Key, Table
from octane.store.writes import Absent, Put

SYSTEM = "system"


class ActOutcome(StrEnum):
    DONE = "DONE"
    REFUSED = "REFUSED"


class Act(NamedTuple):
    """What somebody did. `act_id` derives from what makes it happen once, so a replay meets itself."""

    act_id: str
    action: str
    """A stable code, snake case, from the use case: `log_in`, `place_order`, `freeze_account` …"""
    subject: str
    at: Instant
    actor: str
    """A user id, or `system`."""
    role: str = ""
    enterprise_id: str = ""
    ip: str = ""
    device: str = ""
    session_id: str = ""
    outcome: ActOutcome = ActOutcome.DONE
    reason: str = ""
    """A code or a staff member's words."""
    before: str = ""
    """Digest of what was, by `state_digest`; empty for nothing."""
    after: str = ""


def act_of(
    caller: Caller,
    action: str,
    subject: str,
    once: str,
    now: Instant,
    *,
    outcome: ActOutcome = ActOutcome.DONE,
    reason: str = "",
    before: str = "",
    after: str = "",
) -> Act:
    """What a caller does. `once` tells this act from another of the same kind on the same subject: the
    idempotency key, the version that it makes, the operation's id."""
    return Act(
        act_id=derive_id("A", action, subject, caller.user_id, once),
        action=action,
        subject=subject,
        at=now,
        actor=caller.user_id,
        role=caller.role.value,
        enterprise_id=caller.enterprise_id,
        ip=caller.ip,
        device=caller.device,
        session_id=caller.session_id,
        outcome=outcome,
        reason=reason,
        before=before,
        after=after,
    )


def system_act(action: str, subject: str, once: str, now: Instant, *, reason: str = "") -> Act:
    return Act(derive_id("A", action, subject, SYSTEM, once), action, subject, now, SYSTEM, reason=reason)


def act_key(act: Act) -> Key:
    return Key(Table.AUDIT, act.subject, f"{act.at:018d}#{act.act_id}")


def record(act: Act) -> Put:
    """Write the act. Commit it with what it did."""
    item = {name: value for name, value in act._asdict().items() if name != "subject" and value != ""}
    item["outcome"] = act.outcome.value
    return Put(act_key(act), item, when=Absent())


def act_in(item: Item) -> Act:
    """Read an act back."""
    texts = {
        name: str(item.get(name, "")) for name in Act._fields if name not in {"subject", "at", "outcome"}
    }
    return Act(
        subject=str(item["pk"]),
        at=Instant(int(str(item["at"]))),
        outcome=ActOutcome(str(item["outcome"])),
        **texts,
    )


def state_digest(state: Mapping[str, object]) -> str:
    """Digest what was or what is now: it proves a value that is shown, and tells none."""
    return digest_of(state)
