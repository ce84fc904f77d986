"""People: one record each, addressed by an id that derives from how they log in."""

from dataclasses import dataclass

from octane.kernel.caller import Role
from octane.kernel.clock import Instant
from octane.kernel.errors import NotFoundError, StateError
from octane.kernel.ids import derive_id
from octane.store.items import Item, Key, Table
from octane.store.store import Store
from octane.store.writes import Absent, Exists, Put, Update


class UserNotFoundError(NotFoundError):
    code = "USER_NOT_FOUND"


class PhoneRequiredError(StateError):
    code = "PHONE_REQUIRED"
    summary = "Bind your phone number first: card issuers ask for it."


@dataclass(frozen=True, slots=True)
class User:
    user_id: str
    role: Role
    openid: str
    phone: str | None
    created_at: Instant

    @property
    def phone_masked(self) -> str | None:
        """First 3 and last 4 digits (ID6)."""
        return f"{self.phone[:3]}****{self.phone[-4:]}" if self.phone else None


def user_id_of(provider: str, subject: str) -> str:
    return derive_id("U", provider, subject)


def user_key(user_id: str) -> Key:
    return Key(Table.IDENTITY, user_id, "#USER")


def find_user(store: Store, user_id: str) -> User | None:
    item = store.get(user_key(user_id))
    return None if item is None else _user_of(item)


def get_user(store: Store, user_id: str) -> User:
    user = find_user(store, user_id)
    if user is None:
        raise UserNotFoundError
    return user


def phone_of(store: Store, user_id: str) -> str:
    """Return the bound phone number, or raise `PhoneRequiredError`."""
    phone = get_user(store, user_id).phone
    if phone is None:
        raise PhoneRequiredError
    return phone


def open_account(user: User) -> Put:
    item: Item = {"role": user.role.value, "openid": user.openid, "created_at": user.created_at}
    return Put(user_key(user.user_id), item, when=Absent())


def set_phone(user_id: str, phone: str) -> Update:
    return Update(user_key(user_id), assign={"phone": phone}, when=Exists(), otherwise=UserNotFoundError())


def _user_of(item: Item) -> User:
    phone = item.get("phone")
    return User(
        user_id=str(item["pk"]),
        role=Role(str(item["role"])),
        openid=str(item["openid"]),
        phone=None if phone is None else str(phone),
        created_at=Instant(int(str(item["created_at"]))),
    )
