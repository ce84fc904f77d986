"""Signals: counted facts that an operator is alarmed by or draws. Never a card number, a name or a token."""

from typing import Protocol


class Signals(Protocol):
    """Where signals go: metrics and the log in a function, a list in a test."""

    def count(self, name: str, **detail: str | int) -> None: ...
