"""Grades (风险分类) that were released, for officers: counts, a searchable list, one enterprise with its reasons."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, RowMapping, Select, Subquery, case, func, outerjoin, select

from portal.reading import enterprises
from registry import clock
from registry.class_in_force import class_in_force, layer_in_force, overrides_in_force, same_enterprise
from registry.facts import as_of
from registry.releases import released
from registry.scope import Scope, not_yours, office_rows
from registry.tables.enterprise import Enterprise
from registry.tables.judgement import FeatureSnapshot, Grade, GradeReason

PAGE = 50


@dataclass(frozen=True)
class GradePage:
    """One page of the list."""

    rows: list[RowMapping]
    total: int
    page: int

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // PAGE))


def latest_day(connection: Connection, place: str) -> date | None:
    """The date of the last released grading of a place."""
    wanted = select(func.max(Grade.as_of)).where(Grade.place == place, released(Grade.snapshot_id))
    return connection.execute(wanted).scalar_one()


def grading_days(connection: Connection, place: str) -> list[date]:
    """The days as of which a place was graded, newest first."""
    wanted = select(FeatureSnapshot.as_of).where(FeatureSnapshot.place == place).distinct()
    return list(connection.scalars(wanted.order_by(FeatureSnapshot.as_of.desc()).limit(60)))


def class_counts(connection: Connection, scope: Scope, place: str) -> dict[str, int]:
    """Class → enterprises, in the last grading, within the scope."""
    graded = _graded(scope, place)
    counted = select(graded.c.credit_risk_class, func.count()).group_by(graded.c.credit_risk_class)
    return {row[0]: row[1] for row in connection.execute(counted)}


def grade_page(
    connection: Connection, scope: Scope, place: str, klass: str = "", text: str = "", page: int = 1
) -> GradePage:
    """The enterprises of a class whose name or code contains `text`, riskiest first."""
    graded = _graded(scope, place)
    wanted = select(graded)
    if klass:
        wanted = wanted.where(graded.c.credit_risk_class == klass)
    if text.strip():
        wanted = wanted.where(graded.c.enterprise_code.in_(enterprises.named_like(connection, text)))
    total = connection.execute(select(func.count()).select_from(wanted.subquery())).scalar_one()
    worst_first = case({"D": 0, "C": 1, "B": 2}, value=graded.c.credit_risk_class, else_=3)
    ordered = wanted.order_by(worst_first, graded.c.probability.desc(), graded.c.enterprise_code)
    rows = connection.execute(ordered.limit(PAGE).offset((page - 1) * PAGE)).mappings().all()
    return GradePage(list(rows), total, page)


def one_grade(
    connection: Connection, scope: Scope, place: str, code: str
) -> tuple[RowMapping, list[RowMapping], list[RowMapping]]:
    """An enterprise's last grade, its reasons, and its earlier grades. Raises Refusal scope.not_yours."""
    graded = _graded(scope, place)
    grade = connection.execute(select(graded).where(graded.c.enterprise_code == code)).mappings().first()
    if grade is None:
        raise not_yours()
    reasons = (
        select(GradeReason.__table__).where(GradeReason.grade_id == grade["id"]).order_by(GradeReason.rank)
    )
    earlier = (
        select(Grade.as_of, Grade.credit_risk_class, Grade.deciding_layer)
        .where(Grade.enterprise_code == code, Grade.place == place, released(Grade.snapshot_id))
        .order_by(Grade.as_of.desc(), Grade.id.desc())
        .limit(24)
    )
    return grade, list(connection.execute(reasons).mappings()), list(connection.execute(earlier).mappings())


def _graded(scope: Scope, place: str) -> Subquery:
    today = clock.today()
    firm = as_of(Enterprise, today).subquery()
    return (
        _last_grades(place)
        .join(firm, firm.c.enterprise_code == Grade.enterprise_code)
        .add_columns(firm.c.entname, firm.c.localadm, firm.c.dom, firm.c.regstate)
        .where(office_rows(scope, firm.c.localadm))
        .subquery()
    )


def _last_grades(place: str) -> Select[tuple[object, ...]]:
    """The last released grading of the place; where a day was graded twice, its later run. Overrides in force today
    count."""
    mine = (Grade.place == place) & released(Grade.snapshot_id)
    last_day = select(func.max(Grade.as_of)).where(mine).scalar_subquery()
    last_run = select(func.max(Grade.snapshot_id)).where(mine, Grade.as_of == last_day).scalar_subquery()
    override = overrides_in_force(clock.today())
    kept = [c for c in Grade.__table__.c if c.name not in ("credit_risk_class", "deciding_layer")]
    return (
        select(
            *kept,
            Grade.credit_risk_class.label("graded_class"),
            class_in_force(override).label("credit_risk_class"),
            layer_in_force(override).label("deciding_layer"),
            override.c.valid_to.label("override_until"),
        )
        .select_from(outerjoin(Grade, override, same_enterprise(override)))
        .where(Grade.place == place, Grade.as_of == last_day, Grade.snapshot_id == last_run)
    )
