"""Quiet days as a plan sees them: regional rules from the law, single ones from the table, as known on the date."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from registry.rules import load_rules
from registry.tables import Enterprise, Premises, QuietDayRecord
from scheduling.candidates import read_candidates
from scheduling.open_calendar import OpenCalendar, read_calendar
from tests.scheduling.town_records import AS_OF, PLACE, add, code, enterprise, fact, premises, town

FIRST, LAST = date(2026, 10, 1), date(2026, 10, 31)


def record(scope: str, value: str, **changes: Any) -> dict[str, Any]:
    """A quiet-day record."""
    plain = {
        "scope": scope, "scope_value": value, "month_days": [], "date_from": date(2026, 1, 1),
        "date_to": date(2026, 12, 31), "exempt": [], "basis": "登记",
    }  # fmt: skip
    return fact(f"q{scope}{value}", **(plain | changes))


@pytest.fixture(scope="module")
def engine(server: Any, template: str) -> Iterator[Engine]:
    with town(server, template, many=12) as made:
        add(made, Enterprise, enterprise(5, park="高新园", known_at=AS_OF - timedelta(days=1)))
        add(made, Premises, premises(3, 2))
        add(
            made,
            QuietDayRecord,
            record("park", "高新园", month_days=list(range(1, 16))),
            record("enterprise", code(9), date_from=date(2026, 10, 12), date_to=date(2026, 10, 16)),
            record("enterprise", code(11), month_days=[8], known_at=AS_OF + timedelta(days=1)),
            record("enterprise", code(1), month_days=[8], date_to=date(2026, 9, 30)),
        )
        yield made


@pytest.fixture(scope="module")
def opened(engine: Engine) -> dict[str, set[int]]:
    """Object → open days of October for a 双随机 check."""
    with engine.connect() as connection:
        objects = read_candidates(connection, AS_OF, "B")
        calendar = read_calendar(connection, load_rules(), PLACE, AS_OF, objects)
    days = calendar.days(FIRST, LAST)
    matrix = calendar.open(objects, days, ("double_random",))
    return {
        o: {day.day for day, yes in zip(days, row, strict=True) if yes}
        for o, row in zip(objects["object_id"], matrix, strict=True)
    }


def test_working_days_follow_the_announced_calendar(opened: dict[str, set[int]]) -> None:
    assert opened[code(2)] >= {8, 9, 10}, "10 October 2026 is a make-up workday"
    assert not opened[code(2)] & {1, 2, 5, 7, 11}


def test_the_regional_rule_closes_days_1_to_20_for_scaled_firms(opened: dict[str, set[int]]) -> None:
    assert opened[code(7)]
    assert min(opened[code(7)]) > 20


def test_a_park_and_an_enterprise_with_all_its_premises_by_record(opened: dict[str, set[int]]) -> None:
    assert min(opened[code(5)]) > 15
    assert min(opened[code(3)]) > 25
    assert min(opened[code(3) + "#2"]) > 25


def test_a_record_without_days_of_the_month_is_a_range(opened: dict[str, set[int]]) -> None:
    assert opened[code(2)] - opened[code(9)] == {12, 13, 14, 15, 16}


def test_records_not_known_or_no_longer_valid_close_nothing(opened: dict[str, set[int]]) -> None:
    assert 8 in opened[code(11)]
    assert 8 in opened[code(1)]


def test_another_place_has_no_regional_rule(engine: Engine) -> None:
    with engine.connect() as connection:
        objects = read_candidates(connection, AS_OF, "B")
        calendar = read_calendar(connection, load_rules(), "austin", AS_OF, objects)
    assert isinstance(calendar, OpenCalendar)
    assert all(rule.id.startswith("record-") for rule in calendar.rules)
    assert {rule.basis for rule in calendar.rules} == {"登记"}
