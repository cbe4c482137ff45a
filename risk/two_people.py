"""Two people (双人复核): one proposes, another approves; each act written once, dated, and journalled."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, RowMapping, select
from sqlalchemy.dialects.postgresql import insert

from registry import clock
from registry.errors import Refusal
from registry.persons import same_person
from registry.reasons import SHORTEST_REASON, says_why
from registry.tables.declaration import Table


def named(person: str) -> str:
    """A person's name without stray blanks. Raises Refusal decision.nobody."""
    if not person.strip():
        raise Refusal("decision.nobody", "没有写明经办人。", "写上提出人和批准人的姓名或登录名。")
    return person.strip()


def reasoned(reason: str) -> str:
    """A reason without stray blanks. Raises Refusal decision.reason."""
    if not says_why(reason):
        raise Refusal("decision.reason", "没有写明理由。", f"写明依据的事实，至少 {SHORTEST_REASON} 个字。")
    return reason.strip()


def refuse_same(first: str, second: str) -> None:
    """Raises Refusal decision.same_person where one person would approve what they proposed."""
    if same_person(named(first), named(second)):
        raise Refusal("decision.same_person", f"{second} 不能批准自己提出的事项。", "请另一人批准。", 403)


def refuse_untimely(done: Collection[str], act: str, proposer: str, by: str) -> None:
    """A proposal is approved or rejected once, by another person; only an approved one can be withdrawn.

    done: the acts about it so far. Raises Refusal decision.not_approved, decision.done, decision.same_person.
    """
    if act == "withdrawn":
        if "approved" not in done:
            raise Refusal("decision.not_approved", "还没有批准，无从撤回。", "待批准的可以不予批准。", 409)
    elif done:
        raise Refusal("decision.done", "这项提议已有决定。", "请刷新查看现在的状态。", 409)
    else:
        refuse_same(proposer, by)


def record_act(
    connection: Connection,
    table: type[Table],
    key: str,
    subject: int,
    act: str,
    by: str,
    reason: str,
    **more: Any,
) -> None:
    """Write one act about a proposal. Raises Refusal decision.done (409) if it was done before."""
    values = {
        key: subject,
        "act": act,
        "acted_by": named(by),
        "reason": reason.strip(),
        "acted_at": clock.now(),
        **more,
    }
    once = insert(table).values(**values).on_conflict_do_nothing(index_elements=[key, "act"])
    if connection.execute(once.returning(table.__table__.c.id)).first() is None:
        raise Refusal("decision.done", "这件事已经办过。", "请刷新查看现在的状态。", 409)


def acts_on(connection: Connection, table: type[Table], key: str, subject: int) -> dict[str, RowMapping]:
    """Act → its row."""
    columns = table.__table__.c
    rows = connection.execute(select(*columns).where(columns[key] == subject).order_by(columns.id)).mappings()
    return {row["act"]: row for row in rows}
