"""Monitoring (月度监测) for officers: the reports of a place by month, one of them, and its pictures."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, RowMapping, func, select

from registry.rules import load_rules
from registry.scope import not_yours
from registry.tables.monitoring import MonitorReport, ReleaseProposal, SnapshotRelease
from registry.vocabulary import CREDIT_RISK_CLASSES
from reports.canvas import Chart
from reports.model_charts import chart_rates
from reports.monitor_charts import chart_bins, chart_heat, chart_lines
from risk.findings import Thresholds, is_shared
from risk.indicators.catalogue import BY_KEY
from risk.monitor import STATUSES
from risk.source_words import table_name

MONTHS = 12
TONES = {"green": "good", "amber": "warn", "red": "bad"}
HOW = {"automatic": "自动放行", "persons": "两人放行", "earlier": "启用放行之前"}
AGAINST = {"training": "训练时点", "previous": "上期"}


@dataclass(frozen=True)
class Month:
    """The newest report of one grading, with its release (None: held) and the last request for it."""

    report: RowMapping
    release: RowMapping | None
    proposal: RowMapping | None

    @property
    def order(self) -> tuple[date, int]:
        """Gradings in order: a day graded again comes after its first grading."""
        return (self.report["as_of"], self.report["snapshot_id"])

    @property
    def held(self) -> bool:
        """Whether two people have to decide."""
        return self.release is None

    @property
    def figures(self) -> dict[str, Any]:
        """What was counted."""
        found: dict[str, Any] = self.report["figures"]
        return found

    @property
    def status_text(self) -> str:
        """The status in words."""
        return STATUSES[self.report["status"]]

    @property
    def tone(self) -> str:
        """The status as a colour of the style sheet."""
        return TONES[self.report["status"]]

    @property
    def released_text(self) -> str:
        """Whether and how it was released."""
        return "未放行" if self.release is None else HOW.get(self.release["how"], self.release["how"])


def read_months(
    connection: Connection, place: str, until: date | None = None, many: int = MONTHS
) -> list[Month]:
    """The last `many` gradings that were monitored, oldest first."""
    wanted = select(MonitorReport.__table__).where(MonitorReport.place == place).order_by(MonitorReport.id)
    if until is not None:
        wanted = wanted.where(MonitorReport.as_of <= until)
    newest = {row["snapshot_id"]: row for row in connection.execute(wanted).mappings()}
    ordered = sorted(newest.values(), key=lambda row: (row["as_of"], row["snapshot_id"]))[-many:]
    return _months(connection, ordered)


def one_month(connection: Connection, report_id: int) -> Month:
    """One report. Raises Refusal scope.not_yours for an unknown one."""
    wanted = select(MonitorReport.__table__).where(MonitorReport.id == report_id)
    return _months(connection, list(connection.execute(wanted).mappings()) or _unknown())[0]


def newest_report(connection: Connection, snapshot_id: int) -> int:
    """Number of the newest report of a grading."""
    wanted = select(func.max(MonitorReport.id)).where(MonitorReport.snapshot_id == snapshot_id)
    return int(connection.execute(wanted).scalar_one())


def held_months(connection: Connection, place: str) -> list[Month]:
    """Gradings that wait for two people and that nothing later has made needless; newest first."""
    months = read_months(connection, place)
    last = max((month.order for month in months if not month.held), default=(date.min, 0))
    return [month for month in reversed(months) if month.held and month.order > last]


def _unknown() -> list[RowMapping]:
    raise not_yours()


def _months(connection: Connection, reports: Sequence[RowMapping]) -> list[Month]:
    snapshots = [row["snapshot_id"] for row in reports]
    mine = select(SnapshotRelease.__table__).where(SnapshotRelease.snapshot_id.in_(snapshots))
    releases = {row["snapshot_id"]: row for row in connection.execute(mine).mappings()}
    asked = select(ReleaseProposal.__table__).where(ReleaseProposal.snapshot_id.in_(snapshots))
    proposals = {
        (row["snapshot_id"], row["report_id"]): row
        for row in connection.execute(asked.order_by(ReleaseProposal.id)).mappings()
    }
    return [
        Month(row, releases.get(row["snapshot_id"]), proposals.get((row["snapshot_id"], row["id"])))
        for row in reports
    ]


def marks(place: str, on: date, name: str) -> dict[str, float]:
    """The thresholds of a measure as lines of a picture."""
    rule = load_rules().value(f"monitor.{name}", place, on)
    return {"提示线": float(rule["amber"]), "红线": float(rule["red"])}


def draw_months(months: Sequence[Month], place: str) -> dict[str, Chart]:
    """Score, movement and find rates over months, and the indicators that moved most."""
    if not months:
        return {}
    day = months[-1].report["as_of"]
    found = {
        "score": chart_lines(
            "monitor-score", "风险得分的偏移（PSI）", "PSI", dict(_score_lines(months)), marks(place, day, "psi")
        ),
        "movement": chart_lines(
            "monitor-movement", "类别变动的主体占比（界限是没有新情况的）", "占比", dict(_movement_lines(months)),
            marks(place, day, "churn"), True,
        ),
        "finds": chart_lines(
            "monitor-finds", "不定向抽查的发现率（近 12 个月，按类别）", "发现率", dict(_find_lines(months)), {}, True
        ),
    }  # fmt: skip
    heat = indicator_months(months)
    if heat:
        psi = marks(place, day, "psi")
        days = [month.report["as_of"] for month in months if month.figures["against"].get("previous")]
        found["heat"] = chart_heat(
            "monitor-heat",
            "指标偏移：与上期相比（＊为许多主体共用的数，另看均值移动）",
            days,
            heat,
            psi["提示线"],
            psi["红线"],
        )
    return found


def indicator_months(months: Sequence[Month]) -> dict[str, dict[date, float]]:
    """Indicator's name (＊: a number that many share) → month → PSI against the month before."""
    found: dict[str, dict[date, float]] = {}
    for month in months:
        limits = Thresholds(load_rules(), month.report["place"], month.report["as_of"])
        compared = month.figures["against"].get("previous") or {}
        for key, entry in (compared.get("indicators") or {}).items():
            name = f"{indicator_name(key)}{'＊' if is_shared(key, limits) else ''}"
            found.setdefault(name, {})[month.report["as_of"]] = entry["psi"]
    return found


def draw_report(month: Month) -> dict[str, Chart]:
    """The pictures of one report: stated probability against what was found, and find rates on random draws."""
    found, figures = {}, month.figures
    if figures["outcome"]:
        rows = figures["outcome"]["classes"]
        rates = {r["class"]: (r["visits"], r["problems"], _rate(r)) for r in rows}
        stated = {r["class"]: r["stated"] for r in rows if r["stated"] is not None}
        found["calibration"] = chart_rates(
            "report-calibration", "分类时所述概率与其后的发现率（按模型类别）", rates, stated
        )
    rows = figures["finds"]["classes"]
    rates = {r["class"]: (r["visits"], r["problems"], _rate(r)) for r in rows}
    found["finds"] = chart_rates("report-finds", "不定向抽查各类发现率", rates)
    return found


def draw_indicator(month: Month, key: str, months: Sequence[Month]) -> dict[str, Chart]:
    """One indicator: its bins then and now against each population, and its PSI over months."""
    found = {}
    for against, compared in month.figures["against"].items():
        entry = _entry(compared, key)
        if entry:
            since = f"{AGAINST[against]}（{compared['as_of']}）"
            title = f"{indicator_name(key)}：{AGAINST[against]}与本期，PSI {entry['psi']:.3f}"
            found[against] = chart_bins(
                f"bins-{against}", title, entry["bins"], entry["then"], entry["now"], since
            )
    lines: dict[str, dict[date, float]] = {}
    for each in months:
        for against, compared in each.figures["against"].items():
            entry = _entry(compared, key)
            if entry:
                lines.setdefault(f"与{AGAINST[against]}比", {})[each.report["as_of"]] = entry["psi"]
    if lines:
        place, day = month.report["place"], month.report["as_of"]
        title = f"{indicator_name(key)}：PSI 按月走势"
        found["months"] = chart_lines("indicator-months", title, "PSI", lines, marks(place, day, "psi"))
    return found


def indicator_name(key: str) -> str:
    """The indicator in words; `score` is the score itself."""
    return "风险得分" if key == "score" else BY_KEY[key].name if key in BY_KEY else key


def indicator_rows(month: Month) -> list[dict[str, Any]]:
    """Every indicator with its weight, PSI against both populations and shift of the mean, largest PSI first."""
    against = month.figures["against"]
    keys = {key for compared in against.values() for key in compared["indicators"]}
    ruled = set(month.figures["ruled"])
    rows = [
        {
            "key": key, "name": indicator_name(key), "weight": month.figures["weights"].get(key, 0.0), "ruled": key in ruled,
            "source": table_name(BY_KEY[key].source) if key in BY_KEY else "",
            **{name: against[name]["indicators"].get(key) if name in against else None for name in AGAINST},
        }
        for key in keys
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (-max(row[n]["psi"] if row[n] else 0 for n in AGAINST), row["key"]))


def _entry(compared: dict[str, Any], key: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = compared["score"] if key == "score" else compared["indicators"].get(key)
    return found


def _rate(row: dict[str, Any]) -> tuple[float, float, float]:
    low, high = row["interval"]
    return (row["problems"] / row["visits"] if row["visits"] else 0.0, low, high)


def _score_lines(months: Sequence[Month]) -> Iterator[tuple[str, dict[date, float]]]:
    for against, words in AGAINST.items():
        line = {
            month.report["as_of"]: month.figures["against"][against]["score"]["psi"]
            for month in months
            if against in month.figures["against"]
        }
        yield f"与{words}比", line


def _movement_lines(months: Sequence[Month]) -> Iterator[tuple[str, dict[date, float]]]:
    for part, whole, words in (
        ("changed", "compared", "全部变动"),
        ("quiet_changed", "quiet", "没有新情况的变动"),
    ):
        line = {}
        for month in months:
            moved = month.figures["movement"]
            if moved and moved[whole]:
                line[month.report["as_of"]] = moved[part] / moved[whole]
        yield words, line


def _find_lines(months: Sequence[Month]) -> Iterator[tuple[str, dict[date, float]]]:
    for place, name in enumerate(CREDIT_RISK_CLASSES):
        line = {}
        for month in months:
            row = month.figures["finds"]["classes"][place]
            if row["rate"] is not None:
                line[month.report["as_of"]] = row["rate"]
        yield f"{name} 类", line
