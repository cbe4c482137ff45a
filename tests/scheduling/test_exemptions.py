"""Exemptions from quiet days: two persons, once, on record; open exactly what was approved, as known on the day; and are counted."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from registry import clock
from registry.errors import Refusal
from registry.rules import Rule, Rulebook, load_rules
from registry.tables import Premises, QuietDayRecord, RosterVersion, Visit
from scheduling.candidates import read_candidates
from scheduling.exemption_rate import measure_exemptions
from scheduling.exemptions import (
    ExemptionRequest,
    decide_exemption,
    list_exemptions,
    propose_exemption,
    revoke_exemption,
)
from scheduling.open_calendar import OpenCalendar, read_calendar
from scheduling.problem import Calendar, Object, Problem, QuietRule, Rules, problem_to_json
from tests.scheduling.town_records import AS_OF, PLACE, add, code, fact, journalled, premises, rows, town

FIRST, LAST = date(2026, 10, 12), date(2026, 10, 16)
FOOD = ExemptionRequest(
    PLACE,
    "complaint",
    "市场监管",
    FIRST,
    LAST,
    "举报人称后厨着火隐患",
    "本市安静日规定第四条",
    enterprise_code=code(3),
)


@pytest.fixture(scope="module", autouse=True)
def september() -> Iterator[None]:
    """Requests are entered on the plan's own date."""
    patch = pytest.MonkeyPatch()
    patch.setenv("WURAO_TODAY", AS_OF.isoformat())
    yield
    patch.undo()


@pytest.fixture(scope="module")
def engine(server: Any, template: str) -> Iterator[Engine]:
    with town(server, template, many=12) as made:
        add(made, Premises, premises(3, 2))
        yield made


def calendar_of(engine: Engine, day: date = AS_OF, book: Rulebook | None = None) -> tuple[OpenCalendar, Any]:
    with engine.connect() as connection:
        objects = read_candidates(connection, day, "B")
        return read_calendar(connection, book or load_rules(), PLACE, day, objects), objects


def open_days_of(engine: Engine, object_id: str, category: str = "complaint", **given: Any) -> set[int]:
    calendar, objects = calendar_of(engine, **given)
    days = calendar.days(date(2026, 10, 8), date(2026, 10, 23))
    row = calendar.open(objects, days, (category,))[objects["object_id"].tolist().index(object_id)]
    return {day.day for day, yes in zip(days, row, strict=True) if yes}


def approved(engine: Engine, **changes: Any) -> int:
    number = propose_exemption(engine, replace(FOOD, **changes), "甲")
    decide_exemption(engine, number, True, "乙")
    return number


def test_nothing_opens_before_a_second_person_approves(engine: Engine) -> None:
    assert open_days_of(engine, code(3)) == set(), "days 1 to 25 are quiet at enterprise 3"
    number = propose_exemption(engine, FOOD, "甲")
    assert open_days_of(engine, code(3)) == set()
    with pytest.raises(Refusal) as refused:
        decide_exemption(engine, number, True, "甲 ")
    assert (refused.value.status, refused.value.code) == (409, "exemption.same_person")
    assert open_days_of(engine, code(3)) == set()
    decide_exemption(engine, number, True, "乙")
    week = {12, 13, 14, 15, 16}
    assert open_days_of(engine, code(3)) == week
    assert open_days_of(engine, code(3) + "#2") == week, "all its premises"
    assert open_days_of(engine, code(3), "double_random") == set(), "another category"
    assert open_days_of(engine, code(7)) == {21, 22, 23}, "another enterprise"
    with pytest.raises(Refusal) as again:
        decide_exemption(engine, number, False, "丙", "再想想看")
    assert again.value.code == "exemption.wrong_step"
    revoke_exemption(engine, number, "丙", "举报人撤回")
    assert open_days_of(engine, code(3)) == set()
    acts = ("exemption.proposed", "exemption.approved", "exemption.revoked", "exemption.approved.refused")
    assert all(journalled(engine, act, f"exemption {number}") for act in acts)


def test_what_was_known_on_the_day_decides(engine: Engine) -> None:
    number = approved(engine)
    late = datetime.combine(AS_OF + timedelta(days=1), datetime.min.time())
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE quiet_day_exemption SET decided_at = :t WHERE id = :n"), {"t": late, "n": number}
        )
    assert open_days_of(engine, code(3)) == set(), "approved a day later"
    assert open_days_of(engine, code(3), day=AS_OF + timedelta(days=1)) == {12, 13, 14, 15, 16}
    with engine.begin() as connection:
        change = (
            "UPDATE quiet_day_exemption SET decided_at = :a, revoked_at = :t, state = 'revoked' WHERE id = :n"
        )
        connection.execute(text(change), {"a": clock.now(), "t": late, "n": number})
    assert open_days_of(engine, code(3)) == {12, 13, 14, 15, 16}, "revoked a day later"
    assert open_days_of(engine, code(3), day=AS_OF + timedelta(days=1)) == set()
    with engine.begin() as connection:
        change = "UPDATE quiet_day_exemption SET revoked_at = decided_at WHERE id = :n"
        connection.execute(text(change), {"n": number})


def test_an_exemption_from_one_rule_leaves_the_others_quiet(engine: Engine) -> None:
    calendar, _ = calendar_of(engine)
    (record,) = (rule for rule in calendar.rules if code(3) in rule.object_ids)
    number = approved(engine, enterprise_code="", rule_id="quiet_day.scaled")
    assert open_days_of(engine, code(3)) == set()
    assert open_days_of(engine, code(7)) == {12, 13, 14, 15, 16, 21, 22, 23}
    revoke_exemption(engine, number, "丙", "试毕撤销")
    number = approved(engine, enterprise_code="", rule_id=record.id)
    assert open_days_of(engine, code(3)) == {12, 13, 14, 15, 16}
    add(
        engine,
        QuietDayRecord,
        fact("q-early", scope="enterprise", scope_value=code(5), month_days=[8], date_from=date(2026, 1, 1),
             date_to=date(2026, 12, 31), exempt=[], basis="另一登记"),
    )  # fmt: skip
    assert open_days_of(engine, code(3)) == {12, 13, 14, 15, 16}, "a further record does not rename the rule"
    revoke_exemption(engine, number, "丙", "试毕撤销")


def with_rule(key: str, value: Any) -> Rulebook:
    book = load_rules()
    rule = Rule(key, PLACE, date(2026, 1, 1), None, value, "", "本市规定", "test")
    return replace(book, rules={**book.rules, key: (*book.rules.get(key, ()), rule)})


def test_double_random_is_a_switch(engine: Engine) -> None:
    """铜梁 lets 双随机 in on quiet days, 安庆 does not; the regional rule must name it, too."""
    standing = with_rule("exemption.standing", ["double_random"])
    assert open_days_of(engine, code(7), "double_random", book=standing) == {21, 22, 23}, (
        "no rule may exempt it"
    )
    scaled = load_rules().value("quiet_day.scaled", PLACE, AS_OF)
    allowed = [*scaled["exempt_categories"], "double_random"]
    tongliang = with_rule("quiet_day.tongliang", scaled | {"exempt_categories": allowed})
    rules = {k: v for k, v in tongliang.rules.items() if k != "quiet_day.scaled"}
    anqing = replace(tongliang, rules=rules)
    both = replace(tongliang, rules=rules | {"exemption.standing": standing.rules["exemption.standing"]})
    assert open_days_of(engine, code(7), "double_random", book=anqing) == {21, 22, 23}
    assert len(open_days_of(engine, code(7), "double_random", book=both)) == 13, (
        "8 to 23 October, working days"
    )


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"category": "convenience"}, "exemption.category"),
        ({"first_day": LAST, "last_day": FIRST}, "exemption.days"),
        ({"last_day": FIRST + timedelta(days=31)}, "exemption.days"),
        ({"reason": "急"}, "exemption.reason"),
        ({"basis": ""}, "exemption.reason"),
        ({"enterprise_code": "91990100MA99999999"}, "exemption.enterprise"),
    ],
)
def test_a_request_that_cannot_be_is_refused(engine: Engine, changes: dict[str, Any], refusal: str) -> None:
    with pytest.raises(Refusal) as refused:
        propose_exemption(engine, replace(FOOD, **changes), "甲")
    assert refused.value.code == refusal


def test_a_refusal_needs_its_reason_and_opens_nothing(engine: Engine) -> None:
    number = propose_exemption(engine, FOOD, "甲")
    with pytest.raises(Refusal, match="理由"):
        decide_exemption(engine, number, False, "乙", "不")
    decide_exemption(engine, number, False, "乙", "可以等到二十六日")
    assert open_days_of(engine, code(3)) == set()
    with engine.connect() as connection:
        row = list_exemptions(connection)[0]
    assert (row["state"], row["decision_note"]) == ("refused", "可以等到二十六日")
    assert row["number"].startswith(f"HM{PLACE}20260930")


def test_numbers_follow_one_another(engine: Engine) -> None:
    numbers = [row.number for row in rows(engine, "SELECT number FROM quiet_day_exemption ORDER BY id")]
    assert [int(number[-3:]) for number in numbers] == list(range(1, len(numbers) + 1))


def test_the_rate_counts_visits_on_quiet_days(server: Any, template: str) -> None:
    """Three visits, one on a quiet day at that door, one beside it, one at a door without quiet days."""
    with town(server, template, many=12) as engine:
        objects = tuple(Object(code(n), "c", "d", "p", scale="规上" if n == 7 else "") for n in (7, 8))
        quiet = QuietRule("q", "安静日", scales=("规上",), month_days=tuple(range(1, 21)))
        problem = Problem(AS_OF, date(2026, 10, 1), date(2026, 10, 31), Rules(30, 180, 2, 1, 210), objects, (), (),
                          quiet_rules=(quiet,), calendar=Calendar())  # fmt: skip
        _roster(engine, problem_to_json(problem), [(7, 8), (7, 22), (8, 8)])
        add_requests = ExemptionRequest(PLACE, "complaint", "消防", FIRST, LAST, "群众举报", "规定第四条")
        propose_exemption(engine, add_requests, "甲")
        decide_exemption(engine, propose_exemption(engine, add_requests, "甲"), True, "乙")
        with engine.connect() as connection:
            before = measure_exemptions(connection, PLACE, AS_OF)
            rate = measure_exemptions(connection, PLACE, date(2026, 10, 31))
    assert (before.visits, before.rate) == (0, None)
    assert (rate.visits, rate.on_quiet_days) == (3, 1)
    assert rate.rate == pytest.approx(1 / 3)
    assert (rate.asked, rate.approved, rate.by_category) == (2, 1, {"complaint": 1})


def _roster(engine: Engine, problem: str, visits: list[tuple[int, int]]) -> None:
    with engine.begin() as connection:
        connection.execute(text("SET session_replication_role = replica"))  # no plan or draw behind it
        head = {
            "plan_id": 1, "version": 1, "reason": "初次排班", "state": "checked", "draw_id": 1, "problem": problem,
            "roster": "{}", "statistics": {}, "violations": [], "unplaced": [], "made_by": "甲",
            "made_at": datetime(2026, 9, 30, 18),
        }  # fmt: skip
        roster = connection.execute(
            RosterVersion.__table__.insert().values(**head).returning(RosterVersion.id)
        ).scalar_one()
        for n, day in visits:
            one = {
                "roster_id": roster, "visit_no": f"V{n}-{day}", "object_id": code(n), "enterprise_code": code(n),
                "premises_no": 1, "visit_date": date(2026, 10, day), "half": "am", "lead_department": "市场监管",
                "cluster": "c", "localadm": "990101001", "reasons": [],
            }  # fmt: skip
            connection.execute(Visit.__table__.insert().values(**one))
