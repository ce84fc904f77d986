"""Step-up: one more proof, for exactly one operation (ID4).

The contract for other rooms; who passes a step-up, and how, is `octane.identity.proofs`.
"""

from enum import StrEnum

from octane.kernel.clock import Instant
from octane.kernel.errors import ForbiddenError
from octane.kernel.ids import digest_of
from octane.store.items import Key, Table
from octane.store.writes import AtLeast, Is, Update, all_of


class StepUpRequiredError(ForbiddenError):
    code = "STEP_UP_REQUIRED"
    summary = (
        "Prove that it is you (POST /api/v1/me/step-ups), then send this again with its id in X-Step-Up."
    )


class Operation(StrEnum):
    PLACE_ORDER = "PLACE_ORDER"
    LARGE_TOP_UP = "LARGE_TOP_UP"
    SET_PAYMENT_PASSWORD = "SET_PAYMENT_PASSWORD"  # noqa: S105 (a name)
    PAY_FROM_WALLET = "PAY_FROM_WALLET"
    WITHDRAW = "WITHDRAW"
    UNLINK_LOGIN = "UNLINK_LOGIN"
    ERASE_ACCOUNT = "ERASE_ACCOUNT"
    EXPORT_DATA = "EXPORT_DATA"
    SET_REAL_NAME = "SET_REAL_NAME"


def step_up_key(user_id: str, step_up_id: str) -> Key:
    return Key(Table.IDENTITY, user_id, f"STEPUP#{step_up_id}")


def binding(operation: Operation, subject: str, amount: int) -> str:
    """What a step-up is good for: this operation on this subject (an order, a card, empty) for this many fen
    (0 where none moves)."""
    return digest_of({"operation": operation.value, "subject": subject, "amount": amount})


def use_step_up(
    user_id: str, step_up_id: str, operation: Operation, subject: str, amount: int, now: Instant
) -> Update:
    """Use up a passed step-up: commit it with the operation. Whatever is wrong with it (not passed, another
    operation or amount, somebody else's, used before, expired) is `StepUpRequiredError`."""
    return Update(
        step_up_key(user_id, step_up_id),
        when=all_of(
            Is("state", "PASSED"),
            Is("binding", binding(operation, subject, amount)),
            AtLeast("expires_at", now),
        ),
        assign={"state": "USED", "used_at": now},
        otherwise=StepUpRequiredError(),
    )
