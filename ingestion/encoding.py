"""Encoding (字符编码): which one a file is in, found strictly, and its lines as text. Nothing is replaced silently."""

import codecs
import io
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

from registry.errors import Refusal

MARK = "\ufffd"
BOM = "\ufeff"
LONGEST_LINE = 8
"""Blocks without a line break before a file is refused; a row of 150 columns is far below."""
PLAINLY = 12
"""So many bytes beyond ASCII in one line are UTF-8 by chance, in a text of GB18030, less than once in a million lines."""
_BLOCK = 1 << 20


def _mark_undecodable(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    unit = 2 if "16" in error.encoding else 1
    return MARK, min(error.start + unit, len(error.object))


codecs.register_error("wurao_mark", _mark_undecodable)


@dataclass(frozen=True)
class Look:
    """What a look at all bytes of a file told (编码判断)."""

    encoding: str
    spotless: bool
    """Every byte decodes: no cell need be searched for marks."""
    plain: bool
    """Its lines can be read as they are: no second encoding among them, no byte order mark in the middle."""


def look_over(path: Path, encoding: str | None = None) -> Look:
    """UTF-8 or UTF-16 by BOM, else the one of UTF-8 and GB18030 that more lines are written in.

    encoding: as a profile states it; then only whether it holds is looked at. Raises Refusal file.line_too_long.
    """
    with path.open("rb") as file:
        start = file.read(4096)
    stated = encoding or _encoding_by_start(start)
    bad, marked = _decode_all(path, stated or "utf-8")
    if stated or not bad:
        return Look(stated or "utf-8", not bad, not marked)
    return _by_lines(path, marked)


def _encoding_by_start(start: bytes) -> str | None:
    if start.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    nothing_in_high, nothing_in_low = start[1::2].count(0), start[0::2].count(0)
    if nothing_in_high + nothing_in_low > len(start) // 100:
        return "utf-16-le" if nothing_in_high > nothing_in_low else "utf-16-be"
    return None


def _decode_all(path: Path, encoding: str) -> tuple[bool, bool]:
    """Whether anything does not decode, and whether there are byte order marks besides the first."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="wurao_mark")
    bad = marked = False
    unbroken, first = 0, True
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            unbroken = 0 if b"\n" in block or b"\r" in block else unbroken + 1
            if unbroken >= LONGEST_LINE:
                raise Refusal(
                    "file.line_too_long",
                    f"“{path.name}”有一行超过 {LONGEST_LINE} MB，没有换行。",
                    "请检查导出是否成功：每条记录应占一行。",
                )
            text = decoder.decode(block)
            bad = bad or MARK in text
            marked = marked or BOM in (text[1:] if first else text)
            first = False
    return bad or MARK in decoder.decode(b"", final=True), marked


def _by_lines(path: Path, marked: bool) -> Look:
    """A file that is not UTF-8 throughout: which encoding most of its lines are in, and whether all are."""
    of_utf8 = of_gb18030 = plainly = bad = 0
    with path.open("rb") as file:
        for line in file:
            if line.isascii():
                continue
            utf8, gb18030 = decodes(line, "utf-8"), decodes(line, "gb18030")
            of_utf8 += utf8
            of_gb18030 += gb18030 and not utf8
            plainly += utf8 and is_plainly_utf8(line)
            bad += not utf8 and not gb18030
    if of_utf8 > of_gb18030:
        return Look("utf-8", False, not marked)
    return Look("gb18030", not bad and not plainly, not plainly and not marked and not _begins_marked(path))


def _begins_marked(path: Path) -> bool:
    with path.open("rb") as file:
        return BOM.encode("gb18030") in file.read(_BLOCK)


def decodes(line: bytes, encoding: str) -> bool:
    """Whether a line is valid in an encoding."""
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def is_plainly_utf8(line: bytes) -> bool:
    """Whether a valid line of UTF-8 is too long to be one by chance."""
    return len(line) - len(line.decode("ascii", "ignore")) >= PLAINLY


def lines_of(path: Path, look: Look) -> Generator[str]:
    """The lines of a file with their ends; what does not decode is a MARK, byte order marks are left out."""
    if look.plain:
        with path.open(encoding=look.encoding, errors="wurao_mark", newline="") as file:
            yield from file
    elif look.encoding.startswith("utf-16"):
        with path.open(encoding=look.encoding, errors="wurao_mark", newline="") as file:
            yield from (line.lstrip(BOM) for line in file)
    else:
        yield from _mixed_lines(path, look.encoding)


def _mixed_lines(path: Path, encoding: str) -> Iterator[str]:
    """Line by line: one that is plainly UTF-8 among lines of GB18030 would decode into other characters than meant."""
    with path.open("rb") as file:
        for line in file:
            strange = encoding == "gb18030" and decodes(line, "utf-8") and is_plainly_utf8(line)
            text = line.decode("ascii" if strange else encoding, "wurao_mark")
            yield from io.StringIO(text.lstrip(BOM), newline="")
