"""The page of the datasets (数据标准), made from their declarations: docs/datasets.md."""

from collections.abc import Iterator

from ingestion.datasets import DATASETS
from ingestion.datasets.contract import Column, Dataset


def datasets_page() -> str:
    """Markdown: one table a dataset, every heading that a file may carry, and what its cells may hold."""
    parts = [
        "# Datasets\n\nMade by `python -m portal.reference` from `ingestion/datasets/`. A file named "
        "`<dataset>_anything.csv`, `.xlsx` or `.jsonl` is of that dataset; a heading may be the Chinese one or the "
        "standard code. `数据更新时间` says when the sender learned of the row; without it, arrival does."
    ]
    parts += ["\n".join(_dataset(dataset)) for dataset in DATASETS.values()]
    return "\n\n".join(parts) + "\n"


def _dataset(dataset: Dataset) -> Iterator[str]:
    yield f"## `{dataset.name}` {dataset.title}\n"
    yield f"Natural key: {', '.join(f'`{name}`' for name in dataset.key)}.\n"
    yield "| heading | code | kind | must be filled | may hold |"
    yield "|---|---|---|---|---|"
    for column in dataset.columns:
        if not column.personal:
            yield f"| {column.heading} | {column.code} | {column.kind} | {_required(column)} | {_values(column)} |"
    dropped = [column.heading for column in dataset.columns if column.personal]
    if dropped:
        yield f"\nRead past and never kept: {'、'.join(dropped)}."


def _required(column: Column) -> str:
    if column.required:
        return "yes"
    if column.required_if:
        return f"where {column.required_if[0]} has “{column.required_if[1]}”"
    return "column may be absent" if column.optional else ""


def _values(column: Column) -> str:
    if column.choices:
        shown = [str(choice) for choice in column.choices][:12]
        return " / ".join(shown) + (" …" if len(column.choices) > len(shown) else "")
    bounds = [
        f"≥ {column.least:g}" if column.least is not None else "",
        f"≤ {column.most:g}" if column.most is not None else "",
    ]
    return " ".join(filter(None, [*bounds, "长期 allowed" if column.open_ended else ""])).replace("|", "/")
