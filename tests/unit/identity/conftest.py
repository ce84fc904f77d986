"""A town of logins: tables in memory, the product's own vault, and providers that know a few people."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from threading import Barrier

import pytest
from joserfc.jwk import OKPKey

from octane.audit.acts import Act, act_in
from octane.identity.attempts import LogIn
from octane.identity.log_in import log_in
from octane.identity.logins import Provider
from octane.identity.ports import Sent
from octane.identity.refresh import refresh_session
from octane.identity.revocation import Revocations, authorize
from octane.identity.sessions import Session
from octane.identity.sms_codes import CodePurpose, issue_code
from octane.identity.tokens import TokenSigner, TokenVerifier
from octane.identity.wechat_mini import LoginCodeInvalidError
from octane.kernel.caller import Caller, Client
from octane.kernel.clock import Instant
from octane.kernel.errors import OctaneError
from octane.kernel.settings import Settings
from octane.kernel.vault import Field
from octane.limits.buckets import Buckets
from octane.limits.table import limits_of
from octane.privacy.vault import FieldVault
from octane.store.items import Query, Table
from octane.store.store import Store
from world.engines import CountedNonces, HandClock
from world.memory_engine import MemoryEngine
from world.meter import Meter, Usage
from world.sealing import local_vault
from world.wired import Signals

NOON = 1_795_320_000_000
"""2026-11-22 12:00 in Beijing."""
PHONE = "13800138000"
HOME = Client(ip="1.2.3.4", device="device-of-ann", place="31.2304,121.4737")


@dataclass
class Phones:
    """Everybody's messages. `fate` is what the sender hears of the next ones."""

    inbox: dict[str, list[str]] = field(default_factory=dict)
    fate: Sent = Sent.SENT

    def send_code(self, phone: str, code: str, minutes: int, number: str) -> Sent:
        assert minutes == 5
        assert len(number) <= 64
        if self.fate is not Sent.REFUSED:
            self.inbox.setdefault(phone, []).append(code)
        return self.fate

    def last(self, phone: str = PHONE) -> str:
        return self.inbox[phone][-1]


@dataclass(frozen=True)
class Identity:
    openid: str


@dataclass
class WeChat:
    """Knows everybody by `wx-<openid>-<anything>`; each code works once."""

    used: set[str] = field(default_factory=set)

    def identify(self, code: str) -> Identity:
        return Identity(self.name_in(code, "wx"))

    def user_of(self, code: str) -> str:
        return self.name_in(code, "ali")

    def phone_number(self, code: str) -> str:
        return self.name_in(code, "phone")

    def name_in(self, code: str, kind: str) -> str:
        prefix, _, rest = code.partition("-")
        if prefix != kind or code in self.used:
            raise LoginCodeInvalidError
        self.used.add(code)
        return rest.split("-")[0]


@dataclass
class Town:
    """The wiring of the identity room."""

    clock: HandClock = field(default_factory=lambda: HandClock(NOON))
    sms: Phones = field(default_factory=Phones)
    login_provider: WeChat = field(default_factory=WeChat)
    nonces: CountedNonces = field(default_factory=CountedNonces)
    meter: Meter = field(default_factory=Meter)
    _numbers: Iterator[int] = field(default_factory=count)

    @property
    def alipay_login(self) -> WeChat:
        return self.login_provider

    @cached_property
    def key(self) -> OKPKey:
        return OKPKey.generate_key("Ed25519", auto_kid=True)

    @cached_property
    def engine(self) -> MemoryEngine:
        return MemoryEngine(self.clock, self.meter)

    @cached_property
    def store(self) -> Store:
        return Store(self.engine, CountedNonces(), pause=lambda attempt: None)

    @cached_property
    def buckets(self) -> Buckets:
        return Buckets(self.store, self.clock, Signals(), limits_of(Settings()))

    @cached_property
    def vault(self) -> FieldVault:
        return local_vault(self.store, self.clock, self.nonces)

    @cached_property
    def signer(self) -> TokenSigner:
        return TokenSigner(self.key, b"pepper")

    @cached_property
    def verifier(self) -> TokenVerifier:
        return TokenVerifier.of({"public_jwks": {"keys": [self.key.as_dict(private=False)]}})

    @cached_property
    def revocations(self) -> Revocations:
        return Revocations(self.store, self.clock)

    def move(self, *, seconds: float) -> None:
        self.clock.at += round(seconds * 1_000)

    def code(self, kind: str, name: str) -> str:
        """A code that nobody used yet, a moment later than the one before."""
        self.move(seconds=0.001)
        return f"{kind}-{name}-{next(self._numbers)}"

    def sent(self, purpose: str = CodePurpose.LOGIN, phone: str = PHONE) -> str:
        """Let a code be sent, a minute after the one before; return it."""
        self.move(seconds=60)
        issue_code(self, phone, purpose, "1.2.3.4", "")
        return self.sms.last(phone)

    def by_wechat(
        self, name: str = "ann", *, client: Client = HOME, code: str = "", key: str = "", sms_code: str = ""
    ) -> Session:
        request = LogIn(
            Provider.WECHAT,
            code or self.code("wx", name),
            key or f"key-{next(self._numbers):06d}",
            sms_code=sms_code,
            client=client,
        )
        return log_in(self, request)

    def by_alipay(self, name: str = "ann") -> Session:
        key = f"key-{next(self._numbers):06d}"
        return log_in(self, LogIn(Provider.ALIPAY, self.code("ali", name), key, client=HOME))

    def by_phone(
        self, phone: str = PHONE, *, code: str = "", key: str = "", client: Client = HOME
    ) -> Session:
        key = key or f"key-{next(self._numbers):06d}"
        sent = code or self.sent(phone=phone)
        return log_in(self, LogIn(Provider.PHONE, sent, key, phone=phone, client=client))

    def caller(self, session: Session, client: Client = HOME) -> Caller:
        """Who the access token says it is, as a function sees it."""
        caller = self.verifier.read(session.access_token, self.clock.now())
        return caller._replace(ip=client.ip, device=client.device)

    def refresh(self, token: str) -> Session:
        return refresh_session(self, token, HOME)

    def authorize(self, session: Session) -> Caller:
        return authorize(self, session.access_token)

    def later_process(self) -> "Town":
        """Another process on the same tables, that has read nothing yet."""
        other = Town(self.clock, self.sms, self.login_provider, self.nonces, self.meter, self._numbers)
        for name in ("key", "engine", "store", "vault", "buckets"):
            other.__dict__[name] = getattr(self, name)
        return other

    def acts(self, subject: str) -> list[Act]:
        return [act_in(item) for item in self.store.scan_pages(Query(Table.AUDIT, subject))]

    @contextmanager
    def counted(self) -> Iterator[Usage]:
        """Count AWS calls, but not those by which the vault learns its keys: once for a process."""
        self.vault.seal(Field.PHONE, "nobody", PHONE)
        self.vault.blind_index(Field.PHONE, PHONE)
        with self.meter.operation(f"counted {next(self._numbers)}") as usage:
            yield usage

    def now(self) -> Instant:
        return self.clock.now()


@pytest.fixture
def town() -> Town:
    return Town()


@pytest.fixture
def bound(town: Town) -> Callable[..., Session]:
    """Somebody with WeChat and a bound phone, who has logged in before from home."""
    from octane.identity.phones import bind_phone  # noqa: PLC0415 (only here)

    def make(name: str = "ann", phone: str = PHONE) -> Session:
        session = town.by_wechat(name)
        bind_phone(town, town.caller(session), town.code("phone", phone))
        return session

    return make


@pytest.fixture
def racing() -> Callable[..., list[object]]:
    """Do things at the same moment, each in a thread of its own; return what they answered or raised."""

    def race(*acts: Callable[[], object]) -> list[object]:
        start = Barrier(len(acts))

        def run(act: Callable[[], object]) -> object:
            start.wait()
            try:
                return act()
            except OctaneError as error:
                return error

        with ThreadPoolExecutor(len(acts)) as pool:
            return list(pool.map(run, acts))

    return race
