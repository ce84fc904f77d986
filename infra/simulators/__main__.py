"""`python -m simulators`: every company in one process, until SIGTERM or SIGINT.

Prints one JSON line when all listen: wechat_url (WeChat Pay v3 and the mini-program API), issuer_url,
alipay_url, unionpay_url, bank_url, sms_url, alliance_url, tsa_url, erp_url, prices_url, maps_url,
billers_url, state_dir, pid.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
from dataclasses import asdict
from pathlib import Path

from simulators.server import Addresses, Options, serve
from simulators.wechat.signer import Mode


def options(arguments: list[str]) -> Options:
    parser = argparse.ArgumentParser(prog="simulators", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=0, help="WeChat's port; 0 takes a free one")
    parser.add_argument("--issuer-port", type=int, help="the issuer's; default: the next, or a free one")
    parser.add_argument("--alipay-port", type=int, default=0, help="Alipay's; 0 takes a free one")
    parser.add_argument("--unionpay-port", type=int, default=0, help="UnionPay's; 0 takes a free one")
    parser.add_argument("--bank-port", type=int, default=0, help="the custody bank's; 0 takes a free one")
    parser.add_argument("--sms-port", type=int, default=0, help="the SMS provider's; 0 takes a free one")
    parser.add_argument("--alliance-port", type=int, default=0, help="the anti-fraud alliance's")
    parser.add_argument("--prices-port", type=int, default=0, help="the publishers' of prices")
    parser.add_argument("--tsa-port", type=int, default=0, help="the time-stamping authority's")
    parser.add_argument("--erp-port", type=int, default=0, help="the ERP's; 0 takes a free one")
    parser.add_argument("--maps-port", type=int, default=0, help="the maps'; 0 takes a free one")
    parser.add_argument("--billers-port", type=int, default=0, help="the billers'; 0 takes a free one")
    parser.add_argument("--public", default="", help="host name to announce; default: the address")
    parser.add_argument("--state-dir", type=Path, required=True, help="where keys.json is kept")
    parser.add_argument("--keys", type=Path, help="read (or make) the keys here instead")
    parser.add_argument("--time-factor", type=float, default=1.0, help="scales the waits between callbacks")
    parser.add_argument("--signing", type=Mode, choices=list(Mode), default=Mode.CERTIFICATE)
    parser.add_argument("--refund-ms", type=int, default=300, help="how long a refund is in progress")
    parser.add_argument("--recharge-ms", type=int, default=300, help="how long a recharge runs")
    parser.add_argument("--issuer-callback-url", default="", help="where the issuer tells outcomes")
    parser.add_argument("--settle-ms", type=int, default=300, help="how long a bill's payment runs")
    parser.add_argument(
        "--billers-callback-url", default="", help="where billers tell outcomes, each behind it"
    )
    chosen = vars(parser.parse_args(arguments))
    if chosen["issuer_port"] is None:
        chosen["issuer_port"] = chosen["port"] + 1 if chosen["port"] else 0
    return Options(**chosen)


async def main(chosen: Options) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)

    def announce(addresses: Addresses) -> None:
        line = {**asdict(addresses), "state_dir": str(chosen.state_dir), "pid": os.getpid()}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()

    await serve(chosen, stopped, announce)


if __name__ == "__main__":
    asyncio.run(main(options(sys.argv[1:])))
