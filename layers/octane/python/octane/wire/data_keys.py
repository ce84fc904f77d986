"""Data keys made and wrapped by a KMS key that never leaves KMS (SE1)."""

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from octane.kernel.errors import UnavailableError


class VaultUnavailableError(UnavailableError):
    code = "VAULT_UNAVAILABLE"


class KmsDataKeys:
    """`client` is boto3's KMS client. The name of a data key is its encryption context: a wrapped key put
    under another name does not open."""

    def __init__(self, client: Any, key_id: str) -> None:
        self._client = client
        self._key_id = key_id

    def generate(self, name: str) -> tuple[bytes, bytes]:
        """Return a new 256-bit key, plain and wrapped."""
        answer = self._call("generate_data_key", name, KeyId=self._key_id, KeySpec="AES_256")
        return answer["Plaintext"], answer["CiphertextBlob"]

    def unwrap(self, name: str, wrapped: bytes) -> bytes:
        plain: bytes = self._call("decrypt", name, KeyId=self._key_id, CiphertextBlob=wrapped)["Plaintext"]
        return plain

    def _call(self, operation: str, name: str, **parameters: Any) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = getattr(self._client, operation)(
                EncryptionContext={"octane": name}, **parameters
            )
        except (BotoCoreError, ClientError) as error:
            raise VaultUnavailableError from error
        return answer
