"""The contract of a dataset (归集数据标准): its columns, checks and natural key, written as data."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import pandas as pd

from ingestion.faults import Fault

Kind = Literal[
    "text",
    "code",
    "date",
    "datetime",
    "amount",
    "number",
    "integer",
    "boolean",
    "list",
    "days",
    "choice",
    "choices",
]
"""How a cell is read. `choice` maps by TEXT through `choices`; `choices` is a list of such."""

Identity = Literal["self", "must", "may"]
"""How rows name an enterprise: they register it, they must name a known one, or a valid code is enough."""


@dataclass(frozen=True)
class Column:
    """One column (数据项). `name` is the registry's column; a file may carry `heading`, `code` or `also`.

    A column without a heading is none of the file's: a conversion makes it.
    """

    name: str
    heading: str
    code: str = ""
    kind: Kind = "text"
    required: bool = False
    """Its cell must be filled."""
    required_if: tuple[str, str] | None = None
    """(other column, fragment): must be filled where that column's text contains the fragment."""
    optional: bool = False
    """The file may lack the heading altogether; a missing heading that is not optional holds the file."""
    stored: bool = True
    """False: a working column for identity or derivation."""
    personal: bool = False
    """Dropped when the file is read: never cleaned, stored, or kept with a fault."""
    sealed: bool = False
    """Personal, and needed only to tell whether two are the same: kept as a keyed hash, with a fault too."""
    choices: Mapping[str, Any] | None = None
    also: tuple[str, ...] = ()
    longest: int = 4000
    open_ended: bool = False
    """长期 and its stand-ins (2099-12-31, 9999-09-09) mean no end."""
    least: float | None = None
    most: float | None = None
    pattern: str | None = None
    blank: Any = None
    """What an empty cell means."""
    note: str = ""
    """How to fill it (填写说明), for the template and the page."""

    def names(self) -> tuple[str, ...]:
        """Every heading under which a file may carry it."""
        return tuple(n for n in (self.heading, self.code, *self.also) if n)


@dataclass
class Surroundings:
    """What a row is read against (比对资料): the office tree, and when the file came."""

    received_at: datetime
    offices: dict[str, str] = field(default_factory=dict)
    """Office name or code → code."""
    foreign: bool = False
    """Identity scheme 'opaque': numbers of another country's registry, without check digits."""


Derive = Callable[[pd.DataFrame, Surroundings], None]


@dataclass(frozen=True)
class Check:
    """A check of whole rows (整行校验), declared with the dataset: what it demands, and how it is found out."""

    says: str
    find: Callable[[pd.DataFrame, Mapping[str, str]], list[Fault]]
    """(typed rows, column → heading as the file writes it) → faults."""
    reads: tuple[str, ...] | None = None
    """The columns that a row's verdict depends on, where they are few: each combination is then judged once."""


@dataclass(frozen=True)
class Conversion:
    """What becomes of the cells before they are cleaned (换算), the only place that sees sealed ones."""

    says: str
    rows: Callable[[pd.DataFrame], pd.DataFrame]
    """Text columns under the layout's names → the same, sealed columns replaced."""
    made: Mapping[str, str] = field(default_factory=dict)
    """Column that it adds → the column at whose heading its faults are reported."""


@dataclass(frozen=True)
class Further:
    """A second table fed by the same rows (同源表), e.g. premises by the registration file."""

    table: str
    key: tuple[str, ...]
    rows: Callable[[pd.DataFrame, Surroundings], pd.DataFrame]


@dataclass(frozen=True)
class Dataset:
    """One dataset (数据集): what a file of it looks like and what its rows become."""

    name: str
    title: str
    table: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    """Columns that make the natural key; `enterprise_code` among them where the fact is about one."""
    identity: Identity | None = None
    occurred: str | None = None
    """The column that says when it happened; it may not be later than the time it became known."""
    in_order: tuple[tuple[str, str], ...] = ()
    """Pairs (later, earlier) of date columns."""
    sender: str | None = None
    """The column that says which office answers for the row; quality is reported by it."""
    snapshot: bool = False
    """Rows re-assert a state: an equal row in a later file is no repetition (重复率), as of an event it is."""
    timely: bool = False
    """Under the double-publicity clock (双公示 7 个工作日)."""
    derive: Derive | None = None
    derive_reads: tuple[str, ...] | None = None
    """The columns that decide what `derive` fills in, where they are few: each combination is then derived once."""
    repeats: Mapping[str, str] = field(default_factory=dict)
    """Table columns that repeat another column of the file as it stands."""
    derived: tuple[str, ...] = ()
    """Table columns that `derive` and `repeats` fill."""
    further: tuple[Further, ...] = ()
    says: str = ""
    """What it is and where it comes from, in a sentence."""
    checks: tuple[Check, ...] = ()
    convert: Conversion | None = None
    older: tuple["Dataset", ...] = ()
    """Older layouts (旧版格式) of the same facts, told from this one by their columns."""

    def file_columns(self) -> list[Column]:
        """The columns of a full file, in order: all but the personal ones that are read past."""
        return [c for c in self.columns if c.heading and (c.sealed or not c.personal)]

    def headings(self) -> list[str]:
        """The Chinese headings of a full file, in order (what a bureau's template carries)."""
        return [column.heading for column in self.file_columns()]

    def codes(self) -> list[str]:
        """The same headings as standard codes, where there is one."""
        return [column.code or column.heading for column in self.file_columns()]

    def layouts(self) -> Iterator["Dataset"]:
        """This layout, then the older ones."""
        yield self
        yield from self.older

    def column(self, name: str) -> Column:
        """The column of that name. Raises KeyError."""
        return next(c for c in self.columns if c.name == name) if self.has(name) else _unknown(self, name)

    def has(self, name: str) -> bool:
        """Whether the layout has a column of that name."""
        return any(c.name == name for c in self.columns)

    def stored(self) -> list[str]:
        """Business columns of the table that a row fills, in order."""
        return [c.name for c in self.columns if c.stored and not c.personal] + list(self.derived)


METHODS = {
    **dict.fromkeys(("现场", "现场检查", "实地检查", "实地核查", "检验检测"), "现场"),
    **dict.fromkeys(
        ("书面", "书式检查", "书面检查", "行政部门检查结果或专业意见", "审计/验资/评估等第三方验证"), "书面"
    ),
    **dict.fromkeys(("网络", "网络监测"), "网络"),
}
"""检查方式 in the words of national and provincial lists. What is not here is a fault: a door would be missed."""


def _unknown(dataset: Dataset, name: str) -> Column:
    raise KeyError(f"{dataset.name} has no column {name}")


BOOLEAN = {
    "是": True, "否": False, "1": True, "0": False, "Y": True, "N": False, "TRUE": True, "FALSE": False,
    "有": True, "无": False, "YES": True, "NO": False,
}  # fmt: skip

VALIDITY = {
    "有效": True,
    "失效": False,
    "无效": False,
    "是": True,
    "否": False,
    "1": True,
    "0": False,
    "2": False,
}

RETRACTED = {"正常": False, "更正": False, "恢复": False, "撤销": True, "撤回": True, "作废": True}

ROW_TIMES = (
    Column("known_at", "数据更新时间", "DATA_TIME", "datetime", optional=True, stored=False),
    Column(
        "retracted",
        "数据状态",
        "DATA_STATE",
        "choice",
        choices=RETRACTED,
        optional=True,
        stored=False,
        blank=False,
    ),
)
"""Every layout ends with these two: when the owner's system learned it, and whether it was withdrawn."""


def identity_columns(
    uniscid: tuple[str, str] = ("统一社会信用代码", "UNISCID"),
    regno: tuple[str, str] = ("注册号", "REGNO"),
    name: tuple[str, str] = ("企业名称", "ENTNAME"),
) -> tuple[Column, ...]:
    """The three columns by which a row names an enterprise (主体标识): code, old number, name."""
    return (
        Column(
            "given_code", *uniscid, "code", stored=False, longest=64,
            note="18 位；没有代码的老主体填下一列的 15 位注册号，两者都没有时按名称（含曾用名）匹配",
        ),
        Column("given_regno", *regno, "code", stored=False, longest=64, note="15 位旧注册号，校验码须正确"),
        Column("given_name", *name, stored=False, longest=200, note="登记的名称，也认曾用名"),
    )  # fmt: skip


def personal(*headings: tuple[str, str]) -> tuple[Column, ...]:
    """Columns of the standard layout that hold personal data: recognised, and dropped unread."""
    return tuple(
        Column(code.lower() or heading, heading, code, personal=True, optional=True)
        for heading, code in headings
    )


def left_out(*headings: tuple[str, str]) -> tuple[Column, ...]:
    """Columns of the standard layout that nothing here needs: recognised, and not stored."""
    return tuple(
        Column(code.lower(), heading, code, stored=False, optional=True) for heading, code in headings
    )


def cells(rows: pd.DataFrame, values: Iterable[Any]) -> pd.Series:
    """Made values as a column of `rows`: None stays None, where pandas would make an empty text of it a NaN."""
    return pd.Series(list(values), rows.index, dtype=object)


def kept(longest: int, *headings: tuple[str, str]) -> tuple[Column, ...]:
    """Columns of the standard layout that are stored as they come, and that an older file may lack."""
    return tuple(
        Column(code.lower(), heading, code, optional=True, longest=longest) for heading, code in headings
    )
