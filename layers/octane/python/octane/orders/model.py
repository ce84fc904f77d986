"""An order with its payment attempts and refunds. Pure values: nothing here reads or writes."""

from typing import TYPE_CHECKING, Literal, NamedTuple

from octane.billers.names import Biller
from octane.channels.port import PaymentMethod, Trade
from octane.issuers.names import Issuer
from octane.kernel.clock import Instant
from octane.kernel.errors import NotFoundError, StateError
from octane.kernel.ids import ID_LENGTH
from octane.kernel.money import Fen
from octane.orders.states import (
    OPEN_ATTEMPT,
    AttemptStatus,
    Event,
    OrderKind,
    OrderState,
    Queue,
    RechargeStatus,
    RefundStatus,
)

if TYPE_CHECKING:
    from octane.billers.port import BillPart

CONTRADICTED = "CONTRADICTED:"
"""Before the number of a fulfiller who has said the opposite since."""
Actor = Literal["customer", "channel", "issuer", "biller", "schedule", "staff", "worker"]
LARGE_AMOUNT, RISK = "LARGE_AMOUNT", "RISK"
"""Why an order is reviewed."""


class OrderNotFoundError(NotFoundError):
    code = "ORDER_NOT_FOUND"
    summary = "There is no such order, or it is not yours."


class OrderStateError(StateError):
    code = "ORDER_STATE"
    summary = "The order's state does not allow that."


class Order(NamedTuple):
    """A top-up of a fuel card or of the wallet, or the payment of bills. `version` counts the changes and
    numbers the steps. `amount` is what is delivered; what the customer pays for it is `payable`."""

    order_id: str
    user_id: str
    state: OrderState
    version: int
    amount: Fen
    request_digest: str
    placed_at: Instant
    expires_at: Instant
    kind: OrderKind = OrderKind.CARD
    card_id: str = ""
    card_number: str = ""
    """Sealed for `user_id`, as its holder's name and phone are (plain in older orders)."""
    card_masked: str = ""
    issuer: Issuer | None = None
    holder_name: str = ""
    holder_phone: str = ""
    due_at: Instant | None = None
    """When somebody must look at the order again; None when nothing is awaited."""
    checks: int = 0
    """How often it was looked at in this state without news: the interval grows with it."""
    attempt_no: int = 0
    refund_no: int = 0
    captured: Fen = Fen(0)
    """Taken for this order, by its channel and from the wallet, and accepted as its payment."""
    refunding: Fen = Fen(0)
    """Of `captured` (or granted by staff): refunds asked for, done or not."""
    refunded: Fen = Fen(0)
    """Of `refunding`: what has reached the customer."""
    recharge: RechargeStatus | None = None
    recharge_clean: bool = True
    """No submit before the present one may have reached the issuer: only then is a refusal of it a proof."""
    recharging_at: Instant | None = None
    issuer_reference: str = ""
    """The issuer's, or the biller's, own number of it; ours when they accepted it without one."""
    reason: str = ""
    """Why it is FAILED or CLOSED: a code."""
    placed_by: str = ""
    """Who placed it for the account, when that is an enterprise's; empty: `user_id` themselves."""
    review: str = ""
    """Why a person must look at it before it is delivered (`LARGE_AMOUNT`, `RISK`); empty: nobody must."""
    coupons: str = ""
    """The ids of its coupons, divided by blanks."""
    discount: Fen = Fen(0)
    """What they give, of `amount`."""
    sub_merchant: str = ""
    """Whom its payments are collected for: the station's; empty: us (ST3)."""
    biller: Biller | None = None
    bill_account_id: str = ""
    account_tag: str = ""
    account_no: str = ""
    """Sealed for `user_id`."""
    account_masked: str = ""
    bills: str = ""
    """What it pays, `<bill number>=<fen>`, divided by blanks."""
    plan_id: str = ""
    instalments: int = 0
    """How many of its plan it pays; 0 without a plan."""

    @property
    def payable(self) -> Fen:
        """What the customer pays, in all."""
        return Fen(self.amount - self.discount)

    @property
    def coupon_ids(self) -> tuple[str, ...]:
        return tuple(self.coupons.split())

    @property
    def bill_parts(self) -> "tuple[BillPart, ...]":
        from octane.billers.port import BillPart  # noqa: PLC0415  loads what only bills need

        pairs = (part.partition("=") for part in self.bills.split())
        return tuple(BillPart(bill_no, Fen(int(amount))) for bill_no, _, amount in pairs)

    @property
    def card_issuer(self) -> Issuer:
        if self.issuer is None:
            raise OrderStateError("This order tops up no card.")
        return self.issuer

    @property
    def fulfilment_no(self) -> str:
        """Its one number at the issuer or biller."""
        return f"{self.order_id}R01"


class Attempt(NamedTuple):
    """One try to collect the money through one channel, under one number that never changes.

    `amount` is what the channel shall take, `wallet` what the customer's balance gives besides: set aside
    while the attempt is open.
    """

    order_id: str
    no: int
    method: PaymentMethod
    status: AttemptStatus
    amount: Fen
    payer_id: str
    request_key: str
    request_digest: str
    started_at: Instant
    expires_at: Instant
    called_at: Instant | None = None
    """When the channel was last called again under the number: a call may be under way since then."""
    reference: str = ""
    """What the customer's app needs: prepay_id, trade_no, tn, the QR's address."""
    platform: str = ""
    """Where the customer is, when the channel was chosen for them; empty when they named it."""
    quota: str = ""
    """What was reserved of the channel's day (`Reservation.text`); given back if the attempt ends unpaid."""
    wallet: Fen = Fen(0)
    sub_merchant: str = ""
    transaction_id: str = ""
    paid: Fen = Fen(0)
    paid_at: Instant | None = None
    ended_at: Instant | None = None
    """When it ended without a payment, by the channel's word."""
    notice_nonce: str = ""
    started_by: str = ""
    """Who started it for the account, when that is an enterprise's; empty: the order's `user_id`
    themselves."""

    @property
    def out_trade_no(self) -> str:
        return f"{self.order_id}P{self.no:02d}"

    @property
    def trade(self) -> Trade:
        """How the channel knows the attempt."""
        sub_merchant = self.sub_merchant or None
        return Trade(self.out_trade_no, self.started_at, self.expires_at, sub_merchant, self.method)

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_ATTEMPT


class Refund(NamedTuple):
    """Money on its way back to where it came from: the attempt that took it."""

    order_id: str
    no: int
    status: RefundStatus
    amount: Fen
    attempt_no: int
    unexpected: bool
    """Returns a payment the order never accepted, so it is not counted in the order's own refunds."""
    to_wallet: bool
    """The wallet's part of the payment, back to the wallet."""
    reason: str
    requested_at: Instant
    due_at: Instant | None = None
    tries: int = 0
    request_digest: str = ""
    channel_refund_id: str = ""
    finished_at: Instant | None = None

    @property
    def refund_no(self) -> str:
        return f"{self.order_id}F{self.no:02d}"

    @property
    def out_trade_no(self) -> str:
        return f"{self.order_id}P{self.attempt_no:02d}"


class Step(NamedTuple):
    """One recorded change of an order: who, why, proof, when. Immutable; also the outbox's message."""

    order_id: str
    user_id: str
    no: int
    target: OrderState
    event: Event
    at: Instant
    by: Actor
    because: str
    source: OrderState | None = None
    queue: Queue | None = None
    refund_no: int = 0


class Dossier(NamedTuple):
    """All that is known of one order, as read at one moment."""

    order: Order
    attempts: tuple[Attempt, ...] = ()
    refunds: tuple[Refund, ...] = ()
    steps: tuple[Step, ...] = ()

    @property
    def open_attempt(self) -> Attempt | None:
        return next((attempt for attempt in self.attempts if attempt.is_open), None)

    @property
    def paid_attempt(self) -> Attempt:
        """The attempt that was accepted as the order's payment."""
        return next(
            attempt
            for attempt in self.attempts
            if attempt.status is AttemptStatus.PAID and attempt.no == self.order.attempt_no
        )

    def attempt_of(self, out_trade_no: str) -> Attempt:
        for attempt in self.attempts:
            if attempt.out_trade_no == out_trade_no:
                return attempt
        raise OrderNotFoundError

    def refund_of(self, refund_no: str) -> Refund:
        for refund in self.refunds:
            if refund.refund_no == refund_no:
                return refund
        raise OrderNotFoundError


def order_id_in(number: str, letter: str) -> str:
    """The order id within an `out_trade_no` (P), refund number (F) or fulfilment number (R)."""
    if len(number) != ID_LENGTH + 3 or number[ID_LENGTH] != letter or not number.isalnum():
        raise OrderNotFoundError
    return number[:ID_LENGTH]
