"""JSON schemas of problem, roster and change (问题、排班表与调整文件的 JSON Schema), made from the dataclasses (draft 2020-12).

What a schema cannot say (a check's object is on the list, a window is not upside down) is judged by `validate`.
"""

from __future__ import annotations

import inspect
import json
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from registry.reasons import SHORTEST_REASON
from scheduling.disturbances import CHANGE_FORMAT, KINDS, Change
from scheduling.problem import HALVES, PROBLEM_FORMAT, ROSTER_FORMAT, WHOLE_DAY, Problem, Roster
from scheduling.records import DAY, LARGEST, plain, required
from scheduling.validation import HIGHEST_PRICE, MOST_DAYS, MOST_PEOPLE

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SCHEMAS: dict[str, type] = {"problem": Problem, "roster": Roster, "change": Change}
_SIMPLE: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer", "minimum": -LARGEST, "maximum": LARGEST},
    float: {"type": "number", "minimum": -LARGEST, "maximum": LARGEST},
    bool: {"type": "boolean"},
    date: {"type": "string", "format": "date", "pattern": f"^{DAY.pattern}$"},
}
_NAME = {"minLength": 1}
_COUNT = {"minimum": 0}
_SOME = {"minimum": 1}
_PRICE = {"minimum": 0, "maximum": HIGHEST_PRICE}
_ANY_HALF = {"enum": [*HALVES, WHOLE_DAY]}
NARROWED: dict[str, dict[str, Any]] = {
    "Problem.format": {"const": PROBLEM_FORMAT},
    "Roster.format": {"const": ROSTER_FORMAT},
    "Check.id": _NAME,
    "Check.department": _NAME,
    "Check.items": {"minItems": 1},
    "Check.minutes": _SOME,
    "Check.urgency": {"minimum": 1, "maximum": 4},
    "Check.pinned_half": {"enum": [*HALVES, WHOLE_DAY, None]},
    "Object.object_id": _NAME,
    "Inspector.id": _NAME,
    "Inspector.half_days_per_day": {"enum": [1, 2]},
    "Inspector.visits_total": _COUNT,
    "QuietRule.id": _NAME,
    "QuietRule.month_days": {"items": {"type": "integer", "minimum": 1, "maximum": 31}},
    "QuietRule.weekdays": {"items": {"type": "integer", "minimum": 0, "maximum": 6}},
    "AnnualCap.most": _COUNT,
    "HonestQuota.total": _COUNT,
    "HonestQuota.visited": _COUNT,
    "HonestQuota.undisturbed_share": {"minimum": 0, "maximum": 1},
    "Rules.spacing_days": {**_COUNT, "maximum": MOST_DAYS},
    "Rules.recognition_days": {**_COUNT, "maximum": MOST_DAYS},
    "Rules.lead_team": {**_SOME, "maximum": MOST_PEOPLE},
    "Rules.partner_team": {**_SOME, "maximum": MOST_PEOPLE},
    "Rules.half_day_minutes": _SOME,
    "Rules.cluster_day_cap": _SOME,
    "Rules.reserve_share": {"minimum": 0, "exclusiveMaximum": 1},
    "Weights.pressing": _PRICE,
    "Weights.unplaced": _PRICE,
    "Weights.cluster_day": _PRICE,
    "Visit.half": _ANY_HALF,
    "DeskTime.half": {"enum": [*HALVES]},
    "Settled.kind": {"enum": ["recognised", "off_site"]},
    "Change.format": {"const": CHANGE_FORMAT},
    "Unfinished.minutes": _SOME,
    "Unfinished.items": {"minItems": 1},
    "VisitPinned.half": {"enum": [*HALVES, WHOLE_DAY, None]},
    **{
        f"{kind.__name__}.reason": {"minLength": SHORTEST_REASON}
        for name, kind in KINDS.items()
        if name != "visit_carried_out"  # one that was finished needs no reason
    },
    **{f"{kind.__name__}.kind": {"const": name} for name, kind in KINDS.items()},
}
"""What a field's type alone does not say; the same limits as in validation.py, and a test compares them."""


def json_schema(root: type) -> dict[str, Any]:
    """The schema of a record and of all records below it, as JSON values."""
    known: dict[str, dict[str, Any]] = {}
    top = _record(root, known)
    return {
        "$schema": DIALECT,
        "title": f"wurao {root.__name__.lower()}",
        **top,
        "$defs": dict(sorted(known.items())),
    }


def schema_text(root: type) -> str:
    """The schema as the file docs/*.schema.json holds it."""
    return json.dumps(json_schema(root), ensure_ascii=False, indent=1) + "\n"


def _record(kind: type, known: dict[str, dict[str, Any]]) -> dict[str, Any]:
    hints = get_type_hints(kind)
    told = ("format", "kind") if kind in KINDS.values() else ("format",)
    must = required(kind) + [f.name for f in fields(kind) if f.name in told and f.default is not MISSING]
    return {
        "description": (inspect.getdoc(kind) or "").split("\n\n")[0].replace("\n", " "),
        "type": "object",
        "properties": {f.name: _property(kind, f, hints[f.name], known) for f in fields(kind)},
        "required": must,
        "additionalProperties": False,
    }


def _property(kind: type, field: Field[Any], hint: Any, known: dict[str, dict[str, Any]]) -> dict[str, Any]:
    schema = {**_of(hint, known), **NARROWED.get(f"{kind.__name__}.{field.name}", {})}
    fixed = field.name == "format" or "const" in schema
    if not fixed and field.default is not MISSING:
        schema["default"] = plain(field.default)
    return schema


def _of(hint: Any, known: dict[str, dict[str, Any]]) -> dict[str, Any]:
    origin, inner = get_origin(hint), get_args(hint)
    records = [k for k in inner if isinstance(k, type) and is_dataclass(k)]
    if origin in (Union, UnionType) and len(records) > 1:
        return {"anyOf": [_of(kind, known) for kind in records]}
    if origin in (Union, UnionType):
        return _or_null(_of(next(k for k in inner if k is not type(None)), known))
    if origin is tuple and inner[1:] == (Ellipsis,):
        return {"type": "array", "items": _of(inner[0], known)}
    if origin is tuple:
        exactly = {"minItems": len(inner), "maxItems": len(inner)}
        return {"type": "array", "prefixItems": [_of(k, known) for k in inner], **exactly}
    if origin is dict:
        return {"type": "object", "additionalProperties": _of(inner[1], known)}
    if isinstance(hint, type) and is_dataclass(hint):
        if hint.__name__ not in known:
            known[hint.__name__] = {}  # claimed before its own fields are read
            known[hint.__name__] = _record(hint, known)
        return {"$ref": f"#/$defs/{hint.__name__}"}
    return dict(_SIMPLE[hint])


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    return {**schema, "type": [schema["type"], "null"]}
