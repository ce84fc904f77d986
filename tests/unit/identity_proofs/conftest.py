import pytest
from unit.identity_proofs.desk import Desk

from octane.kernel.caller import Caller


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def ann(desk: Desk) -> Caller:
    return desk.person()
