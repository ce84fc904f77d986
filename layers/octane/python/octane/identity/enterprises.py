"""Enterprise accounts and who is what in them, as they are kept (ID3).

| key (identity table)              | item                                                              |
|-----------------------------------|-------------------------------------------------------------------|
| pk: `E…`, sk: `#ENTERPRISE`       | name, and how many `owners` (active ones) and `members` it has     |
| pk: `E…`, sk: `MEMBER#U…`         | what the person is there, `INVITED` until they act for it          |
| pk: `U…`, sk: `ENTERPRISE#E…`     | that they have a part in it                                        |

Who changes members is in `octane.identity.members`, who acts for an enterprise in `octane.identity.acting`.
"""

from enum import StrEnum
from typing import NamedTuple, Protocol

from octane.audit.acts import act_of, record
from octane.kernel.caller import Caller, Member, Role
from octane.kernel.clock import Clock, Instant
from octane.kernel.errors import KeyReusedError, NotFoundError, StateError
from octane.kernel.ids import derive_id
from octane.store.items import Item, Key, Query, Table
from octane.store.store import Store
from octane.store.writes import (
    ANYWAY,
    Absent,
    AllOf,
    AtLeast,
    AtMost,
    ChangedMeanwhileError,
    Delete,
    Is,
    Put,
    Update,
    Write,
    all_of,
)

READS_ENTERPRISES = frozenset(Role) - {Role.CUSTOMER}
MOST_MEMBERS = 200


class EnterpriseNotFoundError(NotFoundError):
    code = "ENTERPRISE_NOT_FOUND"
    summary = "There is no such enterprise, or you have no part in it."


class LastOwnerError(StateError):
    code = "LAST_OWNER"
    summary = "An enterprise keeps one owner: make somebody else an owner first, and let them accept."


class TooManyMembersError(StateError):
    code = "TOO_MANY_MEMBERS"
    summary = f"An enterprise has at most {MOST_MEMBERS} members."


class MemberState(StrEnum):
    INVITED = "INVITED"
    ACTIVE = "ACTIVE"


class Membership(NamedTuple):
    user_id: str
    member: Member
    state: MemberState
    since: Instant

    @property
    def owns(self) -> bool:
        return self.member is Member.OWNER and self.state is MemberState.ACTIVE


class Enterprise(NamedTuple):
    enterprise_id: str
    name: str
    opened_at: Instant
    members: tuple[Membership, ...]


class EnterpriseDeps(Protocol):
    @property
    def clock(self) -> Clock: ...
    @property
    def store(self) -> Store: ...


def enterprise_key(enterprise_id: str) -> Key:
    return Key(Table.IDENTITY, enterprise_id, "#ENTERPRISE")


def member_key(enterprise_id: str, user_id: str) -> Key:
    return Key(Table.IDENTITY, enterprise_id, f"MEMBER#{user_id}")


def member_of(store: Store, enterprise_id: str, user_id: str) -> Member | None:
    """What a person may do for an enterprise now; None: nothing, or nothing yet. One AWS call."""
    known = find_membership(store, enterprise_id, user_id)
    return known.member if known is not None and known.state is MemberState.ACTIVE else None


def find_membership(store: Store, enterprise_id: str, user_id: str) -> Membership | None:
    item = store.get(member_key(enterprise_id, user_id))
    return None if item is None else _membership_of(item)


def load_enterprise(store: Store, enterprise_id: str) -> Enterprise:
    """Read an enterprise with its members, or raise `EnterpriseNotFoundError`. Two AWS calls."""
    item = store.get(enterprise_key(enterprise_id))
    if item is None:
        raise EnterpriseNotFoundError
    members = store.scan_pages(Query(Table.IDENTITY, enterprise_id, "MEMBER#", "MEMBER~"))
    opened_at = Instant(int(str(item["opened_at"])))
    return Enterprise(
        enterprise_id, str(item["name"]), opened_at, tuple(_membership_of(row) for row in members)
    )


def open_enterprise(deps: EnterpriseDeps, caller: Caller, name: str, key: str) -> Enterprise:
    """Open an enterprise account; the caller becomes its owner.

    The same key returns the same enterprise, another name under it is `KeyReusedError`. One AWS call; a
    replay three.
    """
    now, enterprise_id = deps.clock.now(), derive_id("E", caller.user_id, key)
    owner = Membership(caller.user_id, Member.OWNER, MemberState.ACTIVE, now)
    item: Item = {"name": name, "opened_at": now, "opened_by": caller.user_id, "owners": 1, "members": 1}
    try:
        deps.store.commit(
            Put(enterprise_key(enterprise_id), item, when=Absent()),
            Put(member_key(enterprise_id, caller.user_id), item_of(owner), when=Absent()),
            *_named(enterprise_id, None, owner),
            record(act_of(caller, "open_enterprise", enterprise_id, key, now)),
        )
    except ChangedMeanwhileError:
        known = load_enterprise(deps.store, enterprise_id)
        if known.name != name:
            raise KeyReusedError from None
        return known
    return Enterprise(enterprise_id, name, now, (owner,))


def get_enterprise(deps: EnterpriseDeps, caller: Caller, enterprise_id: str) -> Enterprise:
    """Return it with its members, to whoever is invited or a member, and to staff. For anybody else it does
    not exist. Three AWS calls."""
    is_staff = caller.role in READS_ENTERPRISES and not caller.enterprise_id
    if not is_staff and find_membership(deps.store, enterprise_id, caller.user_id) is None:
        raise EnterpriseNotFoundError
    return load_enterprise(deps.store, enterprise_id)


def unchanged(known: Membership) -> AllOf:
    """The person is still what they were when it was read."""
    return all_of(Is("member", known.member.value), Is("state", known.state.value))


def recounted(enterprise_id: str, old: Membership | None, new: Membership | None) -> tuple[Write, ...]:
    """Count owners and members in the commit that changes them: never below one owner, never over
    `MOST_MEMBERS`. A person's own partition names the enterprises they have a part in."""
    owners = (new is not None and new.owns) - (old is not None and old.owns)
    members = (new is not None) - (old is not None)
    key, add = enterprise_key(enterprise_id), {"owners": owners, "members": members}
    if not owners and not members:
        return ()
    named = _named(enterprise_id, old, new)
    if owners < 0:
        return (Update(key, when=AtLeast("owners", 2), add=add, otherwise=LastOwnerError()), *named)
    if members > 0:
        room = AtMost("members", MOST_MEMBERS - 1)
        return (Update(key, when=room, add=add, otherwise=TooManyMembersError()), *named)
    return (Update(key, when=AtLeast("owners", 0), add=add), *named)


def part_key(user_id: str, enterprise_id: str) -> Key:
    return Key(Table.IDENTITY, user_id, f"ENTERPRISE#{enterprise_id}")


def _named(enterprise_id: str, old: Membership | None, new: Membership | None) -> tuple[Write, ...]:
    if old is None and new is not None:
        return (Put(part_key(new.user_id, enterprise_id), {"since": new.since}, when=ANYWAY),)
    if old is not None and new is None:
        return (Delete(part_key(old.user_id, enterprise_id), when=ANYWAY),)
    return ()


def item_of(known: Membership) -> Item:
    return {"member": known.member.value, "state": known.state.value, "since": known.since}


def _membership_of(item: Item) -> Membership:
    return Membership(
        user_id=str(item["sk"]).removeprefix("MEMBER#"),
        member=Member(str(item["member"])),
        state=MemberState(str(item["state"])),
        since=Instant(int(str(item["since"]))),
    )
