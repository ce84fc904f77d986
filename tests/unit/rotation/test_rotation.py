"""Rotate the signing key: nobody is locked out at any moment, whatever is repeated or lost (SE4)."""

import json
from typing import Any

import boto3
import pytest
from joserfc.jwk import OKPKey
from moto import mock_aws

from octane.identity.rotation import CURRENT, PENDING, Keys, RotationRefusedError, Step, new_key, rotate
from octane.identity.tokens import TokenSigner, TokenVerifier
from octane.kernel.caller import Caller, Role
from octane.kernel.clock import Instant
from octane.kernel.errors import UnauthenticatedError
from octane.wire.secrets import StoredSecret

NOW = Instant(1_795_320_000_000)
ANN = Caller("U1", Role.CUSTOMER, "S1", "openid-1")
STEPS = tuple(Step)


class Shelf:
    """A secret in memory; a rotation's version is announced before it has content."""

    def __init__(self, content: dict[str, Any]) -> None:
        self._kept = {"v0": json.dumps(content)}
        self._stages = {"v0": [CURRENT]}

    def announce(self, version: str) -> None:
        self._stages[version] = [PENDING]

    def stages(self) -> dict[str, list[str]]:
        return {version: list(stages) for version, stages in self._stages.items()}

    def read(self, stage: str, version: str | None = None) -> dict[str, Any]:
        for known, stages in self._stages.items():
            if stage in stages and version in {None, known}:
                found: dict[str, Any] = json.loads(self._kept[known])
                return found
        raise KeyError(stage)

    def write(self, content: str, version: str, stage: str) -> None:
        assert self._kept.setdefault(version, content) == content, "another content under the same version"
        for stages in self._stages.values():
            if stage in stages:
                stages.remove(stage)
        self._stages[version] = [*self._stages.get(version, []), stage]

    def promote(self, version: str, instead_of: str) -> None:
        self._stages[instead_of].remove(CURRENT)
        self._stages[version] = [CURRENT]


class Safe:
    def __init__(self) -> None:
        key = new_key()
        self.tokens = Shelf({"private_jwk": key.as_dict(private=True), "pepper": "00" * 32})
        self.verifier = Shelf({"public_jwks": {"keys": [key.as_dict(private=False)]}})
        self.keys = Keys(self.tokens, self.verifier, new_key)

    def rotate(self, version: str, steps: tuple[Step, ...] = STEPS) -> None:
        self.tokens.announce(version)
        for step in steps:
            rotate(self.keys, step, version)

    def sign(self) -> str:
        return TokenSigner.of(self.tokens.read(CURRENT)).access(ANN, NOW)

    def verifier_now(self) -> TokenVerifier:
        return TokenVerifier.of(self.verifier.read(CURRENT))


@pytest.fixture
def safe() -> Safe:
    return Safe()


def test_the_second_rotation_changes_the_key_and_the_first_announces_it(safe: Safe) -> None:
    # Given
    first = safe.tokens.read(CURRENT)["private_jwk"]["kid"]

    # When / Then
    safe.rotate("v1")
    announced = safe.tokens.read(CURRENT)
    assert announced["private_jwk"]["kid"] == first
    safe.rotate("v2")
    assert safe.tokens.read(CURRENT)["private_jwk"]["kid"] == announced["next_private_jwk"]["kid"] != first


def test_whoever_read_their_secret_one_rotation_ago_agrees_with_everybody(safe: Safe) -> None:
    # Given processes that keep what they read: old and new signers, old and new verifiers
    safe.rotate("v0a")
    for version in ("v1", "v2", "v3"):
        old_token, old_verifier = safe.sign(), safe.verifier_now()

        # When a rotation goes on step by step
        safe.tokens.announce(version)
        for step in STEPS:
            rotate(safe.keys, step, version)

            # Then at every moment each token is believed by each verifier
            for token in (old_token, safe.sign()):
                for verifier in (old_verifier, safe.verifier_now()):
                    assert verifier.read(token, NOW).user_id == ANN.user_id


def test_a_key_from_two_rotations_ago_is_not_believed(safe: Safe) -> None:
    safe.rotate("v1")
    token = safe.sign()
    safe.rotate("v2")
    assert safe.verifier_now().read(token, NOW)
    safe.rotate("v3")
    with pytest.raises(UnauthenticatedError):
        safe.verifier_now().read(token, NOW)


@pytest.mark.parametrize("repeated", STEPS)
def test_a_step_that_comes_again_changes_nothing(safe: Safe, repeated: Step) -> None:
    # Given a rotation in which one step comes twice, at its time and after the end
    safe.rotate("v1")
    safe.tokens.announce("v2")
    for step in STEPS:
        rotate(safe.keys, step, "v2")
        if step is repeated:
            rotate(safe.keys, step, "v2")
    before = safe.tokens.read(CURRENT), safe.verifier.read(CURRENT)
    rotate(safe.keys, repeated, "v2")

    # Then
    assert (safe.tokens.read(CURRENT), safe.verifier.read(CURRENT)) == before
    assert safe.verifier_now().read(safe.sign(), NOW)


def test_the_pepper_stays_and_so_do_refresh_tokens(safe: Safe) -> None:
    token = TokenSigner.of(safe.tokens.read(CURRENT)).refresh("U1", "S1", 3)
    safe.rotate("v1")
    safe.rotate("v2")
    assert TokenSigner.of(safe.tokens.read(CURRENT)).read_refresh(token) == ("U1", "S1", 3)


def test_a_key_that_no_verifier_knows_never_signs(safe: Safe) -> None:
    # Given a rotation whose second step did not happen
    with pytest.raises(RotationRefusedError):
        safe.rotate("v1", (Step.CREATE, Step.TEST))

    # Then the old key signs on
    assert safe.verifier_now().read(safe.sign(), NOW)


def test_a_version_that_nobody_announced(safe: Safe) -> None:
    with pytest.raises(RotationRefusedError):
        rotate(safe.keys, Step.CREATE, "made-up")


def test_the_adapter_on_secrets_manager() -> None:
    # Given two secrets as the stack makes them, filled by an operator
    key = new_key()
    with mock_aws():
        client = boto3.session.Session().client(
            "secretsmanager",
            region_name="eu-west-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        client.create_secret(
            Name="tokens", SecretString=json.dumps({"private_jwk": key.as_dict(private=True), "pepper": "00"})
        )
        client.create_secret(
            Name="verifier", SecretString=json.dumps({"public_jwks": {"keys": [key.as_dict(private=False)]}})
        )
        tokens, verifier = StoredSecret(client, "tokens"), StoredSecret(client, "verifier")
        keys = Keys(tokens, verifier, new_key)

        # When a version is written, published and made current, some of it twice
        version = "1" * 32
        tokens.write(json.dumps({**tokens.read(CURRENT), "next_private_jwk": {}}), "2" * 32, "OTHER")
        client.put_secret_value(
            SecretId="tokens",
            ClientRequestToken=version,
            SecretString=json.dumps(
                {**tokens.read(CURRENT), "next_private_jwk": new_key().as_dict(private=True)}
            ),
            VersionStages=[PENDING],
        )
        for step in (Step.CREATE, Step.SET, Step.SET, Step.TEST, Step.FINISH, Step.FINISH):
            rotate(keys, step, version)

        # Then
        assert CURRENT in tokens.stages()[version]
        kids = [jwk["kid"] for jwk in verifier.read(CURRENT)["public_jwks"]["keys"]]
        assert kids[0] == OKPKey.import_key(tokens.read(CURRENT)["private_jwk"]).kid
        with pytest.raises(LookupError):
            tokens.read("NONE")
