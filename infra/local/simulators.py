"""Everybody outside (channels, issuer, billers, bank and all others): one child process, over HTTP."""

import json
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.processes import clean_environment, first_line, start, stop

CONTROL_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Simulators:
    """Running simulators. `wechat_url` also plays the mini-program's server."""

    wechat_url: str
    issuer_url: str
    alipay_url: str
    unionpay_url: str
    bank_url: str
    sms_url: str
    alliance_url: str
    tsa_url: str
    maps_url: str
    erp_url: str
    billers_url: str
    prices_url: str
    log: Path
    process: subprocess.Popen[str]

    def wechat(self, method: str, command: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One control-plane command, such as `POST /cashier/pay`; raises `urllib.error.HTTPError`."""
        return _control(self.wechat_url, method, command, body)

    def issuer(self, method: str, command: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One control-plane command to the issuer."""
        return _control(self.issuer_url, method, command, body)

    def alipay(self, method: str, command: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One control-plane command to Alipay, such as `POST /cashier/pay`."""
        return _control(self.alipay_url, method, command, body)

    def unionpay(self, method: str, command: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One control-plane command to UnionPay, such as `POST /cashier/pay`."""
        return _control(self.unionpay_url, method, command, body)

    def bank(self, method: str, command: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One control-plane command to the custody bank, such as `POST /settlements`."""
        return _control(self.bank_url, method, command, body)

    def sms(self, method: str, command: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One control-plane command to the SMS provider, such as `GET /inbox?phone=…`."""
        return _control(self.sms_url, method, command, body)

    def alliance(self, method: str, command: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One control-plane command to the anti-fraud alliance."""
        return _control(self.alliance_url, method, command, body)

    def tsa(self, method: str, command: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One control-plane command to the time-stamping authority."""
        return _control(self.tsa_url, method, command, body)

    def maps(self, method: str, command: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One control-plane command to the maps, such as `POST /roads`."""
        return _control(self.maps_url, method, command, body)

    def erp(self, method: str, command: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One control-plane command to the ERP, such as `POST /tanks`."""
        return _control(self.erp_url, method, command, body)

    def billers(self, method: str, command: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One control-plane command to the billers, such as `POST /payments/end`."""
        return _control(self.billers_url, method, command, body)

    def prices(self, method: str, command: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One control-plane command to the publishers of prices, such as `POST /prices`."""
        return _control(self.prices_url, method, command, body)

    def stop(self) -> None:
        stop(self.process)


def start_simulators(directory: Path, infra: Path, public_url: str, *options: str) -> Simulators:
    """Start all; issuer and billers tell outcomes to `public_url`, `options` go to `python -m simulators`."""
    log = directory / "simulators.log"
    log.unlink(missing_ok=True)
    command = [
        *(sys.executable, "-m", "simulators", "--port", "0", "--state-dir", str(directory / "simulators")),
        *("--issuer-callback-url", f"{public_url}/api/v1/callbacks/issuers/juhe"),
        *("--billers-callback-url", f"{public_url}/api/v1/callbacks/billers", *options),
    ]
    process = start(command, clean_environment({"PYTHONPATH": str(infra)}), log, speaks=True)
    try:
        urls = json.loads(first_line(process, log, "the simulators"))
    except BaseException:
        stop(process)
        raise
    return Simulators(
        urls["wechat_url"],
        urls["issuer_url"],
        urls["alipay_url"],
        urls["unionpay_url"],
        urls["bank_url"],
        urls["sms_url"],
        urls["alliance_url"],
        urls["tsa_url"],
        urls["maps_url"],
        urls["erp_url"],
        urls["billers_url"],
        urls["prices_url"],
        log,
        process,
    )


def _control(base: str, method: str, command: str, body: dict[str, Any] | None) -> dict[str, Any]:
    request = urllib.request.Request(  # base is the simulator's own loopback URL
        f"{base}/_control{command}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=CONTROL_SECONDS) as answer:
        content: dict[str, Any] = json.loads(answer.read())
        return content
