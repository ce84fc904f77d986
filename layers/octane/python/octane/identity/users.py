"""People: one record each, addressed by an id that derives from how they first logged in.

The phone is sealed (`octane.kernel.vault`); records from before that hold it plain, and are read as well.
"""

from typing import NamedTuple

from octane.kernel.caller import Role
from octane.kernel.clock import Instant
from octane.kernel.errors import ForbiddenError, NotFoundError, StateError
from octane.kernel.ids import derive_id
from octane.kernel.vault import Field, Vault, masked_phone
from octane.store.items import Item, Key, Table
from octane.store.store import Store
from octane.store.writes import Absent, Put


class UserNotFoundError(NotFoundError):
    code = "USER_NOT_FOUND"


class PhoneRequiredError(StateError):
    code = "PHONE_REQUIRED"
    summary = "Bind your phone number first: card issuers ask for it."


class AccountFrozenError(ForbiddenError):
    code = "ACCOUNT_FROZEN"
    summary = "This account is frozen; call our service line. What was paid before is delivered."


class User(NamedTuple):
    user_id: str
    role: Role
    created_at: Instant
    openid: str = ""
    """Who they are within WeChat; empty: no login of theirs."""
    alipay_id: str = ""
    phone_sealed: str = ""
    phone_index: str = ""
    """The phone's blind index."""
    phone_masked: str | None = None
    phone_plain: str = ""
    """Of a record that is not sealed yet; it wins: a release from before wrote it last."""
    login_phone: str = ""
    """The phone's blind index again when it is a login, which only a code by SMS makes it."""
    frozen: bool = False

    def must_not_be_frozen(self) -> None:
        if self.frozen:
            raise AccountFrozenError


def user_id_of(provider: str, subject: str) -> str:
    return derive_id("U", provider, subject)


def user_key(user_id: str) -> Key:
    return Key(Table.IDENTITY, user_id, "#USER")


def find_user(store: Store, user_id: str) -> User | None:
    item = store.get(user_key(user_id))
    return None if item is None else user_in(item)


def get_user(store: Store, user_id: str) -> User:
    user = find_user(store, user_id)
    if user is None:
        raise UserNotFoundError
    return user


def phone_of(store: Store, vault: Vault, user_id: str) -> str:
    """Return the bound phone number, or raise `PhoneRequiredError`."""
    user = get_user(store, user_id)
    if user.phone_plain:
        return user.phone_plain
    if not user.phone_sealed:
        raise PhoneRequiredError
    return vault.open(Field.PHONE, user_id, user.phone_sealed)


def phone_index_of(vault: Vault, user: User) -> str:
    """The bound phone's blind index; empty without a phone."""
    if user.phone_plain:
        return vault.blind_index(Field.PHONE, user.phone_plain)
    return user.phone_index


def code_index_of(vault: Vault, user: User) -> str:
    """The same for a phone that codes are sent to: numbers from abroad get none, as nobody pays for messages
    to anywhere."""
    is_abroad = (user.phone_masked or "").startswith("+")
    return "" if is_abroad else phone_index_of(vault, user)


def sealed_phone(vault: Vault, user_id: str, phone: str) -> Item:
    """The attributes that keep a phone."""
    return {
        "phone_sealed": vault.seal(Field.PHONE, user_id, phone),
        "phone_index": vault.blind_index(Field.PHONE, phone),
        "phone_masked": masked_phone(phone),
    }


def open_account(user: User) -> Put:
    """Write a new person; `ChangedMeanwhileError` when there is one already."""
    attributes: dict[str, str] = {
        "alipay_id": user.alipay_id,
        "phone_sealed": user.phone_sealed,
        "phone_index": user.phone_index,
        "phone_masked": user.phone_masked or "",
        "login_phone": user.login_phone,
    }
    item: Item = {
        "role": user.role.value,
        "openid": user.openid,
        "created_at": user.created_at,
        **{name: value for name, value in attributes.items() if value},
    }
    return Put(user_key(user.user_id), item, when=Absent())


def user_in(item: Item) -> User:
    plain = str(item.get("phone") or "")
    masked = masked_phone(plain) if plain else str(item.get("phone_masked", ""))
    return User(
        user_id=str(item["pk"]),
        role=Role(str(item["role"])),
        created_at=Instant(int(str(item["created_at"]))),
        openid=str(item["openid"]),
        alipay_id=str(item.get("alipay_id", "")),
        phone_sealed=str(item.get("phone_sealed", "")),
        phone_index=str(item.get("phone_index", "")),
        phone_masked=masked or None,
        phone_plain=plain,
        login_phone=str(item.get("login_phone", "")),
        # who is being erased stays out, whatever freeze is lifted meanwhile
        frozen=item.get("frozen") is True or "erasing_at" in item,
    )
