"""`make route-replay` says yes only to decisions that come out the same, byte by byte."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from demo.decisions import DecisionsFileError, Routing, load, save
from demo.route_replay import main
from octane.channels.port import ChannelName
from octane.kernel.clock import Instant
from octane.kernel.money import Fen
from octane.routing.decide import decide, draw_of
from octane.routing.decisions import RouteRequest
from octane.routing.defaults import default_draft, default_rules
from octane.routing.publishing import publish
from octane.routing.rules import Platform, RuleSet
from octane.routing.stored import to_json

NOON = Instant(1_795_320_000_000)


def draft(**changes: Any) -> dict[str, Any]:
    return default_draft() | {"exploration_ppm": 0} | changes


def decided(number: int, rules: RuleSet) -> str:
    attempt_no = f"O{number:025d}P01"
    request = RouteRequest(attempt_no, Platform.H5, Fen(10_000 + number), payers=(ChannelName.WECHAT,))
    return to_json(decide(request, rules, {}, {}, draw_of(attempt_no), NOON)).decode()


@pytest.fixture
def routing() -> Routing:
    """Decisions under the built-in rules and under a published version."""
    first = default_rules()
    second = publish(first, json.dumps(draft()), "operator", NOON).rules
    decisions = [decided(number, (first, second)[number % 2]) for number in range(20)]
    return Routing(tuple(decisions), (first.text, second.text))


@pytest.fixture
def path(tmp_path: Path, routing: Routing) -> Path:
    save(routing, tmp_path / "decisions.json")
    return tmp_path / "decisions.json"


def test_untouched_decisions_are_identical(
    path: Path, routing: Routing, capsys: pytest.CaptureFixture[str]
) -> None:
    assert load(path) == routing
    assert main([str(path)]) == 0
    assert "20 decisions replayed, 20 identical (100 %)" in capsys.readouterr().out


def changed(text: str, field: str, value: object) -> str:
    """A stored decision with another value in one field, written as we write."""
    found = json.loads(text) | {field: value}
    return json.dumps(found, separators=(",", ":"))


TAMPERED: dict[str, Callable[[Routing], Routing]] = {
    "another winner": lambda r: r._replace(
        decisions=(changed(r.decisions[0], "winner", "UNIONPAY_APP"), *r.decisions[1:])
    ),
    "another reason": lambda r: r._replace(
        decisions=(changed(r.decisions[0], "reason", "PROBE"), *r.decisions[1:])
    ),
    "another amount": lambda r: r._replace(
        decisions=(r.decisions[0].replace("10000", "90000", 1), *r.decisions[1:])
    ),
    "no JSON": lambda r: r._replace(decisions=(*r.decisions[:-1], r.decisions[-1][:-1])),
    "rules that are not at hand": lambda r: r._replace(rules=r.rules[:1]),
    "other rules under the version": lambda r: r._replace(
        rules=(r.rules[0], r.rules[1].replace('"window":100', '"window":99'))
    ),
    "rules that cannot be read": lambda r: r._replace(rules=(r.rules[0], r.rules[1][:-1])),
    "nothing to decide": lambda r: r._replace(decisions=()),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_a_file_that_was_tampered_with_fails(
    what: str, path: Path, routing: Routing, capsys: pytest.CaptureFixture[str]
) -> None:
    tampered = TAMPERED[what](routing)
    assert tampered != routing
    save(tampered, path)
    assert main([str(path)]) == 1
    assert capsys.readouterr().out


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"form":2,"decisions":[],"rules":[]}', '{"form":1}', "nul"]
)
def test_a_file_that_we_did_not_write_is_refused(text: str, path: Path) -> None:
    path.write_text(text)
    with pytest.raises(DecisionsFileError):
        load(path)
    assert main([str(path)]) == 1


def test_no_file_fails(tmp_path: Path) -> None:
    assert main([str(tmp_path / "nothing.json")]) == 1


@pytest.mark.parametrize("whole_body", [True, False])
def test_a_draft_is_tried_on_the_decisions(
    whole_body: bool, path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = draft()
    rules["methods"] = {name: rule for name, rule in rules["methods"].items() if "WECHAT" not in name}
    (tmp_path / "draft.json").write_text(json.dumps({"rules": rules} if whole_body else rules))
    assert main([str(path), "--rules", str(tmp_path / "draft.json")]) == 0
    told = capsys.readouterr().out
    assert "20 decisions, 20 would change" in told
    assert "WECHAT_NATIVE → ALIPAY_NATIVE" in told


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"rules":{}}'])
def test_a_draft_that_cannot_be_meant_is_refused(text: str, path: Path, tmp_path: Path) -> None:
    (tmp_path / "draft.json").write_text(text)
    assert main([str(path), "--rules", str(tmp_path / "draft.json")]) == 1
