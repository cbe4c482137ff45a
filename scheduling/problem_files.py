"""Problem and roster files (问题文件与排班表文件): read whole and judged, written in one piece, refused in a sentence."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from registry.errors import Refusal
from scheduling.disturbances import Change, change_from_json
from scheduling.problem import (
    Problem,
    ProblemError,
    Roster,
    problem_from_json,
    roster_from_json,
    roster_to_json,
)
from scheduling.validation import roster_faults, validate

FORMATS = "docs/roster-format.md"
CHANGES = "docs/roster-change.md"
SHOWN = 5
"""Faults of one file that are told at once; more would scroll the first ones away."""
T = TypeVar("T")


def read_problem(path: Path) -> Problem:
    """A problem file whose values have been judged. Raises Refusal roster.file (with the path of the field)."""

    def judged(text: str) -> Problem:
        problem = problem_from_json(text)
        validate(problem)
        return problem

    return read_record(path, "问题文件", judged)


def read_roster(path: Path) -> Roster:
    """A roster file. Raises Refusal roster.file (with the path of the field)."""

    def judged(text: str) -> Roster:
        roster = roster_from_json(text)
        if found := roster_faults(roster):
            raise ProblemError(found)
        return roster

    return read_record(path, "排班表文件", judged)


def read_change(path: Path) -> Change:
    """A change file (调整文件). Raises Refusal roster.file (with the path of the field)."""
    return read_record(path, "调整文件", change_from_json, CHANGES)


def read_record(path: Path, what: str, parse: Callable[[str], T], page: str = FORMATS) -> T:
    """A JSON file through `parse`, whose ProblemError becomes a Refusal roster.file naming file, fields and the `page` to read."""
    try:
        return parse(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as fault:
        raise Refusal("roster.file", f"找不到{what} {path}。", "检查路径和文件名。", 404) from fault
    except OSError as fault:
        raise Refusal(
            "roster.file", f"无法读取{what} {path}：{fault.strerror}。", "检查路径和权限。"
        ) from fault
    except UnicodeDecodeError as fault:
        sentence = f"{what} {path} 不是 UTF-8 文字（第 {fault.start + 1} 字节）。"
        raise Refusal("roster.file", sentence, "另存为 UTF-8 编码的 JSON。") from fault
    except ProblemError as fault:
        raise Refusal("roster.file", f"{what} {path} {told(fault)}", f"按 {page} 改正后重试。") from fault


def told(fault: ProblemError) -> str:
    """The faults in words: one as it stands, several as a list, the first `SHOWN` of many."""
    first, *others = fault.faults
    if not others:
        return f"有误：{first}。"
    listed = "".join(f"\n  {sentence}" for sentence in fault.faults[:SHOWN])
    return f"有 {len(fault.faults)} 处错误：{listed}" + ("\n  ……" if len(fault.faults) > SHOWN else "")


def write_roster(path: Path, roster: Roster) -> None:
    """Store a roster in canonical JSON; whoever reads meanwhile sees the old file or the new one, never a half.

    Raises Refusal roster.write.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(roster_to_json(roster), encoding="utf-8")
        os.replace(part, path)
    except OSError as fault:
        with suppress(OSError):
            part.unlink()
        raise Refusal("roster.write", f"无法写入 {path}：{fault.strerror}。", "检查文件夹和权限。") from fault
