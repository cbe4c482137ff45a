"""A finished plan in the tables (示例计划): two tasks, a published draw, a staffed roster, exclusions."""
# fmt: off

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, Engine

from registry.tables import (
    Draw,
    DrawnObject,
    Plan,
    PoolExclusion,
    PoolObject,
    RosterVersion,
    StratumCount,
    Task,
    Visit,
    VisitMember,
    VisitTask,
)
from tests.reports.sample_records import (
    AS_OF,
    DEPARTMENTS,
    MADE,
    WINDOW,
    class_of,
    code_of,
    insert_batches,
    insert_enterprises,
    insert_judgements,
    insert_libraries,
    insert_many,
    insert_one,
)

SECRET_KEY = "ab" * 32
EXCLUSIONS = (
    ("deregistered", "截至 2026-10-20 登记状态为注销。"),
    ("spacing", "2026-10-12 刚由市场监管检查过，未满 30 日。"),
    ("white_list", "列入无事不扰名单。"),
    ("odd_local_code", "本地自定义原因。"),
)
TASKS = (
    ("T1", "经营主体公示信息抽查", "市场监管", ["A07", "A08"], 1.0),
    ("T2", "劳动用工抽查", "人社", ["A09"], 0.5),
)


@dataclass(frozen=True)
class Sample:
    """Keys of what was inserted."""

    plan_id: int
    roster_id: int
    task_ids: tuple[int, ...]
    codes: tuple[str, ...]


def insert_sample(engine: Engine, visits: int = 12, inspectors: int = 8) -> Sample:
    """`visits` drawn objects out of `visits + 4`; every second one is a joint visit of both tasks."""
    with engine.begin() as connection:
        codes = tuple(code_of(number) for number in range(visits + 4))
        insert_batches(connection)
        insert_libraries(connection, inspectors)
        insert_enterprises(connection, codes)
        insert_judgements(connection, codes)
        plan_id = _plan(connection, visits)
        task_ids = tuple(_tasks(connection, plan_id, visits))
        _pool(connection, plan_id, task_ids, codes, visits)
        draws = [_draw(connection, plan_id, kind) for kind in ("objects", "teams")]
        _drawn(connection, draws[0], task_ids, codes[:visits])
        roster_id = insert_roster(connection, plan_id, draws, task_ids, codes[:visits], inspectors)
    return Sample(plan_id, roster_id, task_ids, codes)


def _plan(connection: Connection, visits: int) -> int:
    return insert_one(
        connection, Plan, number="99010020261001", version=1, name="安和市 2026 年第四季度部门联合抽查", place="990100",
        as_of=AS_OF, window_from=WINDOW[0], window_to=WINDOW[1], initiating_department="市场监管", state="rostered",
        made_by="demo", honest_set_size=10 * visits // 12, rules_version="rules-1", made_at=MADE,
        allocation={"total": visits * 3 // 2, "aims": [], "moved": [
            {"task": "T1", "klass": "B", "size": 4, "planned": 1, "count": 3, "reason": "为达到总比例 3% 提高。"}
        ]},
    )


def _tasks(connection: Connection, plan_id: int, visits: int) -> Iterable[int]:
    for short, name, department, codes, share in TASKS:
        yield insert_one(
            connection, Task, plan_id=plan_id, number=f"9901002026102{short}", short=short, name=name,
            department=department, lead=short == "T1", directed=False, item_codes=codes, library="主体综合库",
            method="现场", level="一般", minutes=40, window_from=WINDOW[0], window_to=WINDOW[1],
            class_rates={"A": 0.01, "B": 0.02, "C": 0.1, "D": 0.3}, object_total=visits + 4,
            target_total=round(visits * share),
        )


def _pool(
    connection: Connection, plan_id: int, task_ids: tuple[int, ...], codes: tuple[str, ...], visits: int
) -> None:
    insert_many(connection, PoolObject, (
        {"plan_id": plan_id, "task_id": task, "object_id": code, "enterprise_code": code, "premises_no": 1,
         "stratum": f"{class_of(n)}-990101", "honest": class_of(n) == "A"}
        for task in task_ids for n, code in enumerate(codes)
    ))
    insert_many(connection, PoolExclusion, (
        {"plan_id": plan_id, "task_id": task_ids[0], "object_id": code_of(900 + n), "reason": reason,
         "sentence": sentence}
        for n, (reason, sentence) in enumerate(EXCLUSIONS)
    ))
    quarter = len(codes) // 4
    insert_many(connection, StratumCount, (
        {"plan_id": plan_id, "task_id": task, "stratum": f"{level}-990101", "size": quarter * parts, "rate": 0.5,
         "count": sum(class_of(n) == level for n in range(0, visits, step)), "reason": ""}
        for task, step in zip(task_ids, (1, 2), strict=True) for level, parts in (("A", 2), ("B", 1), ("D", 1))
    ))


def _draw(connection: Connection, plan_id: int, kind: str) -> int:
    return insert_one(
        connection, Draw, plan_id=plan_id, kind=kind, version=1, state="published", salt="5a" * 16,
        key_hex=SECRET_KEY, class_secret=True, pool_hash="1" * 64, counts_hash="2" * 64, key_hash="3" * 64,
        commitment="4" * 64, ceremony="2026-10-21 10:00 安和市政务中心", committed_at=MADE,
        seed_text="2026-10-21 骰子 3 6 1 4", seed_source="公开掷骰", seeded_at=MADE, drawn_at=MADE, published_at=MADE,
        result_hash="6" * 64, made_by="demo", bundle=f"bundles/plan-1-{kind}",
    )


def _drawn(connection: Connection, draw: int, task_ids: tuple[int, ...], drawn: tuple[str, ...]) -> None:
    insert_many(connection, DrawnObject, (
        {"draw_id": draw, "task_id": task, "object_id": code, "stratum": f"{class_of(n)}-990101",
         "ticket": f"{n:064x}", "inclusion": 0.40625}
        for place, task in enumerate(task_ids) for n, code in enumerate(drawn) if place == 0 or n % 2 == 0
    ))


def insert_roster(
    connection: Connection, plan_id: int, draws: list[int], task_ids: tuple[int, ...], drawn: tuple[str, ...],
    inspectors: int, version: int = 1,
) -> int:
    """A roster version with one visit for each drawn object."""
    roster_id = insert_one(
        connection, RosterVersion, plan_id=plan_id, version=version, reason="首次排班", state="checked",
        made_by="demo", made_at=MADE, draw_id=draws[0], team_draw_id=draws[1], violations=[],
        problem=json.dumps(_problem(drawn)), roster=json.dumps({"format": "wurao-roster-1", "settled": []}),
        statistics={"gap": 0.021, "stopped": "seconds", "settled": [], "aims": [
            {"name": "doors", "value": 12.0, "bound": 12.0}]},
        unplaced=[{"object_id": "X1", "checks": ["c"], "rules": ["capacity"], "sentence": "窗口内没有空余人员。",
                   "relief": "延长检查期 5 日。"}],
    )
    for n, code in enumerate(drawn):
        visit = insert_one(
            connection, Visit, roster_id=roster_id, visit_no=f"V{n:04d}", object_id=code, enterprise_code=code,
            premises_no=1, visit_date=working_day(n % 14), half="am" if n % 3 else "pm", lead_department="市场监管",
            cluster=f"街道{n % 3}", localadm="990101", reasons=["同片区同日"],
        )
        _errands(connection, visit, task_ids, joint=n % 2 == 0)
        _team(connection, visit, n, inspectors)
    return roster_id


def _errands(connection: Connection, visit: int, task_ids: tuple[int, ...], joint: bool) -> None:
    insert_many(connection, VisitTask, (
        {"visit_id": visit, "task_id": task, "department": department, "item_codes": codes, "minutes": 40}
        for task, (_, _, department, codes, _) in zip(task_ids[: 2 if joint else 1], TASKS, strict=False)
    ))


def _team(connection: Connection, visit: int, n: int, inspectors: int) -> None:
    market = [2 * ((n + k) % (inspectors // 2)) for k in (0, 1)]
    labour = [2 * (n % (inspectors // 2)) + 1] if n % 2 == 0 else []
    insert_many(connection, VisitMember, (
        {"visit_id": visit, "staff_no": f"S{number:03d}", "department": DEPARTMENTS[number % 2], "seat_group": "g",
         "lead": place == 0, "probability": 0.25, "replaced": "病假" if n == 3 and place == 1 else None}
        for place, number in enumerate([*market, *labour])
    ))


def _problem(drawn: tuple[str, ...]) -> dict[str, Any]:
    quiet = {"id": "q1", "name": "安和市企业安静日", "regions": ["9901"], "month_days": list(range(1, 11)),
             "weekdays": [], "ranges": [], "parks": [], "scales": [], "industries": [], "object_ids": [],
             "valid_from": None, "valid_to": None, "exempt_categories": [], "basis": "安和市企业安静日办法"}
    one = {**quiet, "id": "q2", "regions": [], "object_ids": [drawn[0]], "month_days": [12]}
    return {
        "format": "wurao-problem-1", "first_day": WINDOW[0].isoformat(), "last_day": WINDOW[1].isoformat(),
        "quiet_rules": [quiet, one], "calendar": {"overrides": [], "official_years": [], "allow_estimated": False},
        "objects": [{"object_id": code, "district": "990101", "park": "", "scale": "", "industry": "52"}
                    for code in drawn],
    }


def working_day(number: int) -> date:
    """The n-th weekday from 11 November, after the sample's quiet days (1st to 10th)."""
    day = date(2026, 11, 11)
    while number:
        day += timedelta(days=1)
        number -= day.weekday() < 5
    return day


def at(day: date, hour: int = 10) -> datetime:
    """A moment of a day."""
    return datetime.combine(day, time(hour))
