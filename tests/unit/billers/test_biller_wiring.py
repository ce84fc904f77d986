"""Which billers are set up: those with a key, where there is an address (FU2)."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from unit.billers.town import KEYS

from octane.billers.config import BillerUnavailableError
from octane.billers.names import Biller
from octane.reconciliation.model import BILLERS, COLLECTED, Source
from octane.wire.breaker import FAILURES
from octane.wire.http import HttpTransport, NoAnswerError, Response
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


def test_a_slow_biller_silences_no_other_at_the_same_address(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def exchange(_self: HttpTransport, _method: str, url: str, *_more: object) -> Response:
        asked.append(urlsplit(url).path.split("/")[1])
        raise NoAnswerError("ReadTimeoutError")

    monkeypatch.setattr(HttpTransport, "_exchange", exchange)
    wiring = Made(ALL)
    for _ in range(2 * FAILURES):
        wiring.biller_of(Biller.GAS).owed("1234567890")
    wiring.biller_of(Biller.WATER).owed("1234567890")
    assert asked == ["gas"] * FAILURES + ["water"]


def test_a_biller_without_an_entry_is_not_set_up_and_the_others_are() -> None:
    wiring = Made({name: entry for name, entry in ALL.items() if name != "GAS"})
    with pytest.raises(BillerUnavailableError) as refused:
        wiring.biller_of(Biller.GAS)
    assert (refused.value.code, refused.value.status) == ("BILLER_UNAVAILABLE", 503)
    assert wiring.biller_of(Biller.WATER)
    assert Biller.GAS not in wiring.billers
    assert wiring.collected == tuple(source for source in COLLECTED if source is not Source.GAS)


@pytest.mark.parametrize("held", [{}, {"key": ""}, {"Key": "x"}, {"key": 7}, "key"], ids=str)
def test_an_entry_without_a_key_is_a_mistake(held: object) -> None:
    """It keeps days from being opened without the biller; the others' bills are paid all the same."""
    wiring = Made({**ALL, "GAS": held})
    for needs_gas in (lambda: wiring.biller_of(Biller.GAS), lambda: wiring.collected):
        with pytest.raises(BillerUnavailableError):
            needs_gas()
    assert wiring.biller_of(Biller.WATER)


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
