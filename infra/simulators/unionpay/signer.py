"""UnionPay's desk for signatures: verifies merchants' forms, signs answers and notices."""

import base64
import binascii
from collections.abc import Mapping
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from simulators.keys import private_key
from simulators.misbehaviour import Effect, Faults
from simulators.protocol import RefusedError
from simulators.unionpay.authority import UnionPayKeys

Fields = Mapping[str, str]


def digest(fields: Fields) -> bytes:
    """What RSA signs: the hex SHA-256 over the sorted pairs, without the signature and empty fields."""
    kept = sorted(name for name, value in fields.items() if value and name != "signature")
    joined = "&".join(f"{name}={fields[name]}" for name in kept)
    return sha256(joined.encode()).hexdigest().encode()


def sign(private_key_pem: str, fields: Fields) -> str:
    return base64.b64encode(private_key(private_key_pem).sign(digest(fields), PKCS1v15(), SHA256())).decode()


class Signer:
    def __init__(self, keys: UnionPayKeys) -> None:
        self.keys = keys
        self._merchant = private_key(keys.merchant_private_key_pem).public_key()

    def verify(self, fields: Fields) -> None:
        """Refuse (31, 11) a form that our merchant did not sign."""
        if fields.get("merId") != self.keys.mer_id:
            raise RefusedError(200, "31", "商户状态不正确")
        if fields.get("certId") != self.keys.merchant_cert_id or fields.get("signMethod") != "01":
            raise RefusedError(200, "11", "验证签名失败")
        try:
            given = base64.b64decode(fields.get("signature", ""), validate=True)
            self._merchant.verify(given, digest(fields), PKCS1v15(), SHA256())
        except (InvalidSignature, binascii.Error) as wrong:
            raise RefusedError(200, "11", "验证签名失败") from wrong

    def signed(self, fields: Fields, faults: Faults) -> dict[str, str]:
        """Complete a message of ours; `wrong_signature` uses a key that the certificate does not hold."""
        forged = Effect.WRONG_SIGNATURE in faults
        key = self.keys.stranger_private_key_pem if forged else self.keys.signer_private_key_pem
        complete = {
            **{name: value for name, value in fields.items() if value},
            "version": "5.1.0",
            "encoding": "UTF-8",
            "signMethod": "01",
            "signPubKeyCert": self.keys.signer_pem,
        }
        return {**complete, "signature": sign(key, complete)}
