"""A plan's roster problem (排班问题) built from the tables: drawn checks and duties, objects, people, rules, quiet days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection, RowMapping, select

from registry.facts import as_of
from registry.rules import Rulebook
from registry.tables import CheckItem, DrawnObject, PoolExclusion
from scheduling.clusters import travel_clusters
from scheduling.conflict_record import Prices
from scheduling.manpower import Effort
from scheduling.open_calendar import read_calendar
from scheduling.pool import Facts, plan_tasks
from scheduling.problem import (
    AnnualCap,
    Check,
    HonestQuota,
    Inspector,
    Object,
    Problem,
    Recusal,
    Result,
    Rules,
    VisitCount,
    Weights,
)
from scheduling.staff import Assistance, Officer, booked_days, read_officers
from scheduling.task_spec import ON_SITE
from scheduling.ties import last_teams, read_ties

_URGENCY = {"A": 1, "B": 2, "C": 3, "D": 4}
_DUTY_URGENCY = 4
_BASIS = {
    "spacing": "caps.spacing_days",
    "annual_cap": "caps.visits_per_year",
    "recognition": "caps.recognition_days",
    "cluster_cap": "caps.cluster_day",
    "honest_quota": "quota.undisturbed_share",
    "team_size": "teams.lead",
    "certificate": "teams.certificate",
    "recused": "teams.recusal_relations",
    "former_employer": "teams.former_employer_years",
    "same_pair": "teams.separate_pairs",
    "desk": "capacity.desk_people",
}


@dataclass(frozen=True)
class _Law:
    """The rulebook at the plan's place and date."""

    rulebook: Rulebook
    plan: RowMapping

    def value(self, key: str) -> Any:
        return self.rulebook.value(key, self.plan["place"], self.plan["as_of"])

    def basis(self, key: str) -> str:
        return self.rulebook.rule(key, self.plan["place"], self.plan["as_of"]).basis


def roster_problem(
    connection: Connection, plan: RowMapping, draw_id: int, rulebook: Rulebook, facts: Facts
) -> Problem:
    """Everything a roster of the drawn plan is made from; `facts` are those of the plan's date."""
    law = _Law(rulebook, plan)
    tasks = {task["id"]: task for task in plan_tasks(connection, plan["id"])}
    due = _due(connection, plan["id"], draw_id).merge(
        facts.candidates[["object_id", "enterprise_code", "klass"]], on="object_id"
    )
    objects = places_due(connection, plan, draw_id, rulebook, facts)
    caps = law.value("caps.visits_per_year")
    first = min(task["window_from"] for task in tasks.values())
    last = max(task["window_to"] for task in tasks.values())
    ties = read_ties(connection, plan["as_of"], first, law.value)
    officers = read_officers(connection, plan["as_of"], first, last, law.value("teams.certificate"), ties)
    booked = booked_days(connection, plan["id"], first, last)
    officers = [replace(o, leave=o.leave | booked.get(o.staff_no, set())) for o in officers]
    calendar = read_calendar(connection, rulebook, plan["place"], plan["as_of"], objects)
    teams = last_teams(connection, plan["id"], plan["as_of"], first, objects)
    minutes = _item_minutes(connection, plan["as_of"])
    return Problem(
        as_of=plan["as_of"],
        first_day=first,
        last_day=last,
        rules=_rules(law, facts, tasks.values()),
        objects=tuple(_objects(objects, facts, teams)),
        checks=tuple(_checks(due, tasks, caps, minutes)),
        inspectors=tuple(_inspectors(officers, objects, law, first, last)),
        results=tuple(_results(due, tasks, facts.rules.recognised)),
        quiet_rules=calendar.rules,
        exemptions=calendar.exemptions,
        calendar=calendar.calendar,
    )


def relief_prices(rulebook: Rulebook, plan: RowMapping) -> Prices:
    """What ways out of a conflict cost at the plan's place and date (缓解办法的代价)."""
    return Prices(**rulebook.value("roster.relief", plan["place"], plan["as_of"]))


def places_due(
    connection: Connection, plan: RowMapping, draw_id: int, rulebook: Rulebook, facts: Facts
) -> pd.DataFrame:
    """The rows of `facts.candidates` that are drawn or due (检查对象), each with its travel cluster (出行片区)."""
    due = _due(connection, plan["id"], draw_id)
    objects = facts.candidates[facts.candidates["object_id"].isin(due["object_id"])]
    kilometres = float(_Law(rulebook, plan).value("roster.cluster_kilometres"))
    return objects.assign(cluster=travel_clusters(objects, kilometres))


def _due(connection: Connection, plan_id: int, draw_id: int) -> pd.DataFrame:
    """Drawn objects and duties: object_id, task_id, duty, deadline (or NaN); by task and object."""
    drawn = select(DrawnObject.object_id, DrawnObject.task_id).where(DrawnObject.draw_id == draw_id)
    duties = select(PoolExclusion.object_id, PoolExclusion.task_id, PoolExclusion.deadline).where(
        PoolExclusion.plan_id == plan_id, PoolExclusion.reason == "duty"
    )
    rows = pd.concat(
        [
            pd.read_sql(drawn, connection).assign(duty=False, deadline=None),
            pd.read_sql(duties, connection).assign(duty=True),
        ]
    )
    return rows.sort_values(["task_id", "object_id"], ignore_index=True)


def _item_minutes(connection: Connection, day: date) -> dict[str, int]:
    """Check item → minutes that the item register states for it (检查用时)."""
    items = as_of(CheckItem, day).subquery().c
    return {row.item_code: row.minutes for row in connection.execute(select(items.item_code, items.minutes))}


def _checks(
    due: pd.DataFrame, tasks: dict[int, RowMapping], caps: dict[str, int], minutes: dict[str, int]
) -> Iterable[Check]:
    rows: Iterable[Any] = due.itertuples()
    for row in rows:
        task = tasks[row.task_id]
        # The register's minutes hold where it knows every item of the task, else what the plan states for the task.
        timed = tuple(minutes[item] for item in task["item_codes"] if minutes.get(item))
        timed = timed if len(timed) == len(task["item_codes"]) else ()
        # The widest cap of a department depends on the class; the tag carries the number, never the class.
        tag = (f"cap-{caps[row.klass]}",) if row.klass in caps and not row.duty else ()
        categories = {"double_random"} if not row.duty else set()
        categories |= {task["category"]} if task["category"] else set()
        yield Check(
            id=f"{task['short']}:{row.object_id}",
            object_id=row.object_id,
            task_id=task["short"],
            department=task["department"],
            items=tuple(task["item_codes"]),
            window_from=task["window_from"],
            window_to=min(task["window_to"], row.deadline) if pd.notna(row.deadline) else task["window_to"],
            minutes=sum(timed) or task["minutes"],
            item_minutes=timed,
            onsite=task["method"] == ON_SITE,
            qualifications=(task["qualification"],) if task["qualification"] else (),
            categories=(*sorted(categories), *tag),
            urgency=_DUTY_URGENCY if row.duty else _URGENCY[row.klass],
            lead=task["lead"],
            statutory=bool(pd.notna(row.deadline)),
        )


def _objects(objects: pd.DataFrame, facts: Facts, teams: dict[str, tuple[str, ...]]) -> Iterable[Object]:
    ledger = facts.rules.ledger
    mine = ledger[ledger["enterprise_code"].isin(objects["enterprise_code"])]
    last = mine.groupby("enterprise_code")["day"].max().to_dict()
    planned = mine[mine["planned"].astype(bool)]
    counts: dict[str, dict[tuple[str, int], int]] = defaultdict(lambda: defaultdict(int))
    for code, department, day in zip(
        planned["enterprise_code"], planned["department"], planned["day"], strict=True
    ):
        counts[code][department, day.year] += 1
    rows: Iterable[Any] = objects.itertuples()
    for row in rows:
        code = row.enterprise_code
        yield Object(
            object_id=row.object_id,
            cluster=row.cluster,
            district=row.district,
            premises=row.address,
            scale=row.scale,
            industry=row.industry,
            park=row.park,
            honest=code in facts.honest.codes,
            last_visit=last.get(code),
            visits=tuple(VisitCount(d, y, n) for (d, y), n in sorted(counts[code].items())),
            last_team=teams.get(row.object_id, ()),
        )


def _inspectors(
    officers: Sequence[Officer], objects: pd.DataFrame, law: _Law, first: date, last: date
) -> Iterable[Inspector]:
    effort = Effort(
        int(law.value("capacity.half_days_a_day")),
        float(law.value("capacity.half_days_a_month")),
        float(law.value("capacity.reserve_share")),
    )
    team, choice = int(law.value("teams.lead")), int(law.value("teams.choice"))
    assistance = Assistance(officers, team, choice, bool(law.value("teams.own_district")))
    districts = sorted({str(d) for d in objects["district"]})
    of_code: dict[str, list[str]] = defaultdict(list)
    for code, object_id in zip(objects["enterprise_code"], objects["object_id"], strict=True):
        of_code[code].append(object_id)
    for officer in officers:
        own = tuple(d for d in districts if assistance.may_go(officer, d))
        if districts and not own:
            continue
        yield Inspector(
            id=officer.staff_no,
            department=officer.department,
            certificate_valid_to=officer.certificate_to,
            qualifications=tuple(sorted(officer.qualifications)),
            leave=tuple(sorted(officer.leave)),
            half_days_per_day=effort.a_day,
            visits_total=effort.most(first, last),
            districts=() if len(own) == len(districts) else own,
            recusals=tuple(
                Recusal(object_id, tie.kind, tie.sentence)
                for tie in officer.ties
                for object_id in of_code.get(tie.enterprise_code, ())
            ),
        )


def _results(due: pd.DataFrame, tasks: dict[int, RowMapping], recognised: pd.DataFrame) -> Iterable[Result]:
    items = {item for task in tasks.values() for item in task["item_codes"]}
    known = recognised[recognised["item"].isin(items)].merge(
        due[["object_id", "enterprise_code"]].drop_duplicates(), on="enterprise_code"
    )
    for row in zip(known["object_id"], known["item"], known["department"], known["day"], strict=True):
        yield Result(*row)


def _rules(law: _Law, facts: Facts, tasks: Iterable[RowMapping]) -> Rules:
    caps = sorted({int(most) for most in law.value("caps.visits_per_year").values()})
    order = sorted(tasks, key=lambda task: (not task["lead"], task["id"]))
    honest = facts.honest
    return Rules(
        spacing_days=int(law.value("caps.spacing_days")),
        recognition_days=int(law.value("caps.recognition_days")),
        lead_team=int(law.value("teams.lead")),
        partner_team=int(law.value("teams.partner")),
        half_day_minutes=int(law.value("capacity.half_day_minutes")),
        annual_caps=tuple(AnnualCap(most, categories=(f"cap-{most}",)) for most in caps),
        cluster_day_cap=int(law.value("caps.cluster_day")),
        reserve_share=float(law.value("capacity.reserve_share")),
        weights=Weights(tuple(law.value("roster.earliness")), pressing=int(law.value("roster.pressing"))),
        lead_order=tuple(dict.fromkeys(task["department"] for task in order)),
        honest_quota=HonestQuota(len(honest.codes), len(honest.disturbed), honest.share),
        separate_pairs=bool(law.value("teams.separate_pairs")),
        desk_people=int(law.value("capacity.desk_people")),
        basis=tuple((rule, law.basis(key)) for rule, key in _BASIS.items()),
    )
