"""Tell the subscribers of a province what changed: each one once (ST2, OP1).

A worker takes one shard of a version. It claims each subscriber before it sends: one conditional write moves
`told` from the version that they know to this one. So whatever comes twice, or dies in between, sends
nothing twice; whoever was claimed by a process that died, or whose message's outcome nobody knows, is not
told of this change: a message is no money. What a message says is the difference between the two versions.

A worker's place is kept after each page, and when its time is up the rest goes into the queue again. When
the messenger refuses for another reason than the person, or stays silent, the worker stops: the next pull
finds the shard still open. Whoever was claimed and certainly not told is let go, and with that the shard is
opened again: another worker may have passed over them. A version that has been superseded is not told any
more: the next one tells the whole difference.
"""

from collections.abc import Mapping

from octane.kernel.clock import Instant, in_beijing
from octane.kernel.errors import InputError
from octane.kernel.money import format_yuan
from octane.kernel.provinces import NAMES, Province
from octane.notify.messages import (
    LONGEST_WORD,
    MessageRefused,
    MessageUnknown,
    Refusal,
    Sent,
    Template,
)
from octane.prices.model import Change, Fens, Grade, changes_between
from octane.prices.ports import TellDeps
from octane.prices.records import (
    Telling,
    all_told,
    find_province,
    find_telling,
    find_version,
    reopened,
    told,
)
from octane.prices.subscriptions import subscribers_of
from octane.store.items import Item, Key, Query, Table
from octane.store.writes import ChangedMeanwhileError, Delete, Is, Update, Write

PAGE = 25
MOST_UNKNOWN = 5
"""Messages of one run whose outcome nobody knows: then the provider is left alone for a while."""
WORK_MS = 40_000
"""So long one call works; the function's own limit is half as long again."""
TOO_LATE_MS = 24 * 3_600_000
"""A change this old is no news."""
OURS_TO_STOP = frozenset({Refusal.NOT_WANTED, Refusal.NO_SUCH_PERSON})


class NewsInvalidError(InputError):
    code = "NEWS_INVALID"
    summary = "Not a PriceChanged."


def telling_in(message: Mapping[str, object]) -> Telling:
    """Read `PriceChanged`; raise `NewsInvalidError`."""
    province, version, shard = (message.get(name) for name in ("province", "version", "shard"))
    if not isinstance(version, int) or not isinstance(shard, int):
        raise NewsInvalidError
    try:
        return Telling(Province(str(province)), version, shard)
    except ValueError:
        raise NewsInvalidError from None


def tell(deps: TellDeps, asked: Telling, until: Instant) -> int:
    """Go on telling; return how many messages were sent. What is left when `until` is over goes into the
    queue again."""
    telling = find_telling(deps.store, asked)
    if telling is None:
        return 0
    current = find_province(deps.store, telling.province)
    fens = find_version(deps.store, telling.province, telling.version)
    if fens is None or current.version != telling.version:
        deps.store.commit(told(telling))
        return 0
    if deps.clock.now() - telling.at > TOO_LATE_MS:
        deps.signals.count("PriceTellingLate", province=telling.province.value, shard=telling.shard)
        deps.store.commit(told(telling))
        return 0
    return _Round(deps, telling, fens, until).run()


class _Round:
    """One worker's way through a shard."""

    def __init__(self, deps: TellDeps, telling: Telling, fens: Fens, until: Instant) -> None:
        self._deps = deps
        self._telling = telling
        self._until = until
        self._fens: dict[int, Fens] = {0: {}, telling.version: fens}
        """By version: what subscribers know who were told of it."""
        self._sent = self._unknown = 0

    def run(self) -> int:
        cursor: Mapping[str, str | int] | None = None
        pk = subscribers_of(self._telling.province, self._telling.shard)
        if self._telling.cursor:
            cursor = {"pk": pk, "sk": self._telling.cursor}
        while True:
            page = self._deps.store.query(Query(Table.STATIONS, pk, limit=PAGE, after=cursor))
            for item in page.items:
                if self._deps.clock.now() >= self._until:
                    self._deps.price_news.send([self._telling.message])
                    return self._sent
                if not self._one(item):
                    return self._sent
            if page.cursor is None:
                self._keep(all_told(self._telling))
                return self._sent
            cursor = page.cursor
            is_as_read = Is("let_go", self._telling.let_go)
            self._keep(Update(self._telling.key, when=is_as_read, assign={"cursor": str(cursor["sk"])}))

    def _keep(self, place: Write) -> None:
        try:
            self._deps.store.commit(place)
        except ChangedMeanwhileError:
            return  # another worker has finished this shard, or let somebody go who may be behind this one

    def _one(self, item: Item) -> bool:
        """Tell one subscriber; False: tell no more for now."""
        known, version = int(str(item["told"])), self._telling.version
        key = Key(Table.STATIONS, str(item["pk"]), str(item["sk"]))
        if known >= version:
            return True
        try:
            self._deps.store.commit(Update(key, when=Is("told", known), assign={"told": version}))
        except ChangedMeanwhileError:
            return True  # told by another worker, or subscribed no more
        changes = changes_between(self._fens_at(known), self._fens[version])
        if not changes:
            return True  # back at what they know
        words = {
            "province": NAMES[self._telling.province],
            "changes": changes_text(changes),
            "at": f"{in_beijing(self._telling.at):%Y-%m-%d %H:%M}",
        }
        match self._deps.messenger.send(str(item["openid"]), Template.PRICE_CHANGED, words):
            case Sent():
                self._sent += 1
            case MessageUnknown(why):
                self._deps.signals.count("PriceMessageUnknown", why=why)
                self._unknown += 1
                if self._unknown >= MOST_UNKNOWN:
                    self._deps.signals.count("PriceMessageRefused", why="SILENT", code="")
                    return False
            case MessageRefused(reason) if reason in OURS_TO_STOP:
                self._end(key, item)
            case MessageRefused(reason, code):
                self._deps.signals.count("PriceMessageRefused", why=reason.value, code=code)
                self._let_go(key, known)
                return False
        return True

    def _fens_at(self, version: int) -> Fens:
        if version not in self._fens:
            self._fens[version] = find_version(self._deps.store, self._telling.province, version) or {}
        return self._fens[version]

    def _end(self, key: Key, item: Item) -> None:
        """End the subscription, unless it was renewed meanwhile."""
        try:
            self._deps.store.commit(Delete(key, when=Is("allowed_at", item["allowed_at"])))
        except ChangedMeanwhileError:
            return

    def _let_go(self, key: Key, known: int) -> None:
        """Nothing was sent: claim them again next time."""
        release = Update(key, when=Is("told", self._telling.version), assign={"told": known})
        try:
            self._deps.store.commit(release, reopened(self._telling, self._deps.clock.now()))
        except ChangedMeanwhileError:
            return  # subscribed no more


def changes_text(changes: Mapping[Grade, Change]) -> str:
    """`92# 7.80 (+0.25)`; of several as many as a message holds: `92# 7.80 95# 8.31`."""
    ((grade, change), *others) = changes.items()
    if not others and change.old is not None:
        sign = "+" if change.new > change.old else ""
        return f"{grade.value}# {format_yuan(change.new)} ({sign}{format_yuan(change.new - change.old)})"
    text = ""
    for grade, change in changes.items():
        longer = f"{text} {grade.value}# {format_yuan(change.new)}".strip()
        if len(longer) > LONGEST_WORD:
            break
        text = longer
    return text
