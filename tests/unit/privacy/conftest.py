import pytest
from unit.privacy.house import House


@pytest.fixture
def house() -> House:
    return House()
