"""SQS behind the `Queues` port."""

from collections.abc import Mapping
from typing import Any, Protocol

import orjson
from botocore.exceptions import BotoCoreError, ClientError

from octane.kernel.errors import UnavailableError
from octane.kernel.settings import required
from octane.orders.states import Queue

BATCH = 10


class QueueUnavailableError(UnavailableError):
    code = "QUEUE_UNAVAILABLE"


class SqsClient(Protocol):
    def send_message_batch(self, **parameters: Any) -> Any: ...


class SqsQueues:
    def __init__(self, client: SqsClient, environment: Mapping[str, str]) -> None:
        self._client = client
        self._environment = environment

    def send(self, queue: Queue, messages: list[dict[str, str | int]]) -> None:
        """Send in batches of ten. Raises when SQS took less than all: what it took comes twice, which is
        harmless."""
        url = required(self._environment, f"OCTANE_QUEUE_{queue.name}")
        for start in range(0, len(messages), BATCH):
            entries = [
                {"Id": str(place), "MessageBody": orjson.dumps(message).decode()}
                for place, message in enumerate(messages[start : start + BATCH])
            ]
            try:
                answer = self._client.send_message_batch(QueueUrl=url, Entries=entries)
            except (BotoCoreError, ClientError) as error:
                raise QueueUnavailableError from error
            if answer.get("Failed"):
                raise QueueUnavailableError
