"""Signatures by a key that never leaves KMS (LG7)."""

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from octane.kernel.errors import UnavailableError


class SigningUnavailableError(UnavailableError):
    code = "SIGNING_UNAVAILABLE"


class KmsSigner:
    """Signs SHA-256 digests with an ECC_NIST_P256 key. `client` is boto3's KMS client."""

    def __init__(self, client: Any, key_id: str) -> None:
        self._client = client
        self._key_id = key_id

    def sign(self, digest: bytes) -> bytes:
        """Return the ECDSA signature (DER) over a SHA-256 digest."""
        try:
            answer = self._client.sign(
                KeyId=self._key_id, Message=digest, MessageType="DIGEST", SigningAlgorithm="ECDSA_SHA_256"
            )
        except (BotoCoreError, ClientError) as error:
            raise SigningUnavailableError from error
        signature: bytes = answer["Signature"]
        return signature

    def public_key(self) -> bytes:
        """Return the public half: DER, SubjectPublicKeyInfo."""
        try:
            found: bytes = self._client.get_public_key(KeyId=self._key_id)["PublicKey"]
        except (BotoCoreError, ClientError) as error:
            raise SigningUnavailableError from error
        return found
