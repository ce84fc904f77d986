"""API Gateway's WebSocket push behind the `Sockets` port."""

from typing import Any, Protocol

import orjson
from botocore.exceptions import BotoCoreError, ClientError

from octane.notify.push import GoneError, Message


class ManagementClient(Protocol):
    def post_to_connection(self, **parameters: Any) -> Any: ...


class ApiGatewaySockets:
    def __init__(self, client: ManagementClient) -> None:
        self._client = client

    def post(self, connection_id: str, message: Message) -> None:
        try:
            self._client.post_to_connection(ConnectionId=connection_id, Data=orjson.dumps(message))
        except ClientError as error:
            if error.response["Error"]["Code"] in {"GoneException", "410"}:
                raise GoneError from None
            raise TimeoutError from error
        except BotoCoreError as error:
            raise TimeoutError from error
