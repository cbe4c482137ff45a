"""The class in force (现行类别): the last grading's class, or the one that two people set for a time. Internal.

An override approved after a grading counts from its approval; one that has ended or was withdrawn counts no more,
although no new grading was made: readers join here, so that nothing has to be switched back by hand.
"""

from datetime import date

from sqlalchemy import ColumnElement, Subquery, case, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from registry.clock import end_of
from registry.tables.judgement import Grade
from registry.tables.override import GradeOverride, OverrideAct


def overrides_in_force(day: date) -> Subquery:
    """The newest approved override of each enterprise on a day: id, place, enterprise_code, credit_risk_class, …"""
    approved = OverrideAct.__table__.alias()
    ended = select(OverrideAct.override_id).where(
        OverrideAct.act == "withdrawn", OverrideAct.acted_at < end_of(day)
    )
    return (
        select(*GradeOverride.__table__.c, approved.c.acted_at.label("approved_at"), approved.c.acted_by)
        .join(approved, (approved.c.override_id == GradeOverride.id) & (approved.c.act == "approved"))
        .where(approved.c.acted_at < end_of(day), GradeOverride.id.not_in(ended))
        .where(GradeOverride.valid_from <= day, GradeOverride.valid_to >= day)
        .ext(distinct_on(GradeOverride.place, GradeOverride.enterprise_code))
        .order_by(GradeOverride.place, GradeOverride.enterprise_code, approved.c.id.desc())
        .subquery("override_in_force")
    )


def same_enterprise(override: Subquery) -> ColumnElement[bool]:
    """How `overrides_in_force` is joined to Grade (outer)."""
    return (override.c.enterprise_code == Grade.enterprise_code) & (override.c.place == Grade.place)


def class_in_force(override: Subquery) -> ColumnElement[str]:
    """The class of a Grade row that was outer-joined to `override`."""
    return case(
        (override.c.approved_at > Grade.made_at, override.c.credit_risk_class),
        (_its_override_ended(override), func.coalesce(Grade.ruled_class, Grade.credit_risk_class)),
        else_=Grade.credit_risk_class,
    )


def layer_in_force(override: Subquery) -> ColumnElement[str]:
    """The layer that decides the class in force; after an override's end, the one below it is the rules or model."""
    return case(
        (override.c.approved_at > Grade.made_at, "override"),
        (_its_override_ended(override) & Grade.rule_code.is_not(None), "hard_rule"),
        (_its_override_ended(override), "model"),
        else_=Grade.deciding_layer,
    )


def _its_override_ended(override: Subquery) -> ColumnElement[bool]:
    return (Grade.deciding_layer == "override") & override.c.id.is_distinct_from(Grade.override_id)
