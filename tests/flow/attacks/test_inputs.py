"""Whatever is put wherever: no fault of ours, nothing run, nothing in a key, one line in the log (SE4)."""

import json
from typing import Any

import pytest

from flow.attacks.strings import INJECTIONS, LONE_SURROGATE, OTHER_TYPES
from flow.attacks.surface import (
    KEY,
    Operation,
    ask,
    example,
    fields,
    filled,
    operations,
    somebody_who_may,
    with_field,
)
from flow.books import assert_refused, nothing_written
from flow.customers import Customer
from octane.api.doors import HEADERS, MAX_BODY, MAX_DEPTH, MAX_HEADERS, MAX_TEXT
from octane.api.etags import SECONDS
from octane.api.policy import RULES, Rule
from octane.store.items import Table
from world.shop import Answer, Shop

WITH_BODY = [each for each in operations() if each.body is not None]
OF_PEOPLE = [each for each in WITH_BODY if RULES[each.name] != Rule(members=RULES[each.name].members)]
"""Not of members of an enterprise only: who is nobody there is refused before their body is read."""
WITH_PATH = [each for each in operations() if each.named("path")]
WITH_QUERY = [each for each in operations() if each.named("query")]


def named(operation: Operation) -> str:
    return operation.name


def assert_inert(answer: Answer) -> None:
    """An answer of ours: no fault, and JSON that no browser takes for anything else."""
    assert answer.status not in {500, 502}, answer
    if answer.body == "":
        return
    assert answer.headers["Content-Type"][0].partition(";")[0] == "application/json"
    assert isinstance(answer.body, (dict, list)), answer
    wanted = dict(HEADERS)
    if "ETag" in answer.headers:
        del wanted["Cache-Control"]
        assert answer.headers["Cache-Control"][0] in {f"private, max-age={age}" for age in (0, SECONDS)}
    for name, value in wanted.items():
        assert answer.headers[name] == [value]
    assert not any(
        mark in str(values) for values in answer.headers.values() for mark in ("\\r", "\\n", "Set-Cookie")
    )


def assert_one_line_each(lines: list[str]) -> None:
    """What was logged are JSON objects, one a line, and none was written by the attacker."""
    for line in lines:
        assert "\n" not in line
        assert "\x1b" not in line
        assert json.loads(line)["message"] != "forged"


def keys_of(shop: Shop) -> str:
    return json.dumps(
        [(item["pk"], item["sk"]) for table in Table for item in shop.wiring.engine.items(table)]
    )


@pytest.fixture
def ids(ann: Customer) -> dict[str, str]:
    return {"order_id": ann.place(), "card_id": ann.card_id, "user_id": ann.user_id}


@pytest.mark.parametrize("operation", WITH_BODY, ids=named)
def test_strings_in_every_field(
    shop: Shop, ann: Customer, ids: dict[str, str], log: Any, operation: Operation
) -> None:
    # Given a request that is right but for one field
    assert operation.body
    person, path, body = (
        somebody_who_may(shop, ann, operation),
        filled(operation, ids),
        example(operation.body),
    )

    # When / Then
    for place, _ in fields(operation.body):
        for text in INJECTIONS:
            assert_inert(ask(shop, operation, person.token, path, with_field(body, place, text)))
        raw = json.dumps(with_field(body, place, "PLANTED")).replace('"PLANTED"', LONE_SURROGATE)
        assert_inert(ask(shop, operation, person.token, path, raw=raw))
    assert_one_line_each(log.lines)
    found = keys_of(shop)
    assert not any(json.dumps(text)[1:-1] in found for text in INJECTIONS)


@pytest.mark.parametrize("operation", WITH_BODY, ids=named)
def test_values_of_other_types_in_every_field(
    shop: Shop, ann: Customer, ids: dict[str, str], log: Any, operation: Operation
) -> None:
    assert operation.body
    person, path, body = (
        somebody_who_may(shop, ann, operation),
        filled(operation, ids),
        example(operation.body),
    )
    for place, _ in fields(operation.body):
        for value in OTHER_TYPES:
            assert_inert(ask(shop, operation, person.token, path, with_field(body, place, value)))
    assert_one_line_each(log.lines)


@pytest.mark.parametrize("operation", WITH_PATH, ids=named)
def test_strings_in_every_part_of_a_path(
    shop: Shop, ann: Customer, ids: dict[str, str], log: Any, operation: Operation
) -> None:
    # Given
    person = somebody_who_may(shop, ann, operation)
    body = example(operation.body) if operation.body else None

    # When / Then
    for part in operation.named("path"):
        for text in INJECTIONS:
            if "/" not in text and "?" not in text:
                path = filled(operation, {**ids, part: text})
                assert_inert(ask(shop, operation, person.token, path, body))
    assert_one_line_each(log.lines)


@pytest.mark.parametrize("operation", WITH_QUERY, ids=named)
def test_strings_in_every_query(
    shop: Shop, ann: Customer, ids: dict[str, str], log: Any, operation: Operation
) -> None:
    person = somebody_who_may(shop, ann, operation)
    for name in operation.named("query"):
        for text in INJECTIONS:
            if "&" not in text and "?" not in text:
                assert_inert(ask(shop, operation, person.token, f"{filled(operation, ids)}?{name}={text}"))
    assert_one_line_each(log.lines)


@pytest.mark.parametrize("operation", operations(), ids=named)
def test_strings_in_headers(
    shop: Shop, ann: Customer, ids: dict[str, str], log: Any, operation: Operation
) -> None:
    # Given headers that some server somewhere believes
    person, path = somebody_who_may(shop, ann, operation), filled(operation, ids)
    body = example(operation.body) if operation.body else None
    names = ("X-Device-Id", "X-Location", "X-Step-Up", "User-Agent", "X-Forwarded-For", "X-Request-Id", KEY)

    # When / Then
    for text in INJECTIONS[:-1]:
        assert_inert(ask(shop, operation, person.token, path, body, headers=dict.fromkeys(names, text)))
    assert_one_line_each(log.lines)


@pytest.mark.parametrize("operation", WITH_BODY, ids=named)
def test_no_field_can_be_smuggled_in(
    shop: Shop, ann: Customer, ids: dict[str, str], operation: Operation
) -> None:
    # Given what a record has and a request must not say
    assert operation.body
    person, path, body = (
        somebody_who_may(shop, ann, operation),
        filled(operation, ids),
        example(operation.body),
    )
    taken = operation.body["properties"]
    more = {
        "user_id": "U" * 26, "role": "finance_director", "state": "SUCCEEDED", "version": 9,
        "captured_fen": 1,
        "is_admin": True, "frozen": False, "pk": "x", "sk": "x", "ttl": 1, "__proto__": {}, "constructor": {},
        "amount": 1, "fee_fen": 0, "enterprise_id": "E" * 26, "approved_by": "x", "verified": True,
    }  # fmt: skip

    # When / Then one field too many is refused, and nothing is written
    for name, value in more.items():
        if name in taken:
            continue
        with nothing_written(shop):
            answer = ask(shop, operation, person.token, path, {**body, name: value})
        assert answer.status in {400, 403}, (name, answer)


@pytest.mark.parametrize("operation", OF_PEOPLE, ids=named)
def test_bodies_that_are_none(shop: Shop, ann: Customer, ids: dict[str, str], operation: Operation) -> None:
    # Given
    assert operation.body
    person, path, body = (
        somebody_who_may(shop, ann, operation),
        filled(operation, ids),
        example(operation.body),
    )
    name = next(iter(operation.body["properties"]))
    told = json.dumps(body)
    wrong = {
        "deep": ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), 400, "BODY_INVALID"),
        "bottomless": ('{"a":' * 9_000, 400, "BODY_INVALID"),
        "wide": ("[" + "1," * 20_000 + "1]", 400, "BODY_INVALID"),
        "long": (json.dumps({name: "x" * (MAX_TEXT + 1)}), 400, "BODY_INVALID"),
        "large": (json.dumps({name: "x" * MAX_BODY}), 413, "BODY_TOO_LARGE"),
        "twice": (f'{{"{name}":1,"{name}":1}}', 400, "BODY_INVALID"),
        "hidden twice": (f'{{"{name}":1,"\\u{ord(name[0]):04x}{name[1:]}":1}}', 400, "BODY_INVALID"),
        "digits": ('{"' + name + '":' + "9" * 5_000 + "}", 400, "BODY_INVALID"),
        "not a number": (f'{{"{name}":NaN}}', 400, "BODY_INVALID"),
        "comments": ("/**/" + told, 400, "BODY_INVALID"),
        "two": (told + told, 400, "BODY_INVALID"),
        "single quotes": (told.replace('"', "'") or "'", 400, "BODY_INVALID"),
        "a mark before": ("\ufeff" + told, 400, "BODY_INVALID"),
    }

    # When / Then
    for what, (raw, status, code) in wrong.items():
        if what == "single quotes" and '"' not in told:
            continue
        with nothing_written(shop):
            assert_refused(ask(shop, operation, person.token, path, raw=raw), status, code)


@pytest.mark.parametrize("operation", WITH_BODY, ids=named)
@pytest.mark.parametrize("charset", ["utf-16", "utf-7", "gbk", "iso-8859-1"])
def test_other_encodings(
    shop: Shop, ann: Customer, ids: dict[str, str], operation: Operation, charset: str
) -> None:
    person, path = somebody_who_may(shop, ann, operation), filled(operation, ids)
    headers = {"Content-Type": f"application/json; charset={charset}"}
    with nothing_written(shop):
        answer = ask(shop, operation, person.token, path, raw="{}", headers=headers)
    assert_refused(answer, 415, "MEDIA_TYPE_UNSUPPORTED")


@pytest.mark.parametrize("operation", operations(), ids=named)
def test_headers_without_measure(
    shop: Shop, ann: Customer, ids: dict[str, str], operation: Operation
) -> None:
    person, path = somebody_who_may(shop, ann, operation), filled(operation, ids)
    body = example(operation.body) if operation.body else None
    with nothing_written(shop):
        answer = ask(shop, operation, person.token, path, body, headers={"X-Much": "x" * MAX_HEADERS})
    assert_refused(answer, 400, "HEADERS_TOO_LARGE")


def test_what_is_told_back_is_told_as_data(shop: Shop, ann: Customer) -> None:
    # Given a name that is a script to whoever believes it is a page
    script = "<script>alert(1)</script>"
    bound = ann.post("/cards", {"number": "9012345678901234", "holder_name": script})

    # When
    answers = [bound, ann.get("/cards"), ann.post("/orders", {"card_id": script, "amount_fen": 1})]

    # Then
    for answer in answers:
        assert_inert(answer)
    assert all(script not in str(answer.headers) for answer in answers)
