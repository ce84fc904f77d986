"""Where stations are kept.

| key                                        | item                                                        |
|--------------------------------------------|-------------------------------------------------------------|
| pk: `STATION#<station_id>`, sk: `#STATION` | the station, packed; `version` counts its writes            |
| pk: `CELL#<h3 index>`, sk: `#CELL`         | the stations of a cell, packed (`octane.stations.cells`)    |
| pk: `IMPORT#<import_id>`, sk: `#IMPORT`    | how far an import is (`octane.stations.importing`)          |
| pk: `PRICES#CURRENT`, sk: `#PRICES`        | the prices of all provinces: written by `octane.prices`     |

A station and the cells that name it are written in one transaction, so they never disagree.
"""

import json

from octane.kernel.provinces import Province
from octane.stations.model import Station
from octane.store.items import Item, Key, Table, Value

PRICES = Key(Table.STATIONS, "PRICES#CURRENT", "#PRICES")


def station_key(station_id: str) -> Key:
    return Key(Table.STATIONS, f"STATION#{station_id}", "#STATION")


def cell_key(cell: str) -> Key:
    return Key(Table.STATIONS, f"CELL#{cell}", "#CELL")


def import_key(import_id: str) -> Key:
    return Key(Table.STATIONS, f"IMPORT#{import_id}", "#IMPORT")


def item_of(station: Station) -> dict[str, Value]:
    """The station as one text: DynamoDB's own form costs a reader some ten times the CPU to take apart."""
    fields = {name: value for name, value in station._asdict().items() if name != "version"}
    text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return {"station_id": station.station_id, "station": text, "version": station.version}


def station_of(item: Item) -> Station:
    fields = json.loads(str(item["station"]))
    return Station(
        **{
            **fields,
            "province": Province(fields["province"]),
            "grades": tuple(fields["grades"]),
            "pictures": tuple(fields["pictures"]),
            "version": int(str(item["version"])),
        }
    )
