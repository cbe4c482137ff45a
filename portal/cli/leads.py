"""Commands about checks outside the draw and the ledger of all: lead propose, approve, refuse, close, withdraw, list; disturbance."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from portal.cli.console import AsOf, Json, Place, app, opened, out, tell
from portal.ledger_file import ledger_csv
from scheduling import leads
from scheduling.disturbance import REASONS, Disturbance, measure, read_ledger
from scheduling.task_spec import ON_SITE

lead_commands = typer.Typer(
    no_args_is_help=True, help="Checks outside the draw: propose, approve, refuse, close, withdraw, list."
)
app.add_typer(lead_commands, name="lead")

Actor = Annotated[str, typer.Option("--by", help="who does it; goes into the journal")]
Day = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"])]
Number = Annotated[int, typer.Argument(help="the lead's id, see wurao lead list")]
Note = Annotated[str, typer.Option(help="why")]


@lead_commands.command()
def propose(
    source: Annotated[str, typer.Option(help="one of: " + "、".join(leads.SOURCES))],
    source_no: Annotated[str, typer.Option(help="number of the complaint, order or alert")],
    enterprise: Annotated[str, typer.Option(help="code of the enterprise")],
    department: Annotated[str, typer.Option(help="department that will check")],
    item: Annotated[list[str], typer.Option(help="check item; may be given several times")],
    reason: Note,
    received_on: Day,
    first_day: Day,
    last_day: Day,
    by: Actor,
    method: Annotated[str, typer.Option(help="现场, 书面 or 网络")] = ON_SITE,
    place: Place = None,
    as_json: Json = False,
) -> None:
    """Enter a lead (线索登记); nobody goes before another person approves it."""
    days = (received_on.date(), first_day.date(), last_day.date())
    with opened(place) as (database, settings, _):
        spec = leads.LeadSpec(
            settings.place, source, source_no, enterprise, department, tuple(item), reason, *days, method
        )  # fmt: skip
        made = leads.propose_lead(database.engine_for("schedule"), spec, by)
    tell({"lead": made}, as_json, f"线索 {made} 已登记，需另一人批准：wurao lead approve {made} --by …")


@lead_commands.command()
def approve(lead: Number, by: Actor, as_json: Json = False) -> None:
    """Approve a lead (线索批准): a second person, never the one who entered it."""
    with opened() as (database, _, _):
        leads.decide_lead(database.engine_for("schedule"), lead, True, by)
    tell({"lead": lead, "state": "approved"}, as_json, f"线索 {lead} 已批准，可以检查。")


@lead_commands.command()
def refuse(lead: Number, by: Actor, note: Note, as_json: Json = False) -> None:
    """Refuse a lead (不予批准), with the reason."""
    with opened() as (database, _, _):
        leads.decide_lead(database.engine_for("schedule"), lead, False, by, note)
    tell({"lead": lead, "state": "refused"}, as_json, f"线索 {lead} 未予批准。")


@lead_commands.command()
def close(
    lead: Number,
    visited_on: Day,
    by: Actor,
    result: Annotated[str, typer.Option(help="number of the inspection result, once it is in")] = "",
    as_json: Json = False,
) -> None:
    """Say that the check took place (核查完成); it enters the disturbance ledger with its reason."""
    with opened() as (database, _, _):
        leads.close_lead(database.engine_for("schedule"), lead, visited_on.date(), by, result)
    tell({"lead": lead, "state": "visited"}, as_json, f"线索 {lead} 已检查，记入入企台账。")


@lead_commands.command()
def withdraw(lead: Number, by: Actor, note: Note, as_json: Json = False) -> None:
    """Give an approved lead up without a check (线索撤回), with the reason."""
    with opened() as (database, _, _):
        leads.withdraw_lead(database.engine_for("schedule"), lead, by, note)
    tell({"lead": lead, "state": "withdrawn"}, as_json, f"线索 {lead} 已撤回。")


@lead_commands.command(name="list")
def list_them(as_json: Json = False) -> None:
    """All leads and what became of them."""
    with opened() as (database, _, _), database.engine_for("schedule").connect() as connection:
        rows: list[dict[str, Any]] = [dict(row) for row in leads.list_leads(connection)]

    def show() -> None:
        table = Table("编号", "号", "来源", "企业", "部门", "事项", "自", "至", "状态", "检查日期")
        for row in rows:
            table.add_row(
                str(row["id"]), row["number"], row["source"], row["enterprise_code"], row["department"],
                "、".join(row["item_codes"]), str(row["first_day"]), str(row["last_day"]),
                leads.STATES[row["state"]], str(row["visited_on"] or ""),
            )  # fmt: skip
        out.print(table)

    tell(rows, as_json, show)


@app.command()
def disturbance(
    as_of: AsOf = None,
    since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="default: 1 January")] = None,
    plan: Annotated[
        int | None, typer.Option(help="whose honest set; default: the newest frozen that has begun")
    ] = None,
    csv: Annotated[Path | None, typer.Option(help="write the ledger into this file")] = None,
    as_json: Json = False,
) -> None:
    """The disturbance ledger (入企台账) with every visit's reason, and both undisturbed ratios of the frozen honest set."""
    with opened(None, as_of) as (database, _, day), database.engine_for("schedule").connect() as connection:
        ledger = read_ledger(connection, day, since.date() if since else date(day.year, 1, 1))
        measured = measure(connection, day, plan)
    ledger = ledger[ledger["day"] <= day]
    if csv:
        csv.write_text(ledger_csv(ledger, REASONS), encoding="utf-8")
    doors = ledger[ledger["method"] == ON_SITE]
    counts = {reason: int((doors["reason"] == reason).sum()) for reason in REASONS}
    off_site = len(ledger) - len(doors)
    facts = {"as_of": day, "visits": counts, "off_site": off_site, "honest": _facts(measured)}
    lines = [f"{REASONS[reason]} {many:,}" for reason, many in counts.items()]
    told = [
        f"截至 {day}，入企 {len(doors):,} 次：{'，'.join(lines)}；书面、网络检查 {off_site:,} 次，不入企。"
    ]
    tell(facts, as_json, "\n".join([*told, story(measured)]))


def story(measured: Disturbance | None) -> str:
    """Both ratios in one sentence."""
    if measured is None:
        return "还没有已冻结诚信主体名单、计划期已经开始的计划，无事不扰比例无从计算。"
    return (
        f"计划 {measured.plan_number} 冻结的诚信主体 {measured.honest:,} 户，{measured.first_day} 至 {measured.last_day}："
        f"计划内入企 {measured.disturbed:,} 户，无事不扰比例 {measured.ratio:.2%}；"
        f"算上全部入企 {measured.disturbed_at_all:,} 户，从严比例 {measured.strict_ratio:.2%}。"
    )


def _facts(measured: Disturbance | None) -> dict[str, Any] | None:
    if measured is None:
        return None
    return vars(measured) | {"ratio": measured.ratio, "strict_ratio": measured.strict_ratio}
