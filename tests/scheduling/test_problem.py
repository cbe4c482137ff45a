"""The public file format: round trip, canonical text, and a sentence for every fault."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest

from scheduling.problem import (
    ProblemError,
    Roster,
    Visit,
    problem_from_json,
    problem_hash,
    problem_to_json,
    roster_from_json,
    roster_to_json,
)
from scheduling.validation import faults, validate
from tests.scheduling.towns import Size, make_town

TOWN = make_town(3, Size(objects=12, inspectors=9, pins=2))


def test_a_problem_survives_the_round_trip() -> None:
    text = problem_to_json(TOWN)
    assert problem_from_json(text) == TOWN
    assert problem_to_json(problem_from_json(text)) == text


def test_the_text_is_canonical() -> None:
    text = problem_to_json(TOWN)
    shuffled = json.dumps(dict(reversed(json.loads(text).items())), indent=2)
    assert problem_to_json(problem_from_json(shuffled)) == text
    assert text.endswith("}\n")
    assert '": ' not in text


def test_a_roster_survives_the_round_trip() -> None:
    visit = Visit("V1", "O1", date(2026, 10, 9), "am", ("C1",), ("消防",), "消防", 60, ("因为",))
    roster = Roster("hash", "S", (visit,), statistics={"placed": 1.0}, gap=0.25)
    assert roster_from_json(roster_to_json(roster)) == roster


def test_the_hash_follows_the_content() -> None:
    assert problem_hash(TOWN) != problem_hash(replace(TOWN, checks=TOWN.checks[1:]))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda p: p.update(format="other"), "wurao-problem-1"),
        (lambda p: p["checks"][0].update(minutes="long"), "problem.checks[0].minutes"),
        (lambda p: p["checks"][0].update(window_to="2026-13-01"), "problem.checks[0].window_to"),
        (lambda p: p["checks"][0].update(window_to="2026-W01-1"), "problem.checks[0].window_to"),
        (lambda p: p["checks"][0].update(window_to=20261231), "problem.checks[0].window_to"),
        (lambda p: p["checks"][0].update(minutes=True), "problem.checks[0].minutes"),
        (lambda p: p["checks"][0].update(minutes=10**20), "problem.checks[0].minutes"),
        (lambda p: p["checks"][0].update(minutes=None), "problem.checks[0].minutes"),
        (lambda p: p["checks"][0].pop("minutes"), "problem.checks[0].minutes"),
        (lambda p: p["checks"][0].update(items=["x", 3]), "problem.checks[0].items[1]"),
        (lambda p: p["checks"][1].update(id="\ud800"), "problem.checks[1].id"),
        (lambda p: p["quiet_rules"][0].update(ranges=[["2026-10-01"]]), "problem.quiet_rules[0].ranges[0]"),
        (lambda p: p["rules"]["weights"].update(urgency=[1, 2, 4]), "problem.rules.weights.urgency"),
        (lambda p: p["objects"].insert(1, "O"), "problem.objects[1]"),
        (lambda p: p["objects"][0].update(colour="red"), "colour"),
        (lambda p: p["rules"].pop("spacing_days"), "spacing_days"),
        (lambda p: p.update(checks={}), "problem.checks"),
        (lambda p: p["rules"].update(reserve_share="a tenth"), "problem.rules.reserve_share"),
    ],
)
def test_a_fault_in_the_file_names_its_place(change, told) -> None:
    loaded = json.loads(problem_to_json(TOWN))
    change(loaded)
    with pytest.raises(ProblemError, match=r".*") as raised:
        problem_from_json(json.dumps(loaded))
    assert told in str(raised.value)


def test_text_that_is_not_json_is_a_sentence() -> None:
    with pytest.raises(ProblemError, match="不是 JSON"):
        problem_from_json("{")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"format":"wurao-problem-1","format":"wurao-problem-1"}', "format 出现两次"),
        ('{"format":NaN}', "NaN"),
        ("[" * 100_000, "嵌套过深"),
        ('{"format":' + "1" * 5000 + "}", "数字过长"),
    ],
)
def test_json_that_readers_take_differently_is_refused(text: str, told: str) -> None:
    with pytest.raises(ProblemError, match=told):
        problem_from_json(text)


def test_all_faults_of_the_values_are_told_at_once() -> None:
    first, second, *rest = TOWN.checks
    broken = replace(
        TOWN,
        checks=(
            replace(first, object_id="nobody", minutes=0),
            replace(second, window_from=date(2027, 1, 1), urgency=5, pinned_day=None, pinned_half="noon"),
            second,
            *rest,
        ),
        quiet_rules=(replace(TOWN.quiet_rules[0], month_days=(0,)),),
        rules=replace(TOWN.rules, lead_team=0),
    )
    found = "\n".join(faults(broken))
    for told in ("nobody", "用时 0", "晚于", "紧急程度 5", "noon", "已出现过", "1 至 31", "lead_team"):
        assert told in found
    with pytest.raises(ProblemError):
        validate(broken)


def test_generated_towns_are_valid() -> None:
    assert faults(TOWN) == []
