"""Stations as customers see them, and imports as staff do."""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from octane.api.views import Body, View
from octane.api.views.posted import StationPriceView
from octane.kernel.provinces import Province
from octane.stations.importing import ImportState
from octane.stations.model import degrees
from octane.stations.nearest import Measured

if TYPE_CHECKING:
    from octane.stations.importing import Import
    from octane.stations.nearest import Distance, Offer


class StationDistanceView(View):
    metres: int
    measured: Measured = Field(
        description="`DRIVING`: by road; `STRAIGHT`: through the air, the map does not answer now."
    )
    seconds: int | None = Field(description="How long the drive takes, where that is known.")

    @classmethod
    def of(cls, distance: "Distance") -> "StationDistanceView":
        return cls(metres=distance.metres, measured=distance.measured, seconds=distance.seconds)


class StationView(View):
    station_id: str
    name: str
    address: str
    province: Province
    city: str
    brand: str
    lat: str = Field(description="Degrees, GCJ-02.")
    lng: str = Field(description="Degrees, GCJ-02.")
    grades: list[str]
    pictures: list[str] = Field(description="https addresses, or keys of the site's pictures.")
    phone: str
    hours: str = Field(description="`00:00-24:00` is always.")
    closed: bool = Field(description="For good.")
    prices: list[StationPriceView] = Field(description="Of the grades whose price is known.")
    distance: StationDistanceView | None = Field(description="From where the client is, if it said so.")

    @classmethod
    def of(cls, offer: "Offer") -> "StationView":
        station = offer.station
        return cls(
            station_id=station.station_id,
            name=station.name,
            address=station.address,
            province=station.province,
            city=station.city,
            brand=station.brand,
            lat=degrees(station.lat),
            lng=degrees(station.lon),
            grades=list(station.grades),
            pictures=list(station.pictures),
            phone=station.phone,
            hours=station.hours,
            closed=station.closed,
            prices=[StationPriceView.of(price) for price in offer.prices],
            distance=StationDistanceView.of(offer.distance) if offer.distance else None,
        )


class StationList(View):
    stations: list[StationView]

    @classmethod
    def of(cls, offers: "list[Offer]") -> "StationList":
        return cls(stations=[StationView.of(offer) for offer in offers])


class RunImport(Body):
    key: Annotated[str, Field(min_length=1, max_length=512, pattern=r"^[A-Za-z0-9._/-]+$")]


class StationImportView(View):
    import_id: str
    key: str
    state: ImportState = Field(description="`RUNNING`: send the same request again to go on.")
    rows: int = Field(description="Good rows of the file.")
    done: int
    written: int
    unchanged: int
    superseded: int = Field(description="Rows of stations of which a file uploaded later says otherwise.")
    faults: int = Field(description="Rows that stay out.")
    shown: list[str] = Field(description="The first faults: line, rule, value.")
    report: str = Field(description="Key of a CSV with all faults of the file.")

    @classmethod
    def of(cls, progress: "Import") -> "StationImportView":
        return cls(
            import_id=progress.import_id,
            key=progress.key,
            state=progress.state,
            rows=progress.rows,
            done=progress.done,
            written=progress.written,
            unchanged=progress.unchanged,
            superseded=progress.superseded,
            faults=progress.faults,
            shown=list(progress.shown),
            report=progress.report,
        )
