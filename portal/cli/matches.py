"""Commands about names that wait for a person: list, show, accept, reject, wait."""

from typing import Annotated, Any

import typer
from rich.table import Table

from ingestion.datasets import DATASETS
from ingestion.matching.candidates import propose_candidates
from ingestion.matching.decisions import after_decision, bring_in_known, decide
from portal.cli.console import Json, app, opened, out, progress, tell
from portal.reading import matches
from registry.errors import Refusal

match_commands = typer.Typer(
    no_args_is_help=True, help="Names that found no enterprise: list, show, accept, reject, wait."
)
app.add_typer(match_commands, name="match")

Question = Annotated[int, typer.Argument(help="number of the question")]
By = Annotated[str, typer.Option("--by", help="who decides; goes into the journal")]
Reason = Annotated[str, typer.Option(help="why; needed to take an acceptance back")]


@match_commands.command(name="list")
def list_matches(
    dataset: Annotated[str, typer.Option(help="only of this dataset")] = "",
    state: Annotated[str, typer.Option(help=" / ".join((*matches.STATES, "all")))] = "open",
    page: Annotated[int, typer.Option(help="page of the list", min=1)] = 1,
    as_json: Json = False,
) -> None:
    """Names and numbers that found no enterprise (待认领名称), those that hold most rows first."""
    if state not in (*matches.STATES, "all") or (dataset and dataset not in DATASETS):
        known = f"状态：{'、'.join((*matches.STATES, 'all'))}；数据集：{'、'.join(DATASETS)}。"
        raise Refusal("match.strange", f"没有“{dataset}”“{state}”这样的筛选。", known)
    with opened() as (database, _, _), database.engine_for("portal").connect() as connection:
        found = matches.question_page(connection, dataset, "" if state == "all" else state, page)
    rows = [dict(row) for row in found.rows]

    def show() -> None:
        table = Table("编号", "文件里的写法", "数据集", "报送机构", "等待的行", "最像的主体", "相似", "状态",
                      title=f"待认领名称，第 {page}/{found.pages} 页，共 {found.total:,} 条")  # fmt: skip
        for row in rows:
            given = " ".join(filter(None, (row["given_name"], row["given_number"])))
            best = f"{row['known_as']} {row['enterprise_code']}" if row["known_as"] else "—"
            score = f"{row['score']:.0f}" if row["score"] is not None else "—"
            table.add_row(str(row["id"]), given, row["dataset"], row["sender"] or "—", f"{row['waiting']:,}", best,
                          score, matches.STATES[row["state"]])  # fmt: skip
        out.print(table)

    tell(rows, as_json, show)


@match_commands.command()
def show(question: Question, as_json: Json = False) -> None:
    """One question beside the enterprises that it may mean, and what was decided."""
    with opened() as (database, _, _), database.engine_for("portal").connect() as connection:
        found = matches.one_question(connection, question)
    whole = {name: [dict(row) for row in found[name]] for name in ("candidates", "decisions", "rows")}
    tell(whole | {"question": dict(found["question"])}, as_json, lambda: _show_question(found))


@match_commands.command()
def accept(
    question: Question,
    enterprise: Annotated[str, typer.Argument(help="code of the enterprise that it is")],
    by: By,
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Say who it is (认领): from then on this spelling counts, and the rows that waited are brought in."""
    _decide(question, "accepted", by, reason, enterprise, as_json)


@match_commands.command()
def reject(question: Question, by: By, reason: Reason = "", as_json: Json = False) -> None:
    """None of the candidates (都不是): the rows stay held; also takes an acceptance back."""
    _decide(question, "rejected", by, reason, None, as_json)


@match_commands.command()
def wait(question: Question, by: By, reason: Reason = "", as_json: Json = False) -> None:
    """A new enterprise is expected (等新设主体): listed again when a registration fits."""
    _decide(question, "waiting", by, reason, None, as_json)


@match_commands.command()
def refresh(as_json: Json = False) -> None:
    """Search again for what is open, and bring in rows whose enterprise has been registered meanwhile."""
    with opened() as (database, _, _), progress(as_json) as report:
        engine = database.engine_for("ingest")
        done = bring_in_known(engine, progress=report)
        with engine.connect() as connection:
            propose_candidates(connection, report)
    tell(done, as_json, done.sentence)


def _decide(question: int, choice: str, by: str, reason: str, enterprise: str | None, as_json: bool) -> None:
    with opened() as (database, _, _), progress(as_json) as report:
        engine = database.engine_for("ingest")
        with engine.begin() as connection:
            decide(connection, question, choice, by, reason, enterprise)
        done = after_decision(engine, question, progress=report)
    tell(done, as_json, done.sentence)


def _show_question(found: dict[str, Any]) -> None:
    question = found["question"]
    given = " ".join(filter(None, (question["given_name"], question["given_number"])))
    out.print(
        f"[bold]{given}[/bold]（{matches.STATES[question['state']]}），等待的行 {question['waiting']:,}"
    )
    for candidate in found["candidates"]:
        shown = "".join(
            f"[yellow]{part}[/yellow]" if differs else part for part, differs in candidate["shown"]
        )
        out.print(
            f"  {candidate['rank']}. {shown} [dim]{candidate['enterprise_code']}[/dim] 相似 {candidate['score']:.0f}"
        )
        former = f"，曾用名 {'、'.join(candidate['former'])}" if candidate["former"] else ""
        out.print(f"     {candidate['why']}；{candidate['regstate']}，{candidate['dom']}{former}")
    for row in found["rows"]:
        out.print(f"  第 {row['batch_id']} 批 {row['file_name']}：{row['many']:,} 行")
    for decision in found["decisions"]:
        out.print(
            f"  {decision['decided_at']:%Y-%m-%d %H:%M} {decision['decided_by']}："
            f"{matches.STATES[decision['choice']]} {decision['enterprise_code'] or ''} {decision['reason']}".rstrip()
        )
