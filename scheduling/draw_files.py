"""The object lottery's files (抽取文件): pool.csv and counts.csv, written and read in their one spelling.

Standard library only. A pool of a million rows is read in stretches of bytes, a column at a time; only a file that
is not plainly in order is read line by line, which then says where it is at fault.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from operator import lt
from typing import NamedTuple

POOL_FORMAT = "wurao-pool-1"
POOL_HEADER = "object_id,task,stratum"
COUNTS_FORMAT = "wurao-counts-1"
COUNTS_HEADER = "task,stratum,count"

# Anything that another reader of lines or of CSV could take for a separator, plus the marks that editors add.
_FORBIDDEN = re.compile('[\x00-\x1f\x7f-\x9f",\u2028\u2029\ufeff\ud800-\udfff]')
_SALT = re.compile(r"[0-9a-f]{32,}")
_COUNT = re.compile(r"0|[1-9][0-9]{0,17}")

# A body of lines of three fields each, in plain bytes; what it does not match is looked at line by line.
_PLAIN = rb"[ !#-+\--~\x80-\xff]++"
_HEAD = re.compile(rb"%b,[0-9a-f]{32,}\n%b\n" % (POOL_FORMAT.encode(), POOL_HEADER.encode()))
_BODY = re.compile(rb"(?:%b,%b,%b\n)*+" % (_PLAIN, _PLAIN, _PLAIN))
_STRETCH = 1 << 15
"""Bytes of a pool that are split at a time."""

Stratum = tuple[str, str]
"""Task and stratum."""


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
    ordered = sorted(rows)
    content = _encode(POOL_FORMAT, POOL_HEADER, salt, map(",".join, ordered), "pool.csv")
    if sum(freeze(content).sizes.values()) != len(ordered):
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


class FrozenPool(NamedTuple):
    """A pool that was read and found in order (冻结的对象库): its bytes, their hash, the size of each stratum."""

    content: bytes
    pool_hash: str
    sizes: dict[Stratum, int]

    def columns(self) -> Iterator[tuple[list[bytes], list[bytes], list[bytes]]]:
        """object_id, task and stratum of some hundred rows after another: what is still in the processor's cache."""
        start = self.content.index(b"\n", self.content.index(b"\n") + 1) + 1
        return _columns(self.content, start)


def freeze(content: bytes, pool_hash: str = "") -> FrozenPool:
    """Read a published pool (读入对象库), every line checked; `pool_hash` where the caller has it already.

    Raises DrawFault with the line at fault.
    """
    start = _start_of_plain_rows(content)
    counted = None if start is None else _sizes_in_order(content, start)
    if counted is None:
        sizes = dict(Counter((row.task, row.stratum) for row in _read_pool(content)))
    else:
        sizes = {(task.decode(), stratum.decode()): size for (task, stratum), size in counted.items()}
    return FrozenPool(content, pool_hash or digest(content), sizes)


def _columns(content: bytes, start: int) -> Iterator[tuple[list[bytes], list[bytes], list[bytes]]]:
    while start < len(content):
        end = content.find(b"\n", start + _STRETCH) + 1 or len(content)
        fields = content[start:end].replace(b"\n", b",").split(b",")
        yield fields[0:-1:3], fields[1::3], fields[2::3]
        start = end


def _start_of_plain_rows(content: bytes) -> int | None:
    """Where the rows begin, if every line is plainly well formed; None says: look line by line."""
    head = _HEAD.match(content)
    if head is None or not _BODY.fullmatch(content, head.end()):
        return None
    if b" " in content and any(edge in content for edge in (b" ,", b", ", b" \n", b"\n ")):
        return None
    return head.end() if content.isascii() or _prints(content) else None


def _sizes_in_order(content: bytes, start: int) -> Counter[tuple[bytes, bytes]] | None:
    """Size of each (task, stratum); None where rows do not strictly rise by (object_id, task).

    In UTF-8 the order of bytes is the order of characters.
    """
    sizes: Counter[tuple[bytes, bytes]] = Counter()
    last = (b"", b"")
    for object_ids, tasks, strata in _columns(content, start):
        if last >= (object_ids[0], tasks[0]):
            return None
        if not all(map(lt, object_ids, islice(object_ids, 1, None))):
            later = zip(islice(object_ids, 1, None), islice(tasks, 1, None), strict=True)
            if not all(map(lt, zip(object_ids, tasks, strict=True), later)):
                return None
        last = (object_ids[-1], tasks[-1])
        if tasks.count(tasks[0]) == len(tasks):  # one task, as mostly: a third of the time
            for stratum, size in Counter(strata).items():
                sizes[tasks[0], stratum] += size
        else:
            sizes.update(zip(tasks, strata, strict=True))
    return sizes


def _prints(content: bytes) -> bool:
    """UTF-8 of letters and signs only: no control, no separator, no blank other than the plain one."""
    try:
        return content.decode().replace("\n", "").isprintable()
    except UnicodeDecodeError:
        return False


def read_pool(content: bytes) -> list[PoolRow]:
    """Rows of a published pool, in file order (读取对象库). Raises DrawFault with the line at fault."""
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
