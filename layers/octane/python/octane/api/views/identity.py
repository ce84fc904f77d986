"""Sessions and people."""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from octane.api.views import Body, Code, View
from octane.identity.logins import Provider, shown
from octane.identity.sms_codes import CodePurpose
from octane.kernel.clock import rfc3339

if TYPE_CHECKING:
    from octane.identity.logins import LinkedLogins
    from octane.identity.sessions import Session
    from octane.identity.users import User


class UserView(View):
    user_id: str
    phone: str | None
    role: str

    @classmethod
    def of(cls, user: "User") -> "UserView":
        return cls(user_id=user.user_id, phone=user.phone_masked, role=user.role.value)


class SessionView(View):
    access_token: str
    refresh_token: str
    expires_in: int = Field(description="Seconds until the access token expires.")
    user: UserView

    @classmethod
    def of(cls, session: "Session") -> "SessionView":
        return cls(
            access_token=session.access_token,
            refresh_token=session.refresh_token,
            expires_in=session.expires_in,
            user=UserView.of(session.user),
        )


Phone = Annotated[
    str,
    Field(
        max_length=20,
        pattern=r"^[+0-9][0-9 \-]{9,18}$",
        description="A mobile number of the mainland, with or without +86.",
    ),
]
SmsCode = Annotated[str, Field(pattern=r"^[0-9]{6}$")]


class LogIn(Body):
    provider: Annotated[Provider, Field(strict=False)]
    code: Code = Field(description="Of wx.login, of my.getAuthCode, or the one that was sent to the phone.")
    phone: Phone | None = Field(None, description="For PHONE.")
    sms_code: SmsCode | None = Field(
        None, description="The answer to LOGIN_CHALLENGED: a code to the bound phone."
    )


class SendCode(Body):
    phone: Phone
    purpose: Annotated[CodePurpose, Field(strict=False)]


class SentCodeView(View):
    """The same for every phone."""

    expires_in: int = Field(description="Seconds until the code is none.")
    again_in: int = Field(description="Seconds until another can be asked for.")


class LinkLogin(Body):
    provider: Annotated[Provider, Field(strict=False)]
    code: Code = Field(description="Of wx.login, of my.getAuthCode, or the one that was sent to the phone.")
    phone: Phone | None = Field(None, description="For PHONE.")
    sms_code: SmsCode | None = Field(
        None, description="A code to the phone that is bound already, if one is."
    )


class LinkedLoginView(View):
    provider: str
    shown: str = Field(description="Masked.")


class RecentLoginView(View):
    at: str
    provider: str
    ip: str = Field(description="Masked.")
    outcome: str = Field(description="DONE, or the code of the refusal.")


class LoginsView(View):
    linked: list[LinkedLoginView]
    recent: list[RecentLoginView] = Field(description="The last ten, newest first.")

    @classmethod
    def of(cls, logins: "LinkedLogins") -> "LoginsView":
        return cls(
            linked=linked_views(logins.user),
            recent=[
                RecentLoginView(at=rfc3339(one.at), provider=one.provider, ip=one.ip, outcome=one.outcome)
                for one in logins.habits.recent
            ],
        )


class LinkedView(View):
    linked: list[LinkedLoginView]

    @classmethod
    def of(cls, user: "User") -> "LinkedView":
        return cls(linked=linked_views(user))


def linked_views(user: "User") -> list[LinkedLoginView]:
    return [LinkedLoginView(provider=provider.value, shown=words) for provider, words in shown(user).items()]


class RefreshSession(Body):
    refresh_token: Code


class BindPhone(Body):
    code: Code = Field(description="The code of the mini-program's phone button.")
    sms_code: SmsCode | None = Field(
        None, description="A code (CHANGE_PHONE) to the phone that is bound already, if another is."
    )
