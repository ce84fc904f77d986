"""Access tokens that are none: forged, cut, of another key, from another time."""

import base64
import hmac
import json
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey, RSAKey
from unit.identity.conftest import Town

from octane.identity.tokens import TokenExpiredError
from octane.kernel.caller import Caller, Member, Role
from octane.kernel.errors import UnauthenticatedError

CALLER = Caller(
    "U" * 26,
    Role.CUSTOMER,
    "S" * 26,
    "openid",
    enterprise_id="E" * 26,
    member=Member.FINANCE,
    alipay_id="ali",
)


@pytest.fixture
def token(town: Town) -> str:
    return town.signer.access(CALLER, town.now())


def claims(token: str) -> dict[str, Any]:
    body = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=="))
    return found


def segment(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def signed(town: Town, content: dict[str, Any]) -> str:
    header = {"alg": "Ed25519", "kid": town.key.kid or ""}
    return jwt.encode(header, content, town.key, algorithms=["Ed25519"])


def refused(town: Town, token: str) -> bool:
    with pytest.raises(UnauthenticatedError):
        town.verifier.read(token, town.now())
    return True


def test_a_token_says_who_asks_and_when_it_was_made(town: Town, token: str) -> None:
    town.clock.at += 123
    at = town.now()
    made = town.signer.access(CALLER, at)
    assert town.verifier.read_issued(made, at) == (CALLER, at)
    assert town.verifier.read(token, at) == CALLER
    assert len(made) < 1_000


@pytest.mark.parametrize("milliseconds", [0, 1, 499, 500, 501, 999])
def test_milliseconds_survive(town: Town, milliseconds: int) -> None:
    town.clock.at += milliseconds
    assert town.verifier.read_issued(town.signer.access(CALLER, town.now()), town.now())[1] == town.now()


def test_a_token_of_the_release_before(town: Town, token: str) -> None:
    """Whole seconds, and nothing about Alipay and enterprises."""
    old = {name: claims(token)[name] for name in ("iss", "sub", "sid", "role", "openid", "exp")}
    caller, at = town.verifier.read_issued(signed(town, {**old, "iat": town.now() // 1_000}), town.now())
    assert caller == CALLER._replace(enterprise_id="", member=None, alipay_id="")
    assert at == town.now() // 1_000 * 1_000


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "HS512", "EdDSA", "RS256", ""])
def test_another_algorithm_in_the_head(town: Town, token: str, algorithm: str) -> None:
    _, body, signature = token.split(".")
    forged = f"{segment({'alg': algorithm, 'kid': town.key.kid})}.{body}"
    assert refused(town, f"{forged}.{signature}")
    assert refused(town, f"{forged}.")


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_the_public_key_as_a_secret(town: Town, token: str, algorithm: str) -> None:
    """The classic confusion, by hand: what everybody may read, in every form, as a secret."""
    public = town.key.as_dict(private=False)
    words, body = segment({"alg": algorithm, "kid": town.key.kid}), token.split(".")[1]
    for secret in (str(public["x"]).encode(), json.dumps(public).encode(), town.key.as_pem(private=False)):
        mac = hmac.digest(secret, f"{words}.{body}".encode(), algorithm.replace("HS", "sha"))
        assert refused(town, f"{words}.{body}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}")


@pytest.mark.parametrize("kid", ["ours", "another", "", "../../dev/null", "' OR 1=1 --"])
def test_another_key(town: Town, token: str, kid: str) -> None:
    kid = town.key.kid or "" if kid == "ours" else kid
    for other, algorithm in (
        (OKPKey.generate_key("Ed25519"), "Ed25519"),
        (RSAKey.generate_key(2048), "RS256"),
    ):
        header = {"alg": algorithm, "kid": kid}
        assert refused(town, jwt.encode(header, claims(token), other, algorithms=[algorithm]))


def test_a_key_that_the_token_brings_itself(town: Town, token: str) -> None:
    other = OKPKey.generate_key("Ed25519")
    header = {"alg": "Ed25519", "kid": town.key.kid or "", "jwk": other.as_dict(private=False)}
    assert refused(town, jwt.encode(header, claims(token), other, algorithms=["Ed25519"]))


def test_every_cut(town: Town, token: str) -> None:
    assert all(refused(town, token[:length]) for length in range(len(token)))


@pytest.mark.parametrize("part", range(3))
def test_every_other_character(town: Town, token: str, part: int) -> None:
    """One character of each part, all over: but the last one of a part holds bits that nobody reads."""
    parts = token.split(".")
    for place in range(len(parts[part]) - 1):
        changed = parts[part][:place] + ("A" if parts[part][place] != "A" else "B") + parts[part][place + 1 :]
        assert refused(town, ".".join([*parts[:part], changed, *parts[part + 1 :]]))


@pytest.mark.parametrize(
    "changed",
    [
        {"iat": "never"},
        {"iat": None},
        {"iat": [1]},
        {"iat": float("inf")},
        {"ent": "E", "mem": "emperor"},
        {"ent": "E", "mem": None},
        {"ent": "E"},
    ],
    ids=["text", "null", "list", "infinite", "no-such-member", "null-member", "no-member"],
)
def test_our_own_key_under_words_that_make_no_sense(town: Town, token: str, changed: dict[str, Any]) -> None:
    content = {name: value for name, value in claims(token).items() if name not in {"ent", "mem"}}
    assert refused(town, signed(town, {**content, **changed}))


def test_a_token_from_the_future(town: Town) -> None:
    """A minute is a clock that goes wrong, more is none of ours."""
    at = town.now()
    made = town.signer.access(CALLER, at)
    town.clock.at = at - 60_000
    assert town.verifier.read(made, town.now()) == CALLER
    town.clock.at -= 1
    assert refused(town, made)


def test_a_token_lives_ten_minutes(town: Town, token: str) -> None:
    town.move(seconds=599)
    assert town.verifier.read(token, town.now()) == CALLER
    town.move(seconds=1)
    with pytest.raises(TokenExpiredError):
        town.verifier.read(token, town.now())
