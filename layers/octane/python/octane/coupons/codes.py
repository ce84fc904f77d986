"""Codes that name a campaign: printed, sent, read aloud (MK1).

| `CODE#<hash>` `#CODE` | the campaign, how many claims it is good for, `left` of them |

A code has 80 random bits; only its hash is kept, so neither a table nor a log tells one. All codes of a
campaign share each account's limit, as all campaigns of a limit group do.
"""

from typing import NamedTuple

from octane.audit.acts import act_of, record
from octane.coupons.admission import code_key
from octane.coupons.campaigns import Audience, CampaignInvalidError, get_campaign
from octane.coupons.deps import CodeDeps
from octane.coupons.holding import Coupon
from octane.kernel.caller import SETS_CAMPAIGNS, Caller
from octane.kernel.errors import NotFoundError, StateError
from octane.kernel.ids import Nonces, derive_id
from octane.limits.buckets import Spend
from octane.store.items import Table
from octane.store.replays import ReplayedError, remember, replay_key
from octane.store.writes import Absent, Put

MOST_CODES = 90
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's 32: no letter that reads as another."""
LENGTH, GROUP = 16, 4
_READS_AS = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


class CodeInvalidError(NotFoundError):
    code = "COUPON_CODE_INVALID"
    summary = "There is no such code; let the person correct it."


class CodesToldError(StateError):
    code = "COUPON_CODES_TOLD"
    summary = "The codes of this key were told once and are not kept; make others with a new key."


class Codes(NamedTuple):
    campaign_id: str
    codes: tuple[str, ...]
    """In the clear, this once."""


def make_codes(deps: CodeDeps, caller: Caller, campaign_id: str, count: int, uses: int, key: str) -> Codes:
    """Make codes that are good for `uses` claims each. Two AWS calls.

    Raises `CampaignInvalidError` for a campaign that is not for codes, `CodesToldError` for a replay: whoever
    lost the answer makes others, and nobody ever learns the lost ones.
    """
    caller.must_have(SETS_CAMPAIGNS)
    if get_campaign(deps.store, campaign_id).audience is not Audience.CODE:
        raise CampaignInvalidError("Its audience is not CODE.")
    now = deps.clock.now()
    codes = tuple(_new_code(deps.nonces) for _ in range(count))
    record_key = replay_key(Table.COUPONS, f"CAMPAIGN#{campaign_id}", "codes", key)
    try:
        deps.store.commit(
            remember(record_key, "", campaign_id, now),
            *(
                Put(
                    code_key(hash_of(code)),
                    {"campaign_id": campaign_id, "left": uses, "made_at": now},
                    when=Absent(),
                )
                for code in codes
            ),
            record(act_of(caller, "make_coupon_codes", campaign_id, key, now, reason=f"{count} x {uses}")),
        )
    except ReplayedError:
        raise CodesToldError from None
    return Codes(campaign_id, codes)


def claim_by_code(deps: CodeDeps, caller: Caller, code: str, key: str) -> Coupon:
    """Claim a coupon of the campaign that a code names. Three AWS calls; tries are limited by account.

    Raises `CodeInvalidError`, `CodeUsedError` and what `Claims.claim` raises.
    """
    deps.buckets.take(Spend("coupon_code_user", caller.account_id))
    hashed = hash_of(code)
    item = deps.store.get(code_key(hashed))
    if item is None:
        raise CodeInvalidError
    return deps.claims.claim(caller, str(item["campaign_id"]), key, hashed)


def hash_of(code: str) -> str:
    """Of a code however it was typed: lower case, without or with other dashes, O for 0."""
    return derive_id("Q", "coupon code", code.upper().translate(_READS_AS))


def _new_code(nonces: Nonces) -> str:
    number = int(nonces.token(), 16)
    letters = "".join(ALPHABET[number >> (5 * place) & 31] for place in range(LENGTH))
    return "-".join(letters[first : first + GROUP] for first in range(0, LENGTH, GROUP))
