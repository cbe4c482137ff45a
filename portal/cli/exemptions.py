"""Commands about quiet days: exemption propose, approve, refuse, revoke, list, rate."""

from datetime import datetime
from typing import Annotated, Any

import typer
from rich.table import Table

from portal.cli.console import AsOf, Json, Place, app, opened, out, tell
from registry.vocabulary import EXEMPT_CATEGORY_NAMES
from scheduling import exemptions
from scheduling.exemption_rate import ExemptionRate, measure_exemptions

exemption_commands = typer.Typer(
    no_args_is_help=True, help="Exemptions from quiet days: propose, approve, refuse, revoke, list, rate."
)
app.add_typer(exemption_commands, name="exemption")

Actor = Annotated[str, typer.Option("--by", help="who does it; goes into the journal")]
Day = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"])]
Number = Annotated[int, typer.Argument(help="the request's id, see wurao exemption list")]


@exemption_commands.command()
def propose(
    category: Annotated[str, typer.Option(help="one of: " + ", ".join(EXEMPT_CATEGORY_NAMES))],
    department: Annotated[str, typer.Option(help="department that will enter")],
    first_day: Day,
    last_day: Day,
    reason: Annotated[str, typer.Option(help="why it cannot wait for an open day")],
    basis: Annotated[str, typer.Option(help="the provision that allows it")],
    by: Actor,
    enterprise: Annotated[str, typer.Option(help="code of the enterprise; default: all")] = "",
    rule: Annotated[str, typer.Option(help="id of the quiet-day rule; default: all")] = "",
    place: Place = None,
    as_json: Json = False,
) -> None:
    """Ask for an exemption (申请安静日豁免); it opens nothing before another person approves it."""
    with opened(place) as (database, settings, _):
        request = exemptions.ExemptionRequest(
            settings.place, category, department, first_day.date(), last_day.date(), reason, basis, rule, enterprise
        )  # fmt: skip
        made = exemptions.propose_exemption(database.engine_for("schedule"), request, by)
    tell(
        {"exemption": made},
        as_json,
        f"豁免申请 {made} 已登记，需另一人批准：wurao exemption approve {made} --by …",
    )


@exemption_commands.command()
def approve(exemption: Number, by: Actor, as_json: Json = False) -> None:
    """Approve an exemption (批准豁免): a second person, never the one who asked."""
    with opened() as (database, _, _):
        exemptions.decide_exemption(database.engine_for("schedule"), exemption, True, by)
    tell({"exemption": exemption, "state": "approved"}, as_json, f"豁免 {exemption} 已批准。")


@exemption_commands.command()
def refuse(
    exemption: Number, by: Actor, note: Annotated[str, typer.Option(help="why not")], as_json: Json = False
) -> None:
    """Refuse an exemption (不予批准), with the reason."""
    with opened() as (database, _, _):
        exemptions.decide_exemption(database.engine_for("schedule"), exemption, False, by, note)
    tell({"exemption": exemption, "state": "refused"}, as_json, f"豁免 {exemption} 未予批准。")


@exemption_commands.command()
def revoke(
    exemption: Number, by: Actor, reason: Annotated[str, typer.Option(help="why")], as_json: Json = False
) -> None:
    """Take an approved exemption back from now on (撤销豁免); the record stays."""
    with opened() as (database, _, _):
        exemptions.revoke_exemption(database.engine_for("schedule"), exemption, by, reason)
    tell({"exemption": exemption, "state": "revoked"}, as_json, f"豁免 {exemption} 已撤销。")


@exemption_commands.command(name="list")
def list_them(as_json: Json = False) -> None:
    """All requests and what became of them."""
    with opened() as (database, _, _), database.engine_for("schedule").connect() as connection:
        rows: list[dict[str, Any]] = [dict(row) for row in exemptions.list_exemptions(connection)]

    def show() -> None:
        table = Table("编号", "号", "类别", "部门", "自", "至", "企业", "状态", "理由")
        for row in rows:
            table.add_row(
                str(row["id"]), row["number"], EXEMPT_CATEGORY_NAMES[row["category"]], row["department"],
                str(row["first_day"]), str(row["last_day"]), row["enterprise_code"] or "全部",
                exemptions.STATES[row["state"]], row["reason"],
            )  # fmt: skip
        out.print(table)

    tell(rows, as_json, show)


@exemption_commands.command()
def rate(as_of: AsOf = None, place: Place = None, as_json: Json = False) -> None:
    """The exemption rate of the year (安静日豁免率), as the public page states it."""
    with (
        opened(place, as_of) as (database, settings, day),
        database.engine_for("schedule").connect() as connection,
    ):
        measured = measure_exemptions(connection, settings.place, day)
    tell(vars(measured) | {"rate": measured.rate}, as_json, story(measured))


def story(measured: ExemptionRate) -> str:
    """The rate in one sentence."""
    share = "尚无入企" if measured.rate is None else f"豁免率 {measured.rate:.2%}"
    return (
        f"{measured.year} 年入企 {measured.visits:,} 次，其中安静日入企 {measured.on_quiet_days:,} 次，{share}；"
        f"申请豁免 {measured.asked} 件，批准 {measured.approved} 件。"
    )
