"""Least privilege is real: take one permission away and the function that needs it fails."""

from collections.abc import Iterator
from typing import Any

import pytest

from e2e.client import Client
from local.package import Template
from local.world import LocalOctane

NEEDED = "dynamodb:Query"


def without_query(template: Template) -> None:
    """Take `dynamodb:Query` from list_cards."""
    for policy in template["Resources"]["ListCardsFunction"]["Properties"]["Policies"]:
        statements: list[dict[str, Any]] = policy["Statement"]
        for statement in statements:
            actions = statement["Action"]
            statement["Action"] = [one for one in actions if one != NEEDED] or ["dynamodb:DescribeTable"]


@pytest.fixture
def stripped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalOctane]:
    directory = tmp_path_factory.mktemp("stripped")
    with LocalOctane(directory, iam=True, change=without_query) as running:
        yield running


def test_a_function_without_a_permission_it_needs_fails(anybody: Client, stripped: LocalOctane) -> None:
    assert anybody.logged_in("unstripped").call("GET", "/cards").status == 200
    reply = Client(stripped.url).logged_in("stripped").call("GET", "/cards")
    assert reply.status >= 500
    assert "dynamodb" not in reply.text.lower()
