"""The logins of a person: one at each provider, linked and unlinked by them (ID1).

| pk                | sk       | item                                                                   |
|-------------------|----------|------------------------------------------------------------------------|
| `LOGIN#L…`        | `#LOGIN` | `user_id`: whose login it is; empty: nobody's any more, `freed` times   |

A login is a provider and a subject: WeChat's openid, Alipay's user id, the blind index of a phone that a code
by SMS proved. Accounts from before this item exists are found by the id that derives from the login. A login
belongs to its person until they unlink it, and two accounts are never merged: one that opened an account of
its own stays that account's.
"""

from enum import StrEnum
from typing import NamedTuple, Protocol

from octane.identity.phones import PhoneDeps
from octane.identity.ports import AlipayLogin
from octane.identity.users import User, UserNotFoundError, user_id_of, user_in, user_key
from octane.identity.watch import Habits, habits_in, habits_key
from octane.kernel.caller import Caller
from octane.kernel.clock import Instant
from octane.kernel.errors import InputError
from octane.kernel.ids import derive_id
from octane.kernel.vault import masked_number
from octane.limits.buckets import Buckets
from octane.store.items import Item, Key, Table
from octane.store.store import Store
from octane.store.writes import Absent, Is, Put, Update, Write, all_of


class Provider(StrEnum):
    WECHAT = "WECHAT"
    ALIPAY = "ALIPAY"
    PHONE = "PHONE"


ATTRIBUTES = {Provider.WECHAT: "openid", Provider.ALIPAY: "alipay_id", Provider.PHONE: "login_phone"}
"""Where a person's record names the subject."""


class PhoneMissingError(InputError):
    code = "PHONE_MISSING"
    summary = "A login by phone names the phone."


class LoginDeps(PhoneDeps, Protocol):
    @property
    def alipay_login(self) -> AlipayLogin: ...
    @property
    def buckets(self) -> Buckets: ...


class Login(NamedTuple):
    provider: Provider
    subject: str

    @property
    def login_id(self) -> str:
        return derive_id("L", self.provider, self.subject)

    @property
    def key(self) -> Key:
        return Key(Table.IDENTITY, f"LOGIN#{self.login_id}", "#LOGIN")


class LinkedLogins(NamedTuple):
    user: User
    habits: Habits


def owner_of(login: Login, item: Item | None) -> str:
    """Return whose login it is, or whose it will be at the first login with it."""
    if item is None:
        return user_id_of(login.provider, login.subject)
    if item["user_id"]:
        return str(item["user_id"])
    return derive_id("U", login.provider, login.subject, str(item["freed"]))


def claim(login: Login, item: Item | None, user_id: str, now: Instant) -> tuple[Put, ...]:
    """Make the login this person's, if it is not; `ChangedMeanwhileError` when somebody else was first."""
    if item is not None and item["user_id"]:
        return ()
    freed = 0 if item is None else int(str(item["freed"]))
    when = Absent() if item is None else all_of(Is("user_id", ""), Is("freed", freed))
    claimed: Item = {"user_id": user_id, "provider": login.provider.value, "linked_at": now, "freed": freed}
    return (Put(login.key, claimed, when=when),)


def subject_of(user: User, provider: Provider) -> str:
    """The person's subject at a provider; empty: not linked."""
    return str(getattr(user, ATTRIBUTES[provider]))


def is_linked(user: User, session: Item) -> bool:
    """Whether the login that opened a session is still its person's; sessions from before came by WeChat."""
    if "login_id" not in session:
        return bool(user.openid)
    provider = Provider(str(session["provider"]))
    return Login(provider, subject_of(user, provider)).login_id == session["login_id"]


def shown(user: User) -> dict[Provider, str]:
    """The linked logins, as their owner is shown them."""
    words = {
        Provider.WECHAT: masked_number(user.openid),
        Provider.ALIPAY: masked_number(user.alipay_id),
        Provider.PHONE: user.phone_masked or "",
    }
    return {provider: words[provider] for provider in Provider if subject_of(user, provider)}


def list_logins(store: Store, caller: Caller) -> LinkedLogins:
    """The linked logins, and the recent uses of them. One AWS call."""
    keys = [user_key(caller.user_id), habits_key(caller.user_id)]
    found = {str(item["sk"]): item for item in store.batch_get(keys)}
    if "#USER" not in found:
        raise UserNotFoundError
    return LinkedLogins(user_in(found["#USER"]), habits_in(found.get("#HABITS")))


def free(login: Login, item: Item | None, user_id: str) -> Write:
    """Make the login nobody's. The item stays: without it the login would lead back to the account that
    derives from it."""
    if item is None:
        freed: Item = {"user_id": "", "provider": login.provider.value, "freed": 1}
        return Put(login.key, freed, when=Absent())
    return Update(login.key, when=Is("user_id", user_id), assign={"user_id": ""}, add={"freed": 1})


def identify(deps: LoginDeps, provider: Provider, code: str) -> str:
    """Exchange a provider's one-time code for the subject. Raises as the provider's client does."""
    if provider is Provider.WECHAT:
        return deps.login_provider.identify(code).openid
    return deps.alipay_login.user_of(code)
