"""The world: real use cases, our tables, the channel's and issuer's books, time, faults and a witness."""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from octane.channels.port import ChannelName
from octane.kernel.clock import Clock, Instant
from octane.kernel.ids import ID_LENGTH
from octane.kernel.settings import Settings
from octane.store.items import Table
from simulation.books import AlipayBooks, Back, Books, Held, UnionPayBooks, WechatBooks
from simulation.faults import KILL_AFTER, KILL_BEFORE, LATE, LOST, LOST_AFTER, Faults, Schedule
from simulation.scheduler import Dice, Killed, Process, Scheduler
from simulators.alipay.trades import TradeBooks as AlipayTrades
from simulators.billers.books import BillerBooks
from simulators.issuer.recharges import Recharge, RechargeBooks
from simulators.unionpay.trades import TradeBooks as UnionPayTrades
from simulators.wechat.trades import TradeBooks as WechatTrades
from world.memory_engine import Change, MemoryEngine

if TYPE_CHECKING:
    from octane.orders.states import Queue

DAWN = 1_700_000_000_000
HOURS_48 = 48 * 3_600_000
HOURS_12 = 12 * 3_600_000
MOST_EVENTS = 60_000
STAY_MS = 2 * 3_600_000
"""How long what stays under way does."""
MOST_LATE = 15_000
"""A request that is under way when its sender gives up arrives within this, in milliseconds."""

Result = TypeVar("Result")


class Lost(Exception):
    """The caller learns nothing of what became of its call."""


class Span(NamedTuple):
    """Milliseconds: the least and most of each way, and when the caller gives up."""

    least: int
    most: int
    gives_up: int


TABLE = Span(1, 12, 3_000)
QUEUE = Span(2, 20, 3_000)
SOCKET = Span(2, 30, 3_000)
CHANNEL = Span(20, 250, 3_000)
ISSUER = Span(20, 400, 5_000)


@dataclass(slots=True)
class TrueClock:
    scheduler: Scheduler

    def now(self) -> Instant:
        return Instant(self.scheduler.now)


@dataclass(slots=True)
class ProcessClock:
    """What the running process believes the time to be."""

    scheduler: Scheduler

    def now(self) -> Instant:
        process = self.scheduler.running
        return Instant(self.scheduler.now + (process.skew if process else 0))


@dataclass(slots=True)
class SeededNonces:
    random: Random

    def token(self) -> str:
        return f"{self.random.getrandbits(128):032x}"


class World:
    """Everything of one schedule. `deps` is what the use cases get."""

    def __init__(
        self,
        schedule: Schedule,
        *,
        tracing: bool = False,
        engine: Callable[[Clock], MemoryEngine] = MemoryEngine,
    ) -> None:
        self.schedule = schedule
        seed = f"{schedule.story}/{schedule.seed}"
        self.random = Dice(seed)
        self.scheduler = Scheduler(seed, DAWN, MOST_EVENTS)
        self.clock = ProcessClock(self.scheduler)
        self.faults = Faults(schedule)
        self.engine = engine(TrueClock(self.scheduler))
        self.settings = Settings(review_ms=HOURS_12)
        self.nonces = SeededNonces(self.random)
        now = TrueClock(self.scheduler).now
        self.wechat = WechatTrades(now, self.random)
        self.alipay = AlipayTrades(now, self.random)
        self.unionpay = UnionPayTrades(now, self.random)
        self.books: dict[ChannelName, Books] = {
            books.name: books
            for books in (
                WechatBooks(self.wechat, now),
                AlipayBooks(self.alipay, now),
                UnionPayBooks(self.unionpay, now),
            )
        }
        self.down_until: dict[ChannelName, int] = {}
        """Until when nobody at a channel answers, as a story wants it."""
        self.recharges = RechargeBooks(now, self.random)
        self.payments = BillerBooks(now, self.random, lambda _biller, _number: None)
        self.stock: dict[str, int] = {}
        """How many units each campaign began with."""
        self.on_sold_out: list[Callable[[str], None]] = []
        """Called when somebody was told that a campaign has nothing left."""
        self.signals: Counter[str] = Counter()
        self.scripts: dict[tuple[str, str], list[str]] = {}
        """What a story wants of an outside call: (operation, alias) → kinds, each used once."""
        self.always: dict[tuple[str, str], str] = {}
        """The same for every such call, until the story has enough of it."""
        self.forgetful: set[str] = set()
        """Orders of which the channel or issuer once denied to know something: their closing proves less."""
        self.forgeries: list[Recharge] = []
        """Recharges of which somebody is about to post a notice that is not so."""
        self.lines: list[str] | None = [] if tracing else None
        self.names: Counter[str] = Counter()
        self.aliases: dict[str, str] = {}
        self.written = False
        """Whether our tables were written since anybody looked."""
        self.after_write: list[Callable[[], None]] = []
        """Called after each commit: the witness, the streams, the schedule."""
        self.after_effect: list[Callable[[], None]] = []
        """Called after each effect on any books: the post."""
        self.sent: Counter[tuple[Queue, str, str, int]] = Counter()
        """What the queues took: (queue, order id, event, refund number)."""
        self.probing: Counter[ChannelName] = Counter()
        """Probes under way."""
        self.idle: dict[str, list[Any]] = defaultdict(list)
        """Function instances that wait for their next invocation, the one used last on top."""
        self._changes: dict[Table, list[Change]] = {table: [] for table in Table}
        self.cut_short = 0
        """Processes that ended by being killed."""

    def alias(self, number: str) -> str:
        """The short name of the order that an order, trade, refund or recharge number belongs to."""
        return self.aliases.get(number[:ID_LENGTH], number[:6])

    def name(self, kind: str, alias: str) -> str:
        """A name for a process that the same schedule gives it again."""
        name = f"{kind}.{alias}" if alias else kind
        self.names[name] += 1
        return f"{name}#{self.names[name]}"

    def note(self, text: str) -> None:
        if self.lines is not None:
            process = self.scheduler.running
            at = self.scheduler.now - DAWN
            self.lines.append(
                f"{at // 1000:>7}.{at % 1000:03d}  {process.name if process else '':<24} {text}"
            )

    def outside(
        self,
        operation: str,
        number: str,
        kinds: tuple[str, ...],
        span: Span,
        effect: Callable[[str], Result],
        forced: str = "",
    ) -> Result:
        """Make an outside call: travel, take effect, travel back; a fault may strike before and after.

        `effect` is told the fault that it must play itself; `forced` befalls the call if nothing else does.
        Raises `Lost` when the caller learns nothing.
        """
        process = self._process()
        process.calls += 1
        alias = self.alias(number) if number else ""
        kind = self.faults.at(f"{process.name}:{process.calls}", operation, kinds)
        kind = kind or self.scripted(operation, alias, kinds) or forced
        self.note(
            f"→ {process.calls} {operation} {number_text(number, alias)}{f'  ⚡{kind}' if kind else ''}"
        )
        if kind == KILL_BEFORE:
            raise Killed
        there, back = (
            min(process.random.randint(span.least, span.most) * process.pace, span.gives_up // 2 - 1)
            for _ in range(2)
        )
        if kind in (LOST, LATE):
            if kind == LATE:
                arrives = self.scheduler.now + span.gives_up + process.random.randint(1, MOST_LATE)
                self.scheduler.at(arrives, lambda: self._arrive_late(operation, number, effect))
            self.scheduler.sleep(
                process.random.choice((there, span.gives_up)) if kind == LOST else span.gives_up
            )
            raise Lost
        self._travel(process, there, operation, number, effect)
        outcome: tuple[Result] | Exception
        try:
            outcome = (effect(kind),)
        except Exception as refusal:  # travels back as the answer
            outcome = refusal
        self.effected()
        if kind == KILL_AFTER:
            raise Killed
        self.scheduler.sleep(span.gives_up if kind == LOST_AFTER else back)
        if kind == LOST_AFTER:
            raise Lost
        if isinstance(outcome, Exception):
            self.note(f"← {type(outcome).__name__} {outcome}")
            raise outcome
        return outcome[0]

    def changes(self, table: Table, after: int) -> list[Change]:
        """What was written to a table behind its record number `after`; read once for all who look."""
        known = self._changes[table]
        known.extend(self.engine.changes(table, len(known)))
        return known[after:]

    def is_down(self, channel: ChannelName) -> bool:
        return self.scheduler.now < self.down_until.get(channel, 0)

    def held(self, number: str) -> Held | None:
        """The trade of this number, at whatever channel it is."""
        for books in self.books.values():
            if (found := books.held(number)) is not None:
                return found
        return None

    def back(self, number: str) -> Back | None:
        """The refund of this number, at whatever channel it is."""
        for books in self.books.values():
            if (found := books.back(number)) is not None:
                return found
        return None

    def scripted(self, operation: str, alias: str, kinds: tuple[str, ...]) -> str:
        """What the story wants of this call, if it does."""
        wanted = self.scripts.get((operation, alias))
        if wanted and (not wanted[0] or wanted[0] in kinds):
            return wanted.pop(0)
        return self.always.get((operation, alias), "")

    def point(self, place: str, operation: str, kinds: tuple[str, ...]) -> str:
        """A place for faults that is no outside call: a start, a delivery, a request."""
        kind = self.faults.at(place, operation, kinds)
        if kind:
            self.note(f"{place} {operation}  ⚡{kind}")
        return kind

    def effected(self) -> None:
        if self.written:
            self.written = False
            for act in self.after_write:
                act()
        for act in self.after_effect:
            act()

    def pause(self, attempt: int) -> None:
        """The store's wait between tries, with full jitter as in the wiring."""
        process = self._process()
        self.scheduler.sleep(process.random.randint(0, 20 * 2**attempt))

    def _travel(
        self, process: Process, there: int, operation: str, number: str, effect: Callable[[str], Any]
    ) -> None:
        try:
            self.scheduler.sleep(there)
        except Killed:
            if process.random.random() < 1 / 2:  # what left before the time limit may still arrive
                arrives = self.scheduler.now + there
                self.scheduler.at(arrives, lambda: self._arrive_late(operation, number, effect))
            raise

    def _arrive_late(self, operation: str, number: str, effect: Callable[[str], Any]) -> None:
        try:
            effect("")
            said = "took effect"
        except Exception as refusal:  # nobody is there to hear it
            said = f"was refused: {type(refusal).__name__} {refusal}"
        self.note(f"(late {operation} {number_text(number, self.alias(number) if number else '')} {said})")
        self.effected()

    def _process(self) -> Process:
        process = self.scheduler.running
        if process is None:
            raise LookupError("an outside call outside of any process")
        return process


def number_text(number: str, alias: str) -> str:
    """Write `A1P01` for the payment number of order A1."""
    return alias + number[ID_LENGTH:] if alias and len(number) > ID_LENGTH else alias or number
