"""Officers' page for one roster version (排班表): aims and bounds, what has no date and why, pictures. Internal."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import Connection, RowMapping
from starlette.responses import Response

from portal.guard import Permission, Visitor, guard, scope_for
from portal.house import House
from portal.reading import plans
from portal.reading.names import names_in
from portal.roster_pictures import pictures_of_files
from portal.web.naming import naming
from portal.web.pages import render
from portal.web.roster_change import form_facts, may_change
from portal.web.roster_words import change_words, texts_of_change
from registry.errors import Refusal
from registry.scope import require_whole_place
from reports.inline_svg import without_styles
from scheduling.acts import ROSTER_STATES
from scheduling.conflict_words import remedy_words
from scheduling.problem import Problem, ProblemError, Roster, Unplaced, problem_to_json, roster_to_json
from scheduling.rule_names import rule_name
from scheduling.search_words import AIMS, STOPPED, figure_words, gap_words_of
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
        texts = [*_told(version, roster), *(i.id for i in problem.inspectors)]
        names = names_in(connection, texts, people=bool(roster.seats))
    charts = pictures_of_files(problem_to_json(problem), roster_to_json(roster))
    return render(
        request,
        "staff/roster_version.html",
        version=version,
        roster=roster,
        aims=[(AIMS.get(aim.name, aim.name), aim) for aim in roster.aims],
        named=naming(names),
        names=names,
        places={visit.id: visit.object_id for visit in roster.visits},
        figure=figure_words,
        gap=gap_words_of(roster.gap, problem.rules.weights),
        stopped=STOPPED.get(roster.stopped, roster.stopped),
        conflicts=[
            (c.sentence, [rule_name(rule) for rule in c.rules], [remedy_words(r) for r in c.remedies])
            for c in roster.conflicts
        ],
        unplaced=_by_sentence(roster.unplaced),
        change=change_words(told) if (told := version["statistics"].get("change")) else None,
        forms=form_facts(problem, roster) if may_change(version) else None,
        states=ROSTER_STATES,
        charts=[(chart, without_styles(chart.svg)) for chart in charts],
    )


def _told(version: RowMapping, roster: Roster) -> list[str]:
    """Every text of the page that may name somebody by code."""
    change = version["statistics"].get("change", {})
    texts = [text for c in roster.conflicts for text in (c.sentence, *(r.sentence for r in c.remedies))]
    texts += [text for u in roster.unplaced for text in (u.object_id, u.sentence, u.relief)]
    texts += texts_of_change(change)
    return texts + [visit.object_id for visit in roster.visits]


def _readable(connection: Connection, roster_id: int) -> tuple[Problem, Roster]:
    try:
        return told_roster(connection, roster_id)
    except ProblemError as fault:
        sentence = f"排班表 {roster_id} 保存的问题文件不能读取：{fault}。"
        raise Refusal("roster.unreadable", sentence, "请维护人员核对程序版本。", 409) from fault


def _by_sentence(unplaced: Sequence[Unplaced]) -> list[dict[str, Any]]:
    """What many firms have in common is said once, the widest first."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for missed in unplaced:
        grouped.setdefault((missed.sentence, missed.relief), []).append(missed.object_id)
    return [
        {"sentence": sentence, "relief": relief, "objects": objects}
        for (sentence, relief), objects in sorted(grouped.items(), key=lambda pair: -len(pair[1]))
    ]
