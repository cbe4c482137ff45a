"""Alternatives (测算方案): the rules in force with some values changed, for a simulation only.

Any rule may be varied: ratios, quotas, quiet days, caps. A value is checked against the one in force, so that a
misspelt class or a text for a number is refused by name and never quietly ignored.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from registry.errors import Refusal
from registry.rules import Rule, Rulebook

PRESENT = "现行规则"
_SUPPOSED = "假设值，仅用于测算，没有依据"
_QUIET = "quiet_day."


@dataclass(frozen=True)
class Alternative:
    """One set of changed values (方案); a quiet-day rule may be left out with the value false."""

    name: str
    values: Mapping[str, Any] = field(default_factory=dict)


def present_rules() -> Alternative:
    """What the others are compared with: nothing changed."""
    return Alternative(PRESENT)


def read_alternatives(path: Path) -> list[Alternative]:
    """Alternatives of a TOML file: `[[alternative]]` with a `name` and a table `rules` of key → value.

    Raises Refusal simulation.file where it cannot be read or an entry is not of that form.
    """
    try:
        parsed = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _bad_file(f"方案文件 {path} 无法读取：{error}。") from error
    entries = parsed.get("alternative")
    if not isinstance(entries, list) or not entries or set(parsed) != {"alternative"}:
        raise _bad_file(f"方案文件 {path} 中应只有 [[alternative]]，至少一个。")
    found = [_alternative(path, number, entry) for number, entry in enumerate(entries, start=1)]
    names = [alternative.name for alternative in found]
    if len({*names, PRESENT}) != len(names) + 1:
        raise _bad_file(f"方案文件 {path} 中方案名称重复，或用了“{PRESENT}”。")
    return found


def _alternative(path: Path, number: int, entry: Any) -> Alternative:
    good = (
        isinstance(entry, dict)
        and set(entry) == {"name", "rules"}
        and isinstance(entry["name"], str)
        and entry["name"].strip()
        and isinstance(entry["rules"], dict)
        and entry["rules"]
    )
    if not good:
        raise _bad_file(f"方案文件 {path} 第 {number} 个方案应有 name 和非空的 rules，没有别的。")
    return Alternative(entry["name"].strip(), entry["rules"])


def parse_settings(settings: Sequence[str], name: str = "设定") -> Alternative:
    """An alternative of options such as `quota.undisturbed_share=1.0`; the value is written as in TOML.

    Raises Refusal simulation.setting.
    """
    values: dict[str, Any] = {}
    for setting in settings:
        key, _, text = (part.strip() for part in setting.partition("="))
        if key in values:
            raise Refusal("simulation.setting", f"设定 {key} 写了两次。", "每个键写一次。")
        try:
            values[key] = tomllib.loads(f"value = {text}")["value"]
        except (tomllib.TOMLDecodeError, KeyError) as error:
            raise Refusal(
                "simulation.setting",
                f"设定“{setting}”不是 键=值 的形式。",
                "例如 quota.undisturbed_share=1.0，或 ratio.general={A=0.01,B=0.03,C=0.1,D=0.3}。",
            ) from error
    return Alternative(name, values)


def altered_rules(rulebook: Rulebook, alternative: Alternative, place: str, day: date) -> Rulebook:
    """The rulebook with the alternative's values in force at the place on the day.

    Raises Refusal rules.unknown_key, simulation.value where a value has not the form of the one in force.
    """
    rules = dict(rulebook.rules)
    for key, value in alternative.values.items():
        if key.startswith(_QUIET):
            rules = _with_quiet_days(rules, key, value, place, day)
            continue
        now = rulebook.rule(key, place, day)
        if not _alike(now.value, value):
            raise _bad_value(alternative.name, key, value, now.value)
        rules[key] = (replace(now, place=place, since=date.min, until=None, value=value, basis=_SUPPOSED),)
    return replace(rulebook, rules=rules)


def _with_quiet_days(
    rules: dict[str, tuple[Rule, ...]], key: str, value: Any, place: str, day: date
) -> dict[str, tuple[Rule, ...]]:
    """`quiet_day.all = false` leaves out the region's quiet days; another key names one rule, new or not."""
    if value is False:
        dropped = [name for name in rules if name.startswith(_QUIET)] if key == f"{_QUIET}all" else [key]
        if not set(dropped) & set(rules):
            raise _bad_value("", key, value, "已登记的安静日规则")
        return {name: many for name, many in rules.items() if name not in dropped}
    if not isinstance(value, dict) or not ({"month_days", "weekdays", "ranges"} & set(value)):
        raise _bad_value("", key, value, "{ name = …, month_days = [1, 2, …] } 或 false")
    whole = {"name": key.removeprefix(_QUIET), **value}
    return rules | {key: (Rule(key, place, date.min, None, whole, "", _SUPPOSED, "simulation"),)}


def _alike(now: Any, value: Any, top: float = 0) -> bool:
    """Of the same form: shares up to 1, numbers from 0, the same keys, lists of the same kind, texts, switches."""
    if isinstance(now, bool) or isinstance(value, bool):
        return isinstance(now, bool) and isinstance(value, bool)
    if isinstance(now, int | float):
        return isinstance(value, int | float) and value >= 0 and (value <= 1 or max(top, now) > 1)
    if isinstance(now, dict):
        if not isinstance(value, dict) or set(value) != set(now):
            return False
        highest = max((part for part in now.values() if isinstance(part, int | float)), default=0)
        return all(_alike(now[key], value[key], highest) for key in now)
    if isinstance(now, list):
        return isinstance(value, list) and (not now or all(type(part) is type(now[0]) for part in value))
    return type(value) is type(now)


def _bad_file(sentence: str) -> Refusal:
    return Refusal("simulation.file", sentence, "按 docs/planning.md“测算”一节的例子书写。")


def _bad_value(name: str, key: str, value: Any, now: Any) -> Refusal:
    whose = f"方案“{name}”的" if name else ""
    return Refusal(
        "simulation.value", f"{whose}{key} = {value!r} 与规则的形式不符，应类似 {now!r}。", "更正后重新测算。"
    )
