"""`wurao roster compare` (排班比较): two rosters of one problem, aim by aim and visit by visit."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.markup import escape
from rich.table import Table

from portal.cli.console import Json, err, out, tell
from portal.cli.roster_files import ProblemFile, problem_of, roster_commands
from scheduling.compare import Comparison, Measure, Moved, OnlyOne, Regrouped, Reseated, compare_rosters
from scheduling.problem import problem_hash
from scheduling.problem_files import read_roster
from scheduling.search_words import AIMS, figure_words

NAMES = {**AIMS, "violations": "违规", "checks_unplaced": "未排入的任务", "checks_visited": "排入的任务"}
HALVES = {"am": "上午", "pm": "下午", "day": "全天"}
T = TypeVar("T")


@roster_commands.command()
def compare(
    problem: ProblemFile,
    first: Annotated[Path, typer.Argument(help="roster file")],
    second: Annotated[Path, typer.Argument(help="another roster file of the same problem")],
    most: Annotated[int, typer.Option(min=0, help="differences of a kind to list; --json lists all")] = 20,
    as_json: Json = False,
) -> None:
    """Compare two rosters of one problem (比较): aims and bounds, visits moved, people changed, what one leaves out."""
    asked = problem_of(problem)
    rosters = [read_roster(first), read_roster(second)]
    for path, roster in zip((first, second), rosters, strict=True):
        if roster.problem_hash not in ("", problem_hash(asked)):
            err.print(f"[yellow]注意[/yellow] {escape(str(path))} 是按另一份问题排的：problem_hash 不一致。")
    found = compare_rosters(asked, *rosters)
    answer = {**asdict(found), "is_same": found.is_same}
    tell(answer, as_json, lambda: _show(found, str(first), str(second), most))


def _show(found: Comparison, first: str, second: str, most: int) -> None:
    table = Table("指标", escape(first), escape(second), "下界")
    for measure in found.measures:
        table.add_row(*_row(measure))
    out.print(table)
    out.print(f"两份相同的入企 {found.same:,} 次。" if not found.is_same else "两份排班表相同。")
    names = {"first": first, "second": second}
    _list("改期", found.moved, _moved, most)
    _list("合并方式不同", found.regrouped, _regrouped, most)
    _list("换人", found.reseated, _reseated, most)
    _list("只在一份中排入", found.only_one, lambda one: _only_one(one, names), most)


def _row(measure: Measure) -> tuple[str, ...]:
    values = (measure.first, measure.second, measure.bound)
    return (NAMES.get(measure.name, measure.name), *map(figure_words, values))


def _list(title: str, ones: Sequence[T], words: Callable[[T], str], most: int) -> None:
    if not ones:
        return
    out.print(f"[bold]{title}[/bold] {len(ones):,}")
    for one in ones[:most]:
        out.print(f"  {escape(words(one))}")
    if len(ones) > most:
        out.print(f"  ……另有 {len(ones) - most:,}")


def _when(day: object, half: str) -> str:
    return f"{day} {HALVES.get(half, half)}"


def _moved(one: Moved) -> str:
    return f"{one.visit} {one.object_id}：{_when(one.from_day, one.from_half)} → {_when(one.to_day, one.to_half)}"


def _regrouped(one: Regrouped) -> str:
    before, after = (
        "；".join(f"{_when(day, half)} {'、'.join(checks)}" for day, half, checks in visits) or "无"
        for visits in (one.first, one.second)
    )
    return f"{one.object_id}：{before} → {after}"


def _reseated(one: Reseated) -> str:
    return f"{one.visit} {one.department}：{'、'.join(one.left) or '无'} → {'、'.join(one.came) or '无'}"


def _only_one(one: OnlyOne, names: dict[str, str]) -> str:
    reason = f"；另一份：{one.reason}" if one.reason else ""
    return f"{one.check}：{names[one.placed_in]} 排在 {one.day}{reason}"
