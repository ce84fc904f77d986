"""Sessions: rotation, reuse, logout; tokens that are none."""

import base64
import json
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey

from flow.books import assert_refused, brief, nothing_written
from flow.customers import Customer, log_in, new_staff
from octane.identity.tokens import ACCESS_SECONDS
from octane.identity.users import user_key
from octane.kernel.caller import Caller, Role
from octane.store.writes import Exists, Update
from world.shop import Answer, Shop

GRACE_SECONDS = 60


def refresh(shop: Shop, token: str) -> Answer:
    return shop.post("/api/v1/sessions/refresh", {"refresh_token": token})


def me(shop: Shop, token: str | None) -> Answer:
    return shop.get("/api/v1/me", token=token)


def claims(shop: Shop, person: Customer, **changed: Any) -> dict[str, Any]:
    now = shop.clock.now() // 1000
    return {
        "iss": "octane",
        "sub": person.user_id,
        "sid": person.session_id,
        "role": "customer",
        "openid": person.openid,
        "iat": now,
        "exp": now + 600,
        **changed,
    }


def signed(shop: Shop, content: dict[str, Any]) -> str:
    """A token by the true key."""
    key = OKPKey.import_key(shop.secrets["TOKENS"]["private_jwk"])
    return jwt.encode({"alg": "Ed25519", "kid": key.kid or ""}, content, key, algorithms=["Ed25519"])


def segment(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def test_login_opens_one_account_for_one_person(shop: Shop) -> None:
    # Given / When somebody logs in twice
    first, second = log_in(shop, "one-person"), log_in(shop, "one-person")

    # Then the account is one, the sessions are two
    assert first.user_id == second.user_id
    assert first.session_id != second.session_id
    assert me(shop, first.access_token).body == {"user_id": first.user_id, "phone": None, "role": "customer"}


def test_a_phone_is_bound_and_shown_masked(shop: Shop) -> None:
    person = log_in(shop)
    answer = person.post("/me/phone", {"code": "phone-13912345678"})
    assert (answer.status, answer.body["phone"]) == (200, "139****5678")
    assert person.get("/me").body["phone"] == "139****5678"


def test_refresh_rotates(shop: Shop) -> None:
    # Given
    person = log_in(shop)

    # When
    answer = refresh(shop, person.refresh_token)

    # Then both tokens are new, and the person is the same
    assert answer.status == 200
    assert answer.body.keys() == {"access_token", "refresh_token", "expires_in", "user"}
    assert answer.body["refresh_token"] != person.refresh_token
    assert answer.body["expires_in"] == ACCESS_SECONDS
    assert me(shop, answer.body["access_token"]).body["user_id"] == person.user_id


def test_a_lost_refresh_answer_is_given_again_within_its_grace(shop: Shop) -> None:
    # Given a refresh whose answer was lost
    person = log_in(shop)
    first = refresh(shop, person.refresh_token)

    # When the old token comes once more in time
    shop.clock.move(seconds=GRACE_SECONDS // 2)
    again = refresh(shop, person.refresh_token)

    # Then the same new token is given
    assert again.body["refresh_token"] == first.body["refresh_token"]
    assert refresh(shop, first.body["refresh_token"]).status == 200


def test_reuse_after_the_grace_ends_the_session_for_both(shop: Shop) -> None:
    # Given a token that was rotated a while ago
    person = log_in(shop)
    newest = refresh(shop, person.refresh_token).body["refresh_token"]
    shop.clock.move(seconds=GRACE_SECONDS + 1)

    # When somebody uses the old one
    assert_refused(refresh(shop, person.refresh_token), 401, "SESSION_REVOKED")

    # Then the newest one is worth nothing either, and another login is not touched
    assert_refused(refresh(shop, newest), 401, "SESSION_REVOKED")
    assert log_in(shop, person.openid).get("/me").status == 200


def test_reuse_of_an_older_one_ends_the_session_at_once(shop: Shop) -> None:
    # Given a token that was rotated twice
    person = log_in(shop)
    second = refresh(shop, person.refresh_token).body["refresh_token"]
    third = refresh(shop, second).body["refresh_token"]

    # When / Then
    assert_refused(refresh(shop, person.refresh_token), 401, "SESSION_REVOKED")
    assert_refused(refresh(shop, third), 401, "SESSION_REVOKED")


def test_sessions_end_one_by_one(shop: Shop) -> None:
    # Given two sessions of one person
    one, other = log_in(shop, "one-person"), log_in(shop, "one-person")

    # When one logs out
    assert shop.call("DELETE", "/api/v1/sessions/current", token=one.access_token).status == 204

    # Then
    assert_refused(refresh(shop, one.refresh_token), 401, "SESSION_REVOKED")
    assert refresh(shop, other.refresh_token).status == 200


def test_logging_out_twice_is_fine(shop: Shop) -> None:
    person = log_in(shop)
    for _ in range(2):
        answer = shop.call("DELETE", "/api/v1/sessions/current", token=person.access_token)
        assert (answer.status, answer.body) == (204, "")


def test_a_new_role_comes_with_the_next_refresh(shop: Shop) -> None:
    # Given somebody who is made an operator
    person = log_in(shop)
    shop.wiring.store.commit(Update(user_key(person.user_id), when=Exists(), assign={"role": "operator"}))

    # When
    answer = refresh(shop, person.refresh_token)

    # Then
    assert answer.body["user"]["role"] == "operator"


@pytest.mark.parametrize(
    "token",
    ["x", "a.b.c", "a.b.c.d", "....", "U.S.0.mac", "U.S.x.mac", "U.S.-1.mac", "." * 256],
)
def test_refresh_tokens_that_are_none(shop: Shop, token: str) -> None:
    with nothing_written(shop):
        assert_refused(refresh(shop, token), 401, "UNAUTHENTICATED")


def test_a_refresh_token_with_another_generation(shop: Shop) -> None:
    # Given somebody who counts their own token up
    person = log_in(shop)
    user_id, session_id, _, mac = person.refresh_token.split(".")

    # When / Then
    with nothing_written(shop):
        answer = refresh(shop, f"{user_id}.{session_id}.1.{mac}")
    assert_refused(answer, 401, "UNAUTHENTICATED")


def test_a_refresh_token_of_a_session_that_is_gone(shop: Shop) -> None:
    token = shop.wiring.signer.refresh("U" + "A" * 25, "S" + "A" * 25, 0)
    with nothing_written(shop):
        assert_refused(refresh(shop, token), 401, "SESSION_REVOKED")


def test_an_access_token_expires(shop: Shop) -> None:
    # Given
    person = log_in(shop)
    shop.clock.move(seconds=ACCESS_SECONDS // 2)
    assert me(shop, person.access_token).status == 200

    # When
    shop.clock.move(seconds=ACCESS_SECONDS // 2)

    # Then
    assert me(shop, person.access_token).status == 401
    assert refresh(shop, person.refresh_token).status == 200


@pytest.mark.parametrize(
    "token", [None, "", "x", "a.b", "a.b.c", "a.b.c.d", "..", "é", "x" * 3_000, "null"], ids=brief
)
def test_access_tokens_that_are_none(shop: Shop, token: str | None) -> None:
    with nothing_written(shop):
        assert me(shop, token).status == 401


def test_a_token_without_a_signature(shop: Shop) -> None:
    # Given alg none, with and without the true claims' signature
    person = log_in(shop)
    body = claims(shop, person, role="finance")
    for algorithm in ("none", "None", "NONE", ""):
        token = f"{segment({'alg': algorithm, 'typ': 'JWT'})}.{segment(body)}."

        # When / Then
        assert me(shop, token).status == 401
        assert me(shop, token + person.access_token.split(".")[2]).status == 401


def test_a_token_by_another_key(shop: Shop) -> None:
    # Given a key that calls itself ours
    person = log_in(shop)
    known = OKPKey.import_key(shop.secrets["TOKENS"]["private_jwk"]).kid or ""
    other = OKPKey.generate_key("Ed25519")
    for kid in (known, "another", ""):
        token = jwt.encode(
            {"alg": "Ed25519", "kid": kid}, claims(shop, person), other, algorithms=["Ed25519"]
        )

        # When / Then
        assert me(shop, token).status == 401


def test_a_token_signed_with_the_public_key_as_a_secret(shop: Shop) -> None:
    # Given the classic confusion: HS256 under what everybody may read
    person = log_in(shop)
    public = shop.secrets["TOKEN_VERIFIER"]["public_jwks"]["keys"][0]["x"]
    key = OctKey.import_key(public.encode())
    token = jwt.encode({"alg": "HS256"}, claims(shop, person), key, algorithms=["HS256"])

    # When / Then
    assert me(shop, token).status == 401


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "somebody"},
        {"role": "emperor"},
        {"exp": "never"},
        {"exp": None},
        {"exp": 0},
        {"exp": -1},
    ],
)
def test_a_token_of_ours_that_says_something_else(shop: Shop, changed: dict[str, Any]) -> None:
    person = log_in(shop)
    assert me(shop, signed(shop, claims(shop, person))).status == 200
    assert me(shop, signed(shop, claims(shop, person, **changed))).status == 401


@pytest.mark.parametrize("name", ["iss", "sub", "sid", "role", "openid", "exp"])
def test_a_token_of_ours_that_lacks_something(shop: Shop, name: str) -> None:
    content = claims(shop, log_in(shop))
    del content[name]
    assert me(shop, signed(shop, content)).status == 401


def test_a_changed_payload(shop: Shop) -> None:
    # Given a customer who makes themselves finance
    person = log_in(shop)
    head, _, signature = person.access_token.split(".")

    # When / Then
    assert me(shop, f"{head}.{segment(claims(shop, person, role='finance'))}.{signature}").status == 401


def test_a_refresh_token_is_no_access_token(shop: Shop) -> None:
    person = log_in(shop)
    assert me(shop, person.refresh_token).status == 401
    assert_refused(refresh(shop, person.access_token), 400, "INVALID_REQUEST")


def test_every_guarded_call_wants_a_token(shop: Shop) -> None:
    order = "T" * 26
    calls = [
        ("GET", "/me"), ("POST", "/me/phone"), ("DELETE", "/sessions/current"),
        ("POST", "/cards"), ("GET", "/cards"), ("DELETE", f"/cards/{order}"),
        ("POST", "/orders"), ("GET", "/orders"), ("GET", f"/orders/{order}"),
        ("POST", f"/orders/{order}/cancel"), ("POST", f"/orders/{order}/pay"),
        ("POST", f"/orders/{order}/refunds"), ("POST", "/payments/create"),
    ]  # fmt: skip
    with nothing_written(shop):
        assert {shop.call(method, f"/api/v1{path}", {}).status for method, path in calls} == {401}


def test_a_token_of_somebody_who_does_not_exist(shop: Shop) -> None:
    # Given a token by the true key for an account that is gone
    caller = Caller("U" + "A" * 25, Role.CUSTOMER, "S" + "A" * 25, "gone")
    token = shop.wiring.signer.access(caller, shop.clock.now())

    # When / Then
    with nothing_written(shop):
        assert_refused(me(shop, token), 404, "USER_NOT_FOUND")
        phone = shop.call("POST", "/api/v1/me/phone", {"code": "phone-13800138000"}, token=token)
        assert_refused(phone, 404, "USER_NOT_FOUND")


def test_no_token_is_logged(shop: Shop, log: Any) -> None:
    # Given / When a whole session
    person = new_staff(shop, Role.SUPPORT)
    refreshed = refresh(shop, person.refresh_token).body
    me(shop, refreshed["access_token"])
    me(shop, "garbage-token")
    refresh(shop, person.refresh_token[:-1])
    shop.call("DELETE", "/api/v1/sessions/current", token=refreshed["access_token"])

    # Then
    log.must_never_hold(
        {person.access_token, person.refresh_token, *refreshed["access_token"].split(".")[1:]}
    )
    log.must_never_hold({refreshed["refresh_token"], "garbage-token", person.openid})
