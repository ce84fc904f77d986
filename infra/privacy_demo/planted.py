"""Somebody with all that a person may have, every value planted so that a scan finds what is left of it."""

from typing import NamedTuple, Protocol

from octane.cards.cards import Card, bind_card
from octane.channels.port import PaymentMethod
from octane.identity.enterprises import Enterprise, open_enterprise
from octane.identity.logins import Login, Provider, claim
from octane.identity.sessions import open_session
from octane.identity.step_ups import Operation, binding, step_up_key
from octane.identity.users import User, open_account, sealed_phone, user_id_of, user_key
from octane.kernel.caller import Caller, Role
from octane.kernel.clock import Instant
from octane.kernel.ids import Nonces, derive_id
from octane.kernel.money import Fen
from octane.kernel.vault import Field
from octane.ledger.entries import post
from octane.ledger.topup import payment_received
from octane.orders.model import Attempt, Order, Refund
from octane.orders.records import attempt_key, item_of, order_key, refund_key
from octane.orders.states import AttemptStatus, OrderState, RefundStatus
from octane.rights.deps import RightsDeps
from octane.store.items import Item, Key, Table
from octane.store.writes import Absent, Exists, Put, Update


class Household(RightsDeps, Protocol):
    @property
    def nonces(self) -> Nonces: ...


class Person(NamedTuple):
    caller: Caller
    openid: str
    phone: str
    card: str
    name: str
    identity_number: str

    @property
    def user_id(self) -> str:
        return self.caller.user_id

    @property
    def planted(self) -> tuple[str, ...]:
        return self.openid, self.phone, self.card, self.name, self.identity_number


def settle_in(house: Household, no: int = 1) -> Person:
    """A person with a login, a session, a phone, a real name and a card."""
    openid = f"oPlanted{no:020d}"
    user_id, now = user_id_of("WECHAT", openid), house.clock.now()
    person = Person(
        Caller(user_id, Role.CUSTOMER, "S1", openid),
        openid,
        f"1380013{no:04d}",
        f"100011{no:013d}",
        f"张种{no}",
        f"11010119900101{no:04d}",
    )
    login = Login(Provider.WECHAT, openid)
    house.store.commit(
        open_account(User(user_id, Role.CUSTOMER, now, openid)),
        *claim(login, None, user_id, now),
        open_session(user_id, "S1", "WECHAT", login.login_id, now),
        Put(
            Key(Table.IDENTITY, user_id, "#REAL_NAME"),
            {
                "name_sealed": house.vault.seal(Field.REAL_NAME, user_id, person.name),
                "number_sealed": house.vault.seal(Field.IDENTITY_NUMBER, user_id, person.identity_number),
            },
            when=Absent(),
        ),
    )
    house.store.commit(
        Update(user_key(user_id), when=Exists(), assign=sealed_phone(house.vault, user_id, person.phone))
    )
    return person


def bound(house: Household, person: Person) -> Card:
    return bind_card(house, person.user_id, person.phone, person.card, person.name, f"bind-{person.card}")


def an_order(house: Household, person: Person, no: int = 1, state: OrderState = OrderState.SUCCEEDED) -> str:
    """An order that was paid through WeChat by the person, with its entry in the books."""
    card, now, order_id = bound(house, person), house.clock.now(), f"T{no:025d}"
    order = Order(
        order_id,
        person.user_id,
        state,
        3,
        Fen(10_000),
        "digest",
        now,
        Instant(now + 900_000),
        card_id=card.card_id,
        card_number=card.number,
        card_masked=card.number_masked,
        issuer=card.issuer,
        holder_name=card.holder_name,
        holder_phone=card.holder_phone,
        attempt_no=1,
        captured=Fen(10_000),
    )
    attempt = Attempt(
        order_id,
        1,
        PaymentMethod.WECHAT_JSAPI,
        AttemptStatus.PAID,
        Fen(10_000),
        person.openid,
        "key",
        "digest",
        now,
        order.expires_at,
    )
    parts = {"CHANNEL_RECEIVABLE:WECHAT": Fen(10_000)}
    entry = payment_received(order_id, f"{order_id}P01", parts, now, now, "4200", person.openid)
    house.store.commit(
        Put(order_key(order_id), item_of(order), when=Absent()),
        Put(attempt_key(order_id, 1), item_of(attempt), when=Absent()),
        post(entry),
    )
    return order_id


def a_refund(house: Household, order_id: str, status: RefundStatus) -> None:
    refund = Refund(order_id, 1, status, Fen(100), 1, False, False, "", house.clock.now())
    house.store.commit(
        Put(refund_key(order_id, 1), item_of(refund), when=Absent()),
        Update(order_key(order_id), when=Exists(), assign={"refund_no": 1}),
    )


def passed(house: Household, person: Person, operation: Operation) -> str:
    """A step-up that the person has passed for this."""
    step_up_id = derive_id("P", house.nonces.token())
    item: Item = {
        "state": "PASSED",
        "binding": binding(operation, "", 0),
        "expires_at": house.clock.now() + 300_000,
    }
    house.store.commit(Put(step_up_key(person.user_id, step_up_id), item, when=Absent()))
    return step_up_id


def an_enterprise(house: Household, person: Person) -> Enterprise:
    return open_enterprise(house, person.caller, "一家公司", "enterprise-key")
