"""Known answers for the Juhe-style fuel-card interface."""

import json
from pathlib import Path

from octane.issuers.juhe.signing import order_sign

VECTORS = {
    vector["id"]: vector
    for vector in json.loads(Path(__file__).with_name("vectors.json").read_text(encoding="utf-8"))["shared"]
    if vector["channel"] == "juhe_fuelcard"
}
ORDER_SIGN = "juhe-onlineorder-sign-derived"


def test_every_vector_is_claimed():
    assert set(VECTORS) == {ORDER_SIGN}


def test_order_signature():
    vector = VECTORS[ORDER_SIGN]
    fields = {name: vector[name] for name in ("proid", "cardnum", "game_userid", "orderid")}
    assert order_sign(vector["OpenID"], vector["key"], fields) == vector["expected_sign"]
