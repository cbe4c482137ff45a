"""Exemptions from quiet days (安静日豁免) as approved records: one person proposes, another decides, anybody may count them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, insert, select, update

from registry import clock
from registry.clock import end_of
from registry.errors import Refusal
from registry.facts import as_of
from registry.reasons import says_why
from registry.rules import Rulebook, load_rules
from registry.tables import Enterprise, QuietDayExemption
from registry.vocabulary import EXEMPT_CATEGORIES, EXEMPT_CATEGORY_NAMES
from scheduling.acts import act, locked_row, reasoned, refuse, second_person
from scheduling.numbers import next_number
from scheduling.problem import Exemption

STATES = {"proposed": "待审批", "approved": "已批准", "refused": "未批准", "revoked": "已撤销"}


@dataclass(frozen=True)
class ExemptionRequest:
    """What is asked for (豁免申请). Empty `rule_id` or `enterprise_code`: every rule, every enterprise."""

    place: str
    category: str
    department: str
    first_day: date
    last_day: date
    reason: str
    basis: str
    rule_id: str = ""
    enterprise_code: str = ""


def propose_exemption(engine: Engine, request: ExemptionRequest, by: str) -> int:
    """Ask for an exemption (申请豁免); its id. Raises Refusal exemption.* for a request that could never open a door."""
    with act(engine, by, "exemption.proposed", f"exemption {request.category}") as step:
        _refuse_bad_request(step.connection, request, by)
        now = clock.now()
        number = next_number(step.connection, QuietDayExemption, f"HM{request.place}{now:%Y%m%d}", 3)
        values = vars(request) | {
            "number": number,
            "state": "proposed",
            "proposed_by": by,
            "proposed_at": now,
        }
        made = insert(QuietDayExemption).values(**values).returning(QuietDayExemption.id)
        exemption = int(step.connection.execute(made).scalar_one())
        step.subject = f"exemption {exemption}"
        step.detail |= {"number": number} | {k: str(v) for k, v in vars(request).items()}
    return exemption


def decide_exemption(engine: Engine, exemption: int, approved: bool, by: str, note: str = "") -> None:
    """Approve or refuse a request (审批豁免), once. Raises Refusal exemption.same_person (409) for its own author."""
    name = "exemption.approved" if approved else "exemption.refused_by_approver"
    with act(engine, by, name, f"exemption {exemption}") as step:
        row = _locked(step.connection, exemption, "proposed")
        second_person(
            row["proposed_by"], by, "exemption", f"豁免 {row['number']} 由 {row['proposed_by']} 申请"
        )
        if not approved:
            reasoned(note, "exemption.note", "不予批准")
        values = {"decided_by": by, "decided_at": clock.now(), "decision_note": note.strip() or None}
        state = "approved" if approved else "refused"
        _change(step.connection, exemption, state=state, **values)
        step.detail |= {"number": row["number"], "note": note}


def revoke_exemption(engine: Engine, exemption: int, by: str, reason: str) -> None:
    """Take an approved exemption back from now on (撤销豁免); what it opened before stays on record."""
    with act(engine, by, "exemption.revoked", f"exemption {exemption}") as step:
        row = _locked(step.connection, exemption, "approved")
        why = reasoned(reason, "exemption.note", "撤销")
        values = {"revoked_by": by, "revoked_at": clock.now(), "revoke_reason": why}
        _change(step.connection, exemption, state="revoked", **values)
        step.detail |= {"number": row["number"], "reason": why}


def list_exemptions(connection: Connection, limit: int = 200) -> list[RowMapping]:
    """All requests, newest first."""
    wanted = select(QuietDayExemption.__table__).order_by(QuietDayExemption.id.desc()).limit(limit)
    return list(connection.execute(wanted).mappings())


def proposer(connection: Connection, exemption: int) -> str:
    """Who asked for it. Raises Refusal exemption.unknown (404)."""
    asked = select(QuietDayExemption.proposed_by).where(QuietDayExemption.id == exemption)
    found = connection.execute(asked).scalar_one_or_none()
    if found is None:
        raise Refusal(*_unknown(exemption), 404)
    return found


def approved_exemptions(
    connection: Connection, rulebook: Rulebook, place: str, day: date, premises: dict[str, Sequence[str]]
) -> tuple[Exemption, ...]:
    """What may open a quiet day as known on `day`: records approved and not revoked by then, and the rules' own.

    `premises`: enterprise code → its objects. Rule `exemption.standing` names categories that the place lets in
    without a record for each visit (铜梁: 双随机), `exemption.approved` single ones kept as rules.
    """
    table = QuietDayExemption
    known = select(table.__table__).where(
        table.place.in_(rulebook.ancestry(place)), table.decided_at < end_of(day)
    )
    known = known.where(table.state.in_(("approved", "revoked")))
    known = known.where(table.revoked_at.is_(None) | (table.revoked_at >= end_of(day)))
    found = [Exemption(**entry) for entry in rulebook.value("exemption.approved", place, day)]
    standing = rulebook.rule("exemption.standing", place, day)
    for category in standing.value:
        span = (standing.since, standing.until or date.max)
        found.append(
            Exemption(f"standing-{category}", category, *span, "", "", standing.basis, standing.since)
        )
    for row in connection.execute(known.order_by(table.id)).mappings():
        found += _of_record(row, premises)
    return tuple(found)


def _of_record(row: RowMapping, premises: dict[str, Sequence[str]]) -> list[Exemption]:
    """One record: for every premises of its enterprise, or for everybody."""
    code = row["enterprise_code"]
    objects = premises.get(code, [code]) if code else [""]
    return [
        Exemption(
            row["number"] if len(objects) == 1 else f"{row['number']}-{order}",
            row["category"],
            row["first_day"],
            row["last_day"],
            row["rule_id"],
            object_id,
            row["decided_by"],
            row["decided_at"].date(),
        )
        for order, object_id in enumerate(objects, start=1)
    ]


def _refuse_bad_request(connection: Connection, request: ExemptionRequest, by: str) -> None:
    if request.category not in EXEMPT_CATEGORIES:
        names = "、".join(f"{code}（{EXEMPT_CATEGORY_NAMES[code]}）" for code in EXEMPT_CATEGORIES)
        raise Refusal("exemption.category", f"没有“{request.category}”这个豁免类别。", f"可用：{names}。")
    if request.last_day < request.first_day:
        raise Refusal(
            "exemption.days",
            f"豁免期颠倒：{request.first_day} 晚于 {request.last_day}。",
            "更改起止日期。",
        )
    longest = int(load_rules().value("exemption.longest_days", request.place, request.first_day))
    if (request.last_day - request.first_day).days >= longest:
        raise Refusal(
            "exemption.days", f"豁免期超过 {longest} 日。", "分段申请，或由本地规则规定该类别直接豁免。"
        )
    if not (by.strip() and says_why(request.reason) and says_why(request.basis)):
        raise Refusal(
            "exemption.reason", "申请人、理由或依据没有写明。", "写明为什么必须在安静日入企，依据哪一条规定。"
        )
    if request.enterprise_code:
        known = as_of(Enterprise, clock.today()).subquery().c
        if (
            connection.execute(
                select(known.id).where(known.enterprise_code == request.enterprise_code)
            ).first()
            is None
        ):
            raise Refusal(
                "exemption.enterprise",
                f"登记信息里没有 {request.enterprise_code}。",
                "核对统一社会信用代码。",
            )


def _locked(connection: Connection, exemption: int, state: str) -> RowMapping:
    row = locked_row(connection, QuietDayExemption, exemption, *_unknown(exemption))
    if row["state"] != state:
        raise refuse(
            "exemption.wrong_step",
            f"豁免 {row['number']} 目前{STATES[row['state']]}，这一步只能在{STATES[state]}时办理。",
            "打开列表查看它的状态；确需改变的，另行申请。",
        )
    return row


def _unknown(exemption: int) -> tuple[str, str, str]:
    return "exemption.unknown", f"没有编号为 {exemption} 的豁免申请。", "从豁免列表中选择。"


def _change(connection: Connection, exemption: int, **values: Any) -> None:
    connection.execute(update(QuietDayExemption).where(QuietDayExemption.id == exemption).values(**values))
