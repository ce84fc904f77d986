"""The keys of a simulated world: generated once, kept in a JSON file so that a restart is still believed."""

import json
import secrets
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from simulators.alipay.keys import AlipayKeys, new_alipay_keys
from simulators.alliance.company import AllianceKeys, new_alliance_keys
from simulators.billers.names import BILLERS
from simulators.erp.company import ErpKeys, new_erp_keys
from simulators.maps.signing import MapKeys, new_map_keys
from simulators.protocol import Json
from simulators.sms.signing import SmsKeys, new_sms_keys
from simulators.tsa.keys import TsaKeys, new_tsa_keys
from simulators.unionpay.authority import UnionPayKeys, new_unionpay_keys

CERTIFICATE_DAYS = 5 * 365


@dataclass(frozen=True, slots=True)
class Platform:
    """One platform certificate of WeChat Pay with its private key."""

    serial: str
    """Upper-case hex, as `Wechatpay-Serial` carries it."""
    certificate_pem: str
    private_key_pem: str
    effective_ms: int
    expire_ms: int


@dataclass(frozen=True, slots=True)
class Keys:
    """Everything the companies and their merchant know."""

    mchid: str
    appid: str
    app_secret: str
    sub_mchid: str
    sub_appid: str
    merchant_serial: str
    merchant_private_key_pem: str
    api_v3_key: str
    platforms: tuple[Platform, ...]
    """Oldest first; the last one signs."""
    public_key_id: str
    public_private_key_pem: str
    public_key_pem: str
    issuer_openid: str
    issuer_key: str
    alipay: AlipayKeys
    unionpay: UnionPayKeys
    bank_key: str
    """What the custody bank and its customer share."""
    sms: SmsKeys
    alliance: AllianceKeys
    tsa: TsaKeys
    erp: ErpKeys
    maps: MapKeys
    billers: dict[str, str]
    """What each biller and its merchant share, by the biller's name."""


def new_keys(now: datetime) -> Keys:
    """Fresh keys; three RSA-2048 keys take about half a second."""
    pair = generate_private_key(public_exponent=65537, key_size=2048)
    return Keys(
        mchid="19" + digits(8),
        appid="wx" + secrets.token_hex(8),
        app_secret=secrets.token_hex(16),
        sub_mchid="16" + digits(8),
        sub_appid="wx" + secrets.token_hex(8),
        merchant_serial=secrets.token_hex(20).upper(),
        merchant_private_key_pem=private_pem(generate_private_key(public_exponent=65537, key_size=2048)),
        api_v3_key=secrets.token_hex(16),
        platforms=(new_platform(now),),
        public_key_id="PUB_KEY_ID_0" + digits(31),
        public_private_key_pem=private_pem(pair),
        public_key_pem=public_pem(pair),
        issuer_openid="JH" + secrets.token_hex(16),
        issuer_key=secrets.token_hex(16),
        alipay=new_alipay_keys(now),
        unionpay=new_unionpay_keys(now),
        bank_key=secrets.token_hex(32),
        sms=new_sms_keys(),
        alliance=new_alliance_keys(),
        tsa=new_tsa_keys(now),
        erp=new_erp_keys(),
        maps=new_map_keys(),
        billers={biller: secrets.token_hex(32) for biller in BILLERS},
    )


def new_platform(now: datetime) -> Platform:
    """A self-signed platform certificate, valid from an hour ago for five years."""
    key = generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, "Simulated WeChat Pay platform"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Octane simulators"),
        ]
    )
    serial = int.from_bytes(b"\x5f" + secrets.token_bytes(19), "big")
    start = now.replace(microsecond=0) - timedelta(hours=1)
    end = start + timedelta(days=CERTIFICATE_DAYS)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(start)
        .not_valid_after(end)
        .sign(key, SHA256())
    )
    pem = certificate.public_bytes(Encoding.PEM).decode()
    return Platform(f"{serial:X}", pem, private_pem(key), epoch_ms(start), epoch_ms(end))


def rotated(keys: Keys, now: datetime) -> Keys:
    """The same keys with one more platform certificate, which signs from now on."""
    return replace(keys, platforms=(*keys.platforms, new_platform(now)))


def wechat_secret(keys: Keys, partner: bool = False, verifier: str = "both") -> Json:
    """What the merchant is given, as Octane's WeChat secret; `verifier`: certificate, public_key or both."""
    certified = verifier in ("certificate", "both")
    public = verifier in ("public_key", "both")
    return {
        "mchid": keys.mchid,
        "appid": keys.appid,
        "app_secret": keys.app_secret,
        "serial_no": keys.merchant_serial,
        "private_key_pem": keys.merchant_private_key_pem,
        "api_v3_key": keys.api_v3_key,
        "platform_certificates": [held.certificate_pem for held in keys.platforms] if certified else [],
        "public_key_id": keys.public_key_id if public else "",
        "public_key_pem": keys.public_key_pem if public else "",
        "sub_mchid": keys.sub_mchid if partner else "",
        "sub_appid": keys.sub_appid if partner else "",
    }


def issuer_secret(keys: Keys) -> Json:
    """What the merchant is given, as Octane's issuer secret."""
    return {"openid": keys.issuer_openid, "key": keys.issuer_key}


def load_keys(path: Path) -> Keys:
    """Raises `OSError`, `ValueError`, `KeyError` or `TypeError` for a file that `save_keys` did not write."""
    return keys_of(json.loads(path.read_text("utf-8")))


def keys_of(content: Json) -> Keys:
    """Of the file's content; raises `KeyError` or `TypeError` when something is missing or too much."""
    parts = {
        "platforms": tuple(Platform(**platform) for platform in content["platforms"]),
        "alipay": AlipayKeys(**content["alipay"]),
        "unionpay": UnionPayKeys(**content["unionpay"]),
        "sms": SmsKeys(**content["sms"]),
        "alliance": AllianceKeys(**content["alliance"]),
        "tsa": TsaKeys(**content["tsa"]),
        "erp": ErpKeys(**content["erp"]),
        "maps": MapKeys(**content["maps"]),
    }
    return Keys(**(content | parts))


def save_keys(path: Path, keys: Keys) -> None:
    """Readable by the owner only from its first byte; replaced in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps(asdict(keys), indent=1), "utf-8")
    fresh.replace(path)


def load_or_make_keys(path: Path, now: datetime) -> Keys:
    """The keys of a file; what it does not hold yet is made: an older world had fewer companies."""
    if path.exists():
        content = json.loads(path.read_text("utf-8"))
        if {field.name for field in fields(Keys)} <= content.keys():
            return load_keys(path)
        keys = keys_of(asdict(new_keys(now)) | content)
    else:
        keys = new_keys(now)
    save_keys(path, keys)
    return keys


@lru_cache(maxsize=64)
def private_key(pem: str) -> RSAPrivateKey:
    """Read a key once: checking it costs some 30 ms. Raises `ValueError` for anything but an RSA key."""
    key = load_pem_private_key(pem.encode(), None)
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("not an RSA key")
    return key


def private_pem(key: RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_pem(key: RSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def digits(length: int) -> str:
    return "".join(secrets.choice("0123456789") for _ in range(length))


def epoch_ms(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
