"""The object lottery wurao-draw-1 (检查对象公开抽取): commitment, seed, tickets, drawn list.

Pure arithmetic on bytes with the standard library only, so that anybody may replay it. The format is
written out in docs/draw-format.md. A ticket belongs to the object and not to the task: permanent random
numbers (Ohlsson 1995, "Coordination of samples using permanent random numbers"), which make the samples
of all departments overlap as much as they can while each stays an exact simple random sample.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from heapq import nsmallest
from typing import NamedTuple

POOL_FORMAT = "wurao-pool-1"
POOL_HEADER = "object_id,task,stratum"
COUNTS_FORMAT = "wurao-counts-1"
COUNTS_HEADER = "task,stratum,count"
KEY_BYTES = 32

# Anything that another reader of lines or of CSV could take for a separator, plus the marks that editors add.
_FORBIDDEN = re.compile('[\x00-\x1f\x7f-\x9f",\u2028\u2029\ufeff\ud800-\udfff]')
_SALT = re.compile(r"[0-9a-f]{32,}")
_COUNT = re.compile(r"0|[1-9][0-9]{0,17}")

Stratum = tuple[str, str]


class DrawFault(ValueError):
    """What is wrong with a draw's files, and where (抽取文件有误); one sentence in each language.

    `file` and `line` (from 1; 0 where no single line is at fault) say where; `expected` and `found` what.
    """

    def __init__(
        self, zh: str, en: str, *, file: str = "", line: int = 0, expected: str = "", found: str = ""
    ) -> None:
        super().__init__(f"{zh} {en}")
        self.zh, self.en = zh, en
        self.file, self.line, self.expected, self.found = file, line, expected, found


class PoolRow(NamedTuple):
    """One object in one task's library (抽查对象): it stands in exactly one stratum of the task."""

    object_id: str
    task: str
    stratum: str


class DrawnRow(NamedTuple):
    """One drawn object in one task (抽中对象); `ticket` is 64 hex digits and secret where classes are."""

    object_id: str
    task: str
    stratum: str
    ticket: str


class Commitment(NamedTuple):
    """The four hashes published before any seed exists (抽取承诺)."""

    pool_hash: str
    counts_hash: str
    key_hash: str
    commitment: str


@dataclass(frozen=True)
class StratumDraw:
    """Size of a stratum and how many of it are drawn (层内总数与抽取数)."""

    size: int
    count: int

    @property
    def inclusion(self) -> Fraction:
        """Exact probability that a given object of the stratum is drawn (入样概率)."""
        return Fraction(self.count, self.size)


class DrawResult(NamedTuple):
    """A finished draw (抽取结果): `drawn` sorted by (object_id, task), never by class; `state` is S."""

    drawn: tuple[DrawnRow, ...]
    state: str
    commitment: Commitment
    strata: dict[Stratum, StratumDraw]


def digest(content: bytes | str) -> str:
    """SHA-256 in lower-case hex (摘要); text is taken as UTF-8."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def check_field(value: str, what: str, file: str = "", line: int = 0) -> str:
    """Return `value` if it may stand in a published file (字段合法性), else raise DrawFault."""
    if not isinstance(value, str) or not value or value != value.strip() or _FORBIDDEN.search(value):
        raise DrawFault(
            f"{what}「{value!s}」为空、首尾有空格，或含逗号、引号、换行等不允许的字符。",
            f"{what} {value!r} is empty, padded, or holds a comma, quote, line break or control character.",
            file=file,
            line=line,
            expected="text without separators",
            found=ascii(value),
        )
    return value


def pool_file(rows: Iterable[PoolRow], salt: str) -> bytes:
    """Write the frozen pool (对象库文件), rows in any order.

    `salt` is at least 32 hex digits. Raises DrawFault for a field with separators and for an object that
    stands twice in one task.
    """
    ordered = sorted(PoolRow(*row) for row in rows)
    content = _encode(POOL_FORMAT, POOL_HEADER, salt, (",".join(row) for row in ordered), "pool.csv")
    if sum(1 for _ in _read_pool(content)) != len(ordered):
        # A line break inside a field would smuggle in a row of its own.
        for row in ordered:
            for field in row:
                check_field(field, "pool.csv", "pool.csv")
    return content


def counts_file(counts: Mapping[Stratum, int], salt: str) -> bytes:
    """Write how many are drawn from each (task, stratum) (抽取数量文件). Raises DrawFault."""
    lines = []
    for (task, stratum), count in sorted(counts.items()):
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            raise DrawFault(
                f"任务 {task} 层 {stratum} 的抽取数「{count}」不是非负整数。",
                f"The count {count!r} of task {task}, stratum {stratum} is not a whole number from 0 up.",
                file="counts.csv",
                found=repr(count),
            )
        names = check_field(task, "task", "counts.csv"), check_field(stratum, "stratum", "counts.csv")
        lines.append(f"{names[0]},{names[1]},{count}")
    content = _encode(COUNTS_FORMAT, COUNTS_HEADER, salt, lines, "counts.csv")
    read_counts(content)
    return content


def commit(pool: bytes, counts: bytes, key: bytes) -> Commitment:
    """Hashes to publish before the seed (发布承诺). Raises DrawFault where counts do not fit the pool."""
    wanted, sizes = read_counts(counts), dict[Stratum, int]()
    for row in _read_pool(pool):
        sizes[row.task, row.stratum] = sizes.get((row.task, row.stratum), 0) + 1
    _fit_counts(wanted, sizes)
    return commitment_of(digest(pool), digest(counts), digest(key_text(key)))


def commitment_of(pool_hash: str, counts_hash: str, key_hash: str) -> Commitment:
    """The commitment over three published hashes (承诺值)."""
    whole = digest(f"wurao-draw-1\n{pool_hash}\n{counts_hash}\n{key_hash}\n")
    return Commitment(pool_hash, counts_hash, key_hash, whole)


def key_text(key: bytes) -> str:
    """The secret key K in hex (抽取密钥). Raises DrawFault unless it is 32 bytes."""
    if not isinstance(key, bytes) or len(key) != KEY_BYTES:
        raise DrawFault("密钥必须是 32 个随机字节。", "The key must be 32 random bytes.", file="key.txt")
    return key.hex()


def check_seed(seed_text: str) -> str:
    """Return the seed exactly as announced (公布的种子文本); DrawFault unless it is one line of text."""
    if (
        not isinstance(seed_text, str)
        or not seed_text.strip()
        or re.search("[\x00-\x1f\ud800-\udfff]", seed_text)
    ):
        raise DrawFault(
            "种子必须是一行非空文本，与现场宣读的完全一致（不能是数字类型，不能换行）。",
            "The seed must be one non-empty line of text exactly as announced (not a number, no line break).",
            found=ascii(seed_text),
        )
    return seed_text


def seed_state(commitment: str, seed_text: str, key: bytes) -> str:
    """The state S of the object lottery (抽取状态值), 64 hex digits."""
    return digest(f"{commitment}\n{check_seed(seed_text)}\n{key_text(key)}\n")


def ticket(state: str, object_id: str) -> str:
    """The object's ticket (签号): the same in every task of the batch."""
    return digest(f"{state},{object_id}")


def draw_objects(pool: bytes, counts: bytes, key: bytes, seed_text: str) -> DrawResult:
    """Draw (抽取): in each (task, stratum) the `count` objects with the smallest tickets.

    `pool` and `counts` are the committed files, byte for byte. Raises DrawFault, with file and line, for
    anything that is not the published format or does not fit together.
    """
    wanted = read_counts(counts)
    published = commitment_of(digest(pool), digest(counts), digest(key_text(key)))
    state = seed_state(published.commitment, seed_text, key)
    lots: dict[Stratum, list[tuple[bytes, str]]] = {}
    for object_id, task, stratum, lot in _tickets(pool, state):
        lots.setdefault((task, stratum), []).append((lot, object_id))
    strata = _fit_counts(wanted, {name: len(tickets) for name, tickets in lots.items()})
    drawn = sorted(
        DrawnRow(object_id, task, stratum, lot.hex())
        for (task, stratum), tickets in lots.items()
        for lot, object_id in nsmallest(wanted.get((task, stratum), 0), tickets)
    )
    return DrawResult(tuple(drawn), state, published, strata)


def _tickets(pool: bytes, state: str) -> Iterator[tuple[str, str, str, bytes]]:
    """Rows with their tickets; an object's rows stand together, so each object is hashed once."""
    prefix, last, lot = state.encode() + b",", None, b""
    for object_id, task, stratum in _read_pool(pool):
        if object_id != last:
            last, lot = object_id, hashlib.sha256(prefix + object_id.encode()).digest()
        yield object_id, task, stratum, lot


def read_pool(content: bytes) -> list[PoolRow]:
    """Rows of a published pool, in file order (读取对象库文件). Raises DrawFault with the line at fault."""
    return list(_read_pool(content))


def read_counts(content: bytes) -> dict[Stratum, int]:
    """Counts of a published file (读取抽取数量文件). Raises DrawFault with the line at fault."""
    counts: dict[Stratum, int] = {}
    last = ("", "")
    for number, line in _lines(content, COUNTS_FORMAT, COUNTS_HEADER, "counts.csv"):
        task, stratum, count = line.split(",")
        if not _COUNT.fullmatch(count):
            raise _line_fault("抽取数不是整数", "the count is not a whole number", "counts.csv", number, line)
        _check_order(last, (task, stratum), "counts.csv", number, line)
        last = (task, stratum)
        counts[last] = int(count)
    return counts


def _read_pool(content: bytes) -> Iterator[PoolRow]:
    last: tuple[str, str] = ("", "")
    for number, line in _lines(content, POOL_FORMAT, POOL_HEADER, "pool.csv"):
        row = PoolRow._make(line.split(","))
        if row[:2] <= last:
            _check_order(last, row[:2], "pool.csv", number, line)
        last = row[:2]
        yield row


def _encode(name: str, header: str, salt: str, lines: Iterable[str], file: str) -> bytes:
    if not isinstance(salt, str) or not _SALT.fullmatch(salt):
        raise DrawFault(
            "盐值必须是至少 32 位的小写十六进制随机数。",
            "The salt must be at least 32 lower-case hex digits.",
            file=file,
            line=1,
        )
    text = "\n".join([f"{name},{salt}", header, *lines, ""])
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise DrawFault(
            "含有无法用 UTF-8 表示的字符。",
            "A field cannot be written in UTF-8.",
            file=file,
            found=ascii(text[error.start : error.end]),
        ) from error


def _lines(content: bytes, name: str, header: str, file: str) -> Iterator[tuple[int, str]]:
    """Numbered data lines of a published file, each checked to hold three plain fields."""
    text = decode(content, file)
    lines = text.split("\n")
    if not lines[0].startswith(f"{name},") or not _SALT.fullmatch(lines[0][len(name) + 1 :]):
        raise _line_fault("首行不符合格式", "the first line is wrong", file, 1, lines[0], f"{name},<salt>")
    if len(lines) < 3 or lines[1] != header:
        raise _line_fault("第二行不符合格式", "line 2 is wrong", file, 2, "".join(lines[1:2]), header)
    if lines.pop() != "":
        raise _line_fault("末行没有换行", "the last line is not ended by LF", file, len(lines) + 1, "", "LF")
    for number in range(2, len(lines)):
        line = lines[number]
        # One C-level pass for the common clean line; a fault is described slowly.
        if line.count(",") != 2 or len(_FORBIDDEN.findall(line)) != 2:
            raise _line_fault("不是三个字段", "the line does not hold three fields", file, number + 1, line)
        if (
            line[0] == ","
            or line[-1] == ","
            or ",," in line
            or " ," in line
            or ", " in line
            or line != line.strip()
        ):
            raise _line_fault("字段为空或首尾有空格", "a field is empty or padded", file, number + 1, line)
        yield number + 1, line


def decode(content: bytes, file: str) -> str:
    """UTF-8 text without BOM and with LF only (文本解码). Raises DrawFault saying what an editor did."""
    if content.startswith(b"\xef\xbb\xbf"):
        zh, en = (
            "文件开头有 BOM，可能被编辑器另存过。",
            "The file begins with a BOM; an editor saved it again.",
        )
        raise DrawFault(zh, en, file=file, line=1)
    if b"\r" in content:
        zh, en = (
            "换行不是 LF，可能被编辑器另存过。",
            "Lines do not end in LF; an editor saved the file again.",
        )
        raise DrawFault(zh, en, file=file, line=content.count(b"\n", 0, content.index(b"\r")) + 1)
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        zh, en = "不是 UTF-8 文本。", "The file is not UTF-8 text."
        line = content.count(b"\n", 0, error.start) + 1
        raise DrawFault(zh, en, file=file, line=line, found=content[error.start : error.end].hex()) from error


def _check_order(last: tuple[str, ...], this: tuple[str, ...], file: str, number: int, line: str) -> None:
    if this == last:
        raise _line_fault("与上一行重复", "it repeats the line before", file, number, line)
    if this < last:
        raise _line_fault("未按字节顺序排列", "lines are not sorted by their bytes", file, number, line)


def _line_fault(zh: str, en: str, file: str, number: int, line: str, expected: str = "") -> DrawFault:
    return DrawFault(
        f"{file} 第 {number} 行：{zh}。",
        f"{file}, line {number}: {en}.",
        file=file,
        line=number,
        expected=expected,
        found=line[:200],
    )


def _fit_counts(wanted: Mapping[Stratum, int], sizes: Mapping[Stratum, int]) -> dict[Stratum, StratumDraw]:
    """Every stratum of the pool with its count (0 where none is given); DrawFault where they do not fit."""
    for line, ((task, stratum), count) in enumerate(wanted.items(), start=3):
        size = sizes.get((task, stratum))
        if size is None:
            zh, en = (
                f"对象库中没有任务 {task} 的层 {stratum}。",
                f"The pool has no task {task}, stratum {stratum}.",
            )
            raise DrawFault(zh, en, file="counts.csv", line=line, found=f"{task},{stratum},{count}")
        if count > size:
            raise DrawFault(
                f"任务 {task} 层 {stratum} 只有 {size} 个对象，不能抽取 {count} 个。",
                f"Task {task}, stratum {stratum} holds {size} objects; {count} cannot be drawn.",
                file="counts.csv",
                line=line,
                expected=f"<= {size}",
                found=str(count),
            )
    return {name: StratumDraw(size, wanted.get(name, 0)) for name, size in sorted(sizes.items())}
