"""The examples of the interfaces' document are what goes over the wire, to the last bit of a signature."""

from pathlib import Path

import pytest
from unit.billers.town import ACCOUNTS, KEYS, Town

from octane.billers.form_biller import WORDS as FORM
from octane.billers.json_biller import WORDS as JSON
from octane.billers.names import Biller
from octane.billers.xml_biller import WORDS as XML

DOCUMENT = (Path(__file__).resolve().parents[3] / "infra/docs/billers.md").read_text()


class One:
    def token(self) -> str:
        return "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize("biller", [Biller.PARKING, Biller.WATER, Biller.GAS])
def test_an_example_is_what_is_sent(monkeypatch: pytest.MonkeyPatch, biller: Biller) -> None:
    monkeypatch.setitem(KEYS, biller.value, "example-key")
    town = Town()
    monkeypatch.setattr(town, "nonces", One())
    town.client(biller).owed(ACCOUNTS[biller])
    [call] = town.sent
    assert f"POST {call.target}" in DOCUMENT
    assert call.body.decode() in DOCUMENT
    signed = [value for name, value in call.headers.items() if name.startswith("biller-")]
    assert all(value in DOCUMENT for value in signed)
    assert len(signed) == {Biller.PARKING: 3, Biller.WATER: 1, Biller.GAS: 0}[biller]


def test_every_code_that_is_understood_is_in_the_table() -> None:
    rows = [line for line in DOCUMENT.splitlines() if line.startswith("| `")]
    for words in (XML, FORM):
        for code, word in words.codes.items():
            assert any(f"`{word}`" in row and f"`{code}`" in row for row in rows), code
    assert {word for words in (XML, FORM) for word in words.codes.values()} == set(JSON.codes)
