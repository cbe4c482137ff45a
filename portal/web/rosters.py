"""Officers' page for one roster version (排班表): aims and bounds, what has no date and why, pictures. Internal."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import Connection
from starlette.responses import Response

from portal.guard import Permission, Visitor, guard, scope_for
from portal.house import House
from portal.reading import plans
from portal.roster_pictures import pictures_of_files
from portal.web.pages import render
from registry.errors import Refusal
from registry.scope import require_whole_place
from reports.inline_svg import without_styles
from scheduling.changed import DIFFERENCE_NAMES, in_words
from scheduling.conflict_words import remedy_words, rule_name
from scheduling.disturbances import KIND_NAMES
from scheduling.problem import Problem, ProblemError, Roster, Unplaced, problem_to_json, roster_to_json
from scheduling.search_words import AIMS, STOPPED, gap_words_of
from scheduling.told import told_roster

router = APIRouter(prefix="/staff", include_in_schema=False)


@router.get("/rosters/{roster_id}")
def roster_page(
    request: Request, roster_id: int, visitor: Visitor = guard(Permission.ROSTER_READ)
) -> Response:
    """A version of a roster as a whole; it names firms of every district, so it is the highest office's."""
    require_whole_place(scope_for(request, visitor))
    house: House = request.app.state.house
    with house.engine_for("schedule").connect() as connection:
        version = plans.one_roster(connection, roster_id)
        problem, roster = _readable(connection, roster_id)
    charts = pictures_of_files(problem_to_json(problem), roster_to_json(roster))
    return render(
        request,
        "staff/roster_version.html",
        version=version,
        roster=roster,
        aims=[(AIMS.get(aim.name, aim.name), aim) for aim in roster.aims],
        gap=gap_words_of(roster.gap, problem.rules.weights),
        stopped=STOPPED.get(roster.stopped, roster.stopped),
        conflicts=[
            (c.sentence, [rule_name(rule) for rule in c.rules], [remedy_words(r) for r in c.remedies])
            for c in roster.conflicts
        ],
        unplaced=_by_sentence(roster.unplaced),
        change=_change_of(version["statistics"]),
        states=ROSTER_STATES,
        charts=[(chart, without_styles(chart.svg)) for chart in charts],
    )


def _readable(connection: Connection, roster_id: int) -> tuple[Problem, Roster]:
    try:
        return told_roster(connection, roster_id)
    except ProblemError as fault:
        sentence = f"排班表 {roster_id} 保存的问题文件不能读取：{fault}。"
        raise Refusal("roster.unreadable", sentence, "请维护人员核对程序版本。", 409) from fault


def _change_of(statistics: dict[str, Any]) -> dict[str, Any] | None:
    """What this version changed against the one before it (与上一版相比), differences by kind; None for a fresh one."""
    change = statistics.get("change")
    if change is None:
        return None
    told = [
        {**d, "before": in_words(d["before"]), "after": in_words(d["after"])} for d in change["differences"]
    ]
    at = {kind: [one for one in told if one["kind"] == kind] for kind in DIFFERENCE_NAMES}
    causes = dict.fromkeys(KIND_NAMES[one["kind"]] for one in change["disturbances"])
    lists = [(DIFFERENCE_NAMES[kind], rows) for kind, rows in at.items() if rows]
    desks = [{**d, "when": in_words(f"{d['day']} {d['half']}")} for d in change.get("desks", ())]
    return {**change, "desks": desks, "causes": list(causes), "lists": lists}


ROSTER_STATES = {
    "dated": "已排日期",
    "staffed": "已排人员",
    "checked": "已独立核验",
    "superseded": "已被取代",
}


def _by_sentence(unplaced: Sequence[Unplaced]) -> list[dict[str, Any]]:
    """What many firms have in common is said once, the widest first."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for missed in unplaced:
        grouped.setdefault((missed.sentence, missed.relief), []).append(missed.object_id)
    return [
        {"sentence": sentence, "relief": relief, "objects": objects}
        for (sentence, relief), objects in sorted(grouped.items(), key=lambda pair: -len(pair[1]))
    ]
