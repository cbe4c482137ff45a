"""The report on an outsider's table (外部表报告): one HTML page that carries everything in it. Plain values come in."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from reports.outside_charts import (
    chart_importance,
    chart_lift_line,
    chart_precision,
    chart_probabilities,
    chart_reliability,
    chart_roc,
)
from reports.pages import write_page

SCORES = {
    "chosen": "本模型 chosen model", "logistic": "逻辑回归 logistic", "best_column": "最好的单列 best single column",
    "last_label": "上次结论 last label",
    "base_rate": "总体发生率 base rate",
}  # fmt: skip
METRICS = (
    ("auc", "AUC"), ("ap", "AP"), ("ks", "KS"), ("brier", "Brier"), ("ece", "ECE"), ("lift_1", "前1% lift"),
    ("lift_5", "前5% lift"), ("lift_10", "前10% lift"),
)  # fmt: skip
KINDS = {
    "number": "数 number", "flag": "是否 yes/no", "date": "日期 date", "category": "类别 category",
    "present": "有无 present",
}  # fmt: skip
SPLITS = {
    "time": "按时间滚动：只用检验时段之前的行训练 rolling windows by time",
    "clusters": "分层分折，同一标识、分组或完全相同的行在同一折 stratified folds, ids and twins kept together",
    "rows": "分层分折 stratified folds",
}  # fmt: skip
CODES = {
    "copy_of_label": "near-copy of the label", "single_column": "one column ranks too well",
    "missing_tells": "filled in for one outcome only", "copy_not_used": "near-copy, not used",
    "time_by_class": "time to observation by outcome", "date_after_time": "date after the row's time",
    "row_order": "order of rows tells the label", "alike": "identical rows", "sides_apart": "never on both sides",
    "sides_by_time": "earlier trains, later tests", "both_sides": "on both sides of a fold",
}  # fmt: skip
TABLE_KINDS = {
    "events": "事件表：每行一次，一个标识多行 event table",
    "flat": "平表：每行一个对象 flat table",
}


def write_outside_report(
    folder: Path,
    measured: Mapping[str, Any],
    points: Mapping[str, Sequence[Sequence[float]]],
    made_at: datetime,
) -> Path:
    """Write `report.html`. measured: as in metrics.json; points: of the lines of the plots."""
    chosen, about = measured["scores"]["chosen"], measured["table"]
    base = measured["scores"]["base_rate"]["ap"][0] or 0.0
    charts = [
        chart_roc(points["roc"], shown(chosen["auc"])),
        chart_precision(points["pr"], shown(chosen["ap"]), base),
        chart_reliability(points["calibration"], shown(chosen["ece"])),
        chart_lift_line(points["lift"]),
        chart_probabilities(points["histogram"]),
    ]
    return write_page(
        folder / "report.html", "outside.html.j2", about=about, made_at=made_at, base=base,
        kind=TABLE_KINDS[about["kind"]], split=SPLITS[about["folds_by"]], cards=_cards(chosen), charts=charts,
        importance=chart_importance([(str(n), float(v)) for n, v in measured["importance"]]),
        metric_names=[name for _, name in METRICS], rows=_rows(measured), against=_against(measured),
        findings=measured["findings"], choices=measured["choices"], folds=measured["folds"],
        final=measured["final"], codes=CODES, made_with=measured["made_with"], bootstrap=measured["bootstrap"],
        columns=[(c["name"], KINDS[c["kind"]]) for c in about["columns"]],
    )  # fmt: skip


def shown(values: Sequence[float | None], digits: int = 3) -> str:
    """`.912 (.901–.923)` of [value, low, high]; a dash for what cannot be said."""
    value, *interval = (("—" if v is None else f"{v:.{digits}f}") for v in values)
    return f"{value}（{interval[0]}–{interval[1]}）" if len(interval) == 2 else value


def _digits(name: str) -> int:
    return 4 if name in ("brier", "ece") else 1 if name.startswith("lift") else 3


def _cards(chosen: Mapping[str, Any]) -> list[dict[str, str]]:
    statistic, p = chosen["hl_out_of_sample"]
    strict = chosen["hosmer_lemeshow"][1]
    cards = [
        {"name": label, "value": f"{chosen[name][0]:.{_digits(name)}f}",
         "said": f"95% {shown(chosen[name], _digits(name)).partition('（')[2].rstrip('）')}"}
        for name, label in (("auc", "AUC"), ("ap", "AP"), ("brier", "Brier"), ("ece", "ECE"))
    ]  # fmt: skip
    said = f"统计量 {statistic:.1f}；自由度减 2 时 p = {strict:.3f}"
    return [*cards, {"name": "Hosmer–Lemeshow p", "value": f"{p:.3f}", "said": said}]


def _rows(measured: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    return [
        (SCORES.get(name, name), [shown(found[m], _digits(m)) if m in found else "—" for m, _ in METRICS])
        for name, found in measured["scores"].items()
    ]


def _against(measured: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """(other score, difference of AUC, verdict)."""
    rows = []
    for name, (difference, low, high) in measured["against"].items():
        if name == "base_rate":
            continue
        verdict = "胜过 better" if low > 0 else "不如 worse" if high < 0 else "未见差别 no difference shown"
        rows.append((SCORES.get(name, name), f"{difference:+.3f}（{low:+.3f} 至 {high:+.3f}）", verdict))
    return rows
