"""Plain rows: a large file read by whole columns becomes what it becomes row by row, whatever is in it."""

import csv
import io
import random
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from ingestion import decode, reading, staging
from ingestion.datasets import DATASETS
from ingestion.mapping import standard_layout
from ingestion.plain import blocks, columns, combined, sheet
from ingestion.plain.lane import Cleaned, Judged, PlainLane, goes_plainly
from ingestion.reading import Arrival, open_arrival, stage_file
from ingestion.spool import Spool
from ingestion.staging import make_staging
from registry.database import Database
from tests.ingestion.conftest import Ingest
from tests.ingestion.papers import FARM, GOOD, INN, KNOWN, OLD, STALL, STRANGER, TEA, good, write_csv

RECEIVED = datetime(2026, 11, 2, 9)
NASTY = (
    "", " ", "-", "NULL", "x", "其他", "其他-补办", "罚款", "罚款;警告", "没收", "暂扣许可证", "a\\b", "tab\there", "一\n二",
    "“引”", 'quo"te', "1,2", "　全角 ", "０１２", "２０２６年３月２日", "2026-02-30", "2026-03-01", "20260301", "2099-12-31", "长期",
    "2026-03-02 09:00:60", "2026-03-02 09:00:00", "2026-12-31 00:00:00", "45000", "3万元", "30000元", "-1", "1e400",
    "13812345678", "11010519491231002X", "\u200b零宽", "\u00a0", "\ufeff", "9" * 40, "长" * 300, "自然人", "个体工商户",
    "法人及非法人组织", "撤销", "正常", "1", "2", "是", TEA, INN, OLD, STALL, FARM, STRANGER, TEA.lower(), f" {TEA}", TEA[:-1] + "0",
    "安和市云来客栈有限公司", "市场监管", "\\N", "\x01",
)  # fmt: skip
PLAIN = [
    name for name in DATASETS if goes_plainly(standard_layout(DATASETS[name], DATASETS[name].headings()))
]


@st.composite
def files(draw: st.DrawFn) -> tuple[str, list[dict[str, str]]]:
    """A dataset and rows of it: good ones with a number of their own, some with cells spoiled."""
    dataset = draw(st.sampled_from(PLAIN))
    sound, keys = good(dataset), DATASETS[dataset].key
    numbered = [c.heading for c in DATASETS[dataset].columns if c.name in keys and c.kind in ("text", "code")]
    rows = []
    for number in range(draw(st.integers(1, 30))):
        row = {**sound, **{h: f"{sound[h]}{number}" for h in numbered[-1:] if draw(st.booleans())}}
        for _ in range(draw(st.sampled_from((0, 0, 0, 1, 1, 2, 5)))):
            row[draw(st.sampled_from(list(row)))] = draw(st.sampled_from(NASTY))
        rows.append(row)
    return dataset, rows


@st.composite
def written(draw: st.DrawFn) -> tuple[str, bytes]:
    """A file of them as some system writes it: with or without quotes, in one of the encodings, sometimes broken."""
    dataset, rows = draw(files())
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(
        buffer, list(rows[0]), lineterminator=draw(st.sampled_from(("\n", "\r\n"))),
        quoting=draw(st.sampled_from((csv.QUOTE_MINIMAL, csv.QUOTE_ALL))), delimiter=draw(st.sampled_from((",", ";", "\t"))),
    )  # fmt: skip
    writer.writeheader()
    writer.writerows(rows)
    said = buffer.getvalue()
    spoil = draw(st.sampled_from(("", "", "", "\n", "a,b\n", '"\n', 'x"y,z\n', "\r", "\0")))
    place = draw(st.integers(said.index("\n") + 1, len(said)))
    said = said[:place] + spoil + said[place:]
    return dataset, said.encode(draw(st.sampled_from(("utf-8", "utf-8-sig", "gb18030"))), "replace")


def staged(connection: Connection, dataset: str, path: Path, every: bool = False) -> dict[str, Any]:
    """All that reading a file leaves behind. every: also the lines for the verdict of rows that share their key with none."""
    arrival = Arrival(connection, path, path.name, "0" * 64, DATASETS[dataset], RECEIVED, lambda *_: None)
    table, layout = open_arrival(arrival)
    arrival.dataset = layout.dataset
    with closing(make_staging(connection, [layout.dataset.table], 7)) as own:
        stage_file(arrival, table, layout, own)
        spool = own.spools[layout.dataset.table]
        spool.rewind()
        lines = [bytes(line).decode() for line in spool.take(10**6).each()]
        own.release(connection, spool.table)
        slim = connection.execute(text(f"SELECT * FROM staging_{spool.table} ORDER BY place")).all()
        faults = connection.execute(text('SELECT * FROM staging_fault ORDER BY row_no, "column", code')).all()
        claims = connection.execute(text("SELECT * FROM staging_claim ORDER BY row_no")).all()
        numbers = spool.row_numbers().tolist()
        senders = Counter({sender: many for sender, many in own.unsent().items() if many})
    connection.rollback()
    keys = Counter(row.natural_key for row in slim)
    return {
        "lines": lines, "faults": faults, "claims": claims, "numbers": numbers,
        "to be judged": [tuple(row) for row in slim if every or keys[row.natural_key] > 1],
        "senders": senders + Counter(row.sender or "" for row in slim),
    }  # fmt: skip


def staged_row_by_row(
    connection: Connection, dataset: str, path: Path, every: bool = False
) -> dict[str, Any]:
    """The same by the long way only."""
    with pytest.MonkeyPatch.context() as usual:
        usual.setattr(decode, "LARGE", 1 << 40)
        return staged(connection, dataset, path, every)


def penalties(folder: Path) -> Path:
    """A file of penalties in which some rows are spoiled and some stand twice."""
    chance = random.Random(5)
    rows = [spoiled(chance, "penalty", number) for number in range(200)]
    return write_csv(folder / "penalty_many.csv", rows + rows[:20], "utf-8")


@pytest.fixture
def in_small_blocks(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Every file is large, and a block is a few rows."""
    monkeypatch.setattr(decode, "LARGE", 0)
    monkeypatch.setattr(blocks, "BLOCK", 2_000)
    return monkeypatch


@settings(
    max_examples=60, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
@given(file=written())
def test_a_file_in_blocks_is_read_as_row_by_row(
    one_town: Ingest,
    one_database: Database,
    tmp_path: Path,
    in_small_blocks: pytest.MonkeyPatch,
    file: tuple[str, bytes],
) -> None:
    dataset, content = file
    path = tmp_path / f"{dataset}_any.csv"
    path.write_bytes(content)
    with one_database.engine_for("ingest").connect() as connection:
        try:
            expected = staged_row_by_row(connection, dataset, path)
        except decode.Refusal as refusal:
            connection.rollback()
            with pytest.raises(decode.Refusal, match=refusal.code):
                staged(connection, dataset, path)
            connection.rollback()
            return
        assert staged(connection, dataset, path) == expected


def spoiled(chance: random.Random, dataset: str, number: int) -> dict[str, str]:
    """A good row with a number of its own in the columns that are texts, one in five with a spoiled cell."""
    row = good(dataset)
    for column in DATASETS[dataset].columns:
        if column.heading in row and column.kind == "text" and row[column.heading] and not column.choices:
            row[column.heading] += str(chance.randrange(number + 1))
        if column.kind == "datetime" and column.heading in row:
            row[column.heading] = f"2026-03-{chance.randrange(2, 29):02d} 09:{number % 60:02d}:00"
    while chance.random() < 0.2:
        row[chance.choice(list(row))] = chance.choice([text for text in NASTY if "\ufeff" not in text])
    for name in [c.heading for c in DATASETS[dataset].columns if c.name == "given_name"]:
        row[name] = GOOD[dataset].get(name, "")
    return row


@pytest.mark.parametrize("dataset", PLAIN)
def test_most_rows_of_a_file_go_plainly_and_become_the_same(
    one_town: Ingest,
    one_database: Database,
    tmp_path: Path,
    in_small_blocks: pytest.MonkeyPatch,
    dataset: str,
) -> None:
    """Also when a column has more texts than are kept."""
    for module in (columns, combined):
        in_small_blocks.setattr(module, "MOST", 60)
    chance, judged = random.Random(dataset), []
    in_small_blocks.setattr(PlainLane, "judge", _counting(PlainLane.judge, judged))
    rows = [spoiled(chance, dataset, number) for number in range(600)]
    path = write_csv(tmp_path / f"{dataset}_many.csv", rows, "utf-8")
    with one_database.engine_for("ingest").connect() as connection:
        found = staged(connection, dataset, path)
        assert found == staged_row_by_row(connection, dataset, path)
    plain, all_rows = map(sum, zip(*judged, strict=True))
    assert all_rows > 300
    assert plain > all_rows * 0.3 or len(found["lines"]) < all_rows * 0.3


def test_held_lines_are_all_sent_when_another_file_came_meanwhile(
    one_town: Ingest, one_database: Database, tmp_path: Path, in_small_blocks: pytest.MonkeyPatch
) -> None:
    """The table knew no other file when the reading began, and knows one when the verdict is due."""
    path = penalties(tmp_path)
    with one_database.engine_for("ingest").connect() as connection:
        expected = staged_row_by_row(connection, "penalty", path, every=True)
        few = staged(connection, "penalty", path, every=True)
        in_small_blocks.setattr(staging, "knows_others", lambda *_: True)
        assert staged(connection, "penalty", path, every=True) == expected
    assert 0 < len(few["to be judged"]) < len(expected["to be judged"])
    assert few["senders"] == expected["senders"]


def test_lines_are_sent_at_once_where_the_table_knows_another_file(
    one_town: Ingest, one_database: Database, tmp_path: Path, in_small_blocks: pytest.MonkeyPatch
) -> None:
    path = penalties(tmp_path)
    with one_database.engine_for("ingest").connect() as connection:
        expected = staged_row_by_row(connection, "penalty", path, every=True)
        in_small_blocks.setattr(reading, "knows_others", lambda *_: True)
        assert staged(connection, "penalty", path, every=True) == expected


def _counting(judge: Callable[[PlainLane, Cleaned], Judged], counts: list[tuple[int, int]]) -> Any:
    def counted(lane: PlainLane, cleaned: Cleaned) -> Judged:
        judged = judge(lane, cleaned)
        counts.append((len(judged.plain.row_no) if judged.plain else 0, len(cleaned.block.columns)))
        return judged

    return counted


def office_file(*lines: str, end: str = "\n", above: str = "") -> bytes:
    """A file of offices: headings, then these lines."""
    return (above + end.join([",".join(DATASETS["office"].headings()), *lines, ""])).encode()


def office(number: int, name: str = "河东所", time: str = KNOWN) -> str:
    row = good("office", 机构代码=f"99010{number}", 机构名称=name, 数据更新时间=time)
    return ",".join(row[heading] for heading in DATASETS["office"].headings())


FIVE = [office(number) for number in range(5)]
ODD_FILES = {
    "lines end in CR": office_file(*FIVE, end="\r"),
    "data lines end in CR, headings in LF": office_file("\r".join(FIVE * 40)),
    "lines end in CR CR LF": office_file(*FIVE, end="\r\r\n"),
    "a title with a CR": office_file(*FIVE, above="标题\r2026,,,,,,,,\n"),
    "a title with a quote": office_file(*FIVE, above='关于"机构的清单,,,,,,,,\n'),
    "a title with a quote, and breaks in cells": office_file(
        *(office(n, '"河东\n所"') for n in range(5)), above='关于"机构的清单,,,,,,,,\n'
    ),
    "rows of empty cells": office_file(
        *FIVE, ",,,,,,,,", '"","","","","","","","",""', *FIVE[:2], ",,,,,,,,"
    ),
    "a first cell like compressed data": office_file(*(f"x^{line}" for line in FIVE), *FIVE),
    "a byte order mark in front of a row": office_file(*(f"\ufeff{line}" for line in FIVE)),
    "the year nought": office_file(*(office(n, time=f"0000-03-02 09:00:0{n}") for n in range(5))),
    "time zones": office_file(*(office(n, time=f"2026-03-0{n + 1} 09:00+08") for n in range(5))),
    "one office written in two ways": office_file(*(office(n, f"所{n % 2 * ' '}") for n in range(5))),
    "nothing but headings": office_file(),
    "no line break at the end": office_file(*FIVE)[:-1],
}


@pytest.mark.parametrize("what", ODD_FILES)
@pytest.mark.parametrize("block", [40, 2_000])
def test_odd_files_are_read_alike(
    one_town: Ingest,
    one_database: Database,
    tmp_path: Path,
    in_small_blocks: pytest.MonkeyPatch,
    what: str,
    block: int,
) -> None:
    """What a reviewer found: each of these lost rows, made faults of them or stopped the import."""
    in_small_blocks.setattr(blocks, "BLOCK", block)
    path = tmp_path / "office_odd.csv"
    path.write_bytes(ODD_FILES[what])
    with one_database.engine_for("ingest").connect() as connection:
        found = staged(connection, "office", path)
        assert found == staged_row_by_row(connection, "office", path)
    assert found["lines"] or found["faults"] or what == "nothing but headings"


def test_an_office_written_in_several_ways_is_counted_once(
    one_town: Ingest, one_database: Database, tmp_path: Path, in_small_blocks: pytest.MonkeyPatch
) -> None:
    rows = [
        good("penalty", 行政处罚决定书文号=f"文{n}", 处罚机关=good("penalty")["处罚机关"] + n % 2 * " ")
        for n in range(30)
    ]
    path = write_csv(tmp_path / "penalty_ways.csv", rows, "utf-8")
    with one_database.engine_for("ingest").connect() as connection:
        assert sum(staged(connection, "penalty", path)["senders"].values()) == 30


def test_long_texts_begin_a_new_book(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "MOST_CHARACTERS", 1_000)
    vocabulary = columns.Vocabulary(DATASETS["penalty"].column("cf_wfxw"))
    first = vocabulary.of(pl.Series(["长" * 600 + str(n) for n in range(3)]))
    second = vocabulary.of(pl.Series(["短", "短"]))
    assert first.book is not second.book
    assert second.values(np.arange(2)) == ["短", "短"]


def test_an_error_while_sealing_leaves_no_thread_and_no_file(
    one_town: Ingest, one_database: Database, tmp_path: Path, in_small_blocks: pytest.MonkeyPatch
) -> None:
    path = write_csv(tmp_path / "office_many.csv", [good("office")] * 200, "utf-8")
    before = threading.active_count()

    def fail(_: object, held: bool) -> None:
        raise ValueError("the disk is full")

    in_small_blocks.setattr(sheet, "seal_plain", fail)
    with one_database.engine_for("ingest").connect() as connection:
        with pytest.raises(ValueError, match="disk is full"):
            staged(connection, "office", path)
        connection.rollback()
    assert threading.active_count() == before


def test_lines_that_are_facts_already_are_passed_over_unread() -> None:
    lines = [f"{n}\tx{'y' * (n % 7)}\n".encode() for n in range(100)]
    spool = Spool("office", [])
    spool.keep(b"".join(lines[:60]))
    spool.keep(b"".join(lines[60:]), np.arange(39, -1, -1, dtype=np.int32))
    spool.rewind()
    spool.skip(55)
    taken = spool.take(20)
    assert [bytes(line) for line in taken.each()] == lines[55:75]
    # The first five keep their order; the others are sent in that of their keys, here backwards.
    assert taken.only(np.ones(20, bool)) == b"".join([*lines[55:60], *reversed(lines[60:75])])
    assert spool.take(1000).each()[-1] == lines[-1]
