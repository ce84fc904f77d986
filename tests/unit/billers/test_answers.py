"""Answers are read exactly or not at all; hostile documents are not read (FU2, GW7)."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.billers.town import ACCOUNTS, Town, owed_at

from octane.billers import form_biller, json_biller, xml_biller
from octane.billers.answers import MOST_BILLS, MOST_TIERS, read_owed, read_payment
from octane.billers.dialect import Words, beijing, yuan
from octane.billers.names import Biller
from octane.billers.port import Owed, Tier
from octane.billers.xml_documents import MOST_BYTES, XmlRefusedError, read_document, write_document
from octane.kernel.fulfilment import FulfilmentState, FulfilmentUnknown
from octane.kernel.money import Fen
from octane.wire.http import Response
from simulators.billers import books as simulated
from simulators.billers.desks import Style

JSON, XML, FORM = json_biller.WORDS, xml_biller.WORDS, form_biller.WORDS


@pytest.mark.parametrize(
    "text", ["0.005", "1e2", "-1.00", "+1", " 1", "1,000.00", "１.00", "", "NaN", 1, 1.5, None, True]
)
def test_yuan_is_exact_or_nothing(text: object) -> None:
    with pytest.raises(ValueError):
        yuan(text)


@pytest.mark.parametrize("value", [1.0, "1", -1, True, None, 10**14])
def test_fen_is_whole_or_nothing(value: object) -> None:
    with pytest.raises(ValueError):
        JSON.fen(value)


@given(amount=st.integers(0, 10**12))
def test_an_amount_survives_every_protocol(amount: int) -> None:
    for words in (JSON, XML, FORM):
        written = words.write_fen(Fen(amount))
        assert words.fen(written) == amount


@pytest.mark.parametrize("text", ["2026-02-30 00:00:00", "2026-11-18T00:00:00", "", None, 5])
def test_a_moment_that_is_none(text: object) -> None:
    with pytest.raises(ValueError):
        beijing(text)


def bill(words: Words, **changes: object) -> dict[str, object]:
    amount = words.write_fen
    fields: dict[str, object] = {
        "bill_no": "E202611-1",
        "owed": amount(Fen(10_000)),
        "period": "2026-11",
        "due_on": "2026-12-31",
        "partial": {id(JSON): True, id(XML): "true", id(FORM): "Y"}[id(words)],
        "minimum": amount(Fen(1_000)),
        "late_fee": amount(Fen(0)),
        "unit": "kWh",
        "tiers": [
            {"up_to": "240", "used": "204.8", "unit_price": "0.4883", "amount": amount(Fen(10_000))},
        ],
    }
    return {name: value for name, value in {**fields, **changes}.items() if value is not ...}


every_protocol = pytest.mark.parametrize("words", [JSON, XML, FORM], ids=["json", "xml", "form"])


@every_protocol
def test_a_bill_is_read(words: Words) -> None:
    [found] = read_owed({"holder": "王**", "bills": [bill(words)]}, words).bills
    assert (found.owed, found.partial, found.minimum, found.due_on) == (
        10_000,
        True,
        1_000,
        date(2026, 12, 31),
    )
    assert found.tiers == (Tier("240", "204.8", "0.4883", Fen(10_000)),)


@every_protocol
def test_a_bill_may_leave_out_what_it_does_not_have(words: Words) -> None:
    plain = bill(words, due_on=..., minimum=..., late_fee=..., unit=..., tiers=...)
    [found] = read_owed({"holder": "王**", "bills": [plain]}, words).bills
    assert (found.due_on, found.minimum, found.late_fee, found.unit, found.tiers) == (None, 1, 0, "", ())


@every_protocol
@pytest.mark.parametrize(
    "changes",
    [
        {"bill_no": ""},
        {"bill_no": "a b"},
        {"bill_no": "x" * 33},
        {"bill_no": 7},
        {"owed": ...},
        {"owed": "abc"},
        {"owed": 0},
        {"owed": "0.00"},
        {"period": "soon"},
        {"due_on": "31.12.2026"},
        {"partial": "perhaps"},
        {"partial": ...},
        {"minimum": "100.01"},
        {"minimum": 10_001},
        {"late_fee": "100.01"},
        {"late_fee": 10_001},
        {"unit": "kWh/<b>"},
        {"tiers": "many"},
        {"tiers": ["one"]},
        {"tiers": [{"up_to": "", "used": "1", "unit_price": "x", "amount": 1}]},
        {"tiers": [{"up_to": "1e9", "used": "1", "unit_price": "1", "amount": 1}]},
    ],
    ids=str,
)
def test_a_bill_with_one_thing_wrong_is_not_read(words: Words, changes: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        read_owed({"holder": "王**", "bills": [bill(words, **changes)]}, words)


@every_protocol
def test_bills_that_are_too_many_or_the_same(words: Words) -> None:
    for bills in ([bill(words), bill(words)], [bill(words, bill_no=f"E-{n}") for n in range(101)], "none"):
        with pytest.raises(ValueError):
            read_owed({"holder": "王**", "bills": bills}, words)


@pytest.mark.parametrize("told", ["王**", "王小明", "王小明*"])
def test_a_holder_is_masked_by_us(told: str) -> None:
    assert read_owed({"holder": told}, JSON) == Owed("王**", ())


@pytest.mark.parametrize("biller", list(Biller))
def test_as_many_bills_and_tiers_as_are_promised_are_read(biller: Biller) -> None:
    """Through the whole protocol: the largest answer is neither too long nor of too many fields."""
    # Given
    town, account_no = Town(), ACCOUNTS[biller]
    account = town.company.payments.account(biller.value, account_no)
    tier = simulated.Tier("240.000000", "240.000000", "0.488300", 11_719)
    account.bills = {
        number: simulated.Bill(
            *(number, 117_190, "2026-11", "2027-01-01", True, 100, 50, "kWh"), tiers=[tier] * MOST_TIERS
        )
        for number in (f"W202611-{count:024d}" for count in range(MOST_BILLS))
    }
    # When
    found = town.client(biller).owed(account_no)
    # Then
    assert isinstance(found, Owed)
    assert sum(len(bill.tiers) for bill in found.bills) == MOST_BILLS * MOST_TIERS


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "DONE"},
        {"state": None},
        {"state": "REFUSED", "refusal": 7},
        {"state": "PAID", "finished_at": None},
        {"state": "PAID", "finished_at": "yesterday"},
        {"state": "PAID", "payment_no": ""},
        {"payment_no": "<b>"},
        {"order_no": "short"},
    ],
    ids=str,
)
def test_a_payment_with_one_thing_wrong_is_not_read(changes: dict[str, object]) -> None:
    told: dict[str, object] = {
        "order_no": "O" * 20,
        "state": "RUNNING",
        "payment_no": "E1",
        "finished_at": "2026-11-18T10:00:00+08:00",
    }
    assert read_payment(told, JSON, "query").state is FulfilmentState.RUNNING
    with pytest.raises(ValueError):
        read_payment({**told, **changes}, JSON, "query")


# ---- documents


HOSTILE = {
    "entity bomb": b'<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><r><x>&b;</x></r>',
    "foreign file": b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r><x>&x;</x></r>',
    "foreign types": b'<!DOCTYPE r SYSTEM "http://example.test/r.dtd"><r/>',
    "types": b"<!DOCTYPE r [<!ELEMENT r ANY>]><r/>",
    "unknown entity": b"<r><x>&x;</x></r>",
    "comment": b"<r><!-- x --></r>",
    "instruction": b"<r><?php x ?></r>",
    "cdata": b"<r><x><![CDATA[1]]></x></r>",
    "attribute": b'<r><x a="1">1</x></r>',
    "element twice": b"<r><x>1</x><x>2</x></r>",
    "text between": b"<r>1<x>1</x></r>",
    "another member": b"<r><bills><tier/></bills></r>",
    "text in a list": b"<r><bills>1</bills></r>",
    "another root": b"<q/>",
    "two roots": b"<r/><r/>",
    "deep": b"<r>" + b"<x>" * 50 + b"</x>" * 50 + b"</r>",
    "many": b"<r><bills>" + b"<bill></bill>" * 8_000 + b"</bills></r>",
    "large": b"<r><x>" + b"1" * MOST_BYTES + b"</x></r>",
    "cut": b"<r><x>1</x>",
    "not UTF-8": b"<r><x>\xff</x></r>",
    "another encoding": '<?xml version="1.0" encoding="UTF-16"?><r/>'.encode("utf-16"),
    "empty": b"",
}


@pytest.mark.parametrize("document", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_document_that_is_more_than_elements_and_text_is_not_read(document: bytes) -> None:
    with pytest.raises(XmlRefusedError):
        read_document("r", document)


TEXTS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), min_size=1, max_size=12
).filter(lambda text: text.strip() != "")


@given(text=TEXTS, bills=st.lists(st.fixed_dictionaries({"no": TEXTS}), max_size=4))
@settings(max_examples=50)
def test_what_is_written_is_read(text: str, bills: list[dict[str, str]]) -> None:
    fields = {"head": {"code": text}, "body": {"bills": bills, "holder": text}}
    assert read_document("r", write_document("r", fields)) == fields


# ---- an answer with one thing changed, signed again by the biller's own key


@pytest.mark.parametrize("biller", list(Biller))
@pytest.mark.parametrize("field", ["account_no", "bill_no", "owed", "partial", "period"])
def test_an_answer_of_the_right_key_with_a_wrong_field_is_unknown(
    monkeypatch: pytest.MonkeyPatch, biller: Biller, field: str
) -> None:
    # Given a biller that itself tells one field wrongly: the signature is right
    town = Town()
    client, account_no, honest = town.client(biller), ACCOUNTS[biller], Style.written
    assert owed_at(client, account_no).bills

    def written(style: Style, told: dict[str, Any]) -> dict[str, Any]:
        found = honest(style, told)
        return {**found, field: "~"} if field in found else found

    monkeypatch.setattr(Style, "written", written)
    # When it is asked, Then nothing is known
    assert isinstance(client.owed(account_no), FulfilmentUnknown)


def test_a_form_with_a_field_twice_or_two_in_one_is_unknown() -> None:
    town = Town()
    client, account_no = town.client(Biller.GAS), ACCOUNTS[Biller.GAS]
    for change in (lambda body: body + b"&code=0", lambda body: body.replace(b"&code=0", b"%26code%3D0", 1)):

        def altered(answer: Response, change: Callable[[bytes], bytes] = change) -> Response:
            assert change(answer.body) != answer.body
            return answer._replace(body=change(answer.body))

        town.on_the_way = altered
        assert isinstance(client.owed(account_no), FulfilmentUnknown)
