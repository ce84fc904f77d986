"""The issuer: our port over the HTTP simulator's own state machine, no wire, no keys."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from octane.issuers.juhe import errors as juhe_errors
from octane.issuers.juhe.client import ANY_AMOUNT, GAME_STATES, NOTICE_STATES, REVOKED, yuan_text
from octane.issuers.port import RechargeRequest
from octane.kernel.fulfilment import FulfilmentReport, FulfilmentState, FulfilmentUnknown
from octane.kernel.money import Fen
from simulation.faults import FAIL, FORGE, LAGGING, QUERY, REFUSE, STALE, STAY, SUBMIT
from simulation.world import ISSUER, STAY_MS, Lost, World
from simulators.issuer.recharges import Code, parse_order, view
from simulators.protocol import Json, RefusedError

RECHARGE_MS = (300, 300, 4_000, 70_000, 600_000)


@dataclass(slots=True)
class SimulatedIssuer:
    """Implements `octane.issuers.port.CardIssuer`. Its notices do not cover the outcome, as the real ones."""

    world: World

    def submit(self, request: RechargeRequest) -> FulfilmentReport | FulfilmentUnknown:
        number = request.order_no
        proid, charge_type = ANY_AMOUNT[request.issuer]
        order = parse_order(
            {
                "proid": proid,
                "cardnum": yuan_text(request.amount),
                "orderid": number,
                "game_userid": request.card_number,
                "gasCardTel": request.holder_phone,
                "gasCardName": request.holder_name,
                "chargeType": charge_type,
            }
        )

        def effect(kind: str) -> FulfilmentReport | FulfilmentUnknown:
            if kind == REFUSE:
                return _refused(number, int(Code.BALANCE_TOO_LOW))
            books = self.world.recharges
            books.recharge_ms = STAY_MS if kind == STAY else self.world.random.choice(RECHARGE_MS)
            try:
                recharge = books.submit(order, fail="revoked" if kind == FAIL else None)
            except RefusedError as refusal:
                return _refused(number, int(refusal.code))
            if kind == FORGE:
                self.world.forgeries.append(recharge)
            return _told(number, view(recharge), "answer")

        return self._ask("submit", number, SUBMIT, effect)

    def query(self, order_no: str) -> FulfilmentReport | FulfilmentUnknown:
        def effect(kind: str) -> FulfilmentReport | FulfilmentUnknown:
            absent = FulfilmentReport(order_no, FulfilmentState.NOT_FOUND, source="query")
            if kind == STALE:
                return absent
            try:
                told = view(self.world.recharges.find(order_no))
            except RefusedError as refusal:
                known = int(refusal.code) not in juhe_errors.NOT_FOUND
                return FulfilmentUnknown(refusal.code) if known else absent
            if kind == LAGGING:
                told = {**told, "game_state": "0"}
            return _told(order_no, told, "query")

        return self._ask("query recharge", order_no, QUERY, effect)

    def balance(self) -> Fen | FulfilmentUnknown:
        return Fen(self.world.recharges.balance_fen)

    def read_notice(self, body: bytes) -> FulfilmentReport:
        content = json.loads(body)
        state = NOTICE_STATES[content["sta"]]
        return FulfilmentReport(content["orderid"], state, reference=content["sporder_id"], source="notice")

    def _ask(
        self,
        operation: str,
        number: str,
        kinds: tuple[str, ...],
        effect: Callable[[str], FulfilmentReport | FulfilmentUnknown],
    ) -> FulfilmentReport | FulfilmentUnknown:
        try:
            answer = self.world.outside(operation, number, kinds, ISSUER, effect)
        except Lost:
            return FulfilmentUnknown("LOST")
        if self.world.lines is not None:
            self.world.note(f"← {answer}")
        return answer


def _refused(number: str, code: int) -> FulfilmentReport | FulfilmentUnknown:
    word = juhe_errors.REFUSED.get(code)
    if word is None:
        return FulfilmentUnknown(f"CODE_{code}")
    return FulfilmentReport(number, FulfilmentState.REFUSED, code=word, source="answer")


def _told(number: str, told: Json, source: str) -> FulfilmentReport:
    state = GAME_STATES[str(told["game_state"])]
    return FulfilmentReport(
        number,
        state,
        reference=str(told["sporder_id"]),
        code=REVOKED if state is FulfilmentState.REFUSED else "",
        source=source,
    )
