"""Who a person is by law: name and identity number, sealed, shown masked only (ID4, ID6).

What a face has verified stands: nobody puts another person into the account afterwards. Whoever has set a
payment password proves it before they give another name, so that a stolen session can't put its thief's face
in front of the person's money.
"""

import re
from datetime import date
from typing import NamedTuple, Protocol

from octane.audit.acts import act_of, record, state_digest
from octane.identity.step_ups import Operation, use_step_up
from octane.kernel.caller import Caller
from octane.kernel.clock import Clock, in_beijing
from octane.kernel.errors import InputError, StateError
from octane.kernel.vault import Field, Vault, masked_number
from octane.store.items import Key, Table
from octane.store.store import Store
from octane.store.writes import Absent, Is, Put, Update, Write, all_of

NUMBER = re.compile(r"[1-9][0-9]{16}[0-9X]")
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECKS = "10X98765432"
"""GB 11643-1999: ISO 7064 MOD 11-2 over the first 17 digits."""


class IdentityNumberInvalidError(InputError):
    code = "IDENTITY_NUMBER_INVALID"
    summary = "This is no identity number: check its digits."


class RealNameRequiredError(StateError):
    code = "REAL_NAME_REQUIRED"
    summary = "Give your name and identity number first: a face is compared with them."


class RealNameVerifiedError(StateError):
    code = "REAL_NAME_VERIFIED"
    summary = "Your name was verified by your face and stays as it is; support can help."


class NameDeps(Protocol):
    @property
    def clock(self) -> Clock: ...
    @property
    def store(self) -> Store: ...
    @property
    def vault(self) -> Vault: ...


class RealName(NamedTuple):
    """As it is kept and shown: nothing of it in the clear."""

    name_sealed: str
    number_sealed: str
    name_masked: str
    number_masked: str
    version: int
    is_verified: bool


def password_key(user_id: str) -> Key:
    """Where `octane.identity.payment_password` keeps the payment password."""
    return Key(Table.IDENTITY, user_id, "#PAYMENT_PASSWORD")


def real_name_key(user_id: str) -> Key:
    return Key(Table.IDENTITY, user_id, "#REAL_NAME")


def find_real_name(store: Store, user_id: str) -> RealName | None:
    item = store.get(real_name_key(user_id))
    if item is None:
        return None
    return RealName(
        name_sealed=str(item["name_sealed"]),
        number_sealed=str(item["number_sealed"]),
        name_masked=str(item["name_masked"]),
        number_masked=str(item["number_masked"]),
        version=int(str(item["version"])),
        is_verified=bool(item["verified"]),
    )


def set_real_name(deps: NameDeps, caller: Caller, name: str, number: str, step_up_id: str) -> RealName:
    """Keep name and identity number until a face verifies them; another request changes them until then.

    With a payment password it needs the step-up SET_REAL_NAME. Raises `IdentityNumberInvalidError`,
    `RealNameVerifiedError`, `StepUpRequiredError`. The very same words again change nothing.
    """
    check_identity_number(number, in_beijing(deps.clock.now()).date())
    user_id, now = caller.user_id, deps.clock.now()
    known = find_real_name(deps.store, user_id)
    if known is not None and opened(deps, user_id, known) == (name, number):
        return known
    if known is not None and known.is_verified:
        raise RealNameVerifiedError
    found = RealName(
        name_sealed=deps.vault.seal(Field.REAL_NAME, user_id, name),
        number_sealed=deps.vault.seal(Field.IDENTITY_NUMBER, user_id, number),
        name_masked=masked_name(name),
        number_masked=masked_number(number),
        version=known.version + 1 if known else 1,
        is_verified=False,
    )
    index = deps.vault.blind_index(Field.IDENTITY_NUMBER, number)
    before, after = _digest(known), _digest(found)
    writes: list[Write] = [
        Put(
            real_name_key(user_id),
            _item_of(found) | {"number_index": index, "set_at": now},
            when=all_of(Is("version", known.version), Is("verified", False)) if known else Absent(),
        ),
        record(act_of(caller, "set_real_name", user_id, str(found.version), now, before=before, after=after)),
    ]
    if deps.store.get(password_key(user_id)) is not None:
        writes.append(use_step_up(user_id, step_up_id, Operation.SET_REAL_NAME, "", 0, now))
    deps.store.commit(*writes)
    return found


def opened(deps: NameDeps, user_id: str, known: RealName) -> tuple[str, str]:
    """Name and identity number in the clear: for the verifier, and never for an answer or a log."""
    name = deps.vault.open(Field.REAL_NAME, user_id, known.name_sealed)
    return name, deps.vault.open(Field.IDENTITY_NUMBER, user_id, known.number_sealed)


def identity_number_of(deps: NameDeps, user_id: str) -> str | None:
    known = find_real_name(deps.store, user_id)
    return opened(deps, user_id, known)[1] if known else None


def verified(user_id: str, version: int, now: int) -> Update:
    """A face has shown that the person is the one of this version: commit it with the proof."""
    return Update(
        real_name_key(user_id), when=Is("version", version), assign={"verified": True, "verified_at": now}
    )


def check_identity_number(number: str, today: date) -> None:
    """Raise `IdentityNumberInvalidError` unless form, birthday and check digit are right."""
    if not NUMBER.fullmatch(number):
        raise IdentityNumberInvalidError
    total = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, number[:17], strict=True))
    try:
        birthday = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        raise IdentityNumberInvalidError from None
    if CHECKS[total % 11] != number[17] or birthday > today:
        raise IdentityNumberInvalidError


def masked_name(name: str) -> str:
    """All but the last character hidden: `*三`."""
    return "*" * (len(name) - 1) + name[-1]


def _item_of(known: RealName) -> dict[str, str | int | bool]:
    return {
        "name_sealed": known.name_sealed,
        "number_sealed": known.number_sealed,
        "name_masked": known.name_masked,
        "number_masked": known.number_masked,
        "version": known.version,
        "verified": known.is_verified,
    }


def _digest(known: RealName | None) -> str:
    return state_digest({"name": known.name_sealed, "number": known.number_sealed}) if known else ""
