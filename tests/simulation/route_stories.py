"""Stories in which routing chooses: channels that refuse, are silent, die; quotas; rules that change."""

from functools import partial

from octane.channels.port import ChannelName, PaymentMethod
from simulation.cast import Cast, Story
from simulation.faults import LATE, LOST, LOST_AFTER, NOT_SENT, REFUSE
from simulation.people import Person
from simulation.published import draft
from simulation.telling import happy

STATION, H5 = "STATION_QR", "H5"
PRICE = 6_000
QUOTA = draft(quotas={"WECHAT": (25_000, 2)})
TIGHT = draft(quotas={"WECHAT": (14_000, 1), "ALIPAY": (8_000, 2)})
GROWN = draft(quotas={"WECHAT": (26_000, 1), "ALIPAY": (8_000, 2)}, off=("UNIONPAY",))
TOUCHY = draft(breaker={"failures": 2})


def station(cast: Cast, ann: Person, alias: str) -> None:
    happy(cast, ann, alias, platform=STATION)


def first_refuses(cast: Cast, ann: Person, alias: str) -> None:
    cast.script("prepare", alias, REFUSE)
    happy(cast, ann, alias, platform=H5)


def two_refuse(cast: Cast, ann: Person, alias: str) -> None:
    """On a phone's page three channels are left: one refuses, one cannot be reached. Part is the wallet's."""
    cast.fill(ann, 3_000)
    cast.publish(QUOTA)
    cast.script("prepare", alias, REFUSE, NOT_SENT)
    happy(cast, ann, alias, platform=H5, wallet=3_000)


def all_refuse(cast: Cast, ann: Person, alias: str) -> None:
    cast.publish(QUOTA)
    cast.script("prepare", alias, REFUSE, REFUSE)
    order = ann.place(alias, 10_000)
    ann.pay(order, platform=STATION)
    ann.confirm(ann.pay(order, platform=STATION, key="again"))
    ann.watch(order)


def first_silent(cast: Cast, ann: Person, alias: str) -> None:
    """The first calls are lost, or arrive when their sender has given up."""
    cast.script("prepare", alias, *ann.random.choice(((LOST, LOST), (LATE,), (LATE, LATE), (LOST, LATE))))
    order = ann.place(alias, 10_000)
    ann.confirm(ann.insist(order, STATION))
    ann.watch(order)


def first_unheard(cast: Cast, ann: Person, alias: str) -> None:
    """WeChat Pay holds the trade and its answers are lost; its close works."""
    cast.publish(QUOTA)
    lost = [LOST_AFTER] * ann.random.randint(1, 3)
    cast.script("prepare", alias, *lost, *ann.random.choice(((), (REFUSE,))))
    order = ann.place(alias, 10_000)
    ann.confirm(ann.insist(order, STATION))
    ann.watch(order)


def channel_dies(cast: Cast, ann: Person, alias: str) -> None:
    """WeChat Pay is silent for some minutes; the customer stays with it, or is let go with proof."""
    cast.silence(ChannelName.WECHAT, ann.random.choice((1, 2, 25, 60)))
    order = ann.place(alias, 10_000)
    ann.confirm(ann.insist(order, STATION, most=6))
    ann.watch(order)


def dies_in_mid_pay(cast: Cast, ann: Person, alias: str) -> None:
    """The trade is open when WeChat Pay stops answering us; the phone still pays it."""
    order = ann.place(alias, 10_000)
    reference = ann.pay(order, platform=STATION)
    cast.silence(ChannelName.WECHAT, 20)
    ann.wait(1_000, 30_000)
    ann.pay(order, platform=H5, key="other")
    cast.start(f"{ann.name}'s phone", lambda: ann.confirm(reference), ann.random.randint(0, 200_000))
    ann.watch(order)


def sick_channel(cast: Cast, ann: Person, alias: str) -> None:
    """Three customers meet a dead channel: the circuit opens, later ones go elsewhere, probes end it."""
    cast.publish(TOUCHY)
    cast.silence(ChannelName.WECHAT, 3)
    for number in (2, 3):
        other = cast.customer(f"{ann.name}{number}")
        cast.start(other.name, partial(_in_the_crowd, other), ann.random.randint(0, 2_500))
    _in_the_crowd(ann, alias)


def _in_the_crowd(person: Person, alias: str = "") -> None:
    order = person.place(alias or f"{person.name}1", 10_000)
    person.confirm(person.insist(order, STATION, most=4))
    person.watch(order)


def quota_shared(cast: Cast, ann: Person, alias: str) -> None:
    """Four customers at once, room for two and for one: one cancels, one changes over, and somebody may have
    the room. One pays too little."""
    cast.publish(TIGHT)
    for number in (2, 3, 4):
        other = cast.customer(f"{ann.name}{number}")
        cast.start(other.name, partial(_buys, other, number), ann.random.randint(0, 50))
    order = ann.place(alias, PRICE)
    ann.pay(order, platform=STATION)
    ann.wait(500, 3_000)
    ann.cancel(order)
    ann.watch(order)


def _buys(person: Person, number: int) -> None:
    order = person.place(f"{person.name}1", PRICE)
    reference = person.pay(order, platform=STATION)
    person.wait(500, 5_000)
    if number > 2:
        person.confirm(reference, amount=PRICE - 1 if number > 3 else None)
    else:
        person.confirm(person.pay(order, PaymentMethod.ALIPAY_NATIVE, key="second"))
    person.watch(order)


def over_midnight(cast: Cast, ann: Person, alias: str) -> None:
    """A quota's day ends while payments are open: what ends unpaid after it gives nothing back."""
    cast.publish(TIGHT)
    ann.wait_until(24, 0)
    order = ann.place(alias, PRICE)
    reference = ann.pay(order, platform=STATION)
    other = ann.place(f"{ann.name}2", PRICE)
    ann.pay(other, platform=STATION, key="other")
    ann.wait(20_000, 90_000)
    ann.cancel(other)
    ann.confirm(reference)
    ann.watch(order)


def rules_change(cast: Cast, ann: Person, alias: str) -> None:
    """The quota grows and a channel is taken off while payments are under way."""
    cast.publish(TIGHT)
    boss = cast.operator(f"{ann.name}-boss")
    cast.start(boss.name, lambda: boss.publish(GROWN), ann.random.randint(0, 2_000))
    other = cast.customer(f"{ann.name}2")
    cast.start(other.name, partial(_buys, other, 3), ann.random.randint(0, 3_000))
    order = ann.place(alias, 15_000)
    ann.confirm(ann.pay(order, platform=H5))
    ann.watch(order)


ALL: tuple[Story, ...] = (
    *(station, first_refuses, two_refuse, all_refuse, first_silent, first_unheard, channel_dies),
    *(dies_in_mid_pay, sick_channel, quota_shared, over_midnight, rules_change),
)
