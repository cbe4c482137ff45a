"""A real instance: `python -m bench.roster_austin [INSPECTIONS.csv] [--seconds S ...]` prints a quarter of Austin's food inspections.

The places that the city really inspected in the file's last 13 weeks, each to be visited once in these weeks, whoever
had been there before kept at the spacing. Real: the places, their number, streets' postal areas (the clusters), the
last visit before, the last score (urgency 1 to 4). Assumed, because the file does not tell: one department, an hour a
visit, and so many fictional inspectors in teams of two that `LOAD` of their half-days are needed. Rules are those in
force for place `austin`, its working calendar that of rules/austin.toml.

There is no public benchmark of this problem: PSPLIB's projects have precedences and no Hall condition over certified
people, the nurse rostering sets fix shifts and ask for people, orienteering (TOPTW) chooses routes. Real demand says
more than a problem bent to fit.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from bench import roster_timefold
from bench.regions import describe
from bench.roster import METHODS, table
from registry.rules import load_rules
from scheduling.problem import Calendar, Check, DayOverride, Inspector, Object, Problem, Rules, Weights
from scheduling.workdays import working_days

INSPECTIONS = (
    Path(__file__).parents[2] / "shared" / "data" / "austin-food-inspections" / "inspections_merged.csv"
)
PLACE, WEEKS, MINUTES, LOAD = "austin", 13, 60, 0.85
SCORES = (80, 90, 97)
"""A last score below the first is urgency 4, and so on; a place never seen before is 2."""
HASTE, EVERYBODY = (0, 0, 1, 4), (1, 2, 4, 8)
"""Prices of a week by urgency, part of the instance: without any there is nothing to compare but travel. Under the second
nobody's week is indifferent, which is harder."""


def real_problem(inspections: Path) -> Problem:
    """The last weeks of the file as a roster problem."""
    rows = pd.read_csv(inspections, dtype={"facility_id": str, "zip5": str})
    rows["day"] = pd.to_datetime(rows["inspection_date"]).dt.date
    last = rows["day"].max()
    first = last - timedelta(days=7 * WEEKS - 1)
    due = rows[(rows["day"] >= first) & (rows["purpose"] == "Routine")].drop_duplicates("facility_id")
    before = rows[rows["day"] < first].sort_values("day").drop_duplicates("facility_id", keep="last")
    known = before.set_index("facility_id")
    rulebook = load_rules()

    def law(key: str) -> Any:
        return rulebook.value(key, PLACE, last)

    calendar = Calendar(
        overrides=tuple(DayOverride(**o) for o in law("calendar.overrides")),
        official_years=tuple(law("calendar.official_years")),
    )
    team = int(law("teams.lead"))
    half_days = 2 * len(working_days(first, last, calendar))
    people = -(-len(due) * team // int(half_days * LOAD))
    return Problem(
        as_of=first - timedelta(days=1),
        first_day=first,
        last_day=last,
        rules=Rules(
            spacing_days=int(law("caps.spacing_days")),
            recognition_days=int(law("caps.recognition_days")),
            lead_team=team,
            partner_team=int(law("teams.partner")),
            half_day_minutes=int(law("capacity.half_day_minutes")),
            cluster_day_cap=int(law("caps.cluster_day")),
            weights=Weights(HASTE),
        ),
        objects=tuple(_place(row, known) for row in due.itertuples()),
        checks=tuple(_check(row, known, first, last) for row in due.itertuples()),
        inspectors=tuple(Inspector(f"EXAMPLE-{n:02d}", "卫健", date(2030, 1, 1)) for n in range(people)),
        calendar=calendar,
    )


def _place(row: Any, known: pd.DataFrame) -> Object:
    seen = known["day"].get(row.facility_id)
    return Object(row.facility_id, str(row.zip5)[:5], str(row.city).title(), str(row.street), last_visit=seen)


def _check(row: Any, known: pd.DataFrame, first: date, last: date) -> Check:
    score = known["score"].get(row.facility_id)
    urgency = 2 if score is None or pd.isna(score) else 4 - sum(bool(score >= least) for least in SCORES)
    return Check(
        f"FOOD:{row.facility_id}",
        row.facility_id,
        "FOOD",
        "卫健",
        ("FOOD-SCORE",),
        first,
        last,
        MINUTES,
        urgency=urgency,
    )


def main() -> int:
    """Print two tables; 1 without the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("inspections", type=Path, nargs="?", default=INSPECTIONS)
    parser.add_argument("--seconds", type=float, nargs="+", default=[10.0])
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall", help="cpu: on a busy machine")
    chosen = parser.parse_args()
    if not chosen.inspections.exists():
        print(f"no {chosen.inspections}: nothing to measure")
        return 1
    problem = real_problem(chosen.inspections)
    print(f"Austin: {describe(problem)}, {len({o.cluster for o in problem.objects})} postal areas")
    missing = roster_timefold.why_not()
    if missing:
        print(f"Timefold is left out: {missing}")
    methods = [m for m in METHODS if m != "Timefold" or not missing]
    for urgency in (HASTE, EVERYBODY):
        print(f"weeks weigh {urgency} by urgency")
        weights = replace(problem.rules.weights, urgency=urgency)
        table(
            replace(problem, rules=replace(problem.rules, weights=weights)),
            chosen.seconds,
            methods,
            chosen.clock,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
