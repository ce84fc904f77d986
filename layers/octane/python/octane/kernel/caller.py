"""Who is asking, as the authorizer established it."""

from enum import StrEnum
from typing import NamedTuple

from octane.kernel.errors import ForbiddenError


class Role(StrEnum):
    CUSTOMER = "customer"
    OPERATOR = "operator"
    FINANCE = "finance"
    FINANCE_DIRECTOR = "finance_director"
    SUPPORT = "support"


READS_ALL_ORDERS = frozenset({Role.OPERATOR, Role.FINANCE, Role.SUPPORT})
SETS_ROUTES = frozenset({Role.OPERATOR})
READS_ROUTES = frozenset({Role.OPERATOR, Role.FINANCE})
GRANTS_REFUNDS = frozenset({Role.OPERATOR, Role.FINANCE})
SETTLES_DIFFERENCES = frozenset({Role.FINANCE, Role.FINANCE_DIRECTOR})
READS_FUNDS = frozenset({Role.FINANCE, Role.FINANCE_DIRECTOR})
MOVES_FUNDS = frozenset({Role.FINANCE, Role.FINANCE_DIRECTOR})
"""Request, approve and refuse withdrawals: who may do what to one of them, its own rule says."""
DIRECTS_FUNDS = frozenset({Role.FINANCE_DIRECTOR})
"""Give the last approval of a large withdrawal."""


class Caller(NamedTuple):
    user_id: str
    role: Role
    session_id: str
    openid: str = ""
    """The person within WeChat: who pays in the mini-program."""

    def may_read(self, user_id: str) -> bool:
        """Their own, or anyone's with a role that reads all orders."""
        return user_id == self.user_id or self.role in READS_ALL_ORDERS

    def must_have(self, roles: frozenset[Role]) -> None:
        if self.role not in roles:
            raise ForbiddenError

    def must_be(self, user_id: str) -> None:
        if user_id != self.user_id:
            raise ForbiddenError
