"""The page of the datasets (数据标准), made from their declarations: docs/datasets.md."""

from collections.abc import Iterator

from ingestion.datasets import DATASETS
from ingestion.datasets.contract import RETRACTED, Column, Dataset
from ingestion.datasets.examples import example_of
from ingestion.datasets.explain import demands_of, kind_words, meanings, required_words
from ingestion.datasets.result_codes import CODE_SETS, CodeSet

_HEAD = """# Datasets (数据标准)

Made by `python -m portal.reference` from `ingestion/datasets/`; a test fails when it is out of date.

A file named `<dataset>_anything.csv`, `.xlsx` or `.jsonl` is of that dataset; a heading may be the Chinese one, the
standard code, or one of the other names. `wurao template DATASET` writes an empty workbook with these headings, lists to
choose from and explanations. Where a file differs, a mapping profile brings it (docs/real-data.md).

- **必填**: the cell must be filled. **可以空**: the column must be there, its cells may be empty. **可以没有这一列**: the file
  may lack it.
- `数据更新时间` says when the sender learned of the row; without it, arrival does. `数据状态` 撤销 withdraws the record.
- A row that says the same again later is no new version. Files may come in any order.
- Code tables map by text. A text that is not in them holds its row; it is never guessed. Width, blanks and full stops
  make no difference.
- Personal columns that nothing needs are recognised and dropped unread; sealed ones are kept as a keyed hash only.
"""


def datasets_page() -> str:
    """Markdown: every dataset with its fill rules, code tables in full, checks, older layouts and an example."""
    states = " / ".join(f"{text}{' (withdraws)' if gone else ''}" for text, gone in RETRACTED.items())
    parts = [f"{_HEAD}- 数据状态: {states}.", _contents()]
    parts += ["\n".join(_dataset(dataset)) for dataset in DATASETS.values()]
    return "\n\n".join(parts) + "\n"


def _contents() -> str:
    lines = ["| dataset | 名称 | table | natural key |", "|---|---|---|---|"]
    for name, each in DATASETS.items():
        key = "、".join(_named(each, part) for part in each.key)
        lines.append(f"| [`{name}`](#{name}) | {each.title} | `{each.table}` | {key} |")
    return "\n".join(lines)


def _named(dataset: Dataset, column: str) -> str:
    if column == "enterprise_code":
        return "主体"
    return (dataset.column(column).heading if dataset.has(column) else "") or f"`{column}`"


def _dataset(dataset: Dataset) -> Iterator[str]:
    yield f'<a id="{dataset.name}"></a>\n'
    yield f"## `{dataset.name}` {dataset.title}\n"
    yield f"{dataset.says}\n"
    if dataset.timely:
        yield "Under the clock of 双公示: 及时率 counts 7 working days from the decision to the row's 数据更新时间.\n"
    yield from _layout(dataset, "")
    for older in dataset.older:
        yield f"\n### {older.title}\n"
        yield f"{older.says}\n"
        yield from _layout(older, "2015")
    if dataset.name == "inspection":
        for name, code_set in CODE_SETS.items():
            yield from _code_set(name, code_set)


def _layout(dataset: Dataset, year: str) -> Iterator[str]:
    yield "| heading | code | other names | must be filled | how |"
    yield "|---|---|---|---|---|"
    for column in dataset.file_columns():
        told = "；".join(each for each in (kind_words(column), column.note) if each)
        cells = (column.heading, column.code, "、".join(column.also), required_words(column), told)
        yield f"| {' | '.join(_cell(cell) for cell in cells)} |"
    dropped = [column.heading for column in dataset.columns if column.personal and not column.sealed]
    if dropped:
        yield f"\nRead past and never kept: {'、'.join(dropped)}."
    yield "\nChecks:\n"
    yield from (f"- {demand}" for demand in demands_of(dataset))
    for column in dataset.file_columns():
        yield from _code_table(column)
    yield "\nExample:\n\n```text"
    example = example_of(dataset, year)
    yield from (f"{heading}：{cell}" for heading, cell in example.items() if cell)
    yield "```"


def _code_table(column: Column) -> Iterator[str]:
    if not column.choices or column.name == "retracted":
        return
    yield f"\n{column.heading}:\n"
    yield "| may be written | kept as |"
    yield "|---|---|"
    for value, texts in meanings(column):
        kept = {"True": "是", "False": "否"}.get(value, value)
        yield f"| {_cell(' / '.join(texts))} | {_cell(kept)} |"


def _code_set(name: str, code_set: CodeSet) -> Iterator[str]:
    yield f'\n### `code_set = "{name}"` {code_set.title}\n'
    yield "| code | words | kept as | needs |"
    yield "|---|---|---|---|"
    for code, (words, result) in code_set.meanings.items():
        parent = "须单独勾选" if code in code_set.exclusive else code_set.parents.get(code, "")
        yield f"| {code} | {words} | {result} | {parent} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
