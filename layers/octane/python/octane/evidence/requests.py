"""Ask for an evidence package, and fetch it (SE2): support, auditors and finance directors, each time with an
act.

The request is an item of the audit table, written with its act; the table's stream brings it to whoever
builds the package. The package lies in the work bucket: it tells about people, so it goes by itself.
"""

from typing import NamedTuple

from octane.audit.acts import act_of, record
from octane.evidence.ports import RequestDeps
from octane.kernel.caller import ASKS_FOR_EVIDENCE, Caller
from octane.kernel.clock import Instant, later
from octane.kernel.errors import InputError, KeyReusedError, NotFoundError
from octane.kernel.ids import derive_id
from octane.orders.model import OrderNotFoundError
from octane.orders.records import order_key
from octane.store.items import Item, Key, Table
from octane.store.writes import Absent, ChangedMeanwhileError, Put

LINK_SECONDS = 600
SORT = "#EVIDENCE"


class EvidenceNotFoundError(NotFoundError):
    code = "EVIDENCE_NOT_FOUND"
    summary = "There is no such package, or nobody fetched it in time; request it again."


class Request(NamedTuple):
    evidence_id: str
    kind: str
    """`order` or `user`."""
    subject: str
    requested_by: str
    requested_at: Instant


class Package(NamedTuple):
    """A request, and where its package is."""

    evidence_id: str
    subject: str
    requested_at: Instant
    url: str = ""
    """Empty while it is being built."""
    url_expires_at: Instant = Instant(0)


def package_key(evidence_id: str) -> str:
    return f"evidence/{evidence_id}/package.zip"


def request_evidence(
    deps: RequestDeps, caller: Caller, order_id: str | None, user_id: str | None, key: str
) -> Package:
    """Ask for the package of an order or a person. The same key with the same words returns what it made;
    other words raise `KeyReusedError`. Two AWS calls for an order, one for a person."""
    caller.must_have(ASKS_FOR_EVIDENCE)
    if (order_id is None) == (user_id is None):
        raise InputError("Name an order or a person: one of the two.")
    if order_id and deps.store.get(order_key(order_id)) is None:
        raise OrderNotFoundError
    kind, subject = ("order", order_id) if order_id else ("user", user_id or "")
    now = deps.clock.now()
    request = Request(derive_id("E", caller.user_id, key), kind, subject, caller.user_id, now)
    item: Item = {name: value for name, value in request._asdict().items() if name != "evidence_id"}
    act = act_of(caller, "request_evidence", subject, request.evidence_id, now)
    try:
        deps.store.commit(
            Put(_request_key(request.evidence_id), item, when=Absent()),
            record(act),
        )
    except ChangedMeanwhileError:
        known = _load(deps, request.evidence_id)
        if (known.kind, known.subject) != (kind, subject):
            raise KeyReusedError from None
        request = known
    return Package(request.evidence_id, request.subject, request.requested_at)


def fetch_evidence(deps: RequestDeps, caller: Caller, evidence_id: str) -> Package:
    """Return where the package is, for ten minutes, or that it is being built."""
    caller.must_have(ASKS_FOR_EVIDENCE)
    request, now = _load(deps, evidence_id), deps.clock.now()
    package = Package(evidence_id, request.subject, request.requested_at)
    key = package_key(evidence_id)
    if key not in deps.work.list(key):
        return package
    once = deps.store.nonces.token()
    act = act_of(caller, "fetch_evidence", request.subject, once, now, reason=evidence_id)
    deps.store.commit(record(act))
    expires_at = later(now, LINK_SECONDS * 1_000)
    return package._replace(url=deps.work.link(key, LINK_SECONDS), url_expires_at=expires_at)


def request_in(item: Item) -> Request:
    return Request(
        evidence_id=str(item["pk"]),
        kind=str(item["kind"]),
        subject=str(item["subject"]),
        requested_by=str(item["requested_by"]),
        requested_at=Instant(int(str(item["requested_at"]))),
    )


def _load(deps: RequestDeps, evidence_id: str) -> Request:
    item = deps.store.get(_request_key(evidence_id))
    if item is None:
        raise EvidenceNotFoundError
    return request_in(item)


def _request_key(evidence_id: str) -> Key:
    return Key(Table.AUDIT, evidence_id, SORT)
