"""Appeals (异议): a past grade computed again without the records disputed, old and new side by side, and a decision.

Upheld, a better class is in force at once as an override with an end, until the corrected record arrives: correcting
is for whoever made the record (市场监督管理信用修复管理办法; 企业信息公示暂行条例 第二十一条), not for grading.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, insert, select

from registry import clock, journal
from registry.errors import Refusal
from registry.facts import table_named
from registry.tables import AppealAct, Grade, GradeAppeal
from risk.archive import COLUMNS
from risk.counterfactual import NAMES
from risk.frozen import frozen_grading
from risk.overrides import Proposal, decide_within, latest_grade, propose_within
from risk.reasons import DATES
from risk.recompute import Recomputed, recompute
from risk.two_people import acts_on, named, reasoned, record_act, refuse_same

STATES = {
    "open": "待处理",
    "uphold": "拟支持，待批准",
    "reject": "拟不支持，待批准",
    "upheld": "已支持",
    "rejected": "未支持",
}
DISPUTABLE = {table.__tablename__ for table in COLUMNS} - {"enterprise"}


@dataclass(frozen=True)
class Disputed:
    """One record disputed: its table, id, natural key, and words for people."""

    table: str
    id: int
    natural_key: str
    what: str


def facts_named(words: str) -> list[tuple[str, int]]:
    """`penalty:123,complaint:7` → [(penalty, 123), (complaint, 7)]. Raises Refusal appeal.facts."""
    found = []
    for word in filter(None, (part.strip() for part in words.split(","))):
        table, _, number = word.partition(":")
        if table not in DISPUTABLE or not number.isascii() or not number.isdigit():
            raise Refusal(
                "appeal.facts", f"“{word}”不是可异议的记录。",
                f"写作 表名:编号，用逗号分开，例如 penalty:123；表名可选 {'、'.join(sorted(DISPUTABLE))}。",
            )  # fmt: skip
        found.append((table, int(number)))
    if not found:
        raise Refusal("appeal.facts", "没有写明对哪些记录有异议。", "至少写一条，例如 penalty:123。")
    return list(dict.fromkeys(found))


def open_appeal(
    engine: Engine, code: str, as_of: date, place: str, facts: list[tuple[str, int]], reason: str, by: str
) -> int:
    """Open an appeal against the class in force on a day; returns its number, with the comparison computed.

    Raises Refusal explain.not_graded, appeal.not_its_record, grade.not_frozen, decision.*.
    """
    reason, by = reasoned(reason), named(by)
    with engine.connect() as connection:
        grade = latest_grade(connection, code, as_of, place)
        frozen = frozen_grading(connection, grade["snapshot_id"])
        disputed = [_disputed(connection, grade, frozen.grading["facts"], *fact) for fact in facts]
        comparison = compare(connection, grade, disputed)
    values = {
        "grade_id": grade["id"], "place": place, "enterprise_code": code, "comparison": comparison, "reason": reason,
        "disputed": [{"table": d.table, "id": d.id, "what": d.what} for d in disputed],
        "opened_by": by, "opened_at": clock.now(),
    }  # fmt: skip
    with engine.begin() as connection:
        stored = insert(GradeAppeal).values(**values).returning(GradeAppeal.id)
        appeal = int(connection.execute(stored).scalar_one())
        told = {"grade": grade["id"], "records": [f"{d.table}:{d.id}" for d in disputed]}
        journal.append(connection, by, "appeal.opened", f"grade_appeal:{appeal}", told)
    return appeal


def compare(connection: Connection, grade: RowMapping, disputed: list[Disputed]) -> dict[str, Any]:
    """Old and new side by side. `faithful`: computed again with everything, the stored grade came out exactly."""
    without: dict[str, list[str]] = {}
    for record in disputed:
        without.setdefault(record.table, []).append(record.natural_key)
    old, new = recompute(connection, grade), recompute(connection, grade, without)
    groups: list[dict[str, Any]] = [
        {"group": name, "old": value, "new": new.groups[name], "difference": new.groups[name] - value}
        for name, value in old.groups.items()
        if value or new.groups[name]
    ]
    groups.sort(key=lambda row: -abs(row["difference"]))
    return {"faithful": old.equals(grade), "old": _side(old), "new": _side(new), "groups": groups}


def propose_decision(engine: Engine, appeal_id: int, uphold: bool, by: str, reason: str) -> None:
    """The first of two people says what shall be decided. Raises Refusal appeal.none, decision.*."""
    with engine.begin() as connection:
        appeal_of(connection, appeal_id)
        if acts_on(connection, AppealAct, "appeal_id", appeal_id):
            raise Refusal("decision.done", "这件异议已有处理意见。", "请刷新查看现在的状态。", 409)
        act = "uphold" if uphold else "reject"
        record_act(connection, AppealAct, "appeal_id", appeal_id, act, by, reasoned(reason))
        journal.append(connection, by, f"appeal.proposed_{act}", f"grade_appeal:{appeal_id}", {})


def approve_decision(engine: Engine, appeal_id: int, by: str, reason: str) -> int | None:
    """The second person approves; returns the override's id where a better class is in force from now on.

    Raises Refusal appeal.no_opinion (409), decision.same_person, decision.done.
    """
    with engine.begin() as connection:
        appeal = appeal_of(connection, appeal_id)
        acts = acts_on(connection, AppealAct, "appeal_id", appeal_id)
        opinion = acts.get("uphold") or acts.get("reject")
        if opinion is None:
            raise Refusal("appeal.no_opinion", "还没有处理意见，无从批准。", "先由经办人提出意见。", 409)
        refuse_same(opinion["acted_by"], by)
        override = _correct_meanwhile(connection, appeal, opinion, by) if opinion["act"] == "uphold" else None
        record_act(
            connection,
            AppealAct,
            "appeal_id",
            appeal_id,
            "approved",
            by,
            reasoned(reason),
            override_id=override,
        )
        told = {"upheld": opinion["act"] == "uphold", "override": override}
        journal.append(connection, by, "appeal.decided", f"grade_appeal:{appeal_id}", told)
    return override


def decide_appeal(
    engine: Engine, appeal_id: int, uphold: bool, by: str, approved_by: str, reason: str
) -> int | None:
    """Both acts of the decision; returns the override's id, if one was made."""
    refuse_same(by, approved_by)
    propose_decision(engine, appeal_id, uphold, by, reason)
    return approve_decision(engine, appeal_id, approved_by, reason)


def appeal_of(connection: Connection, appeal_id: int) -> RowMapping:
    """An appeal. Raises Refusal appeal.none."""
    wanted = select(*GradeAppeal.__table__.c, Grade.as_of, Grade.credit_risk_class).join(
        Grade, Grade.id == GradeAppeal.grade_id
    )
    found = connection.execute(wanted.where(GradeAppeal.id == appeal_id)).mappings().first()
    if found is None:
        raise Refusal("appeal.none", f"没有第 {appeal_id} 号异议。", "用 wurao appeal list 查看。", 404)
    return found


def appeal_with_acts(connection: Connection, appeal_id: int) -> dict[str, Any]:
    """An appeal with its acts, its `state`, and what is to be done next."""
    appeal = appeal_of(connection, appeal_id)
    acts = acts_on(connection, AppealAct, "appeal_id", appeal_id)
    return {**appeal, "acts": acts, "state": _state(acts), "next": _next(appeal, acts)}


def appeals(connection: Connection, place: str) -> list[dict[str, Any]]:
    """The appeals of a place, newest first, each as `appeal_with_acts`."""
    wanted = select(GradeAppeal.id).where(GradeAppeal.place == place).order_by(GradeAppeal.id.desc())
    numbers = connection.execute(wanted.limit(500)).scalars().all()
    return [appeal_with_acts(connection, number) for number in numbers]


def disputable(connection: Connection, evidence: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The records that the reasons of a grade rest on (`evidence` of each), for a form: table, id, words."""
    named = {
        (name, number)
        for each in evidence
        for name, ids in each.get("records", {}).items()
        for number in (ids if name in DISPUTABLE else [])
    }
    return [{"table": t, "id": n, "what": _words(connection, t, n)} for t, n in sorted(named)]


def _disputed(
    connection: Connection, grade: RowMapping, facts: dict[str, Any], name: str, number: int
) -> Disputed:
    table: Any = table_named(name)
    wanted = select(table.natural_key, table.enterprise_code).where(table.id == number)
    found = connection.execute(wanted).first()
    known = found is not None and number <= facts.get(name, {}).get("last_id", 0)
    if found is None or not known or found.enterprise_code != grade["enterprise_code"]:
        raise Refusal(
            "appeal.not_its_record", f"{name}:{number} 不是该主体在这次分类时的记录。",
            "记录编号见 wurao explain 的理由，或分类页的证据。",
        )  # fmt: skip
    return Disputed(name, number, found.natural_key, _words(connection, name, number))


def _words(connection: Connection, name: str, number: int) -> str:
    table: Any = table_named(name)
    when = DATES.get(name)
    if when is None:
        return NAMES.get(name, name)
    day = connection.execute(select(table.__table__.c[when]).where(table.id == number)).scalar_one_or_none()
    return f"{day} 的{NAMES.get(name, name)}" if day else NAMES.get(name, name)


def _side(side: Recomputed) -> dict[str, Any]:
    return asdict(side)


def _correct_meanwhile(
    connection: Connection, appeal: RowMapping, opinion: RowMapping, by: str
) -> int | None:
    """The class without the disputed records as an override from today, where it is better; its id."""
    newer = str(appeal["comparison"]["new"]["credit_risk_class"])
    if newer >= appeal["credit_risk_class"]:
        return None
    reason, basis = f"异议第 {appeal['id']} 号成立：{opinion['reason']}", f"异议第 {appeal['id']} 号决定"
    proposal = Proposal(appeal["enterprise_code"], newer, reason, basis, clock.today())
    override = propose_within(connection, appeal["place"], proposal, opinion["acted_by"], upheld=True)
    decide_within(connection, override, "approved", by, reason)
    return override


def _state(acts: dict[str, RowMapping]) -> str:
    opinion = next((name for name in ("uphold", "reject") if name in acts), "open")
    return {"uphold": "upheld", "reject": "rejected"}[opinion] if "approved" in acts else opinion


def _next(appeal: RowMapping, acts: dict[str, RowMapping]) -> str:
    """What is to be done next, in a sentence."""
    state = _state(acts)
    if state == "open":
        return "由经办人提出支持或不支持的意见。"
    if state in ("uphold", "reject"):
        return f"由 {acts[state]['acted_by']} 以外的人批准。"
    if state == "rejected":
        return "告知异议人不予支持的理由；类别不变。"
    records = "、".join(f"{d['what']}（{d['table']}:{d['id']}）" for d in appeal["disputed"])
    override = acts["approved"]["override_id"]
    meanwhile = f"更正到达前由第 {override} 号人工调整执行，更正并重新分类后可撤回；" if override else ""
    return (
        f"由作出记录的机构更正或撤销：{records}；更正件按原文号重新报送（数据归集，docs/batches.md），"
        f"系统记为新版本；{meanwhile}下次分类即按更正后的事实。"
    )
