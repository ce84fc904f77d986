"""What the drill's tests share."""

import pytest

from drill.days import FIRST_DAY
from drill.wires import Wires


@pytest.fixture(scope="session")
def wires() -> Wires:
    """The four companies, with keys that take a second to make."""
    return Wires(FIRST_DAY)
