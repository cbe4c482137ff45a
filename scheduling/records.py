"""Frozen dataclasses to canonical JSON and back (数据记录的规范化 JSON), with a sentence for every fault."""

from __future__ import annotations

import json
import math
import re
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints


class ProblemError(ValueError):
    """The problem itself is unusable (问题数据有误): `faults` says what and where, one sentence each."""

    def __init__(self, faults: list[str]):
        self.faults = faults
        super().__init__(";".join(faults[:20]))


T = TypeVar("T")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
LARGEST = 2**53
"""Whole numbers beyond this are not the same number in every JSON reader (RFC 8259, 6)."""


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
        return _figures(value, where)
    if isinstance(kind, type) and is_dataclass(kind):
        return read_record(kind, value, where)
    if kind is date:
        return _day(value, where)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value) if abs(value) <= LARGEST else math.inf
    if kind is int and isinstance(value, float) and value.is_integer():
        value = int(value)  # 60.0 is the whole number 60 to JSON, which has one kind of number
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ProblemError([f"{where}:应为{_KINDS[kind]},实为 {_shown(value)}"])
    return _sane(value, where)


_KINDS = {str: "文字", int: "整数", float: "数", bool: " true 或 false"}


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "…"


def _sane(value: Any, where: str) -> Any:
    """A text that UTF-8 can write, a number that is one; raises ProblemError else."""
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError as fault:
            raise ProblemError([f"{where}:文字含有无法保存的字符"]) from fault
    elif not isinstance(value, bool) and not -LARGEST <= value <= LARGEST:
        raise ProblemError([f"{where}:数值过大"])
    return value


def _day(value: Any, where: str) -> date:
    if not isinstance(value, str) or not DAY.fullmatch(value):
        raise ProblemError([f"{where}:应为 YYYY-MM-DD 的日期,实为 {_shown(value)}"])
    try:
        return date.fromisoformat(value)
    except ValueError as fault:
        raise ProblemError([f"{where}:没有 {value} 这一天"]) from fault


def _figures(value: Any, where: str) -> dict[str, float]:
    if not isinstance(value, dict):
        raise ProblemError([f"{where}:应为 {{名称: 数}},实为 {_shown(value)}"])
    return {k: _typed(float, v, f"{where}.{k}") for k, v in value.items()}


def _typed_tuple(kinds: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise ProblemError([f"{where}:应为列表,实为 {_shown(value)}"])
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return tuple(_typed(kinds[0], v, f"{where}[{i}]") for i, v in enumerate(value))
    if len(kinds) != len(value):
        raise ProblemError([f"{where}:应有 {len(kinds)} 个值,实有 {len(value)} 个"])
    return tuple(_typed(k, v, f"{where}[{i}]") for i, (k, v) in enumerate(zip(kinds, value, strict=True)))


def read_record(kind: type[T], value: Any, where: str) -> T:
    """A record of `kind` from a loaded JSON object; raises `ProblemError` with the path of the field at fault."""
    if not isinstance(value, dict):
        raise ProblemError([f"{where}:应为 {kind.__name__} 对象,实为 {_shown(value)}"])
    hints = _hints(kind)
    if unknown := sorted(set(value) - set(hints)):
        raise ProblemError([f"{where}.{name}:不认识的字段" for name in unknown])
    if missing := [name for name in required(kind) if name not in value]:
        raise ProblemError([f"{where}.{name}:缺少此字段" for name in missing])
    return kind(**{k: _typed(hints[k], v, f"{where}.{k}") for k, v in value.items()})


def required(kind: type) -> list[str]:
    """Names of a dataclass's fields without a default (必填字段), in order."""
    return [f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING]


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
    return read_record(kind, load_json(kind.__name__.lower(), text, expected), kind.__name__.lower())


def load_json(root: str, text: str, expected: str) -> dict[str, Any]:
    """The JSON object of a file (文件内容), read as every reader of JSON would; `root` names it in a `ProblemError`."""
    try:
        loaded = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except json.JSONDecodeError as fault:
        where = f"第 {fault.lineno} 行第 {fault.colno} 字"
        raise ProblemError([f"不是 JSON:{where}{_broken(fault.msg)}"]) from fault
    except RecursionError as fault:
        raise ProblemError(["不是可用的 JSON:嵌套过深"]) from fault
    except ProblemError:
        raise
    except ValueError as fault:  # Python refuses to read numbers of thousands of digits
        raise ProblemError(["不是可用的 JSON:数字过长"]) from fault
    if not isinstance(loaded, dict) or loaded.get("format") != expected:
        raise ProblemError([f"{root}.format:缺少或不支持的 format:应为 {expected}"])
    return loaded


_BROKEN = {
    "Expecting value": "应有一个值",
    "Expecting ',' delimiter": "应有逗号",
    "Expecting ':' delimiter": "应有冒号",
    "Expecting property name": "应有带双引号的字段名",
    "Extra data": "之后还有多余的内容",
    "Unterminated string": "开始的文字没有结束的引号",
    "Illegal trailing comma": "最后一项之后不能有逗号",
    "Invalid control character": "文字中有不能直接写入的控制字符",
    "Invalid \\": "反斜杠后的写法不对",
    "Unexpected UTF-8 BOM": "开头有字节序标记(BOM)",
}
"""What Python says of broken JSON, in words for whoever wrote the file."""


def _broken(message: str) -> str:
    return next((f" {words}" for said, words in _BROKEN.items() if message.startswith(said)), " 写法不对")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object; a name given twice is refused, because readers differ in which one they believe."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in found if names.count(name) > 1)
        raise ProblemError([f"同一对象中字段 {twice} 出现两次"])
    return found


def _no_number(name: str) -> float:
    raise ProblemError([f"{name} 不是 JSON 的数"])
