"""The issuer's books: recharges and the merchant's prepaid balance, as a pure state machine.

    RUNNING (0) -> SUCCEEDED (1) | REVOKED (9)

Money in fen, instants in epoch ms. Invariants: an order number is taken once, whatever follows; a card is
credited at most once per order number; balance = deposited - (running + succeeded).
"""

import re
from dataclasses import dataclass
from enum import IntEnum
from random import Random

from simulators.protocol import Json, Notice, Now, RefusedError
from simulators.texts import DIGITS, moment, pick, yuan

SINOPEC_CARD = re.compile(r"100011[0-9]{13}")
PETROCHINA_CARD = re.compile(r"90[0-9]{14}")
ORDER_NUMBER = re.compile(r"[0-9A-Za-z]{8,32}")
AMOUNT = re.compile(r"(0|[1-9][0-9]{0,6})(?:\.([0-9]{1,2}))?")
SINOPEC, PETROCHINA = "1", "2"
FACES_FEN = {"10000": 50_00, "10001": 100_00, "10003": 500_00, "10004": 1_000_00}
"""Sinopec cards of a fixed face value: cardnum is how many."""
ANY_AMOUNT = {"10007": SINOPEC, "10008": PETROCHINA}
"""cardnum is the amount in yuan."""
DEPOSIT_FEN = 1_000_000_000


class Code(IntEnum):
    """error_code of an answer. The service's own (2087xx) are not published: these are the simulator's."""

    OK = 0
    WRONG_KEY = 10001
    TOO_MANY_REQUESTS = 10012
    SYSTEM = 10014
    WRONG_PRODUCT = 208701
    WRONG_AMOUNT = 208702
    WRONG_CARD = 208703
    REFUSED = 208705
    BALANCE_TOO_LOW = 208706
    ORDER_NOT_FOUND = 208707
    WRONG_SIGNATURE = 208708
    ORDER_NUMBER_USED = 208709
    WRONG_ORDER_NUMBER = 208710
    WRONG_PARAMETER = 208711
    BILL_NOT_READY = 208720
    NO_MOVEMENT = 208721


class State(IntEnum):
    """game_state."""

    RUNNING = 0
    SUCCEEDED = 1
    REVOKED = 9


@dataclass(frozen=True, slots=True)
class RechargeOrder:
    orderid: str
    proid: str
    card: str
    charge_type: str
    amount_fen: int
    phone: str
    name: str


@dataclass(slots=True, eq=False)
class Recharge:
    order: RechargeOrder
    sporder_id: str
    created_at: int
    due_at: int | None
    """When it ends by itself; None: when the control plane says so."""
    ends: State
    message: str
    state: State = State.RUNNING
    ended_at: int = 0

    @property
    def keys(self) -> frozenset[str]:
        return frozenset({self.order.orderid, self.order.card, self.sporder_id})


def refusal(code: Code, reason: str) -> RefusedError:
    """This API answers HTTP 200 with an error_code."""
    return RefusedError(200, str(int(code)), reason)


def parse_order(given: dict[str, str]) -> RechargeOrder:
    """Read and check a submit; raises the refusal of the first thing wrong."""
    orderid, proid, card = (given.get(name, "") for name in ("orderid", "proid", "game_userid"))
    charge_type = given.get("chargeType", SINOPEC)
    if ORDER_NUMBER.fullmatch(orderid) is None:
        raise refusal(Code.WRONG_ORDER_NUMBER, "订单号须为8-32位字母数字")
    if charge_type != ANY_AMOUNT.get(proid, SINOPEC) or proid not in {**ANY_AMOUNT, **FACES_FEN}:
        raise refusal(Code.WRONG_PRODUCT, "产品与加油卡类型不符")
    if (SINOPEC_CARD if charge_type == SINOPEC else PETROCHINA_CARD).fullmatch(card) is None:
        raise refusal(Code.WRONG_CARD, "加油卡卡号错误")
    amount = AMOUNT.fullmatch(given.get("cardnum", ""))
    if amount is None:
        raise refusal(Code.WRONG_AMOUNT, "充值金额错误")
    amount_fen = int(amount[1]) * 100 + int((amount[2] or "").ljust(2, "0"))
    if proid in FACES_FEN:
        amount_fen = FACES_FEN[proid] * amount_fen // 100 if amount_fen % 100 == 0 else 0
    if amount_fen < 1:
        raise refusal(Code.WRONG_AMOUNT, "充值金额错误")
    phone, name = given.get("gasCardTel", ""), given.get("gasCardName", "")
    return RechargeOrder(orderid, proid, card, charge_type, amount_fen, phone, name)


class RechargeBooks:
    def __init__(self, now: Now, random: Random) -> None:
        self._now = now
        self._random = random
        self.recharge_ms = 300
        """How long a recharge runs."""
        self.callback_url = ""
        """Where outcomes are told; empty: nowhere."""
        self.balance_fen = DEPOSIT_FEN
        self.recharges: dict[str, Recharge] = {}
        self._running: list[Recharge] = []
        self._notices: list[Notice] = []
        self._noticed = 0

    def submit(self, order: RechargeOrder, stay: bool = False, fail: str | None = None) -> Recharge:
        """Take an order number and start; `stay` runs until `end`, `fail` (the reason) ends it revoked."""
        if order.orderid in self.recharges:
            raise refusal(Code.ORDER_NUMBER_USED, "订单号已存在, 请勿重复提交")
        if order.amount_fen > self.balance_fen:
            raise refusal(Code.BALANCE_TOO_LOW, "账户余额不足")
        now = self._now()
        recharge = Recharge(
            order=order,
            sporder_id=f"S{moment(now):%Y%m%d%H%M%S}{pick(self._random, DIGITS, 8)}",
            created_at=now,
            due_at=None if stay else now + self.recharge_ms,
            ends=State.SUCCEEDED if fail is None else State.REVOKED,
            message=fail or "",
        )
        self.recharges[order.orderid] = recharge
        self._running.append(recharge)
        self.balance_fen -= order.amount_fen
        return recharge

    def find(self, orderid: str) -> Recharge:
        recharge = self.recharges.get(orderid)
        if recharge is None:
            raise refusal(Code.ORDER_NOT_FOUND, "订单不存在")
        return recharge

    def end(self, orderid: str, state: State, message: str) -> Recharge:
        """End a running recharge (control plane)."""
        recharge = self.find(orderid)
        if recharge.state is not State.RUNNING:
            raise refusal(Code.WRONG_PARAMETER, "the recharge has ended")
        recharge.message = message
        self._finish(recharge, state)
        return recharge

    def settle(self) -> int | None:
        """End what is due; answer when the next one is."""
        now = self._now()
        running = [(recharge.due_at, recharge) for recharge in self._running]
        for due_at, recharge in running:
            if due_at is not None and due_at <= now:
                self._finish(recharge, recharge.ends)
        return min((due_at for due_at, _ in running if due_at is not None and due_at > now), default=None)

    def take_notices(self) -> list[Notice]:
        notices, self._notices = self._notices, []
        return notices

    def totals(self) -> Json:
        amounts = dict.fromkeys(State, 0)
        for recharge in self.recharges.values():
            amounts[recharge.state] += recharge.order.amount_fen
        return {
            "recharges": len(self.recharges),
            "recharged_fen": amounts[State.SUCCEEDED],
            "running_fen": amounts[State.RUNNING],
            "revoked_fen": amounts[State.REVOKED],
            "balance_fen": self.balance_fen,
        }

    def _finish(self, recharge: Recharge, state: State) -> None:
        self._running.remove(recharge)
        recharge.state = state
        recharge.ended_at = self._now()
        if state is State.REVOKED:
            self.balance_fen += recharge.order.amount_fen
        if self.callback_url:
            self._noticed += 1
            content = {
                "sporder_id": recharge.sporder_id,
                "orderid": recharge.order.orderid,
                "sta": str(int(state)),
                "err_msg": recharge.message,
            }
            event = f"RECHARGE.{state.name}"
            url, now = self.callback_url, self._now()
            self._notices.append(
                Notice(self._noticed, "recharge_notice", event, recharge.keys, url, now, content)
            )


def view(recharge: Recharge) -> Json:
    """`result` of submit and of ordersta: every value is text."""
    order = recharge.order
    face_fen = FACES_FEN.get(order.proid)
    return {
        "cardnum": yuan(order.amount_fen) if face_fen is None else str(order.amount_fen // face_fen),
        "ordercash": yuan(order.amount_fen),
        "cardname": "中国石化加油卡" if order.charge_type == SINOPEC else "中国石油加油卡",
        "sporder_id": recharge.sporder_id,
        "game_userid": order.card,
        "game_state": str(int(recharge.state)),
        "uorderid": order.orderid,
        "err_msg": recharge.message,
    }
