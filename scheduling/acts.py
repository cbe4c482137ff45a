"""Acts (程序步骤): one transaction, one journal record, and a record of every refusal as well."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine, RowMapping, Select, select

from registry import journal
from registry.errors import Refusal
from registry.persons import same_person
from registry.reasons import says_why
from registry.tables import Draw, Plan, RosterVersion, Table

CONFLICT = 409


@dataclass
class Act:
    """An act under way: write with `connection`, tell the journal through `subject` and `detail`."""

    connection: Connection
    subject: str
    detail: dict[str, Any] = field(default_factory=dict)


@contextmanager
def act(engine: Engine, actor: str, name: str, subject: str) -> Iterator[Act]:
    """Run an act in one transaction and journal it last (步骤留痕).

    A Refusal rolls the act back and is journalled on its own as `<name>.refused`, so that an attempt to skip or
    repeat a step of a draw leaves a trace (proof C-13).
    """
    try:
        with engine.begin() as connection:
            current = Act(connection, subject)
            yield current
            journal.append(connection, actor, name, current.subject, current.detail)
    except Refusal as refusal:
        attempt = {"code": refusal.code, "sentence": refusal.sentence, "status": refusal.status}
        with engine.begin() as connection:
            journal.append(connection, actor, f"{name}.refused", subject, attempt)
        raise


def refuse(code: str, sentence: str, remedy: str) -> Refusal:
    """A refusal of something that does not fit the state of the plan or draw: HTTP 409."""
    return Refusal(code, sentence, remedy, status=CONFLICT)


def second_person(first: str, by: str, code: str, thing: str) -> None:
    """Refuse `<code>.same_person` (409) where nobody is named, or who began a thing would decide on it as well.

    thing: what it is and who began it, e.g. 计划 … 由 甲 编制.
    """
    if not by.strip() or same_person(first, by):
        raise refuse(f"{code}.same_person", f"{thing}，不能由同一人审批。", "请另一名有审批权限的人员审批。")


def reasoned(text: str, code: str, what: str) -> str:
    """A reason without stray blanks. Raises Refusal `code` where it says nothing."""
    if not says_why(text):
        raise Refusal(code, f"{what}没有写明理由。", "请写明理由，再提交。")
    return text.strip()


PLAN_STATES = {
    "draft": "已编制",
    "approved": "已审批",
    "frozen": "对象池已冻结",
    "allocated": "数量已分配",
    "drawn": "已抽取",
    "rostered": "已排班",
    "superseded": "已被新版本取代",
}


ROSTER_STATES = {
    "dated": "已排日期",
    "staffed": "已排人员",
    "checked": "已独立核验",
    "superseded": "已被取代",
}


def locked_plan(connection: Connection, plan_id: int, *states: str) -> RowMapping:
    """The plan's row, locked until commit; refuses unless it is in one of `states` (any, if none is given)."""
    plan = locked_row(connection, Plan, plan_id, "plan.unknown", f"没有编号为 {plan_id} 的计划。")
    if states and plan["state"] not in states:
        wanted = "或".join(PLAN_STATES[s] for s in states)
        raise refuse(
            "plan.wrong_step",
            f"计划 {plan['number']} 目前{PLAN_STATES[plan['state']]}，这一步只能在{wanted}时进行。",
            "按 编制、审批、冻结、分配、承诺、种子、抽取、公布 的次序办理，已完成的步骤不能重复。",
        )
    return plan


def locked_draw(connection: Connection, draw_id: int) -> RowMapping:
    """The draw's row, locked until commit; refuses (409) where nothing has been committed under this number."""
    sentence = f"没有编号为 {draw_id} 的抽取：尚未公布承诺。"
    return locked_row(
        connection, Draw, draw_id, "draw.not_committed", sentence, "先公布承诺，再登记种子。", CONFLICT
    )


def locked_roster(connection: Connection, roster_id: int) -> RowMapping:
    """The roster version's row, locked until commit."""
    return locked_row(
        connection, RosterVersion, roster_id, "roster.unknown", f"没有编号为 {roster_id} 的排班表。"
    )


def locked_row(
    connection: Connection,
    table: type[Table],
    number: int,
    code: str,
    sentence: str,
    remedy: str = "检查编号。",
    status: int = 404,
) -> RowMapping:
    """A row by its id, locked until commit. Raises Refusal `code` where there is none."""
    columns = table.__table__.c
    query: Select[Any] = select(*columns).where(columns.id == number).with_for_update()
    row = connection.execute(query).mappings().first()
    if row is None:
        raise Refusal(code, sentence, remedy, status)
    return row


def copy_rows(connection: Connection, table: type[Table], frame: pd.DataFrame) -> int:
    """COPY a frame whose columns are the table's into it, in the connection's transaction; rows written.

    NaN and None are NULL. 200,000 rows of a pool take about two seconds.
    """
    if frame.empty:
        return 0
    columns = ", ".join(f'"{name}"' for name in frame.columns)
    content = frame.to_csv(index=False, header=False, na_rep="\\N")
    statement = f"COPY {table.__table__.name} ({columns}) FROM STDIN (FORMAT csv, NULL '\\N')"  # type: ignore[attr-defined]
    raw = connection.connection.driver_connection
    assert raw is not None
    with raw.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(content)
    return len(frame)
