"""One-time codes by SMS: who can read the messages of a phone proves it (ID1, ID4).

| pk                | sk         | item                                                         |
|-------------------|------------|--------------------------------------------------------------|
| `SMS#<index>`     | `#CODE`    | the phone's one live code: `purpose`, `mac`, `salt`, `tries` |
|                   | `#STEP_UP` | the same for step-ups, which who is logged in asks for       |

A phone is known by its blind index only, a code by an HMAC. Six digits can be guessed, so each try is counted
on a condition before it is compared: five tries for a code however many calls run at once, one code a minute
and ten a day. Phone, address and device have token buckets besides (`octane.limits`). Whoever asks for codes
for somebody else's phone can use its day up, and tries up its code: no more than that. The step-ups of its
owner have a code and a day of their own, so no stranger stops them.
"""

import hmac
import re
from enum import StrEnum
from typing import NamedTuple, Protocol

from octane.identity.ports import Sent, SmsSender
from octane.identity.tokens import TokenSigner
from octane.kernel.clock import MINUTE, SECOND, Clock
from octane.kernel.errors import InputError, StateError, TooManyError
from octane.kernel.ids import Nonces
from octane.kernel.vault import Field, Vault
from octane.limits.buckets import Buckets, Spend
from octane.store.items import Item, Key, Table
from octane.store.store import Store
from octane.store.writes import Absent, AtLeast, AtMost, Is, Missing, Put, Update, all_of, any_of

CODE_MINUTES = 5
CODE_SECONDS = CODE_MINUTES * 60
TRIES = 5
"""For one code."""
AGAIN_SECONDS = 60
"""Until the same phone can get another code."""
AGAIN_MS = AGAIN_SECONDS * SECOND
DAY_SECONDS = 24 * 3_600
MAINLAND_MOBILE = re.compile(r"1[3-9][0-9]{9}")


class CodePurpose(StrEnum):
    """What anybody may ask a code for. A code is good for its purpose only; a step-up names its own."""

    LOGIN = "LOGIN"
    LOGIN_CHALLENGE = "LOGIN_CHALLENGE"
    LINK_LOGIN = "LINK_LOGIN"
    CHANGE_PHONE = "CHANGE_PHONE"


class PhoneInvalidError(InputError):
    code = "PHONE_INVALID"
    summary = "This is no mobile number of the mainland: 11 digits, with or without +86."


class SmsCodeInvalidError(InputError):
    """One answer for a wrong, used, expired or never sent code: it tells nothing about the phone."""

    code = "SMS_CODE_INVALID"
    summary = "The code is wrong, used or too old; after a few tries, or five minutes, ask for a new one."


class SmsTooOftenError(TooManyError):
    code = "SMS_TOO_OFTEN"
    summary = "A code was sent less than a minute ago; use it, or ask again in a minute."


class SmsLimitError(TooManyError):
    code = "SMS_LIMIT_REACHED"
    summary = "Too many codes were asked for; try again later, or log in another way."


class SmsRefusedError(StateError):
    code = "SMS_NOT_SENT"
    summary = "No message can be sent to this number now; check it, or log in another way."


class CheckDeps(Protocol):
    @property
    def clock(self) -> Clock: ...
    @property
    def store(self) -> Store: ...
    @property
    def signer(self) -> TokenSigner: ...
    @property
    def vault(self) -> Vault: ...


class CodeDeps(CheckDeps, Protocol):
    @property
    def nonces(self) -> Nonces: ...
    @property
    def sms(self) -> SmsSender: ...
    @property
    def buckets(self) -> Buckets: ...


def normalised(phone: str) -> str:
    """Return the 11 digits of a mainland mobile, or raise `PhoneInvalidError`."""
    digits = re.sub(r"^(\+|00)86", "", re.sub(r"[ \-]", "", phone))
    if not MAINLAND_MOBILE.fullmatch(digits):
        raise PhoneInvalidError
    return digits


def index_of(vault: Vault, phone: str) -> str:
    return vault.blind_index(Field.PHONE, normalised(phone))


def issue_code(deps: CodeDeps, phone: str, purpose: str, caller_ip: str, device: str) -> None:
    """Send a code, within the limits of the phone, the IP and the device.

    One AWS call (one more where this process knew too little of a limit), then the provider's.
    Nothing in it depends on whether the phone has an account. A message whose fate is unknown counts as sent:
    it may arrive, and a second one can be asked for in a minute. Raises `PhoneInvalidError`,
    `SmsTooOftenError`, `SmsLimitError`, and `SmsRefusedError` for a number that gets no messages.
    """
    number = normalised(phone)
    index, now = deps.vault.blind_index(Field.PHONE, number), deps.clock.now()
    salt = deps.nonces.token()
    code = f"{int(deps.nonces.token(), 16) % 1_000_000:06d}"
    made: Item = {
        "purpose": str(purpose),
        "salt": salt,
        "mac": _mac(deps, index, purpose, salt, code),
        "tries": 0,
        "sent_at": now,
        "expires_at": now + CODE_MINUTES * MINUTE,
        "ttl": now // SECOND + DAY_SECONDS,
    }
    too_soon = SmsTooOftenError(retry_after=AGAIN_SECONDS)
    name = "sms_code_phone" if _is_open(purpose) else "sms_step_up_phone"
    spends = [Spend(name, index, refusal=SmsLimitError)]
    if caller_ip:
        spends.append(Spend("sms_code_ip", caller_ip, device or index, SmsLimitError))
    if device:
        spends.append(Spend("sms_code_device", device, refusal=SmsLimitError))
    put = Put(_code_key(index, purpose), made, any_of(Absent(), AtMost("sent_at", now - AGAIN_MS)), too_soon)
    deps.buckets.commit(tuple(spends), put)
    if deps.sms.send_code(number, code, CODE_MINUTES, salt) is Sent.REFUSED:
        raise SmsRefusedError


class CodeTry(NamedTuple):
    """A code that was right. `consume` uses it up: commit it with what the code is for."""

    consume: Update
    used: bool
    """It did its work before: good for a replay of that work and nothing else."""


def try_code(deps: CheckDeps, index: str, purpose: str, code: str) -> CodeTry:
    """Count the try, then compare. One AWS call. Raises `SmsCodeInvalidError`."""
    counted = Update(
        _code_key(index, purpose),
        when=all_of(
            Is("purpose", str(purpose)),
            AtMost("tries", TRIES - 1),
            AtLeast("expires_at", deps.clock.now() + 1),
        ),
        add={"tries": 1},
        otherwise=SmsCodeInvalidError(),
    )
    item = deps.store.take(counted)
    mac = str(item["mac"])
    if not hmac.compare_digest(mac, _mac(deps, index, purpose, str(item["salt"]), code)):
        raise SmsCodeInvalidError
    consume = Update(
        _code_key(index, purpose),
        when=all_of(Is("mac", mac), Missing("used_at")),
        assign={"used_at": deps.clock.now()},
        otherwise=SmsCodeInvalidError(),
    )
    return CodeTry(consume, "used_at" in item)


def check_code(deps: CheckDeps, phone: str, purpose: str, code: str) -> None:
    """Use a code up, or raise `SmsCodeInvalidError`. Two AWS calls; who has something to commit takes
    `try_code(...).consume` into it, so that a death in between costs the customer no code."""
    deps.store.commit(try_code(deps, index_of(deps.vault, phone), purpose, code).consume)


def _is_open(purpose: str) -> bool:
    """Whether anybody who knows the phone may ask for such a code."""
    return purpose in frozenset(CodePurpose)


def _code_key(index: str, purpose: str) -> Key:
    return Key(Table.IDENTITY, f"SMS#{index}", "#CODE" if _is_open(purpose) else "#STEP_UP")


def _mac(deps: CheckDeps, index: str, purpose: str, salt: str, code: str) -> str:
    return deps.signer.mac("sms", f"{purpose}.{index}.{salt}.{code}")
