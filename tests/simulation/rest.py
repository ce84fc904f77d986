"""What must hold when the world has come to rest: everything ended, all books say the same."""

from collections import Counter
from typing import TYPE_CHECKING, Any

from octane.kernel.caller import Role
from octane.orders.states import Queue
from simulation.books import DONE, FAILED
from simulation.delivery import SimulatedQueues, SimulatedSockets, Streams
from simulation.holds import check_holds
from simulation.laws import ENDS, EVENT_OF, OWED, RANK
from simulation.people import Person
from simulation.replaying import check_decisions
from simulation.violations import must
from simulation.witness import Witness
from simulation.world import World
from simulators.billers.names import PAID
from simulators.issuer.recharges import State

if TYPE_CHECKING:
    from collections.abc import Mapping

RECEIVABLE = "CHANNEL_RECEIVABLE:"
MUST_GO = {
    "OrderPaid": (Queue.RECHARGE, False),
    "OrderHeld": (Queue.REVIEW, False),
    "OrderReleased": (Queue.RECHARGE, False),
    "OrderFailed": (Queue.REFUND, True),
    "RefundRequested": (Queue.REFUND, True),
}
"""Which event must have reached which queue, and whether with its refund's number."""


def check_rest(
    world: World,
    witness: Witness,
    queues: SimulatedQueues,
    streams: Streams,
    sockets: SimulatedSockets,
    people: list[Person],
) -> None:
    """Raise `ViolationError` for the first thing that is not as it must be."""
    for queue, waiting in queues.waiting.items():
        must(not waiting, "every message is handled", f"{queue}: {len(waiting)} wait")
    must(not streams.given_up, "every outbox step is delivered", "the stream gave up on a batch")
    for order_id in witness.orders:
        _order(world, witness, order_id)
    known = set(witness.orders)
    for books in world.books.values():
        for number in books.opened():
            must(number[:26] in known, "every capture has its order", number)
        for back in books.backs():
            ours = f"REFUND#{back.number[-2:]}" in witness.refunds[back.number[:26]]
            must(ours, "our refunds are the channel's", f"{books.name} {back.number}")
    _totals(world, witness)
    for person in people:
        _person(world, witness, person)
    _pushes(world, witness, sockets)
    check_holds(world)
    check_decisions(witness.keepers)
    witness.accounts.rest(witness.orders, witness.keepers.wallets.balances)
    witness.hearings.rest(world, witness.orders, witness.nets)
    witness.promises.rest(world.stock, witness.orders)


def _order(world: World, witness: Witness, order_id: str) -> None:
    name, order = world.alias(order_id), witness.orders[order_id]
    must(str(order["state"]) in ENDS, "every order ends", f"{name} is {order['state']}")
    for key, refund in witness.refunds[order_id].items():
        ended = refund["status"] in ("SUCCEEDED", "STUCK")
        must(ended, "every refund ends", f"{name} {key} is {refund['status']}")
    _history(world, witness, order_id)
    _outbox(world, witness, order_id)
    _attempts(world, witness, order_id)
    _money(world, witness, order_id)


def _history(world: World, witness: Witness, order_id: str) -> None:
    """The steps alone tell how the order came to be as it is."""
    name, steps = world.alias(order_id), witness.steps[order_id]
    state = ""
    for step in steps:
        must(str(step.get("source", "")) == state, "steps follow each other", f"{name} {step['sk']}")
        entered, state = str(step["target"]) != state, str(step["target"])
        event = EVENT_OF.get(state, "OrderPlaced")
        if step.get("source") == "REVIEWING" and state == "RECHARGING":
            event = "OrderReleased"
        right = step["event"] == event or (state == "CLOSED" and step["event"] == "RefundRequested")
        must(not entered or right, "a step tells what happened", f"{name} {step['event']} to {state}")
    must(state == str(witness.orders[order_id]["state"]), "steps follow each other", f"{name} ends {state}")
    once = Counter(str(step["event"]) for step in steps)
    for event in ("OrderPlaced", "OrderPaid", "OrderHeld", "OrderReleased", "OrderSucceeded", "OrderFailed"):
        must(once[event] <= 1, "every transition is recorded once", f"{name} {event} × {once[event]}")


def _outbox(world: World, witness: Witness, order_id: str) -> None:
    name = world.alias(order_id)
    for step in witness.steps[order_id]:
        event = str(step["event"])
        if event in MUST_GO:
            queue, numbered = MUST_GO[event]
            key = (queue, order_id, event, int(str(step["refund_no"])) if numbered else 0)
            must(world.sent[key] > 0, "every outbox step is delivered", f"{name} {event} to {queue}")


def _attempts(world: World, witness: Witness, order_id: str) -> None:
    """Our attempts and refunds say what the channels say."""
    name = world.alias(order_id)
    for key, attempt in witness.attempts[order_id].items():
        trade = world.held(f"{order_id}P{key[-2:]}")
        paid = attempt["method"] == "WALLET_BALANCE" if trade is None else trade.paid
        agreed = paid == (attempt["status"] == "PAID")
        must(agreed, "our payments are the channel's", f"{name} {key} {attempt['status']}, channel: {trade}")
    accepted = int(str(witness.orders[order_id].get("captured", 0))) - witness.from_wallets[order_id]
    captured = sum(trade.fen for trade in witness.trades(order_id) if trade.paid)
    returned = sum(int(str(r["amount"])) for r in witness.refunds[order_id].values() if r.get("unexpected"))
    text = f"{name}: captured {captured}, accepted {accepted}, returned {returned}"
    must(captured == accepted + returned, "no second capture without its refund", text)
    for key, refund in witness.refunds[order_id].items():
        if not refund["to_wallet"]:
            back = world.back(f"{order_id}F{key[-2:]}")
            wanted = {"SUCCEEDED": DONE, "STUCK": FAILED}.get(str(refund["status"]))
            agreed = back is not None and back.state == wanted
            must(agreed, "our refunds are the channel's", f"{name} {key} {refund['status']}, channel: {back}")


def _money(world: World, witness: Witness, order_id: str) -> None:
    """captured = recharged + sent back + stuck - granted by us, from the outside books and from ours."""
    name, nets = world.alias(order_id), witness.nets[order_id]
    wallet, to_wallet = witness.from_wallets[order_id], witness.to_wallets[order_id]
    captured = sum(trade.fen for trade in witness.trades(order_id) if trade.paid)
    back, stuck = _refunded(world, witness, order_id, DONE), _refunded(world, witness, order_id, FAILED)
    at_biller = _paid_bills(world, order_id)
    recharged = _recharged(world, order_id) + at_biller + witness.kinds[order_id]["wallet_credited"]
    coupons = nets["COUPON_EXPENSE"]
    granted = witness.kinds[order_id]["refund_granted"]
    lost = witness.kinds[order_id]["recharge_contradicted"]
    text = (
        f"{name}: captured {captured} + {wallet} + {coupons}, recharged {recharged}, "
        f"back {back} + {to_wallet}, stuck {stuck}, granted {granted}"
    )
    held = captured + wallet + coupons == recharged - lost + back + to_wallet + stuck - granted
    must(held, "captured = recharged + refunded + held", text)
    must(lost == 0, "nothing is recharged after a refusal", text)
    charged = captured + wallet - back - to_wallet - stuck
    amount = int(str(witness.orders[order_id]["amount"]))
    must(charged <= amount, "the customer is charged once", f"{text}, amount {amount}")
    for channel in world.books:
        ours = sum(trade.fen for trade in witness.trades(order_id) if trade.paid and trade.channel is channel)
        gone = _refunded(world, witness, order_id, DONE, channel)
        agrees = nets[RECEIVABLE + channel] == ours - gone
        must(agrees, "our ledger says what the channel says", f"{channel} {text}; ledger {dict(nets)}")
    payable = sum(fen for account, fen in nets.items() if account.startswith("ISSUER_PAYABLE"))
    at_issuer = _recharged(world, order_id)
    must(-payable == at_issuer, "our ledger says what the issuer says", f"{text}; ledger {dict(nets)}")
    billed = -sum(fen for account, fen in nets.items() if account.startswith("BILLER_PAYABLE"))
    must(billed == at_biller, "our ledger says what the biller says", f"{text}; ledger {dict(nets)}")
    owed = {account: -nets[account] for account in OWED if nets[account]}
    must(
        owed == ({"REFUND_PAYABLE": stuck} if stuck else {}),
        "nothing is owed at the end",
        f"{text}; owed {owed}",
    )


def _refunded(world: World, witness: Witness, order_id: str, state: str, channel: str = "") -> int:
    """Fen of the order's refunds that have come to this end, at one channel or at all."""
    numbers = (f"{order_id}F{key[-2:]}" for key in witness.refunds[order_id])
    found = (back for number in numbers if (back := world.back(number)) is not None)
    return sum(back.fen for back in found if back.state == state and channel in ("", back.channel))


def _recharged(world: World, order_id: str) -> int:
    return sum(
        recharge.order.amount_fen
        for number, recharge in world.recharges.recharges.items()
        if number.startswith(order_id) and recharge.state is State.SUCCEEDED
    )


def _paid_bills(world: World, order_id: str) -> int:
    return sum(
        payment.order.amount
        for (_, number), payment in world.payments.payments.items()
        if number.startswith(order_id) and payment.state == PAID
    )


def _totals(world: World, witness: Witness) -> None:
    """The same over everything, so that nothing hides outside of an order."""
    nets: Counter[str] = Counter()
    for subject, order in witness.nets.items():
        if not subject.startswith("DIFF#"):  # what reconciliation booked is what `days` looks at
            nets.update(order)
    must(sum(nets.values()) == 0, "debits equal credits", nets)
    for name, books in world.books.items():
        channel = books.totals()
        held = nets[RECEIVABLE + name] == channel["captured_fen"] - channel["refunded_fen"]
        must(held, "our ledger says what the channel says", f"{nets} {channel}")
    issuer = world.recharges.totals()
    payable = -sum(fen for account, fen in nets.items() if account.startswith("ISSUER_PAYABLE"))
    must(payable == issuer["recharged_fen"], "our ledger says what the issuer says", f"{nets} {issuer}")
    paid = world.payments.totals()["by_biller"]
    billed = {
        account.partition(":")[2]: -fen
        for account, fen in nets.items()
        if account.startswith("BILLER_PAYABLE") and fen
    }
    must(billed == paid, "our ledger says what the biller says", f"{nets} {paid}")


def _person(world: World, witness: Witness, person: Person) -> None:
    """What was acknowledged exists, and what a person sees never goes backwards."""
    if person.role is not Role.CUSTOMER:
        _grants(witness, person)
    for order_id in person.acknowledged:
        must(order_id in witness.orders, "what was acknowledged exists", world.alias(order_id))
    last: dict[str, tuple[int, int, int]] = {}
    for seen in person.seen:
        rank, version, heard = last.get(seen.order_id, (0, 0, 0))
        text = f"{world.alias(seen.order_id)} v{version} then {seen.state} v{seen.version}"
        forwards = RANK[seen.state] >= rank and seen.version >= version
        must(forwards or seen.asked < heard, "the customer's view never goes backwards", text)
        last[seen.order_id] = (RANK[seen.state], seen.version, seen.at)
    for order_id, (rank, _, _) in last.items():
        must(
            rank <= RANK[str(witness.orders[order_id]["state"])],
            "the customer's view never goes backwards",
            order_id,
        )


def _grants(witness: Witness, staff: Person) -> None:
    """One key, one refund: what staff were told was made was made once."""
    made: dict[tuple[str, str], set[str]] = {}
    for grant in staff.grants:
        if grant.made is not None:
            made.setdefault((grant.order_id, grant.key), set()).add(grant.made.refund_no)
    for numbers in made.values():
        must(len(numbers) == 1, "one key makes one refund", numbers)
    for order_id, key in made:
        keys = {grant.key for grant in staff.grants if grant.order_id == order_id}
        refunds = [
            r for r in witness.refunds[order_id].values() if not (r.get("unexpected") or r["to_wallet"])
        ]
        must(len(refunds) <= 2 * len(keys), "one key makes one refund", f"{key}: {len(refunds)}")


def _pushes(world: World, witness: Witness, sockets: SimulatedSockets) -> None:
    """A page that orders what it is told by `no` sees no state go backwards, and only what happened."""
    told: dict[tuple[str, str], dict[int, Mapping[str, Any]]] = {}
    for page, message in sockets.told:
        told.setdefault((page, message["order_id"]), {})[int(message["no"])] = message
    for (page, order_id), messages in told.items():
        steps = {int(str(step["sk"])[5:]): step for step in witness.steps[order_id]}
        rank = 0
        for number in sorted(messages):
            name = f"{page} {world.alias(order_id)} {number}"
            true = number in steps and steps[number]["target"] == messages[number]["state"]
            must(true, "a push tells what happened", name)
            must(RANK[messages[number]["state"]] >= rank, "the customer's view never goes backwards", name)
            rank = RANK[messages[number]["state"]]
