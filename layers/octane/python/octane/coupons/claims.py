"""Claim a coupon: one transaction, and no other AWS call while the campaign is known (MK1).

    Put     the coupon, unless it is there     a replay, which is answered with that coupon
    Check   the audience, where there is one   CAMPAIGN_AUDIENCE
    Update  the account's claims of the group  LIMIT_REACHED; of who acts for an enterprise theirs, too
    Update  a shard of the stock               empty or of another version: look at all of them

A process keeps the definition. An old one never lets a claim pass that the newest one refuses, as the shard's
version is the definition's and the transaction compares it: a claim that passes proves the definition. So
only a refusal needs one that was read or proven within the last second. What a process knows to be empty it
does not ask again (`octane.coupons.stock` says why that is safe), and before it says SOLD_OUT it looks at one
shard, so that nobody is refused on a version that is over.

Too many for the tables: WAITING_ROOM with a Retry-After that is spread over some seconds. A process that was
throttled answers so for a moment without asking.
"""

import zlib
from typing import NamedTuple

from octane.coupons.admission import (
    DAY_MS,
    CampaignAudienceError,
    ClaimLimitError,
    CodeUsedError,
    SoldOutError,
    WaitingRoomError,
    admission,
    admitted,
    must_be_for,
    must_be_open,
)
from octane.coupons.campaigns import (
    Campaign,
    CampaignState,
    campaign_key,
    campaign_of,
    get_campaign,
    limit_key,
)
from octane.coupons.holding import Coupon, CouponState, coupon_key, coupon_of
from octane.coupons.stock import ShardMissedError, shard_key, shard_of, taking
from octane.kernel.caller import Caller
from octane.kernel.clock import SECOND, Clock, Instant, later
from octane.kernel.errors import KeyReusedError, OctaneError
from octane.kernel.ids import derive_id
from octane.store.items import Item, Key
from octane.store.replays import ReplayedError
from octane.store.store import (
    ATTEMPTS,
    Store,
    StoreConflictError,
    StoreThrottledError,
    StoreUnavailableError,
)
from octane.store.writes import Absent, AtMost, Missing, Put, Update, any_of

CACHE_MS = SECOND
READ_MS = 5 * SECOND
"""It is read so often in any case: no claim proves that there is no gate (`octane.coupons.editing`)."""
BUSY_MS = SECOND // 2
"""For so long a process that was throttled lets the tables alone."""
WAITING_SECONDS = 5
"""The waiting are told 1 to so many seconds: they shall not come back together."""
MOST_ROUNDS = 20
"""Each round that fails has taught that a shard is empty, or a new version, or met somebody at a shard."""


class _Claim(NamedTuple):
    caller: Caller
    campaign_id: str
    coupon_id: str
    code_hash: str
    """Of the code that names the campaign; empty: none."""
    spread: int

    @property
    def key(self) -> Key:
        return coupon_key(self.caller.account_id, self.coupon_id)

    def elsewhere(self) -> "_Claim":
        return self._replace(spread=zlib.crc32(self.coupon_id.encode(), self.spread))


class _Known(NamedTuple):
    campaign: Campaign
    read_at: Instant
    proven_at: Instant

    def may_refuse(self, now: Instant) -> bool:
        return abs(now - self.proven_at) < CACHE_MS  # a clock may be set back


class Claims:
    """The campaigns as one process knows them."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._known: dict[str, _Known] = {}
        self._seen: dict[str, tuple[int, tuple[int, ...]]] = {}
        """What was left in each shard at the last look, and the version at which it was."""
        self._busy_until: dict[str, Instant] = {}
        self._turn: int | None = None
        """Each process goes round the shards from one of its own, so that they drain together."""

    def claim(self, caller: Caller, campaign_id: str, key: str, code_hash: str = "") -> Coupon:
        """Claim one coupon; the same key returns the same one. One AWS call, and one more every five seconds
        for the definition; a refusal costs one call, or none before the campaign opens.

        Raises, the first that holds: `CampaignNotFoundError`, `CampaignNotOpenError`, `CampaignEndedError`,
        `SupplyLowError`, `CampaignAudienceError`, `ClaimLimitError`, `SoldOutError`; `WaitingRoomError` when
        too many come at once; `KeyReusedError`.
        """
        coupon_id = derive_id("C", caller.account_id, key)
        claim = _Claim(caller, campaign_id, coupon_id, code_hash, zlib.crc32(coupon_id.encode()))
        try:
            for _ in range(MOST_ROUNDS):
                try:
                    coupon = self._try(claim, self._clock.now())
                except StoreConflictError:
                    self._store.pause(1)
                    claim = claim.elsewhere()
                    continue
                if coupon is not None:
                    return coupon
        except StoreThrottledError:
            self._busy_until[campaign_id] = later(self._clock.now(), BUSY_MS)
        except StoreUnavailableError:
            pass
        raise WaitingRoomError(retry_after=_wait(claim))

    def _try(self, claim: _Claim, now: Instant) -> Coupon | None:
        """None: what this process knew was old, and now it knows better."""
        known = self._campaign(claim.campaign_id, now)
        campaign = known.campaign
        if now < self._busy_until.get(claim.campaign_id, 0):
            raise WaitingRoomError(retry_after=_wait(claim))
        try:
            if now < campaign.editing_until:
                raise WaitingRoomError(retry_after=_wait(claim))
            must_be_open(campaign, now)
            must_be_for(campaign, claim.caller, claim.code_hash)
        except OctaneError as refusal:
            if not known.may_refuse(now):
                self._known.pop(claim.campaign_id, None)
                return None
            return self._recalled(claim, campaign, refusal, now)
        number = self._choose(campaign, claim.spread)
        if number is None:
            return self._refused(campaign, claim, now)
        item = _coupon_item(campaign, claim, number, now)
        is_stuck = campaign.shards == 1 or bool(claim.code_hash)  # no other shard, or an item that is not one
        try:
            self._store.commit(
                Put(claim.key, item, when=Absent(), otherwise=ReplayedError()),
                *admission(campaign, claim.caller, claim.code_hash, now),
                *_counted(campaign, claim),
                taking(campaign, number),
                conflicts=ATTEMPTS if is_stuck else 1,
            )
        except StoreConflictError:
            if is_stuck:
                raise WaitingRoomError(retry_after=_wait(claim)) from None
            raise
        except ReplayedError:
            return self._replayed(claim, self._store.get(claim.key))
        except ShardMissedError:
            self._look(campaign)
            return None
        except (CampaignAudienceError, CodeUsedError, ClaimLimitError):
            if known.may_refuse(now):  # else the limit may be another by now
                raise
            self._known.pop(claim.campaign_id, None)
            return None
        if self._known.get(campaign.campaign_id) is known:
            self._known[campaign.campaign_id] = known._replace(proven_at=now)
        return coupon_of({**item, "pk": claim.key.pk, "sk": claim.key.sk})

    def _recalled(self, claim: _Claim, campaign: Campaign, refusal: OctaneError, now: Instant) -> Coupon:
        """What the same key has claimed while that was possible; else raise the refusal."""
        nobody_yet = now < campaign.offer.opens_at or campaign.state is CampaignState.DRAFT
        if nobody_yet or isinstance(refusal, WaitingRoomError):
            raise refusal  # the crowd before the doors costs no call
        replayed = self._replayed(claim, self._store.get(claim.key))
        if replayed is None:
            raise refusal
        return replayed

    def _campaign(self, campaign_id: str, now: Instant) -> _Known:
        known = self._known.get(campaign_id)
        if known is None or abs(now - known.read_at) >= READ_MS:
            if known is not None:  # of several threads one reads it
                self._known[campaign_id] = known._replace(read_at=now)
            try:
                known = _Known(get_campaign(self._store, campaign_id), now, now)
            except StoreUnavailableError:
                if known is None:
                    raise
            self._known[campaign_id] = known
        return known

    def _choose(self, campaign: Campaign, spread: int) -> int | None:
        """A shard that is not known to be empty; after a look, spread by what each had left then."""
        version, left = self._seen.get(campaign.campaign_id, (0, ()))
        if version != campaign.version:
            self._turn = spread if self._turn is None else self._turn + 1
            return self._turn % campaign.shards
        total = sum(left)
        turn = spread % total if total else 0
        for number, units in enumerate(left):
            if turn < units:
                return number
            turn -= units
        return None

    def _look(self, campaign: Campaign) -> None:
        """Read the campaign and all its shards anew, in one call."""
        shards = [shard_key(campaign.campaign_id, number) for number in range(campaign.shards)]
        items = self._store.batch_get([campaign_key(campaign.campaign_id), *shards])
        newest, now = campaign_of(items[0]), self._clock.now()
        # a shard that is new, or was read before a change that the campaign was read after, may have units
        left = [1] * newest.shards
        for shard in map(shard_of, items[1:]):
            if shard.version == newest.version:
                left[shard.number] = shard.left
        self._known[campaign.campaign_id] = _Known(newest, now, now)
        self._seen[campaign.campaign_id] = (newest.version, tuple(left))

    def _refused(self, campaign: Campaign, claim: _Claim, now: Instant) -> Coupon | None:
        """Every shard was seen empty: say so in the order of the errors, unless there is a new version."""
        checks = admission(campaign, claim.caller, claim.code_hash, now)
        shard = shard_key(campaign.campaign_id, claim.spread % campaign.shards)
        limits = _limits(campaign, claim)
        keys = [claim.key, *limits, shard, *(write.key for write in checks)]
        found = {(item["pk"], item["sk"]): item for item in self._store.batch_get(keys)}
        replayed = self._replayed(claim, found.get((claim.key.pk, claim.key.sk)))
        if replayed is not None:
            return replayed
        if found[shard.pk, shard.sk]["version"] != campaign.version:
            self._known.pop(campaign.campaign_id, None)
            return None
        for write in checks:
            if not admitted(write, found.get((write.key.pk, write.key.sk))) and write.otherwise:
                raise write.otherwise
        claimed = max(_number(found.get((limit.pk, limit.sk)), "claimed") for limit in limits)
        if claimed >= campaign.offer.per_user_limit:
            raise ClaimLimitError
        raise SoldOutError

    def _replayed(self, claim: _Claim, item: Item | None) -> Coupon | None:
        if item is None:
            return None
        if (item["campaign_id"], item.get("code", "")) != (claim.campaign_id, claim.code_hash):
            raise KeyReusedError
        return coupon_of(item)


def _limits(campaign: Campaign, claim: _Claim) -> list[Key]:
    """Of the account and of the person: else whoever opens enterprises claims with each of them."""
    whose = sorted({claim.caller.account_id, claim.caller.user_id})
    return [limit_key(one, campaign.limit_group) for one in whose]


def _counted(campaign: Campaign, claim: _Claim) -> tuple[Update, ...]:
    return tuple(
        Update(
            limit,
            when=any_of(Missing("claimed"), AtMost("claimed", campaign.offer.per_user_limit - 1)),
            add={"claimed": 1},
            otherwise=ClaimLimitError(),
        )
        for limit in _limits(campaign, claim)
    )


def _coupon_item(campaign: Campaign, claim: _Claim, number: int, now: Instant) -> Item:
    terms = campaign.offer.terms._asdict()
    valid_days = terms.pop("valid_days")
    item: Item = {
        **terms,
        "campaign_id": campaign.campaign_id,
        "name": campaign.offer.name,
        "state": CouponState.AVAILABLE.value,
        "valid_from": now,
        "valid_until": later(now, valid_days * DAY_MS),
        "claimed_at": now,
        "claim_shard": f"{campaign.campaign_id}#{number:02d}",
        "claim_key": f"{now:015d}#{claim.coupon_id}",
    }
    return {**item, "code": claim.code_hash} if claim.code_hash else item


def _wait(claim: _Claim) -> int:
    return 1 + claim.spread % WAITING_SECONDS


def _number(item: Item | None, name: str) -> int:
    return int(str(item.get(name, 0))) if item else 0
