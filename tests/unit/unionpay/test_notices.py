"""Callbacks: each starts from a message that verifies, and one thing is broken at a time."""

from urllib.parse import parse_qsl, quote, urlencode

import pytest

from octane.channels.port import (
    NoticeForeignError,
    NoticeRefusedError,
    NoticeSignatureError,
    NoticeUnreadableError,
    PaymentProof,
    RefundReport,
    RefundState,
)
from octane.kernel.clock import Instant

NO = "OABCDEFGHIJKLMNOPQRSTUVWXYP01"
REFUND_NO = "OABCDEFGHIJKLMNOPQRSTUVWXYF01"
QUERY_ID = "442611181906407846498"


@pytest.fixture
def read(channel):
    return lambda body: channel.read_payment_notice({}, body)


@pytest.fixture
def read_back(channel):
    return lambda body: channel.read_refund_notice({}, body)


def test_a_payment_notice_is_proof(read, platform):
    assert read(platform.payment_notice()) == PaymentProof(
        NO, QUERY_ID, 10_000, Instant(1_795_000_020_000), "622155******0018", "notice", QUERY_ID
    )


def test_every_delivery_of_a_notice_reads_the_same(read, platform):
    """The nonce is UnionPay's own number, so that a repetition is seen as one however it was signed."""
    assert read(platform.payment_notice()) == read(platform.payment_notice(respMsg="again"))


def test_lower_case_utf8_is_the_same_charset(read, platform):
    assert read(platform.payment_notice(encoding="utf-8"))


def test_a_notice_of_another_amount_is_told_as_it_is(read, platform):
    assert read(platform.payment_notice(txnAmt="9999")).amount == 9_999


@pytest.mark.parametrize("code", ["01", "03", "05", "42", "64", "99"])
def test_a_payment_that_did_not_succeed_is_no_proof(read, platform, code):
    assert read(platform.payment_notice(respCode=code)) is None


@pytest.mark.parametrize("txn_type", ["04", "31"])
@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("00", RefundState.SUCCEEDED),
        ("05", RefundState.PROCESSING),
        ("01", RefundState.CLOSED),
    ],
)
def test_a_refund_notice(read_back, platform, txn_type, code, state):
    report = read_back(platform.refund_notice(txnType=txn_type, respCode=code))
    finished = Instant(1_795_000_020_000) if state is RefundState.SUCCEEDED else None
    assert report == RefundReport(REFUND_NO, NO, state, 2_500, QUERY_ID, finished, "notice")


def test_a_refund_notice_whose_code_settles_nothing(read_back, platform):
    assert read_back(platform.refund_notice(respCode="42")) is None


def test_each_desk_reads_its_own_kind(read, read_back, platform):
    with pytest.raises(NoticeForeignError):
        read(platform.refund_notice())
    with pytest.raises(NoticeForeignError):
        read_back(platform.payment_notice())
    for txn_type in ("00", "76", "02", ""):
        with pytest.raises(NoticeRefusedError):
            read(platform.payment_notice(txnType=txn_type))


ANSWERS = {
    "a tn was issued": {"tn": "61880"},
    "a query was understood, the trade is in progress": {"origRespCode": "05"},
    "a query of a success": {"origRespCode": "00"},
    "an empty tn": {"tn": ""},
    "nothing was carried out": {"traceNo": None},
    "no trace time": {"traceTime": None},
    "no number": {"queryId": None},
    "no code": {"respCode": None},
}


@pytest.mark.parametrize("fields", ANSWERS.values(), ids=ANSWERS)
def test_an_answer_to_our_own_call_never_passes_for_a_notice(read, platform, fields):
    with pytest.raises(NoticeUnreadableError):
        read(platform.payment_notice(**fields))


def test_an_accepted_refund_never_passes_for_a_finished_one(read_back, platform):
    with pytest.raises(NoticeUnreadableError):
        read_back(platform.refund_notice(traceNo=None, traceTime=None))


def fields_of(body):
    return dict(parse_qsl(body.decode(), keep_blank_values=True))


def form(fields):
    return urlencode(fields).encode()


def test_a_flipped_signature(read, platform):
    fields = fields_of(platform.payment_notice())
    first = "A" if fields["signature"][0] != "A" else "B"
    for signature in (first + fields["signature"][1:], "", "not base64", fields["signature"] + "\n"):
        with pytest.raises(NoticeSignatureError):
            read(form({**fields, "signature": signature}))


@pytest.mark.parametrize("name", ["orderId", "txnAmt", "merId", "queryId", "respCode", "settleDate"])
def test_a_changed_field(read, platform, name):
    fields = fields_of(platform.payment_notice())
    with pytest.raises(NoticeSignatureError):
        read(form({**fields, name: fields[name] + "1"}))


def test_an_added_and_a_removed_field(read, platform):
    fields = fields_of(platform.payment_notice())
    with pytest.raises(NoticeSignatureError):
        read(form({**fields, "subMerId": "1"}))
    with pytest.raises(NoticeSignatureError):
        read(form({name: value for name, value in fields.items() if name != "accNo"}))


def test_another_key_and_another_authority(read, platform, other_keys):
    with pytest.raises(NoticeSignatureError):
        read(platform.payment_notice(private_key_pem=other_keys.signer_private_key_pem))
    with pytest.raises(NoticeSignatureError):
        read(
            platform.payment_notice(
                private_key_pem=other_keys.signer_private_key_pem, signPubKeyCert=other_keys.signer_pem
            )
        )


def test_another_merchant(read, platform):
    for number in ("777290000000000", "", None):
        with pytest.raises(NoticeForeignError):
            read(platform.payment_notice(merId=number))


def test_a_sub_merchant_is_ours_or_foreign(read, platform, keys):
    assert read(platform.payment_notice(subMerId=keys.sub_mer_id))
    with pytest.raises(NoticeForeignError):
        read(platform.payment_notice(subMerId="898310012345678"))


@pytest.mark.parametrize("wrong", [{"version": "5.0.0"}, {"signMethod": "11"}, {"version": None}], ids=str)
def test_another_protocol(read, platform, wrong):
    with pytest.raises(NoticeSignatureError):
        read(platform.payment_notice(**wrong))


@pytest.mark.parametrize(
    "wrong",
    [
        {"txnAmt": "0"},
        {"txnAmt": "-100"},
        {"txnAmt": "100.0"},
        {"txnAmt": " 100"},
        {"txnAmt": "1e3"},
        {"txnAmt": "9" * 20},
        {"txnAmt": None},
        {"orderId": None},
        {"txnTime": "2026-11-18"},
        {"txnTime": None},
    ],
    ids=str,
)
def test_values_that_cannot_be_read(read, platform, wrong):
    with pytest.raises(NoticeUnreadableError):
        read(platform.payment_notice(**wrong))


def test_another_currency(read, platform):
    with pytest.raises(NoticeForeignError):
        read(platform.payment_notice(currencyCode="840"))


def test_a_field_that_comes_twice(read, platform):
    body = platform.payment_notice()
    for again in (b"&txnAmt=1", b"&txnAmt=10000", b"&signature=x"):
        with pytest.raises(NoticeUnreadableError):
            read(body + again)


def test_a_form_decoded_twice_or_not_at_all(read, platform):
    body = platform.payment_notice()
    with pytest.raises(NoticeRefusedError):
        read(quote(body.decode(), safe="=&").encode())
    plain = "&".join(f"{name}={value}" for name, value in parse_qsl(body.decode()))
    with pytest.raises(NoticeRefusedError):
        read(plain.encode())


def test_plus_signs_must_be_escaped_as_a_form_has_it(read, platform):
    """A `+` that arrives bare is a blank, and a base64 value with blanks does not verify."""
    body = platform.payment_notice()
    assert b"%2B" in body
    with pytest.raises(NoticeSignatureError):
        read(body.replace(b"%2B", b"+"))


def test_charsets(read, platform):
    fields = platform.message(**fields_of(platform.payment_notice(respMsg="成功")) | {"signature": None})
    assert read(form({**fields}))
    mixed = urlencode(fields, encoding="gbk").encode()
    with pytest.raises(NoticeUnreadableError):
        read(mixed)
    with pytest.raises(NoticeUnreadableError):
        read(platform.payment_notice(encoding="GBK"))
    with pytest.raises(NoticeUnreadableError):
        read(form(fields).replace(quote("成功").encode(), "成功".encode()))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"<xml/>",
        b"&&&",
        b"=&=",
        b"a=1",
        b"a=%ff%fe",
        b"\x00\x01\xff",
        b"a=" + b"x" * 70_000,
        b"&".join(b"f%d=1" % number for number in range(500)),
    ],
    ids=lambda body: str(body[:12]),
)
def test_nonsense(read, read_back, body):
    for reader in (read, read_back):
        with pytest.raises(NoticeRefusedError):
            reader(body)
