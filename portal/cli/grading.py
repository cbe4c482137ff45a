"""Commands that judge: train, score, backtest, grade, explain."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from portal.backtest_report import pooled_rows, write_backtest
from portal.cli.console import AsOf, Json, Place, app, opened, out, progress, tell
from registry.errors import Refusal
from registry.progress import part_of
from risk.backtest import Backtest
from risk.backtest import backtest as run_backtest
from risk.explain import explain as explain_enterprise
from risk.grade import grade as grade_cohort
from risk.grade import trial
from risk.outside.layout import Roles
from risk.release import release as release_grading
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
def backtest(
    as_of: AsOf = None,
    place: Place = None,
    windows: Annotated[
        int | None,
        typer.Option(min=1, help="how many of the newest snapshots to test on (default: the rule)"),
    ] = None,
    seed: Annotated[int, typer.Option()] = 0,
    report: Annotated[
        Path | None, typer.Option(help="folder for an HTML report with plots, and the figures as CSV")
    ] = None,
    as_json: Json = False,
) -> None:
    """Test the whole recipe on past snapshots (滚动回测), all learners beside the baselines, with what was known then."""
    with opened(place, as_of) as (database, settings, day), progress(as_json) as said:
        tested = run_backtest(database.engine_for("risk"), day, settings.place, windows, seed, progress=said)
    files = write_backtest(tested, report) if report else []
    tell(tested, as_json, lambda: _show_backtest(tested))
    if files and not as_json:
        out.print(f"报告：{files[0]}（图表和数据都在其中），{files[1].name}")


def _show_backtest(tested: Backtest) -> None:
    pooled = tested.pooled["all"]
    title = (
        f"{len(tested.windows)} 个检验期，检查 {pooled['visits']:,} 次，发现问题 {pooled['problems']:,} 次"
    )
    table = Table("得分", "平均 AUC（95% 区间）", "所选减它（配对）", title=title)
    for row in pooled_rows(tested):
        table.add_row(*row)
    out.print(table)
    table = Table("时点", "检查", "发现问题", "所选", "AUC", "最好者")
    for window in tested.windows:
        best = max(window["scores"], key=lambda name: window["scores"][name]["auc"][0])
        value = window["scores"]["chosen"]["auc"][0]
        counts = (f"{window['visits']:,}", f"{window['problems']:,}")
        table.add_row(window["snapshot"], *counts, window["chosen"], f"{value:.3f}", best)
    out.print(table)


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
    """Grade every enterprise (信用风险分类), monitor it, release it if nothing blocks; --run only tries a model."""
    with opened(place, as_of) as (database, settings, day), progress(as_json) as report:
        engine = database.engine_for("risk")
        if run is not None:
            tried = trial(engine, day, settings.place, run, progress=report)
        else:
            graded = grade_cohort(engine, day, settings.place, progress=part_of(report, 0, 0.7))
            released = release_grading(engine, graded.snapshot_id, part_of(report, 0.7, 0.3))
    if run is not None:
        tell(tried, as_json, tried.text())
    else:
        found = {**vars(graded), "released": released.released}
        tell(found, as_json, f"{graded.text()}\n{released.text()}")


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
