"""Where a client says it is (header X-Location)."""

import re

_DEGREES = re.compile(r"(-?[0-9]{1,2}(?:\.[0-9]{1,10})?),(-?[0-9]{1,3}(?:\.[0-9]{1,10})?)")
MAX_LATITUDE, MAX_LONGITUDE = 90, 180


def degrees_in(text: str) -> tuple[float, float] | None:
    """Read `31.2304,121.4737` (latitude, longitude). It is a hint: what cannot be read is no place."""
    found = _DEGREES.fullmatch(text)
    if found is None:
        return None
    latitude, longitude = map(float, found.groups())
    return (
        (latitude, longitude) if abs(latitude) <= MAX_LATITUDE and abs(longitude) <= MAX_LONGITUDE else None
    )
