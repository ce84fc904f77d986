"""What is not read at all, and what every answer wears (SE4)."""

import json
import time
from typing import Any

import pytest

from octane.api import doors
from octane.api.doors import (
    HEADERS,
    MAX_BODY,
    MAX_DEPTH,
    MAX_HEADERS,
    MAX_MEMBERS,
    MAX_TEXT,
    dress,
    refusal_of,
)


def told(body: str, headers: dict[str, str] | None = None, **more: Any) -> str | None:
    event = {"headers": {"Content-Type": "application/json", **(headers or {})}, "body": body, **more}
    refusal = refusal_of(event)
    return refusal.code if refusal else None


@pytest.mark.parametrize(
    ("inside", "outside"),
    [
        ("[" * MAX_DEPTH + "]" * MAX_DEPTH, "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1)),
        (
            '{"a":' * MAX_DEPTH + "1" + "}" * MAX_DEPTH,
            '{"a":' * (MAX_DEPTH + 1) + "1" + "}" * (MAX_DEPTH + 1),
        ),
        (json.dumps("x" * MAX_TEXT), json.dumps("x" * (MAX_TEXT + 1))),
        (json.dumps({"x" * MAX_TEXT: 1}), json.dumps({"x" * (MAX_TEXT + 1): 1})),
        (json.dumps([1] * (MAX_MEMBERS - 1)), json.dumps([1] * (MAX_MEMBERS + 1))),
        (json.dumps([[]] * (MAX_MEMBERS // 3 - 1)), json.dumps([[]] * (MAX_MEMBERS // 3 + 1))),
    ],
    ids=["lists", "objects", "text", "name", "members", "empty lists"],
)
def test_each_limit_from_both_sides(inside: str, outside: str) -> None:
    assert told(inside) is None
    assert told(outside) == "BODY_INVALID"


@pytest.mark.parametrize(
    "text", ['"[[[[' + "[" * 100 + '"', '"\\"' + "{" * 100 + '"', '"' + "," * 8_000 + '"', '"\\\\"', '"a\nb"']
)
def test_brackets_and_commas_within_a_text_do_not_count(text: str) -> None:
    assert told(text) is None


def test_size_is_counted_in_bytes() -> None:
    assert told(" " * MAX_BODY) is None
    assert told(" " * (MAX_BODY + 1)) == "BODY_TOO_LARGE"
    assert told("油" * (MAX_BODY // 3 + 1)) == "BODY_TOO_LARGE"


def test_headers_are_counted_together() -> None:
    room = MAX_HEADERS - len("Content-Type" + "application/json")
    assert told("{}", {"X": "a" * (room - 1)}) is None
    assert told("{}", {"X": "a" * room}) == "HEADERS_TOO_LARGE"
    assert told("", {f"X-{number}": "a" * 100 for number in range(100)}) == "HEADERS_TOO_LARGE"


@pytest.mark.parametrize(
    "body",
    [
        '"' * MAX_BODY,
        '"\\' * (MAX_BODY // 2),
        '\\"' * (MAX_BODY // 2),
        '"' + '\\"' * (MAX_BODY // 2 - 4) + "\\",
        "[{" * (MAX_BODY // 2),
        '{"":' * (MAX_BODY // 4),
        "]" * MAX_BODY,
    ],
    ids=["quotes", "escapes", "escaped quotes", "a text that does not end", "open", "names", "close"],
)
def test_the_worst_bodies_are_judged_in_one_pass(body: str) -> None:
    # Given a body that would be slow to match from every position, When / Then: a pass, not its square
    start = time.process_time()
    told(body)
    assert time.process_time() - start < 0.25


def test_every_answer_wears_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    answer: dict[str, Any] = {"statusCode": 200, "multiValueHeaders": {"Cache-Control": ["max-age=60"]}}
    dress({"headers": {"Origin": "https://h5.example.cn"}}, answer)
    assert answer["multiValueHeaders"] == {
        **{name: [value] for name, value in HEADERS.items()},
        "Cache-Control": ["max-age=60"],
    }


@pytest.mark.parametrize(
    ("origin", "may"),
    [
        ("https://h5.example.cn", True),
        ("https://h5.example.cn.evil.example", False),
        ("https://evil.example", False),
        ("http://h5.example.cn", False),
        ("null", False),
        ("*", False),
        (None, False),
    ],
)
def test_one_web_page_may_read_and_credentials_never_travel(
    monkeypatch: pytest.MonkeyPatch, origin: str | None, may: bool
) -> None:
    # Given
    monkeypatch.setattr(doors, "allowed_origin", lambda: "https://h5.example.cn")
    answer: dict[str, Any] = {"statusCode": 200}

    # When
    dress({"headers": {"origin": origin} if origin else {}}, answer)

    # Then
    found = answer["multiValueHeaders"]
    assert found.get("Access-Control-Allow-Origin") == (["https://h5.example.cn"] if may else None)
    assert found.get("Access-Control-Expose-Headers") == (["ETag, Retry-After"] if may else None)
    assert found["Vary"] == ["Origin"]
    assert "Access-Control-Allow-Credentials" not in found
