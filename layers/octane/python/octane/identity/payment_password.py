"""The payment password: six digits that only the person knows, asked for before their money moves (ID4).

Kept as argon2id under the pepper of the tokens' secret: with the tables alone nobody can try the million of
them. Lost with that pepper, too: rotating the key pair must leave the pepper as it is.

A try is counted before it is compared, so that tries in parallel are no more than tries in a row. Whoever
fails five times waits three hours from the last try.
"""

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Protocol

from octane.audit.acts import act_of, record
from octane.identity.real_names import identity_number_of, password_key
from octane.identity.step_ups import Operation, StepUpRequiredError, use_step_up
from octane.identity.tokens import TokenSigner
from octane.kernel.caller import Caller
from octane.kernel.clock import MINUTE, Clock
from octane.kernel.errors import ForbiddenError, InputError, StateError, TooManyError
from octane.kernel.ids import Nonces
from octane.kernel.vault import Vault
from octane.store.items import Item
from octane.store.store import Store
from octane.store.writes import Absent, AtLeast, AtMost, Condition, Is, Put, Update, all_of

MEMORY_KIB = 47_104
PASSES = 1
LANES = 1
HASH_BYTES = 32
"""46 MiB and one pass: 64 to 84 ms of CPU where this was written, and a tenth of a function's memory."""
MOST_TRIES = 5
LOCK_MS = 180 * MINUTE
SAME_DIGITS = 2
"""A password of no more than two different digits is weak."""


class PinInvalidError(InputError):
    code = "PAYMENT_PASSWORD_INVALID"
    summary = "A payment password is six digits."


class PinWeakError(InputError):
    code = "PAYMENT_PASSWORD_WEAK"
    summary = "Choose six digits that nobody guesses: no row, no pattern, no birthday."


class PinMissingError(StateError):
    code = "PAYMENT_PASSWORD_MISSING"
    summary = "Set a payment password first."


class PinWrongError(ForbiddenError):
    code = "PAYMENT_PASSWORD_WRONG"
    summary = "The payment password is wrong."


class PinLockedError(TooManyError):
    code = "PAYMENT_PASSWORD_LOCKED"
    retryable = False
    summary = "The payment password was wrong too often: it is locked for three hours."


class PasswordDeps(Protocol):
    @property
    def clock(self) -> Clock: ...
    @property
    def store(self) -> Store: ...
    @property
    def nonces(self) -> Nonces: ...
    @property
    def signer(self) -> TokenSigner: ...
    @property
    def vault(self) -> Vault: ...


def has_password(store: Store, user_id: str) -> bool:
    return store.get(password_key(user_id)) is not None


def set_password(deps: PasswordDeps, caller: Caller, pin: str, step_up_id: str) -> None:
    """Keep a new payment password, and use up the step-up that allows it, in one commit.

    The same request again is answered alike if the password is the one that it set: a try as any other.
    Raises `PinInvalidError`, `PinWeakError`, `StepUpRequiredError`.
    """
    if not step_up_id:  # before any work for it
        raise StepUpRequiredError
    must_be_strong(pin, (identity_number_of(deps, caller.user_id),))
    now, key = deps.clock.now(), password_key(caller.user_id)
    known = deps.store.get(key)
    if known is not None and known.get("step_up") == step_up_id:
        return check_password(deps, caller.user_id, pin)
    item: Item = {
        "hash": _hash(deps, pin),
        "set_at": now,
        "step_up": step_up_id,
        "tries": 0,
        "tried_at": 0,
    }
    unchanged: Condition = Absent() if known is None else Is("step_up", known["step_up"])
    deps.store.commit(
        use_step_up(caller.user_id, step_up_id, Operation.SET_PAYMENT_PASSWORD, "", 0, now),
        Put(key, item, when=unchanged, otherwise=StepUpRequiredError()),
        record(act_of(caller, "set_payment_password", caller.user_id, step_up_id, now)),
    )
    return None


def check_password(deps: PasswordDeps, user_id: str, pin: str) -> None:
    """Compare a payment password, at the price of a try; the right one forgives the wrong ones before it.

    Raises `PinMissingError`, `PinWrongError`, `PinLockedError`. Two AWS calls.
    """
    kept = _counted(deps, user_id)
    key, phc = password_key(user_id), str(kept["hash"])
    if not _matches(deps, phc, pin):
        if int(str(kept["tries"])) >= MOST_TRIES:
            raise PinLockedError
        raise PinWrongError
    deps.store.commit(Update(key, when=Is("hash", phc), assign={"tries": 0}, otherwise=PinWrongError()))


def _counted(deps: PasswordDeps, user_id: str) -> Item:
    """Count a try and return the password's record; the first try after the lock begins a new count."""
    key, now = password_key(user_id), deps.clock.now()
    try:
        return deps.store.take(
            Update(
                key,
                when=AtMost("tries", MOST_TRIES - 1),
                assign={"tried_at": now},
                add={"tries": 1},
                otherwise=PinLockedError(),
            )
        )
    except PinLockedError:
        if not has_password(deps.store, user_id):
            raise PinMissingError from None
    return deps.store.take(
        Update(
            key,
            when=all_of(AtLeast("tries", MOST_TRIES), AtMost("tried_at", now - LOCK_MS)),
            assign={"tried_at": now, "tries": 1},
            otherwise=PinLockedError(),
        )
    )


def must_be_strong(pin: str, personal: Iterable[str | None] = ()) -> None:
    """Refuse what is tried first: few digits, rows, patterns, and six digits in a row of `personal` numbers
    (the identity number holds the birthday)."""
    if not re.fullmatch(r"[0-9]{6}", pin):
        raise PinInvalidError
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    is_row = steps in ({1}, {9})
    is_pattern = pin[:3] == pin[3:] or pin[:2] * 3 == pin or pin == pin[::-1] or pin[::2] == pin[1::2]
    is_known = any(pin in number for number in personal if number)
    if len(set(pin)) <= SAME_DIGITS or is_row or is_pattern or is_known:
        raise PinWeakError


def _hash(deps: PasswordDeps, pin: str) -> str:
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id  # noqa: PLC0415 (few functions need it)

    salt = bytes.fromhex(deps.nonces.token())
    function = Argon2id(
        salt=salt,
        length=HASH_BYTES,
        iterations=PASSES,
        lanes=LANES,
        memory_cost=MEMORY_KIB,
        secret=deps.signer.pepper,
    )
    return function.derive_phc_encoded(pin.encode())


def _matches(deps: PasswordDeps, phc: str, pin: str) -> bool:
    from cryptography.exceptions import InvalidKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id  # noqa: PLC0415

    try:
        Argon2id.verify_phc_encoded(pin.encode(), phc, secret=deps.signer.pepper)
    except InvalidKey:
        return False
    return True
