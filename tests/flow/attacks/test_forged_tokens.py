"""Tokens that are none, at every door that wants one (GW2, SE4)."""

import base64
import json
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey

from flow.attacks.surface import Operation, filled, operations
from flow.books import nothing_written
from flow.customers import Customer
from world.shop import Shop

GUARDED = [each for each in operations() if not each.is_open]


def named(operation: Operation) -> str:
    return operation.name


def part(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def forgeries(shop: Shop, ann: Customer) -> dict[str, str]:
    """Tokens of a finance director who never was; each is wrong in one way."""
    true = ann.token
    head, body, signature = true.split(".")
    pad = "=" * (-len(body) % 4)
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + pad))
    claims["role"] = "finance_director"
    (public,) = shop.secrets["TOKEN_VERIFIER"]["public_jwks"]["keys"]
    kid, stranger = public["kid"], OKPKey.generate_key("Ed25519")
    shared = OctKey.import_key(base64.urlsafe_b64decode(public["x"] + "="))
    mine = {"typ": "JWT", "alg": "Ed25519", "kid": kid}
    return {
        "no signature": f"{part({'alg': 'none'})}.{part(claims)}.",
        "none, written otherwise": f"{part({'alg': 'nOnE', 'kid': kid})}.{part(claims)}.{signature}",
        "the public key as a shared secret": jwt.encode({"alg": "HS256", "kid": kid}, claims, shared),
        "another key under the same name": jwt.encode(mine, claims, stranger, algorithms=["Ed25519"]),
        "a key that comes along": jwt.encode(
            {**mine, "jwk": stranger.as_dict(private=False)}, claims, stranger, algorithms=["Ed25519"]
        ),
        "a key from an address": jwt.encode(
            {**mine, "jku": "http://127.0.0.1/keys"}, claims, stranger, algorithms=["Ed25519"]
        ),
        "other words under a true signature": f"{head}.{part(claims)}.{signature}",
        "a key that is a path": f"{part({**mine, 'kid': '../../dev/null'})}.{part(claims)}.{signature}",
        "cut short": true[:-4],
        "without its end": f"{head}.{body}",
        "four parts": f"{true}.{signature}",
        "endless": true + "A" * 5_000,
        "two in one": f"{true},{true}",
        "no text": "\x00",
        "a refresh token": ann.refresh_token,
    }


@pytest.mark.parametrize("operation", GUARDED, ids=named)
def test_no_forgery_opens_any_door(shop: Shop, ann: Customer, operation: Operation) -> None:
    with nothing_written(shop):
        for what, token in forgeries(shop, ann).items():
            answer = shop.call(operation.method, filled(operation, {}), {}, token=token)
            assert answer.status == 401, what


@pytest.mark.parametrize("operation", GUARDED, ids=named)
def test_no_token_or_one_in_another_place(shop: Shop, ann: Customer, operation: Operation) -> None:
    path, token = filled(operation, {}), ann.token
    places: list[dict[str, str]] = [
        {}, {"X-Access-Token": token}, {"Cookie": f"token={token}"}, {"Authorization": f"Basic {token}"},
        {"Authorization": token}, {"Authorization": ""}, {"Proxy-Authorization": f"Bearer {token}"},
    ]  # fmt: skip
    with nothing_written(shop):
        for headers in places:
            assert shop.call(operation.method, path, {}, headers=headers).status == 401, headers
        assert shop.call(operation.method, f"{path}?access_token={token}", {}).status == 401


@pytest.mark.parametrize("operation", GUARDED, ids=named)
def test_a_function_that_is_called_past_the_gateway_knows_nobody(shop: Shop, operation: Operation) -> None:
    # Given an event that no authorizer has seen
    function, event = shop.bare(operation.method, filled(operation, {}))

    # When / Then
    with nothing_written(shop):
        answer = function(event, None)
    assert answer["statusCode"] == 401
