import pytest
from unit.bill_accounts.house import BillHouse


@pytest.fixture
def house() -> BillHouse:
    return BillHouse()
