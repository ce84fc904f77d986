"""Cancel an order that is not paid (OR3): after asking the channel."""

from octane.audit.acts import act_of, record
from octane.kernel.caller import Caller
from octane.orders.access import own_order
from octane.orders.deps import Deps
from octane.orders.model import Dossier, OrderStateError
from octane.orders.payment import Closing, settle_payment
from octane.orders.states import OrderState
from octane.store.store import until_settled


def cancel_order(deps: Deps, caller: Caller, order_id: str) -> Dossier:
    """Close the order if nothing was taken; a payment that was faster wins and the order goes on.

    Cancelling a closed order again answers the same. Raises `ChannelSilentError` when the channel does not
    tell.
    """
    return until_settled(lambda: _cancel(deps, caller, order_id))


def _cancel(deps: Deps, caller: Caller, order_id: str) -> Dossier:
    dossier = own_order(deps, caller, order_id)
    if dossier.order.state is OrderState.CLOSED:
        return dossier
    if dossier.order.state not in {OrderState.PENDING, OrderState.PAYING}:
        raise OrderStateError(f"An order that is {dossier.order.state} cannot be cancelled.")
    order = dossier.order
    act = act_of(caller, "cancel_order", order_id, str(order.version), deps.clock.now(), before=order.state)
    return settle_payment(deps, dossier, by="customer", closing=Closing("CANCELLED", (record(act),)))
