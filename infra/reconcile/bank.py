"""The custody bank settles the day as the companies' own books have it, not ours."""

from demo.books import ChannelBooks, alipay_books, unionpay_books, wechat_books
from local.world import LocalOctane
from simulators.alipay.bills import FEE_PPM as ALIPAY_PPM
from simulators.bills.rows import fee_of
from simulators.unionpay.clearing import FEE_PPM as UNIONPAY_PPM
from simulators.wechat.bills import FEE_PPM as WECHAT_PPM


def settle(octane: LocalOctane, day: str) -> dict[str, int]:
    """Book a settlement line for each party; return the fen that moved, by party."""
    simulators = octane.simulators
    moved = {
        "WECHAT": _net(wechat_books(simulators.wechat("GET", "/books")), WECHAT_PPM),
        "ALIPAY": _net(alipay_books(simulators.alipay("GET", "/books")), ALIPAY_PPM),
        "UNIONPAY": _net(unionpay_books(simulators.unionpay("GET", "/books")), UNIONPAY_PPM),
        "JUHE": -simulators.issuer("GET", "/books")["totals"]["recharged_fen"],
    }
    billers = simulators.billers("GET", "/books")["totals"]["by_biller"]
    moved |= {biller: -fen for biller, fen in billers.items()}
    for party, fen in moved.items():
        if not fen:
            continue  # a settlement of nothing makes no line
        simulators.bank("POST", "/settlements", {"party": party, "day": day, "amount_fen": fen})
    return moved


def _net(books: ChannelBooks, ppm: int) -> int:
    fees = sum(fee_of(fen, ppm) for fen in books.captured.values())
    return sum(books.captured.values()) - sum(books.refunded.values()) - fees
