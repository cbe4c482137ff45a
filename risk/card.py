"""The model card's data (模型卡): one training run as plain values; how it looks is no concern of this stage."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from registry.errors import Refusal
from registry.rules import Rulebook, load_rules
from registry.tables import Grade, ModelRun
from risk.archive import FloatArray, load_archive
from risk.audit import audit
from risk.graded import Graded, read_graded
from risk.hard_rules import PREFIX
from risk.indicators.catalogue import BY_KEY, FAMILIES
from risk.indicators.frame import feature_frame
from risk.model_file import Model, load_model
from risk.outcomes import exact_interval, read_outcome
from risk.weights import contribution_shares

RULES = (
    ("cohort.kinds", "分类对象的主体类别"), ("cohort.states", "分类对象的登记状态"),
    ("label.horizon_months", "观察期"), ("label.settle_days", "结果公示期"), ("label.snapshots", "训练时点数"),
    ("label.step_months", "时点间隔"), ("label.sources", "标签来源的抽查类型"), ("label.penalty_counts", "观察期内新增处罚算问题"),
    ("label.listing_causes", "算问题的列入原因"), ("grade.bands", "分级界限"), ("grade.hysteresis.odds_ratio", "防抖动幅度"),
    ("grade.steps_without_news", "无新情况时的级数"), ("grade.no_history.weight", "无历史者向同类收缩"),
    ("learner.minimum_visits.learned", "学习所需检查数"), ("learner.minimum_visits.boosted", "梯度提升所需检查数"),
    ("learner.isotonic_positives", "保序校准所需问题数"), ("monitor.psi", "偏移界限"),
)  # fmt: skip
"""Rules that define a run, and their names; one that is not in force at the place is left out."""


@dataclass(frozen=True)
class Card:
    """Everything that a card says.

    rules: [name, value, unit, since, basis]. hard_rules: [code, effect, class, sentence, basis]. indicators: key,
    name, english, family, direction, weight (None for trees), share of mean |contribution|. classes: [class,
    enterprises, visits and problems of the test window, [rate, exact interval]]. audit: as
    `risk.audit.audit`, of the newest grading by this model (None where it has graded nobody).
    """

    run: dict[str, Any]
    metrics: dict[str, Any]
    rules: list[list[Any]]
    hard_rules: list[list[Any]]
    classes: list[list[Any]]
    indicators: list[dict[str, Any]]
    shares_of: str
    graded_on: date | None
    audit: dict[str, list[dict[str, Any]]] | None
    outcome: dict[str, Any] | None


def read_card(connection: Connection, run_id: int) -> Card:
    """The card of a training run. Raises Refusal card.no_run (404)."""
    run = _run(connection, run_id)
    book, model = load_rules(), load_model(run["model_file"])
    snapshot = connection.execute(
        select(Grade.snapshot_id).where(Grade.model_run_id == run_id).order_by(Grade.id.desc()).limit(1)
    ).scalar_one_or_none()
    graded = read_graded(connection, snapshot) if snapshot is not None else None
    matrix, shares_of = _cohort(connection, run, model, graded, book)
    groups, outcome = _audit(connection, graded, book)
    kept = {name: value for name, value in run.items() if name not in ("model_file", "metrics")}
    return Card(
        kept, dict(run["metrics"] or {}), _rules(book, run), _hard_rules(book, run), _classes(run), _indicators(model, matrix),
        shares_of, graded.as_of if graded else None, groups, outcome,
    )  # fmt: skip


def newest_run(connection: Connection, place: str) -> int:
    """The newest run of a place. Raises Refusal card.no_run (404)."""
    wanted = select(ModelRun.id).where(ModelRun.place == place)
    found = connection.execute(
        wanted.order_by(ModelRun.as_of.desc(), ModelRun.id.desc()).limit(1)
    ).scalar_one_or_none()
    if found is None:
        raise Refusal("card.no_run", f"{place} 还没有训练过模型。", "先运行 wurao train。", 404)
    return int(found)


def _run(connection: Connection, run_id: int) -> RowMapping:
    found = connection.execute(select(ModelRun.__table__).where(ModelRun.id == run_id)).mappings().first()
    if found is None:
        raise Refusal(
            "card.no_run", f"没有编号为 {run_id} 的模型训练。", "核对编号，见 wurao train 的输出。", 404
        )
    return found


def _cohort(
    connection: Connection, run: RowMapping, model: Model, graded: Graded | None, book: Rulebook
) -> tuple[FloatArray, str]:
    """Whose contributions are averaged, and of which day: those graded last, else the cohort of the training day."""
    if graded is not None:
        return graded.in_order_of(model.names), str(graded.as_of)
    frame = feature_frame(load_archive(connection, run["as_of"]), run["as_of"], book, run["place"])
    order = [frame.names.index(name) for name in model.names]
    return frame.matrix[:, order], str(run["as_of"])


def _audit(
    connection: Connection, graded: Graded | None, book: Rulebook
) -> tuple[dict[str, list[dict[str, Any]]] | None, dict[str, Any] | None]:
    if graded is None:
        return None, None
    archive = load_archive(connection, graded.as_of)
    outcome = read_outcome(connection, archive, graded.as_of, graded.place, book)
    told = {"graded": str(outcome.graded.as_of), "until": str(outcome.until)} if outcome else None
    return audit(connection, graded, outcome, book), told


def _rules(book: Rulebook, run: RowMapping) -> list[list[Any]]:
    found = []
    for key, name in RULES:
        rule = next(iter(book.in_force(key, run["place"], run["as_of"])), None) if key in book.rules else None
        if rule is not None and rule.key == key:
            found.append([name, rule.value, rule.unit, str(rule.since), rule.basis])
    return found


def _hard_rules(book: Rulebook, run: RowMapping) -> list[list[Any]]:
    return [
        [
            rule.key.removeprefix(PREFIX), str(rule.value.get("effect", "")), str(rule.value.get("class", "")),
            str(rule.value.get("sentence", "")), rule.basis,
        ]
        for rule in book.in_force(PREFIX, run["place"], run["as_of"])
    ]  # fmt: skip


def _classes(run: RowMapping) -> list[list[Any]]:
    rows = []
    for entry in (run["metrics"] or {}).get("classes") or []:
        name, many, visits, problems = (*entry, 0, 0, 0)[:4]
        rate = [problems / visits, *exact_interval(problems, visits)] if visits else None
        rows.append([name, many, visits, problems, rate])
    return rows


def _indicators(model: Model, matrix: FloatArray) -> list[dict[str, Any]]:
    """All indicators of the model in the catalogue's order; one that the catalogue has dropped keeps its key."""
    weights = model.learner.to_json().get("weights") or [None] * len(model.names)
    shares = contribution_shares(model, matrix).tolist() if len(matrix) else [0.0] * len(model.names)
    rows = []
    for key, weight, share in zip(model.names, weights, shares, strict=True):
        known = BY_KEY.get(key)
        rows.append({
            "key": key, "name": known.name if known else key, "english": known.english if known else "",
            "family": FAMILIES.get(known.family, known.family) if known else "", "direction": known.direction if known else 0,
            "weight": weight, "share": share,
        })  # fmt: skip
    return rows
