"""The edge of functions that AWS calls with messages: queues, streams, schedules."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from octane.api.telemetry import flush, logger
from octane.audit.acts import Act, act_in
from octane.kernel.errors import InputError, OctaneError
from octane.ledger.entries import Entry, entry_of
from octane.orders.model import Step
from octane.orders.records import record_of
from octane.store.expressions import unmarshal_item
from octane.store.items import Item

Event = dict[str, Any]
Message = dict[str, Any]
Record = TypeVar("Record")


class EntryAlteredError(OctaneError):
    """A fault to look at by hand: the ledger is append-only."""

    code = "ENTRY_ALTERED"


class MessageInvalidError(InputError):
    code = "MESSAGE_INVALID"


def queue_entry(
    handle: Callable[[Message], None], subject: str = "order_id"
) -> Callable[[Event, Any], PartialItemFailureResponse]:
    """Wrap a message handler: a message that raises is delivered again, and ends in the dead-letter queue.
    `subject` is the text in it that names what it is about."""

    def one(record: SQSRecord) -> None:
        message = record.json_body
        if not isinstance(message, dict) or not isinstance(message.get(subject), str):
            raise MessageInvalidError
        logger().append_keys(**{subject: message[subject]})
        handle(message)

    def handler(event: Event, context: Any) -> PartialItemFailureResponse:
        processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
        try:
            return process_partial_response(
                event=event, record_handler=one, processor=processor, context=context
            )
        finally:
            for kind, error, _ in processor.exceptions:
                detail = {"error": kind.__name__ if kind else "", "why": str(error)}
                logger().warning("message failed", extra=detail)
            logger().info("handled", extra={"messages": len(event["Records"])})
            flush()

    return handler


def entries_in(event: Event) -> Iterator[Entry]:
    """The entries that a batch of the ledger's stream inserted, without balances and holds."""
    return _appended(event, entry_of)


def acts_in(event: Event) -> Iterator[Act]:
    """The acts that a batch of the audit table's stream inserted, without requests for evidence."""
    return _appended(event, act_in)


def _appended(event: Event, read: Callable[[Item], Record]) -> Iterator[Record]:
    """Raises `EntryAlteredError` for one that was changed or removed: nobody but an intruder does."""
    for record in event["Records"]:
        keys = unmarshal_item(record["dynamodb"]["Keys"])
        image = record["dynamodb"].get("NewImage")
        if str(keys["sk"]).startswith("#"):
            continue
        if record["eventName"] != "INSERT" or image is None:
            raise EntryAlteredError(f"{record['eventName']} of {keys['sk']!s} of {keys['pk']!s}")
        yield read(unmarshal_item(image))


def inserted_in(event: Event) -> Iterator[Item]:
    """The items that a batch of a stream inserted."""
    for record in event["Records"]:
        if record["eventName"] == "INSERT":
            yield unmarshal_item(record["dynamodb"]["NewImage"])


def steps_in(event: Event) -> Iterator[Step]:
    """The steps that a batch of the orders stream inserted; what else changed is passed over."""
    for record in event["Records"]:
        image = record["dynamodb"].get("NewImage")
        if record["eventName"] == "INSERT" and image and image["sk"]["S"].startswith("STEP#"):
            yield record_of(Step, unmarshal_item(image))


def worker_entry(work: Callable[[Event], None]) -> Callable[[Event, Any], None]:
    """Wrap work for a stream or a schedule: it raises when AWS shall call again."""

    def handler(event: Event, context: Any) -> None:
        try:
            work(event)
            logger().info("done", extra={"request_id": getattr(context, "aws_request_id", "")})
        finally:
            flush()

    return handler


def step_entry(work: Callable[[Event], Event]) -> Callable[[Event, Any], Event]:
    """Wrap a step of a state machine: what it returns is the next step's input."""

    def handler(event: Event, context: Any) -> Event:
        try:
            answer = work(event)
            logger().info("done", extra={"request_id": getattr(context, "aws_request_id", "")})
            return answer
        finally:
            flush()

    return handler
