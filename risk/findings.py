"""Findings (监测发现): figures of a monitoring against the thresholds in rules, as sentences with what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from registry.rules import Rulebook
from registry.vocabulary import CLASS_NAMES
from risk.audit import DIMENSIONS
from risk.indicators.catalogue import BY_KEY
from risk.source_words import column_name, table_name

LEVELS = ("green", "amber", "red")
AGAINST = {"training": "训练时点", "previous": "上期"}


@dataclass(frozen=True)
class Finding:
    """One thing to look at. level: amber or red; `blocks`: it stops automatic release. `subject` finds its figures."""

    level: str
    code: str
    subject: str
    sentence: str
    remedy: str
    blocks: bool

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


@dataclass(frozen=True)
class Thresholds:
    """The rules in force that figures are held against."""

    book: Rulebook
    place: str
    on: Any

    def __call__(self, name: str) -> Any:
        """`monitor.<name>`."""
        return self.book.value(f"monitor.{name}", self.place, self.on)


def find(figures: dict[str, Any], limits: Thresholds) -> list[Finding]:
    """All findings, those that block first, then the red ones, then the amber ones."""
    makers = (_score, _indicators, _movement, _sources, _calibration, _audit)
    found = [finding for maker in makers for finding in maker(figures, limits)]
    return sorted(found, key=lambda one: (not one.blocks, -LEVELS.index(one.level)))


def status_of(findings: list[Finding]) -> str:
    """The worst level among the findings; green without any."""
    return max((one.level for one in findings), key=LEVELS.index, default="green")


def _level(value: float | None, marks: dict[str, float]) -> str:
    if value is None or value <= marks["amber"]:
        return "green"
    return "red" if value > marks["red"] else "amber"


def _score(figures: dict[str, Any], limits: Thresholds) -> Iterator[Finding]:
    for against, compared in figures["against"].items():
        psi, level = compared["score"]["psi"], _level(compared["score"]["psi"], limits("psi"))
        if level == "green" or not _enough(compared, limits):
            continue
        yield Finding(
            level, "psi.score", against,
            f"风险得分的分布与{AGAINST[against]}（{compared['as_of']}）相比 PSI 为 {psi:.2f}。",
            "先看下面哪些指标偏移最大，核对其来源；来源无误而经营环境确已变化的，重新训练并由两人采用新模型。",
            level == "red" and against in limits("psi.against"),
        )  # fmt: skip


def _indicators(figures: dict[str, Any], limits: Thresholds) -> Iterator[Finding]:
    least = float(limits("psi.least_weight"))
    for against, compared in figures["against"].items():
        if not _enough(compared, limits):
            continue
        for key, entry in sorted(compared["indicators"].items(), key=lambda pair: -pair[1]["psi"]):
            level = _level(entry["psi"], limits("psi"))
            if level == "green":
                continue
            weighs = figures["weights"].get(key, 0.0) >= least or key in figures["ruled"]
            if _noise(key, entry, limits):
                continue
            blocks = weighs and level == "red" and against in limits("psi.against")
            yield _of_indicator(key, against, compared, entry["psi"], level, weighs, blocks)


def _of_indicator(
    key: str, against: str, compared: dict[str, Any], psi: float, level: str, weighs: bool, blocks: bool
) -> Finding:
    indicator, said = BY_KEY[key], "" if weighs else "（该指标对分类没有分量）"
    return Finding(
        level if weighs else "amber", "psi.indicator", key,
        f"指标“{indicator.name}”与{AGAINST[against]}（{compared['as_of']}）相比 PSI 为 {psi:.2f}{said}。",
        f"核对来源“{table_name(indicator.source)}”最近的归集批次：是否漏报、换了口径或单位；有误的撤销批次后重新分类。",
        blocks,
    )  # fmt: skip


def _noise(key: str, entry: dict[str, Any], limits: Thresholds) -> bool:
    """A number that many enterprises share has few independent values: its mean has to have moved, too."""
    if not is_shared(key, limits) or entry["shift"] is None:
        return False
    return bool(abs(entry["shift"]) < limits("psi.shared")["least_shift"])


def is_shared(key: str, limits: Thresholds) -> bool:
    """Whether an indicator is one number for many enterprises: of an industry, a telephone, an address."""
    relation = key in BY_KEY and BY_KEY[key].family == "relations"
    return relation or key in limits("psi.shared")["indicators"]


def _enough(compared: dict[str, Any], limits: Thresholds) -> bool:
    """Whether both populations are large enough for an index to mean anything."""
    return min(compared["enterprises"]) >= int(limits("psi")["least_rows"])


def _movement(figures: dict[str, Any], limits: Thresholds) -> Iterator[Finding]:
    moved = figures["movement"]
    if not moved or moved["compared"] < int(limits("psi")["least_rows"]):
        return
    for name, part, whole, words in (
        ("changed", "changed", "compared", "类别有变动的主体"),
        ("churn", "quiet_changed", "quiet", "没有新情况而类别变动的主体"),
    ):
        share = moved[part] / moved[whole] if moved[whole] else None
        level = _level(share, limits(name))
        if share is not None and level != "green":
            yield Finding(
                level, f"movement.{name}", name,
                f"{words} {moved[part]:,} 户，占 {share:.1%}（共 {moved[whole]:,} 户）。",
                "看类别变动表和偏移最大的指标；换了模型或界限的，确认采用决定是否预料到这样的变动。",
                level == "red",
            )  # fmt: skip


def _sources(figures: dict[str, Any], limits: Thresholds) -> Iterator[Finding]:
    for entry in figures["sources"]:
        yield from _rows(entry, limits)
        yield from _blanks(entry, limits)
        yield from _arrivals(entry, limits)


def _rows(entry: dict[str, Any], limits: Thresholds) -> Iterator[Finding]:
    then, now = entry["rows"]
    for name, sign, words, remedy in (
        ("rows_lost", -1, "少", "核对最近的撤销和全量更新批次：是否把没有报送当作撤销。有误的撤销该批次后重新分类。"),
        ("rows_grown", 1, "多", "核对最近的批次：是否换了编号而重复归集，还是补录历史数据。有误的撤销该批次后重新分类。"),
    ):  # fmt: skip
        marks = limits(name)
        if not then or then < marks["least_rows"]:
            continue
        moved = sign * (now - then) / then
        level = _level(moved, marks)
        if level != "green":
            yield Finding(
                level, f"source.{name}", entry["table"],
                f"来源“{table_name(entry['table'])}”的现行记录由 {then:,} 条变为 {now:,} 条（{words} {moved:.0%}）。",
                remedy, level == "red",
            )  # fmt: skip


def _blanks(entry: dict[str, Any], limits: Thresholds) -> Iterator[Finding]:
    if min(number or 0 for number in entry["rows"]) < limits("rows_lost")["least_rows"]:
        return
    marks = limits("missing")
    for column, (then, now) in entry["missing"].items():
        if column in marks["blank_says_something"]:
            continue
        level = _level(None if then is None or now is None else now - then, marks)
        if level != "green":
            yield Finding(
                level, "source.missing", f"{entry['table']}.{column}",
                f"来源“{table_name(entry['table'])}”的“{column_name(column)}”空缺率由 {then:.1%} 升到 {now:.1%}。",
                "核对最近批次的字段对照和报送单位；补报后重新分类。",
                level == "red",
            )  # fmt: skip


def _arrivals(entry: dict[str, Any], limits: Thresholds) -> Iterator[Finding]:
    if not entry["learned"]:
        return
    before, now = entry["learned"]
    marks = limits("arrivals")
    if before >= marks["least_rows"] and now < marks["share"] * before:
        yield Finding(
            "amber", "source.silent", entry["table"],
            f"来源“{table_name(entry['table'])}”自上期以来新知悉 {now:,} 条，上年同期 {before:,} 条，可能断供。",
            "向报送单位核实是否停报、接口是否中断。",
            False,
        )  # fmt: skip


def _calibration(figures: dict[str, Any], limits: Thresholds) -> Iterator[Finding]:
    outcome = figures["outcome"]
    if not outcome:
        return
    marks = limits("jeffreys")
    for row in outcome["classes"]:
        p = row["p_worse"]
        if p is None or p >= marks["amber"]:
            continue
        certain = p < marks["red"] and outcome["complete"]
        yield Finding(
            "red" if certain else "amber", "calibration", row["class"],
            f"{row['class']} 类（{CLASS_NAMES[row['class']]}）检查 {row['visits']:,} 次、发现问题 {row['problems']:,} 次"
            f"（{row['problems'] / row['visits']:.1%}），高于分类时所述概率 {row['stated']:.1%}（Jeffreys 检验 p = {p:.2g}）。",
            "模型低估了这一类：用最近的检查结果重新训练和校准，由两人采用后再分类。",
            certain,
        )  # fmt: skip


def _audit(figures: dict[str, Any], limits: Thresholds) -> Iterator[Finding]:
    for dimension, groups in figures["audit"].items():
        for group in groups:
            if group["p"] is None or group["p"] >= limits("audit.level"):
                continue
            yield Finding(
                "amber", f"audit.{dimension}", group["group"],
                f"{DIMENSIONS[dimension]}“{group['group']}”检查 {group['visits']:,} 次，发现率 {group['rate'][0]:.1%}"
                f"（{group['rate'][1]:.1%}–{group['rate'][2]:.1%}），分类时所述概率平均 {group['stated']:.1%}，两者不符。",
                "查这一组的检查是否多为定向，再查哪些指标对它不适用；重新训练后比较，不得据此对该组一律加重或减轻。",
                False,
            )  # fmt: skip
