"""Who passes a step-up, and how (ID4): proofs in order, for exactly one operation, within five minutes.

    start ──► SMS ──► FACE ───────────────────────► PASSED ──► USED (committed with the operation)
                        │ unavailable, or no consent  ▲
                        └──► PASSWORD ──► SMS again ──┘ via FALLBACK

Every comparison is a try that is counted before it is made, five in a step-up. A process that dies after a
proof was right and before that was stored costs the person this proof: they give it again.
"""

from typing import TYPE_CHECKING, NamedTuple, Protocol

from octane.audit.acts import ActOutcome, act_of, record
from octane.identity.payment_password import PasswordDeps, check_password, has_password
from octane.identity.ports import FaceOutcome, FaceTicket, FaceVerifier
from octane.identity.proof_records import (
    LIFE_MS,
    StepUp,
    StepUpOverError,
    StepUpState,
    Via,
    change,
    counted,
    find_step_up,
    item_of,
)
from octane.identity.proof_rules import FALLBACK, Method, check_subject, methods_of
from octane.identity.real_names import RealNameRequiredError, find_real_name, opened, verified
from octane.identity.sms_codes import CodeDeps, issue_code, try_code
from octane.identity.step_ups import Operation, binding
from octane.identity.users import PhoneRequiredError, get_user, phone_index_of, phone_of
from octane.kernel.caller import Caller
from octane.kernel.clock import SECOND, later
from octane.kernel.errors import ForbiddenError, InputError, KeyReusedError, OctaneError, StateError
from octane.kernel.ids import derive_id
from octane.limits.buckets import Spend
from octane.privacy.consent import may
from octane.privacy.purposes import Purpose
from octane.store.writes import Absent, ChangedMeanwhileError, Put, Write

if TYPE_CHECKING:
    from octane.store.items import Item


class ProofOrderError(StateError):
    code = "STEP_UP_METHOD"
    summary = "Another proof is due: the first of `methods`."


class ProofMissingError(InputError):
    code = "PROOF_MISSING"
    summary = "Send the proof's value."


class FaceFailedError(ForbiddenError):
    code = "FACE_FAILED"
    summary = "The face is not the one of this name, or the person gave up; ask for a new ticket."


class ProofDeps(PasswordDeps, CodeDeps, Protocol):
    @property
    def faces(self) -> FaceVerifier: ...


class Proof(NamedTuple):
    """Where a step-up stands, and what the app needs to show a face."""

    step_up: StepUp
    ticket: FaceTicket | None = None


def start_step_up(
    deps: ProofDeps, caller: Caller, operation: Operation, subject: str, amount: int, key: str
) -> StepUp:
    """Begin to prove that it is the person: for this operation, on this subject, with this amount only.

    The same key again returns the same step-up. Whether the subject is the caller's own is checked where the
    step-up is used: on anybody else's it opens nothing. Raises `SubjectError`, `PhoneRequiredError`,
    `TooManyError`.
    """
    check_subject(operation, subject, amount)
    user_id = caller.user_id
    name = find_real_name(deps.store, user_id)
    step_up = StepUp(
        user_id=user_id,
        step_up_id=derive_id("P", user_id, key),
        operation=operation,
        subject=subject,
        amount=amount,
        state=StepUpState.OPEN,
        methods=methods_of(
            operation,
            has_face=name is not None and name.is_verified,
            has_password=has_password(deps.store, user_id),
        ),
        step=0,
        via=Via.NONE,
        expires_at=later(deps.clock.now(), LIFE_MS),
        bound=binding(operation, subject, amount),
    )
    if Method.SMS in step_up.methods:
        phone_of(deps.store, deps.vault, user_id)
    try:
        spend = Spend("step_up_user", user_id)
        deps.buckets.commit((spend,), Put(step_up.key, item_of(step_up), when=Absent()))
    except ChangedMeanwhileError:
        known = find_step_up(deps.store, user_id, step_up.step_up_id)
        if known.bound != step_up.bound:
            raise KeyReusedError from None
        return known
    return step_up


def prove(deps: ProofDeps, caller: Caller, step_up_id: str, method: Method, value: str) -> Proof:
    """Give the proof that is due. SMS without a value sends the code; FACE gives the app its ticket and,
    asked again, learns the outcome. A proof that was given already is answered with where things stand.

    Raises the proof's own error, or `ProofOrderError`, `StepUpOverError`, `StepUpNotFoundError`.
    """
    known = find_step_up(deps.store, caller.user_id, step_up_id)
    if method not in known.due[:1] and method in known.methods[: known.step]:
        return Proof(known)
    if known.state is not StepUpState.OPEN or deps.clock.now() > known.expires_at:
        raise StepUpOverError
    if method is not known.due[0]:
        raise ProofOrderError
    if method is Method.FACE:
        return _by_face(deps, caller, known)
    if method is Method.SMS and not value:
        phone = phone_of(deps.store, deps.vault, caller.user_id)
        issue_code(deps, phone, _purpose(known), caller.ip, caller.device)
        return Proof(known)
    if not value:
        raise ProofMissingError
    known = counted(deps.store, known, deps.clock.now())
    try:
        used = _by_code(deps, known, value) if method is Method.SMS else _by_password(deps, known, value)
        return Proof(_advanced(deps, caller, known, known.via, *used))
    except OctaneError as error:
        _tell_refused(deps, caller, known, error)
        raise


def _purpose(known: StepUp) -> str:
    """A code proves one step of one step-up: it is no login's, and no other step-up's."""
    return f"STEP_UP#{known.step_up_id}#{known.step}"


def _by_code(deps: ProofDeps, known: StepUp, code: str) -> tuple[Write, ...]:
    """Compare the code; it is used up with the proof."""
    index = _phone_index(deps, known.user_id)
    return (try_code(deps, index, _purpose(known), code).consume,)


def _by_password(deps: ProofDeps, known: StepUp, pin: str) -> tuple[Write, ...]:
    check_password(deps, known.user_id, pin)
    return ()


def _phone_index(deps: ProofDeps, user_id: str) -> str:
    index = phone_index_of(deps.vault, get_user(deps.store, user_id))
    if not index:
        raise PhoneRequiredError
    return index


def _by_face(deps: ProofDeps, caller: Caller, known: StepUp) -> Proof:
    """Begin a verification, or learn how the one that was begun has ended.

    Nobody shows their face against their will (PIPL), and the verifier knows people of the mini-program only.
    """
    if not caller.openid or not may(deps.store, caller.user_id, Purpose.FACE):
        return _fallen_back(deps, caller, known)
    name = find_real_name(deps.store, caller.user_id)
    if name is None:
        raise RealNameRequiredError
    words = opened(deps, caller.user_id, name)
    if not known.verify_id or known.face_version != name.version:
        known = counted(deps.store, known, deps.clock.now())
        # the verifier takes a number once
        number = f"{known.step_up_id}-{known.tries}"
        ticket = deps.faces.begin(number, *words, caller.openid)
        if ticket is None:
            return _fallen_back(deps, caller, known)
        begun = known._replace(verify_id=ticket.verify_id, face_number=number, face_version=name.version)
        fields = ("verify_id", "face_number", "face_version")
        deps.store.commit(change(known, {field: getattr(begun, field) for field in fields}))
        return Proof(begun, ticket)
    match deps.faces.outcome(known.face_number, known.verify_id, *words, caller.openid):
        case FaceOutcome.PASSED:
            seen = verified(caller.user_id, name.version, deps.clock.now())
            return Proof(_advanced(deps, caller, known, Via.FACE, seen))
        case FaceOutcome.PENDING:
            seconds = max(0, known.expires_at - deps.clock.now()) // SECOND
            return Proof(known, FaceTicket(known.verify_id, seconds))
        case FaceOutcome.UNAVAILABLE:
            return _fallen_back(deps, caller, known)
        case FaceOutcome.FAILED:
            error = FaceFailedError()
            _tell_refused(deps, caller, known, error, change(known, {"verify_id": ""}))
            raise error


def _fallen_back(deps: ProofDeps, caller: Caller, known: StepUp) -> Proof:
    """Payment password and a second code instead of a face, and the step-up says so."""
    now = deps.clock.now()
    changed = known._replace(methods=FALLBACK, via=Via.FALLBACK)
    fields: Item = {"methods": [method.value for method in FALLBACK], "via": changed.via.value}
    act = act_of(caller, "fall_back", caller.user_id, known.step_up_id, now, reason=known.operation.value)
    deps.store.commit(change(known, fields), record(act))
    return Proof(changed)


def _advanced(deps: ProofDeps, caller: Caller, known: StepUp, via: Via, *more: Write) -> StepUp:
    """Store that the proof was given; after the last one the step-up is passed."""
    step, reason = known.step + 1, f"{known.operation}:{known.due[0]}"
    state = StepUpState.PASSED if step == len(known.methods) else StepUpState.OPEN
    once, now = f"{known.step_up_id}#{step}", deps.clock.now()
    act = act_of(caller, "prove_step_up", caller.user_id, once, now, reason=reason)
    fields = {"state": state.value, "step": step, "via": via.value}
    deps.store.commit(change(known, fields), record(act), *more)
    return known._replace(state=state, step=step, via=via)


def _tell_refused(deps: ProofDeps, caller: Caller, known: StepUp, error: OctaneError, *more: Write) -> None:
    once, now = f"{known.step_up_id}#{known.step}#{known.tries}", deps.clock.now()
    refused = ActOutcome.REFUSED
    act = act_of(caller, "prove_step_up", caller.user_id, once, now, outcome=refused, reason=error.code)
    deps.store.commit(record(act), *more)
