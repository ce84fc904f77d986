"""The people of the tests: customers with a phone and a card, and staff."""

from dataclasses import dataclass
from itertools import count

from octane.identity.step_ups import Operation, binding, step_up_key
from octane.identity.users import user_key
from octane.kernel.caller import Caller, Role
from octane.kernel.ids import derive_id
from octane.store.writes import Absent, Exists, Put, Update
from world.shop import SINOPEC_CARD, Answer, Shop

_people = count(1)


@dataclass
class Customer:
    """Somebody who is logged in. Their access token is fresh wherever the test has moved the clock."""

    shop: Shop
    openid: str
    user_id: str
    session_id: str
    access_token: str
    refresh_token: str
    card_id: str = ""
    role: Role = Role.CUSTOMER

    @property
    def token(self) -> str:
        caller = Caller(self.user_id, self.role, self.session_id, self.openid)
        with self.shop.wiring.lists.watch.resting():
            return self.shop.wiring.signer.access(caller, self.shop.clock.now())

    def get(self, path: str) -> Answer:
        return self.shop.get(f"/api/v1{path}", token=self.token)

    def post(self, path: str, body: object = None, key: str | None = None, step_up: str = "") -> Answer:
        headers = {"Idempotency-Key": key or f"key-{next(_people):08d}", "X-Step-Up": step_up}
        return self.shop.call("POST", f"/api/v1{path}", body, token=self.token, headers=headers)

    def put(self, path: str, body: object, step_up: str = "") -> Answer:
        headers = {"X-Step-Up": step_up}
        return self.shop.call("PUT", f"/api/v1{path}", body, token=self.token, headers=headers)

    def delete(self, path: str) -> Answer:
        return self.shop.call("DELETE", f"/api/v1{path}", token=self.token)

    def passed(self, operation: Operation, subject: str = "", amount: int = 0) -> str:
        """A step-up as it is when all proofs were given; tests/flow/test_step_ups.py gives them."""
        step_up_id = derive_id("P", self.user_id, f"passed-{next(_people)}")
        ends = self.shop.clock.now() + 300_000
        bound = binding(operation, subject, amount)
        passed = {"state": "PASSED", "binding": bound, "expires_at": ends}
        self.shop.wiring.store.commit(Put(step_up_key(self.user_id, step_up_id), passed, when=Absent()))
        return step_up_id

    def send(self, path: str, raw: str, **headers: str) -> Answer:
        """Post these very words; header names are written with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"Idempotency-Key": f"raw-{next(_people):08d}", **named}
        return self.shop.call("POST", f"/api/v1{path}", token=self.token, headers=sent, raw=raw)

    def bind(self, number: str = SINOPEC_CARD) -> str:
        return self.shop.bind_card(self.token, number)

    def place(self, amount: int = 10_000) -> str:
        return self.shop.place(self.token, self.card_id, amount)

    def pay(self, order_id: str, method: str = "WECHAT_JSAPI", key: str | None = None) -> Answer:
        return self.post(f"/orders/{order_id}/pay", {"method": method}, key)

    def choose(self, order_id: str, key: str | None = None, **choice: object) -> Answer:
        """Pay in any way: `platform=`, `method=`, `wallet_fen=`."""
        return self.post(f"/orders/{order_id}/pay", choice, key)

    def start_paying(self, order_id: str) -> str:
        """Start a JSAPI payment; return the out_trade_no."""
        return self.shop.start_paying(self.token, order_id)

    def pay_for(self, out_trade_no: str, **faults: object) -> None:
        """Confirm on the phone; `amount_fen` and `late` are the faults a channel may have."""
        self.shop.world.wechat.post("/cashier/pay", out_trade_no=out_trade_no, **faults)

    def paid(self, amount: int = 10_000) -> str:
        """An order that is paid and known to be: RECHARGING, its message on the way."""
        order_id = self.place(amount)
        self.pay_for(self.start_paying(order_id))
        assert self.shop.deliver().status == 200
        return order_id

    def topped_up(self, amount: int = 10_000) -> str:
        """An order that went all the way to SUCCEEDED."""
        order_id = self.paid(amount)
        self.shop.drain()
        assert self.shop.deliver().body == "success"
        self.shop.drain()
        return order_id

    def top_up_wallet(self, amount: int) -> str:
        """Fill the balance by a payment through WeChat; return the order's id."""
        placed = self.post("/wallet/top-ups", {"amount_fen": amount})
        assert placed.status == 201, placed
        order_id = str(placed.body["order_id"])
        self.pay_for(self.start_paying(order_id))
        assert self.shop.deliver().status == 200
        self.shop.drain()
        assert self.state(order_id) == "SUCCEEDED"
        return order_id

    def wallet(self) -> tuple[int, int]:
        """What the balance holds: available and set aside, in fen."""
        view = self.get("/wallet").body
        return view["available_fen"], view["held_fen"]

    def order(self, order_id: str) -> Answer:
        return self.get(f"/orders/{order_id}")

    def state(self, order_id: str) -> str:
        return str(self.order(order_id).body["state"])

    def events(self, order_id: str) -> list[str]:
        return [step["event"] for step in self.order(order_id).body["timeline"]]


def log_in(shop: Shop, openid: str = "") -> Customer:
    """A person as login leaves them: no phone, no card."""
    openid = openid or f"openid-{next(_people)}"
    session = shop.post("/api/v1/sessions", {"provider": "WECHAT", "code": f"code-{openid}"})
    assert session.status == 201, session
    caller = shop.wiring.verifier.read(session.body["access_token"], shop.clock.now())
    return Customer(
        shop,
        openid,
        caller.user_id,
        caller.session_id,
        session.body["access_token"],
        session.body["refresh_token"],
        role=caller.role,
    )


def new_customer(shop: Shop, card: str = SINOPEC_CARD) -> Customer:
    customer = log_in(shop)
    phone = shop.call("POST", "/api/v1/me/phone", {"code": "phone-13800138000"}, token=customer.token)
    assert phone.status == 200, phone
    customer.card_id = customer.bind(card)
    return customer


def new_staff(shop: Shop, role: Role) -> Customer:
    """Somebody whom an administrator has given a role; the next login carries it."""
    person = log_in(shop)
    shop.wiring.store.commit(Update(user_key(person.user_id), when=Exists(), assign={"role": role.value}))
    return log_in(shop, person.openid)
