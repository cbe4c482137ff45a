"""Commands that judge: train, score, grade, explain."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from portal.cli.console import AsOf, Json, Place, app, opened, out, progress, tell
from registry.errors import Refusal
from risk.explain import explain as explain_enterprise
from risk.grade import grade as grade_cohort
from risk.outside.layout import Roles
from risk.train import train as train_model

FOLDS = 5


@app.command()
def train(
    as_of: AsOf = None, place: Place = None, seed: Annotated[int, typer.Option()] = 0,
    table: Annotated[Path | None, typer.Option(help="an outsider's CSV, TSV, XLSX, JSONL or Parquet file instead")] = None,
    label: Annotated[str | None, typer.Option(help="column of the outcome: two values, empty for unknown")] = None,
    positive: Annotated[str | None, typer.Option(help="the value that means the outcome; all others mean it not")] = None,
    time: Annotated[str | None, typer.Option(help="column of each row's time: then tested by time")] = None,
    group: Annotated[str | None, typer.Option(help="column of groups, never torn apart by folds")] = None,
    offset: Annotated[str | None, typer.Option(help="column (inspector) that training allows for and scoring ignores")] = None,
    id: Annotated[str | None, typer.Option(help="column of ids; with --time and several rows an id: events")] = None,
    outcome: Annotated[list[str] | None, typer.Option(help="column known only with the outcome; later rows may use it")] = None,
    leave_out: Annotated[list[str] | None, typer.Option(help="column not to be used")] = None,
    directions: Annotated[Path | None, typer.Option(help="TOML or CSV: column, 1 more is riskier, -1 more is safer")] = None,
    folds: Annotated[int, typer.Option(help="folds, or windows of time that test")] = FOLDS,
    report: Annotated[Path | None, typer.Option(help="folder for report, figures, out-of-fold scores and model")] = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Train on past windows (训练): LightGBM beside its challengers; with --table on any outsider's table (外部表)."""
    if table is not None:
        # Drawing takes a second to load, which grading need not wait for.
        from portal.outside_tables import train_on_table

        sides = tuple(outcome or ()), tuple(leave_out or ())
        roles = Roles(_needed(label, "--label"), positive, time, group, offset, id, *sides)
        folder = _needed(report, "--report")
        with progress(as_json) as told:
            done = train_on_table(table, roles, folder, folds, seed, directions, told)
        tell(done, as_json, done.text())
        return
    if any((label, positive, time, group, offset, id, outcome, leave_out, report, directions)):
        raise Refusal(
            "table.not_given", "--label、--report 等选项只与 --table 一起使用。", "请加上 --table 文件。"
        )
    with opened(place, as_of) as (database, settings, day), progress(as_json) as told:
        trained = train_model(database.engine_for("risk"), day, settings.place, seed=seed, progress=told)
    tell(trained, as_json, trained.text())


def _needed(value: Any, option: str) -> Any:
    if value is None:
        raise Refusal("table.option_missing", f"用 --table 训练时还要 {option}。", f"请加上 {option}。")
    return value


@app.command()
def score(
    model: Annotated[Path, typer.Option(help="model.bin of `wurao train --table`")],
    table: Annotated[
        Path, typer.Option(help="a table with the same columns; of events also the earlier rows")
    ],
    out_file: Annotated[Path, typer.Option("--out", help="CSV to write: row, id, raw score, probability")],
    as_json: Json = False,
) -> None:
    """Score an outsider's table (外部表计分) with a saved model; one row gets the same score alone and in a batch."""
    from portal.outside_tables import score_table

    with progress(as_json) as told:
        rows = score_table(model, table, out_file, told)
    tell({"rows": rows, "file": str(out_file)}, as_json, f"已计分 {rows} 行，写入 {out_file}")


@app.command()
def grade(
    as_of: AsOf = None,
    place: Place = None,
    run: Annotated[int | None, typer.Option(help="model run; default: the newest known on that day")] = None,
    as_json: Json = False,
) -> None:
    """Grade every enterprise (信用风险分类). Internal: the class leaves the bureau in no form."""
    with opened(place, as_of) as (database, settings, day), progress(as_json) as report:
        graded = grade_cohort(
            database.engine_for("risk"), day, settings.place, model_run_id=run, progress=report
        )
    tell(graded, as_json, graded.text())


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
