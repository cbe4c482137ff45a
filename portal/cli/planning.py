"""Commands that plan and draw: plan, draw, verify, roster."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table
from sqlalchemy import Engine, select

from portal.cli.console import AsOf, Json, Place, app, err, opened, out, progress, tell
from registry import clock
from registry.rules import load_rules
from registry.settings import load_settings
from registry.tables import Plan
from scheduling import ceremony
from scheduling.acts import PLAN_STATES
from scheduling.allocation import allocate
from scheduling.count_problem import Allocation, shortfall
from scheduling.plan import PlanFrame, approve_plan, make_plan
from scheduling.pool import duties_of, freeze_pool, frozen_sizes
from scheduling.publication import publish_draw
from scheduling.verify import Verdict, verify_bundle
from scheduling.what_if import parse_settings, read_alternatives

plan_commands = typer.Typer(no_args_is_help=True, help="Plans: make, simulate, approve, freeze, list.")
draw_commands = typer.Typer(
    no_args_is_help=True, help="The public lottery: commit, seed, run, publish, redraw."
)
app.add_typer(plan_commands, name="plan")
app.add_typer(draw_commands, name="draw")

Actor = Annotated[str, typer.Option("--by", help="who does it; goes into the journal")]
Day = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"])]


@plan_commands.command()
def make(
    window_from: Day,
    window_to: Day,
    by: Actor,
    as_of: AsOf = None,
    place: Place = None,
    as_json: Json = False,
) -> None:
    """Make a plan (抽查工作计划) with one task set a department, from the check items in force."""
    with opened(place, as_of) as (database, settings, day), progress(as_json) as report:
        engine = database.engine_for("schedule")
        window = (window_from.date(), window_to.date())
        number = make_plan(engine, day, settings.place, *window, made_by=by, progress=report)
    tell(
        {"plan": number},
        as_json,
        f"计划 {number} 已拟定，需另一人批准：wurao plan approve {number} --by 批准人",
    )


@plan_commands.command()
def approve(plan: int, by: Actor, as_json: Json = False) -> None:
    """Approve a plan (批准): a second person, never the one who made it."""
    with opened() as (database, _, _):
        approve_plan(database.engine_for("schedule"), plan, by)
    tell({"plan": plan}, as_json, f"计划 {plan} 已批准。下一步：wurao plan freeze {plan}")


@plan_commands.command()
def freeze(plan: int, as_json: Json = False) -> None:
    """Freeze the pool (对象池) with every exclusion's reason, and settle how many from each stratum.

    Where the pool is frozen and the numbers were refused (rules in conflict), it goes on with the numbers.
    """
    with opened() as (database, _, _), progress(as_json) as report:
        engine = database.engine_for("schedule")
        report("对象池 pool", 0.0)
        pool = _frozen_before(engine, plan) or freeze_pool(engine, plan)
        report("数量分配 allocation", 0.5)
        allocation = allocate(engine, plan)
        report("数量分配 allocation", 1.0)
    counts = {f"{task}/{stratum}": count for (task, stratum), count in allocation.counts.items()}
    tell({"pool": pool, "counts": counts}, as_json, _freeze_story(plan, pool, allocation))


def _frozen_before(engine: Engine, plan: int) -> dict[str, int] | None:
    """The counts of a pool whose numbers are still to be settled; None where nothing is frozen yet."""
    with engine.connect() as connection:
        state = connection.execute(select(Plan.state).where(Plan.id == plan)).scalar()
        return frozen_sizes(connection, plan) if state == "frozen" else None


def _freeze_story(plan: int, pool: dict[str, int], allocation: Allocation) -> str:
    moved = [f"  {count.reason}" for count in allocation.classes if count.count != count.planned]
    return "\n".join(
        [
            f"对象池 {pool['objects']:,} 个，未纳入 {pool['excluded']:,} 个（逐个有理由）；无事不扰名单 {pool['honest']:,} 户",
            f"共抽 {allocation.total:,} 项检查，" + ("与计划比例不同的：" if moved else "与计划比例一致"),
            *moved,
            f"下一步：wurao draw commit {plan} --by … --ceremony …",
        ]
    )


@plan_commands.command(name="check-number")
def check_number(
    published: Annotated[int, typer.Argument(min=0, help="how many a published plan says it draws")],
    objects: Annotated[int, typer.Argument(min=1, help="how many objects it draws them from")],
    as_of: AsOf = None,
    place: Place = None,
    as_json: Json = False,
) -> None:
    """Warn where a published number (公布的抽取数量) is below the floor of 公示信息 checks; exit code 1 if so."""
    settings = load_settings()
    day = as_of.date() if as_of else clock.today()
    rule = load_rules().rule("ratio.floor.public_information", place or settings.place, day)
    warning = shortfall(published, float(rule.value), objects)
    said = f"[yellow]预警[/yellow] {warning}〔依据：{rule.basis}〕" if warning else "不低于下限。"
    tell({"warning": warning, "basis": rule.basis}, as_json, said)
    if warning:
        raise typer.Exit(1)


@plan_commands.command(name="simulate")
def simulate_plan(
    window_from: Day,
    window_to: Day,
    as_of: AsOf = None,
    place: Place = None,
    setting: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="one changed rule, as key=value in TOML, e.g. quota.undisturbed_share=1.0"
        ),
    ] = None,
    alternatives: Annotated[
        Path | None, typer.Option(help="TOML file of [[alternative]] with name and rules")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="HTML report with table and plots to write")] = None,
    as_json: Json = False,
) -> None:
    """What if (测算): doors, coverage, capacity, undisturbed and joint share under other rules; nothing is stored."""
    # Pictures need matplotlib, which costs a second that no other command of this room should pay.
    from portal.what_if import changes_of, outcomes_of, run_simulation, write_report

    chosen = read_alternatives(alternatives) if alternatives else []
    chosen += [parse_settings(setting)] if setting else []
    with opened(place, as_of) as (database, settings, day), progress(as_json) as tell_progress:
        rules = load_rules()
        frame = PlanFrame(day, settings.place, window_from.date(), window_to.date(), rules)
        changes = changes_of(rules, chosen, settings.place, day)
        found = run_simulation(database.engine_for("schedule"), frame, chosen, tell_progress)
    tell([asdict(one) for one in found], as_json, lambda: _show_outcomes(outcomes_of(found)))
    if report:
        write_report(report, found, frame, changes)
        if not as_json:
            out.print(f"报告：{report}（表和图都在其中）")


def _show_outcomes(outcomes: list[Any]) -> None:
    from reports.simulation import headings, outcome_rows

    # An alternative is a column here: a terminal is narrow, and there are more figures than alternatives.
    names, *figures = zip(headings(outcomes), *outcome_rows(outcomes), strict=True)
    table = Table(*map(escape, names), title="抽查计划测算（没有抽取任何对象，没有保存）")
    for line in figures:
        table.add_row(*line)
    out.print(table)
    for outcome in outcomes:
        for sentence in outcome.idle:
            out.print(f"[yellow]注意[/yellow] {escape(outcome.name)}：{escape(sentence)}")
        for sentence, relief in zip(outcome.conflict, outcome.relief, strict=True):
            out.print(f"[red]冲突[/red] {escape(outcome.name)}：{escape(sentence)}\n  → {escape(relief)}")


@plan_commands.command(name="list")
def list_plans(as_json: Json = False) -> None:
    """All plans and where they stand."""
    with opened() as (database, _, _), database.engine_for("schedule").connect() as connection:
        columns = (
            Plan.id,
            Plan.number,
            Plan.version,
            Plan.name,
            Plan.as_of,
            Plan.window_from,
            Plan.window_to,
            Plan.state,
        )
        plans = [dict(row) for row in connection.execute(select(*columns).order_by(Plan.id)).mappings()]

    def show() -> None:
        table = Table("计划", "编号", "版本", "名称", "时点", "自", "至", "状态")
        for plan in plans:
            table.add_row(*(str(value) for value in (plan | {"state": PLAN_STATES[plan["state"]]}).values()))
        out.print(table)

    tell(plans, as_json, show)


@plan_commands.command()
def duties(plan: int, as_json: Json = False) -> None:
    """What must be checked whatever the lottery says (必查名单), with its reason and, where the law sets one, its deadline."""
    with opened() as (database, _, _), database.engine_for("schedule").connect() as connection:
        rows = [dict(row) for row in duties_of(connection, plan)]
    lines = [
        f"{row['deadline'] or '检查期内'} {row['department']} {row['object_id']} {row['sentence']}"
        for row in rows
    ]
    tell(rows, as_json, "\n".join([*lines, f"共 {len(rows):,} 项必查。"]))


@draw_commands.command()
def commit(
    plan: int,
    by: Actor,
    ceremony_text: Annotated[
        str, typer.Option("--ceremony", help="place and time of the public seed, announced now")
    ],
    as_json: Json = False,
) -> None:
    """Publish the commitment (承诺) before any seed exists."""
    with opened() as (database, _, _):
        draw = ceremony.commit_draw(database.engine_for("schedule"), plan, by, ceremony_text)
    tell({"draw": draw}, as_json, f"抽取 {draw} 已承诺。种子公布后：wurao draw seed {draw} --text …")


@draw_commands.command()
def seed(
    draw: int,
    text: Annotated[str, typer.Option(help="the public text, exactly as announced")],
    source: Annotated[
        str, typer.Option(help="where it comes from: dice before witnesses, a state lottery, a beacon")
    ],
    by: Actor,
    as_json: Json = False,
) -> None:
    """Record the public seed (种子), exactly as announced."""
    with opened() as (database, _, _):
        ceremony.record_seed(database.engine_for("schedule"), draw, text, source, by)
    tell(
        {"draw": draw},
        as_json,
        f"种子已记录。下一步：wurao draw run {draw}（派员抽签则是 wurao roster staff 排班表）",
    )


@draw_commands.command(name="run")
def run_lottery(draw: int, by: Actor, as_json: Json = False) -> None:
    """Draw (抽取): tickets and results follow by arithmetic."""
    with opened() as (database, _, _):
        drawn = ceremony.run_draw(database.engine_for("schedule"), draw, by)
    tell({"drawn": drawn}, as_json, f"抽出 {drawn:,} 项检查。下一步：wurao draw publish {draw}")


@draw_commands.command()
def publish(draw: int, by: Actor, as_json: Json = False) -> None:
    """Write the public and the audit bundle (公开包、审计包)."""
    with opened() as (database, settings, _):
        paths = publish_draw(database.engine_for("schedule"), draw, settings.data / "bundles", by)
    tell(
        paths._asdict(),
        as_json,
        f"公开包 {paths.public}\n审计包 {paths.audit}（不公开）\n重算：wurao verify {paths.public}",
    )


@draw_commands.command()
def redraw(
    plan: int,
    by: Actor,
    reason: Annotated[str, typer.Option(help="why, in public")],
    second: Annotated[str, typer.Option(help="the second approver")],
    ceremony_text: Annotated[str, typer.Option("--ceremony", help="place and time of the new seed")],
    as_json: Json = False,
) -> None:
    """Begin a new version of a draw (重抽): with a reason and a second approver, itself public."""
    with opened() as (database, _, _):
        draw = ceremony.redraw(database.engine_for("schedule"), plan, by, ceremony_text, reason, second)
    tell({"draw": draw}, as_json, f"新版本抽取 {draw} 已承诺。")


@app.command()
def verify(
    bundle: Annotated[Path, typer.Argument(help="a published bundle: zip or folder")],
    audit: Annotated[Path | None, typer.Option(help="the audit bundle, for those entitled to it")] = None,
    as_json: Json = False,
) -> None:
    """Replay a published draw from its bundle (验证); exit code 1 says where it differs."""
    verdict = verify_bundle(bundle, audit)
    tell(verdict.to_dict(), as_json, lambda: _show_checks(verdict))
    if not verdict.ok:
        err.print("[red]验证未通过。[/red]")
        raise typer.Exit(1)


def _show_checks(verdict: Verdict) -> None:
    colours = {"ok": "green", "failed": "red", "skipped": "dim"}
    for check in verdict.checks:
        out.print(f"[{colours[check.status]}]{escape(str(check))}[/]")
