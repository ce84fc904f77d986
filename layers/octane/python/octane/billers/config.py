"""How a biller is reached, and which protocol each speaks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from octane.billers.names import Biller
from octane.kernel.errors import UnavailableError


class BillerUnavailableError(UnavailableError):
    code = "BILLER_UNAVAILABLE"
    summary = "This biller is not connected; try the same request again later."


class Interface(StrEnum):
    """The three documented interfaces: infra/docs/billers.md."""

    JSON = "JSON"
    XML = "XML"
    FORM = "FORM"


INTERFACES: Mapping[Biller, Interface] = {
    Biller.ELECTRICITY: Interface.JSON,
    Biller.WATER: Interface.XML,
    Biller.GAS: Interface.FORM,
    Biller.PARKING: Interface.JSON,
    Biller.PROPERTY: Interface.XML,
}


@dataclass(frozen=True, slots=True)
class BillerConfig:
    biller: Biller
    key: str = field(repr=False)
    """What the biller and we share."""
    base_url: str
    """Where all billers are; each has its own path there."""
    timeout_s: float = 5.0
    owed_timeout_s: float = 2.0
    """A customer waits for what is owed, and is shown what was said last instead."""

    @property
    def path(self) -> str:
        """`/electricity`"""
        return f"/{self.biller.value.lower()}"


def key_of(secret: Mapping[str, object], biller: Biller) -> str | None:
    """A biller's key in the secret of all, `{"WATER": {"key": "…"}}`; None for one that is not set up.

    An entry without a key is a mistake, not a biller less: `BillerUnavailableError`, so that no day is opened
    without it.
    """
    found = secret.get(biller.value)
    if found is None:
        return None
    key = found.get("key") if isinstance(found, dict) else None
    if not (isinstance(key, str) and key):
        raise BillerUnavailableError(f"The entry of {biller} among the billers' keys has no key.")
    return key
