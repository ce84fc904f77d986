"""Which proofs each operation needs, and what it is about: one table (ID4)."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from octane.identity.step_ups import Operation
from octane.kernel.errors import InputError
from octane.kernel.ids import ID_LENGTH


class Method(StrEnum):
    SMS = "SMS"
    """A code to the bound phone."""
    FACE = "FACE"
    PASSWORD = "PASSWORD"  # noqa: S105 (a name)
    """The payment password."""


class About(StrEnum):
    """What an operation's subject is."""

    NOTHING = "nothing"
    THING = "thing"
    """An id of ours."""
    THING_OR_NOTHING = "thing or nothing"
    WORD = "word"


class Rule(NamedTuple):
    methods: tuple[Method, ...]
    moves_money: bool = False
    """The step-up names the amount."""
    about: About = About.NOTHING


RULES: Mapping[Operation, Rule] = MappingProxyType(
    {
        Operation.PLACE_ORDER: Rule((Method.SMS,), True, About.THING_OR_NOTHING),
        Operation.LARGE_TOP_UP: Rule((Method.SMS, Method.FACE), True, About.THING),
        Operation.PAY_FROM_WALLET: Rule((Method.PASSWORD,), True, About.THING),
        Operation.WITHDRAW: Rule((Method.SMS, Method.FACE), True),
        Operation.SET_PAYMENT_PASSWORD: Rule((Method.SMS,)),
        Operation.SET_REAL_NAME: Rule((Method.SMS, Method.PASSWORD)),
        Operation.UNLINK_LOGIN: Rule((Method.SMS,), about=About.WORD),
        Operation.ERASE_ACCOUNT: Rule((Method.SMS,)),
        Operation.EXPORT_DATA: Rule((Method.SMS,)),
        Operation.EXPORT_DATA: Rule((Method.SMS,)),
    }
)
FALLBACK = (Method.SMS, Method.PASSWORD, Method.SMS)
"""Instead of SMS and FACE where no face can be had."""


class SubjectError(InputError):
    code = "STEP_UP_SUBJECT"
    summary = "Name what the operation is on, and the fen that it moves: no more and no less than it has."


def methods_of(operation: Operation, *, has_face: bool, has_password: bool) -> tuple[Method, ...]:
    """Return the operation's proofs in order.

    Before the payment password changes, whoever has a second proof (a verified face, or else the password
    itself) gives it: a phone in other hands does not do.
    """
    methods = RULES[operation].methods
    if operation is not Operation.SET_PAYMENT_PASSWORD:
        return methods
    if has_face:
        return (*methods, Method.FACE)
    return (*methods, Method.PASSWORD) if has_password else methods


def check_subject(operation: Operation, subject: str, amount: int) -> None:
    """Raise `SubjectError` unless subject and amount (fen) are of the operation's kind."""
    rule = RULES[operation]
    is_id = len(subject) == ID_LENGTH and subject.isalnum()
    is_named = {
        About.NOTHING: not subject,
        About.THING: is_id,
        About.THING_OR_NOTHING: is_id or not subject,
        About.WORD: bool(subject),
    }[rule.about]
    if not is_named or (amount > 0 if rule.moves_money else amount == 0) is False:
        raise SubjectError
