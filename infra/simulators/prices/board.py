"""What fuel costs in each province, as text: yuan per litre, or whatever a test puts there instead."""

from datetime import date
from decimal import Decimal

from simulators.protocol import Json
from simulators.texts import yuan

PROVINCES = (
    *("北京", "天津", "河北", "山西", "内蒙古", "辽宁", "吉林", "黑龙江", "上海", "江苏", "浙江"),
    *("安徽", "福建", "江西", "山东", "河南", "湖北", "湖南", "广东", "广西", "海南", "重庆"),
    *("四川", "贵州", "云南", "西藏", "陕西", "甘肃", "青海", "宁夏", "新疆"),
)
FIRST = {"89": 710, "92": 755, "95": 804, "98": 905, "0": 718}
"""Fen per litre in the first province; each further one is a fen dearer."""
CITY_NAMES = {"89": "b90", "92": "b93", "95": "b97", "0": "b0"}


class Board:
    def __init__(self) -> None:
        self.texts = {
            province: {grade: yuan(fen + place) for grade, fen in FIRST.items()}
            for place, province in enumerate(PROVINCES)
        }
        self.labels = False
        """Whether the city format names the grade in the value: `92号:7.55`."""
        self.history: list[Json] = []
        """Rows of other days that the list format has as well."""

    def put(self, province: str, texts: Json) -> Json:
        """Change what some grades cost: any text or number, empty for a hole. Raise `ValueError`."""
        if province not in self.texts:
            raise ValueError(f"province: {', '.join(PROVINCES)}")
        if not texts or not texts.keys() <= FIRST.keys():
            raise ValueError(f"grades: {', '.join(FIRST)}")
        self.texts[province] |= texts
        return dict(self.texts[province])

    def jump(self, province: str, percent: int) -> Json:
        """Make every grade that has a price so much dearer, to the fen."""
        if province not in self.texts:
            raise ValueError(f"province: {', '.join(PROVINCES)}")
        for grade, text in self.texts[province].items():
            if text:
                self.texts[province][grade] = yuan(int(Decimal(text) * 100) * (100 + percent) // 100)
        return dict(self.texts[province])

    def drop(self, province: str) -> None:
        """Say nothing of a province any more."""
        self.texts.pop(province, None)

    def cities(self) -> list[Json]:
        return [
            {"city": province, **{name: self._city_text(texts, grade) for grade, name in CITY_NAMES.items()}}
            for province, texts in self.texts.items()
        ]

    def rows(self, today: date) -> list[Json]:
        rows = [
            {
                "date": today.isoformat(),
                "province": province,
                **{f"{grade}h": t for grade, t in texts.items()},
            }
            for province, texts in self.texts.items()
        ]
        return [*self.history, *rows]

    def _city_text(self, texts: dict[str, str], grade: str) -> str:
        text = texts[grade]
        return "-" if text == "" else f"{grade}号:{text}" if self.labels else text
