"""Rates against figures counted by hand from the sample: 12 visits, 12 checks of 市场监管, 6 of 人社."""

from datetime import date

import pytest
from sqlalchemy import Connection, insert, select, update

from registry.tables import InspectionResult, Plan, ResultSubmission, Task, Visit
from reports.statistics import Completion, Undisturbed, count_completion, count_plans, count_undisturbed
from tests.reports.sample_plan import Sample, at
from tests.reports.sample_records import DEPARTMENTS, fact

LATER = date(2026, 12, 31)


def submit(
    connection: Connection,
    visit_id: int,
    department: str,
    code: str,
    state: str,
    key: str,
    day: date = date(2026, 11, 20),
) -> None:
    connection.execute(
        insert(ResultSubmission).values(
            device_id=key, content_hash="c", receipt_no=key, visit_id=visit_id, staff_no="S000", department=department,
            inspected_on=day, item_results={"A07": {"checked": True, "result_code": code, "note": ""}}, state=state,
            submitted_at=at(day),
        )
    )  # fmt: skip


@pytest.fixture
def results(connection: Connection, sample: Sample) -> Connection:
    """市场监管 enters 5 of its 12 (3 published, of which 1 with a problem); 人社 all of its 6, published, fine."""
    visits = list(
        connection.execute(
            select(Visit.id).where(Visit.roster_id == sample.roster_id).order_by(Visit.visit_no)
        ).scalars()
    )
    for n, (code, state) in enumerate(
        [("R01", "已公示"), ("R07", "已公示"), ("R05", "已公示"), ("R01", "待审核"), ("R01", "审核退回")]
    ):
        submit(connection, visits[n], "市场监管", code, state, f"m{n}")
    for n in range(0, 12, 2):
        submit(connection, visits[n], "人社", "R01", "已公示", f"h{n}")
    return connection


def by_name(figures: list[Completion]) -> dict[str, Completion]:
    return {figure.department: figure for figure in figures}


def test_rates_follow_the_published_formulas(results: Connection, sample: Sample) -> None:
    figures = by_name(count_completion(results, sample.plan_id, LATER))
    market = figures["市场监管"]
    assert (market.tasks, market.tasks_done, market.due, market.checked) == (1, 0, 12, 5)
    assert (market.published, market.settled) == (3, 2)
    assert market.task_rate == 0
    assert market.check_rate == pytest.approx(5 / 12)
    assert market.settled_rate == pytest.approx(2 / 5)
    labour = figures["人社"]
    assert (labour.task_rate, labour.check_rate, labour.settled_rate) == (1, 1, 1)


def test_every_department_is_listed(results: Connection, sample: Sample) -> None:
    figures = count_completion(results, sample.plan_id, LATER)
    assert tuple(figure.department for figure in figures) == DEPARTMENTS
    idle = by_name(figures)["文旅"]
    assert (idle.tasks, idle.due, idle.checked) == (0, 0, 0)
    assert idle.check_rate is None


def test_results_known_later_do_not_count(results: Connection, sample: Sample) -> None:
    before = by_name(count_completion(results, sample.plan_id, date(2026, 11, 19)))
    assert before["市场监管"].checked == 0


def test_a_second_submission_replaces_the_first(results: Connection, sample: Sample) -> None:
    visit = results.execute(select(Visit.id).where(Visit.visit_no == "V0002")).scalar_one()
    submit(results, visit, "市场监管", "R01", "已公示", "again", date(2026, 11, 25))
    market = by_name(count_completion(results, sample.plan_id, LATER))["市场监管"]
    assert (market.checked, market.settled) == (5, 3)


def test_a_plan_is_done_when_every_check_is_entered(results: Connection, sample: Sample) -> None:
    assert count_plans(results, "990100", 2026, LATER).rate == 0
    visits = results.execute(select(Visit.id).order_by(Visit.visit_no)).scalars().all()
    for n, visit in enumerate(visits[5:]):
        submit(results, visit, "市场监管", "R01", "待审核", f"rest{n}")
    done = count_plans(results, "990100", 2026, LATER)
    assert (done.plans, done.plans_done, done.rate) == (1, 1, 1.0)


def test_the_undisturbed_ratio_of_jiujiang() -> None:
    assert Undisturbed(100_000, 5_010, 6_000, 0).ratio == pytest.approx(0.9499)
    assert Undisturbed(0, 0, 0, 0).ratio is None


def test_undisturbed_counts_planned_and_all_visits(connection: Connection, sample: Sample) -> None:
    """Honest: every class A, 8 in the pool, 6 of them visited; the plan froze |H| = 10."""
    figures = count_undisturbed(connection, sample.plan_id, LATER)
    assert (figures.honest, figures.disturbed) == (10, 6)
    assert figures.ratio == pytest.approx(0.4)
    unvisited_honest = sample.codes[12]
    connection.execute(
        insert(InspectionResult).values(
            **fact(
                "x", 9, enterprise_code=unvisited_honest, insp_no="J9", inspdate=date(2026, 11, 18), department="消防",
                draw_type="投诉举报", method="现场", item_codes=[], result_code="R01", raw_result="", problem=False,
                inspectors=[],
            )
        )
    )  # fmt: skip
    figures = count_undisturbed(connection, sample.plan_id, LATER)
    assert (figures.disturbed, figures.disturbed_at_all) == (6, 7)
    assert figures.strict_ratio == pytest.approx(0.3)


def test_statutory_minima_are_listed_apart(connection: Connection, sample: Sample) -> None:
    connection.execute(update(Task).values(category="legal_time_limit").where(Task.id == sample.task_ids[0]))
    connection.execute(update(Plan).values(honest_set_size=None))
    figures = count_undisturbed(connection, sample.plan_id, LATER)
    assert (figures.honest, figures.disturbed, figures.apart) == (8, 3, 3)


def test_network_checks_disturb_nobody(connection: Connection, sample: Sample) -> None:
    connection.execute(update(Task).values(method="网络"))
    assert count_undisturbed(connection, sample.plan_id, LATER).disturbed == 0
