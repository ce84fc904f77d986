"""The day is closed to the fen: what agrees, what is repaired, what waits for a person, what fails loudly."""

from pathlib import Path

import pytest
from octane_verify import verify

from flow.closing import close_day, differences, exported, open_early
from flow.customers import Customer, new_staff
from octane.kernel.caller import Role
from world.shop import Shop

ONLY = {"sources": ["WECHAT", "JUHE"]}


@pytest.fixture
def finance(shop: Shop) -> Customer:
    open_early(shop)
    return new_staff(shop, Role.FINANCE)


def test_a_day_on_which_everything_agrees_is_closed_and_verifies_offline(
    shop: Shop, ann: Customer, finance: Customer, tmp_path: Path
) -> None:
    # Given a top-up, and one that the issuer refused and that was refunded
    ann.topped_up(10_000)
    shop.world.issuer.misbehave("submit", "refuse", count=1, code="208703")
    ann.paid(5_000)
    shop.drain()
    shop.deliver()
    shop.drain()

    # When the day is closed
    done = close_day(shop, **ONLY)

    # Then every bill is, nothing waits, and the files prove themselves
    assert (done["closed"], done["failures"]) == (True, [])
    assert [each["state"] for each in done["sources"]] == ["CLOSED", "CLOSED"]
    assert differences(finance) == []
    report = verify(exported(shop, done, tmp_path))
    assert report.sound, report
