"""Appeals and overrides (异议与调整) of an officer's own area, and what is needed to open one."""

from datetime import date
from typing import Any

from sqlalchemy import Connection, Engine, select

from portal.reading import enterprises, grades
from registry.scope import Scope, not_yours
from registry.tables.grading import Grading
from risk.appeals import appeal_with_acts, appeals, disputable
from risk.explain import Explanation, explain
from risk.overrides import override_of, overrides


def appeals_in(connection: Connection, scope: Scope, place: str) -> list[dict[str, Any]]:
    """The appeals of enterprises of the area, newest first."""
    return _in_area(connection, scope, appeals(connection, place))


def overrides_in(connection: Connection, scope: Scope, place: str, day: date) -> list[dict[str, Any]]:
    """The overrides of enterprises of the area, newest first."""
    return _in_area(connection, scope, overrides(connection, place, day))


def one_appeal(connection: Connection, scope: Scope, appeal_id: int) -> dict[str, Any]:
    """An appeal of the area. Raises Refusal appeal.none, scope.not_yours."""
    found = _in_area(connection, scope, [appeal_with_acts(connection, appeal_id)])
    if not found:
        raise not_yours()
    return found[0]


def require_own_override(connection: Connection, scope: Scope, override_id: int) -> str:
    """Who proposed an override of the area. Raises Refusal override.none, scope.not_yours."""
    found = _in_area(connection, scope, [dict(override_of(connection, override_id))])
    if not found:
        raise not_yours()
    return str(found[0]["proposed_by"])


def review_of(engine: Engine, scope: Scope, place: str, code: str, day: date) -> dict[str, Any]:
    """A grade with the records that may be disputed and what would better it. Raises Refusal scope.not_yours.

    `explanation` is None for a grade from before gradings were frozen: it cannot be computed again.
    """
    with engine.connect() as connection:
        grade, _, _ = grades.one_grade(connection, scope, place, code)
        frozen = select(Grading.snapshot_id).where(Grading.snapshot_id == grade["snapshot_id"])
        explanation: Explanation | None = None
        if connection.execute(frozen).first() is not None:
            explanation = explain(connection, code, day, place, look_ahead=True)
        return {
            "grade": grade, "explanation": explanation,
            "records": disputable(connection, [r.evidence for r in explanation.reasons])
            if explanation
            else [],
            "overrides": overrides(connection, place, day, code),
        }  # fmt: skip


def _in_area(connection: Connection, scope: Scope, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows about enterprises of the area, each with its name."""
    firms = enterprises.by_code(connection, {row["enterprise_code"] for row in rows})
    return [
        {**row, "entname": firms[row["enterprise_code"]]["entname"]}
        for row in rows
        if row["enterprise_code"] in firms
        and firms[row["enterprise_code"]]["localadm"] in scope.offices
    ]  # fmt: skip
