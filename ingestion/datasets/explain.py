"""What a declaration says (填报说明), in words: for the page of the datasets, the templates and the drop-down lists."""

from collections.abc import Iterator

from ingestion.datasets.contract import Column, Dataset

KINDS = {
    "text": "文字", "code": "代码，按文本填写", "date": "日期，如 2026-01-31", "datetime": "日期和时间，如 2026-01-31 09:00:00",
    "amount": "金额，以万元计", "number": "数字", "integer": "整数", "boolean": "是或否", "list": "几项之间用分号隔开",
    "days": "每月日期，如 1-20,25", "choice": "从代码表选一项", "choices": "从代码表选一项或几项，用分号隔开",
}  # fmt: skip


def kind_words(column: Column) -> str:
    """How a cell of this column is filled, with its bounds."""
    said = [KINDS[column.kind]]
    if column.kind in ("text", "code") and column.longest != 4000:
        said.append(f"最多 {column.longest} 字")
    if column.least is not None:
        said.append(f"不小于 {column.least:g}")
    if column.most is not None:
        said.append(f"不大于 {column.most:g}")
    if column.pattern:
        said.append(f"格式 {column.pattern}")
    if column.open_ended:
        said.append("可填长期")
    if column.blank not in (None, (), ""):
        said.append(f"不填按“{blank_words(column)}”")
    return "，".join(said)


def blank_words(column: Column) -> str:
    """What an empty cell means, in words."""
    if isinstance(column.blank, bool):
        words = next((text for text, value in (column.choices or {}).items() if value == column.blank), None)
        return words or ("是" if column.blank else "否")
    return str(column.blank)


def required_words(column: Column) -> str:
    """Whether the column and its cells may be missing."""
    if column.required:
        return "必填"
    if column.required_if:
        return f"有“{column.required_if[1]}”时必填"
    return "可以没有这一列" if column.optional else "可以空"


def meanings(column: Column) -> list[tuple[str, list[str]]]:
    """(What is stored, every text that may be written for it); the text to prefer comes first."""
    table = dict(column.choices or ({"是": True, "否": False} if column.kind == "boolean" else {}))
    grouped: dict[str, list[str]] = {}
    for text, value in table.items():
        grouped.setdefault(str(value), []).append(text)
    return [(value, sorted(texts, key=lambda text: text != value)) for value, texts in grouped.items()]


def demands_of(dataset: Dataset) -> Iterator[str]:
    """Every demand on whole rows, a sentence each."""
    named = {column.name: column.heading for column in dataset.columns}
    if dataset.identity == "self":
        yield "每行须有统一社会信用代码或 15 位注册号，校验码正确；91 企业、92 个体工商户、93 农民专业合作社须与主体类别一致。"
    elif dataset.identity == "must":
        yield "每行须写明是哪一户：代码、注册号或名称至少一项，并且登记信息里有；代码和注册号不能分属两户。"
    elif dataset.identity == "may":
        yield "每行须有校验码正确的统一社会信用代码或注册号；登记信息里没有的也收。"
    if dataset.occurred:
        yield f"{named[dataset.occurred]}不得晚于知悉日期（数据更新时间，没有的按接收日期）。"
    for later, earlier in dataset.in_order:
        yield f"{named[later]}不得早于{named[earlier]}。"
    if dataset.has("industryco"):
        yield "行业代码须属于行业门类（GB/T 4754—2017）。"
    if dataset.has("item_codes"):
        yield "检查事项编码须在检查日期有效的随机抽查事项清单里。"
    if dataset.has("counterpart"):
        yield "自然人的记录不归集，整行退回且不留内容。"
    yield "数据更新时间不得晚于接收日期；同一记录在同一时间有两种内容的，两行都退回。"
    for check in dataset.checks:
        yield check.says
    if dataset.convert:
        yield dataset.convert.says
