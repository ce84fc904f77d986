"""The product's wiring as the tests have it: tables in memory, lists for queues, movable time; the clients of
the outside are the real ones."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from octane import wiring
from octane.billers.names import Biller
from octane.kernel.clock import Clock, Instant, SystemClock
from octane.kernel.switches import Switches
from octane.orders.states import Queue
from octane.store.objects import Written
from octane.store.store import Store
from world.memory_engine import MemoryEngine
from world.meter import Meter
from world.objects import MemoryObjects
from world.permissions import Watch, WatchedEngine, granted, set_for
from world.review_runs import ReviewRuns
from world.sealing import LocalDataKeys
from world.settings import WatchedSettings
from world.system import system

GRANTED = granted(system())
VARIABLES = set_for(system())
"""What the template sets for each function."""


class MovableClock:
    """The machine's clock, some time ahead."""

    def __init__(self) -> None:
        self._ahead = 0
        self._system = SystemClock()

    def now(self) -> Instant:
        return Instant(self._system.now() + self._ahead)

    def move(self, *, seconds: int) -> None:
        self._ahead += seconds * 1000


class Signals:
    def __init__(self) -> None:
        self.seen: list[tuple[str, dict[str, str | int]]] = []

    def count(self, name: str, **detail: str | int) -> None:
        self.seen.append((name, detail))

    def named(self, name: str) -> list[dict[str, str | int]]:
        return [detail for seen, detail in self.seen if seen == name]


class Board:
    """Switches that the test turns."""

    def __init__(self, watch: Watch) -> None:
        self.switches = Switches()
        self._watch = watch

    def read(self) -> Switches:
        self._watch.note("ssm:GetParameter", "Switches")
        return self.switches


@dataclass
class Lists:
    """Queues and sockets that keep what they are given."""

    messages: dict[Queue, deque[dict[str, str | int]]] = field(
        default_factory=lambda: {queue: deque() for queue in Queue}
    )
    pushed: list[dict[str, str]] = field(default_factory=list)
    watch: Watch = field(default_factory=lambda: Watch(GRANTED, VARIABLES))

    def send(self, queue: Queue, messages: list[dict[str, str | int]]) -> None:
        self.watch.note("sqs:SendMessage", f"{queue.value.capitalize()}Queue")
        self.messages[queue].extend(messages)

    def post(self, _connection_id: str, message: Any) -> None:
        self.watch.note("execute-api:ManageConnections", "WebSocketApi")
        self.pushed.append(dict(message))


class WatchedObjects:
    """A bucket in memory, under watch: a permission is for its first folder.

    S3 tells who may not list a bucket that a missing object is forbidden (403), not that it is missing.
    """

    def __init__(self, bucket: str, watch: Watch, clock: Clock) -> None:
        self.kept = MemoryObjects(clock)
        self._bucket = bucket
        self._watch = watch

    def _note(self, action: str, key: str) -> None:
        self._watch.note(f"s3:{action}", f"{self._bucket}/{key.split('/', maxsplit=1)[0]}/*")

    def get(self, key: str) -> bytes | None:
        found = self.written(key)
        return None if found is None else found.content

    def written(self, key: str) -> Written | None:
        self._note("GetObject", key)
        found = self.kept.written(key)
        if found is None:
            self._watch.note("s3:ListBucket", self._bucket)
        return found

    def put(self, key: str, content: bytes) -> None:
        self._note("PutObject", key)
        self.kept.put(key, content)

    def put_new(self, key: str, content: bytes) -> bool:
        self._note("PutObject", key)
        if self.kept.get(key) is not None:  # the adapter looks what stands there, or does not yet
            self._note("GetObject", key)
            self._watch.note("s3:ListBucket", self._bucket)
        return self.kept.put_new(key, content)

    def delete(self, key: str) -> None:
        self._note("DeleteObject", key)
        self.kept.delete(key)

    def link(self, key: str, seconds: int) -> str:
        self._note("GetObject", key)
        return self.kept.link(key, seconds)

    def list(self, prefix: str) -> Iterator[str]:
        self._watch.note("s3:ListBucket", self._bucket)
        return self.kept.list(prefix)

    def fetch(self, key: str, path: Path) -> None:
        self._note("GetObject", key)
        self.kept.fetch(key, path)

    def send(self, path: Path, key: str) -> None:
        self._note("PutObject", key)
        self.kept.send(path, key)


class Signer:
    """A key of the house's own, as KMS would keep it."""

    def __init__(self, watch: Watch) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._watch = watch

    def sign(self, digest: bytes) -> bytes:
        self._watch.note("kms:Sign", "ManifestKey")
        return self._key.sign(digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))

    def public_key(self) -> bytes:
        self._watch.note("kms:GetPublicKey", "ManifestKey")
        return self._key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )


SECRETS = {
    "wechat": "WechatSecret",
    "alipay": "AlipaySecret",
    "unionpay": "UnionPaySecret",
    "platform_keys": "WechatSecret",
    "login_provider": "WechatSecret",
    "issuer": "IssuerSecret",
    "bank": "BankSecret",
    "alipay_login": "AlipaySecret",
    "faces": "WechatSecret",
    "messenger": "WechatSecret",
    "sms": "SmsSecret",
    "alliance": "AllianceSecret",
    "driving_map": "MapsSecret",
    "erp": "ErpSecret",
    "timestamp_authority": "TsaSecret",
    "signer": "TokensSecret",
    "verifier": "TokenVerifierSecret",
    "biller_of": "BillersSecret",
    "billers": "BillersSecret",
}
BILL_SECRETS = {
    "WECHAT": "WechatSecret",
    "ALIPAY": "AlipaySecret",
    "UNIONPAY": "UnionPaySecret",
    "JUHE": "IssuerSecret",
    **{biller.value: "BillersSecret" for biller in Biller},
}
"""The secret that each part of the wiring is built from: on AWS each function builds its own."""


class ShopWiring(wiring.Wiring):
    """The product's wiring with tables in memory and movable time; clients and their wire are the real
    ones."""

    def __init__(self, environment: dict[str, str], secrets: dict[str, Any], clock: MovableClock) -> None:
        super().__init__(environment)
        self._secrets = secrets
        self.business_clock = clock
        self.meter = Meter()
        self.engine = MemoryEngine(clock, self.meter)
        self.lists = Lists()
        self.__dict__["signals"] = Signals()
        self.__dict__["switches"] = Board(self.lists.watch)
        self.__dict__["queues"] = self.lists
        self.reviews = ReviewRuns(self.lists.watch)
        self.__dict__["review_machine"] = self.reviews
        self.__dict__["sockets"] = self.lists
        self.__dict__["archive"] = WatchedObjects("ArchiveBucket", self.lists.watch, clock)
        self.__dict__["work"] = WatchedObjects("WorkBucket", self.lists.watch, clock)
        self.__dict__["_data_keys"] = LocalDataKeys(self.lists.watch)
        self.__dict__["manifest_signer"] = Signer(self.lists.watch)

    def __getattribute__(self, name: str) -> Any:
        if name in SECRETS:
            self.lists.watch.note("secretsmanager:GetSecretValue", SECRETS[name])
        return super().__getattribute__(name)

    @cached_property
    def clock(self) -> Clock:
        return self.business_clock

    @cached_property
    def settings(self) -> Any:
        return WatchedSettings(super().settings, self.lists.watch)

    @cached_property
    def store(self) -> Store:
        return Store(WatchedEngine(self.engine, self.lists.watch), self.nonces, lambda _: None)

    @cached_property
    def wechat(self) -> Any:
        return self._on_machine_time.wechat

    @cached_property
    def alipay(self) -> Any:
        return self._by_business_time(self._on_machine_time.alipay)

    @cached_property
    def unionpay(self) -> Any:
        return self._by_business_time(self._on_machine_time.unionpay)

    def _by_business_time(self, client: Any) -> Any:
        """What is signed carries the machine's time; whether a trade's own time is over is business."""
        client._clock = self.clock
        return client

    @cached_property
    def platform_keys(self) -> Any:
        return self._on_machine_time.platform_keys

    @cached_property
    def issuer(self) -> Any:
        return self._on_machine_time.issuer

    def biller_of(self, name: Biller) -> Any:
        return self._on_machine_time.biller_of(name)

    @cached_property
    def bank(self) -> Any:
        return self._on_machine_time.bank

    @cached_property
    def alipay_login(self) -> Any:
        return self._on_machine_time.alipay_login

    @cached_property
    def sms(self) -> Any:
        return self._on_machine_time.sms

    @cached_property
    def alliance(self) -> Any:
        return self._on_machine_time.alliance

    @cached_property
    def driving_map(self) -> Any:
        return self._on_machine_time.driving_map

    @cached_property
    def erp(self) -> Any:
        return self._on_machine_time.erp

    def bills_of(self, source: Any) -> Any:
        self.lists.watch.note("secretsmanager:GetSecretValue", BILL_SECRETS[source])
        return self._by_business_time(self._on_machine_time.bills_of(source))

    @cached_property
    def _on_machine_time(self) -> "_Outside":
        return _Outside(self)

    def _secret(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self._secrets[name]
        return found


class _Outside(wiring.Wiring):
    """The clients of the channels and the issuer, on the machine's clock."""

    def __init__(self, shop: ShopWiring) -> None:
        super().__init__(shop._environment)
        self._shop = shop

    @cached_property
    def store(self) -> Store:
        return self._shop.store

    def _secret(self, name: str) -> dict[str, Any]:
        return self._shop._secret(name)
