"""Make a campaign, and change it while it sells (MK1).

A change is one transaction of the campaign, all shards of its stock and the act. Claims that run meanwhile
hold those shards for milliseconds each, so in a rush hardly any transaction of ninety items would ever find
all of them free. Therefore a change that fails closes the gate first: `editing_until`, on the campaign alone,
which no claim writes. Within the five seconds for which processes may know a campaign, claims wait
(WAITING_ROOM), the shards are quiet, and the change goes through. The gate opens with it, or by itself.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from octane.audit.acts import Act, act_of, record, state_digest
from octane.coupons.campaigns import (
    NEXT,
    Audience,
    Campaign,
    CampaignBusyError,
    CampaignInvalidError,
    CampaignState,
    CampaignStateError,
    Offer,
    StockBelowClaimedError,
    audience_key,
    campaign_key,
    directory_key,
    get_campaign,
    item_of,
    must_make_sense,
    throttled_key,
)
from octane.coupons.deps import CouponDeps
from octane.coupons.levels import is_low
from octane.coupons.stock import Shard, laid_out, moved, read_shards, shards_for
from octane.kernel.caller import SETS_CAMPAIGNS, Caller
from octane.kernel.clock import SECOND, Instant, later
from octane.kernel.errors import KeyReusedError
from octane.kernel.ids import derive_id, digest_of
from octane.store.replays import ReplayedError
from octane.store.store import StoreUnavailableError
from octane.store.writes import Absent, ChangedMeanwhileError, Delete, Exists, Is, Put, Update, Write, any_of

MOST_ACCOUNTS = 1_000
"""Of one request; more are added by changes."""
GATE_MS = 15 * SECOND
TRIES = 7
LONG_PAUSE = 7
"""The store's wait before a seventh try: more than a second on average, so that processes see the gate."""
ROWS = 50
"""Of an audience, in one transaction."""


class NewCampaign(NamedTuple):
    offer: Offer
    audience: Audience = Audience.ALL
    accounts: tuple[str, ...] = ()
    """Of the audience LIST."""
    limit_group: str = ""
    """Empty: a group of its own."""
    supply_grade: str = ""


class Change(NamedTuple):
    """What a campaign shall be, all of it."""

    version: int
    """That was read."""
    state: CampaignState
    offer: Offer
    accounts: tuple[str, ...] = ()
    """More of the audience LIST; nobody is taken off it."""


def create_campaign(deps: CouponDeps, caller: Caller, request: NewCampaign, key: str) -> Campaign:
    """Make a draft; the same key returns it again. One transaction, one read for a fuel, and a read and a
    transaction for every 50 accounts.

    Raises `CampaignInvalidError`, `KeyReusedError`.
    """
    caller.must_have(SETS_CAMPAIGNS)
    must_make_sense(request.offer)
    _accounts_fit(request.audience, request.accounts)
    now, offer = deps.clock.now(), request.offer
    campaign = Campaign(
        derive_id("G", caller.user_id, key),
        version=1,
        state=CampaignState.DRAFT,
        offer=offer,
        audience=request.audience,
        limit_group=request.limit_group,
        supply_grade=request.supply_grade,
        shards=shards_for(offer.expected_rate, offer.stock),
        made_by=caller.user_id,
        made_at=now,
        digest=digest_of(request._asdict()),
        supply_low=is_low(deps.store, request.supply_grade, now),
    )
    if not campaign.limit_group:
        campaign = campaign._replace(limit_group=campaign.campaign_id)
    place, item = campaign_key(campaign.campaign_id), item_of(campaign)
    act = act_of(caller, "create_campaign", campaign.campaign_id, "1", now, after=_digest(campaign))
    try:
        deps.store.commit(
            Put(place, item, when=Absent(), otherwise=ReplayedError()),
            *laid_out(campaign),
            Put(directory_key(campaign), {}, when=Absent()),
            *_throttled(campaign),
            record(act),
        )
    except ReplayedError:
        made = get_campaign(deps.store, campaign.campaign_id)
        if made.digest != campaign.digest:
            raise KeyReusedError from None
        campaign = made
    # a draft admits nobody, so whoever dies here leaves nothing half open: the replay goes on
    _add_accounts(deps, caller, campaign.campaign_id, request.accounts)
    return campaign


def change_campaign(deps: CouponDeps, caller: Caller, campaign_id: str, change: Change) -> Campaign:
    """Change a campaign, also one that sells right now; sent again, the same answer. Three AWS calls, one
    more for a fuel, and two for every 50 accounts.

    Raises `CampaignInvalidError`, `CampaignStateError`, `StockBelowClaimedError`, `CampaignBusyError`, and
    `ChangedMeanwhileError` when the version is not the newest.
    """
    caller.must_have(SETS_CAMPAIGNS)
    must_make_sense(change.offer)
    old, now = get_campaign(deps.store, campaign_id), deps.clock.now()
    _accounts_fit(old.audience, change.accounts)
    wanted = (change.version + 1, change.state, change.offer)
    if (old.version, old.state, old.offer) == wanted:
        _add_accounts(deps, caller, campaign_id, change.accounts)  # whoever died before them sends it again
        return old
    if old.version != change.version:
        raise ChangedMeanwhileError
    if change.state not in NEXT[old.state]:
        raise CampaignStateError
    has_opened = old.state is not CampaignState.DRAFT and now >= old.offer.opens_at
    if has_opened and change.offer.opens_at != old.offer.opens_at:
        raise CampaignInvalidError("It has opened: pause it instead of moving opens_at.")
    new = old._replace(
        version=old.version + 1,
        state=change.state,
        offer=change.offer,
        shards=max(old.shards, shards_for(change.offer.expected_rate, change.offer.stock)),
        supply_low=is_low(deps.store, old.supply_grade, now, was=old.supply_low),
        editing_until=Instant(0),
    )
    once = str(new.version)
    act = act_of(caller, "change_campaign", campaign_id, once, now, before=_digest(old), after=_digest(new))
    rewrite(deps, old, new, act)
    _add_accounts(deps, caller, campaign_id, change.accounts)
    return new


def rewrite(deps: CouponDeps, old: Campaign, new: Campaign, act: Act) -> None:
    """Write the next version of a campaign and of all its shards, behind the gate where it must be.

    Raises `CampaignBusyError`, `StockBelowClaimedError`, and `ChangedMeanwhileError` for another's change.
    """

    def writes(shards: Sequence[Shard]) -> tuple[Write, ...]:
        if new.offer.stock < sum(shard.claimed for shard in shards):
            raise StockBelowClaimedError
        place = campaign_key(new.campaign_id)
        campaign = Put(place, item_of(new), when=Is("version", old.version))
        return campaign, *moved(shards, new, new.offer.stock - old.offer.stock), *_throttled(new), record(act)

    _commit_quietly(deps, old, writes)


def _throttled(campaign: Campaign) -> tuple[Write, ...]:
    """The row by which its fuel's supply finds a campaign, as long as it can be open."""
    key, anyway = throttled_key(campaign.campaign_id), any_of(Absent(), Exists())
    if not campaign.supply_grade:
        return ()
    if campaign.state is CampaignState.ENDED:
        return (Delete(key, when=anyway),)
    return (Put(key, {"grade": campaign.supply_grade, "version": campaign.version}, when=anyway),)


def _commit_quietly(
    deps: CouponDeps, old: Campaign, writes: Callable[[Sequence[Shard]], tuple[Write, ...]]
) -> None:
    for _ in range(TRIES):
        try:
            deps.store.commit(*writes(read_shards(deps.store, old)))
        except (ChangedMeanwhileError, StoreUnavailableError):
            _close_gate(deps, old)
            deps.store.pause(LONG_PAUSE)
        else:
            return
    raise CampaignBusyError


def _close_gate(deps: CouponDeps, old: Campaign) -> None:
    """`ChangedMeanwhileError` when it was not the claims, but another change."""
    until = later(deps.clock.now(), GATE_MS)
    gate = Update(
        campaign_key(old.campaign_id), when=Is("version", old.version), assign={"editing_until": until}
    )
    deps.store.commit(gate)


def _accounts_fit(audience: Audience, accounts: tuple[str, ...]) -> None:
    if accounts and audience is not Audience.LIST:
        raise CampaignInvalidError("Accounts are named for the audience LIST only.")


def _add_accounts(deps: CouponDeps, caller: Caller, campaign_id: str, accounts: tuple[str, ...]) -> None:
    """Put accounts on the LIST, with an act for those that were not there; nothing when all were."""
    anyway = any_of(Absent(), Exists())
    keys = [audience_key(campaign_id, account) for account in sorted(set(accounts))]
    for first in range(0, len(keys), ROWS):
        some = keys[first : first + ROWS]
        named = {item["sk"] for item in deps.store.batch_get(some)}
        if new := [key for key in some if key.sk not in named]:
            names = state_digest({"accounts": [key.sk.removeprefix("AUDIENCE#") for key in new]})
            act = act_of(caller, "add_audience", campaign_id, names, deps.clock.now(), after=names)
            deps.store.commit(*(Put(key, {}, when=anyway) for key in new), record(act))


def _digest(campaign: Campaign) -> str:
    return state_digest(item_of(campaign))
