"""Link a login to an account, and unlink it (ID1). What a login is, `logins` tells."""

from typing import NamedTuple

from octane.audit.acts import act_of, record
from octane.identity.logins import (
    ATTRIBUTES,
    Login,
    LoginDeps,
    PhoneMissingError,
    Provider,
    claim,
    free,
    identify,
    owner_of,
    subject_of,
)
from octane.identity.phones import bound_phone_proof, phone_change
from octane.identity.revocation import revoke_tokens
from octane.identity.sessions import IdentityDeps
from octane.identity.sms_codes import CodePurpose, SmsCodeInvalidError, index_of, normalised, try_code
from octane.identity.step_ups import Operation, use_step_up
from octane.identity.users import User, get_user, user_id_of, user_key
from octane.kernel.caller import Caller
from octane.kernel.errors import NotFoundError, StateError
from octane.store.items import Item
from octane.store.writes import Absent, Check, Exists, Is, Missing, Update, Write, all_of, any_of


class LoginTakenError(StateError):
    code = "LOGIN_TAKEN"
    summary = "This login has an account of its own, or belongs to another one; accounts are not merged."


class ProviderLinkedError(StateError):
    code = "LOGIN_PROVIDER_LINKED"
    summary = "Another login of this provider is linked; unlink it first."


class LoginNotLinkedError(NotFoundError):
    code = "LOGIN_NOT_LINKED"
    summary = "No login of this provider is linked."


class LastLoginError(StateError):
    code = "LAST_LOGIN"
    summary = "This is the only login; link another one first."


class NewLogin(NamedTuple):
    """A login to link: the provider's one-time code; `sms_code` proves the phone that is bound already."""

    provider: Provider
    code: str
    phone: str = ""
    sms_code: str = ""


def link_login(deps: LoginDeps, caller: Caller, new: NewLogin) -> User:
    """Link one more login. With a phone bound, a code to it (`LINK_LOGIN`) must prove who asks: else a stolen
    access token could make itself a login. Linking what is linked changes nothing.

    Raises `PhoneProofRequiredError`, `LoginTakenError`, `ProviderLinkedError`, and what the provider raises.
    Four AWS calls, five for a phone.
    """
    now = deps.clock.now()
    user = get_user(deps.store, caller.user_id)
    proven = _proven_phone(deps, user, new) if new.provider is Provider.PHONE else _proven_id(deps, user, new)
    login, name = proven.login, ATTRIBUTES[new.provider]
    known = subject_of(user, login.provider)
    if known == login.subject:
        return user
    if known:
        raise ProviderLinkedError
    item = _free_or_mine(deps, login, user)
    once = f"{login.login_id} {now}"
    deps.store.commit(
        proven.change._replace(
            when=all_of(any_of(Missing(name), Is(name, "")), proven.change.when),
            assign={**proven.change.assign, name: login.subject},
        ),
        *claim(login, item, user.user_id, now),
        *_derived_stays_away(login, item, user),
        *proven.proofs,
        record(act_of(caller, "link_login", user.user_id, once, now, reason=new.provider.value)),
    )
    return get_user(deps.store, caller.user_id)


class _Proven(NamedTuple):
    """A login that the person has, what else it changes of their record, and the codes to use up."""

    login: Login
    change: Update
    proofs: tuple[Write, ...]


def _proven_id(deps: LoginDeps, user: User, new: NewLogin) -> _Proven:
    proofs = bound_phone_proof(deps, user, CodePurpose.LINK_LOGIN, new.sms_code)
    login = Login(new.provider, identify(deps, new.provider, new.code))
    return _Proven(login, Update(user_key(user.user_id), when=Exists()), proofs)


def _proven_phone(deps: LoginDeps, user: User, new: NewLogin) -> _Proven:
    """A phone that becomes a login becomes the bound one too."""
    if not new.phone:
        raise PhoneMissingError
    index = index_of(deps.vault, new.phone)
    tried = try_code(deps, index, CodePurpose.LINK_LOGIN, new.code)
    if tried.used:
        raise SmsCodeInvalidError
    change, proofs = phone_change(deps, user, normalised(new.phone), CodePurpose.LINK_LOGIN, new.sms_code)
    return _Proven(Login(Provider.PHONE, index), change, (tried.consume, *proofs))


def _free_or_mine(deps: LoginDeps, login: Login, user: User) -> Item | None:
    """Return the login's item; raise `LoginTakenError` when the login has a person."""
    derived = user_id_of(login.provider, login.subject)
    found = {item["pk"]: item for item in deps.store.batch_get([login.key, user_key(derived)])}
    item = found.get(login.key.pk)
    owner = owner_of(login, item)
    taken = derived in found if item is None else bool(item["user_id"])
    if taken and owner != user.user_id:
        raise LoginTakenError
    return item


def _derived_stays_away(login: Login, item: Item | None, user: User) -> tuple[Check, ...]:
    """Nobody may open the login's own account while it is being linked to another."""
    derived = user_id_of(login.provider, login.subject)
    if item is not None or derived == user.user_id:
        return ()
    return (Check(user_key(derived), when=Absent(), otherwise=LoginTakenError()),)


def unlink_login(deps: IdentityDeps, caller: Caller, provider: Provider, step_up_id: str) -> User:
    """Unlink a login, by a step-up for it (subject: the provider). Its sessions end: none can be refreshed,
    and access tokens end within 60 seconds.

    Whoever logs in with it later opens a new account. Raises `LoginNotLinkedError`, `LastLoginError`,
    `StepUpRequiredError`. Three AWS calls.
    """
    now = deps.clock.now()
    user = get_user(deps.store, caller.user_id)
    subject = subject_of(user, provider)
    if not subject:
        raise LoginNotLinkedError
    other = next((each for each in Provider if each is not provider and subject_of(user, each)), None)
    if other is None:
        raise LastLoginError
    login = Login(provider, subject)
    item = deps.store.get(login.key)
    name = ATTRIBUTES[provider]
    # the other login is still there when this one goes: two at once can't shut the person out
    kept = all_of(Is(name, subject), Is(ATTRIBUTES[other], subject_of(user, other)))
    once = f"{login.login_id} {step_up_id}"
    deps.store.commit(
        use_step_up(user.user_id, step_up_id, Operation.UNLINK_LOGIN, provider.value, 0, now),
        Update(user_key(user.user_id), when=kept, assign={name: ""}),
        free(login, item, user.user_id),
        revoke_tokens(user.user_id, now),
        record(act_of(caller, "unlink_login", user.user_id, once, now, reason=provider.value)),
    )
    return get_user(deps.store, caller.user_id)
