"""Campaigns: what is given away, to whom, when, and on which terms (MK1).

| key (table coupons)                      | item                                                          |
|------------------------------------------|---------------------------------------------------------------|
| `CAMPAIGN#<id>` `#CAMPAIGN`              | the campaign, with its version                                |
| `CAMPAIGN#<id>` `AUDIENCE#<account>`     | one account of the audience LIST                              |
| `CAMPAIGN#<id>#<nn>` `#STOCK`            | a shard of its stock (`octane.coupons.stock`)                 |
| `CAMPAIGNS` `<made at>#<id>`             | the directory                                                 |
| `THROTTLED` `<id>`                       | those that a grade's supply throttles                         |
| `SUPPLY` `<grade>` or `#ERP`             | what the ERP says (`octane.coupons.levels`, `.supply`)        |
| `CODE#<hash>` `#CODE`                    | a code (`octane.coupons.codes`)                               |
| `USER#<account>` `COUPON#<coupon_id>`    | a claimed coupon (`octane.coupons.holding`)                   |
| `USER#<account>` `CLAIMED#<limit group>` | how many an account has claimed of a group; a person also for |
|                                          | their enterprises                                             |
"""

from enum import StrEnum
from typing import NamedTuple

from octane.coupons.holding import Discount, terms_in
from octane.kernel.clock import Instant
from octane.kernel.errors import InputError, NotFoundError, StateError, UnavailableError
from octane.kernel.money import Fen
from octane.store.items import Item, Key, Table
from octane.store.store import Store

CAMPAIGNS = "CAMPAIGNS"
THROTTLED = "THROTTLED"


class CampaignNotFoundError(NotFoundError):
    code = "CAMPAIGN_NOT_FOUND"
    summary = "There is no such campaign."


class CampaignInvalidError(InputError):
    code = "CAMPAIGN_INVALID"
    summary = "These terms contradict each other."


class CampaignStateError(StateError):
    code = "CAMPAIGN_STATE"
    summary = "The campaign cannot become that: it has ended, or has been opened."


class StockBelowClaimedError(StateError):
    code = "STOCK_BELOW_CLAIMED"
    summary = "More than that is claimed already."


class CampaignBusyError(UnavailableError):
    """Definite: nothing was changed. The gate is up for some seconds, so the next try meets quiet shards."""

    code = "CAMPAIGN_BUSY"
    summary = "The sale is too busy to be changed at this moment; send the change again in two seconds."


class CampaignState(StrEnum):
    DRAFT = "DRAFT"
    """Nobody but staff sees it."""
    OPEN = "OPEN"
    PAUSED = "PAUSED"
    ENDED = "ENDED"
    """For good."""


NEXT = {
    CampaignState.DRAFT: frozenset({CampaignState.DRAFT, CampaignState.OPEN, CampaignState.ENDED}),
    CampaignState.OPEN: frozenset({CampaignState.OPEN, CampaignState.PAUSED, CampaignState.ENDED}),
    CampaignState.PAUSED: frozenset({CampaignState.PAUSED, CampaignState.OPEN, CampaignState.ENDED}),
    CampaignState.ENDED: frozenset[CampaignState](),
}


class Audience(StrEnum):
    ALL = "ALL"
    NEW = "NEW"
    """People whose account is younger than `admission.NEW_MS`; they act for themselves."""
    LIST = "LIST"
    """Accounts that were named."""
    ENTERPRISE = "ENTERPRISE"
    """Enterprises, through whoever acts for them."""
    CODE = "CODE"
    """Whoever has one of its codes."""


class Terms(NamedTuple):
    """What a coupon is good for; each coupon has its own copy."""

    discount: Discount
    value: int
    """Fen, or percent with PERCENT."""
    valid_days: int
    """From its claim on."""
    threshold: Fen = Fen(0)
    cap: Fen = Fen(0)
    products: str = ""
    stackable: bool = False
    returns: bool = True


class Offer(NamedTuple):
    """What staff may change of a campaign."""

    name: str
    stock: int
    """All units, the claimed ones included."""
    opens_at: Instant
    closes_at: Instant
    """Exclusive."""
    per_user_limit: int
    """Of its limit group, with this campaign's coupon."""
    expected_rate: int
    """Claims per second at its peak: sizes the stock's shards, which grow in number and never shrink."""
    terms: Terms


class Campaign(NamedTuple):
    campaign_id: str
    version: int
    """Each change is one more, on the campaign and on every shard of its stock at once."""
    state: CampaignState
    offer: Offer
    audience: Audience
    limit_group: str
    """Campaigns and codes of one group share each account's limit, and each person's."""
    supply_grade: str
    """A fuel grade, whose short supply throttles it; empty: none does."""
    shards: int
    made_by: str
    made_at: Instant
    digest: str = ""
    """Of the request that made it: another one under its key is refused."""
    supply_low: bool = False
    editing_until: Instant = Instant(0)
    """The gate of an edit: until then claims wait (`octane.coupons.editing`)."""


def campaign_key(campaign_id: str) -> Key:
    return Key(Table.COUPONS, f"CAMPAIGN#{campaign_id}", "#CAMPAIGN")


def directory_key(campaign: Campaign) -> Key:
    return Key(Table.COUPONS, CAMPAIGNS, f"{campaign.made_at:015d}#{campaign.campaign_id}")


def throttled_key(campaign_id: str) -> Key:
    return Key(Table.COUPONS, THROTTLED, campaign_id)


def audience_key(campaign_id: str, account_id: str) -> Key:
    return Key(Table.COUPONS, f"CAMPAIGN#{campaign_id}", f"AUDIENCE#{account_id}")


def limit_key(account_id: str, limit_group: str) -> Key:
    return Key(Table.COUPONS, f"USER#{account_id}", f"CLAIMED#{limit_group}")


def must_make_sense(offer: Offer) -> None:
    """Raise `CampaignInvalidError`, whose message names the contradiction; single bounds are the edge's."""
    terms = offer.terms
    if offer.closes_at <= offer.opens_at:
        raise CampaignInvalidError("closes_at is not after opens_at.")
    is_percent = terms.discount is Discount.PERCENT
    if is_percent and not 1 <= terms.value <= 99:  # noqa: PLR2004 – percent; all of it is nobody's discount
        raise CampaignInvalidError("value is 1 to 99 percent.")
    if terms.cap and not is_percent:
        raise CampaignInvalidError("cap_fen bounds a PERCENT only.")
    if terms.discount is Discount.THRESHOLD and terms.threshold <= terms.value:
        raise CampaignInvalidError("threshold_fen of a THRESHOLD is above its value.")


def get_campaign(store: Store, campaign_id: str) -> Campaign:
    """One AWS call; raises `CampaignNotFoundError`."""
    item = store.get(campaign_key(campaign_id))
    if item is None:
        raise CampaignNotFoundError
    return campaign_of(item)


def item_of(campaign: Campaign) -> Item:
    offer, terms = campaign.offer, campaign.offer.terms
    flat = {**terms._asdict(), **offer._asdict(), **campaign._asdict()}
    return {name: value for name, value in flat.items() if name not in {"terms", "offer", "campaign_id"}}


def campaign_of(item: Item) -> Campaign:
    def number(name: str) -> int:
        return int(str(item[name]))

    def text(name: str) -> str:
        return str(item[name])

    offer = Offer(
        text("name"),
        number("stock"),
        Instant(number("opens_at")),
        Instant(number("closes_at")),
        number("per_user_limit"),
        number("expected_rate"),
        Terms(valid_days=number("valid_days"), **terms_in(item)),
    )
    return Campaign(
        text("pk").removeprefix("CAMPAIGN#"),
        number("version"),
        CampaignState(text("state")),
        offer,
        Audience(text("audience")),
        text("limit_group"),
        text("supply_grade"),
        number("shards"),
        text("made_by"),
        Instant(number("made_at")),
        digest=text("digest"),
        supply_low=item["supply_low"] is True,
        editing_until=Instant(number("editing_until")),
    )
