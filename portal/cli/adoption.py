"""Commands about models that grade: model."""

from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table

from portal.cli.console import AsOf, Json, Place, app, opened, out, tell
from risk.adoption import STATES, adopt, adoptions_of, decide_adoption, model_run, models

model_commands = typer.Typer(
    no_args_is_help=True, help="Models: list, show, adopt by two people, withdraw an adoption."
)
app.add_typer(model_commands, name="model")

Run = Annotated[int, typer.Argument(help="number of the model run")]
By = Annotated[str, typer.Option("--by", help="who proposes; goes into the journal")]
Approve = Annotated[str, typer.Option("--approve", help="the second person, never the same")]
Reason = Annotated[str, typer.Option("--reason", help="why; goes into the journal")]
Day = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"])]


@model_commands.command(name="list")
def list_models(as_of: AsOf = None, place: Place = None, as_json: Json = False) -> None:
    """Model runs (模型), newest first, whether adopted, and which one grades as of the day."""
    with (
        opened(place, as_of) as (database, settings, day),
        database.engine_for("risk").connect() as connection,
    ):
        found = models(connection, settings.place, day)
    for run in found:
        run.pop("metrics")

    def show() -> None:
        table = Table(
            "编号", "数据截至", "学习器", "状态", "启用日期", "用于分类", title=f"模型（截至 {day}）"
        )
        for run in found:
            since = str(run["adoptions"][0]["in_force_from"]) if run["adoptions"] else "—"
            table.add_row(
                str(run["id"]), str(run["as_of"]), run["learner"], STATES[run["state"]], since,
                "是" if run["grading"] else "",
            )  # fmt: skip
        out.print(table)

    tell(found, as_json, show)


@model_commands.command()
def show(run: Run, as_json: Json = False) -> None:
    """One model run (模型): versions, the test beside the baselines, and every decision about it."""
    with opened() as (database, _, _), database.engine_for("risk").connect() as connection:
        found = dict(model_run(connection, run)) | {"adoptions": adoptions_of(connection, [run])}
    metrics = found["metrics"]

    def tell_people() -> None:
        out.print(
            f"模型 {run}（{found['place']}）：{found['learner']}，数据截至 {found['as_of']}，哈希 {found['model_hash'][:16]}"
        )
        for name, row in metrics.get("test", {}).get("all", {}).get("scores", {}).items():
            value, low, high = row["auc"]
            out.print(f"  {name:<12} AUC {value:.3f}（95% 区间 {low:.3f}–{high:.3f}）")
        for row in metrics.get("classes", []):
            out.print(f"  {row[0]} 类 {row[1]} 户；测试期检查 {row[2]} 次，发现问题 {row[3]} 次")
        for sentence in [*metrics.get("alarms", []), *metrics.get("limits", [])]:
            out.print(f"  {sentence}")
        for adoption in found["adoptions"]:
            acts = "；".join(
                f"{a['acted_by']} {a['acted_at']:%Y-%m-%d} {STATES[name]}"
                for name, a in adoption["acts"].items()
            )
            out.print(
                f"启用提议 {adoption['id']}：{adoption['proposed_by']} 提出，自 {adoption['in_force_from']}，"
                f"理由：{adoption['reason']}；{acts or STATES['proposed']}"
            )

    tell(found, as_json, tell_people)


@model_commands.command(name="adopt")
def adopt_model(
    run: Run, by: By, approve: Approve, reason: Reason, as_of: AsOf = None, as_json: Json = False
) -> None:
    """Adopt a model (启用模型) with its cut-offs by two people, from --as-of on (default today). No other grades."""
    with opened(None, as_of) as (database, _, day):
        adoption = adopt(database.engine_for("risk"), run, by, approve, reason, day)
    tell(
        {"adoption": adoption, "model_run": run, "in_force_from": day},
        as_json,
        f"模型 {run} 自 {day} 起启用（第 {adoption} 号，{by} 提出、{approve} 批准）。下一步：wurao grade --as-of 日期",
    )


@model_commands.command(name="withdraw")
def withdraw_model(adoption: int, by: By, reason: Reason, as_json: Json = False) -> None:
    """Withdraw an adoption (停用): from today the adoption before it grades again. ADOPTION as `model show` says."""
    with opened() as (database, _, _):
        decide_adoption(database.engine_for("risk"), adoption, "withdrawn", by, reason)
    tell({"adoption": adoption}, as_json, f"第 {adoption} 号启用已停用。")
