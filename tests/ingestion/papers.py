"""Papers of a tiny town: a good row of each dataset, to be spoiled one cell at a time."""

import csv
from pathlib import Path

from ingestion.datasets import DATASETS
from ingestion.datasets.examples import examples

TEA, INN, OLD, STALL, FARM = (
    "91990101MA5LG2AL3F", "91990101MA1NG9EW2A", "990101902797333", "92990101MARK5PDE7F", "93990102MA84MBFJ6C",
)  # fmt: skip
STRANGER = "91990101174625529Q"
OFFICE_CODE = "11990100MAPC08GC5K"
KNOWN = "2026-03-02 09:00:00"

GOOD = examples()
"""Headings → cells of a good row, by dataset: what the documentation shows is what the tests use."""


def good(dataset: str, **changes: str) -> dict[str, str]:
    """A good row with some cells changed."""
    return {**dict.fromkeys(DATASETS[dataset].headings(), ""), **GOOD[dataset], **changes}


def good_old(dataset: str, **changes: str) -> dict[str, str]:
    """A good row of the 2015 layout with some cells changed."""
    headings = DATASETS[dataset].older[0].headings()
    return {**dict.fromkeys(headings, ""), **GOOD[f"{dataset}_2015"], **changes}


def write_csv(path: Path, rows: list[dict[str, str]], encoding: str = "utf-8-sig") -> Path:
    """Rows of one layout as a CSV file."""
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def town_registration() -> list[dict[str, str]]:
    """Five enterprises: a company, an inn with a second place, an old number, a stall, a cooperative."""
    return [
        good("registration"),
        good("registration", 统一社会信用代码=INN, 企业名称="安和市云来客栈有限公司", 曾用名="", 生产经营地="安和市河西区渡口 9 号",
             生产经营地行政区划="990102", 行业门类="H", 行业代码="6110", 联系电话="13800001234", 成立日期="2018年3月1日"),
        good("registration", 统一社会信用代码="", 注册号=OLD, 企业名称="安和市老街面馆", 曾用名="", 登记状态="开业", 行业门类="H",
             行业代码="6210", **{"注册资本(万元)": "３０,０００元"}),
        good("registration", 统一社会信用代码=STALL.lower(), 企业名称="河东区阿桂水果摊", 曾用名="", 主体类别="个体工商户",
             市场主体类型="个体工商户", 登记状态="在营（开业）企业", 行业代码="5224", **{"注册资本(万元)": ""}),
        good("registration", 统一社会信用代码=f" {FARM} ", 企业名称="安和市北坡茶农专业合作社", 曾用名="", 主体类别="农民专业合作社",
             市场主体类型="农民专业合作社", 行业门类="A", 行业代码="0164", 管辖单位="无名所"),
    ]  # fmt: skip
