"""RFC 3161: the client against `openssl ts`, which also judges what the client asks and keeps."""

import subprocess
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from random import Random, SystemRandom

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID
from unit.outside.carrier import BASE, Carrier, Clock, Said, Unplugged

from octane.wire.timestamp_der import request_of
from octane.wire.timestamp_tokens import TimestampInvalidError, may_stamp, read_answer
from octane.wire.timestamps import HttpTimestamps, TimestampConfig, TimestampUnavailableError
from simulators.tsa.company import REJECTION, Tsa
from simulators.tsa.keys import new_tsa_keys
from simulators.tsa.openssl import timestamp
from world.engines import CountedNonces

NOW = datetime.now(UTC)
KEYS = new_tsa_keys(NOW)
DIGEST = sha256(b"all heads of this hour").digest()
URL = f"{BASE}/tsa"


@pytest.fixture
def company() -> Tsa:
    return Tsa(KEYS, Clock(int(NOW.timestamp() * 1_000)), SystemRandom())


@pytest.fixture
def wire(company: Tsa) -> Carrier:
    return Carrier(company)


def authority_on(wire, issuers: tuple[str, ...] = (KEYS.root_pem,)) -> HttpTimestamps:
    return HttpTimestamps(TimestampConfig(URL, issuers), wire, CountedNonces())


@pytest.fixture
def authority(wire: Carrier) -> HttpTimestamps:
    return authority_on(wire)


@pytest.fixture(scope="module")
def answer() -> bytes:
    return timestamp(KEYS, request_of(DIGEST, 7), 41)


def roots(*pems: str) -> list[x509.Certificate]:
    return [x509.load_pem_x509_certificate(pem.encode()) for pem in pems or (KEYS.root_pem,)]


def test_openssl_verifies_what_is_kept(authority, wire, tmp_path: Path):
    # When a digest is stamped
    kept = authority.stamp(DIGEST)
    # Then OpenSSL agrees, by our request and by the digest alone
    (tmp_path / "kept.tsr").write_bytes(kept)
    (tmp_path / "asked.tsq").write_bytes(wire.calls[0].body)
    (tmp_path / "root.pem").write_text(authority.certificates[0])
    for about in (["-queryfile", "asked.tsq"], ["-digest", DIGEST.hex()]):
        command = ["openssl", "ts", "-verify", "-in", "kept.tsr", "-CAfile", "root.pem", *about]
        said = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
        assert "Verification: OK" in said.stdout, said.stderr


def test_a_stamp_says_when(answer):
    stamp = read_answer(answer, DIGEST, 7, roots())
    assert abs(stamp.at - datetime.now(UTC)) < timedelta(minutes=5)
    assert (stamp.serial, stamp.policy) == (42, "1.3.6.1.4.1.32473.1")


def test_every_stamp_has_its_own_serial_and_question(authority, company, wire):
    for _ in range(3):
        authority.stamp(DIGEST)
    assert len({one["serial"] for one in company.books()["stamps"]}) == 3
    assert len({call.body for call in wire.calls}) == 3


@pytest.mark.parametrize(
    ("digest", "nonce", "why"),
    [(sha256(b"x").digest(), 7, "digest"), (DIGEST[:-1], 7, "digest"), (DIGEST, 8, "question")],
    ids=("another digest", "a shorter one", "another nonce"),
)
def test_a_stamp_of_something_else_is_none(answer, digest, nonce, why):
    with pytest.raises(TimestampInvalidError, match=why):
        read_answer(answer, digest, nonce, roots())


def test_a_stamp_by_somebody_else_is_none(answer):
    # A stranger with the same names; the signer's own certificate, which issues nothing; nobody at all
    stranger = new_tsa_keys(NOW)
    for trusted in (roots(stranger.root_pem), roots(KEYS.certificate_pem), []):
        with pytest.raises(TimestampInvalidError, match="nobody we trust"):
            read_answer(answer, DIGEST, 7, trusted)
    # And an authority among several is enough
    assert read_answer(answer, DIGEST, 7, roots(stranger.root_pem, KEYS.root_pem)).serial == 42


def test_a_certificate_outside_its_time_signs_nothing():
    # Given an authority whose certificates are not valid yet
    early = new_tsa_keys(NOW + timedelta(days=1))
    stamped = timestamp(early, request_of(DIGEST, 7), 41)
    with pytest.raises(TimestampInvalidError, match="nobody we trust"):
        read_answer(stamped, DIGEST, 7, roots(early.root_pem))


def test_a_token_that_was_not_granted_is_none(answer):
    granted, refused = bytes.fromhex("3003020100"), bytes.fromhex("3003020102")
    assert answer.count(granted) == 1
    with pytest.raises(TimestampInvalidError, match="not granted: 2"):
        read_answer(answer.replace(granted, refused), DIGEST, 7, roots())


STAMPS, SERVES = ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.SERVER_AUTH


@pytest.mark.parametrize(
    ("purposes", "critical", "may"),
    [
        ([STAMPS], True, True),
        ([STAMPS], False, False),
        ([SERVES], True, False),
        ([STAMPS, SERVES], True, False),
        ([], True, False),
    ],
    ids=("stamps", "not critical", "serves", "stamps and serves", "nothing"),
)
def test_a_certificate_has_to_be_for_timestamps_alone(purposes, critical, may):
    key, name = generate_private_key(SECP256R1()), x509.Name([])
    builder = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(NOW - timedelta(hours=1))
        .not_valid_after(NOW + timedelta(hours=1))
    )
    if purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=critical)
    certificate = builder.sign(key, SHA256())
    assert may_stamp(certificate, NOW, [certificate]) is may


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
def test_no_altered_byte_changes_what_is_believed(answer):
    """Bytes that are not signed may differ (the status' number, lists that repeat what is inside): then the
    stamp is the same. Nothing else is believed, and nothing but a refusal comes out."""
    honest, random, believed = read_answer(answer, DIGEST, 7, roots()), Random(1), 0  # noqa: S311
    trusted = roots()
    for _ in range(2_000):
        altered = bytearray(answer)
        at = random.randrange(len(altered))
        match random.randrange(4):
            case 0:
                del altered[at : at + random.randrange(1, 9)]
            case 1:
                altered[at:at] = random.randbytes(random.randrange(1, 5))
            case _:
                altered[at] ^= 1 << random.randrange(8)
        try:
            assert read_answer(bytes(altered), DIGEST, 7, trusted) == honest
            believed += 1
        except TimestampInvalidError:
            pass
    assert believed < 200


@pytest.mark.parametrize(
    ("effect", "more"),
    [
        ("drop_before", {}),
        ("drop_after", {}),
        ("status", {"status": 503}),
        ("refuse", {}),
        ("fail", {}),
        ("wrong_signature", {}),
    ],
)
def test_an_authority_that_misbehaves_gives_nothing_to_keep(authority, wire, effect, more):
    wire.misbehave("stamp", effect, **more)
    with pytest.raises(TimestampUnavailableError):
        authority.stamp(DIGEST)
    # And the next one is good
    assert authority.stamp(DIGEST)


@pytest.mark.parametrize("body", [b"", b"<html>", REJECTION, b"\x30\x80" + b"\x00" * 64], ids=range(4))
def test_an_answer_that_is_none(body):
    with pytest.raises(TimestampUnavailableError):
        authority_on(Said(body)).stamp(DIGEST)


def test_without_a_wire():
    with pytest.raises(TimestampUnavailableError):
        authority_on(Unplugged()).stamp(DIGEST)


def test_the_authority_answers_what_it_cannot_read_with_a_refusal(company, wire, authority):
    authority.stamp(DIGEST)
    good = wire.calls[0]
    answered = wire.carry(type(good)("POST", "/tsa", good.headers, b"garbage"))
    with pytest.raises(TimestampInvalidError, match="not granted: 2"):
        read_answer(answered.body, DIGEST, 7, roots())
    assert wire.carry(type(good)("POST", "/tsa", {"content-type": "text/plain"}, good.body)).status == 415
    pem = wire.carry(type(good)("GET", "/tsa/certificates.pem", {}, b"")).body.decode()
    assert pem == KEYS.certificate_pem + KEYS.root_pem
