"""Why a roster is as it is (排班事由): recognised results, desk time, recusals and parted pairs, for the bureau's own staff.

Internal: recusals name an inspector and what ties him to a firm; no public page or bundle reads them.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from reports.roster import RosterView

_HALVES = {"am": "上午", "pm": "下午"}
_BASES = {
    "declared": "recused",
    "relation": "recused",
    "relative": "recused",
    "former_employer": "former_employer",
}
"""Kind of recusal → the rule whose basis it has."""


def roster_reasons(view: RosterView) -> Iterator[tuple[str, str]]:
    """(matter, sentence) of everything that chance and the solver did not decide, as the roster itself keeps it."""
    problem, roster = json.loads(view.roster["problem"]), json.loads(view.roster["roster"])
    yield from _recognised(roster)
    yield from _desks(roster)
    basis = dict(problem.get("rules", {}).get("basis", []))
    yield from _recusals(problem, basis)
    yield from _pairs(problem, basis)


def _recognised(roster: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for one in roster.get("settled", []):
        if one["kind"] == "recognised":
            yield "结果互认", f"{one['check']}：{one['sentence']}"


def _desks(roster: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for one in roster.get("desk", []):
        told = (
            f"{one['department']} {one['day']} {_HALVES[one['half']]}留 {one['people']} 人办理书面、网络检查"
        )
        yield "书面、网络检查", told


def _recusals(problem: Mapping[str, Any], basis: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for person in problem.get("inspectors", []):
        for one in person.get("recusals", []):
            law = basis.get(_BASES.get(one["kind"], ""), "")
            told = f"{person['id']} 对 {one['object_id']}：{one['sentence']}"
            yield "回避", f"{told}（{law}）" if law else told


def _pairs(problem: Mapping[str, Any], basis: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if not problem.get("rules", {}).get("separate_pairs"):
        return
    departments = {person["id"]: person["department"] for person in problem.get("inspectors", [])}
    for place in problem.get("objects", []):
        teams: dict[str, list[str]] = {}
        for name in place.get("last_team", []):
            if name in departments:
                teams.setdefault(departments[name], []).append(name)
        for department, names in teams.items():
            if len(names) > 1:
                told = f"{place['object_id']}：{department} {'、'.join(names)} 上次同去，本次至多一人可被抽中"
                yield "搭档拆分", f"{told}（{basis.get('same_pair', '')}）"
