import pytest
from unit.prices.house import House


@pytest.fixture
def house() -> House:
    return House()
