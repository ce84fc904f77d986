"""Accounts at billers and what they owe."""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from octane.api.views import Body, Text, View
from octane.billers.names import Biller
from octane.bills.kinds import KINDS, pattern_of
from octane.kernel.clock import rfc3339

if TYPE_CHECKING:
    from octane.billers.port import OwedBill, Tier
    from octane.bills.accounts import BillAccount, LastPaid
    from octane.bills.owed import AccountOwes


class BillerView(View):
    biller: Biller
    name: str
    account_name: str = Field(description="What its account number is called.")
    account_pattern: str = Field(
        description="A regular expression that the whole number matches, without blanks and dots."
    )
    account_example: str

    @classmethod
    def of(cls, biller: Biller) -> "BillerView":
        kind = KINDS[biller]
        return cls(
            biller=biller,
            name=kind.name,
            account_name=kind.account,
            account_pattern=pattern_of(biller),
            account_example=kind.example,
        )


class BillerList(View):
    billers: list[BillerView]


class BindBillAccount(Body):
    biller: Annotated[Biller, Field(strict=False)]
    account_no: Annotated[
        str,
        Field(max_length=64, description="As the bill has it, or a number plate; `GET /billers` says how."),
    ]
    label: Text | None = Field(None, description="Your own word for it; the kind of bill when left out.")


class LastPaidView(View):
    order_id: str
    amount_fen: int
    paid_at: str


class BillAccountView(View):
    bill_account_id: str
    biller: Biller
    account_masked: str
    holder_masked: str = Field(description="As the biller shows its holder; may be empty.")
    label: str
    bound_at: str
    last_paid: LastPaidView | None

    @classmethod
    def of(cls, account: "BillAccount", last_paid: "LastPaid | None" = None) -> "BillAccountView":
        return cls(
            bill_account_id=account.bill_account_id,
            biller=account.biller,
            account_masked=account.account_masked,
            holder_masked=account.holder_masked,
            label=account.label,
            bound_at=rfc3339(account.bound_at),
            last_paid=None
            if last_paid is None
            else LastPaidView(
                order_id=last_paid.order_id,
                amount_fen=last_paid.amount,
                paid_at=rfc3339(last_paid.paid_at),
            ),
        )


class BillAccountList(View):
    accounts: list[BillAccountView]


class TierView(View):
    """A step of a tiered price; decimals as the biller has them."""

    up_to: str | None = Field(description="In the bill's unit; null for the last tier.")
    used: str
    unit_price: str = Field(description="CNY for a unit.")
    amount_fen: int

    @classmethod
    def of(cls, tier: "Tier") -> "TierView":
        return cls(
            up_to=tier.up_to or None, used=tier.used, unit_price=tier.unit_price, amount_fen=tier.amount
        )


class OwedBillView(View):
    bill_no: str
    period: str = Field(description="`2026-10`; of parking the moment of entry.")
    owed_fen: int
    late_fee_fen: int = Field(description="Within `owed_fen`.")
    due_on: str | None
    partial: bool = Field(description="Whether less may be paid, at least `minimum_fen`.")
    minimum_fen: int
    unit: str | None
    tiers: list[TierView]
    in_payment: bool = Field(description="An open order pays it.")
    order_id: str | None = Field(description="That order, where it is yours.")

    @classmethod
    def of(cls, bill: "OwedBill", order_id: str | None) -> "OwedBillView":
        return cls(
            bill_no=bill.bill_no,
            period=bill.period,
            owed_fen=bill.owed,
            late_fee_fen=bill.late_fee,
            due_on=bill.due_on.isoformat() if bill.due_on else None,
            partial=bill.partial,
            minimum_fen=bill.minimum,
            unit=bill.unit or None,
            tiers=[TierView.of(tier) for tier in bill.tiers],
            in_payment=order_id is not None,
            order_id=order_id or None,
        )


class OwedView(View):
    bill_account_id: str
    biller: Biller
    account_masked: str
    holder_masked: str
    asked_at: str = Field(description="When the biller said so.")
    stale: bool = Field(description="The biller is silent: it is what it said last.")
    bills: list[OwedBillView]

    @classmethod
    def of(cls, owes: "AccountOwes") -> "OwedView":
        return cls(
            bill_account_id=owes.account.bill_account_id,
            biller=owes.account.biller,
            account_masked=owes.account.account_masked,
            holder_masked=owes.owed.holder_masked,
            asked_at=rfc3339(owes.asked_at),
            stale=owes.stale,
            bills=[OwedBillView.of(bill, owes.in_payment.get(bill.bill_no)) for bill in owes.owed.bills],
        )
