"""Files of stations as rows of texts: CSV, or GeoJSON (RFC 7946). `infra/docs/stations.md` describes both.

Nothing is believed here but where a row stands: rows are judged by `octane.stations.rows`.
"""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from octane.kernel.errors import InputError

COLUMNS = (
    *("station_id", "name", "address", "province", "city", "brand", "lat", "lon", "grades"),
    *("pictures", "sub_merchant", "phone", "hours", "offsets", "state"),
)
REQUIRED = frozenset({"station_id", "name", "province", "lat", "lon", "grades"})
MOST_BYTES = 128 << 20
MOST_FIELD = 8_192
"""Characters."""
COORDINATES = 2
FEATURES = re.compile(r'"features"\s*:\s*\[')


class FileUnreadableError(InputError):
    code = "STATIONS_FILE_UNREADABLE"
    summary = "The file is not one of stations: send CSV with the documented columns, or a GeoJSON of points."


class RawRow(NamedTuple):
    line: int
    """Of the file, where the row ends (CSV) or begins (GeoJSON)."""
    fields: Mapping[str, str]
    torn: bool = False
    """A CSV line with more or fewer cells than the head, a feature that is no point."""


def raw_rows(content: bytes) -> Iterator[RawRow]:
    """Read a file row by row; raise `FileUnreadableError` where it goes wrong as a whole."""
    if len(content) > MOST_BYTES:
        raise FileUnreadableError(f"The file is over {MOST_BYTES} bytes.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileUnreadableError(f"The file is not UTF-8 at byte {error.start}.") from None
    return _features(text) if text.lstrip()[:1] == "{" else _lines(text)


def _lines(text: str) -> Iterator[RawRow]:
    csv.field_size_limit(MOST_FIELD)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        head = next(reader, [])
        if len(set(head)) != len(head) or not set(COLUMNS) >= set(head) >= REQUIRED:
            raise FileUnreadableError(f"The columns are {', '.join(COLUMNS)}; needed are all that identify.")
        for cells in reader:
            if cells:
                torn = len(cells) != len(head)
                yield RawRow(reader.line_num, dict(zip(head, cells, strict=False)), torn)
    except csv.Error as error:
        raise FileUnreadableError(f"Line {reader.line_num} is no CSV: {error}.") from None


def _features(text: str) -> Iterator[RawRow]:
    """Read feature by feature: the collection is never whole in memory."""
    decoder = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)
    begin = FEATURES.search(text)
    if begin is None or '"FeatureCollection"' not in text:
        raise FileUnreadableError("The GeoJSON is no FeatureCollection.")
    line, counted, at = 1, 0, _skipped(text, begin.end())
    while text[at : at + 1] != "]":
        line, counted = line + text.count("\n", counted, at), at
        try:
            feature, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            raise FileUnreadableError(f"The feature in line {line} is no JSON, or the file ends.") from None
        fields = _fields(feature)
        yield RawRow(line, fields or {}, fields is None)
        at = _skipped(text, at)
        if text[at : at + 1] == ",":
            at = _skipped(text, at + 1)
        elif text[at : at + 1] != "]":
            raise FileUnreadableError(f"The file ends, or is no JSON, behind line {line}.")


def _skipped(text: str, at: int) -> int:
    while text[at : at + 1] in {" ", "\n", "\r", "\t"}:
        at += 1
    return at


def _fields(feature: object) -> dict[str, str] | None:
    """A feature's properties and its point as texts; None for what is no feature with a point."""
    if not isinstance(feature, dict):
        return None
    geometry, properties = feature.get("geometry"), feature.get("properties")
    if not isinstance(geometry, dict) or geometry.get("type") != "Point" or not isinstance(properties, dict):
        return None
    point = geometry.get("coordinates")
    if not isinstance(point, list) or len(point) < COORDINATES or not all(isinstance(n, str) for n in point):
        return None
    fields = {name: _text(value) for name, value in properties.items() if name in COLUMNS}
    return {**fields, "lon": point[0], "lat": point[1]}


def _text(value: object) -> str:
    """Lists as in a cell of CSV: their texts with blanks between, `92=-10` for a member of an object."""
    match value:
        case str():
            return value
        case list():
            return " ".join(part for part in value if isinstance(part, str))
        case dict():
            return " ".join(f"{name}={part}" for name, part in value.items() if isinstance(part, str))
        case _:
            return ""
