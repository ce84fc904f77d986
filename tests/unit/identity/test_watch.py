"""The rules that look at a login: each sign alone, and what they come to (ID5)."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.identity.conftest import NOON

from octane.identity.watch import (
    Habits,
    Sign,
    SignIn,
    Verdict,
    after_login,
    after_refusal,
    habits_in,
    judge,
    masked_ip,
    rounded_place,
    store_habits,
)
from octane.kernel.clock import Instant, later

HOUR = 3_600_000
SHANGHAI, HANGZHOU, BEIJING = "31.2,121.5", "30.3,120.2", "39.9,116.4"
USUAL = SignIn(Instant(NOON), "WECHAT", "1.2.3.4", "device-1", SHANGHAI)


def known(times: int = 1, login: SignIn = USUAL) -> Habits:
    habits = Habits()
    for _ in range(times):
        habits = after_login(habits, login)
    return habits


def test_the_usual_login_has_no_signs() -> None:
    assert judge(known(50), USUAL) == (Verdict.ALLOW, ())


def test_a_first_login_has_no_habits() -> None:
    assert judge(Habits(), USUAL) == (Verdict.ALLOW, ())
    assert judge(after_refusal(Habits(), USUAL, "ACCOUNT_FROZEN"), USUAL) == (Verdict.ALLOW, ())


@pytest.mark.parametrize(
    ("changed", "verdict", "signs"),
    [
        ({"ip": "1.2.3.5"}, Verdict.ALLOW, (Sign.NEW_IP,)),
        ({"device": "device-2"}, Verdict.CHALLENGE, (Sign.NEW_DEVICE,)),
        ({"device": ""}, Verdict.CHALLENGE, (Sign.NEW_DEVICE,)),
        ({"at": NOON + 12 * HOUR}, Verdict.ALLOW, (Sign.ODD_HOUR,)),
        ({"at": NOON + 12 * HOUR, "ip": "1.2.3.5"}, Verdict.CHALLENGE, (Sign.ODD_HOUR, Sign.NEW_IP)),
        ({"at": NOON + HOUR}, Verdict.ALLOW, ()),
        ({"at": NOON + 2 * HOUR}, Verdict.ALLOW, (Sign.ODD_HOUR,)),
        ({"place": BEIJING}, Verdict.CHALLENGE, (Sign.FAR_AWAY,)),
        ({"place": HANGZHOU}, Verdict.CHALLENGE, (Sign.FAR_AWAY,)),
        ({"place": "31.3,121.6"}, Verdict.ALLOW, ()),
        ({"place": ""}, Verdict.ALLOW, ()),
        (
            {"device": "device-2", "ip": "1.2.3.5", "place": BEIJING},
            Verdict.CHALLENGE,
            (Sign.NEW_DEVICE, Sign.FAR_AWAY, Sign.NEW_IP),
        ),
        (
            {"device": "device-2", "at": NOON + 12 * HOUR, "place": "-34.6,-58.4"},
            Verdict.REFUSE,
            (Sign.NEW_DEVICE, Sign.FAR_AWAY, Sign.ODD_HOUR),
        ),
    ],
)  # fmt: skip
def test_a_sign(changed: dict[str, object], verdict: Verdict, signs: tuple[Sign, ...]) -> None:
    assert judge(known(20), USUAL._replace(**changed)) == (verdict, signs)  # type: ignore[arg-type]


def test_hours_are_a_habit_after_twenty_logins() -> None:
    at_night = USUAL._replace(at=later(USUAL.at, 12 * HOUR))
    assert judge(known(19), at_night)[1] == ()
    assert judge(known(20), at_night)[1] == (Sign.ODD_HOUR,)


def test_who_travels_by_plane_is_not_far_away() -> None:
    """Shanghai to Beijing is 1,070 km: an hour and a bit."""
    habits = known()
    for hours, signs in ((1.1, (Sign.FAR_AWAY,)), (1.3, ())):
        moment = later(USUAL.at, round(hours * HOUR))
        assert judge(habits, USUAL._replace(at=moment, place=BEIJING))[1] == signs


def test_ten_devices_are_remembered() -> None:
    # Given eleven devices, the last used first
    habits = Habits()
    for number in range(11):
        habits = after_login(habits, USUAL._replace(device=f"device-{number}"))

    # Then
    assert judge(habits, USUAL._replace(device="device-1"))[1] == ()
    assert judge(habits, USUAL._replace(device="device-0"))[1] == (Sign.NEW_DEVICE,)
    assert len(habits.recent) == 10


def test_a_refused_login_makes_no_habit() -> None:
    habits = after_refusal(known(), USUAL._replace(device="thief-1", ip="6.6.6.6"), "LOGIN_CHALLENGED")
    assert judge(habits, USUAL._replace(device="thief-1", ip="6.6.6.6"))[1] == (Sign.NEW_DEVICE, Sign.NEW_IP)
    assert habits.recent[0][2:] == ("6.6.*.*", "LOGIN_CHALLENGED")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("31.2304,121.4737", SHANGHAI),
        ("-34.6037,-58.3816", "-34.6,-58.4"),
        ("90,180", "90.0,180.0"),
        ("90.1,0", ""),
        ("0,180.1", ""),
        ("31.2304", ""),
        ("31.2304, 121.4737", ""),
        ("nan,nan", ""),
        ("1e9,1", ""),
        ("", ""),
        ("31.2304,121.4737;DROP", ""),
    ],
)
def test_a_position_is_rounded_or_none(text: str, place: str) -> None:
    assert rounded_place(text) == place


@pytest.mark.parametrize(
    ("ip", "shown"),
    [("1.2.3.4", "1.2.*.*"), ("2001:db8:1::2", "2001:db8:*"), ("", "")],
    ids=["v4", "v6", "no"],
)
def test_an_address_is_shown_masked(ip: str, shown: str) -> None:
    assert masked_ip(ip) == shown


@given(
    st.lists(
        st.builds(
            SignIn,
            st.integers(NOON, NOON + 10**10).map(Instant),
            st.sampled_from(["WECHAT", "ALIPAY", "PHONE"]),
            st.sampled_from(["", "1.2.3.4", "::1"]),
            st.sampled_from(["", "device-1", "device-2"]),
            st.sampled_from(["", SHANGHAI, BEIJING]),
        ),
        max_size=30,
    )
)
def test_habits_are_read_as_they_were_stored(logins: list[SignIn]) -> None:
    habits = Habits()
    for login in logins:
        habits = after_login(habits, login)
    assert habits_in(store_habits("U", habits).item) == habits
    assert sum(habits.hours) == habits.logins == len(logins)


def test_no_import_of_h3_without_two_positions() -> None:
    """It takes longer than a login."""
    program = (
        "import sys; from octane.identity import log_in, watch; "
        "watch.judge(watch.Habits(logins=1), watch.SignIn(1, 'WECHAT', '', '', '1.0,1.0')); "
        "sys.exit('h3' in sys.modules)"
    )
    environment = {"PYTHONPATH": ":".join(sys.path)}
    assert subprocess.run([sys.executable, "-c", program], env=environment, check=False).returncode == 0
