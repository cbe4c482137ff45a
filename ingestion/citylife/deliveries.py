"""Deliveries (报送): which office sends which rows in which file, each with its own habits."""

from collections.abc import Iterator

import numpy as np

from ingestion.citylife.columns import texts
from ingestion.citylife.files import Delivery
from ingestion.citylife.places import CITY, office_rows
from ingestion.citylife.tables import Table, height, pick

_FORMS = {
    "市场监管": ("gb18030", "heading", "%Y-%m-%d"),
    "人社": ("xlsx", "heading", "%Y-%m-%d"),
    "消防": ("jsonl", "code", "%Y-%m-%d"),
    "生态环境": ("utf-8-sig", "code", "%Y/%-m/%-d"),
    "卫健": ("gb18030", "heading", "%Y年%m月%d日"),
    "文旅": ("xlsx", "heading", "%Y/%-m/%-d"),
}
_WHOLE = {
    "filing": ("gb18030", "heading", "%Y年%m月%d日"),
    "complaint": ("jsonl", "heading", "%Y-%m-%d"),
    "serious_violation": ("xlsx", "heading", "%Y-%m-%d"),
    "check_item": ("xlsx", "heading", "%Y-%m-%d"),
    "inspector": ("xlsx", "heading", "%Y-%m-%d"),
    "inspector_certificate": ("xlsx", "heading", "%Y-%m-%d"),
    "inspector_leave": ("utf-8-sig", "heading", "%Y/%-m/%-d"),
    "inspector_conflict": ("gb18030", "heading", "%Y-%m-%d"),
    "inspector_relative": ("xlsx", "heading", "%Y-%m-%d"),
    "inspector_employment": ("gb18030", "heading", "%Y-%m-%d"),
    "office": ("gb18030", "heading", "%Y-%m-%d"),
    "department": ("utf-8-sig", "heading", "%Y-%m-%d"),
    "quiet_day": ("xlsx", "heading", "%Y-%m-%d"),
    "relation": ("gb18030", "heading", "%Y-%m-%d"),
    "commitment": ("utf-8-sig", "heading", "%Y/%-m/%-d"),
    "commitment_check": ("utf-8-sig", "heading", "%Y/%-m/%-d"),
    "honour": ("xlsx", "heading", "%Y-%m-%d"),
    "judicial_signal": ("jsonl", "heading", "%Y-%m-%d"),
    "tax_signal": ("gb18030", "heading", "%Y%m%d"),
    "key_supervision": ("gb18030", "heading", "%Y-%m-%d"),
    "address_negative": ("utf-8-sig", "heading", "%Y年%m月%d日"),
}
_BY_DEPARTMENT = ("permit", "penalty", "inspection")
_OTHER_LIBRARIES = ("食品经营", "食品生产", "药品经营", "特种设备使用", "检验检测机构", "广告经营")


def deliver(dataset: str, table: Table, month: str) -> Iterator[tuple[Delivery, Table]]:
    """Split one dataset's rows into the files in which they are sent; `month` ends the file names."""
    if dataset in _WHOLE:
        yield _delivery(f"{dataset}_{CITY}_{month}", _WHOLE[dataset]), table
    elif dataset in _BY_DEPARTMENT:
        for department, form in _FORMS.items():
            yield (
                _delivery(f"{dataset}_{department}_{month}", form),
                pick(table, table["department"] == department),
            )
    elif dataset == "annual_report":
        for year in np.unique(table["report_year"]).tolist():
            form = ("gb18030" if year % 2 else "utf-8-sig", "heading", "%Y-%m-%d")
            yield _delivery(f"{dataset}_{year}年度_{month}", form), pick(table, table["report_year"] == year)
    else:
        yield from _SPLITS[dataset](dataset, table, month)


def _registration(dataset: str, table: Table, month: str) -> Iterator[tuple[Delivery, Table]]:
    companies, individuals = table["entkind"] == "企业", table["entkind"] == "个体工商户"
    yield (
        _delivery(f"{dataset}_企业_{CITY}_{month}", ("gb18030", "heading", "%Y-%m-%d")),
        pick(table, companies),
    )
    small = pick(table, individuals)
    if height(small):
        small["localadm"] = texts([_OFFICE_NAMES[str(code)] for code in small["localadm"]])
        small["regstate"] = texts(["在营（开业）企业" if s == "存续" else s for s in small["regstate"]])
    yield _delivery(f"{dataset}_个体工商户_{CITY}_{month}", ("utf-8-sig", "also", "%Y/%-m/%-d")), small
    rest = pick(table, ~(companies | individuals))
    yield _delivery(f"{dataset}_农专社及代表机构_{CITY}_{month}", ("xlsx", "heading", "%Y-%m-%d")), rest


def _abnormal(dataset: str, table: Table, month: str) -> Iterator[tuple[Delivery, Table]]:
    individual = table["entkind"] == "3"
    rest = {name: values for name, values in table.items() if name != "entkind"}
    yield (
        _delivery(f"{dataset}_经营异常名录_{month}", ("gb18030", "heading", "%Y-%m-%d")),
        pick(rest, ~individual),
    )
    yield (
        _delivery(f"{dataset}_个体异常状态_{month}", ("utf-8-sig", "also", "%Y-%m-%d")),
        pick(rest, individual),
    )


def _library(dataset: str, table: Table, month: str) -> Iterator[tuple[Delivery, Table]]:
    own = np.isin(table["library"].astype(str), _OTHER_LIBRARIES)
    yield _delivery(f"{dataset}_市场监管专项库_{month}", ("gb18030", "heading", "%Y-%m-%d")), pick(table, own)
    yield _delivery(f"{dataset}_成员单位专项库_{month}", ("xlsx", "also", "%Y-%m-%d")), pick(table, ~own)


_SPLITS = {"registration": _registration, "abnormal": _abnormal, "library": _library}
_OFFICE_ROWS = office_rows()
_OFFICE_NAMES = dict(zip(_OFFICE_ROWS["office"], _OFFICE_ROWS["office_name"], strict=True))


def _delivery(stem: str, form: tuple[str, str, str]) -> Delivery:
    return Delivery(stem, *form)  # type: ignore[arg-type]
