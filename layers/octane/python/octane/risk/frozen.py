"""A frozen account orders nothing and starts no payment; what is paid goes on (RK2)."""

from octane.identity.users import AccountFrozenError
from octane.risk.seen import person_key
from octane.store.writes import Check, Missing


def not_frozen(user_id: str, account_id: str) -> tuple[Check, ...]:
    """Commit these with what a frozen account may not do: the person's freeze stops them, and the
    enterprise's stops all who act for it. They raise `AccountFrozenError`."""
    return tuple(
        Check(person_key(owner), when=Missing("frozen_at"), otherwise=AccountFrozenError())
        for owner in dict.fromkeys((user_id, account_id))
    )
