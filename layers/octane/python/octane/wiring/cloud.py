"""What AWS keeps and carries for us: queues, buckets, keys, switches; and who timestamps it."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

from octane.kernel.settings import required
from octane.wiring.base import Base, pause

if TYPE_CHECKING:
    from octane.kernel.switches import SwitchBoard
    from octane.notify.push import Sockets
    from octane.orders.deps import Queues
    from octane.privacy.keys import DataKeys, KeyRing
    from octane.privacy.vault import FieldVault
    from octane.reviews.deps import ReviewMachine
    from octane.store.objects import Objects
    from octane.wire.manifests import Signer
    from octane.wire.timestamps import HttpTimestamps

FILE_SECONDS = 60.0
"""For a file of a bucket to come or go."""


class Cloud(Base):
    """Queues, buckets, keys."""

    @cached_property
    def timestamp_authority(self) -> "HttpTimestamps":
        from octane.wire.timestamps import HttpTimestamps, TimestampConfig

        url = required(self._environment, "OCTANE_TSA_URL")
        config = TimestampConfig.from_secret(self._secret("TSA"), url)
        return HttpTimestamps(config, self._transport, self.nonces)

    @cached_property
    def queues(self) -> "Queues":
        from octane.orders.queues import SqsQueues

        return SqsQueues(self._client("sqs"), self._environment)

    @cached_property
    def review_machine(self) -> "ReviewMachine":
        from octane.wire.machines import StateMachine

        return StateMachine(
            self._client("stepfunctions"), required(self._environment, "OCTANE_REVIEW_MACHINE")
        )

    @cached_property
    def sockets(self) -> "Sockets":
        from octane.notify.sockets import ApiGatewaySockets

        url = required(self._environment, "OCTANE_WEBSOCKET_URL")
        return ApiGatewaySockets(self._client("apigatewaymanagementapi", endpoint_url=url))

    @cached_property
    def switches(self) -> "SwitchBoard":
        from octane.wire.switches import ParameterSwitches

        name = required(self._environment, "OCTANE_SWITCHES")
        return ParameterSwitches(self._client("ssm"), name, self.clock, self.signals)

    @cached_property
    def archive(self) -> "Objects":
        """Bills, journal and exports: kept for years, never overwritten."""
        return self._bucket("ARCHIVE")

    @cached_property
    def work(self) -> "Objects":
        """What the steps of a run leave for each other."""
        return self._bucket("WORK")

    @cached_property
    def key_ring(self) -> "KeyRing":
        from octane.privacy.keys import KeyRing

        return KeyRing(self.store, self._data_keys, self.clock, self.nonces)

    @cached_property
    def vault(self) -> "FieldVault":
        from octane.privacy.vault import FieldVault

        return FieldVault(self.key_ring, self.nonces)

    @cached_property
    def _data_keys(self) -> "DataKeys":
        from octane.wire.data_keys import KmsDataKeys

        return KmsDataKeys(self._client("kms"), required(self._environment, "OCTANE_VAULT_KEY"))

    @cached_property
    def manifest_signer(self) -> "Signer":
        from octane.wire.signing import KmsSigner

        return KmsSigner(self._client("kms"), required(self._environment, "OCTANE_MANIFEST_KEY"))

    def _bucket(self, name: str) -> "Objects":
        from octane.store.s3 import S3Objects

        bucket = required(self._environment, f"OCTANE_BUCKET_{name}")
        return S3Objects(self._s3, bucket, pause)

    @cached_property
    def _s3(self) -> Any:
        from octane.wire.aws import new_client

        return new_client(self._session, "s3", read_seconds=FILE_SECONDS)
