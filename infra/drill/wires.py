"""Fetch every bill as it is fetched in earnest: the real clients, the simulated companies, no socket between.

Each company verifies what it is asked and signs what it answers; only its desk for bills is another one, that
hands out what the drill has written.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import lru_cache
from random import Random

from drill.sources import ACCOUNTS
from octane.billers.client import open_biller
from octane.billers.config import BillerConfig
from octane.billers.dialect import Line as BillerLine
from octane.billers.names import Biller
from octane.channels.alipay.bills import AlipayBills
from octane.channels.alipay.config import AlipayConfig
from octane.channels.unionpay.bills import UnionPayBills
from octane.channels.unionpay.config import UnionPayConfig
from octane.channels.wechat_pay.bills import WechatBills
from octane.channels.wechat_pay.config import WechatPayConfig
from octane.channels.wechat_pay.keys import PlatformKeys
from octane.issuers.juhe.bills import JuheBills
from octane.issuers.juhe.client import JuheConfig
from octane.kernel.clock import Instant
from octane.kernel.statement import BillOriginal, BillSource
from octane.reconciliation.model import Source
from octane.wire.http import Response
from simulators.alipay.company import Alipay
from simulators.alipay.keys import alipay_secret
from simulators.billers.company import Billers
from simulators.bills.office import Bill, Office
from simulators.bills.rows import Heading
from simulators.issuer.company import Issuer
from simulators.keys import Keys, new_keys, wechat_secret
from simulators.misbehaviour import ANSWERING
from simulators.protocol import Call, Company
from simulators.texts import midnight
from simulators.unionpay.authority import unionpay_secret
from simulators.unionpay.company import UnionPay
from simulators.wechat.company import WeChat

HOST = "company.test"
URL = f"http://{HOST}"
READY_MS = 36 * 3_600_000


class FetchError(Exception):
    """No bill came where one had been laid out."""


class Clock:
    def __init__(self) -> None:
        self.at = Instant(0)

    def now(self) -> Instant:
        return self.at


class Nonces:
    """Each is another: some companies hear a call once."""

    def __init__(self) -> None:
        self._given = 0

    def token(self) -> str:
        self._given += 1
        return f"{self._given:032x}"


class Desk(Office):
    """Hands out what is laid on it."""

    laid = Bill(b"", b"", wrong_digest=False)

    def bill(self, heading: Heading, rows: object) -> Bill | None:
        return self.laid


class Line:
    """Carries a call to a company in this process."""

    def __init__(self, company: Company) -> None:
        self._company = company

    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout_s: float
    ) -> Response:
        named = {**{name.lower(): value for name, value in headers.items()}, "host": HOST}
        call = Call(method, url.removeprefix(URL), named, body or b"")
        subject = self._company.subject(call)
        if subject is None:
            return Response(404, {}, b"")
        faults = self._company.rules.take(subject.operation, subject.keys, ANSWERING)
        reply = self._company.handle(call, subject, faults)
        heads = {name.lower(): value for name, value in reply.headers.items()}
        return Response(reply.status, heads, reply.body)


@lru_cache(maxsize=1)
def made_keys(at: int) -> Keys:
    """A second's work, done once a process."""
    return new_keys(datetime.fromtimestamp(at // 1_000, UTC))


class Wires:
    """Everyone's bills, over the wire."""

    def __init__(self, today: date) -> None:
        self._clock = clock = Clock()
        clock.at = Instant(midnight(today))
        made = made_keys(clock.at)
        accounts = {source: account.merchant for source, account in ACCOUNTS.items()}
        keys = replace(
            made,
            mchid=accounts[Source.WECHAT],
            alipay=replace(made.alipay, seller_id=accounts[Source.ALIPAY]),
            unionpay=replace(made.unionpay, mer_id=accounts[Source.UNIONPAY]),
        )
        now, random = clock.now, Random(0)
        wechat, alipay = WeChat(keys, now, random), Alipay(keys, now, random)
        unionpay, issuer = UnionPay(keys, now, random), Issuer(keys, now, random)
        billers = Billers(keys.billers, now, random)
        self._desks = {source: Desk(account.form, now, random) for source, account in ACCOUNTS.items()}
        wechat.bills, alipay.bills = self._desks[Source.WECHAT], self._desks[Source.ALIPAY]
        unionpay.bills, issuer.bills = self._desks[Source.UNIONPAY], self._desks[Source.JUHE]
        billers.offices[Source.WATER] = self._desks[Source.WATER]
        wechat_config = WechatPayConfig.from_secret(wechat_secret(keys), URL, URL, URL)
        platform = PlatformKeys(wechat_config, Line(wechat), clock, Nonces())
        water = BillerConfig(Biller.WATER, keys.billers[Biller.WATER], URL)
        self.sources: dict[Source, BillSource] = {
            Source.WECHAT: WechatBills(wechat_config, Line(wechat), clock, Nonces(), platform),
            Source.ALIPAY: AlipayBills(
                AlipayConfig.from_secret(alipay_secret(keys.alipay, "key"), URL, URL), Line(alipay), clock
            ),
            Source.UNIONPAY: UnionPayBills(
                UnionPayConfig.from_secret(unionpay_secret(keys.unionpay), URL, URL, URL, URL),
                Line(unionpay),
                clock,
            ),
            Source.JUHE: JuheBills(JuheConfig(keys.issuer_openid, keys.issuer_key, URL), Line(issuer)),
            Source.WATER: open_biller(BillerLine(water, Line(billers), clock, Nonces())),
        }

    def fetch(self, source: Source, day: date, bill: Bill) -> BillOriginal:
        """Lay a bill out and fetch it; raises what the real client raises, or `FetchError`."""
        self._clock.at = Instant(midnight(day) + READY_MS)
        self._desks[source].laid = bill
        found = self.sources[source].fetch(day)
        if not isinstance(found, BillOriginal):
            raise FetchError(f"{source} {day}: {found}")
        return found
