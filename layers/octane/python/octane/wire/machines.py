"""Step Functions behind the port of whoever waits for people."""

from typing import Any

import orjson
from botocore.exceptions import BotoCoreError, ClientError

from octane.kernel.errors import UnavailableError

OVER = frozenset({"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"})
"""Nobody waits under the token any more."""


class MachineUnavailableError(UnavailableError):
    code = "MACHINE_UNAVAILABLE"


class StateMachine:
    """One state machine's runs. `client` is boto3's Step Functions client."""

    def __init__(self, client: Any, arn: str) -> None:
        self._client = client
        self._arn = arn

    def start(self, order_id: str) -> None:
        """Begin the order's run, named by it, once. Raises `MachineUnavailableError`."""
        body = orjson.dumps({"order_id": order_id}).decode()
        try:
            self._client.start_execution(stateMachineArn=self._arn, name=order_id, input=body)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                raise MachineUnavailableError from error
        except BotoCoreError as error:
            raise MachineUnavailableError from error

    def resume(self, token: str) -> None:
        """Let the step under the token go on. Raises `MachineUnavailableError`."""
        try:
            self._client.send_task_success(taskToken=token, output="{}")
        except ClientError as error:
            if error.response["Error"]["Code"] not in OVER:
                raise MachineUnavailableError from error
        except BotoCoreError as error:
            raise MachineUnavailableError from error
