"""Every company in one process, each on its own port of one address."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import SystemRandom

from aiohttp import web

from simulators.alipay.company import Alipay
from simulators.alliance.company import Alliance
from simulators.bank.company import CustodyBank
from simulators.billers.company import Billers
from simulators.erp.company import Erp
from simulators.issuer.company import Issuer
from simulators.keys import Keys, load_or_make_keys
from simulators.maps.company import Maps
from simulators.postman import Postman
from simulators.prices.company import Prices
from simulators.protocol import Company
from simulators.shell import application
from simulators.sms.company import Sms
from simulators.tsa.company import Tsa
from simulators.unionpay.company import UnionPay
from simulators.wechat.company import WeChat
from simulators.wechat.signer import Mode

CLOSING_SECONDS = 0.5
"""How long open connections may finish when the servers stop."""


@dataclass(frozen=True, slots=True)
class Options:
    state_dir: Path
    """Where keys.json is kept, so that a restart is still believed."""
    host: str = "127.0.0.1"
    port: int = 0
    """WeChat's; 0 takes a free one."""
    issuer_port: int = 0
    alipay_port: int = 0
    unionpay_port: int = 0
    bank_port: int = 0
    sms_port: int = 0
    alliance_port: int = 0
    tsa_port: int = 0
    erp_port: int = 0
    prices_port: int = 0
    maps_port: int = 0
    billers_port: int = 0
    public: str = ""
    """The host name to announce, when it is not `host`."""
    keys: Path | None = None
    """Read (or make) the keys here instead."""
    time_factor: float = 1.0
    """Scales the waits between callbacks."""
    signing: Mode = Mode.CERTIFICATE
    refund_ms: int = 300
    recharge_ms: int = 300
    issuer_callback_url: str = ""
    settle_ms: int = 300
    billers_callback_url: str = ""


@dataclass(frozen=True, slots=True)
class Addresses:
    wechat_url: str
    """WeChat Pay v3 and the mini-program API alike."""
    issuer_url: str
    alipay_url: str
    """The gateway, and the bills that it hands out."""
    unionpay_url: str
    """The gateway and, at `/`, the file host."""
    bank_url: str
    sms_url: str
    alliance_url: str
    tsa_url: str
    erp_url: str
    prices_url: str
    """Both publishers of prices."""
    maps_url: str
    billers_url: str
    """Each biller at a path of its own."""


def wall_clock() -> int:
    """Epoch milliseconds."""
    return time.time_ns() // 1_000_000


async def serve(options: Options, stopped: asyncio.Event, ready: Callable[[Addresses], None]) -> None:
    """Listen, call `ready`, and stay until `stopped`; connections and deliveries close on the way out."""
    keys = load_or_make_keys(options.keys or options.state_dir / "keys.json", datetime.now(UTC))
    runners: list[web.AppRunner] = []
    urls: dict[str, str] = {}
    try:
        for name, company, port in (
            ("wechat_url", wechat(options, keys), options.port),
            ("issuer_url", issuer(options, keys), options.issuer_port),
            ("alipay_url", alipay(options, keys), options.alipay_port),
            ("unionpay_url", unionpay(options, keys), options.unionpay_port),
            ("bank_url", CustodyBank(keys.bank_key, wall_clock), options.bank_port),
            ("sms_url", Sms(keys.sms, wall_clock, SystemRandom()), options.sms_port),
            ("alliance_url", Alliance(keys.alliance, wall_clock), options.alliance_port),
            ("tsa_url", Tsa(keys.tsa, wall_clock, SystemRandom()), options.tsa_port),
            ("erp_url", Erp(keys.erp, wall_clock), options.erp_port),
            ("prices_url", Prices(wall_clock), options.prices_port),
            ("maps_url", Maps(keys.maps, wall_clock), options.maps_port),
            ("billers_url", billers(options, keys), options.billers_port),
        ):
            runners.append(await listen(company, options, port))
            urls[name] = f"http://{options.public or options.host}:{runners[-1].addresses[0][1]}"
        ready(Addresses(**urls))
        await stopped.wait()
    finally:
        for runner in runners:
            await runner.cleanup()


def wechat(options: Options, keys: Keys) -> Company:
    company = WeChat(keys, wall_clock, SystemRandom())
    company.signer.mode = options.signing
    company.refund_ms = company.trades.refund_ms = options.refund_ms
    return company


def alipay(options: Options, keys: Keys) -> Company:
    return Alipay(keys, wall_clock, SystemRandom())


def unionpay(options: Options, keys: Keys) -> Company:
    company = UnionPay(keys, wall_clock, SystemRandom())
    company.command("POST /settings", {"refund_ms": options.refund_ms})
    return company


def issuer(options: Options, keys: Keys) -> Company:
    company = Issuer(keys, wall_clock, SystemRandom())
    company.command(
        "POST /settings", {"recharge_ms": options.recharge_ms, "callback_url": options.issuer_callback_url}
    )
    return company


def billers(options: Options, keys: Keys) -> Company:
    company = Billers(keys.billers, wall_clock, SystemRandom())
    company.command(
        "POST /settings", {"settle_ms": options.settle_ms, "callback_url": options.billers_callback_url}
    )
    return company


async def listen(company: Company, options: Options, port: int) -> web.AppRunner:
    """Serve one company; raises `OSError` when the port is taken."""
    app = application(company, Postman(company, wall_clock, options.time_factor))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=CLOSING_SECONDS)
    await runner.setup()
    await web.TCPSite(runner, options.host, port).start()
    return runner
