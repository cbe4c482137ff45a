"""Commands that judge: train, grade, explain."""

from typing import Annotated

import typer
from rich.table import Table

from portal.cli.console import AsOf, Json, Place, app, opened, out, progress, tell
from registry.progress import part_of
from risk.explain import explain as explain_enterprise
from risk.grade import grade as grade_cohort
from risk.release import release as release_grading
from risk.train import train as train_model

TRIAL = "指定模型的试算：不监测、不放行，排期和报表不使用。"


@app.command()
def train(
    as_of: AsOf = None, place: Place = None, seed: Annotated[int, typer.Option()] = 0, as_json: Json = False
) -> None:
    """Train on past windows (训练): LightGBM beside its challengers, judged on later time only."""
    with opened(place, as_of) as (database, settings, day), progress(as_json) as report:
        trained = train_model(database.engine_for("risk"), day, settings.place, seed=seed, progress=report)
    tell(trained, as_json, trained.text())


@app.command()
def grade(
    as_of: AsOf = None,
    place: Place = None,
    run: Annotated[int | None, typer.Option(help="model run; default: the newest known on that day")] = None,
    as_json: Json = False,
) -> None:
    """Grade every enterprise (信用风险分类), monitor it, release it if nothing blocks. A given --run is a trial."""
    with opened(place, as_of) as (database, settings, day), progress(as_json) as report:
        engine = database.engine_for("risk")
        graded = grade_cohort(engine, day, settings.place, model_run_id=run, progress=part_of(report, 0, 0.7))
        released = (
            release_grading(engine, graded.snapshot_id, part_of(report, 0.7, 0.3)) if run is None else None
        )
    told = released.text() if released else TRIAL
    tell(
        {**vars(graded), "released": bool(released and released.released)},
        as_json,
        f"{graded.text()}\n{told}",
    )


@app.command()
def explain(
    code: Annotated[str, typer.Argument(help="统一社会信用代码 or registration number")],
    as_of: AsOf = None,
    place: Place = None,
    as_json: Json = False,
) -> None:
    """Why an enterprise has its class (分类理由), with the evidence."""
    with (
        opened(place, as_of) as (database, settings, day),
        database.engine_for("risk").connect() as connection,
    ):
        explanation = explain_enterprise(connection, code, day, settings.place)

    def show() -> None:
        out.print(explanation.heading())
        table = Table("指标", "作用", "说明")
        for reason in explanation.reasons:
            table.add_row(reason.indicator, f"{reason.contribution:+.3f}", reason.sentence)
        out.print(table)

    tell(explanation, as_json, show)
