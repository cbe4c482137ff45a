"""Scope: the tree of offices decides, and doubt is a refusal."""

from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, column, insert

from registry.errors import Refusal
from registry.scope import Scope, member_rows, office_rows, own_rows, require_whole_place, scope_of
from registry.tables.library import Inspector, Office

DAY = date(2026, 12, 1)


def office(
    code: str, parent: str | None, known_at: datetime = datetime(2026, 1, 1), **more: Any
) -> dict[str, Any]:
    return {
        "natural_key": code, "content_hash": "h", "known_at": known_at, "batch_id": 1, "row_no": 1, "retracted": False,
        "office": code, "office_name": code, "level": "区", "parent": parent, "division": code,
    } | more  # fmt: skip


@pytest.fixture
def connection(engine: Engine) -> Any:
    with engine.begin() as opened:
        rows = [
            office("1", None),
            office("11", "1"),
            office("111", "11"),
            office("12", "1"),
            office("2", "nowhere"),
        ]
        opened.execute(insert(Office), rows)
        yield opened


@pytest.mark.parametrize(
    ("subject", "sees", "whole"),
    [
        ("1", {"1", "11", "111", "12"}, True),
        ("11", {"11", "111"}, False),
        ("12", {"12"}, False),
        ("2", {"2"}, True),
    ],
)
def test_an_office_sees_itself_and_those_below(
    connection: Connection, subject: str, sees: set[str], whole: bool
) -> None:
    scope = scope_of(connection, "staff", subject, DAY)
    assert scope.offices == sees
    assert scope.whole_place is whole


def test_digits_of_a_code_decide_nothing(connection: Connection) -> None:
    connection.execute(insert(Office), [office("119", "12")])
    assert "119" not in scope_of(connection, "staff", "11", DAY).offices
    assert "119" in scope_of(connection, "staff", "12", DAY).offices


def test_a_closed_or_future_office_is_unknown(connection: Connection) -> None:
    connection.execute(insert(Office), [office("12", "1", datetime(2026, 6, 1), retracted=True)])
    connection.execute(insert(Office), [office("13", "1", datetime(2027, 1, 1))])
    for subject in ("12", "13"):
        with pytest.raises(Refusal) as refused:
            scope_of(connection, "staff", subject, DAY)
        assert (refused.value.code, refused.value.status) == ("scope.unknown_office", 403)


def test_a_loop_in_the_file_neither_hangs_nor_widens(connection: Connection) -> None:
    connection.execute(insert(Office), [office("31", "32"), office("32", "31")])
    assert scope_of(connection, "staff", "31", DAY).offices == {"31", "32"}


@pytest.mark.parametrize("subject", [None, "", " "])
@pytest.mark.parametrize("role", ["staff", "inspector", "enterprise"])
def test_no_subject_no_rows(connection: Connection, role: str, subject: str | None) -> None:
    with pytest.raises(Refusal, match="没有登记"):
        scope_of(connection, role, subject, DAY)


@pytest.mark.parametrize("role", ["administrator", "auditor", "", "STAFF"])
def test_other_roles_have_no_rows(connection: Connection, role: str) -> None:
    with pytest.raises(Refusal, match="没有数据权限"):
        scope_of(connection, role, "1", DAY)


def test_an_inspector_who_left_sees_nothing(connection: Connection) -> None:
    usual = {"natural_key": "S1", "content_hash": "h", "batch_id": 1, "row_no": 1, "staff_no": "S1", "name": "王",
             "department": "市场监管", "office": "1", "specialities": [], "expert": False}  # fmt: skip
    connection.execute(insert(Inspector), [usual | {"known_at": datetime(2026, 1, 1), "active": True}])
    assert scope_of(connection, "inspector", "S1", DAY).staff_no == "S1"
    connection.execute(insert(Inspector), [usual | {"known_at": datetime(2026, 6, 1), "active": False}])
    with pytest.raises(Refusal):
        scope_of(connection, "inspector", "S1", DAY)


def test_an_unregistered_enterprise_sees_nothing(connection: Connection) -> None:
    with pytest.raises(Refusal):
        scope_of(connection, "enterprise", "91990100MAHR10016J", DAY)


@pytest.mark.parametrize(
    "scope", [Scope("staff"), Scope("inspector"), Scope("enterprise"), Scope("administrator"), Scope("")]
)
def test_an_empty_scope_makes_no_condition(scope: Scope) -> None:
    """A predicate over nothing must refuse: `IN ()` inverted, or left out, would be the whole table."""
    for predicate in (
        lambda: office_rows(scope, column("x")),
        lambda: own_rows(scope, column("x")),
        lambda: member_rows(scope),
    ):
        with pytest.raises(Refusal):
            predicate()
    with pytest.raises(Refusal):
        require_whole_place(scope)


def test_each_role_has_its_own_predicate() -> None:
    firm = Scope("enterprise", enterprise_code="X", offices=frozenset({"1"}), staff_no="S1")
    with pytest.raises(Refusal):
        office_rows(firm, column("x"))
    with pytest.raises(Refusal):
        member_rows(firm)
    assert str(own_rows(firm, column("x")).compile(compile_kwargs={"literal_binds": True})) == "x = 'X'"
