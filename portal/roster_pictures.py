"""Pictures of a roster from its problem and answer (排班图), for the command line and the officers' page."""

from functools import lru_cache
from pathlib import Path

from reports.canvas import Chart
from reports.roster_charts import (
    CalendarDay,
    HalfDay,
    PersonHalfDay,
    SearchPoint,
    chart_manning,
    chart_month,
    chart_people,
    chart_search,
)
from scheduling.occupancy import days_worked, duties, people_out, roster_days
from scheduling.problem import Problem, Roster, problem_from_json, roster_from_json


def roster_pictures(problem: Problem, roster: Roster, names: bool = True) -> list[Chart]:
    """The search, people out, everybody's half-days (with `names`, once seated) and the calendar; what there is of them."""
    found = []
    if roster.history:
        points = [SearchPoint(s.seconds, s.value, s.bound, s.placed) for s in roster.history]
        found.append(chart_search(points))
    if manning := people_out(problem, roster):
        found.append(chart_manning([HalfDay(m.department, m.day, m.half, m.out, m.able) for m in manning]))
    if names and (busy := duties(problem, roster)):
        bars = [PersonHalfDay(d.inspector, d.department, d.day, d.half, d.kind) for d in busy]
        found.append(chart_people(bars, days_worked(problem)))
    days = [CalendarDay(d.day, d.working, d.quiet_share, d.visits) for d in roster_days(problem, roster)]
    return [*found, chart_month(days)] if days else found


@lru_cache(maxsize=4)
def pictures_of_files(problem: str, roster: str) -> tuple[Chart, ...]:
    """The pictures of a roster from both texts; a county's cost some seconds, so the last ones asked for are kept."""
    return tuple(roster_pictures(problem_from_json(problem), roster_from_json(roster)))


def write_pictures(folder: Path, charts: list[Chart]) -> list[Path]:
    """One SVG a chart, named after it; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{chart.name}.svg" for chart in charts]
    for path, chart in zip(paths, charts, strict=True):
        standalone = chart.svg.replace("<svg", '<svg width="1000"', 1)
        path.write_text(standalone, encoding="utf-8")
    return paths
