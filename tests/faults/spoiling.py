"""A penalty file with known truth: good rows, spoiled ones of many kinds, and how each is to be mended (C-3)."""

import csv
import io
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from stdnum.cn import uscc

from tests.faults.bulk import CODE, NAME, REGNO, TOWN, Row
from tests.faults.codes import credit_code
from tests.ingestion.papers import OLD, TEA, good

NUMBER, DECIDED, KNOWN, AMOUNT = "行政处罚决定书文号", "处罚决定日期", "数据更新时间", "罚款金额(万元)"
FACT, CONTENT, KIND, REPAIRED, PERSON = "违法事实", "处罚内容", "处罚类别", "信用修复日期", "行政相对人类别"
TWINS = ("91990101174625529Q", "9199010163096914XD")
"""Two enterprises that must both be registered as 同名商行."""
HEADINGS = list(good("penalty"))


def _wrong_organisation(random: random.Random) -> str:
    body = TEA[:16] + str((int(TEA[16], 36) + 1) % 10)
    return body + uscc.calc_check_digit(body)


CELLS: dict[tuple[str, str], Callable[[random.Random], Row]] = {
    ("missing", FACT): lambda r: {FACT: r.choice(["", "  ", "NULL", "—", "\u3000"])},
    ("missing_if", AMOUNT): lambda r: {AMOUNT: ""},
    ("bad_date", DECIDED): lambda r: {DECIDED: r.choice(["二月", "2026.2", "02/26/2026", "昨天"])},
    ("impossible_date", DECIDED): lambda r: {DECIDED: r.choice(["2026-02-30", "2026-13-01", "20260231"])},
    ("date_out_of_range", DECIDED): lambda r: {DECIDED: r.choice(["1026-02-03", "1899-12-31", "2101-01-01"])},
    ("bad_amount", AMOUNT): lambda r: {AMOUNT: r.choice(["五千元", "约0.5", "0.5.1", "1万2"])},
    ("too_small", AMOUNT): lambda r: {AMOUNT: f"-{r.randrange(1, 9)}.5"},
    ("too_large", AMOUNT): lambda r: {AMOUNT: "9" * r.randrange(13, 18)},
    ("too_long", CONTENT): lambda r: {CONTENT: "罚" * r.randrange(4001, 4100)},
    ("code_scientific", CODE): lambda r: {CODE: f"9.199{r.randrange(100):02d}E+17"},
    ("code_length", CODE): lambda r: {CODE: TEA[: r.randrange(8, 15)]},
    ("code_alphabet", CODE): lambda r: {CODE: TEA.replace("0", "O", r.randrange(1, 3))},
    ("code_check", CODE): lambda r: {CODE: TEA[:2] + r.choice("2345678") + TEA[3:]},
    ("code_organisation", CODE): lambda r: {CODE: _wrong_organisation(r)},
    ("regno_check", REGNO): lambda r: {CODE: "", REGNO: OLD[:-1] + r.choice("0124567")},
    ("unmatched", CODE): lambda r: {CODE: credit_code(r.randrange(10**6, 10**7))},
    ("unmatched", NAME): lambda r: {CODE: "", REGNO: "", NAME: f"查无此店{r.randrange(1000)}"},
    ("ambiguous_name", NAME): lambda r: {CODE: "", REGNO: "", NAME: "同名商行"},
    ("no_identity", NAME): lambda r: {CODE: "", REGNO: "", NAME: ""},
    ("identity_clash", CODE): lambda r: {CODE: TEA, REGNO: OLD},
    ("natural_person", PERSON): lambda r: {PERSON: "自然人", CODE: "", NAME: f"张{r.randrange(1000)}"},
    ("unknown_code", PERSON): lambda r: {PERSON: r.choice(["其他人", "法人", "9"])},
    ("after_known", DECIDED): lambda r: {DECIDED: f"2026-04-{r.randrange(1, 31):02d}"},
    ("future_known", KNOWN): lambda r: {KNOWN: f"2{r.randrange(100, 999)}-01-01"},
    ("date_order", REPAIRED): lambda r: {REPAIRED: "2026-01-01"},
}
"""(fault code, column it is reported at) → cells that make it."""
LINES = (("undecodable", FACT), ("too_few_cells", ""), ("too_many_cells", ""), ("conflicting", ""))
"""Faults of a whole line; a conflict takes two of them."""
KINDS = (*CELLS, *LINES)


@dataclass
class Line:
    """One row of the file: what it says, what is wrong with it, and the cells as they should have been."""

    row: Row
    fault: tuple[str, str] | None = None
    mended: Row = field(default_factory=dict)


def spoiled_file(path: Path, sound: int, bad: int, seed: int) -> dict[int, Line]:
    """Write a file of `sound` good and `bad` faulty rows in one order; its lines by row number (headings are row 1)."""
    chance = random.Random(seed)
    lines = [Line(_good(n)) for n in range(sound)]
    kinds = itertools.cycle(KINDS)
    while bad:
        code, column = next(kinds) if bad > 1 else KINDS[0]
        made = _spoil(code, column, sound + bad, chance)
        lines += made
        bad -= len(made)
    chance.shuffle(lines)
    with path.open("wb") as file:
        file.write("".join(_cells(dict(zip(HEADINGS, HEADINGS, strict=True)))).encode("utf-8-sig"))
        for line in lines:
            file.write(_written(line, chance))
    return dict(enumerate(lines, start=2))


def _good(n: int) -> Row:
    row = good(
        "penalty", **{CODE: TOWN[n % 3] if n % 3 != 2 else "", REGNO: OLD if n % 3 == 2 else "", NAME: "",
                      NUMBER: f"安市监罚〔2026〕{n}号"},
    )  # fmt: skip
    if n % 50 == 0:
        row[FACT] = '销售过期茶叶,\n三盒；“陈茶”\r\n"一盒"'
    return row


def _spoil(code: str, column: str, n: int, chance: random.Random) -> list[Line]:
    row = _good(n) | {CODE: TEA, REGNO: ""}
    if code == "conflicting":
        twin = row | {CONTENT: "另一种写法"}
        return [
            Line(row, (code, column)),
            Line(twin, (code, column), {NUMBER: f"{row[NUMBER]}之二", CONTENT: row[CONTENT]}),
        ]
    if (code, column) in CELLS:
        spoiled = CELLS[code, column](chance)
        return [Line(row | spoiled, (code, column), {heading: row[heading] for heading in spoiled})]
    return [Line(row, (code, column), row if column == "" else {column: row[column]})]


def _cells(row: Row, more: tuple[str, ...] = ()) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow([*row.values(), *more])
    return buffer.getvalue()


def _written(line: Line, chance: random.Random) -> bytes:
    code = line.fault[0] if line.fault else ""
    if code == "too_few_cells":
        return _cells(dict(list(line.row.items())[: chance.randrange(2, 20)])).encode()
    if code == "too_many_cells":
        return _cells(line.row, ("多", "余")).encode()
    if code == "undecodable":
        plain = line.row | {FACT: "货架摆有旧茶叶"}
        wrong = chance.choice((b"\xff\xff", b"\xe6\x9e", b"\xbc\xdc", b"\x80"))
        return _cells(plain).encode().replace("架".encode(), wrong, 1)
    return _cells(line.row).encode()
