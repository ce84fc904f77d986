"""The bucket behind `Objects`: S3 through boto3's core."""

from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from octane.kernel.clock import SECOND, Instant
from octane.kernel.errors import NotFoundError
from octane.store.objects import Written
from octane.store.store import ATTEMPTS, StoreUnavailableError

Answer = TypeVar("Answer")
TAKEN = frozenset({HTTPStatus.PRECONDITION_FAILED, HTTPStatus.CONFLICT})
"""Somebody has written the key, or is writing it at this moment: theirs is the object."""


class S3Objects:
    """`client` is boto3's S3 client; `pause(attempt)` waits between tries.

    S3 adds its checksum to every put, which a bucket with Object Lock demands.
    """

    def __init__(self, client: Any, bucket: str, pause: Callable[[int], None]) -> None:
        self._client = client
        self._bucket = bucket
        self._pause = pause

    def get(self, key: str) -> bytes | None:
        found = self.written(key)
        return None if found is None else found.content

    def written(self, key: str) -> Written | None:
        def read() -> Written | None:
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=key)
            except self._client.exceptions.NoSuchKey:
                return None
            at = Instant(int(answer["LastModified"].timestamp()) * SECOND)
            return Written(answer["Body"].read(), at)

        return self._settled(read)

    def put(self, key: str, content: bytes) -> None:
        self._settled(lambda: self._client.put_object(Bucket=self._bucket, Key=key, Body=content))

    def put_new(self, key: str, content: bytes) -> bool:
        """A put whose answer was lost meets its own object at the next try: what stands there decides."""
        for attempt in range(ATTEMPTS):
            if attempt:
                self._pause(attempt)
            if self._settled(lambda: self._created(key, content)):
                return True
            stands = self.get(key)
            if stands is not None:
                return stands == content
        raise StoreUnavailableError

    def _created(self, key: str, content: bytes) -> bool:
        try:
            self._client.put_object(Bucket=self._bucket, Key=key, Body=content, IfNoneMatch="*")
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] in TAKEN:
                return False
            raise
        return True

    def delete(self, key: str) -> None:
        self._settled(lambda: self._client.delete_object(Bucket=self._bucket, Key=key))

    def link(self, key: str, seconds: int) -> str:
        """Signed here, with the function's own rights: no call."""
        address: str = self._client.generate_presigned_url(
            "get_object", Params={"Bucket": self._bucket, "Key": key}, ExpiresIn=seconds
        )
        return address

    def list(self, prefix: str) -> Iterator[str]:
        token: dict[str, str] = {}
        while True:
            page = self._settled(
                lambda: self._client.list_objects_v2(Bucket=self._bucket, Prefix=prefix, **token)  # noqa: B023
            )
            yield from (each["Key"] for each in page.get("Contents", []))
            if not page.get("IsTruncated"):
                return
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def fetch(self, key: str, path: Path) -> None:
        content = self.get(key)
        if content is None:
            raise NotFoundError(f"There is no object {key}.")
        path.write_bytes(content)

    def send(self, path: Path, key: str) -> None:
        self.put(key, path.read_bytes())

    def _settled(self, act: Callable[[], Answer]) -> Answer:
        """Try again what failed at S3 or on the way; reads and puts of the same bytes may be repeated."""
        for attempt in range(ATTEMPTS):
            if attempt:
                self._pause(attempt)
            try:
                return act()
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] < HTTPStatus.INTERNAL_SERVER_ERROR:
                    raise
            except BotoCoreError:
                continue
        raise StoreUnavailableError
