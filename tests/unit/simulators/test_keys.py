"""The keys of a simulated world outlive it, and the companies that join it later."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from simulators.keys import load_keys, load_or_make_keys

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize("company", ["alipay", "unionpay", "bank_key", "sms", "alliance", "tsa", "erp"])
def test_a_world_from_before_a_company_gets_its_keys_and_keeps_the_others(
    tmp_path: Path, company: str
) -> None:
    # Given the keys of a world that does not know the company
    path = tmp_path / "keys.json"
    first = load_or_make_keys(path, NOW)
    content = json.loads(path.read_text())
    del content[company]
    path.write_text(json.dumps(content))
    # When the world is started again
    again = load_or_make_keys(path, NOW)
    # Then only that company's keys are new, and they stay
    changed = {name for name in first.__slots__ if getattr(first, name) != getattr(again, name)}
    assert changed == {company}
    assert load_or_make_keys(path, NOW) == load_keys(path) == again
    assert path.stat().st_mode & 0o077 == 0


def test_a_file_of_somebody_else_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text('{"alipay": {}, "mine": 1}')
    with pytest.raises((KeyError, TypeError)):
        load_or_make_keys(path, NOW)
    assert path.read_text() == '{"alipay": {}, "mine": 1}'
