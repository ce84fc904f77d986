"""A person, their phone and a verifier of faces, beside the real use cases and tables in memory."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from joserfc.jwk import OKPKey

from octane.identity.logins import Login, Provider
from octane.identity.ports import FaceOutcome, FaceTicket, Sent
from octane.identity.proof_records import StepUp
from octane.identity.proof_rules import Method
from octane.identity.proofs import Proof, prove, start_step_up
from octane.identity.sessions import open_session
from octane.identity.step_ups import Operation
from octane.identity.tokens import TokenSigner
from octane.identity.users import User, open_account, sealed_phone, user_key
from octane.kernel.caller import Caller, Role
from octane.kernel.clock import MINUTE
from octane.kernel.errors import OctaneError
from octane.kernel.settings import Settings
from octane.limits.buckets import Buckets
from octane.limits.table import limits_of
from octane.privacy.consent import set_consent
from octane.privacy.purposes import Purpose, current_version
from octane.store.store import Store
from octane.store.writes import Exists, Update
from world.engines import CountedNonces, HandClock
from world.memory_engine import MemoryEngine
from world.sealing import local_vault

PHONE = "13800138000"
PIN, OTHER_PIN = "258037", "739164"
NAME, NUMBER = "张三", "11010519491231002X"
Answer = TypeVar("Answer")


class Signals:
    """Implements `octane.kernel.signals.Signals`."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, dict[str, str | int]]] = []

    def count(self, name: str, **detail: str | int) -> None:
        self.seen.append((name, detail))


class Sms:
    """Implements `octane.identity.ports.SmsSender`: an inbox."""

    def __init__(self) -> None:
        self.inbox: list[tuple[str, str]] = []

    def send_code(self, phone: str, code: str, minutes: int, number: str) -> Sent:
        assert minutes == 5
        assert number
        self.inbox.append((phone, code))
        return Sent.SENT


class Faces:
    """Implements `octane.identity.ports.FaceVerifier`: says what the test sets, and takes a number once."""

    def __init__(self) -> None:
        self.answers: FaceOutcome = FaceOutcome.PASSED
        self.is_open = True
        self.begun: list[tuple[str, str, str]] = []

    def begin(self, number: str, name: str, identity_number: str, openid: str) -> FaceTicket | None:
        assert number not in [known[0] for known in self.begun]
        assert len(number) <= 32
        assert openid
        self.begun.append((number, name, identity_number))
        return FaceTicket(f"verify-{number}", 3_600) if self.is_open else None

    def outcome(
        self, number: str, verify_id: str, name: str, identity_number: str, openid: str
    ) -> FaceOutcome:
        assert (number, name, identity_number) in self.begun
        assert verify_id == f"verify-{number}"
        assert openid
        return self.answers


class Desk:
    """Implements `octane.identity.proofs.ProofDeps` and what enterprises need."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.settings = Settings()
        self.nonces = CountedNonces()
        self.engine = MemoryEngine(self.clock)
        self.store = Store(self.engine, self.nonces, pause=lambda _: None)
        self.signer = TokenSigner(OKPKey.generate_key("Ed25519", auto_kid=True), b"p" * 32)
        self.vault = local_vault(self.store, self.clock, self.nonces)
        self.signals = Signals()
        self.buckets = Buckets(self.store, self.clock, self.signals, limits_of(self.settings))
        self.sms = Sms()
        self.faces = Faces()
        self.people = 0

    def person(self, *, phone: str = PHONE, role: Role = Role.CUSTOMER, openid: str | None = None) -> Caller:
        """Somebody who is logged in, with a bound phone."""
        self.people += 1
        user_id = f"U{self.people:025d}"
        openid = f"openid-{self.people}" if openid is None else openid
        login = Login(Provider.WECHAT, openid)
        self.store.commit(
            open_account(User(user_id, role, self.clock.now(), openid)),
            open_session(user_id, f"S{user_id}", "WECHAT", login.login_id, self.clock.now()),
        )
        if phone:
            kept = sealed_phone(self.vault, user_id, phone)
            self.store.commit(Update(user_key(user_id), when=Exists(), assign=kept))
        caller = Caller(user_id, role, f"S{user_id}", openid)
        set_consent(self, caller, Purpose.FACE, True, current_version(Purpose.FACE))
        return caller

    def start(
        self, caller: Caller, operation: Operation, subject: str = "", amount: int = 0, key: str = "key-1"
    ) -> StepUp:
        return start_step_up(self, caller, operation, subject, amount, key)

    def give(self, caller: Caller, step_up: StepUp, method: Method, value: str = "") -> Proof:
        return prove(self, caller, step_up.step_up_id, method, value)

    def give_code(self, caller: Caller, step_up: StepUp) -> Proof:
        """Ask for a code, a minute after the last one, and send it back."""
        self.clock.at += MINUTE
        self.give(caller, step_up, Method.SMS)
        return self.give(caller, step_up, Method.SMS, self.sms.inbox[-1][1])


def together(*acts: Callable[[], Answer]) -> list[Answer | OctaneError]:
    """Do things at the same time, as processes do: what each returns, or its refusal."""

    def settled(act: Callable[[], Answer]) -> Answer | OctaneError:
        try:
            return act()
        except OctaneError as error:
            return error

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(settled, acts))
