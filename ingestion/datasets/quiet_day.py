"""Quiet days on record (企业安静日登记), domain.md 3.3; regional ones are rules, not data."""

from ingestion.datasets.check_item import EXEMPT_CATEGORIES
from ingestion.datasets.contract import ROW_TIMES, Column, Dataset

SCOPES = {
    "企业": "enterprise", "园区": "park", "规上": "scaled", "规上企业": "scaled", "行业": "industry", "地区": "region",
    "区域": "region",
}  # fmt: skip

QUIET_DAY = Dataset(
    name="quiet_day",
    title="企业安静日登记",
    says="单个企业、园区、行业或地区的安静日；全域规定写在规则里，不在这里。",
    table="quiet_day_rule",
    key=("rule_no",),
    in_order=(("date_to", "date_from"),),
    snapshot=True,
    columns=(
        Column("rule_no", "登记编号", "RULE_NO", "code", required=True, stored=False, longest=64),
        Column("scope", "适用范围", "SCOPE", "choice", required=True, choices=SCOPES),
        Column("scope_value", "范围值", "SCOPE_VALUE", longest=100, blank=""),
        Column("month_days", "每月日期", "MONTH_DAYS", "days", blank=()),
        Column("date_from", "起始日期", "DATE_FROM", "date"),
        Column("date_to", "截止日期", "DATE_TO", "date", open_ended=True),
        Column("exempt", "豁免类别", "EXEMPT", "choices", choices=EXEMPT_CATEGORIES, blank=()),
        Column("basis", "依据", "BASIS", required=True, longest=500),
        *ROW_TIMES,
    ),
)
