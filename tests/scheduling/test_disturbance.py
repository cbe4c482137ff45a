"""The disturbance ledger: why each visit took place, from rosters, leads and results; ratios of the honest set as it was frozen."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, insert, text

from registry.errors import Refusal
from registry.rules import load_rules
from registry.tables import InspectionResult, PoolExclusion, RosterVersion, Visit, VisitTask
from scheduling.disturbance import frozen_members, measure, on_site, read_ledger
from scheduling.leads import LeadSpec, close_lead, decide_lead, list_leads, propose_lead, withdraw_lead
from scheduling.plan import TaskSpec
from scheduling.pool import freeze_pool, read_facts
from tests.scheduling.town_records import (
    ABNORMAL,
    AS_OF,
    PLACE,
    add,
    approved_plan,
    code,
    journalled,
    klass,
    list_abnormal,
    result,
    rows,
    town,
)

RATES = {"A": 0.1, "B": 0.2, "C": 0.3, "D": 0.4}
LABOUR = TaskSpec("用工", "人社", ("RS-01",), "主体综合库", RATES, directed=False)
LATER = date(2026, 11, 20)
LEAD = LeadSpec(
    PLACE, "投诉举报", "12315-77", code(1), "人社", ("RS-01",), "举报拖欠工资", date(2026, 11, 10), date(2026, 11, 11),
    date(2026, 11, 30),
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def november() -> Iterator[None]:
    patch = pytest.MonkeyPatch()
    patch.setenv("WURAO_TODAY", LATER.isoformat())
    yield
    patch.undo()


@pytest.fixture(scope="module")
def engine(server: Any, template: str) -> Iterator[Engine]:
    with town(server, template, many=30) as made:
        yield made


@pytest.fixture(scope="module")
def plan(engine: Engine) -> int:
    number = approved_plan(engine, [LABOUR])
    freeze_pool(engine, number)
    return number


@pytest.fixture(scope="module")
def happened(engine: Engine, plan: int) -> None:
    """What took place in the window: one of each reason, at enterprises of class A (1 to 5, 11 to 15)."""
    day = date(2026, 11, 12)
    add(
        engine,
        InspectionResult,
        result(2, day, "消防", ["XF-01"]),
        result(3, day, "消防", ["XF-01"], draw_type="日常巡查"),
        result(4, day, "消防", ["XF-01"], draw_type="转办交办"),
        result(5, day, "消防", ["XF-01"], method="书面"),
        result(12, day, "人社", ["RS-01"]),
        result(12, date(2026, 9, 30), "人社", ["RS-01"]),
    )
    lead = propose_lead(engine, LEAD, "甲")
    decide_lead(engine, lead, True, "乙")
    close_lead(engine, lead, date(2026, 11, 13), "丙")
    _roster(engine, plan, {11: day, 12: day, 13: date(2026, 12, 20)}, duties=(11,))


def _roster(engine: Engine, plan: int, visits: dict[int, date], duties: tuple[int, ...]) -> None:
    """A checked roster of the plan, written straight into the tables."""
    (task,) = rows(engine, "SELECT id FROM task WHERE plan_id = :p", p=plan)
    with engine.begin() as connection:
        connection.execute(text("SET session_replication_role = replica"))  # no draw behind it
        head = {
            "plan_id": plan, "version": 1, "reason": "初次排班", "state": "checked", "draw_id": 1, "problem": "{}",
            "roster": "{}", "statistics": {}, "violations": [], "unplaced": [], "made_by": "甲",
            "made_at": datetime(2026, 9, 30, 18),
        }  # fmt: skip
        roster = connection.execute(
            insert(RosterVersion).values(**head).returning(RosterVersion.id)
        ).scalar_one()
        for n, day in visits.items():
            one = {
                "roster_id": roster, "visit_no": f"V{n}", "object_id": code(n), "enterprise_code": code(n),
                "premises_no": 1, "visit_date": day, "half": "am", "lead_department": "人社", "cluster": "c",
                "localadm": "990101001", "reasons": [],
            }  # fmt: skip
            visit = connection.execute(insert(Visit).values(**one).returning(Visit.id)).scalar_one()
            connection.execute(
                insert(VisitTask).values(
                    visit_id=visit, task_id=task.id, department="人社", item_codes=["RS-01"], minutes=60
                )
            )
        for n in duties:
            connection.execute(
                insert(PoolExclusion).values(
                    plan_id=plan, task_id=task.id, object_id=code(n), reason="duty", sentence="必查。"
                )
            )


@pytest.mark.usefixtures("happened")
def test_every_visit_has_its_reason_once(engine: Engine) -> None:
    with engine.connect() as connection:
        ledger = read_ledger(connection, LATER, date(2026, 10, 1))
    told = {(row.enterprise_code, row.day.month, row.reason, row.method) for row in ledger.itertuples()}
    assert told == {
        (code(1), 11, "lead", "现场"),
        (code(2), 11, "planned", "现场"),
        (code(3), 11, "patrol", "现场"),
        (code(4), 11, "lead", "现场"),
        (code(5), 11, "planned", "书面"),
        (code(11), 11, "duty", "现场"),
        (code(12), 11, "planned", "现场"),
        (code(13), 12, "planned", "现场"),
    }
    assert len(ledger) == 8, "roster and result of one visit are one"


@pytest.mark.usefixtures("happened")
def test_the_planned_ratio_leaves_leads_and_duties_out_and_the_strict_one_counts_all(
    engine: Engine, plan: int
) -> None:
    with engine.connect() as connection:
        before = measure(connection, AS_OF, plan)
        now = measure(connection, LATER, plan)
        end = measure(connection, date(2026, 12, 31), plan)
    members = sum(klass(n) == "A" for n in range(1, 31))
    assert before is None, "the plan was made later"
    assert now is not None
    assert end is not None
    assert now.honest == members
    assert now.disturbed == len({2, 3, 12}), (
        "13 is visited in December, 11 is a duty, 1 and 4 are leads, 5 in writing"
    )
    assert now.disturbed_at_all == len({1, 2, 3, 4, 11, 12})
    assert now.ratio == pytest.approx(1 - 3 / members)
    assert now.strict_ratio == pytest.approx(1 - 6 / members)
    assert end.disturbed == 4
    assert now.last_day == LATER


def test_the_honest_set_stays_as_it_was_frozen(engine: Engine, plan: int) -> None:
    """Downgraded later, or by a record that arrives late with an earlier date: still in the denominator."""
    with engine.connect() as connection:
        frozen = frozen_members(connection, plan)
    assert len(frozen) == sum(klass(n) == "A" for n in range(1, 31))
    add(engine, ABNORMAL, list_abnormal(21, AS_OF - timedelta(days=60)))
    with engine.connect() as connection:
        assert frozen_members(connection, plan) == frozen
        (row,) = rows(engine, "SELECT * FROM plan WHERE id = :p", p=plan)
        facts = read_facts(connection, row._mapping, load_rules())
    assert code(21) in facts.honest.codes == frozen


@pytest.mark.usefixtures("happened")
def test_caps_do_not_count_leads_and_spacing_does(engine: Engine) -> None:
    with engine.connect() as connection:
        ledger = read_ledger(connection, LATER, date(2026, 10, 1))
    seen = on_site(ledger, load_rules().value("caps.unplanned_types", PLACE, LATER))
    planned = dict(zip(seen["enterprise_code"], seen["planned"], strict=True))
    assert code(5) not in planned
    assert not planned[code(1)]
    assert not planned[code(4)]
    assert planned[code(3)]
    assert planned[code(11)], "the cap is on visits, whoever ordered them"


def test_a_lead_goes_its_way_once_and_leaves_a_trail(engine: Engine) -> None:
    lead = propose_lead(engine, LEAD, "甲")
    with pytest.raises(Refusal) as refused:
        decide_lead(engine, lead, True, "甲")
    assert (refused.value.status, refused.value.code) == (409, "lead.same_person")
    with pytest.raises(Refusal, match="待审批"):
        close_lead(engine, lead, LATER, "丙")
    decide_lead(engine, lead, True, "乙")
    with pytest.raises(Refusal, match="没有该企业"):
        close_lead(engine, lead, LATER, "丙", result_no="NOSUCH")
    withdraw_lead(engine, lead, "丙", "举报人撤诉")
    with pytest.raises(Refusal) as again:
        close_lead(engine, lead, LATER, "丙")
    assert again.value.code == "lead.wrong_step"
    for act in (
        "lead.proposed",
        "lead.approved.refused",
        "lead.visited.refused",
        "lead.approved",
        "lead.withdrawn",
    ):
        assert journalled(engine, act, f"lead {lead}"), act
    with engine.connect() as connection:
        row = next(row for row in list_leads(connection) if row["id"] == lead)
    assert row["number"].startswith(f"XS{PLACE}20261120")
    assert (row["state"], row["close_note"]) == ("withdrawn", "举报人撤诉")
