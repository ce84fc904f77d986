"""The first screen (GW7), through the gateway: everything of the caller, nothing of anybody else."""

from flow.books import assert_refused
from flow.customers import Customer, new_customer
from flow.test_switches import turn
from octane.kernel.money import Fen
from octane.ledger.accounts import wallet
from octane.ledger.balances import credit
from world.shop import Shop


def test_the_first_screen_shows_what_is_the_callers(shop: Shop, ann: Customer) -> None:
    # Given Ann with a card, a balance and an order under way, and Bob beside her
    order_id = ann.place()
    shop.wiring.engine.write(credit(wallet(ann.user_id), 0, Fen(500)))
    bob = new_customer(shop)
    bob.place()

    # When
    answer = ann.get("/home?lat=31.23&lng=121.47")

    # Then
    assert answer.status == 200, answer
    assert [card["card_id"] for card in answer.body["cards"]["cards"]] == [ann.card_id]
    assert answer.body["balance"]["balance"]["available_fen"] == 500
    assert [order["order_id"] for order in answer.body["orders"]["orders"]] == [order_id]
    assert {part["status"] for part in answer.body.values()} == {"OK"}


def test_hidden_marketing_leaves_the_coupons_out(shop: Shop, ann: Customer) -> None:
    turn(shop, hide_marketing=True)
    answer = ann.get("/home")
    assert (answer.body["coupons"]["status"], answer.body["stations"]["status"]) == ("HIDDEN", "NOT_ASKED")


def test_half_a_place_is_refused(ann: Customer) -> None:
    assert_refused(ann.get("/home?lat=31.23"), 400, "COORDINATES_INVALID")


def test_the_first_screen_is_four_calls(shop: Shop, ann: Customer) -> None:
    ann.place()
    shop.wiring.meter.reset()
    assert ann.get("/home?lat=31.23&lng=121.47").status == 200
    usage = shop.wiring.meter.totals["get_home"]
    assert dict(usage.by_call) == {"query": 3, "batch_get": 1}
