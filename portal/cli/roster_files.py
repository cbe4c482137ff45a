"""Roster commands on public files (排班文件), which need no database: solve, check, schema.

Formats: docs/roster-format.md. `roster_commands` is the group; the rosters of stored plans join it in results.py.
"""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from portal.cli.console import Json, app, err, opened, out, progress, tell
from registry.errors import Refusal
from scheduling.case import Violation
from scheduling.check import check_roster
from scheduling.problem import Problem, ProblemError, Roster, problem_hash, problem_to_json, roster_to_json
from scheduling.problem_files import read_problem, read_roster, told, write_roster
from scheduling.rule_names import rule_words
from scheduling.search_words import AIMS, STOPPED, figure_words, gap_words_of
from scheduling.validation import warnings

roster_commands = typer.Typer(
    no_args_is_help=True,
    help="Rosters. On files, without a database: solve, check, explain, compare, change, schema. "
    "Of a stored plan: make, commit and staff by lottery, check, explain, change, export, list.",
)
app.add_typer(roster_commands, name="roster")

ProblemFile = Annotated[
    Path, typer.Argument(help="problem file (wurao-problem-1, see docs/roster-format.md)")
]
SECONDS = 20.0


@roster_commands.command()
def solve(
    problem: ProblemFile,
    target: Annotated[
        Path | None, typer.Option("--out", help="roster file to write; default: NAME-roster.json beside it")
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(min=0.0, help="longest search; default 20, unless --rounds is given")
    ] = None,
    gap: Annotated[float | None, typer.Option(min=0.0, help="stop at this gap, e.g. 0.02")] = None,
    rounds: Annotated[
        int | None, typer.Option(min=0, help="stop after so many rounds; alone, the answer can be repeated")
    ] = None,
    seed: Annotated[
        str, typer.Option(help="public text that breaks ties; a formal roster takes one announced beforehand")
    ] = "wurao",
    picture: Annotated[
        Path | None, typer.Option(help="folder for pictures: the search, people out, calendar (SVG)")
    ] = None,
    as_json: Json = False,
) -> None:
    """Solve a problem file (求解): merge, date, explain what has no date; Ctrl-C keeps the best roster so far."""
    # The solver costs a second to load, which the other commands of this room should not pay.
    from scheduling.solve import Stop
    from scheduling.solve import solve as search
    from scheduling.workdays import EstimatedYear

    asked = problem_of(problem)
    limit = SECONDS if seconds is None and rounds is None else seconds
    try:
        with ending_on_interrupt() as ended, progress(as_json) as report:
            roster = search(asked, Stop(limit, gap, rounds, ended=ended), seed, report)
    except ProblemError as fault:
        raise Refusal("roster.problem", f"无法排班：问题{told(fault)}", "改正问题文件后重试。") from fault
    except EstimatedYear as fault:
        remedy = (
            "在 calendar.overrides 与 official_years 补录该年安排，或设 calendar.allow_estimated 为 true。"
        )
        raise Refusal("roster.calendar", f"无法排班：{fault}。", remedy) from fault
    written = target or problem.with_name(f"{problem.stem}-roster.json")
    write_roster(written, roster)
    broken = check_roster(asked, roster, teams=False)
    drawn = draw(asked, roster, picture) if picture else []
    answer = {
        "roster": written,
        **outcome(roster),
        "violations": [asdict(v) for v in broken],
        "pictures": drawn,
    }
    tell(answer, as_json, lambda: _show_outcome(written, asked, roster, broken, drawn))
    _leave_if(broken)


def problem_of(path: Path) -> Problem:
    """A problem file; what looks like a slip in it is pointed out. Raises Refusal roster.file."""
    problem = read_problem(path)
    doubtful = warnings(problem)
    for sentence in doubtful[:SHOWN]:
        err.print(f"[yellow]注意[/yellow] {escape(sentence)}。")
    if len(doubtful) > SHOWN:
        err.print(f"……另有 {len(doubtful) - SHOWN:,} 处同样的情况。")
    return problem


@contextmanager
def ending_on_interrupt() -> Iterator[Callable[[], bool]]:
    """Ctrl-C ends the search and keeps its best; a second one gives up. Yields what `Stop.ended` asks."""
    pressed: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        if pressed:
            raise KeyboardInterrupt
        pressed.append(number)
        err.print("正在收尾，存下目前最好的排班表；再按一次 Ctrl-C 放弃。")

    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: bool(pressed)
    finally:
        signal.signal(signal.SIGINT, before)


def draw(problem: Problem, roster: Roster, folder: Path) -> list[str]:
    """Write a roster's pictures into the folder; their paths (排班图)."""
    from portal.roster_pictures import roster_pictures, write_pictures

    return [str(path) for path in write_pictures(folder, roster_pictures(problem, roster))]


def outcome(roster: Roster) -> dict[str, Any]:
    """A roster in figures, for machines."""
    return {
        "visits": len(roster.visits),
        "unplaced": len(roster.unplaced),
        "aims": roster.aims,
        "gap": roster.gap,
        "stopped": roster.stopped,
    }


def show_aims(roster: Roster) -> None:
    """Aims with their values and what is proved of them (目标、取值与下界)."""
    table = Table("目标", "取值", "下界")
    for aim in roster.aims:
        table.add_row(AIMS.get(aim.name, aim.name), figure_words(aim.value), figure_words(aim.bound))
    out.print(table)


def _show_outcome(
    written: Path, problem: Problem, roster: Roster, broken: list[Violation], drawn: list[str]
) -> None:
    show_aims(roster)
    out.print(
        f"排入 {len(roster.visits):,} 次入企，未排入 {len(roster.unplaced):,} 次，"
        f"紧急优先差距 {gap_words_of(roster.gap, problem.rules.weights)}；{STOPPED.get(roster.stopped, roster.stopped)}后停止。"
    )
    for missed in roster.unplaced[:SHOWN]:
        out.print(
            f"[yellow]未排入[/yellow] {escape(missed.object_id)}：{escape(missed.sentence)}\n  → {escape(missed.relief)}"
        )
    if len(roster.unplaced) > SHOWN:
        out.print(f"……另有 {len(roster.unplaced) - SHOWN:,} 次未排入：wurao roster explain")
    out.print("\n".join([f"排班表：{written}", *(f"图：{path}" for path in drawn)]))
    _show_violations(str(written), broken)


SHOWN = 5
"""Unplaced visits that `solve` tells itself; all are in the file and in `explain`."""


@roster_commands.command()
def check(
    what: Annotated[str, typer.Argument(help="number of a stored roster, or a problem file")],
    roster: Annotated[Path | None, typer.Argument(help="roster file, where WHAT is a problem file")] = None,
    teams: Annotated[
        bool | None,
        typer.Option("--teams/--no-teams", help="judge the people too; default: if any seat is filled"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check a roster, stored or in files, with the program that shares no code with the solver (独立核验)."""
    problem, judged = stored_roster(what) if roster is None else (problem_of(Path(what)), read_roster(roster))
    name = str(roster or what)
    if judged.problem_hash not in ("", problem_hash(problem)):
        err.print(
            "[yellow]注意[/yellow] 这份排班表是按另一份（或后来改动过的）问题排的：problem_hash 不一致。"
        )
    with_teams = bool(judged.seats) if teams is None else teams
    broken = check_roster(problem, judged, teams=with_teams)
    answer = {"roster": name, "teams": with_teams, "violations": [asdict(v) for v in broken]}
    tell(answer, as_json, lambda: _show_violations(name, broken))
    _leave_if(broken)


@roster_commands.command("export")
def export(
    number: Annotated[str, typer.Argument(help="number of a stored roster (wurao roster list)")],
    out_folder: Annotated[Path, typer.Option("--out", help="folder for the two files")] = Path(),
) -> None:
    """Write a stored roster as the two public files (导出排班问题与排班表), for the commands on files.

    They are for the bureau: urgency follows from the class, and nobody outside may see it.
    """
    problem, roster = stored_roster(number)
    out_folder.mkdir(parents=True, exist_ok=True)
    for name, text in (
        (f"roster-{number}-problem.json", problem_to_json(problem)),
        (f"roster-{number}.json", roster_to_json(roster)),
    ):
        (out_folder / name).write_text(text, encoding="utf-8")
        out.print(f"已写入 {escape(str(out_folder / name))}")
    out.print("内部文件：紧急程度来自信用风险分类，不得对外提供。")


def stored_roster(number: str) -> tuple[Problem, Roster]:
    """A stored version as people were told it (已下达的排班). Raises Refusal roster.no_roster, roster.unknown."""
    if not number.isdecimal():
        raise Refusal(
            "roster.no_roster",
            f"没有给出要核验的排班表文件：{number}。",
            "wurao roster check 问题文件 排班表文件，或 wurao roster check 编号。",
        )
    from scheduling.told import told_roster

    with opened() as (database, _, _), database.engine_for("schedule").connect() as connection:
        return told_roster(connection, int(number))


def violation_line(one: Violation) -> str:
    """A broken rule by its name, the visit and the sentence (一处违规)."""
    where = f" {one.visit_id}" if one.visit_id else ""
    return f"[red]✗[/red] {rule_words(one.rule)}{escape(where)}：{escape(one.sentence)}"


def _show_violations(name: str, broken: list[Violation]) -> None:
    for one in broken:
        out.print(violation_line(one))
    if not broken:
        out.print(f"排班表 {name}：独立核验无违规。")


def _leave_if(broken: list[Violation]) -> None:
    if broken:
        err.print(f"{len(broken)} 处违规。")
        raise typer.Exit(1)


@roster_commands.command()
def schema(
    kind: Annotated[str, typer.Argument(help="problem, roster or change")],
    target: Annotated[Path | None, typer.Option("--out", help="file to write; default: print it")] = None,
) -> None:
    """Print the JSON schema (draft 2020-12) of a problem, roster or change file, made from the code itself."""
    from scheduling.schema import SCHEMAS, schema_text

    if kind not in SCHEMAS:
        raise Refusal("roster.schema", f"没有 {kind} 的格式。", f"可选：{'、'.join(SCHEMAS)}。")
    text = schema_text(SCHEMAS[kind])
    if target is None:
        sys.stdout.write(text)
    else:
        target.write_text(text, encoding="utf-8")
