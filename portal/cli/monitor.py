"""Commands that look after a model in use: monitor, model-card."""

from pathlib import Path
from typing import Annotated

import typer

from portal.cli.console import AsOf, Json, Place, app, opened, out, progress, tell
from portal.monitor_report import write_card, write_monitoring
from portal.reading.monitoring import Month, one_month
from risk.card import newest_run
from risk.graded import newest_grading
from risk.monitor import monitor as monitor_grading


@app.command()
def monitor(
    as_of: AsOf = None,
    place: Place = None,
    report: Annotated[Path | None, typer.Option(help="folder for the report as HTML and PDF")] = None,
    as_json: Json = False,
) -> None:
    """Monitor the last grading (月度监测): drift, calibration, find rates, sources, audit. It releases nothing."""
    with opened(place, as_of) as (database, settings, day), progress(as_json) as say:
        engine = database.engine_for("risk")
        with engine.connect() as connection:
            snapshot = newest_grading(connection, settings.place, day)
        found = monitor_grading(engine, snapshot, say)
        with engine.connect() as connection:
            month = one_month(connection, found.report_id)
            files = write_monitoring(connection, month, report) if report else []
    tell(found, as_json, f"{found.text()}\n{_use(month)}")
    if files and not as_json:
        out.print(f"报告：{files[0]}、{files[1].name}")


def _use(month: Month) -> str:
    if not month.held:
        return f"这一期已{month.released_text}。"
    snapshot = month.report["snapshot_id"]
    return (
        f"这一期没有放行，现用上一期。放行：wurao grades release {snapshot} --by 甲 --approve 乙 --reason …"
    )


@app.command(name="model-card")
def model_card(
    run: Annotated[int | None, typer.Argument(help="model run; default: the newest of the place")] = None,
    folder: Annotated[
        Path | None, typer.Option("--out", help="where to write; default: reports in the data folder")
    ] = None,
    place: Place = None,
    as_json: Json = False,
) -> None:
    """Write the model card (模型卡) of a training run as HTML and PDF. Internal."""
    with opened(place) as (database, settings, _), database.engine_for("risk").connect() as connection:
        number = run if run is not None else newest_run(connection, settings.place)
        files = write_card(connection, number, folder or settings.data / "reports" / "models")
    tell(files, as_json, f"模型卡：{files[0]}、{files[1].name}")
