"""Data quality (数据质量) for officers and for the report: figures of some months, their pictures and alerts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection, func, select

from ingestion.datasets import DATASETS
from ingestion.faults import SENTENCES
from ingestion.quality import Figures, office_names, rates, read_figures
from ingestion.quality_alerts import Alert, find_alerts, shown_measure, threshold_of, with_records
from registry.errors import Refusal
from registry.rules import load_rules
from registry.tables.batch import Batch
from reports import quality_charts as charts
from reports.canvas import Chart

MONTHS = 12
"""So many months are shown when nobody asks for others."""
NAMES = {
    "dataset": "数据集", "office": "机构", "month": "月份", "read": "报送行数", "faulty": "问题行数", "pass_rate": "合格率",
    "repeated": "重复行数", "repeat_rate": "重复率", "dated": "决定件数", "late": "迟报件数", "late_rate": "迟报率",
    "timely_rate": "及时率", "mended": "已更正", "mending_days": "更正时长（工作日）",
}  # fmt: skip
FAULT_WORDS = {
    "excluded": "按对照方案不归集", "missing": "必填为空", "missing_if": "应填而空", "unknown_code": "不在代码表",
    "unmatched": "主体未登记",
    "code_check": "代码校验码不对", "code_length": "代码位数不对", "regno_check": "注册号校验不对", "no_identity": "没有主体标识",
    "code_organisation": "组织机构代码校验不对", "code_alphabet": "代码字符不对", "code_scientific": "代码成科学计数",
    "after_known": "发生晚于知悉", "future_known": "更新时间在将来", "date_order": "日期先后不对", "conflicting": "同文件两种内容",
    "natural_person": "自然人记录", "bad_date": "日期读不成", "bad_amount": "金额读不成", "bad_number": "数字读不成",
    "unknown_item": "事项不在清单", "undecodable": "字节无法识别", "too_few_cells": "缺格", "too_many_cells": "多格",
    "bad_pattern": "格式不合", "ambiguous_name": "名称对应多户", "identity_clash": "代码与注册号冲突", "code_kind": "代码类别不符",
    "industry_pair": "行业门类不符", "impossible_date": "日期不存在", "date_out_of_range": "日期超出范围", "too_small": "过小",
    "too_large": "过大", "too_long": "过长", "bad_integer": "不是整数", "bad_boolean": "不是是或否", "bad_days": "每月日期读不成",
    "bad_json": "不是 JSON 对象", "bad_format": "不合方案写明的格式", "unmapped": "对照表里没有", "split_mismatch": "拆分不合",
}  # fmt: skip


_KEPT: dict[str, tuple[Any, Figures]] = {}
"""The last figures and what they were counted from."""


@dataclass(frozen=True)
class Desk:
    """All that one page or report shows of some months."""

    day: date
    months: list[date]
    """Of the period, with or without data."""
    known: list[date]
    """Every month that there is anything of."""
    figures: Figures
    by_dataset: list[dict[str, Any]]
    by_office: list[dict[str, Any]]
    alerts: list[Alert]
    offices: dict[str, str]
    charts: dict[str, Chart] = field(default_factory=dict)

    def office(self, code: str) -> str:
        """The office's name for people."""
        return self.offices.get(code, code) or "（机构不明）"


def read_desk(
    connection: Connection, day: date, place: str, last: date | None = None, months: int | None = MONTHS,
    dataset: str = "", pictures: bool = True,
) -> Desk:  # fmt: skip
    """The figures as of `day`, of the `months` months (None: all there is) that end with `last` (default: the month of `day`)."""
    whole = _figures(connection, day, place)
    period = (
        months_until(last or day, months) if months is not None else whole.months() or [day.replace(day=1)]
    )
    figures = whole.only(month=period, **({"dataset": [dataset]} if dataset else {}))
    offices = office_names(connection)
    alerts = with_records(connection, find_alerts(figures, place))
    desk = Desk(
        day, period, whole.months(), figures, plain(rates(figures, ("dataset",))),
        plain(rates(figures, ("dataset", "office"))), alerts, offices,
    )  # fmt: skip
    return Desk(**{**desk.__dict__, "charts": draw(desk, place)}) if pictures else desk


def _figures(connection: Connection, day: date, place: str) -> Figures:
    """The figures, counted anew only when a batch has come, gone on or been undone since they were last asked for."""
    state = connection.execute(
        select(func.max(Batch.id), func.sum(Batch.rows_read), func.count().filter(Batch.state == "loaded"))
    ).one()
    key = (str(connection.engine.url), day, place, load_rules().version, *state)
    known = _KEPT.get("last")
    if known and known[0] == key:
        return known[1]
    figures = read_figures(connection, day, place)
    _KEPT["last"] = (key, figures)
    return figures


def months_until(last: date, many: int) -> list[date]:
    """The first days of `many` months, the last being that of `last`. Raises Refusal quality.months."""
    if not 1 <= many <= 120:
        raise Refusal("quality.months", f"月数 {many} 不在 1 至 120 之间。", "请给出 1 至 120 个月。")
    place = last.year * 12 + last.month - 1
    return [date(n // 12, n % 12 + 1, 1) for n in range(place - many + 1, place + 1)]


def month_of(text: str) -> date:
    """YYYY-MM → its first day. Raises Refusal quality.month."""
    try:
        year, month = text.split("-")
        return date(int(year), int(month), 1)
    except ValueError:
        raise Refusal("quality.month", f"“{text}”不是月份。", "请写成 2026-03 这样。") from None


def month_span(last: str, many: int) -> list[date]:
    """The months that end with YYYY-MM; none for an empty text. Raises Refusal quality.month, quality.months."""
    return months_until(month_of(last), many) if last else []


def plain(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows with None for what is not there."""
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def title_of(dataset: str) -> str:
    """The dataset's Chinese name."""
    return DATASETS[dataset].title if dataset in DATASETS else dataset


def shown(column: str, value: Any) -> str:
    """A figure for people."""
    if value is None:
        return "—"
    if column == "mending_days":
        return f"{value:g}"
    return shown_measure(column, value) if column.endswith("_rate") else f"{value:,}"


def draw(desk: Desk, place: str) -> dict[str, Chart]:
    """The pictures that the figures allow."""
    found: dict[str, Chart] = {}
    monthly = plain(rates(desk.figures, ("month", "dataset")))
    last = desk.months[-1]
    for measure in ("pass_rate", "timely_rate", "repeat_rate", "mending_days"):
        lines: dict[str, dict[date, float]] = {}
        for row in sorted(monthly, key=lambda row: _rank(row["dataset"])):
            if row[measure] is not None:
                lines.setdefault(title_of(row["dataset"]), {})[row["month"]] = row[measure]
        if lines:
            rule = threshold_of("late_rate" if measure == "timely_rate" else measure, place, last)
            line = None if rule is None else 1 - rule.value if measure == "timely_rate" else rule.value
            found[measure] = charts.chart_months(
                measure.replace("_", "-"), NAMES[measure], lines, line, measure != "mending_days"
            )
    for measure in ("pass_rate", "timely_rate"):
        values = {
            (desk.office(row["office"]), title_of(row["dataset"])): row[measure]
            for row in desk.by_office
            if row[measure] is not None
        }
        if values:
            found[f"heat_{measure}"] = _heat(desk, measure, values)
    if len(desk.figures.delays):
        counts = desk.figures.delays.groupby("days")["decisions"].sum()
        whole = dict(zip(counts.index.tolist(), counts.tolist(), strict=True))
        found["delays"] = charts.chart_delays("quality-delays", whole, desk.figures.limit)
    if len(desk.figures.faults):
        found["faults"] = charts.chart_faults("quality-faults", fault_counts(desk.figures))
    return found


def fault_counts(figures: Figures) -> list[tuple[str, str, int]]:
    """(code, words, rows) of each fault, most first."""
    counts = figures.faults.groupby("code")["rows"].sum().sort_values(ascending=False)
    return [(str(code), FAULT_WORDS.get(str(code), str(code)), int(many)) for code, many in counts.items()]


def fault_sentence(code: str) -> str:
    """What a fault asks for, whatever was found, for people."""
    return re.sub(r"\{\w+\}", "…", SENTENCES.get(code, code))


def _heat(desk: Desk, measure: str, values: dict[tuple[str, str], float]) -> Chart:
    codes = sorted({row["office"] for row in desk.by_office})
    offices = [desk.office(code) for code in codes if any(key[0] == desk.office(code) for key in values)]
    named: Sequence[str] = [d.title for d in DATASETS.values() if any(key[1] == d.title for key in values)]
    name = f"heat-{measure.replace('_', '-')}"
    return charts.chart_heat(name, NAMES[measure], list(dict.fromkeys(offices)), named, values)


def _rank(dataset: str) -> int:
    return list(DATASETS).index(dataset) if dataset in DATASETS else len(DATASETS)
