"""Facts of the chain against figures counted by hand from the sample."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection, update

from registry.tables import PoolExclusion, Task
from reports.chain import read_allocation, read_doors, read_draws, read_grades, read_intake
from reports.roster import RosterView, read_roster
from reports.window import read_window
from tests.reports.sample_plan import SECRET_KEY, WINDOW, Sample
from tests.reports.sample_records import AS_OF, MADE


def test_doors_of_independent_draws(connection: Connection, view: RosterView) -> None:
    """A: 8 × (1 − 2/8 × 5/8) = 6.75; B: 4 × (1 − 1/4 × 1/4) = 3.75; D: 4 × 3/4 = 3."""
    doors = read_doors(connection, view)
    assert doors.independent == pytest.approx(6.75 + 3.75 + 3)
    assert (doors.checks, doors.shared, doors.visits, doors.placed) == (18, 12, 12, 18)


def test_off_site_tasks_open_no_door(connection: Connection, sample: Sample) -> None:
    connection.execute(update(Task).values(method="网络").where(Task.id == sample.task_ids[1]))
    doors = read_doors(connection, read_roster(connection, sample.roster_id))
    assert (doors.checks, doors.shared) == (12, 12)
    assert doors.independent == pytest.approx(12)


def test_duties_count_on_every_side(connection: Connection, sample: Sample) -> None:
    connection.execute(update(PoolExclusion).values(reason="duty").where(PoolExclusion.reason == "spacing"))
    doors = read_doors(connection, read_roster(connection, sample.roster_id))
    assert (doors.checks, doors.shared) == (19, 13)
    assert doors.independent == pytest.approx(13.5 + 1)


def test_intake_adds_up(connection: Connection, sample: Sample) -> None:
    (line,) = read_intake(connection, MADE)
    assert (line.files, line.read, line.valid, line.faulty, line.held) == (2, 200, 194, 6, 1)
    assert read_intake(connection, MADE - timedelta(seconds=1)) == []


def test_grades_of_the_plans_date(connection: Connection, sample: Sample) -> None:
    grades = read_grades(connection, "990100", AS_OF, MADE)
    assert grades.counts == {"A": 8, "B": 4, "C": 0, "D": 4}
    assert grades.layers == {"模型": 12, "刚性规则": 4}
    assert grades.run is not None
    before = read_grades(connection, "990100", AS_OF - timedelta(days=1), MADE)
    assert (sum(before.counts.values()), before.run) == (0, None)


def test_allocation_by_task_and_class(connection: Connection, sample: Sample) -> None:
    lines = {
        (line.task, line.level): (line.size, line.count)
        for line in read_allocation(connection, sample.plan_id)
    }
    assert lines == {
        ("T1", "A"): (8, 6), ("T1", "B"): (4, 3), ("T1", "D"): (4, 3),
        ("T2", "A"): (8, 3), ("T2", "B"): (4, 3), ("T2", "D"): (4, 0),
    }  # fmt: skip


def test_draws_never_carry_the_key(connection: Connection, sample: Sample) -> None:
    draws = read_draws(connection, sample.plan_id)
    assert [draw["kind"] for draw in draws] == ["objects", "teams"]
    assert SECRET_KEY not in str(draws)


def test_the_window_knows_working_and_quiet_days(view: RosterView) -> None:
    days = {day.day: day for day in read_window(view)}
    assert min(days), max(days) == WINDOW
    second, twelfth = WINDOW[0], WINDOW[0] + timedelta(days=10)
    assert days[second].quiet_share == 1.0
    assert days[twelfth].quiet_share == pytest.approx(1 / 12)
    assert not days[second + timedelta(days=5)].working
    assert sum(day.visits for day in days.values()) == 12
    assert not any(day.visits for day in days.values() if day.quiet_share == 1)
