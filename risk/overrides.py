"""Overrides (人工调整): a class set by two people, for a reason and a limited time; it ends by itself.

It beats the model, hysteresis and hard rules, except that it may not make a class better than one of the effects
named in `grade.override.yields_to` (the direct classes of the law) gives; one that an upheld appeal made may.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, insert, select

from registry import clock, journal
from registry.class_in_force import overrides_in_force
from registry.errors import Refusal
from registry.releases import standing
from registry.rules import load_rules
from registry.tables import Grade, GradeOverride, OverrideAct
from registry.vocabulary import CREDIT_RISK_CLASSES
from risk.hard_rules import PREFIX
from risk.two_people import acts_on, named, reasoned, record_act, refuse_untimely

STATES = {
    "proposed": "待批准",
    "approved": "生效中",
    "rejected": "未批准",
    "withdrawn": "已撤回",
    "waiting": "待生效",
    "ended": "已到期",
}


@dataclass(frozen=True)
class Override:
    """An override in force: its id, class, last day, and what is said of it."""

    id: int
    credit_risk_class: str
    valid_to: date
    reason: str
    basis: str
    by_appeal: bool = False


OF_TABLE = ("id", "credit_risk_class", "valid_to", "reason", "basis", "by_appeal")
"""Columns of the table that make an Override, in its order."""


@dataclass(frozen=True)
class Proposal:
    """What `propose_override` needs. `valid_to` None: as long as the rules allow."""

    enterprise_code: str
    credit_risk_class: str
    reason: str
    basis: str
    valid_from: date
    valid_to: date | None = None


def propose_override(engine: Engine, place: str, proposal: Proposal, by: str) -> int:
    """Propose a class; returns the override's id. Raises Refusal override.*, decision.*."""
    with engine.begin() as connection:
        return propose_within(connection, place, proposal, by)


def propose_within(
    connection: Connection, place: str, proposal: Proposal, by: str, upheld: bool = False
) -> int:
    """The same inside a transaction. upheld: by an appeal, which found the record behind a direct class wrong."""
    if proposal.credit_risk_class not in CREDIT_RISK_CLASSES:
        raise Refusal("override.class", f"没有类别“{proposal.credit_risk_class}”。", "可选：A、B、C、D。")
    if not proposal.basis.strip():
        raise Refusal("override.basis", "没有写明依据。", "写明文件、条款或认定文书号。")
    valid_to = _last_day(place, proposal)
    grade = latest_grade(connection, proposal.enterprise_code, proposal.valid_from, place)
    if not upheld:
        _refuse_against_the_law(grade, proposal)
    values = {
        "place": place, "enterprise_code": proposal.enterprise_code, "credit_risk_class": proposal.credit_risk_class,
        "valid_from": proposal.valid_from, "valid_to": valid_to, "reason": reasoned(proposal.reason),
        "basis": proposal.basis.strip(), "by_appeal": upheld, "proposed_by": named(by), "proposed_at": clock.now(),
    }  # fmt: skip
    stored = insert(GradeOverride).values(**values).returning(GradeOverride.id)
    override = int(connection.execute(stored).scalar_one())
    told = {"enterprise": proposal.enterprise_code, "from": str(proposal.valid_from), "to": str(valid_to)}
    journal.append(connection, by, "override.proposed", f"grade_override:{override}", told)
    return override


def decide_override(engine: Engine, override_id: int, act: str, by: str, reason: str) -> None:
    """approved or rejected by another person than the proposer; an approved one withdrawn by anybody named.

    Raises Refusal override.none, decision.*.
    """
    with engine.begin() as connection:
        decide_within(connection, override_id, act, by, reason)


def decide_within(connection: Connection, override_id: int, act: str, by: str, reason: str) -> None:
    """The same inside a transaction."""
    proposal = override_of(connection, override_id)
    done = acts_on(connection, OverrideAct, "override_id", override_id)
    refuse_untimely(done, act, proposal["proposed_by"], by)
    record_act(connection, OverrideAct, "override_id", override_id, act, by, reasoned(reason))
    told = {"enterprise": proposal["enterprise_code"], "to": str(proposal["valid_to"])}
    journal.append(connection, by, f"override.{act}", f"grade_override:{override_id}", told)


def read_overrides(connection: Connection, day: date, place: str) -> dict[str, Override]:
    """Enterprise code → the override in force on a day."""
    found = overrides_in_force(day)
    columns = (found.c[name] for name in OF_TABLE)
    wanted = select(found.c.enterprise_code, *columns).where(found.c.place == place)
    return {code: Override(*rest) for code, *rest in connection.execute(wanted)}


def overrides_behind(connection: Connection, snapshot_id: int) -> dict[str, Override]:
    """Enterprise code → the override that decided its grade in a grading, whatever happened to it since."""
    columns = (GradeOverride.__table__.c[name] for name in OF_TABLE)
    wanted = select(Grade.enterprise_code, *columns).join(
        GradeOverride, GradeOverride.id == Grade.override_id
    )
    rows = connection.execute(wanted.where(Grade.snapshot_id == snapshot_id))
    return {code: Override(*rest) for code, *rest in rows}


def overrides(connection: Connection, place: str, day: date, code: str = "") -> list[dict[str, Any]]:
    """All overrides of a place (of one enterprise), newest first, each with its acts and its `state` on the day."""
    wanted = select(*GradeOverride.__table__.c).where(GradeOverride.place == place)
    if code:
        wanted = wanted.where(GradeOverride.enterprise_code == code)
    rows = connection.execute(wanted.order_by(GradeOverride.id.desc()).limit(500)).mappings().all()
    found = []
    for row in rows:
        acts = acts_on(connection, OverrideAct, "override_id", row["id"])
        found.append({**row, "acts": acts, "state": _state(row, acts, day)})
    return found


def override_of(connection: Connection, override_id: int) -> RowMapping:
    """A proposal. Raises Refusal override.none."""
    wanted = select(*GradeOverride.__table__.c).where(GradeOverride.id == override_id)
    found = connection.execute(wanted).mappings().first()
    if found is None:
        raise Refusal(
            "override.none", f"没有第 {override_id} 号人工调整。", "用 wurao override list 查看。", 404
        )
    return found


def latest_grade(connection: Connection, code: str, day: date, place: str) -> RowMapping:
    """The newest grade of an enterprise as of a day, held-back gradings left out. Raises Refusal explain.not_graded."""
    wanted = (
        select(*Grade.__table__.c)
        .where(Grade.enterprise_code == code, Grade.place == place, Grade.as_of <= day)
        .where(standing(Grade.snapshot_id, place))
        .order_by(Grade.as_of.desc(), Grade.id.desc())
        .limit(1)
    )
    found = connection.execute(wanted).mappings().first()
    if found is None:
        raise Refusal(
            "explain.not_graded", f"{code} 截至 {day} 在 {place} 没有分类结果。",
            "核对统一社会信用代码，或先运行 wurao grade。", status=404,
        )  # fmt: skip
    return found


def yields_to(rule_code: str | None, place: str, day: date) -> bool:
    """Whether a hard rule is one that no override may soften."""
    book = load_rules()
    rules = {rule.key: rule for rule in book.in_force(PREFIX, place, day)}
    rule = rules.get(PREFIX + (rule_code or ""))
    return rule is not None and rule.value["effect"] in book.value("grade.override.yields_to", place, day)


def _last_day(place: str, proposal: Proposal) -> date:
    longest = int(load_rules().value("grade.override.longest_days", place, proposal.valid_from))
    last = proposal.valid_from + timedelta(days=longest)
    valid_to = proposal.valid_to or last
    if not proposal.valid_from <= valid_to <= last:
        raise Refusal(
            "override.too_long", f"有效期 {proposal.valid_from} 至 {valid_to} 不对，最长 {longest} 天。",
            f"到期日不晚于 {last}；到期仍有必要的，重新提出。",
        )  # fmt: skip
    return valid_to


def _refuse_against_the_law(grade: RowMapping, proposal: Proposal) -> None:
    better = proposal.credit_risk_class < grade["credit_risk_class"]
    if better and yields_to(grade["rule_code"], grade["place"], grade["as_of"]):
        raise Refusal(
            "override.against_rule", f"该主体的类别由规则 {grade['rule_code']} 直接确定，人工调整不得更好。",
            "先由原机关撤销或修复规则所依据的记录；对记录有异议的，用 wurao appeal open。",
        )  # fmt: skip


def _state(row: RowMapping, acts: dict[str, RowMapping], day: date) -> str:
    decided = next((name for name in ("withdrawn", "rejected") if name in acts), None)
    if decided or "approved" not in acts:
        return decided or "proposed"
    if day < row["valid_from"]:
        return "waiting"
    return "approved" if day <= row["valid_to"] else "ended"
