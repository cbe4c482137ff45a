"""The ground (行政区划与机构): districts, 所, 街道 and parks of the fictional city 安和市.

The city lies in the open sea (124° E, 30.5° N), so no coordinate can be a real door.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CITY = "安和市"
CITY_DIVISION = 990100
DISTRICTS = ("澄东区", "澄西区", "梧山区", "泊云区", "鹿洲区", "砚湖区", "清岫县", "禾源县")
DISTRICT_WEIGHTS = (0.19, 0.17, 0.15, 0.14, 0.12, 0.10, 0.07, 0.06)
OFFICES_IN_DISTRICT = 4
STREETS_IN_OFFICE = 2
_STREETS = (
    "青石", "柳浦", "望梅", "锦屏", "听泉", "归帆", "栖霞里", "文澜",
    "同德", "永济", "大观桥", "北辰桥", "丹枫", "碧梧", "石鼓渡", "双塔",
    "云锦", "长虹里", "太和", "景明", "龙眠", "凤起桥", "松涛", "白鹭渡",
    "芦汀", "金穗", "银杏里", "采薇", "明德", "崇文里", "广济", "通津",
    "沧浪桥", "涵虚", "澹泊", "致远", "养正", "怀瑾", "握瑜", "临风",
    "揽月", "扶摇", "鸣鹿", "饮马", "渔歌", "樵径", "耕心", "读月",
    "古槐", "新渡", "西津渡", "南薰", "东篱", "北苑里", "秋实", "春晖里",
    "夏荷", "冬青", "稻香", "麦浪", "桑梓", "茶亭", "竹溪", "兰皋",
)  # fmt: skip
_PARKS = (
    "澄东经济开发区",
    "梧山高新园",
    "泊云临港园",
    "鹿洲食品园",
    "砚湖数字园",
    "清岫生态园",
    "禾源农创园",
    "澄西智造园",
)
_PARK_DISTRICTS = (0, 2, 3, 4, 5, 6, 7, 1)
FORMER_DIVISIONS = ((980102, "静川市"), (980203, "朔原市"), (980311, "南屿市"))
"""Where firms that moved in (迁入) were first registered; fictional, like everything here."""
STREET_COUNT = len(DISTRICTS) * OFFICES_IN_DISTRICT * STREETS_IN_OFFICE


@dataclass(frozen=True)
class Ground:
    """Every street and park with its office; streets first, then parks: a place is a number into these."""

    names: NDArray[np.object_]
    districts: NDArray[np.int64]
    offices: NDArray[np.int64]
    parks: NDArray[np.object_]
    longitude: NDArray[np.float64]
    latitude: NDArray[np.float64]
    weights: NDArray[np.float64]

    def division(self, place: NDArray[np.int64]) -> NDArray[np.int64]:
        """GB/T 2260 number of the district."""
        return CITY_DIVISION + 1 + self.districts[place]

    def office_code(self, place: NDArray[np.int64]) -> NDArray[np.str_]:
        """Nine-digit code of the 所 in charge (管辖单位)."""
        return office_codes()[self.offices[place]]


def office_codes() -> NDArray[np.str_]:
    """Codes of the 所, in the order of their numbers."""
    return np.array(
        [
            str((CITY_DIVISION + 1 + d) * 1000 + 1 + k)
            for d in range(len(DISTRICTS))
            for k in range(OFFICES_IN_DISTRICT)
        ]
    )


def survey(seed: int) -> Ground:
    """Lay out the city: 64 streets and 8 parks. The same seed gives the same ground."""
    random = np.random.default_rng((seed, 1))
    street_offices = np.arange(STREET_COUNT) // STREETS_IN_OFFICE
    park_offices = np.array(_PARK_DISTRICTS) * OFFICES_IN_DISTRICT + 1
    offices = np.concatenate([street_offices, park_offices])
    districts = offices // OFFICES_IN_DISTRICT
    share = np.array(DISTRICT_WEIGHTS)[districts] * random.uniform(0.5, 1.5, len(offices))
    share[STREET_COUNT:] *= 0.8
    angle = districts * 2 * np.pi / len(DISTRICTS)
    return Ground(
        np.array(
            [f"{name}街道" if d < 6 else f"{name}镇" for name, d in zip(_STREETS, districts, strict=False)]
            + list(_PARKS),
            dtype=object,
        ),
        districts,
        offices,
        np.array([None] * STREET_COUNT + list(_PARKS), dtype=object),
        124.0 + 0.16 * np.cos(angle) + random.normal(0, 0.05, len(offices)),
        30.5 + 0.14 * np.sin(angle) + random.normal(0, 0.04, len(offices)),
        share / share.sum(),
    )


def office_rows() -> dict[str, list[str | None]]:
    """The office file: city, districts, 所 (机构)."""
    rows: list[tuple[str | None, ...]] = [
        (str(CITY_DIVISION), f"{CITY}市场监督管理局", "市", None, str(CITY_DIVISION))
    ]
    for number, name in enumerate(DISTRICTS, start=1):
        division = str(CITY_DIVISION + number)
        rows.append((division, f"{CITY}{name}市场监督管理局", "区", str(CITY_DIVISION), division))
        for k in range(OFFICES_IN_DISTRICT):
            street = _STREETS[((number - 1) * OFFICES_IN_DISTRICT + k) * STREETS_IN_OFFICE]
            office = f"{division}{k + 1:03d}"
            rows.append((office, f"{name}{street}市场监督管理所", "所", division, office))
    columns = ("office", "office_name", "level", "parent", "division")
    return {c: [row[i] for row in rows] for i, c in enumerate(columns)}
