"""Which billers are set up: those with a key, where there is an address (FU2)."""

from typing import Any

import pytest
from unit.billers.town import KEYS

from octane.billers.config import BillerUnavailableError
from octane.billers.names import Biller
from octane.reconciliation.model import BILLERS, COLLECTED, Source
from octane.wiring import Wiring


class Made(Wiring):
    """With a secret in hand; `asked` counts how often it was read."""

    def __init__(self, secret: dict[str, Any], url: str = "http://billers.test") -> None:
        super().__init__({"OCTANE_BILLERS_URL": url})
        self._kept = secret
        self.asked = 0

    def _secret(self, name: str) -> dict[str, Any]:
        assert name == "BILLERS"
        self.asked += 1
        return self._kept


ALL = {name: {"key": key} for name, key in KEYS.items()}


def test_a_biller_is_made_once_and_the_secret_is_read_once() -> None:
    wiring = Made(ALL)
    assert wiring.biller_of(Biller.GAS) is wiring.biller_of(Biller.GAS)
    assert wiring.biller_of(Biller.WATER) is not wiring.biller_of(Biller.GAS)
    assert wiring.asked == 1


@pytest.mark.parametrize("held", [None, {}, {"key": ""}, {"key": 7}, "key"], ids=str)
def test_a_biller_without_a_key_is_not_set_up_and_the_others_are(held: object) -> None:
    wiring = Made({**ALL, "GAS": held})
    with pytest.raises(BillerUnavailableError) as refused:
        wiring.biller_of(Biller.GAS)
    assert (refused.value.code, refused.value.status) == ("BILLER_UNAVAILABLE", 503)
    assert wiring.biller_of(Biller.WATER)
    assert Biller.GAS not in wiring.billers
    assert wiring.collected == tuple(source for source in COLLECTED if source is not Source.GAS)


def test_without_an_address_no_secret_is_read() -> None:
    wiring = Made(ALL, url="")
    assert wiring.billers == ()
    assert set(wiring.collected) == set(COLLECTED) - set(BILLERS)
    with pytest.raises(BillerUnavailableError):
        wiring.biller_of(Biller.PARKING)
    assert wiring.asked == 0


def test_each_biller_is_a_source_of_the_same_name() -> None:
    assert [source.value for source in BILLERS] == [biller.value for biller in Biller]
    assert all(Made(ALL).bills_of(source).merchant == "" for source in BILLERS)
