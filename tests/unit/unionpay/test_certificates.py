"""Whom we believe: the path from the certificate in a message to a root of ours, with one thing broken."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from octane.channels.unionpay.certificates import CertificateRefusedError, SignerCertificates
from octane.channels.unionpay.config import UNIONPAY_NAME
from octane.kernel.clock import Instant

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
COMMON = f"041@8310000000083040@{UNIONPAY_NAME}@00016495"


class HandClock:
    at = Instant(1_795_000_000_000)

    def now(self) -> Instant:
        return self.at


@pytest.fixture(scope="session")
def pairs():
    return {name: rsa.generate_private_key(65537, 2048) for name in ("root", "middle", "signer", "stranger")}


@pytest.fixture(scope="session")
def short_key():
    return rsa.generate_private_key(65537, 1024)  # noqa: S505  # what must be refused


def name_of(*common):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text) for text in common])


def certify(  # a certificate in PEM
    key,
    issuer_key,
    subject,
    *,
    issuer="middle",
    authority=False,
    days=3650,
    start=BEGIN,
    digest=None,
    usage=None,
):
    names = (subject,) if isinstance(subject, str) else subject
    builder = (
        x509.CertificateBuilder()
        .subject_name(name_of(*names))
        .issuer_name(name_of(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
    )
    if authority:
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    if usage is not None:
        builder = builder.add_extension(usage, critical=True)
    return builder.sign(issuer_key, digest or SHA256()).public_bytes(Encoding.PEM).decode()


@pytest.fixture(scope="session")
def root(pairs):
    return certify(pairs["root"], pairs["root"], "root", issuer="root", authority=True)


@pytest.fixture(scope="session")
def middle(pairs):
    return certify(pairs["middle"], pairs["root"], "middle", issuer="root", authority=True)


@pytest.fixture(scope="session")
def signer(pairs):
    return certify(pairs["signer"], pairs["middle"], COMMON)


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def trust(root, middle, clock):
    def make(roots=None, middles=None, names=(UNIONPAY_NAME,)):
        return SignerCertificates(
            (root,) if roots is None else roots, (middle,) if middles is None else middles, names, clock
        )

    return make


def refused(trusted, pem):
    with pytest.raises(CertificateRefusedError):
        trusted.key_of(pem)
    return True


def test_a_path_of_three(trust, signer, pairs):
    assert trust().key_of(signer) == pairs["signer"].public_key()
    assert trust().key_of(signer.replace("\n", "\r\n")) == pairs["signer"].public_key()


def test_a_root_may_sign_itself(trust, pairs):
    direct = certify(pairs["signer"], pairs["root"], COMMON, issuer="root")
    assert trust(middles=()).key_of(direct)


def test_a_wider_hash(trust, pairs):
    assert trust().key_of(certify(pairs["signer"], pairs["middle"], COMMON, digest=SHA512()))


def test_a_path_is_needed(trust, signer, root, middle, pairs):
    stranger = certify(pairs["stranger"], pairs["stranger"], "root", issuer="root", authority=True)
    assert refused(trust(middles=()), signer)
    assert refused(trust(roots=(stranger,)), signer)
    assert refused(trust(), certify(pairs["signer"], pairs["stranger"], COMMON))
    assert refused(trust(), certify(pairs["signer"], pairs["middle"], COMMON, issuer="other"))
    assert refused(trust(), certify(pairs["signer"], pairs["signer"], COMMON, issuer=COMMON))
    assert refused(trust(roots=(middle,), middles=(root,)), root)


def test_an_issuer_must_be_an_authority(trust, root, pairs):
    plain = certify(pairs["middle"], pairs["root"], "middle", issuer="root")
    signer = certify(pairs["signer"], pairs["middle"], COMMON)
    assert refused(trust(middles=(plain,)), signer)
    usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    signs_nothing = certify(
        pairs["middle"], pairs["root"], "middle", issuer="root", authority=True, usage=usage
    )
    assert refused(trust(middles=(signs_nothing,)), signer)


def test_an_authority_does_not_sign_messages(trust, pairs):
    assert refused(trust(), certify(pairs["signer"], pairs["middle"], COMMON, authority=True))


@pytest.mark.parametrize(
    "subject",
    [
        "041@8310000000083040@中国银联@00016495",
        f"041@{UNIONPAY_NAME}@某某有限公司@00016495",
        f"041@831@{UNIONPAY_NAME}分公司@1",
        f"041@8310000000083040@某{UNIONPAY_NAME}@00016495",
        f"041@831@{UNIONPAY_NAME}@1@2",
        f"@{UNIONPAY_NAME}@",
        UNIONPAY_NAME,
        "041@Z2017-11-1@00040000:SIGN@00000001",
        (COMMON, COMMON),
        ("041@1@某某有限公司@1", COMMON),
    ],
    ids=str,
)
def test_the_subject_must_be_unionpay(trust, pairs, subject):
    assert refused(trust(), certify(pairs["signer"], pairs["middle"], subject))


def test_the_test_gateways_name_is_accepted_only_when_configured(trust, pairs):
    old = certify(pairs["signer"], pairs["middle"], "041@Z2017-11-1@00040000:SIGN@00000001")
    assert refused(trust(), old)
    assert trust(names=(UNIONPAY_NAME, "00040000:SIGN")).key_of(old)


def test_validity_holds_for_the_whole_path_and_now(trust, pairs, clock, signer, root):
    now = datetime.fromtimestamp(clock.at / 1000, UTC)
    day = timedelta(days=1)
    for start, days in ((now + day, 10), (now - 10 * day, 9)):
        assert refused(trust(), certify(pairs["signer"], pairs["middle"], COMMON, start=start, days=days))
        bad = certify(
            pairs["middle"], pairs["root"], "middle", issuer="root", authority=True, start=start, days=days
        )
        assert refused(trust(middles=(bad,)), signer)


def test_a_certificate_that_was_believed_expires_all_the_same(trust, clock, signer):
    trusted = trust()
    assert trusted.key_of(signer)
    clock.at = Instant(clock.at + 11 * 365 * 86_400_000)
    assert refused(trusted, signer)


def test_keys_that_are_too_short_or_of_another_kind(trust, pairs, short_key):
    assert refused(trust(), certify(short_key, pairs["middle"], COMMON))
    assert refused(trust(), certify(ec.generate_private_key(ec.SECP256R1()), pairs["middle"], COMMON))


def test_text_that_is_not_one_certificate(trust, signer, root):
    half = signer[: len(signer) // 2]
    for text in ("", "x", half, signer + root, root + signer, "text\n" + signer, signer[:200] + signer[204:]):
        assert refused(trust(), text)


def test_many_certificates_do_not_pile_up(trust, pairs):
    trusted = trust()
    pems = [certify(pairs["signer"], pairs["middle"], COMMON) for _ in range(12)]
    assert all(trusted.key_of(pem) == pairs["signer"].public_key() for pem in pems + pems)


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
@settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(where=st.integers(0, 900), value=st.integers(0, 255), length=st.integers(1, 4))
def test_any_damage_is_refused_and_nothing_else(trust, signer, pairs, where, value, length):
    """A stranger chooses these bytes: whatever they are, the answer is a refusal or the right key."""
    der = bytearray(base64.b64decode("".join(signer.splitlines()[1:-1])))
    at = where % len(der)
    der[at : at + length] = bytes([value]) * length
    text = base64.encodebytes(der).decode()
    pem = f"-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n"
    try:
        assert trust().key_of(pem) == pairs["signer"].public_key()
    except CertificateRefusedError:
        assert pem != signer
