"""Sessions and people."""

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from octane.api.views import Body, Code, View

if TYPE_CHECKING:
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


class LogIn(Body):
    provider: Annotated[str, Field(pattern="^WECHAT$", description="WECHAT: the code of wx.login.")]
    code: Code


class RefreshSession(Body):
    refresh_token: Code


class BindPhone(Body):
    code: Code = Field(description="The code of the mini-program's phone button.")
