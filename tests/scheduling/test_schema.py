"""The public schemas: towns and rosters satisfy them, and what they forbid the reader refuses as well."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from scheduling.change_problem import apply_change, change_faults
from scheduling.disturbances import KINDS, Change, change_from_json, change_to_json
from scheduling.problem import (
    Problem,
    ProblemError,
    Roster,
    problem_from_json,
    problem_to_json,
    roster_to_json,
)
from scheduling.schema import NARROWED, SCHEMAS, json_schema, schema_text
from scheduling.solve import Stop, solve
from scheduling.validation import validate
from tests.scheduling.disturbed_towns import disturb
from tests.scheduling.json_schema import faults_of
from tests.scheduling.towns import Size, make_town, towns

DOCS = Path(__file__).parents[2] / "docs"
PROBLEM, ROSTER, CHANGE = json_schema(Problem), json_schema(Roster), json_schema(Change)
TOWN = make_town(3, Size(objects=12, inspectors=9, pins=2))


def judges() -> list[Callable[[dict[str, Any], Any], list[str]]]:
    """Our small validator, and the package jsonschema where somebody has installed it."""
    if importlib.util.find_spec("jsonschema") is None:
        return [faults_of]
    from jsonschema import Draft202012Validator as Official

    def official(schema: dict[str, Any], value: Any) -> list[str]:
        Official.check_schema(schema)
        checker = Official(schema, format_checker=Official.FORMAT_CHECKER)
        return [error.message for error in checker.iter_errors(value)]

    return [faults_of, official]


@pytest.mark.parametrize("kind", sorted(SCHEMAS))
def test_the_published_schema_is_the_one_the_code_makes(kind: str) -> None:
    published = (DOCS / f"{kind}.schema.json").read_text()
    assert published == schema_text(SCHEMAS[kind]), "run: python -m portal.reference"


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(towns())
def test_every_town_satisfies_the_schema(problem: Problem) -> None:
    for judge in judges():
        assert judge(PROBLEM, json.loads(problem_to_json(problem))) == []


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(towns(most_objects=15))
def test_every_roster_satisfies_the_schema(problem: Problem) -> None:
    roster = solve(problem, Stop(seconds=None, rounds=1), "S")
    for judge in judges():
        assert judge(ROSTER, json.loads(roster_to_json(roster))) == []


HAPPENED = solve(TOWN, Stop(seconds=None, rounds=1), "S")
DAY = TOWN.first_day + timedelta(days=25)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**20), st.integers(0, 12))
def test_every_change_satisfies_the_schema(seed: int, count: int) -> None:
    change = disturb(seed, TOWN, HAPPENED, DAY, count)
    for judge in judges():
        assert judge(CHANGE, json.loads(change_to_json(change))) == []


def test_the_schema_of_a_change_knows_every_kind() -> None:
    kinds = {
        record["properties"]["kind"]["const"]
        for record in CHANGE["$defs"].values()
        if "kind" in record["required"]
    }
    assert kinds == set(KINDS)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths of every value of a document."""
    yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in pairs:
        yield from places(below, (*path, key))


def put(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    for key in path[:-1]:
        document = document[key]
    document[path[-1]] = value


LOADED = json.loads(problem_to_json(TOWN))
PATHS = [path for path in places(LOADED) if path]
JUNK: list[Any] = [None, True, "", "x", "2026-02-30", 0, -1, 7, 60.0, 60.5, 2**60, [], ["x"], {}, {"x": 1}]


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(PATHS), st.sampled_from(JUNK))
def test_what_the_schema_forbids_the_reader_refuses_and_the_reverse(path: tuple[Any, ...], junk: Any) -> None:
    """The reader may refuse more (references between records), never less."""
    document = json.loads(problem_to_json(TOWN))
    put(document, path, junk)
    text = json.dumps(document)
    for judge in judges():
        if judge(PROBLEM, document):
            with pytest.raises(ProblemError):
                validate(problem_from_json(text))
            return
    problem_from_json(text)  # what the schema allows can at least be read


MADE = json.loads(change_to_json(disturb(7, TOWN, HAPPENED, DAY, 40)))


@settings(max_examples=400, deadline=None)
@given(st.sampled_from([path for path in places(MADE) if path]), st.sampled_from([*JUNK, "flood", "停业"]))
def test_what_the_schema_of_a_change_forbids_is_refused_and_the_reverse(
    path: tuple[Any, ...], junk: Any
) -> None:
    document = json.loads(json.dumps(MADE))
    put(document, path, junk)
    text = json.dumps(document)
    if all(judge(CHANGE, document) == [] for judge in judges()):
        change_from_json(text)  # what the schema allows can at least be read
        return
    with pytest.raises(ProblemError):
        accept(change_from_json(text))


def accept(change: Change) -> None:
    """What `change_roster` asks before it begins."""
    if faults := change_faults(TOWN, HAPPENED, change):
        raise ProblemError(faults)
    validate(apply_change(TOWN, HAPPENED, change)[0])


@pytest.mark.parametrize("name", sorted(NARROWED))
def test_every_narrowed_field_exists(name: str) -> None:
    record, field = name.split(".")
    found = [s for s in (PROBLEM, ROSTER, CHANGE) if record == s["title"].split()[1].title()]
    found += [s["$defs"][record] for s in (PROBLEM, ROSTER, CHANGE) if record in s["$defs"]]
    assert any(field in schema["properties"] for schema in found)


@pytest.mark.parametrize(("kind", "schema"), [(Problem, PROBLEM), (Roster, ROSTER)])
def test_pydantic_reads_the_same_fields_from_the_dataclasses(kind: type, schema: dict[str, Any]) -> None:
    """A second reader of the dataclasses agrees on records, fields and what is required."""
    other = TypeAdapter(kind).json_schema()
    names = {name for name in other["$defs"] if name in schema["$defs"]}
    assert names == set(schema["$defs"])
    for name in names:
        ours, theirs = schema["$defs"][name], other["$defs"][name]
        assert set(ours["properties"]) == set(theirs["properties"])
        assert set(ours["required"]) == set(theirs.get("required", ()))
    assert set(schema["properties"]) == set(other["properties"])


def test_every_record_says_what_it_is() -> None:
    for schema in (PROBLEM, ROSTER, CHANGE):
        assert all(record["description"] for record in (schema, *schema["$defs"].values()))
