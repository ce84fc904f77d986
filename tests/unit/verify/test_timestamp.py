"""octane-verify reads what OpenSSL stamped, and believes nothing else."""

import random
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography import x509

from octane_verify.der import DerError, elements, only
from octane_verify.timestamp import TimestampError, check_trust, read_timestamp
from simulators.tsa.keys import TsaKeys, new_tsa_keys
from simulators.tsa.openssl import POLICY, timestamp
from tamper.evidence_ways import QUERY, WITH_CERTIFICATE

DIGEST = sha256(b"what happened").digest()


@cache
def keys() -> TsaKeys:
    return new_tsa_keys(datetime.now(UTC))


@cache
def stamped() -> bytes:
    return timestamp(keys(), QUERY + DIGEST + WITH_CERTIFICATE, 41)


def roots(of: TsaKeys | None = None) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates((of or keys()).root_pem.encode())


def test_what_a_timestamp_says() -> None:
    stamp = read_timestamp(stamped())
    assert (stamp.digest, stamp.policy, stamp.serial) == (DIGEST, POLICY, 42)
    assert abs(stamp.at - datetime.now(UTC)) < timedelta(minutes=5)
    check_trust(stamp, roots())


def test_openssl_says_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.tsr").write_bytes(stamped())
    (tmp_path / "root.pem").write_text(keys().root_pem)
    command = ["openssl", "ts", "-verify", "-in", "a.tsr", "-digest", DIGEST.hex(), "-CAfile", "root.pem"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Verification: OK" in run.stdout + run.stderr


def test_an_answer_with_its_chain(tmp_path: Path) -> None:
    """OpenSSL 3.0 does not sort the certificates that it adds; a timestamp holds all the same."""
    (tmp_path / "tsa.cnf").write_text(
        "[tsa]\nserial = serial\nsigner_digest = sha256\ndefault_policy = 1.3.6.1.4.1.32473.1\n"
        "digests = sha256\ness_cert_id_alg = sha256\n"
    )
    (tmp_path / "serial").write_text("01\n")
    for name, pem in (
        ("tsa.pem", keys().certificate_pem),
        ("tsa.key", keys().private_key_pem),
        ("root.pem", keys().root_pem),
    ):
        (tmp_path / name).write_text(pem)
    (tmp_path / "q.tsq").write_bytes(QUERY + DIGEST + WITH_CERTIFICATE)
    command = "openssl ts -reply -config tsa.cnf -section tsa -queryfile q.tsq -signer tsa.pem -inkey tsa.key"
    command += " -chain root.pem -out a.tsr"
    subprocess.run(command.split(), cwd=tmp_path, check=True, capture_output=True)
    stamp = read_timestamp((tmp_path / "a.tsr").read_bytes())
    assert len(stamp.certificates) == 2
    check_trust(stamp, roots())


def test_another_authority_is_not_believed() -> None:
    with pytest.raises(TimestampError, match="nobody whom you trust"):
        check_trust(read_timestamp(stamped()), roots(new_tsa_keys(datetime.now(UTC))))
    with pytest.raises(TimestampError, match="nobody whom you trust"):
        check_trust(read_timestamp(stamped()), [])


def test_a_root_is_not_for_timestamps() -> None:
    stamp = read_timestamp(stamped())
    with pytest.raises(TimestampError, match="not for timestamps"):
        check_trust(stamp._replace(signer=roots()[0]), roots())


def test_a_time_at_which_the_certificate_was_not_valid() -> None:
    stamp = read_timestamp(stamped())
    for years in (-1, 50):
        with pytest.raises(TimestampError, match="not valid at its time"):
            check_trust(stamp._replace(at=stamp.at + timedelta(days=365 * years)), roots())


def test_a_refusal_is_no_timestamp() -> None:
    with pytest.raises(TimestampError):
        read_timestamp(bytes.fromhex("30053003020102"))


@pytest.mark.parametrize(
    "alter",
    [
        lambda raw: raw.replace(DIGEST, sha256(b"something else").digest()),
        lambda raw: raw[:-1] + bytes([raw[-1] ^ 1]),
        lambda raw: raw[:-1],
        lambda raw: raw + b"\x00",
        lambda raw: b"",
        lambda raw: raw.replace(
            b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x04", b"\x06\x0b" + b"\x2a" * 11
        ),
    ],
    ids=["digest", "signature", "cut", "longer", "nothing", "kind"],
)
def test_what_is_altered_does_not_hold(alter: Callable[[bytes], bytes]) -> None:
    altered = alter(stamped())
    assert altered != stamped()
    with pytest.raises(TimestampError):
        read_timestamp(altered)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(40))
def test_a_bit_of_it_changes_nothing_that_it_says(seed: int) -> None:
    """Either it does not hold any more, or the bit was in a part that says nothing."""
    chance = random.Random(seed)  # noqa: S311 - a seeded choice, no secret
    raw = bytearray(stamped())
    raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
    sound = read_timestamp(stamped())
    try:
        stamp = read_timestamp(bytes(raw))
        check_trust(stamp, roots())
    except TimestampError:
        return
    assert stamp[:4] == sound[:4]


@pytest.mark.parametrize(
    "content", [b"0", b"0\x05", b"0\x84\xff\xff\xff\xff", b"0\x80", b"0\x89" + b"\x01" * 9]
)
def test_der_that_is_none(content: bytes) -> None:
    with pytest.raises(DerError):
        list(elements(content))
    with pytest.raises(DerError):
        only(b"\x02\x01\x00")
