"""The rule set that is built in: version 0, in force until one is published (RK1, RK2).

Grades and lists come first, then what is new about a device or a place, then how fast, then how much. Nothing
stops somebody who tops up their own card from a device we know.
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from octane.kernel.money import Fen
from octane.risk.facts import Facts, Grade
from octane.risk.rules import Limits, RuleSet, read_rules
from octane.rulebook.documents import table_of

LIMITS: Mapping[Grade, Limits] = {
    Grade.A: Limits(Fen(10_000_000), Fen(20_000_000), 500, 200),
    Grade.B: Limits(Fen(5_000_000), Fen(5_000_000), 200, 100),
    Grade.C: Limits(Fen(100_000), Fen(300_000), 10, 5),
    Grade.D: Limits(Fen(20_000), Fen(50_000), 3, 2),
}

Row = tuple[str, str, dict[str, str]]
HUNDREDS = {"amount_fen": ">= 50000"}
THOUSAND = {"amount_fen": ">= 100000"}

ROWS: tuple[Row, ...] = (
    # what lists say
    ("BLOCK", "USER_LISTED", {"user_list": '"BLOCK"'}),
    ("BLOCK", "CARD_LISTED", {"card_list": '"BLOCK"'}),
    ("BLOCK", "DEVICE_LISTED", {"device_list": '"BLOCK"'}),
    ("HOLD", "IP_LISTED", {"ip_list": '"BLOCK"'}),  # many share one: nobody is frozen for an address
    ("HOLD", "USER_WATCHED", {"user_list": '"WATCH"'}),
    ("HOLD", "CARD_WATCHED", {"card_list": '"WATCH"'}),
    ("CHALLENGE", "DEVICE_WATCHED", {"device_list": '"WATCH"'}),
    ("CHALLENGE", "IP_WATCHED", {"ip_list": '"WATCH"', "amount_fen": ">= 20000"}),
    # what the grade says
    ("CHALLENGE", "GRADE_LOW", {"grade": '"C"', "amount_fen": ">= 50000"}),
    ("CHALLENGE", "GRADE_LOWEST", {"grade": '"D"'}),
    ("HOLD", "GRADE_LOWEST_LARGE", {"grade": '"D"', "amount_fen": ">= 10000"}),
    ("CHALLENGE", "GRADE_LOW_NEW_DEVICE", {"grade": '"C", "D"', "device": '"NEW"'}),
    ("HOLD", "GRADE_LOW_FAST", {"grade": '"C", "D"', "person_1h": ">= 3"}),
    # a new account
    ("HOLD", "ACCOUNT_NEW_LARGE", {"account_age_days": "< 1", "amount_fen": "> 500000"}),
    ("HOLD", "ACCOUNT_NEW_MUCH", {"account_age_days": "< 1", "person_day_fen": "> 1000000"}),
    ("HOLD", "ACCOUNT_YOUNG_LARGE", {"account_age_days": "[1..6]", "amount_fen": "> 1000000"}),
    ("HOLD", "ACCOUNT_NEW_FAST", {"account_age_days": "< 1", "person_1h": ">= 25"}),
    ("HOLD", "NO_PHONE_LARGE", {"admission": '"NONE"', "amount_fen": "> 300000"}),
    # a new device
    ("CHALLENGE", "DEVICE_NEW_LARGE", {"device": '"NEW"', "amount_fen": ">= 100000"}),
    ("CHALLENGE", "DEVICE_NEW_FAST", {"device": '"NEW"', "person_10m": ">= 5"}),
    ("CHALLENGE", "DEVICE_NEW_FAR", {"device": '"NEW"', "distance_km": ">= 500", "amount_fen": ">= 20000"}),
    ("CHALLENGE", "DEVICE_NEW_NIGHT", {"device": '"NEW"', "hour": "[0..5]", "amount_fen": ">= 50000"}),
    ("CHALLENGE", "DEVICE_NEW_UNUSUAL", {"device": '"NEW"', "amount_percent": ">= 500"} | HUNDREDS),
    ("HOLD", "DEVICE_NEW_SHARED", {"device": '"NEW"', "device_accounts": ">= 5"}),
    # a device that many use
    ("CHALLENGE", "DEVICE_SHARED", {"device_accounts": ">= 4"}),
    ("HOLD", "DEVICE_FARM", {"device_accounts": ">= 10"}),
    ("HOLD", "DEVICE_FARM_FAST", {"device_accounts": ">= 20", "device_1h": ">= 20"}),
    ("CHALLENGE", "DEVICE_FAST", {"device_1h": ">= 30"}),
    ("HOLD", "DEVICE_BUSY", {"device_24h": ">= 100"}),
    # a place
    ("CHALLENGE", "PLACE_IMPOSSIBLE", {"speed_kmh": ">= 1000", "distance_km": ">= 100"}),
    ("CHALLENGE", "PLACE_FAR_LARGE", {"distance_km": ">= 1000", "amount_fen": ">= 100000"}),
    ("HOLD", "PLACE_IMPOSSIBLE_LARGE", {"speed_kmh": ">= 1000", "distance_km": ">= 500"} | THOUSAND),
    # an hour
    ("CHALLENGE", "HOUR_ODD_LARGE", {"hour": "[0..5]", "hour_percent": "< 3", "amount_fen": ">= 100000"}),
    ("CHALLENGE", "HOUR_ODD_FAST", {"hour": "[0..5]", "hour_percent": "< 3", "person_1h": ">= 5"}),
    # a card that many top up
    ("CHALLENGE", "CARD_SHARED", {"card_accounts": ">= 4", "amount_fen": ">= 50000"}),
    ("HOLD", "CARD_FAN_IN", {"card_accounts": ">= 6"}),
    ("HOLD", "CARD_COLLECTS", {"card_accounts": ">= 15", "card_24h": ">= 20"}),
    ("HOLD", "CARD_FAST", {"card_accounts": ">= 2", "card_24h": ">= 10"}),
    # how fast
    ("CHALLENGE", "PERSON_BURST", {"person_1m": ">= 15"}),
    ("CHALLENGE", "PERSON_FAST", {"person_10m": ">= 30"}),
    ("HOLD", "PERSON_BUSY", {"person_24h": ">= 100"}),
    ("CHALLENGE", "IP_BURST", {"ip_1m": ">= 300", "amount_fen": ">= 50000"}),
    ("CHALLENGE", "IP_FAST", {"ip_10m": ">= 1500", "amount_fen": ">= 50000"}),
    ("HOLD", "IP_STORM", {"ip_1h": ">= 10000", "device": '"NONE", "NEW"', "amount_fen": ">= 50000"}),
    ("CHALLENGE", "IP_CROWD", {"ip_accounts": ">= 40", "device": '"NEW"', "amount_fen": ">= 50000"}),
    # how much
    ("CHALLENGE", "AMOUNT_UNUSUAL", {"orders_before": ">= 10", "amount_percent": ">= 2000"} | THOUSAND),
    ("HOLD", "DAY_LARGE", {"account": '"OWN"', "person_day_fen": ">= 2000000"}),
    ("HOLD", "DAY_LARGE_ENTERPRISE", {"account": '"ENTERPRISE"', "person_day_fen": ">= 10000000"}),
    # the wallet, which can be emptied on any card
    ("CHALLENGE", "WALLET_NEW_DEVICE", {"kind": '"WALLET"', "device": '"NEW"', "amount_fen": ">= 50000"}),
    ("HOLD", "WALLET_LOW_GRADE", {"kind": '"WALLET"', "grade": '"C", "D"', "amount_fen": ">= 50000"}),
    ("HOLD", "WALLET_NEW_ACCOUNT", {"kind": '"WALLET"', "account_age_days": "< 1", "amount_fen": "> 300000"}),
)  # fmt: skip


def default_draft() -> dict[str, Any]:
    """The rules of version 0, to start one's own from: a document without version and publisher."""
    rows = [{"outcome": f'"{outcome}"', "reason": f'"{reason}"', **cells} for outcome, reason, cells in ROWS]
    return {
        "table": table_of(rows, Facts._fields, ["outcome", "reason"], "collect"),
        "limits": {grade.value: limits._asdict() for grade, limits in LIMITS.items()},
    }


@cache
def default_rules() -> RuleSet:
    publication = {"version": 0, "published_at": 0, "published_by": "octane"}
    return read_rules(json.dumps({**publication, **default_draft()}))
