"""A file of stations has arrived in the bucket: bring it in. The queue carries S3's notices one by one."""

import json
from urllib.parse import unquote_plus

from octane.api.telemetry import logger
from octane.api.workers import Event, worker_entry
from octane.kernel.clock import MINUTE, later
from octane.stations import importing
from octane.wiring import deps

WORK_MS = 12 * MINUTE
"""The function has 15; what is not done by then comes again, and goes on."""


def import_stations(event: Event) -> None:
    for message in event["Records"]:
        # a test notice, which S3 sends when the bucket is set up, has no records
        for record in json.loads(message["body"]).get("Records", []):
            key = unquote_plus(record["s3"]["object"]["key"])
            progress = importing.import_arrived(deps(), key, later(deps().clock.now(), WORK_MS))
            logger().info("stations", extra=progress.summary if progress else {"refused": key})


handler = worker_entry(import_stations)
