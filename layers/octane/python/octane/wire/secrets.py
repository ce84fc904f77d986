"""One secret of Secrets Manager and its versions, for a rotation."""

from typing import Any

import orjson
from botocore.exceptions import BotoCoreError, ClientError

UNREADABLE = (BotoCoreError, ClientError, KeyError, ValueError)
"""What it raises to read a secret that cannot be read, or is no JSON."""


class StoredSecret:
    """`client` is boto3's Secrets Manager client."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def stages(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = self._client.describe_secret(SecretId=self._name)["VersionIdsToStages"]
        return found

    def read(self, stage: str, version: str | None = None) -> dict[str, Any]:
        """Raises `LookupError` when that version has no content (yet)."""
        wanted = {"VersionId": version} if version else {}
        try:
            answer = self._client.get_secret_value(SecretId=self._name, VersionStage=stage, **wanted)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException":
                raise LookupError(stage) from None
            raise
        found: dict[str, Any] = orjson.loads(answer["SecretString"])
        return found

    def write(self, content: str, version: str, stage: str) -> None:
        self._client.put_secret_value(
            SecretId=self._name, ClientRequestToken=version, SecretString=content, VersionStages=[stage]
        )

    def promote(self, version: str, instead_of: str) -> None:
        self._client.update_secret_version_stage(
            SecretId=self._name,
            VersionStage="AWSCURRENT",
            MoveToVersionId=version,
            RemoveFromVersionId=instead_of,
        )
