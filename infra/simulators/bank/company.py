"""The custody bank as a company: instructions and statements over HTTP, both ways signed by a shared key."""

from datetime import date
from typing import TYPE_CHECKING, Any

from simulators import shared_key
from simulators.bank.books import ACCOUNTS, CustodyBooks, Instruction
from simulators.bank.statement import write_statement
from simulators.misbehaviour import Effect, Faults, Rules
from simulators.protocol import Call, Json, Now, Quiet, RefusedError, Reply, Subject, json_reply
from simulators.texts import moment

if TYPE_CHECKING:
    from collections.abc import Callable

INSTRUCTIONS, STATEMENTS = "/custody/v1/instructions", "/custody/v1/statements"
CSV = "text/csv; charset=utf-8"


class CustodyBank(Quiet):
    name = "bank"
    operations = frozenset({"instruct", "statement"})

    def __init__(self, key: str, now: Now) -> None:
        """`key`: what bank and customer share."""
        self.rules = Rules()
        self._key = key.encode()
        self._now = now
        self._settings = {"process_ms": 300, "early_statements": False}
        self.reset()

    def reset(self) -> None:
        """Forget every movement and rule; settings stay."""
        self.rules.clear()
        self.custody = CustodyBooks(self._now, int(self._settings["process_ms"]))

    def subject(self, call: Call) -> Subject | None:
        if (call.method, call.path) == ("POST", INSTRUCTIONS):
            try:
                return Subject("instruct", frozenset({str(call.json().get("number", ""))} - {""}))
            except ValueError:
                return Subject("instruct")
        if (call.method, call.path) == ("GET", STATEMENTS):
            return Subject("statement", frozenset(call.query.values()))
        return None

    def handle(self, call: Call, subject: Subject, faults: Faults) -> Reply:
        broken = faults.get(Effect.STATUS)
        try:
            shared_key.check("custody", self._key, call, self._now)
            if broken is not None and not broken.after:
                raise RefusedError(broken.status or 500, "SYSTEM", "try again")
            reply = self._instruct(call, faults) if subject.operation == "instruct" else self._statement(call)
            if broken is not None:
                raise RefusedError(broken.status or 500, "SYSTEM", "try again")
        except RefusedError as refused:
            reply = json_reply(refused.status, {"code": refused.code, "message": refused.message})
        key = b"not " + self._key if Effect.WRONG_SIGNATURE in faults else self._key
        return shared_key.signed("custody", key, call, reply)

    def settle(self) -> int | None:
        return self.custody.settle()

    def command(self, name: str, order: Json) -> Json | None:
        commands: dict[str, Callable[[Json], Json]] = {
            "GET /keys": lambda _: {"key": self._key.decode()},
            "GET /settings": lambda _: dict(self._settings),
            "POST /settings": self._change_settings,
            "POST /settlements": self._settle_party,
            "POST /movements": self._move,
            "POST /instructions/end": lambda one: _view(self.custody.end(str(one["number"]), one.get("at"))),
        }
        return commands[name](order) if name in commands else None

    def books(self) -> Json:
        self.settle()
        return {
            "totals": self.custody.totals(),
            "accounts": {
                name: [{field: getattr(line, field) for field in line.__slots__} for line in lines]
                for name, lines in self.custody.accounts.items()
            },
            "instructions": [_view(one) for one in self.custody.instructions.values()],
        }

    def _instruct(self, call: Call, faults: Faults) -> Reply:
        self.settle()
        given = _checked(call)
        refuse = faults.get(Effect.REFUSE)
        code = (refuse.code or "REFUSED") if refuse is not None else ""
        taken = self.custody.instruct(Instruction(**given), refuse=code, stay=Effect.STAY in faults)
        return json_reply(200, _view(taken))

    def _statement(self, call: Call) -> Reply:
        self.settle()
        account = call.query.get("account", "")
        try:
            day = date.fromisoformat(call.query.get("day", ""))
        except ValueError:
            raise RefusedError(400, "DAY_INVALID", "day is YYYY-MM-DD") from None
        if account not in ACCOUNTS:
            raise RefusedError(404, "ACCOUNT_UNKNOWN", "no such account")
        if day >= moment(self._now()).date() and not self._settings["early_statements"]:
            raise RefusedError(404, "NOT_READY", "the day is not over")
        content = write_statement(account, day, self.custody.day(account, day))
        return Reply(200, content, {"Content-Type": CSV})

    def _settle_party(self, order: Json) -> Json:
        line = self.custody.settle_party(
            str(order["party"]), str(order["day"]), _whole(order["amount_fen"]), order.get("at")
        )
        return {"serial": line.serial, "balance_fen": line.balance}

    def _move(self, order: Json) -> Json:
        words = {
            name: str(order[name])
            for name in ("instruction", "settled_day", "counterparty", "remark")
            if name in order
        }
        account, kind = str(order["account"]), str(order.get("kind", "OTHER"))
        line = self.custody.move(account, _whole(order["amount_fen"]), kind, order.get("at"), **words)
        return {"serial": line.serial, "balance_fen": line.balance}

    def _change_settings(self, order: Json) -> Json:
        if set(order) - set(self._settings) or not all(isinstance(value, int) for value in order.values()):
            raise ValueError("settings: process_ms (whole number), early_statements (true or false)")
        self._settings |= order
        self.custody.process_ms = int(self._settings["process_ms"])
        return dict(self._settings)


def _checked(call: Call) -> dict[str, Any]:
    try:
        given = call.json()
        fen = _whole(given["amount_fen"])
        words = {name: given[name] for name in ("number", "debit", "credit", "remark")}
    except (ValueError, KeyError):
        raise RefusedError(400, "INSTRUCTION_UNREADABLE", "not an instruction") from None
    if not all(isinstance(word, str) for word in words.values()) or not words["number"]:
        raise RefusedError(400, "INSTRUCTION_UNREADABLE", "not an instruction")
    return {**words, "fen": fen}


def _view(one: Instruction) -> Json:
    return {"number": one.number, "state": one.state.value, "code": one.code, "amount_fen": one.fen}


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("amount_fen is a whole number")
    return value
