"""What a person may agree to, each purpose by itself, in the words that they are shown (ID6).

The law is PIPL, articles 14 to 17. A text is never changed: another wording is another version, behind the
ones before it, and who agreed to an older one is asked again. What the service can't do without (orders,
payments, what law demands) rests on the contract and on law, not on consent, and is not here.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Purpose(StrEnum):
    MARKETING = "MARKETING"
    LOCATION = "LOCATION"
    FACE = "FACE"
    RECOMMENDATIONS = "RECOMMENDATIONS"


TEXTS: Mapping[Purpose, tuple[str, ...]] = MappingProxyType(
    {
        Purpose.MARKETING: ("向您推送优惠券、活动等营销消息。关闭后不再推送，订单通知不受影响。",),
        Purpose.LOCATION: (
            "登录时使用您的大致位置，用于识别异地登录。关闭后不再读取，此前记录的位置即时删除。",
        ),
        Purpose.FACE: ("通过微信人脸核身确认大额充值等操作由您本人发起。关闭后改用支付密码与短信验证码。",),
        Purpose.RECOMMENDATIONS: ("根据您的充值记录推荐油站与优惠。关闭后只按距离与价格排序。",),
    }
)


def current_version(purpose: Purpose) -> int:
    """Versions count from 1."""
    return len(TEXTS[purpose])
