"""A house that keeps evidence: tables and buckets in memory, streams carried by hand, the simulated authority
(OpenSSL's) behind the real client."""

import time
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from octane.audit import journal as acts_journal
from octane.audit.acts import Act, act_in, act_of, record
from octane.channels.port import PaymentMethod
from octane.evidence.packing import build_package
from octane.evidence.requests import SORT, Request, package_key, request_evidence, request_in
from octane.issuers.names import Issuer
from octane.kernel.caller import Caller, Role
from octane.kernel.clock import Instant, in_beijing
from octane.kernel.errors import UnavailableError
from octane.kernel.ids import derive_id
from octane.kernel.money import Fen
from octane.kernel.settings import Settings
from octane.ledger import journal
from octane.ledger.entries import Entry, entry_of, post, transfer
from octane.limits.buckets import Buckets
from octane.limits.table import limits_of
from octane.orders.model import Attempt, Order, Step
from octane.orders.records import attempt_key, item_of, order_key, record_step
from octane.orders.states import AttemptStatus, Event, OrderState
from octane.store.items import Table
from octane.store.store import Store
from octane.store.writes import Absent, Put
from octane.wire.http import Response
from octane.wire.timestamps import HttpTimestamps, TimestampConfig
from simulators.protocol import Call
from simulators.tsa.company import STAMP_PATH, Tsa
from simulators.tsa.keys import new_tsa_keys
from world.engines import CountedNonces, HandClock
from world.exported import OurKey
from world.memory_engine import MemoryEngine
from world.objects import MemoryObjects

HOUR = 3_600_000
AUDITOR = Caller("U" + "A" * 25, Role.AUDITOR, "S1", ip="203.0.113.9", device="desk-1")
ANN = Caller("U" + "B" * 25, Role.CUSTOMER, "S2", ip="198.51.100.7", device="phone-1")


class Signals:
    def __init__(self) -> None:
        self.seen: list[str] = []

    def count(self, name: str, **_detail: str | int) -> None:
        self.seen.append(name)


@cache
def tsa_keys() -> Any:
    return new_tsa_keys(datetime.now(UTC))


class Authority:
    """The simulated authority beside us; silent while `silent`."""

    def __init__(self) -> None:
        self.tsa = Tsa(tsa_keys(), lambda: time.time_ns() // 1_000_000, Random(7))  # noqa: S311 - serial numbers
        self.silent = False
        config = TimestampConfig(f"http://tsa{STAMP_PATH}", (tsa_keys().root_pem,))
        self._client = HttpTimestamps(config, self, CountedNonces())

    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout_s: float
    ) -> Response:
        call = Call(method, STAMP_PATH, headers, body or b"")
        subject = self.tsa.subject(call)
        assert subject is not None
        reply = self.tsa.handle(call, subject, {})
        return Response(reply.status, {n.lower(): v for n, v in reply.headers.items()}, reply.body)

    @property
    def certificates(self) -> tuple[str, ...]:
        return self._client.certificates

    def stamp(self, sha256: bytes) -> bytes:
        if self.silent:
            raise UnavailableError
        return self._client.stamp(sha256)


class House:
    """Implements the Deps of audit and evidence."""

    def __init__(self, hours_ago: int = 6) -> None:
        began = Instant(time.time_ns() // 1_000_000 - hours_ago * HOUR)
        late = max(0, in_beijing(began).hour - 17)  # so that the hours that a test waits are of the same day
        self.clock = HandClock(began - late * HOUR)
        self.signals = Signals()
        self.nonces = CountedNonces()
        self.engine = MemoryEngine(self.clock)
        self.store = Store(self.engine, self.nonces, pause=lambda _: None)
        self.archive = MemoryObjects()
        self.work = MemoryObjects()
        self.manifest_signer = OurKey()
        self.timestamp_authority = Authority()
        self.buckets = Buckets(self.store, self.clock, self.signals, limits_of(Settings()))
        self._carried: dict[Table, int] = {Table.LEDGER: 0, Table.AUDIT: 0}

    def place(self, key: str, amount: int = 10_000, caller: Caller = ANN) -> str:
        """An order that was placed and paid, with its entry and its acts."""
        order_id = derive_id("T", caller.user_id, key)
        now = self.clock.now()
        order = Order(
            order_id=order_id,
            user_id=caller.user_id,
            state=OrderState.RECHARGING,
            version=2,
            amount=Fen(amount),
            request_digest="d",
            placed_at=now,
            expires_at=Instant(now + HOUR),
            card_id="C1",
            card_number="1000111100001234567",
            issuer=Issuer.SINOPEC,
            holder_name="张三",
            holder_phone="13800138000",
            attempt_no=1,
            captured=Fen(amount),
        )
        attempt = Attempt(
            order_id=order_id,
            no=1,
            method=PaymentMethod.WECHAT_JSAPI,
            status=AttemptStatus.PAID,
            amount=Fen(amount),
            payer_id="openid-of-ann",
            request_key="k",
            request_digest="d",
            started_at=now,
            expires_at=Instant(now + HOUR),
            transaction_id=f"4200{key}",
            paid=Fen(amount),
            notice_nonce="n0nce",
        )
        step = Step(
            order_id, caller.user_id, 2, OrderState.RECHARGING, Event.ORDER_PAID, now, "channel", "4200"
        )
        self.store.commit(
            Put(order_key(order_id), item_of(order), when=Absent()),
            Put(attempt_key(order_id, 1), item_of(attempt), when=Absent()),
            record_step(step),
            post(self.entry(order_id, amount)),
            record(act_of(caller, "place_order", order_id, key, now)),
            record(act_of(caller, "pay_order", order_id, key, now, after="ab" * 16)),
        )
        return order_id

    def entry(self, order_id: str, amount: int, kind: str = "payment_received") -> Entry:
        legs = transfer(Fen(amount), debit="CHANNEL_RECEIVABLE:WECHAT", credit="CUSTOMER_ADVANCE")
        now = self.clock.now()
        return Entry(order_id, kind, "P01", legs, now, now, "微信:4200", "payer")

    def act(self, action: str, subject: str, caller: Caller = ANN, **more: Any) -> Act:
        act = act_of(caller, action, subject, self.nonces.token(), self.clock.now(), **more)
        self.store.commit(record(act))
        return act

    def carry(self) -> list[Request]:
        """Bring the streams to the journals; return what was asked for."""
        asked = []
        for table, done in self._carried.items():
            changes = self.engine.changes(table, done)
            if not changes:
                continue
            self._carried[table] = changes[-1].number
            items = [change.new for change in changes if change.new is not None]
            plain = [item for item in items if not str(item["sk"]).startswith("#")]
            if table is Table.LEDGER:
                journal.append(self.archive, [entry_of(item) for item in plain])
            else:
                acts_journal.append(self.archive, [act_in(item) for item in plain])
                asked += [request_in(item) for item in items if item["sk"] == SORT]
        return asked

    def ask(self, *, order: str | None = None, user: str | None = None, key: str = "key-0001") -> str:
        return request_evidence(self, AUDITOR, order, user, key).evidence_id

    def package(self, target: Path, *, order: str | None = None, user: str | None = None) -> Path:
        """Ask for a package, build it, and unpack it."""
        self.wait(seconds=1)
        evidence_id = self.ask(order=order, user=user)
        for request in self.carry():
            build_package(self, request)
        target.parent.mkdir(parents=True, exist_ok=True)
        packed = target.with_suffix(".zip")
        packed.write_bytes(self.work.content[package_key(evidence_id)])
        with zipfile.ZipFile(packed) as package:
            package.extractall(target)
        return target

    def wait(self, *, seconds: int) -> None:
        self.clock.at += seconds * 1_000


def root_file(folder: Path) -> Path:
    """The authority's root, as somebody who trusts it has it."""
    path = folder / "authority.pem"
    path.write_text(tsa_keys().root_pem)
    return path


def key_file(folder: Path) -> Path:
    """Our public key, as somebody who knows us has it."""
    from octane.wire.manifests import KEY, signed_manifest  # noqa: PLC0415

    path = folder / "octane.pem"
    path.write_bytes(signed_manifest({}, OurKey())[KEY])
    return path
