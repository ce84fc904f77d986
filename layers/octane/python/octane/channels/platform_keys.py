"""WeChat Pay's certificates in our own table, shared by all functions and refreshed on schedule (PY1)."""

from typing import Protocol

from octane.channels.wechat_pay.keys import PlatformCertificate
from octane.store.items import Item, Key, Query, Table
from octane.store.store import Store
from octane.store.writes import ANYWAY, Put

PARTITION = "WECHAT_PLATFORM_KEYS"
KEPT_AFTER_EXPIRY_SECONDS = 30 * 24 * 3600


class CertificateSource(Protocol):
    def download(self) -> list[PlatformCertificate]: ...


def stored_keys(store: Store) -> dict[str, str]:
    """Return serial → public key in PEM."""
    page = store.query(Query(Table.CHANNELS, PARTITION))
    return {str(item["sk"]): str(item["public_key"]) for item in page.items}


def refresh_certificates(store: Store, source: CertificateSource) -> list[str]:
    """Download WeChat Pay's certificates and keep them; return their serials. Old ones stay until they
    expire."""
    serials = []
    for certificate in source.download():
        item: Item = {
            "public_key": certificate.public_key_pem,
            "certificate": certificate.pem,
            "effective_at": certificate.effective_at,
            "expires_at": certificate.expires_at,
            "ttl": certificate.expires_at // 1000 + KEPT_AFTER_EXPIRY_SECONDS,
        }
        key = Key(Table.CHANNELS, PARTITION, certificate.serial)
        store.commit(Put(key, item, when=ANYWAY))
        serials.append(certificate.serial)
    return serials
