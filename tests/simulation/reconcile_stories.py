"""Stories in which days are closed: what their differences come to, while customers and staff go on."""

from octane.channels.port import PaymentMethod
from octane.orders.states import OrderState
from octane.reconciliation.model import Source
from octane.reconciliation.tasks import Action
from simulation.cast import Cast, Story
from simulation.faults import LAGGING, LOST, LOST_AFTER, NEVER, ODD, REFUSE, STALE, STUCK
from simulation.finance import agree, disagree, propose, settle, waiting
from simulation.people import Person
from simulation.telling import happy, refund_twice
from simulators.wechat.records import RefundStatus

JSAPI, ALIPAY, UNIONPAY = (
    PaymentMethod.WECHAT_JSAPI,
    PaymentMethod.ALIPAY_NATIVE,
    PaymentMethod.UNIONPAY_APP,
)
SOURCES = {JSAPI: Source.WECHAT, ALIPAY: Source.ALIPAY, UNIONPAY: Source.UNIONPAY}
HOURS_21 = 21 * 3_600_000
LARGE = 30_000
"""More than one person may decide about."""


def lost_notice(cast: Cast, ann: Person, alias: str) -> None:
    """The day is closed before anybody has asked about a payment whose notice never comes."""
    source = _pay_unheard(cast, ann, alias, ann.random.choice(tuple(SOURCES)))
    cast.closing.start(source, delay=ann.random.randint(0, 60_000))
    ann.watch(ann.orders[-1])
    cast.closing.start(source, Source.JUHE)


def late_unheard(cast: Cast, ann: Person, alias: str) -> None:
    """Pays an order that is closed, and no notice comes: nobody asks about it but for the bill."""
    method = ann.random.choice((JSAPI, ALIPAY))
    _unheard(cast, alias, SOURCES[method])
    order = ann.place(alias, 10_000)
    reference = ann.pay(order, method)
    ann.wait(65_000, 100_000)
    ann.cancel(order)
    ann.wait(1_000, 30_000)
    ann.confirm(reference, late=True)
    cast.script("query trade", alias, *ann.random.choice(((), (STALE,), (LAGGING,), (STALE, STALE))))
    cast.closing.start(SOURCES[method])
    ann.watch(order, (60_000,))
    cast.closing.start(SOURCES[method])


def never_decided(cast: Cast, ann: Person, alias: str) -> None:
    """UnionPay has taken the money of an order that is over, and its queries never say so: when they have not
    for a day, its bill is the proof."""
    _unheard(cast, alias, Source.UNIONPAY)
    order = ann.place(alias, 10_000)
    reference = ann.pay(order, UNIONPAY)
    ann.wait(1_300_000, 1_400_000)
    cast.script_always("query trade", alias, ODD)
    ann.confirm(reference, late=True)
    ann.wait(1_000, 10_000)
    cast.closing.start(Source.UNIONPAY)
    ann.wait(HOURS_21, HOURS_21 + 60_000)
    cast.closing.start(Source.UNIONPAY, days_ago=1)
    ann.look(order)


def refund_unheard(cast: Cast, ann: Person, alias: str) -> None:
    """UnionPay has returned the money, and says so only when the bill of the day has said it."""
    cast.script("submit", alias, REFUSE)
    cast.script_always("query refund", alias, ODD)
    cast.script("notice unionpay_refund", alias, NEVER)
    happy(cast, ann, alias, UNIONPAY)
    ann.wait(20_000, 100_000)
    cast.closing.start(Source.UNIONPAY)
    ann.wait(1_000, 30_000)
    cast.world.always.pop(("query refund", alias))
    cast.closing.start(Source.UNIONPAY, delay=ann.random.randint(0, 100_000))


def refund_mended(cast: Cast, ann: Person, alias: str) -> None:
    """A refund that was stuck is paid out by the channel's own staff, and nobody tells us, perhaps for
    ever."""
    cast.script("submit", alias, REFUSE)
    cast.script("refund", alias, STUCK)
    happy(cast, ann, alias)
    ann.wait(100_000, 120_000)
    if silent := ann.random.random() < 1 / 2:
        cast.script_always("query refund", alias, LOST)
    for refund in cast.world.wechat.refunds.values():
        if refund.order.out_refund_no.startswith(ann.orders[-1]) and refund.status is RefundStatus.ABNORMAL:
            refund.status, refund.finished_at = RefundStatus.SUCCESS, cast.world.scheduler.now
            cast.world.note("the channel's staff pay the refund out")
    cast.closing.start(Source.WECHAT)
    ann.wait(0, 2_000)
    if silent:
        ann.wait(HOURS_21, HOURS_21 + 60_000)
    cast.closing.start(Source.WECHAT, days_ago=int(silent))


def recharge_unheard(cast: Cast, ann: Person, alias: str) -> None:
    """The issuer has recharged and says nothing: not when the bill comes, and then it does."""
    cast.script("submit", alias, LOST_AFTER)
    cast.script("notice issuer_recharge", alias, NEVER)
    if silent := ann.random.random() < 1 / 2:
        cast.script_always("query recharge", alias, LOST)
    order = ann.place(alias, 10_000)
    ann.confirm(ann.pay(order))
    ann.wait(6_000, 60_000)
    cast.closing.start(Source.JUHE)
    ann.wait(20_000, 60_000)
    if silent:
        cast.world.always.pop(("query recharge", alias))
    cast.closing.start(Source.JUHE, Source.WECHAT, delay=ann.random.randint(0, 60_000))
    ann.watch(order)


def nobodys_payment(cast: Cast, ann: Person, alias: str) -> None:
    """A payment that nobody here knows: in suspense once, however often the day is run, until two accept."""
    number, bob, eve = f"{alias}-nobody", *_finance(cast, ann)
    cast.world.aliases[number] = alias
    cast.closing.bills.add(Source.ALIPAY, number, 20_000)
    cast.closing.start(Source.ALIPAY)
    cast.closing.start(Source.ALIPAY, delay=ann.random.randint(0, 400))
    ann.wait(1_000, 30_000)
    settle(bob, eve, Action.ACCEPT, number)
    cast.closing.start(Source.ALIPAY)


def taken_back(cast: Cast, ann: Person, alias: str) -> None:
    """What two people have ended is no more: a corrected bill has another amount, then
    nothing."""
    number, bob, eve = f"{alias}-nobody", *_finance(cast, ann)
    cast.world.aliases[number] = alias
    bills = cast.closing.bills
    for amount, action in ((20_000, Action.ACCEPT), (LARGE, Action.WRITE_OFF), (0, Action.WRITE_OFF)):
        bills.correct(number)
        if amount:
            bills.add(Source.WECHAT, number, amount)
        cast.closing.start(Source.WECHAT)
        ann.wait(1_000, 10_000)
        settle(bob, eve, action, number)


def chased(cast: Cast, ann: Person, alias: str) -> None:
    """The bill lacks a payment of ours: claimed. Then the bill has it, while somebody books it as paid."""
    bob, eve = _finance(cast, ann)
    happy(cast, ann, alias, amount=ann.random.choice((10_000, LARGE)))
    number = f"{ann.orders[-1]}P01"
    cast.closing.bills.leave_out(number)
    cast.closing.start(Source.WECHAT)
    ann.wait(1_000, 30_000)
    settle(bob, eve, Action.CHASE, number)
    cast.closing.start(Source.WECHAT)
    ann.wait(1_000, 30_000)
    cast.closing.bills.correct(number)
    cast.closing.start(Source.WECHAT, delay=ann.random.randint(0, 3_000))
    settle(bob, eve, Action.RECOVER, number)


def given_up(cast: Cast, ann: Person, alias: str) -> None:
    """The bill has one payment three times and lacks another: two people write off what they do not get."""
    bob, eve = _finance(cast, ann)
    happy(cast, ann, alias, ALIPAY, amount=LARGE)
    happy(cast, ann, f"{ann.name}2", ALIPAY, amount=6_000)
    doubled, missing = (f"{order}P01" for order in ann.orders[-2:])
    cast.closing.bills.double(doubled, 3)
    cast.closing.bills.leave_out(missing)
    cast.closing.start(Source.ALIPAY)
    ann.wait(1_000, 30_000)
    cast.start(eve.name, lambda: settle(eve, bob, Action.CHASE, missing), ann.random.randint(0, 500))
    settle(bob, eve, Action.WRITE_OFF, missing, doubled)
    cast.closing.start(Source.ALIPAY)


def misstated(cast: Cast, ann: Person, alias: str) -> None:
    """The bill says too much, then another amount while two people decide about the first, then the right
    one."""
    bob, eve = _finance(cast, ann)
    happy(cast, ann, alias, amount=10_000)
    number, bills = f"{ann.orders[-1]}P01", cast.closing.bills
    bills.misstate(number, LARGE)
    cast.closing.start(Source.WECHAT)
    ann.wait(3_000, 30_000)
    proposed = [propose(bob, each, Action.ACCEPT) for each in waiting(bob, number)]
    bills.misstate(number, ann.random.choice((-1, 1, LARGE + 1)))
    cast.closing.start(Source.WECHAT)
    ann.wait(0, 500)
    answer = ann.random.choice((agree, disagree))
    for each in proposed:
        answer(eve, each)
    ann.wait(3_000, 30_000)
    bills.correct(number)
    cast.closing.start(Source.WECHAT)


def misstated_unheard(cast: Cast, ann: Person, alias: str) -> None:
    """No notice comes, and the bill is a fen off: what is booked is what the query says."""
    source = _pay_unheard(cast, ann, alias, JSAPI)
    cast.closing.bills.misstate(f"{ann.orders[-1]}P01", ann.random.choice((-1, 1)))
    cast.closing.start(source)
    ann.watch(ann.orders[-1])
    cast.closing.start(source, Source.JUHE)


def overtaken(cast: Cast, ann: Person, alias: str) -> None:
    """The bill lacks a payment, has it, lacks it, has it; each time a run begins, whatever runs."""
    happy(cast, ann, alias)
    number, bills = f"{ann.orders[-1]}P01", cast.closing.bills
    ann.wait(20_000, 30_000)
    for lacks in (True, False, True, False):
        bills.correct(number)
        if lacks:
            bills.leave_out(number)
        cast.closing.start(Source.WECHAT)
        ann.wait(0, 80)


def lying_bill(cast: Cast, ann: Person, alias: str) -> None:
    """The bill has a payment that the channel never took: silent about it at times, it says no when the
    trade is closed, and a day later it is silent once more."""
    order = ann.place(alias, 10_000)
    reference = ann.pay(order)
    number, bills = f"{order}P01", cast.closing.bills
    bills.add(Source.WECHAT, number, 10_000)
    cast.script("query trade", alias, *ann.random.choice(((), (LOST,), (LOST, LOST))))
    for _ in range(2):
        cast.closing.start(Source.WECHAT)
        ann.wait(500, 30_000)
    trade = cast.world.held(number)
    silent_before = trade is not None and trade.payable and cast.closing.somebody_is_silent()
    ann.cancel(order)
    ann.confirm(reference)
    if silent_before and ann.look(order) is OrderState.CLOSED:
        _silent_again(cast, ann, alias)
    bills.correct(number)
    cast.closing.start(Source.WECHAT)


def silent_again(cast: Cast, ann: Person, alias: str) -> None:
    """The bill has a payment of a trade that was closed: the channel is silent about it, says no, and a day
    later is silent once more."""
    order = ann.place(alias, 10_000)
    ann.pay(order)
    ann.cancel(order)
    ann.wait(130_000, 200_000)
    number, bills = f"{order}P01", cast.closing.bills
    bills.add(Source.WECHAT, number, 10_000)
    cast.script("query trade", alias, LOST)
    for _ in range(2):
        cast.closing.start(Source.WECHAT)
        ann.wait(5_000, 30_000)
    if not cast.closing.somebody_is_silent():  # else its no was not heard
        _silent_again(cast, ann, alias)
    bills.correct(number)
    cast.closing.start(Source.WECHAT)


def _silent_again(cast: Cast, ann: Person, alias: str) -> None:
    ann.wait(HOURS_21, HOURS_21 + 60_000)
    cast.script("query trade", alias, LOST)
    cast.closing.start(Source.WECHAT, days_ago=1)
    ann.wait(5_000, 10_000)


def goes_on(cast: Cast, ann: Person, alias: str) -> None:
    """While the run repairs a payment that nobody heard of, its customer cancels, or pays in another way."""
    source = _pay_unheard(cast, ann, alias, JSAPI)
    order = ann.orders[-1]
    cast.closing.start(source, delay=ann.random.randint(0, 400))
    ann.wait(0, 600)
    if ann.random.random() < 1 / 2:
        ann.cancel(order)
    else:
        ann.confirm(ann.pay(order, ALIPAY, key="second"))
    ann.watch(order)
    cast.closing.start(Source.WECHAT, Source.ALIPAY, Source.JUHE)


def refunded_while_closed(cast: Cast, ann: Person, alias: str) -> None:
    """Staff refund a payment in two parts while its day is closed twice."""
    happy(cast, ann, alias)
    cast.script("notice wechat_refund", alias, NEVER, NEVER)
    for _ in range(2):
        cast.closing.start(Source.WECHAT, Source.JUHE, delay=ann.random.randint(0, 5_000))
    refund_twice(cast, ann, 4_000)


def over_the_edge(cast: Cast, ann: Person, alias: str) -> None:
    """Paid late, unheard, and minutes before UnionPay's day ends: in transit, and found the day after."""
    ann.wait_until(22, 18)
    _unheard(cast, alias, Source.UNIONPAY)
    order = ann.place(alias, 10_000)
    reference = ann.pay(order, UNIONPAY)
    ann.wait_until(22, 50)
    ann.confirm(reference, late=True)
    ann.wait_until(23, 30)
    cast.closing.start(Source.UNIONPAY)
    ann.wait_until(24, 30)
    cast.closing.start(Source.UNIONPAY)
    ann.watch(order)


def _pay_unheard(cast: Cast, ann: Person, alias: str, method: PaymentMethod) -> Source:
    """Pay, and no notice of it ever comes; return whose bill has it."""
    _unheard(cast, alias, SOURCES[method])
    order = ann.place(alias, 10_000)
    reference = ann.pay(order, method)
    ann.wait(1_000, 30_000)
    ann.confirm(reference)
    return SOURCES[method]


def _unheard(cast: Cast, alias: str, source: Source) -> None:
    for about in ("payment", "refund"):
        cast.script(f"notice {source.lower()}_{about}", alias, NEVER)


def _finance(cast: Cast, ann: Person) -> tuple[Person, Person]:
    return cast.staff(f"{ann.name}-bob"), cast.staff(f"{ann.name}-eve")


ALL: tuple[Story, ...] = (
    *(lost_notice, late_unheard, never_decided, refund_unheard, refund_mended, recharge_unheard),
    *(nobodys_payment, taken_back, chased, given_up, misstated, misstated_unheard, overtaken, lying_bill),
    silent_again,
    *(goes_on, refunded_while_closed, over_the_edge),
)
