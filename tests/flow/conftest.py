"""One world of simulators for each worker; for each test a shop with empty tables and empty books."""

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import pytest

from flow.customers import Customer, new_customer, new_staff
from flow.notices import AlipayForger, Forger, UnionPayForger
from octane import wiring
from octane.api.telemetry import logger
from octane.kernel.caller import Role
from octane.reconciliation.model import TRANSIT_MINUTES
from simulators.client import World, running
from simulators.keys import load_keys
from simulators.server import Options
from world.inbox import opened_inbox
from world.shop import SINOPEC_CARD, Shop

QUICK_MS = 20
"""How long the simulators' refunds and recharges take."""
MODULES: dict[str, ModuleType] = {}
"""The handlers are loaded once; what they use they take from the wiring of the moment."""

OpenShop = Callable[..., Shop]


@pytest.fixture(scope="session")
def world_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("world")


@pytest.fixture(scope="session")
def town(world_dir: Path) -> Iterator[World]:
    with running(Options(state_dir=world_dir)) as world:
        yield world


@pytest.fixture
def open_shop(town: World, log: "Log") -> Iterator[OpenShop]:
    """Open a shop with settings of its own, `open_shop(OCTANE_ORDERS_PER_HOUR="2")`; all books are empty."""
    with ExitStack() as closing:
        # days are closed before they are over, at whatever hour: nothing of them is in transit
        closing.enter_context(patch.dict(TRANSIT_MINUTES, dict.fromkeys(TRANSIT_MINUTES, 0)))

        def opened(**settings: str) -> Shop:
            inbox = closing.enter_context(opened_inbox())
            for company in (town.wechat, town.alipay, town.unionpay, town.issuer, town.billers, town.bank):
                company.post("/reset")
                company.post("/time", factor=1)
            for company in (town.prices, town.maps, town.erp):
                company.post("/reset")
            town.wechat.post("/settings", refund_ms=QUICK_MS, signing="certificate")
            town.unionpay.post("/settings", refund_ms=QUICK_MS)
            issuer_url = f"{inbox.url}/api/v1/callbacks/issuers/juhe"
            town.issuer.post("/settings", recharge_ms=QUICK_MS, callback_url=issuer_url)
            billers_url = f"{inbox.url}/api/v1/callbacks/billers"
            town.billers.post("/settings", settle_ms=QUICK_MS, callback_url=billers_url)
            shop = Shop(town, inbox, settings)
            shop._modules = MODULES
            closing.callback(wiring.use, None)
            log.must_never_hold(_secrets(shop.secrets))
            return shop

        yield opened


@pytest.fixture
def shop(open_shop: OpenShop) -> Shop:
    return open_shop()


@pytest.fixture
def ann(shop: Shop) -> Customer:
    """A customer with a bound phone and a Sinopec card."""
    return new_customer(shop)


@pytest.fixture
def operator(shop: Shop) -> Customer:
    """Staff who may grant refunds and set the routes."""
    return new_staff(shop, Role.OPERATOR)


@pytest.fixture
def forger(shop: Shop, world_dir: Path) -> Forger:
    """Writes notices that WeChat Pay's own keys sign, whatever they say."""
    return Forger(load_keys(world_dir / "keys.json"), shop.inbox.url)


@pytest.fixture
def alipay(world_dir: Path) -> AlipayForger:
    """Writes notices that Alipay's own key signs."""
    return AlipayForger(load_keys(world_dir / "keys.json"))


@pytest.fixture
def unionpay(world_dir: Path) -> UnionPayForger:
    """Writes notices that UnionPay's own key signs."""
    return UnionPayForger(load_keys(world_dir / "keys.json"))


@dataclass
class Log:
    """What the handlers logged during the test, as the lines that leave the function."""

    lines: list[str] = field(default_factory=list)
    forbidden: set[str] = field(default_factory=set)
    crash_expected: bool = False

    def must_never_hold(self, words: set[str]) -> None:
        self.forbidden |= words

    def check(self) -> None:
        for line in self.lines:
            assert self.crash_expected or "Traceback" not in line, line
            for word in self.forbidden:
                assert word not in line, f"{word!r} leaked: {line}"


@pytest.fixture(autouse=True)
def log() -> Iterator[Log]:
    """Every test of the flow also proves that no secret, card number or phone number reaches the log."""
    with kept_log() as kept:
        yield kept


@contextmanager
def kept_log() -> Iterator[Log]:
    """Keep what is logged, and check it in the end."""
    kept = Log(forbidden={SINOPEC_CARD, "13800138000"})

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            kept.lines.append(self.format(record))

    keeper = Keeper()
    keeper.setFormatter(logger().registered_formatter)
    logger().addHandler(keeper)
    try:
        yield kept
    finally:
        logger().handlers.remove(keeper)
    kept.check()


def _secrets(given: dict[str, Any]) -> set[str]:
    wechat, issuer, tokens = given["WECHAT"], given["ISSUER"], given["TOKENS"]
    return {
        given["ALIPAY"]["private_key_pem"].splitlines()[1],
        given["UNIONPAY"]["private_key_pem"].splitlines()[1],
        wechat["app_secret"],
        wechat["api_v3_key"],
        wechat["private_key_pem"].splitlines()[1],
        issuer["key"],
        issuer["openid"],
        tokens["private_jwk"]["d"],
        tokens["pepper"],
    }
