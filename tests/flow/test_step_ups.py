"""Payment password, step-ups and names, as the app uses them: real codes, real faces (ID4)."""

import pytest

from flow.books import assert_refused, nothing_written
from flow.customers import Customer, new_customer
from world.shop import Answer, Shop

PIN = "258037"
LARGE = 30_000
"""Fen: more than the wallet gives without the payment password."""


@pytest.fixture
def rich(ann: Customer) -> Customer:
    ann.top_up_wallet(100_000)
    return ann


@pytest.fixture
def safe(shop: Shop, rich: Customer) -> Customer:
    """With a payment password."""
    set_pin(shop, rich)
    return rich


def start(person: Customer, operation: str, subject: str = "", amount: int = 0) -> str:
    body = {"operation": operation, "subject": subject, "amount_fen": amount}
    answer = person.post("/me/step-ups", body)
    assert answer.status == 201, answer
    return str(answer.body["step_up_id"])


def give(person: Customer, step_up: str, method: str, value: str = "") -> Answer:
    return person.post(f"/me/step-ups/{step_up}/proofs", {"method": method, "value": value})


def give_code(shop: Shop, person: Customer, step_up: str) -> Answer:
    shop.clock.move(seconds=60)
    asked = give(person, step_up, "SMS")
    assert asked.status == 200, asked
    messages = shop.world.sms.get("/inbox?phone=13800138000")["messages"]
    return give(person, step_up, "SMS", messages[-1]["parameters"][0])


def set_pin(shop: Shop, person: Customer, pin: str = PIN) -> None:
    step_up = start(person, "SET_PAYMENT_PASSWORD")
    assert give_code(shop, person, step_up).body["step_up"]["state"] == "PASSED"
    answer = person.put("/me/payment-password", {"pin": pin}, step_up)
    assert answer.status == 204, answer


def pay(person: Customer, order: str, step_up: str = "", key: str | None = None, **choice: object) -> Answer:
    return person.post(f"/orders/{order}/pay", choice or {"method": "WALLET_BALANCE"}, key, step_up)


def proven(person: Customer, order: str, amount: int = LARGE) -> str:
    step_up = start(person, "PAY_FROM_WALLET", order, amount)
    answer = give(person, step_up, "PASSWORD", PIN)
    assert answer.body["step_up"]["state"] == "PASSED", answer
    return step_up


# ---- the wallet


def test_small_amounts_need_no_password(rich: Customer) -> None:
    assert pay(rich, rich.place(20_000)).status == 200


def test_a_large_one_does(shop: Shop, safe: Customer) -> None:
    # Given
    order = safe.place(LARGE)
    with nothing_written(shop):
        assert_refused(pay(safe, order), 403, "STEP_UP_REQUIRED")

    # When
    answer = pay(safe, order, proven(safe, order), "pay-key-1")

    # Then it is paid, and the same request again needs nothing more
    assert answer.body["order"]["state"] == "RECHARGING"
    with nothing_written(shop):
        assert pay(safe, order, key="pay-key-1").body["payment"] == answer.body["payment"]
    assert safe.wallet() == (70_000, 0)


def test_so_does_a_large_part(shop: Shop, safe: Customer) -> None:
    order = safe.place(50_000)
    choice = {"method": "WECHAT_JSAPI", "wallet_fen": LARGE}
    with nothing_written(shop):
        assert_refused(pay(safe, order, **choice), 403, "STEP_UP_REQUIRED")
    assert pay(safe, order, proven(safe, order), "pay-key-1", **choice).status == 200
    assert safe.wallet() == (70_000, LARGE)
    assert pay(safe, order, "", "pay-key-1", **choice).status == 200


def test_a_proof_for_one_order_pays_no_other(shop: Shop, safe: Customer) -> None:
    # Given
    order, other, larger = safe.place(LARGE), safe.place(LARGE), safe.place(LARGE + 1)
    step_up = proven(safe, order)

    # When / Then
    with nothing_written(shop):
        for wrong in (other, larger):
            assert_refused(pay(safe, wrong, step_up), 403, "STEP_UP_REQUIRED")
    assert pay(safe, order, step_up).status == 200
    with nothing_written(shop):
        assert_refused(pay(safe, other, step_up), 403, "STEP_UP_REQUIRED")


def test_another_persons_proof_pays_nothing(shop: Shop, safe: Customer) -> None:
    bob = new_customer(shop)
    bob.top_up_wallet(LARGE)
    order = bob.place(LARGE)
    step_up = proven(safe, order)
    with nothing_written(shop):
        assert_refused(pay(bob, order, step_up), 403, "STEP_UP_REQUIRED")


def test_the_wrong_password_proves_nothing(shop: Shop, safe: Customer) -> None:
    order = safe.place(LARGE)
    step_up = start(safe, "PAY_FROM_WALLET", order, LARGE)
    for _ in range(4):
        assert_refused(give(safe, step_up, "PASSWORD", "739164"), 403, "PAYMENT_PASSWORD_WRONG")
    assert_refused(give(safe, step_up, "PASSWORD", "739164"), 429, "PAYMENT_PASSWORD_LOCKED")
    other = start(safe, "PAY_FROM_WALLET", order, LARGE)
    assert_refused(give(safe, other, "PASSWORD", PIN), 429, "PAYMENT_PASSWORD_LOCKED")
    with nothing_written(shop):
        assert_refused(pay(safe, order, step_up), 403, "STEP_UP_REQUIRED")


def test_a_double_tap_pays_once(shop: Shop, safe: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given two taps on one order, with one proof
    order = safe.place(LARGE)
    step_up = proven(safe, order)
    engine = shop.wiring.engine
    transact = engine.transact
    answers: list[Answer] = []

    def overtaken(writes: object, token: str) -> None:
        monkeypatch.setattr(engine, "transact", transact)
        answers.append(pay(safe, order, step_up, "the-one-tap"))
        transact(writes, token)  # type: ignore[arg-type]

    monkeypatch.setattr(engine, "transact", overtaken)

    # When
    answers.append(pay(safe, order, step_up, "the-one-tap"))

    # Then
    assert [answer.status for answer in answers] == [200, 200]
    assert answers[0].body["payment"] == answers[1].body["payment"]
    assert safe.wallet() == (70_000, 0)


# ---- faces


def consented(person: Customer) -> None:
    answer = person.put("/me/consents/FACE", {"given": True, "text_version": 1})
    assert answer.status == 200, answer
    named = person.put("/me/identity", {"name": "张三", "identity_number": "11010519491231002x"})
    assert named.body == {"name": "*三", "identity_number": "****002X", "verified": False}


def test_a_code_and_a_face_for_a_large_top_up(shop: Shop, ann: Customer) -> None:
    # Given
    consented(ann)
    order = ann.place(10_000)
    step_up = start(ann, "LARGE_TOP_UP", order, 10_000)
    assert_refused(give(ann, step_up, "FACE"), 409, "STEP_UP_METHOD")
    assert give_code(shop, ann, step_up).body["step_up"]["methods"] == ["FACE"]

    # When
    face = give(ann, step_up, "FACE").body["face"]
    assert give(ann, step_up, "FACE").body["step_up"]["state"] == "OPEN"
    shop.world.wechat.post("/faces/end", verify_id=face["verify_id"], result="pass")
    answer = give(ann, step_up, "FACE")

    # Then
    told = answer.body["step_up"]
    assert (told["state"], told["via"], told["methods"]) == ("PASSED", "FACE", [])
    again = ann.put("/me/identity", {"name": "李四", "identity_number": "110101199003070038"})
    assert_refused(again, 409, "REAL_NAME_VERIFIED")


def test_another_face_is_no_proof(shop: Shop, ann: Customer) -> None:
    consented(ann)
    step_up = start(ann, "LARGE_TOP_UP", ann.place(10_000), 10_000)
    give_code(shop, ann, step_up)
    face = give(ann, step_up, "FACE").body["face"]
    shop.world.wechat.post("/faces/end", verify_id=face["verify_id"], result="fail")
    assert_refused(give(ann, step_up, "FACE"), 403, "FACE_FAILED")
    assert give(ann, step_up, "FACE").body["face"]["verify_id"] != face["verify_id"]


def test_without_consent_other_proofs_stand_for_the_face(shop: Shop, safe: Customer) -> None:
    # Given
    order = safe.place(10_000)
    step_up = start(safe, "LARGE_TOP_UP", order, 10_000)
    give_code(shop, safe, step_up)

    # When
    told = give(safe, step_up, "FACE").body["step_up"]
    assert (told["via"], told["methods"]) == ("FALLBACK", ["PASSWORD", "SMS"])
    give(safe, step_up, "PASSWORD", PIN)
    answer = give_code(shop, safe, step_up)

    # Then
    assert answer.body["step_up"]["state"] == "PASSED"


def test_whoever_has_a_password_shows_it_before_another_name(shop: Shop, safe: Customer) -> None:
    # Given
    name = {"name": "张三", "identity_number": "11010519491231002X"}
    assert_refused(safe.put("/me/identity", name), 403, "STEP_UP_REQUIRED")

    # When
    step_up = start(safe, "SET_REAL_NAME")
    give_code(shop, safe, step_up)
    give(safe, step_up, "PASSWORD", PIN)

    # Then
    assert safe.put("/me/identity", name, step_up).status == 200


def test_the_same_request_again(shop: Shop, ann: Customer) -> None:
    body = {"operation": "SET_PAYMENT_PASSWORD"}
    first = ann.post("/me/step-ups", body, "step-up-key-1")
    assert ann.post("/me/step-ups", body, "step-up-key-1").body == first.body
    give_code(shop, ann, first.body["step_up_id"])
    for _ in range(2):
        answer = ann.put("/me/payment-password", {"pin": PIN}, first.body["step_up_id"])
        assert answer.status == 204, answer


# ---- what is sent


BODIES: dict[str, dict[str, object]] = {
    "/me/payment-password": {"pin": PIN},
    "/me/identity": {"name": "张三", "identity_number": "11010519491231002X"},
    "/me/step-ups": {"operation": "WITHDRAW", "subject": "", "amount_fen": 100},
    "/me/account": {"enterprise_id": ""},
    "/enterprises": {"name": "Fleet Ltd"},
}


@pytest.mark.parametrize(
    "more",
    [
        {"user_id": "U"},
        {"state": "PASSED"},
        {"verified": True},
        {"tries": 0},
        {"role": "owner"},
        {"via": "FACE"},
    ],
    ids=lambda more: next(iter(more)),
)
def test_nothing_is_taken_that_was_not_asked_for(shop: Shop, ann: Customer, more: dict[str, object]) -> None:
    for path, body in BODIES.items():
        send = ann.put if path in {"/me/payment-password", "/me/identity"} else ann.post
        with nothing_written(shop):
            assert_refused(send(path, {**body, **more}), 400, "INVALID_REQUEST")


def test_the_password_cannot_be_read(shop: Shop, safe: Customer) -> None:
    for path in ("/me", "/me/logins"):
        assert PIN not in str(safe.get(path))
        assert "argon2" not in str(safe.get(path))


def test_an_operation_is_one_that_there_is(shop: Shop, ann: Customer) -> None:
    with nothing_written(shop):
        answer = ann.post("/me/step-ups", {"operation": "EVERYTHING", "amount_fen": 1})
    assert_refused(answer, 400, "INVALID_REQUEST")
