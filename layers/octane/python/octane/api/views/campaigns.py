"""Campaigns, their codes and the audit of their claims, as staff see them."""

from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field

from octane.api.views import Body, Id, Text, View
from octane.api.views.coupons import TermsView, terms_fields
from octane.coupons.auditing import Verdict
from octane.coupons.campaigns import Audience, CampaignState, Offer, Terms
from octane.coupons.editing import MOST_ACCOUNTS, Change, NewCampaign
from octane.coupons.holding import Discount
from octane.coupons.ports import NAME
from octane.coupons.stock import left_in
from octane.kernel.clock import Instant, parse_rfc3339, rfc3339
from octane.kernel.errors import InputError
from octane.kernel.money import Fen

if TYPE_CHECKING:
    from octane.coupons.auditing import Audit
    from octane.coupons.campaigns import Campaign
    from octane.coupons.codes import Codes
    from octane.coupons.listing import CampaignPage
    from octane.coupons.stock import Shard

Moment = Annotated[
    str, Field(max_length=40, pattern=r"^[0-9T:.+Zz-]+$", description="RFC 3339 with an offset")
]
Products = Annotated[
    str,
    Field(
        max_length=64,
        pattern=r"^((CARD|BILL)( (CARD|BILL))*)?$",
        description="Kinds of orders, divided by blanks: `CARD BILL`; empty: all but WALLET",
    ),
]
Grade = Annotated[str, Field(max_length=32, pattern=rf"^({NAME})?$")]
MOST_FEN = 100_000_000
MOST_STOCK = 10_000_000


class TermsBody(Body):
    discount: Annotated[Discount, Field(strict=False)]
    value: int = Field(ge=1, le=MOST_FEN, description="Fen; with PERCENT, percent off")
    valid_days: int = Field(ge=1, le=730, description="From the claim on")
    threshold_fen: int = Field(default=0, ge=0, le=MOST_FEN)
    cap_fen: int = Field(default=0, ge=0, le=MOST_FEN, description="Of a PERCENT; 0: none")
    products: Products = ""
    stackable: bool = False
    returns: bool = Field(
        default=True,
        description="Usable again after its order was given back, for seven days at least",
    )

    def terms(self) -> Terms:
        return Terms(
            self.discount,
            self.value,
            self.valid_days,
            threshold=Fen(self.threshold_fen),
            cap=Fen(self.cap_fen),
            products=self.products,
            stackable=self.stackable,
            returns=self.returns,
        )


class OfferBody(Body):
    name: Text
    stock: int = Field(ge=1, le=MOST_STOCK, description="All units, the claimed ones included")
    opens_at: Moment
    closes_at: Moment
    per_user_limit: int = Field(ge=1, le=100, description="Of the limit group")
    expected_rate: int = Field(ge=1, le=100_000, description="Claims per second at the peak")
    terms: TermsBody
    accounts: list[Id] = Field(default=[], max_length=MOST_ACCOUNTS, description="More of the audience LIST")

    def offer(self) -> Offer:
        return Offer(
            self.name,
            self.stock,
            _instant(self.opens_at),
            _instant(self.closes_at),
            self.per_user_limit,
            self.expected_rate,
            self.terms.terms(),
        )


class CreateCampaignBody(OfferBody):
    audience: Annotated[Audience, Field(strict=False)] = Audience.ALL
    limit_group: Annotated[str, Field(max_length=64, pattern=r"^[0-9A-Za-z_-]*$")] = Field(
        default="",
        description="Campaigns of one group share the limit of each account, and of each person who claims "
        "for an enterprise; empty: its own",
    )
    supply_grade: Grade = Field(default="", description="The fuel whose shortage throttles it")

    def campaign(self) -> NewCampaign:
        accounts = tuple(self.accounts)
        return NewCampaign(self.offer(), self.audience, accounts, self.limit_group, self.supply_grade)


class ChangeCampaignBody(OfferBody):
    version: int = Field(ge=1, description="The version that was read: a change made meanwhile refuses this")
    state: Annotated[CampaignState, Field(strict=False)]

    def change(self) -> Change:
        return Change(self.version, self.state, self.offer(), tuple(self.accounts))


class MakeCodesBody(Body):
    count: int = Field(ge=1, le=90)
    uses: int = Field(ge=1, le=MOST_STOCK, description="How many claims each code is good for")


class CampaignTermsView(TermsView):
    valid_days: int


class CampaignView(View):
    campaign_id: str
    version: int
    state: CampaignState
    name: str
    stock: int
    opens_at: str
    closes_at: str
    per_user_limit: int
    expected_rate: int
    audience: Audience
    limit_group: str
    supply_grade: str
    is_supply_low: bool
    shards: int
    terms: CampaignTermsView
    made_by: str
    made_at: str

    @classmethod
    def of(cls, campaign: "Campaign") -> Self:
        offer, terms = campaign.offer, campaign.offer.terms
        return cls(
            campaign_id=campaign.campaign_id,
            version=campaign.version,
            state=campaign.state,
            name=offer.name,
            stock=offer.stock,
            opens_at=rfc3339(offer.opens_at),
            closes_at=rfc3339(offer.closes_at),
            per_user_limit=offer.per_user_limit,
            expected_rate=offer.expected_rate,
            audience=campaign.audience,
            limit_group=campaign.limit_group,
            supply_grade=campaign.supply_grade,
            is_supply_low=campaign.supply_low,
            shards=campaign.shards,
            terms=CampaignTermsView(**terms_fields(terms), valid_days=terms.valid_days),
            made_by=campaign.made_by,
            made_at=rfc3339(campaign.made_at),
        )


class CampaignList(View):
    campaigns: list[CampaignView]
    next_cursor: str | None

    @classmethod
    def of(cls, page: "CampaignPage") -> Self:
        found = [CampaignView.of(each) for each in page.campaigns]
        return cls(campaigns=found, next_cursor=page.next_cursor)


class CampaignStockView(View):
    campaign: CampaignView
    left: int
    claimed: int

    @classmethod
    def of(cls, found: "tuple[Campaign, list[Shard]]") -> Self:
        campaign, shards = found
        return cls(
            campaign=CampaignView.of(campaign),
            left=left_in(shards),
            claimed=sum(shard.claimed for shard in shards),
        )


class ShardCountView(View):
    shard: int
    left: int
    claimed: int
    erased: int = Field(description="Coupons that were erased with their account")
    coupons: int = Field(description="Coupons that name this shard")
    verdict: Verdict


class ClaimAuditView(View):
    campaign_id: str
    stock: int
    left: int
    claimed: int
    verdict: Verdict
    shards: list[ShardCountView]
    next_shard: int | None = Field(description="Where to go on, as `first_shard`")

    @classmethod
    def of(cls, audit: "Audit") -> Self:
        return cls(
            campaign_id=audit.campaign.campaign_id,
            stock=audit.campaign.offer.stock,
            left=audit.left,
            claimed=audit.claimed,
            verdict=audit.verdict,
            shards=[
                ShardCountView(
                    shard=count.shard.number,
                    left=count.shard.left,
                    claimed=count.shard.claimed,
                    erased=count.shard.erased,
                    coupons=count.coupons,
                    verdict=count.verdict,
                )
                for count in audit.counts
            ],
            next_shard=audit.next_shard,
        )


class CodesView(View):
    campaign_id: str
    codes: list[str] = Field(description="Told once: only their hashes are kept")

    @classmethod
    def of(cls, made: "Codes") -> Self:
        return cls(campaign_id=made.campaign_id, codes=list(made.codes))


def _instant(text: str) -> Instant:
    try:
        return parse_rfc3339(text)
    except (ValueError, OverflowError):
        raise InputError("A time is RFC 3339 with an offset, like 2026-11-22T08:00:00+08:00.") from None
