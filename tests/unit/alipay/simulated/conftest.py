"""The simulated Alipay and Octane's client in one process, in key mode and in certificate mode."""

from random import SystemRandom
from typing import Any

import pytest
from unit.alipay.simulated.desk import BASE, KEYS, Clock, InProcess

from octane.channels.alipay.client import Alipay
from octane.channels.alipay.config import AlipayConfig
from simulators.alipay.company import Alipay as Company
from simulators.alipay.keys import alipay_secret


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def company(clock: Clock) -> Company:
    return Company(KEYS, clock, SystemRandom())


@pytest.fixture
def transport(company: Company) -> InProcess:
    return InProcess(company)


@pytest.fixture(params=["key", "certificate"])
def config(request: Any) -> AlipayConfig:
    return AlipayConfig.from_secret(alipay_secret(KEYS.alipay, request.param), BASE, "http://127.0.0.1/n")


@pytest.fixture
def channel(config: AlipayConfig, transport: InProcess, clock: Clock) -> Alipay:
    return Alipay(config, transport, clock)
