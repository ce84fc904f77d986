"""Sealed fields, as domains need them (SE1). The adapter is `octane.privacy.vault`."""

from enum import StrEnum
from typing import Protocol

HEAD, TAIL = 6, 4
"""PCI DSS 3.4: at most the issuer's prefix and the last four digits are shown."""


class Field(StrEnum):
    """What is sealed: each has its own context and its own blind index."""

    PHONE = "phone"
    CARD_NUMBER = "card_number"
    IDENTITY_NUMBER = "identity_number"
    REAL_NAME = "real_name"
    BILL_ACCOUNT = "bill_account"


class Vault(Protocol):
    """AES-256-GCM under data keys of KMS. `owner` is the account that the value belongs to: a sealed text
    opens for its own field and owner only, so it can't be moved to another's record."""

    def seal(self, field: Field, owner: str, plain: str) -> str:
        """Return `v1.<key id>.<nonce and ciphertext>`: printable ASCII, another one each time."""
        ...

    def open(self, field: Field, owner: str, sealed: str) -> str:
        """Return the plain text, or raise `SealBrokenError`."""
        ...

    def blind_index(self, field: Field, plain: str) -> str:
        """Return the same 26 characters for the same text, to look it up by; they don't lead back to it."""
        ...


def masked_phone(phone: str) -> str:
    """First 3 and last 4 digits (ID6)."""
    return f"{phone[:3]}****{phone[-4:]}"


def masked_number(number: str) -> str:
    """The last 4 digits of a card or an identity number."""
    return f"****{number[-4:]}"


def mask_card(number: str) -> str:
    """Hide the middle of a card number: `100011*********4567`. A text too short for that is hidden whole."""
    hidden = len(number) - HEAD - TAIL
    if hidden <= 0:
        return "*" * len(number)
    return number[:HEAD] + "*" * hidden + number[-TAIL:]


def masked_name(name: str) -> str:
    """The last character of a name: `*三`."""
    return "*" * max(len(name) - 1, 1) + name[-1:] if len(name) > 1 else "*" * len(name)


def is_sealed(text: str) -> bool:
    return text.startswith("v1.")


def open_text(vault: Vault, field: Field, owner: str, text: str) -> str:
    """Open a stored text; one that was written before fields were sealed is plain."""
    return vault.open(field, owner, text) if is_sealed(text) else text
