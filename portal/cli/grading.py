"""Commands that judge: train, grade, explain."""

from typing import Annotated

import typer
from rich.table import Table

from portal.cli.console import AsOf, Json, Place, app, opened, out, progress, tell
from risk.explain import explain as explain_enterprise
from risk.grade import grade as grade_cohort
from risk.grade import trial
from risk.train import train as train_model


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
    run: Annotated[
        int | None,
        typer.Option(help="model run to try; nothing is stored. Default: the newest adopted on that day"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Grade every enterprise (信用风险分类) with the adopted model; --run only tries one. Internal: the class leaves
    the bureau in no form."""
    with opened(place, as_of) as (database, settings, day), progress(as_json) as report:
        engine = database.engine_for("risk")
        if run is not None:
            tried = trial(engine, day, settings.place, run, progress=report)
        else:
            graded = grade_cohort(engine, day, settings.place, progress=report)
    if run is not None:
        tell(tried, as_json, tried.text())
    else:
        tell(graded, as_json, graded.text())


@app.command()
def explain(
    code: Annotated[str, typer.Argument(help="统一社会信用代码 or registration number")],
    as_of: AsOf = None,
    place: Place = None,
    as_json: Json = False,
) -> None:
    """Why an enterprise has its class (分类理由), with the evidence, and what would better it and when."""
    with (
        opened(place, as_of) as (database, settings, day),
        database.engine_for("risk").connect() as connection,
    ):
        explanation = explain_enterprise(connection, code, day, settings.place, look_ahead=True)

    def show() -> None:
        out.print(explanation.heading())
        table = Table("指标", "作用", "说明")
        for reason in explanation.reasons:
            table.add_row(reason.indicator, f"{reason.contribution:+.3f}", reason.sentence)
        out.print(table)
        for way in explanation.ways:
            out.print(way.sentence())
        if not explanation.ways and explanation.grade["credit_risk_class"] != "A":
            out.print("没有单独一条记录的到期或修复会使类别变好。")

    tell(explanation, as_json, show)
