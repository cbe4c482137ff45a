"""Departments and their authorities (部门与执法机关) of the fictional city."""

from functools import lru_cache

import numpy as np

from ingestion.citylife.codes import office_code
from ingestion.citylife.columns import Integers, Texts, texts
from ingestion.citylife.places import CITY, DISTRICTS
from ingestion.citylife.tables import Table
from registry.vocabulary import DEPARTMENTS

FULL_NAMES = {
    "市场监管": "市场监督管理局",
    "人社": "人力资源和社会保障局",
    "消防": "消防救援支队",
    "生态环境": "生态环境局",
    "卫健": "卫生健康委员会",
    "文旅": "文化广电旅游体育局",
}
SHORT_SIGNS = {
    "市场监管": "市监",
    "人社": "人社",
    "消防": "消",
    "生态环境": "环",
    "卫健": "卫",
    "文旅": "文旅",
}
STAFF_LETTERS = {"市场监管": "SJ", "人社": "RS", "消防": "XF", "生态环境": "HB", "卫健": "WJ", "文旅": "WL"}
_DISTRICT_LEVEL = ("市场监管", "卫健")


def authority(department: str, district: Integers) -> Texts:
    """The authority (机关) that acts for a department in each district."""
    if department in _DISTRICT_LEVEL:
        return texts([f"{CITY}{name}{FULL_NAMES[department]}" for name in DISTRICTS])[district]
    return texts([f"{CITY}{FULL_NAMES[department]}"] * len(district))


def authority_code(department: str, district: Integers) -> Texts:
    """The code (机关统一社会信用代码) of the same."""
    number = DEPARTMENTS.index(department) * 10
    if department in _DISTRICT_LEVEL:
        return texts([_code(number + 1 + d, 990101 + d) for d in range(len(DISTRICTS))])[district]
    return texts([_code(number, 990100)] * len(district))


@lru_cache(maxsize=128)
def _code(number: int, division: int) -> str:
    return office_code(number, division)


def department_rows(known: np.datetime64) -> Table:
    """The department file."""
    return {
        "department": texts(list(DEPARTMENTS)),
        "full_name": texts([f"{CITY}{FULL_NAMES[d]}" for d in DEPARTMENTS]),
        "initiates": np.array([True] * len(DEPARTMENTS)),
        "known_at": np.full(len(DEPARTMENTS), known),
    }
