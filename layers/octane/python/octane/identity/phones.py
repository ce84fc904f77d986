"""The bound phone: card issuers ask for it, and codes are sent to it (ID1, ID4).

Whoever changes it gets the codes from then on. So a phone that replaces another takes a code to the old one.
"""

from typing import Protocol

from octane.audit.acts import act_of, record
from octane.identity.sms_codes import CheckDeps, CodePurpose, SmsCodeInvalidError, try_code
from octane.identity.users import User, code_index_of, get_user, phone_index_of, sealed_phone, user_key
from octane.kernel.caller import Caller
from octane.kernel.errors import ForbiddenError, StateError
from octane.store.writes import Exists, Is, Missing, Update, Write, all_of


class PhoneProofRequiredError(ForbiddenError):
    code = "PHONE_PROOF_REQUIRED"
    summary = "Ask for a code to the bound phone (POST /api/v1/sms-codes), then send it in `sms_code`."


class PhoneIsLoginError(StateError):
    code = "PHONE_IS_LOGIN"
    summary = "The bound phone is a login; unlink it first."


class Identified(Protocol):
    @property
    def openid(self) -> str: ...


class LoginProvider(Protocol):
    """WeChat, as login needs it."""

    def identify(self, code: str) -> Identified: ...

    def phone_number(self, code: str) -> str: ...


class PhoneDeps(CheckDeps, Protocol):
    @property
    def login_provider(self) -> LoginProvider: ...


def bind_phone(deps: PhoneDeps, caller: Caller, code: str, sms_code: str = "") -> User:
    """Keep the phone number that the person agreed to share with WeChat's phone button.

    A number of no mainland is kept as well. Raises `PhoneProofRequiredError` (another one is bound; WeChat's
    code is used then, ask for a new one) and `PhoneIsLoginError`. Two AWS calls for the first phone.
    """
    phone = deps.login_provider.phone_number(code)
    user, now = get_user(deps.store, caller.user_id), deps.clock.now()
    change, proofs = phone_change(deps, user, phone, CodePurpose.CHANGE_PHONE, sms_code)
    if user.login_phone and change.assign["phone_index"] != user.login_phone:
        raise PhoneIsLoginError
    act = act_of(caller, "bind_phone", user.user_id, f"{change.assign['phone_index']!s} {now}", now)
    deps.store.commit(change, *proofs, record(act))
    return user._replace(phone_masked=str(change.assign["phone_masked"]))


def phone_change(
    deps: CheckDeps, user: User, phone: str, purpose: str, sms_code: str
) -> tuple[Update, tuple[Write, ...]]:
    """Return the write that binds the phone, and the used-up code to the one that it replaces, if any."""
    assign = sealed_phone(deps.vault, user.user_id, phone)
    bound = phone_index_of(deps.vault, user)
    proofs = () if bound == assign["phone_index"] else bound_phone_proof(deps, user, purpose, sms_code)
    known = Is("phone_index", user.phone_index) if user.phone_index else Missing("phone_index")
    plain = Is("phone", user.phone_plain) if user.phone_plain else Missing("phone")
    remove = ("phone",) if user.phone_plain else ()
    when = all_of(Exists(), known, plain)
    return Update(user_key(user.user_id), when=when, assign=assign, remove=remove), proofs


def bound_phone_proof(deps: CheckDeps, user: User, purpose: str, sms_code: str) -> tuple[Write, ...]:
    """Check a code to the bound phone and return what uses it up; nothing for who has none that gets codes.

    Raises `PhoneProofRequiredError` without a code, `SmsCodeInvalidError` for a wrong one. One AWS call.
    """
    index = code_index_of(deps.vault, user)
    if not index:
        return ()
    if not sms_code:
        raise PhoneProofRequiredError
    tried = try_code(deps, index, purpose, sms_code)
    if tried.used:
        raise SmsCodeInvalidError
    return (tried.consume,)
