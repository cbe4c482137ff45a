"""A small validator of JSON schemas (draft 2020-12): the keywords that our schemas use, and an error for any other.

Written from the specification and sharing nothing with scheduling/schema.py, so that the published schemas are
judged by somebody else; where the package jsonschema is installed, the tests ask it as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

ANNOTATIONS = {"$schema", "$defs", "title", "description", "default"}
TYPES: dict[str, Callable[[Any], bool]] = {
    "string": lambda v: isinstance(v, str),
    "integer": lambda v: _is_number(v) and float(v).is_integer(),
    "number": lambda v: _is_number(v),
    "boolean": lambda v: isinstance(v, bool),
    "array": lambda v: isinstance(v, list),
    "object": lambda v: isinstance(v, dict),
    "null": lambda v: v is None,
}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def schema_faults(
    schema: dict[str, Any], value: Any, root: dict[str, Any], where: str = "$"
) -> Iterator[str]:
    """Every place where `value` breaks the schema, as path and keyword."""
    for keyword, rule in schema.items():
        if keyword in ANNOTATIONS:
            continue
        if keyword == "additionalProperties":  # the one keyword that depends on another
            yield from _further(rule, value, root, where, schema.get("properties", {}))
            continue
        if keyword not in RULES:
            raise ValueError(f"this validator does not know {keyword}")
        yield from RULES[keyword](rule, value, root, where)


def _fault(broken: bool, keyword: str, where: str) -> Iterator[str]:
    if broken:
        yield f"{where}: {keyword}"


def _type(rule: Any, value: Any, root: dict[str, Any], where: str) -> Iterator[str]:
    names = rule if isinstance(rule, list) else [rule]
    yield from _fault(not any(TYPES[name](value) for name in names), "type", where)


def _properties(rule: Any, value: Any, root: dict[str, Any], where: str) -> Iterator[str]:
    for name, below in rule.items():
        if isinstance(value, dict) and name in value:
            yield from schema_faults(below, value[name], root, f"{where}.{name}")


def _further(
    rule: Any, value: Any, root: dict[str, Any], where: str, properties: dict[str, Any]
) -> Iterator[str]:
    for name, held in value.items() if isinstance(value, dict) else ():
        if name not in properties and rule is False:
            yield f"{where}.{name}: additionalProperties"
        elif name not in properties:
            yield from schema_faults(rule, held, root, f"{where}.{name}")


def _items(rule: Any, value: Any, root: dict[str, Any], where: str) -> Iterator[str]:
    for n, one in enumerate(value if isinstance(value, list) else ()):
        yield from schema_faults(rule, one, root, f"{where}[{n}]")


def _prefix(rule: Any, value: Any, root: dict[str, Any], where: str) -> Iterator[str]:
    for n, (below, one) in enumerate(zip(rule, value if isinstance(value, list) else (), strict=False)):
        yield from schema_faults(below, one, root, f"{where}[{n}]")


def _ref(rule: str, value: Any, root: dict[str, Any], where: str) -> Iterator[str]:
    below = root
    for part in rule.removeprefix("#/").split("/"):
        below = below[part]
    yield from schema_faults(below, value, root, where)


def _any_of(rule: Any, value: Any, root: dict[str, Any], where: str) -> Iterator[str]:
    broken = all(any(True for _ in schema_faults(below, value, root, where)) for below in rule)
    yield from _fault(broken, "anyOf", where)


def _format(rule: str, value: Any, root: dict[str, Any], where: str) -> Iterator[str]:
    assert rule == "date"
    if isinstance(value, str):
        try:
            date.fromisoformat(value)
        except ValueError:
            yield f"{where}: format"


RULES: dict[str, Callable[[Any, Any, dict[str, Any], str], Iterator[str]]] = {
    "type": _type,
    "properties": _properties,
    "required": lambda r, v, _, w: (
        f"{w}.{name}: required" for name in r if isinstance(v, dict) and name not in v
    ),
    "items": _items,
    "prefixItems": _prefix,
    "minItems": lambda r, v, _, w: _fault(isinstance(v, list) and len(v) < r, "minItems", w),
    "maxItems": lambda r, v, _, w: _fault(isinstance(v, list) and len(v) > r, "maxItems", w),
    "enum": lambda r, v, _, w: _fault(not any(v == one and type(v) is type(one) for one in r), "enum", w),
    "const": lambda r, v, _, w: _fault(v != r, "const", w),
    "minimum": lambda r, v, _, w: _fault(_is_number(v) and v < r, "minimum", w),
    "maximum": lambda r, v, _, w: _fault(_is_number(v) and v > r, "maximum", w),
    "exclusiveMaximum": lambda r, v, _, w: _fault(_is_number(v) and v >= r, "exclusiveMaximum", w),
    "minLength": lambda r, v, _, w: _fault(isinstance(v, str) and len(v) < r, "minLength", w),
    "pattern": lambda r, v, _, w: _fault(isinstance(v, str) and not re.search(r, v), "pattern", w),
    "format": _format,
    "anyOf": _any_of,
    "$ref": _ref,
}


def faults_of(schema: dict[str, Any], value: Any) -> list[str]:
    """Every fault of a whole document."""
    return list(schema_faults(schema, value, schema))
