"""Leads (线索核查): complaints, transfers, patrols, data alerts, applications: outside the draw, each approved and on record.

优化营商环境条例第五十四条: such checks are targeted and are not drawn. They count in the disturbance ledger with their
reason, never in the draw; spacing sees them, caps and the undisturbed ratio do not (rule `caps.unplanned_types`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, insert, select, update

from registry import clock
from registry.errors import Refusal
from registry.facts import as_of
from registry.reasons import says_why
from registry.tables import CheckItem, Enterprise, InspectionResult, Lead
from scheduling.acts import act, locked_row, reasoned, refuse, second_person
from scheduling.numbers import next_number
from scheduling.task_spec import ON_SITE

SOURCES = ("转办交办", "投诉举报", "日常巡查", "数据监测", "依申请")
"""交办转办 is written 转办交办, as inspection files write it."""
STATES = {
    "proposed": "待审批",
    "approved": "已批准",
    "refused": "未批准",
    "visited": "已检查",
    "withdrawn": "已撤回",
}
METHODS = (ON_SITE, "书面", "网络")


@dataclass(frozen=True)
class LeadSpec:
    """A lead as entered (线索登记): what it follows, whom to check, by whom, on what, when."""

    place: str
    source: str
    source_no: str
    enterprise_code: str
    department: str
    item_codes: tuple[str, ...]
    reason: str
    received_on: date
    first_day: date
    last_day: date
    method: str = ON_SITE


def propose_lead(engine: Engine, spec: LeadSpec, by: str) -> int:
    """Enter a lead (线索登记); its id. Raises Refusal lead.* where it names nobody, nothing, or no reason."""
    with act(engine, by, "lead.proposed", f"lead {spec.source} {spec.source_no}") as step:
        _refuse_bad_lead(step.connection, spec, by)
        now = clock.now()
        number = next_number(step.connection, Lead, f"XS{spec.place}{now:%Y%m%d}", 4)
        values = vars(spec) | {
            "item_codes": list(spec.item_codes), "number": number, "state": "proposed", "proposed_by": by,
            "proposed_at": now,
        }  # fmt: skip
        lead = int(step.connection.execute(insert(Lead).values(**values).returning(Lead.id)).scalar_one())
        step.subject = f"lead {lead}"
        step.detail |= {"number": number, "source": spec.source, "enterprise": spec.enterprise_code}
        step.detail |= {"department": spec.department, "items": list(spec.item_codes)}
    return lead


def decide_lead(engine: Engine, lead: int, approved: bool, by: str, note: str = "") -> None:
    """Approve or refuse a lead (线索审批), once. Raises Refusal lead.same_person (409) for its own author."""
    name = "lead.approved" if approved else "lead.refused_by_approver"
    with act(engine, by, name, f"lead {lead}") as step:
        row = _locked(step.connection, lead, "proposed")
        second_person(row["proposed_by"], by, "lead", f"线索 {row['number']} 由 {row['proposed_by']} 登记")
        if not approved:
            reasoned(note, "lead.note", "不予批准")
        values = {"decided_by": by, "decided_at": clock.now(), "decision_note": note.strip() or None}
        _change(step.connection, lead, state="approved" if approved else "refused", **values)
        step.detail |= {"number": row["number"], "note": note}


def close_lead(
    engine: Engine, lead: int, visited_on: date, by: str, result_no: str = "", note: str = ""
) -> None:
    """Say that the check took place (核查完成), and under which number its result stands; it enters the ledger.

    Raises Refusal lead.wrong_step (409) unless it was approved: nobody is checked without approval.
    """
    with act(engine, by, "lead.visited", f"lead {lead}") as step:
        row = _locked(step.connection, lead, "approved")
        _refuse_bad_visit(step.connection, row, visited_on, result_no)
        values = {
            "visited_on": visited_on,
            "result_no": result_no or None,
            "close_note": note.strip() or None,
        }
        _change(step.connection, lead, state="visited", closed_by=by, closed_at=clock.now(), **values)
        step.detail |= {"number": row["number"], "visited_on": str(visited_on), "result": result_no}


def withdraw_lead(engine: Engine, lead: int, by: str, note: str) -> None:
    """Give an approved lead up without a check (线索撤回), with the reason."""
    with act(engine, by, "lead.withdrawn", f"lead {lead}") as step:
        row = _locked(step.connection, lead, "approved")
        why = reasoned(note, "lead.note", "撤回")
        _change(
            step.connection,
            lead,
            state="withdrawn",
            closed_by=by,
            closed_at=clock.now(),
            close_note=why,
        )
        step.detail |= {"number": row["number"], "note": why}


def list_leads(connection: Connection, limit: int = 200) -> list[RowMapping]:
    """All leads, newest first."""
    return list(connection.execute(select(Lead.__table__).order_by(Lead.id.desc()).limit(limit)).mappings())


def one_lead(connection: Connection, lead: int) -> RowMapping:
    """One lead. Raises Refusal lead.unknown (404)."""
    row = connection.execute(select(Lead.__table__).where(Lead.id == lead)).mappings().first()
    if row is None:
        raise Refusal(*_unknown(lead), 404)
    return row


def _refuse_bad_lead(connection: Connection, spec: LeadSpec, by: str) -> None:
    today = clock.today()
    if spec.source not in SOURCES:
        raise Refusal("lead.source", f"没有“{spec.source}”这个线索来源。", f"可用：{'、'.join(SOURCES)}。")
    if spec.method not in METHODS:
        raise Refusal("lead.method", f"没有“{spec.method}”这种检查方式。", f"可用：{'、'.join(METHODS)}。")
    if not (by.strip() and says_why(spec.reason) and spec.source_no.strip()):
        raise Refusal(
            "lead.reason",
            "登记人、来源编号或检查理由没有写明。",
            "写明来文、工单或预警的编号，和为什么要查。",
        )
    if spec.received_on > today or spec.last_day < spec.first_day or spec.first_day < spec.received_on:
        raise Refusal(
            "lead.days",
            f"日期不合：收到 {spec.received_on}，检查期 {spec.first_day} 至 {spec.last_day}，今天 {today}。",
            "收到日期不晚于今天和检查期，检查期先起后止。",
        )
    known = as_of(Enterprise, today).subquery().c
    firm = select(known.id).where(known.enterprise_code == spec.enterprise_code)
    if connection.execute(firm).first() is None:
        raise Refusal("lead.enterprise", f"登记信息里没有 {spec.enterprise_code}。", "核对统一社会信用代码。")
    _refuse_unlisted_items(connection, spec, today)


def _refuse_unlisted_items(connection: Connection, spec: LeadSpec, today: date) -> None:
    """国办发〔2024〕54号: an item that is not on the published list may not be checked at all."""
    items = as_of(CheckItem, today).subquery().c
    listed = select(items.item_code).where(
        items.item_code.in_(spec.item_codes),
        items.department == spec.department,
        items.active.is_not(False),
        items.valid_from <= spec.last_day,
        items.valid_to.is_(None) | (items.valid_to >= spec.first_day),
    )
    missing = sorted(set(spec.item_codes) - set(connection.execute(listed).scalars()))
    if missing or not spec.item_codes:
        raise Refusal(
            "lead.items",
            f"{spec.department}的清单里没有在检查期生效的事项{' ' + '、'.join(missing) if missing else ''}，不得实施检查。",
            "从抽查事项清单中选择本部门的事项（国办发〔2024〕54号：未公布的事项不得实施）。",
        )


def _refuse_bad_visit(connection: Connection, row: RowMapping, visited_on: date, result_no: str) -> None:
    if not row["first_day"] <= visited_on <= row["last_day"] or visited_on > clock.today():
        raise Refusal(
            "lead.days",
            f"检查日期 {visited_on} 不在批准的 {row['first_day']} 至 {row['last_day']} 之内，或在今天之后。",
            "核对日期；期限之外的检查须另行报批。",
        )
    if result_no:
        result = as_of(InspectionResult, clock.today()).subquery().c
        same = select(result.id).where(
            result.insp_no == result_no, result.enterprise_code == row["enterprise_code"]
        )
        if connection.execute(same).first() is None:
            raise Refusal(
                "lead.result",
                f"没有该企业编号为 {result_no} 的检查结果。",
                "先归集检查结果，或暂不填结果编号。",
            )


def _locked(connection: Connection, lead: int, state: str) -> RowMapping:
    row = locked_row(connection, Lead, lead, *_unknown(lead))
    if row["state"] != state:
        raise refuse(
            "lead.wrong_step",
            f"线索 {row['number']} 目前{STATES[row['state']]}，这一步只能在{STATES[state]}时办理。",
            "按 登记、审批、检查 的次序办理，已完成的步骤不能重复。",
        )
    return row


def _change(connection: Connection, lead: int, **values: Any) -> None:
    connection.execute(update(Lead).where(Lead.id == lead).values(**values))


def _unknown(lead: int) -> tuple[str, str, str]:
    return "lead.unknown", f"没有编号为 {lead} 的线索。", "从线索列表中选择。"
