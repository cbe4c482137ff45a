"""Commands of people about a class: appeal (异议), override (人工调整). Internal."""

from datetime import datetime
from typing import Annotated, Any

import typer
from rich.table import Table

from portal.cli.console import AsOf, Json, Place, app, opened, out, tell
from registry.errors import Refusal
from risk import appeals as appeal_book
from risk import overrides as override_book

appeal_commands = typer.Typer(
    no_args_is_help=True, help="Appeals against a class: open, show, decide by two people, list."
)
override_commands = typer.Typer(
    no_args_is_help=True, help="Classes set by people for a time: propose, approve, reject, withdraw, list."
)
app.add_typer(appeal_commands, name="appeal")
app.add_typer(override_commands, name="override")

Code = Annotated[str, typer.Argument(help="统一社会信用代码 or registration number")]
Number = Annotated[int, typer.Argument(help="its number")]
By = Annotated[str, typer.Option("--by", help="who does it; goes into the journal")]
Reason = Annotated[str, typer.Option("--reason", help="why; goes into the journal")]


@appeal_commands.command(name="open")
def open_appeal(
    code: Code,
    facts: Annotated[str, typer.Option(help="records disputed, e.g. penalty:123,complaint:7")],
    reason: Reason,
    by: By,
    as_of: AsOf = None,
    place: Place = None,
    as_json: Json = False,
) -> None:
    """Open an appeal (异议): the class of that day is computed again without the records, old and new side by side."""
    with opened(place, as_of) as (database, settings, day):
        engine, named = database.engine_for("risk"), appeal_book.facts_named(facts)
        number = appeal_book.open_appeal(engine, code, day, settings.place, named, reason, by)
        with engine.connect() as connection:
            found = appeal_book.appeal_with_acts(connection, number)
    tell(found, as_json, lambda: _show_appeal(found))


@appeal_commands.command(name="show")
def show_appeal(number: Number, as_json: Json = False) -> None:
    """One appeal (异议): old and new class, reasons, the difference by group, and what is to be done next."""
    with opened() as (database, _, _), database.engine_for("risk").connect() as connection:
        found = appeal_book.appeal_with_acts(connection, number)
    tell(found, as_json, lambda: _show_appeal(found))


@appeal_commands.command(name="decide")
def decide_appeal(
    number: Number,
    by: By,
    approve: Annotated[str, typer.Option("--approve", help="the second person, never the same")],
    reason: Reason,
    uphold: Annotated[bool, typer.Option("--uphold/--reject", help="uphold or reject")],
    as_json: Json = False,
) -> None:
    """Decide an appeal (异议处理) by two people. Upheld, a better class is in force at once, for a limited time."""
    with opened() as (database, _, _):
        engine = database.engine_for("risk")
        appeal_book.decide_appeal(engine, number, uphold, by, approve, reason)
        with engine.connect() as connection:
            found = appeal_book.appeal_with_acts(connection, number)
    tell(found, as_json, f"异议 {number} {appeal_book.STATES[found['state']]}。下一步：{found['next']}")


@appeal_commands.command(name="list")
def list_appeals(place: Place = None, as_json: Json = False) -> None:
    """All appeals (异议) of the place, newest first."""
    with opened(place) as (database, settings, _), database.engine_for("risk").connect() as connection:
        found = appeal_book.appeals(connection, settings.place)

    def show() -> None:
        table = Table("编号", "主体", "分类时点", "原类别", "重算后", "状态", title="异议")
        for row in found:
            new = row["comparison"]["new"]["credit_risk_class"]
            table.add_row(
                str(row["id"]), row["enterprise_code"], str(row["as_of"]), row["credit_risk_class"], new,
                appeal_book.STATES[row["state"]],
            )  # fmt: skip
        out.print(table)

    tell(found, as_json, show)


def _show_appeal(found: dict[str, Any]) -> None:
    comparison = found["comparison"]
    old, new = comparison["old"], comparison["new"]
    out.print(
        f"异议 {found['id']}：{found['enterprise_code']}，分类时点 {found['as_of']}，{appeal_book.STATES[found['state']]}"
    )
    out.print(
        f"有异议的记录：{'、'.join(str(d['what']) for d in found['disputed'])}；理由：{found['reason']}"
    )
    table = Table("", "原分类", "去掉后重算", title="新旧对照")
    for name, key in (
        ("类别", "credit_risk_class"),
        ("模型类别", "model_class"),
        ("决定层", "deciding_layer"),
    ):
        table.add_row(name, str(old[key]), str(new[key]))
    table.add_row("得分", f"{old['score']:.4f}", f"{new['score']:.4f}")
    table.add_row("概率", f"{old['probability']:.1%}", f"{new['probability']:.1%}")
    for row in comparison["groups"]:
        if row["difference"]:
            table.add_row(row["group"], f"{row['old']:+.4f}", f"{row['new']:+.4f}")
    out.print(table)
    for title, side in (("原理由", old), ("重算后理由", new)):
        out.print(f"{title}：")
        for reason in side["reasons"]:
            out.print(f"  {reason['sentence']}")
    if not comparison["faithful"]:
        out.print("注意：用全部记录重算与当时的结果不一致，请先查明原因。")
    out.print(f"下一步：{found['next']}")


@override_commands.command()
def propose(
    code: Code,
    klass: Annotated[str, typer.Option("--class", help="A, B, C or D")],
    basis: Annotated[str, typer.Option(help="document, article or decision")],
    reason: Reason,
    by: By,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="last day (default: as long as rules allow)")
    ] = None,
    as_of: AsOf = None,
    place: Place = None,
    as_json: Json = False,
) -> None:
    """Propose a class (人工调整) from --as-of (default today) to --until; another person has to approve."""
    with opened(place, as_of) as (database, settings, day):
        last = until.date() if until else None
        proposal = override_book.Proposal(code, klass, reason, basis, day, last)
        number = override_book.propose_override(database.engine_for("risk"), settings.place, proposal, by)
    tell(
        {"override": number},
        as_json,
        f"人工调整 {number} 已提出，需另一人批准：wurao override approve {number} --by 批准人 --reason 理由",
    )


@override_commands.command()
def approve(number: Number, by: By, reason: Reason, as_json: Json = False) -> None:
    """Approve a proposal (批准): a second person, never the one who proposed it."""
    _act(number, "approved", by, reason, as_json)


@override_commands.command()
def reject(number: Number, by: By, reason: Reason, as_json: Json = False) -> None:
    """Reject a proposal (不予批准): a second person."""
    _act(number, "rejected", by, reason, as_json)


@override_commands.command()
def withdraw(number: Number, by: By, reason: Reason, as_json: Json = False) -> None:
    """Withdraw an approved override (撤回): from now on the class is again what model and rules say."""
    _act(number, "withdrawn", by, reason, as_json)


@override_commands.command(name="list")
def list_overrides(
    as_of: AsOf = None,
    place: Place = None,
    code: Annotated[str, typer.Option(help="only of this enterprise")] = "",
    as_json: Json = False,
) -> None:
    """All overrides (人工调整) of the place, newest first, and which of them is in force."""
    with (
        opened(place, as_of) as (database, settings, day),
        database.engine_for("risk").connect() as connection,
    ):
        found = override_book.overrides(connection, settings.place, day, code)

    def show() -> None:
        table = Table(
            "编号", "主体", "类别", "有效期", "理由", "提出", "批准", "状态", title=f"人工调整（截至 {day}）"
        )
        for row in found:
            approved = row["acts"].get("approved")
            table.add_row(
                str(row["id"]), row["enterprise_code"], row["credit_risk_class"],
                f"{row['valid_from']} 至 {row['valid_to']}", row["reason"], row["proposed_by"],
                approved["acted_by"] if approved else "—", override_book.STATES[row["state"]],
            )  # fmt: skip
        out.print(table)

    tell(found, as_json, show)


def _act(number: int, act: str, by: str, reason: str, as_json: bool) -> None:
    if act not in override_book.STATES:
        raise Refusal("override.act", f"没有“{act}”这种处理。", "可选：approved、rejected、withdrawn。")
    with opened() as (database, _, _):
        override_book.decide_override(database.engine_for("risk"), number, act, by, reason)
    tell({"override": number, "act": act}, as_json, f"人工调整 {number} {override_book.STATES[act]}。")
