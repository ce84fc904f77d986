"""Change the key that signs access tokens, in the four steps of Secrets Manager, with overlap (SE4, PY9).

Two secrets: `tokens` (private: what signs now, what signs next, the pepper) and `verifier` (public keys). A
process reads either once and keeps it, so a key must be known to every verifier long before it signs, and for
some time after. Therefore each rotation puts the key that has waited since the last one in use, and makes the
next one; the verifier knows three: the last, the present, the next.

    rotation      signs          is announced     is still believed
    before        A              –                –
    first         A              B                –
    second        B              C                A
    third         C              D                B

An access token lives ten minutes, a process hours, a rotation's turn 30 days. The pepper stays: what it
digests (refresh tokens, stored codes) would all be void at once (infra/docs/secrets.md says when to do that).

Every step may come again, and a process may die in it: a step that was done finds that it was.
"""

import json
from collections.abc import Callable
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from octane.identity.tokens import ALGORITHM
from octane.kernel.errors import OctaneError

CURRENT, PENDING = "AWSCURRENT", "AWSPENDING"


class RotationRefusedError(OctaneError):
    """A fault to look at by hand: nothing has changed."""

    code = "ROTATION_REFUSED"


class Step(StrEnum):
    CREATE = "createSecret"
    SET = "setSecret"
    TEST = "testSecret"
    FINISH = "finishSecret"


class Vault(Protocol):
    """One secret and its versions, as Secrets Manager keeps them."""

    def stages(self) -> dict[str, list[str]]:
        """The stages of each version."""
        ...

    def read(self, stage: str, version: str | None = None) -> dict[str, Any]: ...

    def write(self, content: str, version: str, stage: str) -> None:
        """Write a version; the same words under the same version again change nothing."""
        ...

    def promote(self, version: str, instead_of: str) -> None:
        """Make a version the current one."""
        ...


class Keys(NamedTuple):
    """The two secrets, and how a key is made (an Ed25519 key with its id)."""

    tokens: Vault
    verifier: Vault
    make: Callable[[], OKPKey]


def new_key() -> OKPKey:
    return OKPKey.generate_key("Ed25519", auto_kid=True)


def rotate(keys: Keys, step: Step, version: str) -> None:
    """Do one step for a version. Raises `RotationRefusedError` for one that was not announced, or a key that
    would lock everybody out."""
    stages = keys.tokens.stages()
    if version not in stages:
        raise RotationRefusedError("This version was not announced.")
    if CURRENT in stages[version]:
        return  # a step that came late
    match step:
        case Step.CREATE:
            _create(keys, version, made=PENDING in stages[version])
        case Step.SET:
            keys.verifier.write(_public_text(keys, version), version, CURRENT)
        case Step.TEST:
            _test(keys, version)
        case Step.FINISH:
            current = next(each for each, held in stages.items() if CURRENT in held)
            keys.tokens.promote(version, instead_of=current)


def _create(keys: Keys, version: str, *, made: bool) -> None:
    """Put the key that waits in use, and make the next. The first rotation has none waiting: it only makes
    one."""
    if made and _is_written(keys, version):
        return
    before = keys.tokens.read(CURRENT)
    content = {
        **before,
        "private_jwk": before.get("next_private_jwk", before["private_jwk"]),
        "next_private_jwk": keys.make().as_dict(private=True),
    }
    keys.tokens.write(json.dumps(content), version, PENDING)


def _is_written(keys: Keys, version: str) -> bool:
    """Secrets Manager announces a version before it has content."""
    try:
        return bool(keys.tokens.read(PENDING, version))
    except LookupError:
        return False


def _public_text(keys: Keys, version: str) -> str:
    now, then = keys.tokens.read(CURRENT), keys.tokens.read(PENDING, version)
    private = [now["private_jwk"], then["private_jwk"], then["next_private_jwk"]]
    public = {jwk["kid"]: OKPKey.import_key(jwk).as_dict(private=False) for jwk in private}
    return json.dumps({"public_jwks": {"keys": list(public.values())}}, sort_keys=True)


def _test(keys: Keys, version: str) -> None:
    """Whoever verifies must believe the key that signs today, the one that will, and the one after it."""
    believed = KeySet.import_key_set(keys.verifier.read(CURRENT)["public_jwks"])
    now, then = keys.tokens.read(CURRENT), keys.tokens.read(PENDING, version)
    if now["pepper"] != then["pepper"]:
        raise RotationRefusedError("The pepper must stay.")
    for jwk in (now["private_jwk"], then["private_jwk"], then["next_private_jwk"]):
        key = OKPKey.import_key(jwk)
        token = jwt.encode(
            {"alg": ALGORITHM, "kid": key.kid or ""}, {"sub": "x"}, key, algorithms=[ALGORITHM]
        )
        try:
            jwt.decode(token, believed, algorithms=[ALGORITHM])
        except JoseError:
            raise RotationRefusedError(f"The verifier does not know {key.kid}.") from None
