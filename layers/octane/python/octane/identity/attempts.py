"""What is known when somebody logs in, and what is kept when they are refused (ID5).

| key (identity table)                 | item                                                                |
|--------------------------------------|---------------------------------------------------------------------|
| pk: `L…` of code, key; sk: `#LOGIN`  | the receipt: `user_id`, `session_id` that the login made; while it  |
|                                      | `challenged` only the `subject`, because the code is used           |
"""

from contextlib import suppress
from typing import NamedTuple, NoReturn

from octane.audit.acts import Act, ActOutcome, act_of, record
from octane.identity.logins import Login, LoginDeps, Provider, owner_of
from octane.identity.users import User, user_id_of, user_in, user_key
from octane.identity.watch import (
    Habits,
    Sign,
    SignIn,
    after_refusal,
    habits_in,
    habits_key,
    rounded_place,
    store_habits,
)
from octane.kernel.caller import Caller, Client, Role
from octane.kernel.clock import SECOND, Instant
from octane.kernel.errors import ForbiddenError, OctaneError
from octane.kernel.ids import derive_id
from octane.limits.buckets import Spend
from octane.privacy.consent import consent_key, holds_in
from octane.privacy.purposes import Purpose
from octane.store.items import Item, Key, Table
from octane.store.writes import Absent, ChangedMeanwhileError, Put, Write


class LoginChallengedError(ForbiddenError):
    code = "LOGIN_CHALLENGED"
    summary = (
        "This login is unusual. Ask for a code to the bound phone (POST /api/v1/sms-codes, LOGIN_CHALLENGE), "
        "and send the same login with it in `sms_code`."
    )


class LoginRefusedError(ForbiddenError):
    code = "LOGIN_REFUSED"
    summary = "This login is too unusual; use a device that you used before, or try again in a few hours."


class LogIn(NamedTuple):
    """What a person sends, and from where. `code`: the provider's, or the one sent to `phone`."""

    provider: Provider
    code: str
    key: str
    phone: str = ""
    sms_code: str = ""
    """The answer to a challenge."""
    client: Client = Client()


class Known(NamedTuple):
    """What is known of a login and of its person."""

    login: Login
    item: Item | None
    user_id: str
    user: User | None
    habits: Habits
    sign_in: SignIn


def look_up(deps: LoginDeps, request: LogIn, login: Login, now: Instant) -> Known:
    """One AWS call; two for a login that was linked to another account than it would have opened."""
    derived = user_id_of(login.provider, login.subject)
    found = _read(deps, login.key, *_personal(derived))
    item = found.get(login.key)
    user_id = owner_of(login, item)
    if user_id != derived:
        found |= _read(deps, *_personal(user_id))
    person, habits, consent = (found.get(key) for key in _personal(user_id))
    user = None if person is None else user_in(person)
    client = request.client
    place = rounded_place(client.place) if holds_in(consent, Purpose.LOCATION) else ""
    sign_in = SignIn(now, request.provider.value, client.ip, client.device, place)
    return Known(login, item, user_id, user, habits_in(habits), sign_in)


def _personal(user_id: str) -> tuple[Key, Key, Key]:
    return user_key(user_id), habits_key(user_id), consent_key(user_id, Purpose.LOCATION)


def _read(deps: LoginDeps, *keys: Key) -> dict[Key, Item]:
    found = deps.store.batch_get(list(keys))
    return {Key(Table.IDENTITY, str(item["pk"]), str(item["sk"])): item for item in found}


def refuse(
    deps: LoginDeps,
    request: LogIn,
    known: Known,
    signs: tuple[Sign, ...],
    error: OctaneError,
    now: Instant,
    is_new: bool = False,
) -> NoReturn:
    """Keep that the login was refused, where its owner and the audit see it, and raise.

    A new challenge keeps who it is, too: the provider's code is used, and the same call comes again.
    """
    refused = store_habits(known.user_id, after_refusal(known.habits, known.sign_in, error.code))
    waiting: tuple[Write, ...] = ()
    if is_new and isinstance(error, LoginChallengedError):
        item: Item = {
            "challenged": True,
            "subject": known.login.subject,
            "at": now,
            "ttl": now // SECOND + 3_600,
        }
        waiting = (Put(receipt_key(request), item, when=Absent()),)
    act = _refusal(request, known.user_id, " ".join([error.code, *signs]), now)
    deps.buckets.commit(spends_of(request), refused, record(act), *waiting)
    raise error


def tell(deps: LoginDeps, request: LogIn, subject: str, error: OctaneError, now: Instant) -> None:
    with suppress(ChangedMeanwhileError):  # the same call at the same moment has told it
        deps.buckets.commit(spends_of(request), record(_refusal(request, subject, error.code, now)))


def _refusal(request: LogIn, subject: str, reason: str, now: Instant) -> Act:
    client = request.client
    nobody = Caller("", Role.CUSTOMER, "", ip=client.ip, device=client.device)
    once = f"{request.key} {now}"
    reason = f"{request.provider.value} {reason}"
    return act_of(nobody, "log_in", subject, once, now, outcome=ActOutcome.REFUSED, reason=reason)


def spends_of(request: LogIn) -> tuple[Spend, ...]:
    """What every login takes, good or bad, with what it stores: beyond the limit nobody is let in, and nobody
    learns whether a code was right."""
    client = request.client
    spends = []
    if client.ip:
        spends.append(Spend("login_ip", client.ip, client.device or request.key))
        if request.provider is Provider.PHONE:
            spends.append(Spend("code_try_ip", client.ip, client.device or request.key))
    if client.device:
        spends.append(Spend("login_device", client.device))
    return tuple(spends)


def receipt_key(request: LogIn) -> Key:
    if request.provider is Provider.WECHAT:  # as the releases before wrote it
        return Key(Table.IDENTITY, derive_id("L", request.code, request.key), "#LOGIN")
    words = (request.provider.value, request.phone, request.code, request.key)
    return Key(Table.IDENTITY, derive_id("L", *words), "#LOGIN")
