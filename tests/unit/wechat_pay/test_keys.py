"""Platform keys: rotation from our own table, download, validity."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from octane.channels.port import Trade, Unknown
from octane.channels.wechat_pay.keys import PlatformKeys, PlatformKeysUnavailableError
from octane.kernel.clock import Instant
from octane.kernel.errors import UnavailableError
from octane.wire.http import NoAnswerError, NotSentError, Response


def make_keys(config, transport, clock, load=None) -> PlatformKeys:
    class Nonces:
        def token(self) -> str:
            return "n" * 32

    return PlatformKeys(config, transport, clock, Nonces(), load)


def certificate(key: rsa.RSAPrivateKey, serial: int, start: datetime, end: datetime) -> str:
    name = x509.Name([])
    builder = x509.CertificateBuilder(name, name, key.public_key(), serial, start, end)
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()


YEAR = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture
def bare(config):
    """A merchant that was given neither certificates nor a public key."""
    return replace(config, platform_certificates=(), public_key_id="", public_key_pem="")


class Table:
    def __init__(self, rows) -> None:
        self.rows = rows
        self.reads = 0

    def __call__(self):
        self.reads += 1
        return self.rows


def test_the_table_is_read_for_an_unknown_serial_at_most_once_a_minute(bare, transport, clock, successor):
    table = Table({})
    keys = make_keys(bare, transport, clock, table)
    assert keys.verifier("77") is None
    assert keys.verifier("78") is None
    assert table.reads == 1
    table.rows = {"77": successor.public_pem()}
    clock.at += 59_999
    assert keys.verifier("77") is None
    clock.at += 1
    assert keys.verifier("77") is not None
    assert keys.verifier("77") is not None
    assert table.reads == 2


def test_a_known_serial_reads_nothing(config, transport, clock, platform, successor):
    table = Table({})
    keys = make_keys(config, transport, clock, table)
    assert keys.verifier(platform.serial) is not None
    assert keys.verifier(successor.serial) is not None
    assert table.reads == 0


def test_leading_zeros_and_case_of_a_serial_do_not_matter(config, transport, clock):
    keys = make_keys(config, transport, clock)
    assert keys.verifier("a5765756002fdd7") is not None
    assert keys.verifier("") is None


def test_a_certificate_verifies_only_while_it_is_valid(bare, transport, clock, platform):
    pem = certificate(platform.key, 0x77, *YEAR)
    keys = make_keys(bare, transport, clock, Table({"77": pem}))
    assert keys.verifier("77") is not None
    clock.at = 1_767_225_599_000
    assert keys.verifier("77") is None
    clock.at = 1_798_761_601_000
    assert keys.verifier("77") is None


def test_a_row_that_is_no_key_is_said_aloud(bare, transport, clock):
    keys = make_keys(bare, transport, clock, Table({"77": "-----BEGIN PUBLIC KEY-----"}))
    with pytest.raises(PlatformKeysUnavailableError):
        keys.verifier("77")


def test_keys_that_cannot_be_read_leave_a_sent_call_unknown(make_channel, config, transport, platform):
    broken = replace(config, platform_certificates=("-----BEGIN CERTIFICATE-----",))
    transport.answers = [platform.answer(204)]
    assert isinstance(make_channel(broken).close(Trade("O" * 29, Instant(0), Instant(0))), Unknown)


def test_a_table_that_is_down_is_passed_on(bare, transport, clock):
    def down():
        raise UnavailableError

    with pytest.raises(UnavailableError):
        make_keys(bare, transport, clock, down).verifier("77")


def listing(platform, pem, serial="77"):
    sealed = platform.sealed(pem.encode(), "certificate")
    return {"serial_no": serial, "effective_time": "x", "expire_time": "y", "encrypt_certificate": sealed}


def test_download_opens_verifies_and_holds(bare, transport, clock, platform):
    signer = replace(platform, serial="77")
    pem = certificate(platform.key, 0x77, *YEAR)
    transport.answers = [signer.answer(200, {"data": [listing(platform, pem)]})]
    keys = make_keys(bare, transport, clock)
    (found,) = keys.download()
    assert (transport.last.method, transport.last.url) == ("GET", "https://pay.test/v3/certificates")
    assert (found.serial, found.pem, found.public_key_pem) == ("77", pem, platform.public_pem())
    assert (found.effective_at, found.expires_at) == (1_767_225_600_000, 1_798_761_600_000)
    assert keys.verifier("77") is not None


def test_download_signed_by_a_key_that_is_held_already(config, transport, clock, platform, successor):
    pem = certificate(successor.key, 0x78, *YEAR)
    transport.answers = [platform.answer(200, {"data": [listing(platform, pem, "78")]})]
    keys = make_keys(config, transport, clock)
    assert [found.serial for found in keys.download()] == ["78"]


@pytest.mark.parametrize("fault", [NoAnswerError("x"), NotSentError("x")])
def test_download_without_an_answer(config, transport, clock, fault):
    transport.answers = [fault]
    with pytest.raises(PlatformKeysUnavailableError):
        make_keys(config, transport, clock).download()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda fields: {"data": []},
        lambda fields: {"code": "SIGN_ERROR"},
        lambda fields: {"data": [{**fields["data"][0], "serial_no": "79"}]},
        lambda fields: {"data": [{**fields["data"][0], "encrypt_certificate": {}}]},
        lambda fields: {"data": [{"serial_no": "77", "encrypt_certificate": "x"}]},
    ],
)
def test_download_of_something_else(bare, transport, clock, platform, spoil):
    fields = {"data": [listing(platform, certificate(platform.key, 0x77, *YEAR))]}
    transport.answers = [replace(platform, serial="77").answer(200, spoil(fields))]
    keys = make_keys(bare, transport, clock)
    with pytest.raises(PlatformKeysUnavailableError):
        keys.download()
    assert keys.verifier("77") is None


def test_download_whose_answer_does_not_verify(bare, transport, clock, platform, successor):
    pem = certificate(platform.key, 0x77, *YEAR)
    content = json.dumps({"data": [listing(platform, pem)]}).encode()
    headers = {**successor.headers(content), "wechatpay-serial": "77"}
    transport.answers = [Response(200, headers, content)]
    keys = make_keys(bare, transport, clock)
    with pytest.raises(PlatformKeysUnavailableError):
        keys.download()
    assert keys.verifier("77") is None
