"""The measured sale sees who was refused while there were units."""

import pytest

from bench.sale import Try, unsold_while_refused


def told(sent_at: float, answer: str) -> Try:
    return Try(sent_at, sent_at + 1.0, answer, 1)


@pytest.mark.parametrize(
    ("tries", "left", "unsold"),
    [
        ([told(0, "granted"), told(9, "granted")], 3, 0),
        ([told(0, "granted"), told(1, "sold_out")], 0, 0),
        ([told(0, "granted"), told(1, "sold_out")], 2, 2),
        ([told(1, "sold_out"), told(2, "granted")], 0, 0),
        ([told(1, "sold_out"), told(2.1, "granted"), told(9, "sold_out")], 1, 2),
        ([told(0, "waiting"), told(1, "sold_out"), told(3, "granted")], 0, 1),
    ],
    ids=["nobody refused", "in order", "some left", "sent before it was told", "sold later", "after a wait"],
)
def test_units_that_were_there_for_who_was_refused(tries: list[Try], left: int, unsold: int) -> None:
    assert unsold_while_refused(tries, left) == unsold
