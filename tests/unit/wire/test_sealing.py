"""Signatures, seals and certificates: a round trip, then one thing broken at a time."""

import multiprocessing

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from octane.wire.aead import SealBrokenError, seal, seal_field, unseal, unseal_field
from octane.wire.certificates import read_certificate
from octane.wire.rsa import KeyUnreadableError, load_private_key, load_public_key, sign, verify

KEY = b"k" * 32
NONCE = b"twelve-bytes"


@pytest.fixture(scope="module")
def pair() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def private_pem(key) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_pem(key) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def test_sign_and_verify(pair):
    signature = sign(load_private_key(private_pem(pair)), b"message")
    key = load_public_key(public_pem(pair))
    assert verify(key, b"message", signature)
    assert not verify(key, b"massage", signature)
    for broken in ("", "@", signature[:-4], signature + "\n", signature[::-1], "é"):
        assert not verify(key, b"message", broken)


def test_seal_and_unseal():
    ciphertext = seal(KEY, NONCE, b"about", b"text")
    assert unseal(KEY, NONCE, b"about", ciphertext) == b"text"


@pytest.mark.parametrize(
    ("key", "nonce", "about", "tail"),
    [
        (b"j" * 32, NONCE, b"about", ""),
        (b"short", NONCE, b"about", ""),
        (KEY, b"twelve-bytez", b"about", ""),
        (KEY, b"", b"about", ""),
        (KEY, NONCE * 2, b"about", ""),
        (KEY, NONCE, b"", ""),
        (KEY, NONCE, b"about", "AAAA"),
        (KEY, NONCE, b"about", "@"),
    ],
)
def test_a_broken_seal(key, nonce, about, tail):
    with pytest.raises(SealBrokenError):
        unseal(key, nonce, about, seal(KEY, NONCE, b"about", b"text") + tail)


def test_fields(pair):
    ciphertext = seal_field(load_public_key(public_pem(pair)), "张三")
    assert unseal_field(pair, ciphertext) == "张三"
    for broken in ("", "@", ciphertext[:-4]):
        with pytest.raises(SealBrokenError):
            unseal_field(pair, broken)


def test_what_is_no_rsa_key():
    other = ec.generate_private_key(ec.SECP256R1())
    for load, pem in (
        (load_private_key, private_pem(other)),
        (load_public_key, public_pem(other)),
        (load_private_key, "no pem"),
        (load_public_key, "no pem"),
        (read_certificate, "no pem"),
    ):
        with pytest.raises(KeyUnreadableError) as refused:
            load(pem)
        assert pem not in str(refused.value)


def test_certificates_are_not_paid_for_before_one_is_read():
    """A cold start that meets no certificate loads no X.509 code (50 ms)."""
    program = (
        "import sys, octane.channels.wechat_pay.client, octane.issuers.juhe.client\n"
        "sys.exit('cryptography.x509' in sys.modules)"
    )
    fresh = multiprocessing.get_context("spawn").Process(target=exec, args=(program,))
    fresh.start()
    fresh.join()
    assert fresh.exitcode == 0
