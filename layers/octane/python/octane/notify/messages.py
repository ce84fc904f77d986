"""Messages to a person's phone, from templates that the provider has approved (OP1).

A message is no money: whoever sends claims it before (one conditional write), and sends nothing twice. So an
outcome that nobody knows is left at that: at worst one person is not told, and nobody is told twice.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple, Protocol

LONGEST_WORD = 20
"""Characters of a word: what is longer is cut, so say less instead."""


class Template(StrEnum):
    """What can be said; the words that each one takes."""

    PRICE_CHANGED = "PRICE_CHANGED"
    """`province`, `changes` (`92# 7.55 (+0.12)`), `at` (`2026-01-02 08:00`)."""
    INSTALMENT_DUE = "INSTALMENT_DUE"
    """`bill`, `amount` (`12.30元`), `due` (`2026-01-02`), `part` (`第2期，共6期`)."""


class Refusal(StrEnum):
    """Why a message did not go: all are definite, nothing was sent."""

    NOT_WANTED = "NOT_WANTED"
    """The person takes no (more) messages of this kind: stop."""
    NO_SUCH_PERSON = "NO_SUCH_PERSON"
    """The provider knows nobody of this id: stop."""
    MESSAGE_WRONG = "MESSAGE_WRONG"
    """A fault of ours: the template or a word. The next message of this kind fares the same."""
    LATER = "LATER"
    """The call never left, or the provider takes no calls now: the same message may be sent again."""


class Sent(NamedTuple):
    """The provider took it."""


class MessageRefused(NamedTuple):
    reason: Refusal
    code: str = ""
    """The provider's own, for the log."""


class MessageUnknown(NamedTuple):
    """It may have been sent. Do not send it again."""

    reason: str


class Messenger(Protocol):
    def send(
        self, openid: str, template: Template, words: Mapping[str, str]
    ) -> Sent | MessageRefused | MessageUnknown:
        """Send one message to a person, who is named as the provider knows them. One call, never raises for
        what the provider does."""
        ...
