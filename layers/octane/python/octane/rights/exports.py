"""A person asks for a copy of all their data (ID6): made by a worker, fetched by a link of minutes.

| key (table identity)         | item                                                    |
|------------------------------|---------------------------------------------------------|
| the person / `EXPORT#X…`     | when it was asked for and made; `ttl`: when it is gone  |
| `#EXPORTS` / `X…`            | whose it is, until it is made                           |
"""

from typing import NamedTuple, Protocol

from octane.audit.acts import act_of, record
from octane.identity.step_ups import Operation, StepUpRequiredError, use_step_up
from octane.identity.users import get_user
from octane.kernel.caller import Caller
from octane.kernel.clock import SECOND, Instant
from octane.kernel.errors import ForbiddenError
from octane.kernel.ids import derive_id
from octane.limits.buckets import Buckets, Spend
from octane.rights.deps import RightsDeps
from octane.rights.holdings import exports_of
from octane.store.items import Item, Key, Table
from octane.store.replays import ReplayedError
from octane.store.writes import Absent, Put, Write

EXPORTS = "#EXPORTS"
LINK_SECONDS = 300
KEPT_SECONDS = 24 * 3_600
"""Then record and files go (the bucket's own rule for `people/`)."""
FILES = ("data.json", "data.pdf")


class Export(NamedTuple):
    """`links` by file name, once it is made."""

    export_id: str
    requested_at: Instant
    made_at: Instant | None = None
    links: tuple[tuple[str, str], ...] = ()


def export_key(user_id: str, export_id: str) -> Key:
    return Key(Table.IDENTITY, user_id, f"EXPORT#{export_id}")


def waiting_key(export_id: str) -> Key:
    return Key(Table.IDENTITY, EXPORTS, export_id)


def file_key(user_id: str, export_id: str, name: str) -> str:
    return f"{exports_of(user_id)}{export_id}/{name}"


class ExportDeps(RightsDeps, Protocol):
    @property
    def buckets(self) -> Buckets: ...


def request_export(deps: ExportDeps, caller: Caller, step_up_id: str, key: str) -> Export:
    """Ask for a copy, or, with the same key once more, fetch it: links for `LINK_SECONDS` when it is made.

    The copy is in the clear, so it needs the step-up EXPORT_DATA where there is a phone to prove it with; a
    replay within the day does not. Two AWS calls, a replay three. Raises `StepUpRequiredError`.
    """
    if caller.enterprise_id:
        raise ForbiddenError("Act for yourself first (POST /api/v1/me/account).")
    user_id, now = caller.user_id, deps.clock.now()
    export_id = derive_id("X", user_id, key)
    place = export_key(user_id, export_id)
    known = deps.store.get(place)
    if known is not None:
        return _export_in(deps, known)
    user = get_user(deps.store, user_id)
    proof: tuple[Write, ...] = ()
    if user.phone_sealed or user.phone_plain:
        if not step_up_id:
            raise StepUpRequiredError
        proof = (use_step_up(user_id, step_up_id, Operation.EXPORT_DATA, "", 0, now),)
    asked: Item = {"requested_at": now, "ttl": now // SECOND + KEPT_SECONDS}
    try:
        deps.buckets.commit(
            (Spend("export_user", user_id),),
            Put(place, asked, when=Absent(), otherwise=ReplayedError()),
            *proof,
            Put(waiting_key(export_id), {"user_id": user_id, "requested_at": now}, when=Absent()),
            record(act_of(caller, "request_export", user_id, export_id, now)),
        )
    except ReplayedError:
        return _export_in(deps, deps.store.get(place) or {**asked, "pk": user_id, "sk": place.sk})
    return Export(export_id, now)


def _export_in(deps: RightsDeps, item: Item) -> Export:
    user_id, export_id = str(item["pk"]), str(item["sk"]).removeprefix("EXPORT#")
    requested_at = Instant(int(str(item["requested_at"])))
    if "made_at" not in item:
        return Export(export_id, requested_at)
    links = tuple((name, deps.work.link(file_key(user_id, export_id, name), LINK_SECONDS)) for name in FILES)
    return Export(export_id, requested_at, Instant(int(str(item["made_at"]))), links)
