"""What the store may rely on, the same for every engine: memory, DynamoDB by moto and on the embedded AWS.

Where a stand-in for AWS differs from DynamoDB, GAPS says how; the memory engine has no entry there. An
expected failure is strict, so an upgrade that closes a gap turns the suite red until its entry goes.
"""

from collections.abc import Iterator

import pytest

from octane.store.engine import Engine
from world.embedded import embedded_aws
from world.engines import SERIAL, in_memory, on_dynamodb, on_moto

GAPS = {
    "moto": {
        "test_condition[moto-Is(attribute='flag', value=1)": "takes 1 for true",
        "test_condition[moto-Is(attribute='nothing', value=None)": "takes a missing attribute for null",
        "test_condition[moto-AtMost(attribute='state'": "raises when text is compared with a number",
        "test_condition[moto-AtLeast(attribute='state'": "raises when text is compared with a number",
        "test_condition_that_is_no_expression_is_a_mistake[moto-OneOf": "raises its parser's own error",
        "test_condition_that_is_no_expression_is_a_mistake[moto-A": "raises its own error, or orders a BOOL",
        "test_a_value_that_no_table_holds_is_a_mistake[moto-int": "keeps a number of any length",
        "test_update_that_only_removes_makes_no_item": "makes the item",
        "test_update_that_makes_no_sense_is_a_mistake[moto-{}]": "raises its parser's own error",
        "test_a_token_makes_a_transaction_happen_once": "knows no request tokens",
        "test_a_token_with_other_writes_is_a_mistake": "knows no request tokens",
        "test_a_token_is_at_most_36_characters": "knows no request tokens",
        "test_a_query_is_bounded_inclusively": "accepts BETWEEN with its bounds in the wrong order",
        "test_a_page_that_ends_by_its_limit_has_a_cursor": "looks ahead and gives no cursor",
        "test_a_query_that_makes_no_sense_is_a_mistake[moto-{'first'": "accepts a bound of another type",
        "test_a_query_that_makes_no_sense_is_a_mistake[moto-{'after'": "accepts any starting key",
        "test_an_index_key_of_another_type_is_a_mistake": "checks index keys in puts, and not S against N",
        "test_batch_get_takes_100_keys_each_once": "accepts an empty key",
    },
    "embedded": {
        "test_condition_that_is_no_expression_is_a_mistake[embedded-AtLeast": "orders a BOOL",
        "test_update_that_only_removes_makes_no_item": "makes the item",
        "test_add_reaches_big_numbers_exactly": "adds with 28 digits",
        "test_update_that_makes_no_sense_is_a_mistake[embedded-{'assign'": "changes keys, overlaps paths",
        "test_update_that_makes_no_sense_is_a_mistake[embedded-{'remove'": "drops keys, overlaps paths",
    },
}
"""How a stand-in differs from DynamoDB, by the beginning of a test's name."""


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    with embedded_aws() as url:
        yield url


@pytest.fixture(scope="module", params=["memory", "moto", "embedded"])
def kind(request: pytest.FixtureRequest) -> Iterator[tuple[str, Engine]]:
    if request.param == "moto":
        with on_moto() as engine:
            yield request.param, engine
    elif request.param == "embedded":
        yield request.param, on_dynamodb(request.getfixturevalue("endpoint"))
    else:
        yield request.param, in_memory()


@pytest.fixture
def engine(kind: tuple[str, Engine], request: pytest.FixtureRequest) -> Engine:
    name, engine = kind
    gaps = GAPS.get(name, {}).items()
    gap = next((reason for start, reason in gaps if request.node.name.startswith(start)), None)
    if gap:
        request.applymarker(pytest.mark.xfail(reason=gap, strict=True))
    return engine


@pytest.fixture
def pk() -> str:
    """A partition that no other test has seen: the tables live as long as the suite."""
    return f"P{next(SERIAL)}"
