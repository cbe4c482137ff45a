"""Commands that keep the house running: serve, worker, db, demo."""

import os
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from portal.cli.console import Json, app, opened, out, progress, tell
from registry import journal
from registry.database import open_database
from registry.settings import load_settings

database_commands = typer.Typer(
    no_args_is_help=True, help="The database: migrate, status, stop, verify the journal."
)
app.add_typer(database_commands, name="db")


@app.command()
def serve(
    host: Annotated[str | None, typer.Option()] = None,
    port: Annotated[int | None, typer.Option()] = None,
    worker: Annotated[bool, typer.Option(help="also run background jobs in this process")] = True,
) -> None:
    """Open the doors (网页服务) and, unless told otherwise, run the worker beside them."""
    import uvicorn

    from portal.app import create_app
    from portal.worker import Worker

    explicit = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = load_settings(**explicit)
    # uvicorn raises the signal again once it has closed; as an exit it still stops worker and database.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with open_database(settings) as database:
        hands = Worker(database.engine_for, settings) if worker else None
        if hands:
            hands.start()
        try:
            out.print(f"无扰 http://{settings.host}:{settings.port}  （Ctrl-C 停止）")
            web = create_app(database.engine_for, settings)
            uvicorn.run(web, host=settings.host, port=settings.port, log_level="warning", server_header=False)
        finally:
            if hands:
                hands.stop()


@app.command()
def worker() -> None:
    """Run background jobs (后台任务) until stopped; any number of workers may run."""
    import threading

    from portal.worker import Worker

    settings = load_settings()
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    with open_database(settings) as database:
        hands = Worker(database.engine_for, settings)
        hands.start()
        out.print(f"后台任务已启动（进程 {os.getpid()}，Ctrl-C 停止）")
        stop.wait()
        hands.stop()


@database_commands.command()
def migrate() -> None:
    """Bring the schema to the newest version (升级数据库结构)."""
    with opened():
        out.print("数据库结构已是最新。")


@database_commands.command()
def status(as_json: Json = False) -> None:
    """Where the database is, and how many rows its tables hold."""
    from sqlalchemy import text

    from registry.tables import Table

    with opened() as (database, _, _), database.owner().connect() as connection:
        counts = {
            name: connection.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one()
            for name in sorted(Table.metadata.tables)
        }
        result = {"url": database.url, "rows": counts}
    tell(
        result,
        as_json,
        "\n".join([f"{result['url']}", *(f"{name:24}{n:>12,}" for name, n in counts.items())]),
    )


@database_commands.command(name="verify-journal")
def verify_journal(as_json: Json = False) -> None:
    """Recompute the journal's hash chain (审计日志校验); exit code 1 names the first broken number."""
    with opened() as (database, _, _), database.owner().connect() as connection:
        faults = list(journal.faults(connection))
    tell({"faults": faults}, as_json, "\n".join(faults) if faults else "审计日志完整。")
    if faults:
        raise typer.Exit(1)


@database_commands.command()
def stop() -> None:
    """Stop the embedded PostgreSQL, whoever uses it (停止内置数据库)."""
    from registry.postgres import EmbeddedServer

    settings = load_settings()
    if settings.database_url:
        out.print("数据库由 WURAO_DATABASE_URL 指定，不由本程序启停。")
        return
    EmbeddedServer(settings.data / "postgres", settings.postgres_bin).stop()
    out.print("内置数据库已停止。")


@app.command()
def demo(
    enterprises: Annotated[
        int, typer.Option(min=1_000, help="size of the simulated city; smaller ones leave libraries empty")
    ] = 20_000,
    seed: Annotated[int, typer.Option(help="the city is a function of this number")] = 20260930,
    folder: Annotated[Path | None, typer.Option(help="data folder (default: the setting)")] = None,
    fresh: Annotated[bool, typer.Option(help="begin with an empty database")] = True,
    as_json: Json = False,
) -> None:
    """The whole chain on a simulated city (演示): files → facts → classes → plan → draw → roster → reports."""
    from portal.demo import run_demo

    if folder:
        os.environ["WURAO_DATA"] = str(folder.resolve())
    with progress(as_json) as report:
        outcome = run_demo(load_settings(), enterprises, seed, fresh, report)
    tell(outcome.facts(), as_json, outcome.text())
