"""Frozen dataclasses to canonical JSON and back (数据记录的规范化 JSON), with a sentence for every fault."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from datetime import date
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints


class ProblemError(ValueError):
    """The problem itself is unusable (问题数据有误): `faults` says what and where, one sentence each."""

    def __init__(self, faults: list[str]):
        self.faults = faults
        super().__init__(";".join(faults[:20]))


T = TypeVar("T")


def plain(value: Any) -> Any:
    """Dataclasses, tuples and dates as JSON values."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, tuple | list):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    return value.isoformat() if isinstance(value, date) else value


def _typed(kind: Any, value: Any, where: str) -> Any:
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        inner = [k for k in get_args(kind) if k is not type(None)]
        return None if value is None else _typed(inner[0], value, where)
    if origin is tuple:
        return _typed_tuple(get_args(kind), value, where)
    if origin is dict:
        return {str(k): float(v) for k, v in value.items()}
    if isinstance(kind, type) and is_dataclass(kind):
        return read_record(kind, value, where)
    if kind is date:
        return date.fromisoformat(value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ProblemError([f"{where}:应为 {kind.__name__},实为 {value!r}"])
    return value


def _typed_tuple(kinds: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise ProblemError([f"{where}:应为列表,实为 {value!r}"])
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return tuple(_typed(kinds[0], v, f"{where}[{i}]") for i, v in enumerate(value))
    if len(kinds) != len(value):
        raise ProblemError([f"{where}:应有 {len(kinds)} 个值,实有 {len(value)} 个"])
    return tuple(_typed(k, v, where) for k, v in zip(kinds, value, strict=True))


def read_record(kind: type[T], value: Any, where: str) -> T:
    """A record of `kind` from a loaded JSON object; raises `ProblemError` with the path of the field at fault."""
    if not isinstance(value, dict):
        raise ProblemError([f"{where}:应为 {kind.__name__} 对象,实为 {value!r}"])
    hints = _hints(kind)
    if unknown := sorted(set(value) - set(hints)):
        raise ProblemError([f"{where}:不认识的字段 {'、'.join(unknown)}"])
    try:
        return kind(**{k: _typed(hints[k], v, f"{where}.{k}") for k, v in value.items()})
    except ProblemError:
        raise
    except (TypeError, ValueError, AttributeError) as fault:
        raise ProblemError([f"{where}:{fault}"]) from fault


_KNOWN_HINTS: dict[type, dict[str, Any]] = {}


def _hints(kind: type) -> dict[str, Any]:
    if kind not in _KNOWN_HINTS:
        _KNOWN_HINTS[kind] = get_type_hints(kind)
    return _KNOWN_HINTS[kind]


def to_json(value: Any) -> str:
    """Canonical JSON (规范化 JSON): sorted keys, no spaces, one LF at the end."""
    return json.dumps(plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n"


def from_json(kind: type[T], text: str, expected: str) -> T:
    """Read a record of `kind` whose `format` must be `expected`; raises `ProblemError` naming the field."""
    try:
        loaded = json.loads(text)
    except json.JSONDecodeError as fault:
        raise ProblemError([f"不是 JSON:第 {fault.lineno} 行 {fault.msg}"]) from fault
    if not isinstance(loaded, dict) or loaded.get("format") != expected:
        raise ProblemError([f"缺少或不支持的 format:应为 {expected}"])
    return read_record(kind, loaded, kind.__name__.lower())
