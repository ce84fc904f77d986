"""Stations, prices, the first screen, and what becomes of a person's part in them, that no other test of the
flow plays: each says where it must end (ST1, ST2, GW7, ID6)."""

from flow.bill_plays import bound, coupon, planned
from flow.customers import Customer, log_in, new_customer, new_staff
from flow.moves import sqs
from flow.test_privacy import passed, run
from octane.identity.step_ups import Operation
from octane.kernel.caller import Role
from octane.privacy.rotation import SETTLE_MS, find_rotation
from octane.rights.erasing import WAIT_MS
from octane.stations.files import COLUMNS
from octane.store.items import Page, Query, Table
from world.shop import Shop, context

HERE = "lat=31.2304&lng=121.4737"
FILE = "imports/stations/one.csv"


def stations(*ids: str) -> bytes:
    """A file of stations around the same square, without pictures."""
    plain = dict.fromkeys(COLUMNS, "") | {"province": "上海", "grades": "92 95", "lon": "121.4737"}
    rows = [
        {**plain, "station_id": each, "name": f"站{each}", "lat": f"31.23{no}4", "sub_merchant": "1900000109"}
        for no, each in enumerate(ids)
    ]
    lines = [",".join(COLUMNS), *(",".join(row[name] for name in COLUMNS) for row in rows)]
    return ("\n".join(lines) + "\n").encode()


def uploaded(shop: Shop, content: bytes, key: str = FILE) -> None:
    shop.wiring.__dict__["work"].kept.put(key, content)


def stocked(shop: Shop) -> None:
    """One station, brought in by a member of staff."""
    uploaded(shop, stations("S1"))
    done = new_staff(shop, Role.OPERATOR).post("/stations/imports", {"key": FILE})
    assert (done.status, done.body["state"], done.body["written"]) == (200, "DONE", 1), done


def arrives(shop: Shop, key: str) -> None:
    """S3's notice of a file, as the queue carries it."""
    notice = {"Records": [{"s3": {"object": {"key": key}}}]}
    shop.function("stations/import_stations")(sqs(notice), context())


def stations_arrive_and_are_found(shop: Shop, ann: Customer) -> None:
    stocked(shop)
    uploaded(shop, stations("S1", "S2"), "imports/stations/two.csv")
    arrives(shop, "imports/stations/two.csv")
    arrives(shop, "imports/stations/two.csv")
    arrives(shop, "imports/stations/none.csv")
    found = ann.get(f"/stations/nearby?{HERE}").body["stations"]
    assert sorted(each["station_id"] for each in found) == ["S1", "S2"]
    assert ann.get("/stations/S2").body["name"] == "站S2"
    missing = new_staff(shop, Role.OPERATOR).post("/stations/imports", {"key": "imports/stations/no.csv"})
    assert missing.code == "IMPORT_NOT_FOUND"


def a_station_collects(shop: Shop, ann: Customer) -> None:
    stocked(shop)
    body = {"card_id": ann.card_id, "amount_fen": 10_000, "station_id": "S1"}
    assert ann.post("/orders", body).status == 201


def subscribed(shop: Shop, person: Customer, times: int = 9) -> None:
    shop.world.wechat.post("/messages/allow", openid=person.openid, times=times)
    assert person.put("/me/price-subscriptions/BJ", {}).status == 200


def pulled(shop: Shop) -> None:
    shop.function("prices/sync_prices")({}, context())
    shop.drain()


def prices_change_and_are_told(shop: Shop, ann: Customer) -> None:
    pulled(shop)
    bob, eve = log_in(shop), new_customer(shop)
    subscribed(shop, ann)
    subscribed(shop, ann)
    subscribed(shop, bob, times=0)
    subscribed(shop, eve)
    assert len(ann.get("/me/price-subscriptions").body["subscriptions"]) == 1
    assert eve.delete("/me/price-subscriptions/BJ").status == 204
    shop.world.prices.post("/prices", province="北京", **{"92": "7.70"})
    pulled(shop)
    pulled(shop)
    told = shop.world.wechat.get(f"/messages?openid={ann.openid}")["messages"]
    assert len(told) == 1
    staff = new_staff(shop, Role.OPERATOR)
    known = staff.get("/prices?province=BJ").body["provinces"][0]
    body = {"fens": {"92": 780}, "based_on": known["version"], "reason": "the pump says so"}
    assert staff.put("/prices/BJ", body).status == 200
    shop.drain()


def a_round_that_was_too_short_goes_on(shop: Shop, ann: Customer) -> None:
    """The worker's time is over before it has told anybody: the rest is another message."""
    pulled(shop)
    subscribed(shop, ann)
    shop.world.prices.post("/prices", province="北京", **{"92": "7.70"})
    shop.function("prices/sync_prices")({}, context())
    engine = shop.wiring.engine
    query = engine.query

    def slow(asked: Query) -> Page:
        page = query(asked)
        if page.items and asked.partition.startswith("SUBSCRIBERS#"):
            del engine.__dict__["query"]
            shop.clock.move(seconds=60)
        return page

    engine.__dict__["query"] = slow
    shop.drain()
    assert "query" not in engine.__dict__
    assert len(shop.world.wechat.get(f"/messages?openid={ann.openid}")["messages"]) == 1


def the_first_screen(shop: Shop, ann: Customer) -> None:
    stocked(shop)
    pulled(shop)
    coupon(shop, ann)
    order = ann.place()
    shown = ann.get(f"/home?{HERE}").body
    assert {part: shown[part]["status"] for part in shown} == dict.fromkeys(shown, "OK")
    assert order in str(shown["orders"])


def what_is_held_of_a_person(shop: Shop, ann: Customer) -> None:
    """Copied, sealed anew, and gone in the end."""
    account = bound(shop, ann)
    shop.clock.move(seconds=61)
    planned(ann, account)
    coupon(shop, ann)
    subscribed(shop, ann)
    run(shop, "rotate_keys", {"begin": True})
    shop.clock.move(seconds=SETTLE_MS // 1_000)
    run(shop, "rotate_keys")
    rotation = find_rotation(shop.wiring.store)
    assert rotation is not None
    assert (rotation.state, rotation.left) == ("DONE", 0)
    headers = {"Idempotency-Key": "export-0001", **passed(shop, ann, Operation.EXPORT_DATA)}
    assert shop.call("POST", "/api/v1/me/exports", token=ann.token, headers=headers).status == 202
    run(shop, "make_exports")
    headers = passed(shop, ann, Operation.ERASE_ACCOUNT)
    assert shop.call("POST", "/api/v1/me/erasure", token=ann.token, headers=headers).status == 202
    shop.clock.move(seconds=WAIT_MS // 1_000)
    run(shop, "erase_people")
    for table in (Table.BILLS, Table.COUPONS, Table.STATIONS):
        assert not [item for item in shop.wiring.engine.items(table) if ann.user_id in str(item["pk"])]


PLAYS = (
    stations_arrive_and_are_found,
    a_station_collects,
    prices_change_and_are_told,
    a_round_that_was_too_short_goes_on,
    the_first_screen,
    what_is_held_of_a_person,
)
