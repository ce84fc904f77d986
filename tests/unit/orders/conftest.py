import pytest
from unit.orders.house import House


@pytest.fixture
def house() -> House:
    return House()
