"""Error codes are an interface: each is unique, explained, and stays in the documentation's table."""

import re
from collections import Counter
from pathlib import Path

import pytest

from octane.kernel.errors import OctaneError
from openapi.answers import NAMES
from openapi.catalog import ACTIONS, INSIDE, codes_by_status, errors_table, named_errors, public_errors

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "infra/docs/errors.md"


def test_codes_are_unique() -> None:
    repeated = [code for code, times in Counter(error.code for error in named_errors()).items() if times > 1]
    assert repeated == []


def test_every_code_is_documented_or_never_leaves() -> None:
    codes = {error.code for error in named_errors()}
    assert codes == set(ACTIONS) | INSIDE
    assert not set(ACTIONS) & INSIDE


def test_the_table_is_what_the_code_says() -> None:
    assert DOCUMENT.read_text() == errors_table(), "run `make openapi` and commit what it writes"


def test_the_table_names_each_code_once_with_its_status() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \|", DOCUMENT.read_text(), re.MULTILINE)
    assert rows == [(error.code, str(error.status)) for error in public_errors()]


@pytest.mark.parametrize("error", named_errors(), ids=lambda error: error.code)
def test_a_code_is_well_made(error: type[OctaneError]) -> None:
    assert re.fullmatch(r"[A-Z][A-Z_]{3,40}", error.code)
    assert 400 <= error.status < 600
    assert "|" not in error.summary
    assert "\n" not in error.summary
    assert error.__name__.endswith("Error")


def test_what_may_be_tried_again_is_not_called_the_clients_fault() -> None:
    retryable = {error.status for error in public_errors() if error.retryable}
    assert retryable <= {409, 429, 503, 504}


def test_every_status_but_a_fault_of_ours_is_described_in_the_api() -> None:
    assert set(codes_by_status()) - {500} == set(NAMES)
