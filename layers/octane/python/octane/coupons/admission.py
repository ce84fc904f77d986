"""Who may claim now, and in which order the refusals are told (MK1)."""

from octane.coupons.campaigns import Audience, Campaign, CampaignNotFoundError, CampaignState, audience_key
from octane.identity.users import user_key
from octane.kernel.caller import SETS_CAMPAIGNS, Caller
from octane.kernel.clock import SECOND, Instant
from octane.kernel.errors import ForbiddenError, StateError, TooManyError
from octane.store.items import Item, Key, Table
from octane.store.writes import AtLeast, Check, Exists, Update

DAY_MS = 24 * 3_600 * SECOND
NEW_MS = 7 * DAY_MS
"""So old at most is the account of a new customer."""
PAUSE_SECONDS, SUPPLY_SECONDS = 30, 300


class CampaignNotOpenError(StateError):
    code = "CAMPAIGN_NOT_OPEN"
    retryable = True
    summary = "The campaign is not open yet, or pauses; Retry-After says when to come back."

    def __init__(self, retry_after: int = PAUSE_SECONDS) -> None:
        super().__init__()
        self.retry_after = retry_after


class CampaignEndedError(StateError):
    code = "CAMPAIGN_ENDED"
    summary = "The campaign is over."


class CampaignAudienceError(ForbiddenError):
    code = "CAMPAIGN_AUDIENCE"
    summary = (
        "This campaign is for others: for new customers, for enterprises, for invited ones, or by a code."
    )


class ClaimLimitError(StateError):
    code = "LIMIT_REACHED"
    summary = "You have claimed as many of these as one account gets."


class SoldOutError(StateError):
    code = "SOLD_OUT"
    summary = "All of them are claimed."


class WaitingRoomError(TooManyError):
    code = "WAITING_ROOM"
    summary = "Too many claim at this moment; send the same claim again when Retry-After is over."


class SupplyLowError(TooManyError):
    code = "SUPPLY_LOW"
    summary = "This fuel is short for now; the campaign goes on when it is there again."


class CodeUsedError(StateError):
    code = "COUPON_CODE_USED"
    summary = "This code was used as often as it may be."


def code_key(code_hash: str) -> Key:
    return Key(Table.COUPONS, f"CODE#{code_hash}", "#CODE")


def must_be_open(campaign: Campaign, now: Instant) -> None:
    """Raise `CampaignNotOpenError`, `CampaignEndedError`, `SupplyLowError`; a draft is not there at all."""
    offer = campaign.offer
    if campaign.state is CampaignState.DRAFT:
        raise CampaignNotFoundError
    if now < offer.opens_at:
        raise CampaignNotOpenError(-(-(offer.opens_at - now) // SECOND))
    if campaign.state is CampaignState.PAUSED and now < offer.closes_at:
        raise CampaignNotOpenError
    if campaign.state is CampaignState.ENDED or now >= offer.closes_at:
        raise CampaignEndedError
    if campaign.supply_low:
        raise SupplyLowError(retry_after=SUPPLY_SECONDS)


def must_be_for(campaign: Campaign, caller: Caller, code_hash: str) -> None:
    """What needs no look into a table; the rest of it is in the transaction. Whoever may make campaigns
    claims none."""
    for_enterprise = bool(caller.enterprise_id)
    fits = {
        Audience.ALL: True,
        Audience.NEW: not for_enterprise,
        Audience.LIST: True,
        Audience.ENTERPRISE: for_enterprise,
        Audience.CODE: bool(code_hash),
    }
    if not fits[campaign.audience] or caller.role in SETS_CAMPAIGNS:
        raise CampaignAudienceError


def admission(campaign: Campaign, caller: Caller, code_hash: str, now: Instant) -> tuple[Check | Update, ...]:
    """What the claim's transaction asks of its audience, beyond `must_be_for`."""
    match campaign.audience:
        case Audience.NEW:
            young = AtLeast("created_at", now - NEW_MS)
            return (Check(user_key(caller.user_id), young, CampaignAudienceError()),)
        case Audience.LIST:
            named = audience_key(campaign.campaign_id, caller.account_id)
            return (Check(named, Exists(), CampaignAudienceError()),)
        case Audience.CODE:
            one_left = AtLeast("left", 1)
            key = code_key(code_hash)
            return (Update(key, when=one_left, add={"left": -1}, otherwise=CodeUsedError()),)
        case _:
            return ()


def admitted(write: Check | Update, item: Item | None) -> bool:
    """Whether the condition of an admission holds, for a look without a write."""
    match write.when:
        case AtLeast(attribute, number):
            return item is not None and int(str(item.get(attribute, 0))) >= number
        case _:
            return item is not None
