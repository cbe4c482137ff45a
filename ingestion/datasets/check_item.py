"""Check items (随机抽查事项清单): the 13 columns of domain.md 2.2."""

import re

import pandas as pd

from ingestion.datasets.contract import METHODS, ROW_TIMES, VALIDITY, Column, Dataset, Surroundings, cells

EXEMPT_WORDS = {
    "投诉举报": "complaint", "转办交办": "transferred", "数据监测": "data_monitoring", "应急处置": "emergency",
    "安全生产": "safety_production", "食品药品": "food_drug", "特种设备": "special_equipment",
    "危险化学品": "hazardous_chemicals", "生态环境": "environment", "公共卫生": "public_health",
    "法定时限": "legal_time_limit", "上级部署": "superior_directive", "税务": "tax", "依申请": "on_application",
    "立案调查": "case_investigation", "双随机": "double_random",
}  # fmt: skip
"""Quiet-day exemption categories in words (domain.md 3.3)."""

EXEMPT_CATEGORIES = {**EXEMPT_WORDS, **{code.upper(): code for code in EXEMPT_WORDS.values()}}

NO_QUALIFICATION = frozenset({"无需", "无", "不需要", "无要求", "无需专业岗资格"})
"""人员资质要求 of items that any inspector may check."""

_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*[%％]")


def read_check_item(rows: pd.DataFrame, around: Surroundings) -> None:
    """Read the ratio text: `3%` is both ends, `3%-5%` a range, 不低于/不超过 one end; methods in the list's order."""
    asked = (None if text in NO_QUALIFICATION else text for text in rows["qualification"])
    rows["qualification"] = cells(rows, asked)
    rows["method"] = ["、".join(dict.fromkeys(methods)) for methods in rows["method"]]
    low, high = zip(*(ratio_range(text) for text in rows["ratio"]), strict=True) if len(rows) else ((), ())
    rows["ratio_low"], rows["ratio_high"] = (
        pd.Series(low, rows.index, object),
        pd.Series(high, rows.index, object),
    )


def ratio_range(text: str | None) -> tuple[float | None, float | None]:
    """Lowest and highest draw ratio that a text states, as fractions."""
    found = [float(number) / 100 for number in _PERCENT.findall(text or "")]
    if not found:
        return None, None
    if len(found) == 1 and text and re.search("不低于|不少于|以上|≥", text):
        return found[0], None
    if len(found) == 1 and text and re.search("不超过|不高于|以下|≤", text):
        return None, found[0]
    return min(found), max(found)


CHECK_ITEM = Dataset(
    name="check_item",
    title="随机抽查事项清单",
    says="随机抽查事项清单（一单），13 列，另有名录库、用时和安静日豁免类别，供排程用。"
    "事项有生效、失效日期，检查结果里的事项须在检查日期有效。",
    table="check_item",
    key=("item_code",),
    in_order=(("valid_to", "valid_from"),),
    snapshot=True,
    sender="department",
    columns=(
        Column("item_code", "事项编码", "ITEM_CODE", "code", required=True, longest=64),
        Column("item_name", "事项名称", "ITEM_NAME", required=True, longest=200),
        Column("sub_item", "检查子项", "SUB_ITEM", longest=500),
        Column(
            "category", "类别", "CATEGORY", "choice", required=True,
            choices={"重点": "重点", "一般": "一般", "重点检查事项": "重点", "一般检查事项": "一般"},
        ),
        Column("basis", "检查依据", "BASIS", required=True),
        Column("department", "检查主体", "DEPARTMENT", required=True, longest=50),
        Column("object_scope", "检查对象", "OBJECT_SCOPE", required=True, longest=500),
        Column("library", "对象名录库", "LIBRARY", longest=100, blank="主体综合库"),
        Column("ratio", "抽查比例", "RATIO", longest=200, note="如 3%、3%-5%、不低于3%、不超过10%"),
        Column("frequency", "抽查频次", "FREQUENCY", longest=100, blank=""),
        Column("method", "检查方式", "METHOD", "choices", required=True, choices=METHODS),
        Column("qualification", "人员资质要求", "QUALIFICATION", longest=200, note="与人员证件类别一致；无需的不填"),
        Column("exempt_category", "安静日豁免类别", "EXEMPT", "choice", choices=EXEMPT_CATEGORIES, optional=True),
        Column("minutes", "检查用时(分钟)", "MINUTES", "integer", required=True, least=1, most=1440),
        Column("valid_from", "生效日期", "VALID_FROM", "date", required=True),
        Column("valid_to", "失效日期", "VALID_TO", "date", open_ended=True),
        *ROW_TIMES,
        Column("remark", "备注", "REMARK", optional=True, longest=500),
        Column("section", "责任处室", "SECTION", optional=True, longest=100),
        Column("active", "有效", "VALID", "choice", choices=VALIDITY, optional=True),
    ),
    derive=read_check_item,
    derived=("ratio_low", "ratio_high"),
)  # fmt: skip
