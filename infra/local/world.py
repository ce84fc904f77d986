"""`LocalOctane`: the whole platform on this machine, started and stopped as one thing."""

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from local.cloud import Cloud, start_cloud
from local.credentials import fill_secrets
from local.edge import Edge
from local.package import Template
from local.simulators import Simulators, start_simulators
from local.stack import Outputs, Say, deploy

ROOT = Path(__file__).resolve().parents[2]


def silent(_: str) -> None:
    """Say nothing."""


class LocalOctane:
    """Embedded AWS with the deployed template, simulators and edge.

        with LocalOctane(directory) as octane:
            urllib.request.urlopen(f"{octane.url}/api/v1/...")

    `directory` holds logs and state; the embedded AWS's part is wiped at the start. `settings` are parameters
    of the template (`{"OrderSeconds": "5"}`), `change` edits it, `iam` enforces its policies. `nested` keeps
    nested stacks, which cannot be updated here. `simulator_options` go to `python -m simulators`. `root` is
    the tree to deploy.
    """

    cloud: Cloud
    simulators: Simulators
    edge: Edge
    outputs: Outputs

    def __init__(
        self,
        directory: Path,
        *,
        edge_port: int = 0,
        cloud_port: int = 0,
        iam: bool = False,
        settings: Mapping[str, str] | None = None,
        simulator_options: tuple[str, ...] = (),
        change: Callable[[Template], None] | None = None,
        nested: bool = False,
        root: Path = ROOT,
        say: Say = silent,
    ) -> None:
        self.directory = directory
        self.root = root
        self._ports = edge_port, cloud_port
        self._iam = iam
        self._settings = dict(settings or {})
        self._simulator_options = simulator_options
        self._change = change
        self._nested = nested
        self._say = say
        self._running = contextlib.ExitStack()

    @property
    def url(self) -> str:
        """Same-origin base: `/api/v1/…`, `/ws`, `/`."""
        return self.edge.url

    @property
    def websocket_url(self) -> str:
        return f"{self.edge.url.replace('http', 'ws', 1)}/ws"

    def client(self, service: str, **options: Any) -> Any:
        """A boto3 client of the embedded AWS with the account's root credentials."""
        return self.cloud.client(service, **options)

    def __enter__(self) -> Self:
        edge_port, cloud_port = self._ports
        with contextlib.ExitStack() as started:
            self.edge = Edge(edge_port)
            started.callback(self.edge.stop)
            self._say("starting the embedded AWS and the simulators")
            self.cloud = start_cloud(self.directory, port=cloud_port, iam=self._iam)
            started.callback(self.cloud.stop)
            self.simulators = start_simulators(
                self.directory, ROOT / "infra", self.edge.url, *self._simulator_options
            )
            started.callback(self.simulators.stop)
            self.deploy(self._change)
            self._running = started.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.close()

    def deploy(self, change: Callable[[Template], None] | None = None, **settings: str) -> Outputs:
        """Deploy the tree as it is now; `settings` are remembered for the next deployment."""
        self._settings |= settings
        parameters = {
            "Stage": "local",
            "SnapStart": "None",  # it would start all functions at once here, and two cores choke on it
            "PublicUrl": self.edge.url,
            "WechatUrl": self.simulators.wechat_url,
            "WechatMiniUrl": self.simulators.wechat_url,
            "AlipayUrl": self.simulators.alipay_url,
            "UnionPayUrl": self.simulators.unionpay_url,
            "UnionPayFileUrl": self.simulators.unionpay_url,
            "IssuerUrl": self.simulators.issuer_url,
            "BankUrl": self.simulators.bank_url,
            "SmsUrl": self.simulators.sms_url,
            "AllianceUrl": self.simulators.alliance_url,
            "TsaUrl": f"{self.simulators.tsa_url}/tsa",
            "MapsUrl": self.simulators.maps_url,
            "ErpUrl": self.simulators.erp_url,
            "BillersUrl": self.simulators.billers_url,
            "PricesUrl": self.simulators.prices_url,
            "TemplatePriceChanged": "local-price-changed",
            "TemplateInstalmentDue": "local-instalment-due",
            "BillWaitSeconds": "1",
            "JournalWindowSeconds": "0",
            "ArchiveLockMode": "GOVERNANCE",
            "AthenaQueries": "false",  # the embedded AWS refuses a stack with a resource it does not know
            "Guards": "false",
            "WebSocketManagementBase": self.cloud.execute_base,
        }
        self.outputs = deploy(
            self.cloud, self.root, parameters | self._settings, self._say, change, nested=self._nested
        )
        fill_secrets(self.cloud, self.outputs, self.simulators)
        self._point_edge()
        return self.outputs

    def _point_edge(self) -> None:
        base, stage = self.cloud.execute_base, self.outputs["StageName"]
        targets = self.edge.targets
        targets.websocket = f"{base.replace('http', 'ws', 1)}/{self.outputs['WebSocketApiId']}/{stage}"
        targets.facts = {
            "REST API": f"{self.url}/api/v1",
            "WebSocket": f"{self.websocket_url}?token=ACCESS_TOKEN",
            "WeChat simulator": self.simulators.wechat_url,
            "Alipay simulator": self.simulators.alipay_url,
            "UnionPay simulator": self.simulators.unionpay_url,
            "Issuer simulator": self.simulators.issuer_url,
            "Custody bank": self.simulators.bank_url,
            "SMS simulator": self.simulators.sms_url,
            "Anti-fraud alliance": self.simulators.alliance_url,
            "Time-stamping authority": self.simulators.tsa_url,
            "Maps": self.simulators.maps_url,
            "ERP": self.simulators.erp_url,
            "Billers": self.simulators.billers_url,
            "Publishers of prices": self.simulators.prices_url,
            "Embedded AWS": self.cloud.endpoint,
            "Logs": str(self.directory),
        }
        targets.rest = f"{base}/{self.outputs['ApiId']}/{stage}"
