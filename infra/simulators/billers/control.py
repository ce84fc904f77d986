"""The billers' control plane: accounts, ends of payments, settings, discrepancies in settlement files."""

from collections.abc import Callable, Mapping
from dataclasses import asdict

from simulators.billers.books import Account, Bill, BillerBooks, Tier
from simulators.billers.names import BILLERS, PAID, REFUSED
from simulators.bills.office import Office
from simulators.protocol import Json


class BillerControl:
    """The part of the company that its owner commands."""

    keys: Mapping[str, str]
    payments: BillerBooks
    offices: dict[str, Office]
    _settings: Json

    def command(self, name: str, order: Json) -> Json | None:
        commands: dict[str, Callable[[Json], Json]] = {
            "POST /accounts": self._make_account,
            "GET /accounts": self._show_account,
            "POST /payments/end": self._end,
            "GET /keys": lambda _: {biller: {"key": key} for biller, key in self.keys.items()},
            "GET /settings": lambda _: dict(self._settings),
            "POST /settings": self._change_settings,
        }
        if name in commands:
            return commands[name](order)
        if not name.endswith(" /bills/plant"):
            return None
        biller = _biller(order)
        return self.offices[biller].command(name, {each: order[each] for each in order if each != "biller"})

    def books(self) -> Json:
        self.payments.settle()
        return {
            "totals": self.payments.totals(),
            "payments": [
                {
                    **payment.view(),
                    "biller": payment.order.biller,
                    "parts": [{"bill_no": number, "amount": fen} for number, fen in payment.order.parts],
                }
                for payment in self.payments.payments.values()
            ],
            "accounts": [asdict(account) for account in self.payments.accounts.values()],
        }

    def _make_account(self, order: Json) -> Json:
        """`biller`, `account_no`, optionally `holder`, `closed`, `bills`; one that is there is replaced."""
        account = Account(
            _biller(order),
            str(order["account_no"]),
            str(order.get("holder", "测**")),
            closed=bool(order.get("closed")),
        )
        for each in order.get("bills", ()):
            bill = bill_of(each)
            account.bills[bill.bill_no] = bill
        self.payments.accounts[account.biller, account.account_no] = account
        return asdict(account)

    def _show_account(self, order: Json) -> Json:
        return asdict(self.payments.account(_biller(order), str(order["account_no"])))

    def _end(self, order: Json) -> Json:
        state = str(order.get("state", PAID))
        if state not in (PAID, REFUSED):
            raise ValueError("a payment ends PAID or REFUSED")
        return self.payments.end(str(order["order_no"]), state, str(order.get("code", ""))).view()

    def _change_settings(self, order: Json) -> Json:
        kinds = {"settle_ms": int, "callback_url": str, "early_bills": bool}
        if not all(type(value) is kinds.get(name) for name, value in order.items()):
            raise ValueError("settings: settle_ms (whole number), callback_url (text), early_bills")
        self._settings |= order
        self._apply()
        return dict(self._settings)

    def _apply(self) -> None:
        self.payments.settle_ms = max(0, int(self._settings["settle_ms"]))
        self.payments.callback_url = str(self._settings["callback_url"])
        for office in self.offices.values():
            office.early = bool(self._settings["early_bills"])


def bill_of(given: Json) -> Bill:
    """A bill from the control plane; raise `ValueError` or `KeyError`."""
    known = set(Bill.__slots__)
    if set(given) - known:
        raise ValueError(f"a bill has {', '.join(sorted(known))}")
    return Bill(**{**given, "tiers": [Tier(**tier) for tier in given.get("tiers", ())]})


def _biller(order: Json) -> str:
    biller = str(order["biller"])
    if biller not in BILLERS:
        raise ValueError(f"biller is one of {', '.join(BILLERS)}")
    return biller
