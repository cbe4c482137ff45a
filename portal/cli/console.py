"""What every command shares: progress, `--json`, sentences instead of tracebacks, the open database."""

import json
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from portal.cli.rooms import open_rooms
from portal.cli.usage import WrongUsage, usage_words
from registry.database import Database, open_database
from registry.errors import Refusal
from registry.progress import DETAIL
from registry.rules import load_rules
from registry.settings import Settings, load_settings

app = typer.Typer(
    name="wurao",
    help="无扰: whom to inspect, and whom to leave in peace.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


class Told(Console):
    """The console of answers (输出): a narrow terminal folds the cells of a table, it never cuts codes or dates short."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Print as rich does; cells that do not fit go on in the next line."""
        for table in objects:
            if isinstance(table, Table):
                for column in table.columns:
                    column.overflow = "fold"
        super().print(*objects, **options)


out = Told(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False)


@app.callback()
def every_command() -> None:
    """无扰: whom to inspect, and whom to leave in peace."""


Json = Annotated[bool, typer.Option("--json", help="print one JSON object, for machines")]
AsOf = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="judge with what was known on this day")
]
Place = Annotated[str | None, typer.Option(help="place whose rules are in force (default: the setting)")]
ProgressReport = Callable[[str, float], None]


def run(arguments: list[str] | None = None) -> int:
    """Run the command line; refusals become a sentence and exit code 1, faults of ours a log file and 3."""
    words = sys.argv[1:] if arguments is None else arguments
    try:
        open_rooms(words)
        left = app(args=arguments, standalone_mode=False)
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else 0
    except WrongUsage as fault:
        return _tell_usage(fault, words)
    except Refusal as refusal:
        err.print(f"[red]✗[/red] {refusal.sentence}\n  → {refusal.remedy}  [dim]({refusal.code})[/dim]")
        return 1
    except (KeyboardInterrupt, typer.Abort):
        err.print("已中断；已完成的步骤都已保存。 Interrupted; what was finished is saved.")
        return 130
    except Exception as fault:
        return _report_fault(fault)
    return left if isinstance(left, int) else 0


def _tell_usage(fault: Any, arguments: list[str]) -> int:
    """Wrong usage: help where nothing at all was asked, else one sentence; exit code 2."""
    if fault.message and type(fault).__name__ == "NoArgsIsHelpError":
        typer.echo(fault.message)
    elif type(fault).__name__ != "NoArgsIsHelpError":
        sentence, remedy = usage_words(fault, app, arguments)
        err.print(f"[red]✗[/red] {escape(sentence)}\n  → {escape(remedy)}")
    return 2


def _report_fault(fault: Exception) -> int:
    name = f"fault-{datetime.now():%Y%m%d-%H%M%S}.txt"  # noqa: DTZ005 - a file name
    text = "".join(traceback.format_exception(fault))
    try:
        log = load_settings().data / "logs" / name
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(text)
    except (OSError, Refusal):  # the data folder itself may be what is wrong
        log = Path(tempfile.mkdtemp(prefix="wurao-")) / name
        log.write_text(text)
    err.print(
        f"[red]✗[/red] 程序自身出错：{type(fault).__name__}: {str(fault)[:300]}\n  → 详情已写入 {log}，请交给维护人员。"
    )
    return 3


@contextmanager
def opened(
    place: str | None = None, as_of: datetime | None = None
) -> Iterator[tuple[Database, Settings, date]]:
    """The open database, the settings (with the place), and the date to judge as of (default: today)."""
    from registry import clock

    settings = load_settings(**({"place": place} if place else {}))
    load_rules().ancestry(settings.place)  # an unknown place is refused before anything is opened
    with open_database(settings) as database:
        yield database, settings, as_of.date() if as_of else clock.today()


@contextmanager
def progress(as_json: bool = False) -> Iterator[ProgressReport]:
    """A progress bar on the terminal, or one line a stage where there is none. Call with (stage, 0…1)."""
    if as_json:
        yield lambda stage, fraction: None
    elif err.is_terminal:
        with _bar() as bar:
            yield _on_bar(bar)
    else:
        yield _on_lines()


def _bar() -> Progress:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
    )
    return Progress(*columns, TimeElapsedColumn(), console=err, transient=False)


def _on_bar(bar: Progress) -> ProgressReport:
    stages: dict[str, TaskID] = {}

    def show(stage: str, fraction: float) -> None:
        name = stage.partition(DETAIL)[0]
        if name not in stages:
            for earlier in stages.values():
                bar.update(earlier, completed=1.0)
            stages[name] = bar.add_task(stage, total=1.0)
        bar.update(stages[name], completed=min(fraction, 1.0), description=stage)

    return show


def _on_lines() -> ProgressReport:
    seen: set[str] = set()

    def show(stage: str, fraction: float) -> None:
        name = stage.partition(DETAIL)[0]
        if name not in seen:
            seen.add(name)
            err.print(f"… {name}")

    return show


def tell(result: Any, as_json: bool, text: str | Callable[[], None]) -> None:
    """Print the result: JSON for machines, else a text or whatever a function prints."""
    if as_json:
        sys.stdout.write(json.dumps(result, ensure_ascii=False, default=_plain) + "\n")
    elif callable(text):
        text()
    else:
        out.print(text)


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, Path | date):
        return str(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    return str(value)
