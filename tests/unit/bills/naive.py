"""The same files read in the plainest way, all at once and believing everything: what there is in them.

A reader that accepts a file must have found exactly this; what cannot be read so, no reader may accept.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from unit.bills.samples import SELLER, WIDTHS

from octane.kernel.statement import LineKind, LineStatus, StatementLine

BEIJING = timezone(timedelta(hours=8))


def lines(content: bytes, encoding: str) -> list[str]:
    text = content.decode(encoding)
    found = [line[:-1] if line.endswith("\r") else line for line in text.split("\n")]
    while found and not found[-1]:
        found.pop()
    return found


def fen(yuan: str) -> int:
    amount = Decimal(yuan) * 100
    assert amount == int(amount)
    return int(amount)


def ms(text: str, layout: str = "%Y-%m-%d %H:%M:%S") -> int:
    moment = datetime.strptime(text, layout).replace(tzinfo=BEIJING)
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def wechat(content: bytes) -> Iterator[StatementLine]:
    header, *body = lines(content.removeprefix(b"\xef\xbb\xbf"), "utf-8")
    names = [name.strip() for name in header.split(",")]
    for number, line in enumerate(body[:-2], 2):
        cell = dict(zip(names, ("," + line).split(",`")[1:], strict=True))
        back = {"SUCCESS": False, "REFUND": True}[cell["交易状态"]]
        status = cell["退款状态"].replace("CHANGE", "PROCESSING").replace("FAIL", "FAILED")
        yield StatementLine(
            kind=LineKind.REFUND if back else LineKind.PAYMENT,
            number=cell["商户退款单号" if back else "商户订单号"],
            reference=cell["微信退款单号" if back else "微信订单号"],
            amount=fen(cell["退款金额" if back else "应结订单金额"]),
            fee=fen(cell["手续费"]),
            currency=cell["货币种类"],
            status=LineStatus(status.replace("SUCCESS", "SUCCEEDED")) if back else LineStatus.SUCCEEDED,
            party=cell["用户标识"],
            merchant=cell["特约商户号"] if cell["特约商户号"] not in ("", "0") else cell["商户号"],
            settled_at=ms(cell["交易时间"]),
            line=number,
        )


def alipay(content: bytes) -> Iterator[StatementLine]:
    found = lines(content, "gbk")
    start = next(at for at, line in enumerate(found) if "列表-" in line)
    end = next(
        at for at, line in enumerate(found) if at > start + 1 and line[0] == "#" and "列表结束-" in line
    )
    names = [name.strip() for name in found[start + 1].split(",")]
    for at in range(start + 2, end):
        cells = [cell.strip(" \t") for cell in found[at].split(",")]
        cell = dict(zip(names, cells, strict=True))
        back = {"交易": False, "退款": True}[cell["业务类型"]]
        trade, number = cell["支付宝交易号"], cell["退款批次号/请求号" if back else "商户订单号"]
        yield StatementLine(
            kind=LineKind.REFUND if back else LineKind.PAYMENT,
            number=number,
            reference=f"{trade}/{number}" if back else trade,
            amount=fen(cell["商家实收（元）"]) * (-1 if back else 1),
            fee=-fen(cell["服务费（元）"]),
            currency="CNY",
            status=LineStatus.SUCCEEDED,
            party="",
            merchant=SELLER,
            settled_at=ms(cell["完成时间"]),
            line=at + 1,
        )


def unionpay(content: bytes) -> Iterator[StatementLine]:
    found = [line[:-1] if line.endswith(b"\r") else line for line in content.split(b"\n")]
    while found and found[-1] in (b"", b"\x1a"):
        found.pop()
    for number, line in enumerate(found, 1):
        fields, rest = [], line
        for width in WIDTHS:
            fields.append(rest[:width].decode("gbk").strip(" "))
            assert rest[width : width + 1] in (b" ", b"")
            rest = rest[width + 1 :]
        assert not rest
        fee = fields[15].strip("0").lstrip("CD") and int(fields[15][1:]) * {"D": 1, "C": -1}[fields[15][0]]
        yield StatementLine(
            kind={"S22": LineKind.PAYMENT, "S30": LineKind.REFUND, "S31": LineKind.REFUND}[fields[0]],
            number=fields[11],
            reference=fields[9],
            amount=int(fields[6]),
            fee=int(fee or 0),
            currency="CNY",
            status=LineStatus.SUCCEEDED,
            party="",
            merchant=fields[27],
            settled_at=ms(f"2026{fields[4]}", "%Y%m%d%H%M%S"),
            line=number,
        )


def juhe(content: bytes) -> Iterator[StatementLine]:
    header, *body = lines(content.removeprefix(b"\xef\xbb\xbf"), "utf-8")
    names = [name.strip() for name in header.split(",")]
    states = {"0": LineStatus.PROCESSING, "1": LineStatus.SUCCEEDED, "9": LineStatus.FAILED}
    for number, line in enumerate(body[:-1], 2):
        cell = dict(zip(names, line.split(","), strict=True))
        yield StatementLine(
            kind=LineKind.RECHARGE,
            number=cell["orderid"],
            reference=cell["sporder_id"],
            amount=fen(cell["ordercash"]),
            fee=fen(cell["fee"]),
            currency="CNY",
            status=states[cell["state"]],
            party=f"*{cell['game_userid'][-4:]}",
            merchant="",
            settled_at=ms(cell["finished_at"]),
            line=number,
        )
