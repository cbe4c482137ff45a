"""Casework (免罚案件): an officer enters a case, the rules propose, an officer decides."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, StringConstraints
from sqlalchemy import Connection, RowMapping, func, insert, select
from sqlalchemy.dialects.postgresql import insert as insert_or_skip

from portal.reading import enterprises
from registry import clock, journal
from registry.errors import Refusal
from registry.scope import Scope, not_yours, office_rows, own_rows
from registry.tables.casework import WaiverCase, WaiverDecision
from registry.tables.judgement import WaiverProposal


def _blank_is_none(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


def _yes_no(value: Any) -> Any:
    return {"yes": True, "no": False}.get(value, _blank_is_none(value))


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
Amount = Annotated[
    Decimal | None, BeforeValidator(_blank_is_none), Field(ge=0, max_digits=16, decimal_places=2)
]
Day = Annotated[date | None, BeforeValidator(_blank_is_none)]
Days = Annotated[int | None, BeforeValidator(_blank_is_none), Field(ge=0, le=36500)]
YesNo = Annotated[bool | None, BeforeValidator(_yes_no)]


class CaseForm(BaseModel):
    """The facts of a case (domain.md 4.4); what is not known stays empty and is asked for."""

    enterprise_code: Text
    item_code: Text
    occurred_on: date
    goods_value: Amount = None
    illegal_gain: Amount = None
    duration_days: Days = None
    corrected_on: Day = None
    order_deadline: Day = None
    harm: YesNo = None
    description: Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)] = ""


def enter_case(
    connection: Connection, scope: Scope, actor: str, form: CaseForm, facts: dict[str, Any]
) -> int:
    """Store a case of an enterprise within the officer's area; its id. Raises Refusal."""
    firm = enterprises.by_code(connection, [form.enterprise_code]).get(form.enterprise_code)
    if firm is None or firm["localadm"] not in scope.offices:
        raise Refusal(
            "waiver.enterprise", "登记信息里没有这个主体，或不在您的辖区。", "请核对统一社会信用代码。"
        )
    if form.occurred_on > clock.today():
        raise Refusal("waiver.future", "违法行为发生日期在今天之后。", "请更正日期。")
    values = form.model_dump(exclude={"description"})
    values["facts"] = facts | ({"description": form.description} if form.description else {})
    stored = (
        insert(WaiverCase).values(**values, entered_by=actor, entered_at=clock.now()).returning(WaiverCase.id)
    )
    case_id = connection.execute(stored).scalar_one()
    journal.append(
        connection, actor, "waiver.case_entered", f"waiver_case:{case_id}", {"item": form.item_code}
    )
    return int(case_id)


def cases_of(connection: Connection, scope: Scope) -> list[RowMapping]:
    """Cases with their newest proposal and its decision, newest first, within the officer's area."""
    wanted = _cases().order_by(WaiverCase.id.desc()).limit(200)
    rows = list(connection.execute(wanted).mappings())
    firms = enterprises.by_code(connection, [row["enterprise_code"] for row in rows])
    return [row for row in rows if _in_area(scope, firms.get(row["enterprise_code"]))]


def one_case(connection: Connection, scope: Scope, case_id: int) -> RowMapping:
    """One case with its newest proposal and decision. Raises Refusal scope.not_yours."""
    row = connection.execute(_cases().where(WaiverCase.id == case_id)).mappings().first()
    if row is None:
        raise not_yours()
    firm = enterprises.by_code(connection, [row["enterprise_code"]]).get(row["enterprise_code"])
    if not _in_area(scope, firm):
        raise not_yours()
    return row


def decide(connection: Connection, scope: Scope, actor: str, case_id: int, waived: bool, reason: str) -> None:
    """An officer's decision on a case's newest proposal, once. Raises Refusal waiver.* ."""
    case = one_case(connection, scope, case_id)
    if case["proposal_id"] is None:
        raise Refusal("waiver.no_proposal", "这个案件还没有研判建议。", "请先生成建议。", 409)
    if len(reason.strip()) < 4:
        raise Refusal("waiver.reason", "决定没有写明理由。", "请写明依据的事实，再提交决定。")
    values = {
        "proposal_id": case["proposal_id"],
        "waived": waived,
        "reason": reason.strip(),
        "decided_by": actor,
        "decided_at": clock.now(),
    }
    once = (
        insert_or_skip(WaiverDecision).values(**values).on_conflict_do_nothing(index_elements=["proposal_id"])
    )
    if connection.execute(once.returning(WaiverDecision.id)).first() is None:
        raise Refusal("waiver.decided", "这个案件已有决定。", "请刷新页面查看。", 409)
    journal.append(connection, actor, "waiver.decided", f"waiver_case:{case_id}", {"waived": waived})


def decided_for(connection: Connection, scope: Scope) -> list[RowMapping]:
    """The enterprise's own decided cases: article, facts and duties, never how the rules reasoned."""
    wanted = (
        select(
            WaiverDecision.waived,
            WaiverDecision.reason,
            WaiverDecision.decided_at,
            WaiverProposal.kind,
            WaiverProposal.article,
            WaiverProposal.documents,
            WaiverCase.item_code,
            WaiverCase.occurred_on,
            WaiverCase.corrected_on,
            WaiverCase.order_deadline,
        )
        .join(WaiverProposal, WaiverProposal.id == WaiverDecision.proposal_id)
        .join(WaiverCase, WaiverCase.id == WaiverProposal.case_id)
        .where(own_rows(scope, WaiverCase.enterprise_code))
        .order_by(WaiverDecision.id.desc())
    )
    return list(connection.execute(wanted).mappings())


def _cases() -> Any:
    newest = (
        select(func.max(WaiverProposal.id).label("id"), WaiverProposal.case_id)
        .group_by(WaiverProposal.case_id)
        .subquery()
    )
    proposal = [
        WaiverProposal.__table__.c[name]
        for name in ("verdict", "kind", "article", "reasons", "missing", "documents", "evidence")
    ]
    return (
        select(
            WaiverCase.__table__,
            WaiverProposal.id.label("proposal_id"),
            *proposal,
            WaiverDecision.waived,
            WaiverDecision.reason,
            WaiverDecision.decided_by,
            WaiverDecision.decided_at,
        )
        .outerjoin(newest, newest.c.case_id == WaiverCase.id)
        .outerjoin(WaiverProposal, WaiverProposal.id == newest.c.id)
        .outerjoin(WaiverDecision, WaiverDecision.proposal_id == WaiverProposal.id)
    )


def _in_area(scope: Scope, firm: RowMapping | None) -> bool:
    office_rows(scope, WaiverCase.enterprise_code)  # refuses a scope that is not an office's
    return firm is not None and firm["localadm"] in scope.offices


FIELD_TITLES = {
    "enterprise_code": "主体代码",
    "item_code": "违法行为",
    "occurred_on": "发生日期",
    "goods_value": "货值",
    "illegal_gain": "违法所得",
    "duration_days": "持续天数",
    "corrected_on": "改正日期",
    "order_deadline": "责令改正期限",
    "harm": "是否造成危害后果",
    "description": "案情",
}
"""What an officer reads beside each field."""
