"""Commands about the data standard: the template of a dataset."""

from pathlib import Path
from typing import Annotated

import typer

from ingestion.datasets import DATASETS
from ingestion.template import write_template
from portal.cli.console import Json, app, out, tell
from registry.errors import Refusal


@app.command()
def template(
    dataset: Annotated[str, typer.Argument(help="which dataset, e.g. penalty")],
    file: Annotated[
        Path | None, typer.Option("--out", help="where to write; default: <dataset>_模板.xlsx here")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write the empty template workbook of a dataset (填报模板): headings, lists to choose from, explanations."""
    if dataset not in DATASETS:
        raise Refusal("dataset.unknown", f"没有“{dataset}”这个数据集。", f"可用：{'、'.join(DATASETS)}。")
    path = file or Path(f"{dataset}_模板.xlsx")
    if path.exists():
        raise Refusal(
            "template.exists", f"“{path}”已经存在，可能已有人填写。", "请换一个文件名，或先移走它。"
        )
    if not path.parent.is_dir():
        raise Refusal(
            "template.no_folder", f"没有“{path.parent}”这个文件夹。", "请先建立文件夹，或换一个位置。"
        )
    write_template(DATASETS[dataset], path)
    tell(
        {"dataset": dataset, "file": str(path)},
        as_json,
        lambda: out.print(f"{DATASETS[dataset].title}模板：{path}"),
    )
