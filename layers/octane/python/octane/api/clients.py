"""What a request comes from: the address that the gateway saw, and what the client says of itself."""

import re
from collections.abc import Mapping
from typing import Any

from octane.kernel.caller import Client

DEVICE = re.compile(r"[A-Za-z0-9_-]{8,64}")
DIGITS_OF_NOBODY = 4
"""A name of so few different characters is what systems answer that hide the device: all zeros. It is
thousands of people's, and one device that thousands use looks like a fraud's (RK2)."""
PLACE = re.compile(r"-?[0-9.]{1,12},-?[0-9.]{1,12}")


def client_of(event: Mapping[str, Any]) -> Client:
    """Read address, X-Device-Id and X-Location; what has another form is left out: they are hints."""
    headers = {name.lower(): str(value) for name, value in (event.get("headers") or {}).items()}
    ip = (event["requestContext"].get("identity") or {}).get("sourceIp") or ""
    device, place = headers.get("x-device-id", ""), headers.get("x-location", "")
    return Client(
        str(ip),
        device if DEVICE.fullmatch(device) and len(set(device)) > DIGITS_OF_NOBODY else "",
        place if PLACE.fullmatch(place) else "",
    )
