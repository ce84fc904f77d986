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
    RISK = "risk"
    """Watches for fraud: rules, lists, freezes, reviews."""
    AUDITOR = "auditor"
    """Reads everything, changes nothing."""


class Member(StrEnum):
    """What somebody is within an enterprise account (ID3)."""

    OWNER = "owner"
    """All, its members too."""
    FINANCE = "finance"
    """Pays, fills the wallet, reads."""
    OPERATOR = "operator"
    """Cards and orders."""
    VIEWER = "viewer"


READS_ALL_ORDERS = frozenset({Role.OPERATOR, Role.FINANCE, Role.SUPPORT, Role.RISK, Role.AUDITOR})
SETS_ROUTES = frozenset({Role.OPERATOR})
READS_ROUTES = frozenset({Role.OPERATOR, Role.FINANCE, Role.AUDITOR})
SETS_PRICES = frozenset({Role.OPERATOR})
GRANTS_REFUNDS = frozenset({Role.OPERATOR, Role.FINANCE})
SETTLES_DIFFERENCES = frozenset({Role.FINANCE, Role.FINANCE_DIRECTOR})
READS_DIFFERENCES = SETTLES_DIFFERENCES | {Role.AUDITOR}
READS_FUNDS = frozenset({Role.FINANCE, Role.FINANCE_DIRECTOR, Role.AUDITOR})
MOVES_FUNDS = frozenset({Role.FINANCE, Role.FINANCE_DIRECTOR})
"""Request, approve and refuse withdrawals: who may do what to one of them, its own rule says."""
DIRECTS_FUNDS = frozenset({Role.FINANCE_DIRECTOR})
"""Give the last approval of a large withdrawal."""
FREEZES_ACCOUNTS = frozenset({Role.RISK, Role.OPERATOR})
LIFTS_FREEZES = frozenset({Role.RISK})
SETS_RISK = frozenset({Role.RISK})
READS_RISK = frozenset({Role.RISK, Role.AUDITOR})
REVIEWS_ORDERS = frozenset({Role.RISK, Role.OPERATOR, Role.FINANCE_DIRECTOR})
READS_REVIEWS = REVIEWS_ORDERS | {Role.AUDITOR, Role.SUPPORT}
READS_AUDIT = frozenset({Role.AUDITOR, Role.RISK, Role.FINANCE_DIRECTOR})
SETS_CAMPAIGNS = frozenset({Role.OPERATOR})
READS_CAMPAIGNS = frozenset({Role.OPERATOR, Role.FINANCE, Role.SUPPORT, Role.AUDITOR})
IMPORTS_STATIONS = frozenset({Role.OPERATOR})
ASKS_FOR_EVIDENCE = frozenset({Role.SUPPORT, Role.AUDITOR, Role.FINANCE_DIRECTOR})


class Client(NamedTuple):
    """What a request comes from. The address is the gateway's word, the rest the client's own: hints."""

    ip: str = ""
    device: str = ""
    """Header X-Device-Id."""
    place: str = ""
    """Header X-Location: `31.2304,121.4737`."""


class Caller(NamedTuple):
    user_id: str
    role: Role
    session_id: str
    openid: str = ""
    """The person within WeChat: who pays in the mini-program."""
    enterprise_id: str = ""
    """The enterprise that they act for; empty when for themselves."""
    member: Member | None = None
    """What they are there."""
    ip: str = ""
    device: str = ""
    """What the client calls its device (header X-Device-Id); its own word, so a hint and no proof."""
    alipay_id: str = ""
    """The person within Alipay: who pays in its mini-program."""

    @property
    def account_id(self) -> str:
        """Whose cards, orders and money they handle: the enterprise's, or their own."""
        return self.enterprise_id or self.user_id

    def may_read(self, user_id: str) -> bool:
        """Their account's, or anyone's with a role that reads all orders."""
        return user_id == self.account_id or self.role in READS_ALL_ORDERS

    def must_have(self, roles: frozenset[Role]) -> None:
        if self.role not in roles:
            raise ForbiddenError

    def must_be(self, account_id: str) -> None:
        if account_id != self.account_id:
            raise ForbiddenError
