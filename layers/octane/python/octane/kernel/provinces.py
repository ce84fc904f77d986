"""The provinces that fuel prices go by, with the letters of ISO 3166-2:CN."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Province(StrEnum):
    ANHUI = "AH"
    BEIJING = "BJ"
    CHONGQING = "CQ"
    FUJIAN = "FJ"
    GUANGDONG = "GD"
    GANSU = "GS"
    GUANGXI = "GX"
    GUIZHOU = "GZ"
    HENAN = "HA"
    HUBEI = "HB"
    HEBEI = "HE"
    HAINAN = "HI"
    HEILONGJIANG = "HL"
    HUNAN = "HN"
    JILIN = "JL"
    JIANGSU = "JS"
    JIANGXI = "JX"
    LIAONING = "LN"
    INNER_MONGOLIA = "NM"
    NINGXIA = "NX"
    QINGHAI = "QH"
    SICHUAN = "SC"
    SHANDONG = "SD"
    SHANGHAI = "SH"
    SHAANXI = "SN"
    SHANXI = "SX"
    TIANJIN = "TJ"
    XINJIANG = "XJ"
    TIBET = "XZ"
    YUNNAN = "YN"
    ZHEJIANG = "ZJ"


NAMES: Mapping[Province, str] = MappingProxyType(
    {
        Province.ANHUI: "安徽",
        Province.BEIJING: "北京",
        Province.CHONGQING: "重庆",
        Province.FUJIAN: "福建",
        Province.GUANGDONG: "广东",
        Province.GANSU: "甘肃",
        Province.GUANGXI: "广西",
        Province.GUIZHOU: "贵州",
        Province.HENAN: "河南",
        Province.HUBEI: "湖北",
        Province.HEBEI: "河北",
        Province.HAINAN: "海南",
        Province.HEILONGJIANG: "黑龙江",
        Province.HUNAN: "湖南",
        Province.JILIN: "吉林",
        Province.JIANGSU: "江苏",
        Province.JIANGXI: "江西",
        Province.LIAONING: "辽宁",
        Province.INNER_MONGOLIA: "内蒙古",
        Province.NINGXIA: "宁夏",
        Province.QINGHAI: "青海",
        Province.SICHUAN: "四川",
        Province.SHANDONG: "山东",
        Province.SHANGHAI: "上海",
        Province.SHAANXI: "陕西",
        Province.SHANXI: "山西",
        Province.TIANJIN: "天津",
        Province.XINJIANG: "新疆",
        Province.TIBET: "西藏",
        Province.YUNNAN: "云南",
        Province.ZHEJIANG: "浙江",
    }
)
"""As people call them."""
_ENDINGS: Mapping[Province, str] = MappingProxyType(
    {
        **dict.fromkeys((Province.BEIJING, Province.SHANGHAI, Province.TIANJIN, Province.CHONGQING), "市"),
        **dict.fromkeys((Province.INNER_MONGOLIA, Province.TIBET), "自治区"),
        Province.GUANGXI: "壮族自治区",
        Province.NINGXIA: "回族自治区",
        Province.XINJIANG: "维吾尔自治区",
    }
)
_BY_NAME: Mapping[str, Province] = MappingProxyType(
    {NAMES[one]: one for one in Province} | {NAMES[one] + _ENDINGS.get(one, "省"): one for one in Province}
)


def province_named(text: str) -> Province | None:
    """Find a province by its name: `内蒙古`, `内蒙古自治区`. A city's is none: `吉林市`."""
    return _BY_NAME.get(text.strip())
