"""The map as a function of ours is wired: set up, not set up, and out of reach (ST1)."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from unit.stations.conftest import PEOPLES_SQUARE, House, Signals

from octane.kernel.clock import MINUTE
from octane.stations.model import Place
from octane.stations.nearest import nearest
from octane.stations.tencent_maps import SilentMap, TencentMaps
from octane.wiring import Wiring
from world.engines import HandClock


class Wired(Wiring):
    """With a secret of the test's own; `asked` counts how often it was read."""

    def __init__(self, secret: dict[str, str] | Exception) -> None:
        super().__init__({})
        self.__dict__["signals"] = self.told = Signals()
        self.__dict__["clock"] = self.hand = HandClock()
        self._kept, self.asked = secret, 0

    def keep(self, secret: dict[str, str]) -> None:
        self._kept = secret

    def _secret(self, name: str) -> dict[str, Any]:
        assert name == "MAPS"
        self.asked += 1
        if isinstance(self._kept, Exception):
            raise self._kept
        return self._kept


@pytest.mark.parametrize(
    "secret", [{"unset": "x"}, {}, {"key": "K"}, {"key": "K", "secret_key": ""}], ids=range(4)
)
def test_a_map_that_is_not_set_up_is_silent_and_rings_nobody(secret: dict[str, str]) -> None:
    wired = Wired(secret)
    for _ in range(2):
        assert wired.driving_map.drives(PEOPLES_SQUARE, [PEOPLES_SQUARE]) is None
    assert (wired.asked, wired.told.seen) == (1, [])
    assert isinstance(Wired({"key": "K", "secret_key": "S"}).driving_map, TencentMaps)


@pytest.mark.parametrize(
    ("failure", "why"),
    [
        (ClientError({"Error": {"Code": "AccessDenied"}}, "GetSecretValue"), "SECRET_ClientError"),
        (ReadTimeoutError(endpoint_url="https://secrets"), "SECRET_ReadTimeoutError"),
        (KeyError("SecretString"), "SECRET_KeyError"),
    ],
    ids=["refused", "silent", "binary"],
)
def test_a_secret_that_cannot_be_read_is_silence_that_rings(failure: Exception, why: str) -> None:
    wired = Wired(failure)
    for _ in range(2):
        assert wired.driving_map.drives(PEOPLES_SQUARE, [PEOPLES_SQUARE]) is None
    assert wired.asked == 1
    assert wired.told.seen == [("MapSilent", {"why": why})] * 2
    # it is asked for again, but not by everybody
    wired.hand.at += MINUTE
    wired.keep({"key": "K", "secret_key": "S"})
    assert isinstance(wired.driving_map, TencentMaps)
    assert wired.driving_map is wired.driving_map
    assert wired.asked == 2


def test_where_nothing_is_near_no_map_is_made(house: House) -> None:
    class Unmade(House):
        @property
        def driving_map(self) -> SilentMap:  # type: ignore[override]
            raise AssertionError("nothing is near")

        @driving_map.setter
        def driving_map(self, _map: object) -> None: ...

    assert nearest(Unmade(), Place(31_000_000, 121_000_000), 10) == []
