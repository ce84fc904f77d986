"""The rule set that is built in: version 0, in force until one is published."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from octane.channels.port import PaymentMethod
from octane.routing.parsing import read_rules
from octane.routing.rules import BreakerRule, Platform, RuleSet, Weights
from octane.rulebook.documents import table_of

LARGEST_FEN = 5_000_000
TERMS: Mapping[str, tuple[int, int]] = {"WECHAT": (6_000, 10), "ALIPAY": (6_000, 20), "UNIONPAY": (6_500, 30)}
"""Fee in parts per million, priority."""
PLATFORMS: Mapping[PaymentMethod, tuple[Platform, ...]] = {
    PaymentMethod.WECHAT_JSAPI: (Platform.MINI_PROGRAM,),
    PaymentMethod.ALIPAY_JSAPI: (Platform.MINI_PROGRAM,),
    PaymentMethod.UNIONPAY_APP: (Platform.MINI_PROGRAM, Platform.H5),
    PaymentMethod.WECHAT_NATIVE: (Platform.H5, Platform.STATION_QR),
    PaymentMethod.ALIPAY_NATIVE: (Platform.H5, Platform.STATION_QR),
}
"""Not the wallet: a customer's own balance is spent when the customer says so."""
NEED_PAYER = (PaymentMethod.WECHAT_JSAPI, PaymentMethod.ALIPAY_JSAPI)


def default_draft() -> dict[str, Any]:
    """The rules of version 0, to start one's own from: a document without version and publisher."""
    rows = [
        {"channel": f'"{channel}"', "enabled": "true", "fee_ppm": str(fee), "priority": str(priority)}
        for channel, (fee, priority) in TERMS.items()
    ]
    methods = {
        method.value: {
            "platforms": [platform.value for platform in platforms],
            "currencies": ["CNY"],
            "min_fen": 1,
            "max_fen": LARGEST_FEN,
            "needs_payer": method in NEED_PAYER,
        }
        for method, platforms in PLATFORMS.items()
    }
    return {
        "table": table_of(
            rows,
            ["platform", "method", "channel", "amount_fen", "currency", "merchant"],
            ["enabled", "fee_ppm", "fee_min_fen", "max_single_fen", "priority"],
        ),
        "methods": methods,
        "quotas": {},
        "weights": Weights()._asdict(),
        "exploration_ppm": 10_000,
        "window": 100,
        "breaker": BreakerRule()._asdict(),
    }


@cache
def default_rules() -> RuleSet:
    publication = {"version": 0, "published_at": 0, "published_by": "octane"}
    return read_rules(json.dumps({**publication, **default_draft()}))
