"""Log in: by WeChat, by Alipay, by a code to a phone (ID1, ID5).

    who is it?  ──►  whose login?  ──►  as usual?  ──►  account (if new), login, session, habits, receipt, act
    (provider,        (`logins`)        (`watch`)       in one commit
     or the code)                          │
                                           ▼ challenged: receipt, act; the same call with `sms_code` goes on

A one-time code works once at its provider, so the receipt answers a replay (same code and key, within ten
minutes) with what the first call made. A code by SMS is a try first, whatever the receipt says: else receipts
could be guessed where codes can't. A session derives from its person and the key: somebody else's key gives
nobody their session.
"""

from octane.audit.acts import act_of, record
from octane.identity.attempts import (
    Known,
    LogIn,
    LoginChallengedError,
    LoginRefusedError,
    look_up,
    receipt_key,
    refuse,
    spends_of,
    tell,
)
from octane.identity.logins import Login, LoginDeps, PhoneMissingError, Provider, claim, identify
from octane.identity.sessions import Session, SessionRevokedError, issue, open_session, session_key
from octane.identity.sms_codes import (
    CodePurpose,
    SmsCodeInvalidError,
    index_of,
    normalised,
    try_code,
)
from octane.identity.users import (
    AccountFrozenError,
    User,
    code_index_of,
    get_user,
    open_account,
)
from octane.identity.watch import (
    Sign,
    Verdict,
    after_login,
    judge,
    store_habits,
)
from octane.kernel.caller import Caller, Role
from octane.kernel.clock import SECOND, Instant
from octane.kernel.errors import ForbiddenError, UnauthenticatedError
from octane.kernel.ids import derive_id
from octane.kernel.vault import Field, masked_phone
from octane.store.items import Item
from octane.store.store import until_settled
from octane.store.writes import Absent, Is, Put, Write

REPLAY_MS = 600 * SECOND
"""A client whose login answer was lost may send the same code and key again within this time."""


def log_in(deps: LoginDeps, request: LogIn) -> Session:
    """Return a new session, or the one that the same code and key made; the first login opens the account.

    At most four AWS calls beside the provider's; one more where this process knew too little of a limit.
    Raises `LoginChallengedError`, `LoginRefusedError`, `AccountFrozenError`, `SmsCodeInvalidError`, and what
    the provider raises. Each refusal is an act.
    """
    now = deps.clock.now()
    if request.provider is Provider.PHONE:
        return _by_phone(deps, request, now)
    receipt = receipt_key(request)
    stored = deps.store.get(receipt)
    if stored is not None and "challenged" not in stored:
        return _replay(deps, stored, now)
    if stored is None:
        login = Login(request.provider, _identified(deps, request, now))
    else:
        _must_be_fresh(stored, now)
        login = Login(request.provider, str(stored["subject"]))
    return until_settled(lambda: _judged(deps, request, login, stored is not None, now))


def _by_phone(deps: LoginDeps, request: LogIn, now: Instant) -> Session:
    if not request.phone:
        raise PhoneMissingError
    login = Login(Provider.PHONE, index_of(deps.vault, request.phone))
    try:
        tried = try_code(deps, login.subject, CodePurpose.LOGIN, request.code)
    except SmsCodeInvalidError as error:
        tell(deps, request, login.login_id, error, now)
        raise
    if tried.used:
        stored = deps.store.get(receipt_key(request))
        if stored is None:
            raise SmsCodeInvalidError
        return _replay(deps, stored, now)

    def go_on() -> Session:
        known = look_up(deps, request, login, now)
        _must_be_free(deps, request, known, now)
        return _open(deps, request, known, (), (tried.consume,), now)

    return until_settled(go_on)


def _judged(deps: LoginDeps, request: LogIn, login: Login, challenged: bool, now: Instant) -> Session:
    """Open the session of a login by WeChat or Alipay, unless it is unusual."""
    known = look_up(deps, request, login, now)
    _must_be_free(deps, request, known, now)
    verdict, signs = judge(known.habits, known.sign_in)
    index = code_index_of(deps.vault, known.user) if known.user else ""
    if verdict is Verdict.REFUSE and index:
        refuse(deps, request, known, signs, LoginRefusedError(), now)
    if index and (challenged or verdict is Verdict.CHALLENGE):
        if not request.sms_code:
            refuse(deps, request, known, signs, LoginChallengedError(), now, is_new=not challenged)
        try:
            tried = try_code(deps, index, CodePurpose.LOGIN_CHALLENGE, request.sms_code)
        except SmsCodeInvalidError as error:
            tell(deps, request, known.user_id, error, now)
            raise
        return _open(deps, request, known, signs, (tried.consume,), now, was_challenged=challenged)
    return _open(deps, request, known, signs, (), now, was_challenged=challenged)


def _open(
    deps: LoginDeps,
    request: LogIn,
    known: Known,
    signs: tuple[Sign, ...],
    proofs: tuple[Write, ...],
    now: Instant,
    was_challenged: bool = False,
) -> Session:
    """Store all that a login makes: one transaction."""
    user = known.user or _new_user(deps, request, known, now)
    session_id = derive_id("S", user.user_id, request.key)
    made: Item = {"user_id": user.user_id, "session_id": session_id, "at": now, "ttl": now // SECOND + 3_600}
    client = request.client
    caller = Caller(user.user_id, user.role, session_id, ip=client.ip, device=client.device)
    reason = " ".join([request.provider.value, *signs])
    login = known.login
    deps.buckets.commit(
        spends_of(request),
        *([] if known.user else [open_account(user)]),
        *claim(login, known.item, user.user_id, now),
        Put(receipt_key(request), made, when=Is("challenged", True) if was_challenged else Absent()),
        open_session(user.user_id, session_id, login.provider.value, login.login_id, now),
        store_habits(user.user_id, after_login(known.habits, known.sign_in)),
        *proofs,
        record(act_of(caller, "log_in", user.user_id, session_id, now, reason=reason)),
    )
    return issue(deps, user, session_id, 0, now=now)


def _new_user(deps: LoginDeps, request: LogIn, known: Known, now: Instant) -> User:
    user, subject = User(known.user_id, Role.CUSTOMER, now), known.login.subject
    match request.provider:
        case Provider.WECHAT:
            return user._replace(openid=subject)
        case Provider.ALIPAY:
            return user._replace(alipay_id=subject)
        case Provider.PHONE:
            phone = normalised(request.phone)
            return user._replace(
                phone_sealed=deps.vault.seal(Field.PHONE, user.user_id, phone),
                phone_index=subject,
                phone_masked=masked_phone(phone),
                login_phone=subject,
            )


def _replay(deps: LoginDeps, stored: Item, now: Instant) -> Session:
    _must_be_fresh(stored, now)
    user_id, session_id = str(stored["user_id"]), str(stored["session_id"])
    if "revoked_at" in (deps.store.get(session_key(user_id, session_id)) or {"revoked_at": now}):
        raise SessionRevokedError
    user = get_user(deps.store, user_id)
    user.must_not_be_frozen()
    return issue(deps, user, session_id, 0, now=now)


def _must_be_fresh(stored: Item, now: Instant) -> None:
    if now - int(str(stored["at"])) > REPLAY_MS:
        raise UnauthenticatedError("This login was used; ask for a new code.")


def _identified(deps: LoginDeps, request: LogIn, now: Instant) -> str:
    try:
        return identify(deps, request.provider, request.code)
    except (UnauthenticatedError, ForbiddenError) as error:
        # nobody that we know: the attempts of one address are found together
        tell(deps, request, derive_id("I", request.client.ip), error, now)
        raise


def _must_be_free(deps: LoginDeps, request: LogIn, known: Known, now: Instant) -> None:
    if known.user and known.user.frozen:
        refuse(deps, request, known, (), AccountFrozenError(), now)
