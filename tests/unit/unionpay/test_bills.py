"""The clearing file: rows exactly as settled, and no file may unfold without end."""

import base64
import io
import zipfile
import zlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octane.channels.port import Unknown
from octane.channels.unionpay import bills
from octane.channels.unionpay.bills import (
    LENGTHS,
    PAY,
    RECORD_BYTES,
    REFUND,
    Bill,
    BillUnreadableError,
    NoFileYet,
    download,
    read_file,
    read_zm,
)
from octane.channels.unionpay.certificates import SignerCertificates
from octane.channels.unionpay.exchange import Exchange
from octane.kernel.clock import Instant
from octane.wire.http import NoAnswerError, NotSentError

DAY = date(2026, 11, 18)
QUERY_ID = "442611181906407846498"
SENT = "20261118190640"


def record(**cells):
    """One record; a cell is named `c<place>`."""
    texts = {
        "c0": "S22", "c3": "784649", "c4": "1118190700", "c5": "622155******0018", "c6": "000000010000",
        "c9": QUERY_ID, "c11": "OABCDEFGHIJKLMNOPQRSTUVWXYP01", "c15": "D000000000060",
        "c16": "C000000009940", "c30": "加油卡充值", **cells,
    }  # fmt: skip
    padded = [texts.get(f"c{place}", "").encode("gbk").ljust(length) for place, length in enumerate(LENGTHS)]
    return b" ".join(padded)


def packed(members):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, text in members.items():
            opened.writestr(name, text)
    return base64.b64encode(zlib.compress(archive.getvalue())).decode()


@pytest.fixture
def member(config):
    return f"INN261118{88}ZM_{config.mer_id}"


@pytest.fixture
def exchange(config, transport, clock):
    trusted = SignerCertificates(
        config.root_certificates, config.intermediate_certificates, config.signer_names, clock
    )
    return Exchange(config, transport, trusted)


def test_a_payment_row():
    [row] = read_zm(record() + b"\r\n", DAY)
    assert (row.code, row.order_id, row.query_id) == (PAY, "OABCDEFGHIJKLMNOPQRSTUVWXYP01", QUERY_ID)
    assert (row.amount, row.fee, row.settled) == (10_000, -60, 9_940)
    assert (row.traced_at, row.card) == (Instant(1_795_000_020_000), "622155******0018")
    assert row.original_query_id == ""


def test_a_refund_row():
    [row] = read_zm(
        record(c0="S30", c6="000000002500", c15="C000000000000", c16="D000000002500", c26=QUERY_ID), DAY
    )
    assert (row.code, row.amount, row.fee, row.settled) == (REFUND, 2_500, 0, -2_500)
    assert row.original_query_id == QUERY_ID


def test_a_query_number_may_begin_with_a_zero():
    told = "052401051658427862748"
    [row] = read_zm(record(c9=told, c26=told), DAY)
    assert (row.query_id, row.original_query_id) == (told, told)
    [row] = read_zm(record(c26="0" * 21), DAY)
    assert row.original_query_id == ""


def test_codes_we_do_not_know_are_told_and_blank_money_is_nothing():
    [row] = read_zm(record(c0="S99", c15="", c16=""), DAY)
    assert (row.code, row.fee, row.settled) == ("S99", 0, 0)


def test_records_stand_on_lines_of_either_kind():
    for ending in (b"\n", b"\r\n"):
        assert len(read_zm(ending.join([record()] * 3) + ending, DAY)) == 3
    assert read_zm(b"", DAY) == []


def test_new_years_eve_settles_in_january():
    [row] = read_zm(record(c4="1231235900"), date(2027, 1, 1))
    assert row.traced_at == Instant(1_798_732_740_000)


@given(st.integers(1, 999_999_999_999))
def test_amounts_are_exact(fen):
    [row] = read_zm(record(c6=f"{fen:012d}", c16=f"D{fen:012d}"), DAY)
    assert (row.amount, row.settled) == (fen, -fen)


@pytest.mark.parametrize(
    "line",
    [
        record()[:-1],
        record() + b" ",
        record().decode("gbk").encode("utf-8"),
        record(c6="00000001.000"),
        record(c6="-00000000001"),
        record(c6=""),
        record(c0=""),
        record(c9=""),
        record(c4="1332000000"),
        record(c15="E000000000060"),
        record(c16="C00000000994x"),
        record().replace(b"S22 ", b"S22x"),
    ],
    ids=lambda line: str(len(line)),
)
def test_a_record_with_one_thing_broken_names_its_line(line):
    with pytest.raises(BillUnreadableError, match="record 2"):
        read_zm(record() + b"\n" + line, DAY)


def test_a_file_of_one_day(config, member):
    content = packed({member: record() + b"\r\n" + record(), "readme.txt": b"not ours"})
    assert len(read_file(config, DAY, content)) == 2
    assert len(read_file(config, DAY, packed({member + ".txt": record()}))) == 1


@pytest.mark.parametrize(
    "name", ["INN26111988ZM_{}", "INN26111888ZM_777290000000000", "INN26111888ZME_{}", "other"]
)
def test_a_file_of_another_day_merchant_or_kind(config, name):
    with pytest.raises(BillUnreadableError):
        read_file(config, DAY, packed({name.format(config.mer_id): record()}))


def test_content_that_is_no_file(config, member):
    whole = base64.b64decode(packed({member: record()}))
    for content in (
        "",
        "not base64!",
        base64.b64encode(b"not deflated").decode(),
        base64.b64encode(zlib.compress(b"not a zip")).decode(),
        base64.b64encode(whole[:-7]).decode(),
        packed({}),
    ):
        with pytest.raises(BillUnreadableError):
            read_file(config, DAY, content)


def test_a_file_may_not_unfold_without_end(config, member, monkeypatch):
    content = packed({member: b" " * 2_000_000})
    assert len(content) < 10_000
    monkeypatch.setattr(bills, "MOST_TEXT", 1_000_000)
    with pytest.raises(BillUnreadableError, match="too large"):
        read_file(config, DAY, content)
    bomb = base64.b64encode(zlib.compress(b"\0" * 2_000_000)).decode()
    monkeypatch.setattr(bills, "MOST_ZIP", 1_000_000)
    with pytest.raises(BillUnreadableError, match="too large"):
        read_file(config, DAY, bomb)
    monkeypatch.setattr(bills, "MOST_MEMBERS", 2)
    with pytest.raises(BillUnreadableError, match="members"):
        read_file(config, DAY, packed({f"m{number}": b"" for number in range(3)}))


def test_a_download_asks_the_file_host(exchange, transport, platform, clock, member, keys):
    transport.answers = [
        platform.answer(txnTime=SENT, settleDate="1118", fileContent=packed({member: record()}))
    ]
    bill = download(exchange, clock, DAY)
    assert isinstance(bill, Bill)
    assert (bill.settle_day, len(bill.rows), RECORD_BYTES) == (DAY, 1, 607)
    assert transport.last.url == "https://files.test/"
    fields = transport.last.fields
    assert fields.pop("signature")
    assert fields == {
        "version": "5.1.0",
        "encoding": "UTF-8",
        "signMethod": "01",
        "certId": keys.merchant_cert_id,
        "merId": keys.mer_id,
        "txnType": "76",
        "txnSubType": "01",
        "bizType": "000000",
        "accessType": "0",
        "txnTime": "20261118190640",
        "settleDate": "1118",
        "fileType": "00",
    }


def test_a_day_without_a_file(exchange, transport, platform, clock):
    transport.answers = [platform.answer(txnTime=SENT, respCode="98")]
    assert download(exchange, clock, DAY) == NoFileYet()


def test_a_download_that_settles_nothing(exchange, transport, platform, clock, other_keys):
    forged = platform.message(private_key_pem=other_keys.signer_private_key_pem, txnTime=SENT, respCode="98")
    body = "&".join(f"{name}={value}" for name, value in forged.items()).encode()
    for answer in (
        NotSentError("no route"),
        NoAnswerError("too large"),
        platform.answer(txnTime=SENT, respCode="01"),
        platform.answer(txnTime=SENT, settleDate="1119", fileContent="x"),
        platform.answer(txnTime=SENT, respCode="98")._replace(body=body),
    ):
        transport.answers = [answer]
        assert isinstance(download(exchange, clock, DAY), Unknown)
