"""Commands about mapping profiles: mapping suggest, mapping check."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from ingestion.datasets import DATASETS
from ingestion.dry_run import DryRun, try_profile
from ingestion.mapping import load_profile
from ingestion.profile import find_profile
from ingestion.suggest import Proposal, suggest
from ingestion.suggest_text import profile_text
from portal.cli.console import Json, app, out, tell
from registry.errors import Refusal
from registry.settings import load_settings

mapping_app = typer.Typer(
    help="Mapping profiles (对照方案): propose one for a file, try one on a file.", no_args_is_help=True
)
app.add_typer(mapping_app, name="mapping")


@mapping_app.command(name="suggest")
def suggest_mapping(
    file: Annotated[Path, typer.Argument(help="a file in a foreign layout")],
    dataset: Annotated[str, typer.Argument(help="the dataset that it holds")],
    output: Annotated[
        Path | None, typer.Option("--out", help="write the proposal as a profile (TOML); never overwrites")
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(help="encoding of the file, where the guess is wrong")
    ] = None,
    as_json: Json = False,
) -> None:
    """Propose a mapping profile (对照建议) for a file, by names and contents; a person reads it before it is used."""
    if not file.is_file():
        raise Refusal("file.missing", f"没有“{file}”这个文件。", "请核对路径。")
    proposal = suggest(file, dataset, encoding)
    if output:
        if output.exists():
            raise Refusal("mapping.exists", f"“{output}”已经存在。", "请换一个名字，或先移走旧的方案。")
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(profile_text(proposal, output.stem), encoding="utf-8")
        load_profile(output)  # a proposal that could not be loaded would be our own fault, said at once
    tell(_as_plain(proposal), as_json, lambda: _show_proposal(proposal, output))


@mapping_app.command(name="check")
def check_mapping(
    profile: Annotated[str, typer.Argument(help="a profile's file, or its name in data/profiles")],
    file: Annotated[Path | None, typer.Argument(help="a file to try it on; nothing is written")] = None,
    as_json: Json = False,
) -> None:
    """Check a mapping profile (试读): by itself, and on the first rows of a file, without writing anything."""
    path = find_profile(profile, load_settings().data)
    read = load_profile(path)
    runs = try_profile(path, file) if file else []
    answer = {"profile": read.version, "path": str(path), "feeds": [asdict(run) for run in runs]}
    tell(answer, as_json, lambda: _show_check(read.version, path, file, runs))


def _as_plain(proposal: Proposal) -> dict[str, Any]:
    return {
        "file": proposal.file_name,
        "dataset": proposal.dataset,
        "encoding": proposal.encoding,
        "columns": [asdict(match) | {"confidence": match.confidence} for match in proposal.matches],
        "missing": proposal.missing,
        "personal": proposal.personal,
        "ignored": proposal.ignored,
    }


def _show_proposal(proposal: Proposal, output: Path | None) -> None:
    title = f"{proposal.file_name} → {DATASETS[proposal.dataset].title}"
    table = Table("我们的列", "文件的列", "把握", "分数", "理由", title=title)
    for match in proposal.matches:
        table.add_row(match.column, match.heading, match.confidence, f"{match.score:.2f}", match.reason)
    out.print(table)
    for words, headings in (
        ("[yellow]必填而没有找到[/yellow]", proposal.missing), ("个人信息，读入即丢弃", proposal.personal),
        ("没有用上", proposal.ignored),
    ):  # fmt: skip
        if headings:
            out.print(f"{words}：{'、'.join(headings)}")
    if output:
        out.print(f"方案已写入 {output}。核对后试读：wurao mapping check {output} {proposal.file_name}")
    else:
        out.print("加上 --out 方案.toml 写成对照方案。")


def _show_check(version: str, path: Path, file: Path | None, runs: list[DryRun]) -> None:
    out.print(f"对照方案 {version}（{path}）格式正确。")
    for run in runs:
        out.print(
            f"{DATASETS[run.dataset].title}：试读 {run.rows:,} 行，可用 {run.rows - run.faulty:,}，有问题 {run.faulty:,}。"
        )
        for code, many in run.fault_counts.items():
            out.print(f"  {code}：{many:,} 行")
        for fault in run.faults:
            out.print(f"  第 {fault.row_no} 行 {fault.column}（{fault.code}）：{fault.sentence}")
    if file:
        out.print("[dim]没有写入任何数据；主体和事项是否已登记，要到归集时才核对。[/dim]")
