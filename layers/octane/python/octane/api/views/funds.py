"""Our money at the custody bank, and withdrawals."""

from typing import TYPE_CHECKING

from pydantic import Field

from octane.api.views import AmountFen, Body, Text, View
from octane.funds.model import BankAccount
from octane.funds.records import InstructionPurpose, InstructionState, WithdrawalState
from octane.kernel.clock import rfc3339

if TYPE_CHECKING:
    from octane.funds.overview import AccountView, Funds
    from octane.funds.records import Approval, Instruction, Withdrawal
    from octane.funds.withdrawals import WithdrawalList


class RequestWithdrawalBody(Body):
    amount_fen: AmountFen
    purpose: Text


class RefuseWithdrawalBody(Body):
    reason: Text


class ApprovalView(View):
    approved_by: str
    role: str
    approved_at: str

    @classmethod
    def of(cls, approval: "Approval") -> "ApprovalView":
        return cls(approved_by=approval.by, role=approval.role, approved_at=rfc3339(approval.at))


class WithdrawalView(View):
    withdrawal_id: str
    amount_fen: int
    purpose: str
    state: WithdrawalState
    requested_by: str
    requested_at: str
    expires_at: str = Field(description="Without its approvals by then it is not paid.")
    approvals_needed: int = Field(description="With 2, the last one is a finance director's.")
    approvals: list[ApprovalView]
    reason: str = Field(description="Why it was refused, or the bank's code.")

    @classmethod
    def of(cls, withdrawal: "Withdrawal") -> "WithdrawalView":
        return cls(
            withdrawal_id=withdrawal.withdrawal_id,
            amount_fen=withdrawal.amount,
            purpose=withdrawal.purpose,
            state=withdrawal.state,
            requested_by=withdrawal.requested_by,
            requested_at=rfc3339(withdrawal.requested_at),
            expires_at=rfc3339(withdrawal.expires_at),
            approvals_needed=withdrawal.approvals_needed,
            approvals=[ApprovalView.of(approval) for approval in withdrawal.approvals],
            reason=withdrawal.reason,
        )


class WithdrawalListView(View):
    withdrawals: list[WithdrawalView]
    next_cursor: str | None

    @classmethod
    def of(cls, found: "WithdrawalList") -> "WithdrawalListView":
        views = [WithdrawalView.of(withdrawal) for withdrawal in found.withdrawals]
        return cls(withdrawals=views, next_cursor=found.next_cursor)


class BankAccountView(View):
    account: BankAccount
    available_fen: int
    held_fen: int = Field(description="Set aside for withdrawals and sweeps.")
    checked_day: str | None = Field(description="Of the last statement that was checked.")
    closing_fen: int | None = Field(description="What that statement closed with.")

    @classmethod
    def of(cls, found: "AccountView") -> "BankAccountView":
        closed = found.closed
        return cls(
            account=found.account,
            available_fen=found.balance.available,
            held_fen=found.balance.held,
            checked_day=closed.day.isoformat() if closed else None,
            closing_fen=closed.closing if closed else None,
        )


class InstructionView(View):
    number: str
    purpose: InstructionPurpose
    debit: BankAccount
    credit: BankAccount | None = Field(description="null: out of our accounts.")
    amount_fen: int
    state: InstructionState
    made_at: str
    is_sent: bool = Field(description="The bank has taken it; its statement confirms it later.")

    @classmethod
    def of(cls, instruction: "Instruction") -> "InstructionView":
        return cls(
            number=instruction.number,
            purpose=instruction.purpose,
            debit=instruction.debit,
            credit=instruction.credit,
            amount_fen=instruction.amount,
            state=instruction.state,
            made_at=rfc3339(instruction.made_at),
            is_sent=bool(instruction.sent_at),
        )


class FundsView(View):
    accounts: list[BankAccountView]
    forecast_for: str | None = Field(description="The day after the last checked one.")
    forecast_fen: int | None = Field(description="What the hot account needs on that day.")
    cold_share_ppm: int = Field(description="What part of our money is cold, in millionths.")
    in_transit_fen: int = Field(description="Of the open instructions; negative: owed to withdrawals.")
    open_instructions: list[InstructionView]

    @classmethod
    def of(cls, funds: "Funds") -> "FundsView":
        return cls(
            accounts=[BankAccountView.of(account) for account in funds.accounts],
            forecast_for=funds.forecast_for.isoformat() if funds.forecast_for else None,
            forecast_fen=funds.forecast,
            cold_share_ppm=funds.cold_ppm,
            in_transit_fen=funds.in_transit,
            open_instructions=[InstructionView.of(instruction) for instruction in funds.instructions],
        )
