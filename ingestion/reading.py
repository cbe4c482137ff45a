"""Reading (读入): one opened file into staging, row by row judged; no fact is written here."""

import gc
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import pandas as pd
from sqlalchemy import Connection, text

from ingestion.checks import ItemSpans, check_rows, read_item_spans
from ingestion.clean import Memory, clean_rows
from ingestion.datasets import Dataset
from ingestion.datasets.contract import Surroundings, cells
from ingestion.decode import RawChunk, RawTable, open_table
from ingestion.encoding import MARK
from ingestion.faults import Fault, faulty_rows, sentence
from ingestion.identify import Directory, identify_rows
from ingestion.mapping import Feed, FileRule, Layout, Profile, feed_layout, standard_layout, unless_told
from ingestion.matching.questions import claim_rows, make_claims
from ingestion.names import name_key
from ingestion.redaction import hide_telephone, redact, seal
from ingestion.spool import ahead
from ingestion.staging import (
    Seal,
    Sheet,
    Staging,
    knows_others,
    natural_keys,
    sheet_of,
    stage_aliases,
    stage_faults,
    stage_rows,
)
from ingestion.verdict import take_conflicts
from registry.faultpoints import fault
from registry.progress import DETAIL, Progress
from registry.tables.library import Office

if TYPE_CHECKING:
    from ingestion.plain.lane import Cleaned, PlainLane
    from ingestion.plain.sheet import PlainSheet

READING, WRITING = 0.6, 0.4
"""Shares of the time that an import takes (进度)."""
IDENTITY = ("given_code", "given_regno", "given_name")


@dataclass
class Arrival:
    """One file on its way into one dataset."""

    connection: Connection
    path: Path
    file_name: str
    sha256: str
    dataset: Dataset
    received_at: datetime
    progress: Progress
    profile: Profile | None = None
    rule: FileRule | None = None
    feed: Feed | None = None


def open_arrival(arrival: Arrival) -> tuple[RawTable, Layout]:
    """The opened file and how its columns become the dataset's. Raises Refusal file.*, layout.*."""
    profile, rule, feed = arrival.profile, arrival.rule, arrival.feed
    known = (
        feed.sources()
        if feed
        else [n for layout in arrival.dataset.layouts() for c in layout.columns for n in c.names()]
    )
    opening = arrival.rule.opening(profile) if profile and arrival.rule else {}
    table = open_table(arrival.path, known=known, **opening)
    if profile and rule and feed:
        return table, feed_layout(profile, rule, feed, table.headings)
    return table, standard_layout(arrival.dataset, table.headings)


def kept_headings(arrival: Arrival, table: RawTable, layout: Layout) -> dict[str, Any]:
    """What the ledger keeps of a file's columns: the fault workbook and the review queue are made of it."""
    personal = _personal(arrival)
    return {"file": [h for h in table.headings if h not in personal], "column": layout.heading}


def _personal(arrival: Arrival) -> set[str]:
    """Headings of personal columns; sealed ones are kept, as hashes."""
    columns = arrival.dataset.columns
    personal = {name for c in columns if c.personal and not c.sealed for name in c.names()}
    return personal | (set(arrival.rule.personal) if arrival.rule else set())


@dataclass
class Reading:
    """What every chunk of one file is read with (读入上下文)."""

    arrival: Arrival
    layout: Layout
    staging: Staging
    around: Surroundings
    items: ItemSpans
    directory: Directory = field(default_factory=Directory)
    memory: Memory = field(default_factory=Memory)


def stage_file(arrival: Arrival, table: RawTable, layout: Layout, staging: Staging) -> None:
    """Read the whole file into staging; no fact is written yet."""
    connection, dataset = arrival.connection, arrival.dataset
    around = Surroundings(
        arrival.received_at, _offices(connection), bool(arrival.profile and arrival.profile.opaque)
    )
    items = read_item_spans(connection) if dataset.has("item_codes") else {}
    make_claims(connection)
    reading = Reading(arrival, layout, staging, around, items)
    title, started, rows = f"{dataset.title} {arrival.file_name}", monotonic(), 0
    with closing(_pieces(reading, table)) as pieces:  # an error would else keep the file and its thread
        for read, part in pieces:
            rows += read
            fault("intake.while_staging")
            speed = rows / max(monotonic() - started, 1e-3)
            said = f"{title}{DETAIL}已读 {rows:,} 行，每秒 {speed:,.0f} 行"
            arrival.progress(said, READING * min(part, 0.99))
    staging.finish(connection)
    gc.collect()  # a tenth of the memory, in `seldom_collecting`: what reading left behind is not needed for writing


def _pieces(reading: "Reading", table: RawTable) -> Generator[tuple[int, float]]:
    """Stage the file piece by piece; yields the rows of each, and how much of the file has passed."""
    lane = _plain_lane(reading, table)
    if lane and table.blocks:
        # Read and cleaned in one thread, judged in this one, sealed in a third: each is a third of the work.
        cleaned = (piece if isinstance(piece, RawChunk) else lane.clean(piece) for piece in table.blocks())
        with closing(ahead(cleaned)) as pieces:
            yield from _staged(reading, table, lane, pieces)
    else:
        yield from _staged(reading, table, lane, table.chunks)


def _staged(
    reading: "Reading", table: RawTable, lane: "PlainLane | None", pieces: "Iterator[Cleaned | RawChunk]"
) -> Iterator[tuple[int, float]]:
    size, passed = max(reading.arrival.path.stat().st_size, 1), 0
    for piece in pieces:
        if isinstance(piece, RawChunk):
            rows = len(piece.rows) + len(piece.broken)
            passed += len(piece.rows) * 40 * max(len(table.headings), 1)
            if lane:
                _stage_plainly(reading, None, piece)
            else:
                _stage_good(reading, _good_rows(reading, piece))
        else:
            assert lane
            rows = len(piece.block.columns)
            passed += int(piece.block.columns.estimated_size())
            judged = lane.judge(piece)
            _stage_plainly(reading, judged.plain, RawChunk(judged.others))
        yield rows, passed / size


def _plain_lane(reading: "Reading", table: RawTable) -> "PlainLane | None":
    """The lane of plain rows, for a large file whose columns it can judge."""
    if table.blocks is None:
        return None
    from ingestion.plain.held import Held  # polars: only a large file is worth its start
    from ingestion.plain.lane import PlainLane, goes_plainly

    if not goes_plainly(reading.layout):
        return None
    connection, staging = reading.arrival.connection, reading.staging
    staging.beside = ThreadPoolExecutor(1)  # the compiled parts run beside Python and share its memory
    if not knows_others(connection, reading.arrival.dataset.table, staging.batch_id):
        staging.held = Held()
    return PlainLane(
        connection, reading.layout, reading.around, reading.directory, reading.items, staging.batch_id
    )


def _stage_plainly(reading: "Reading", plain: "PlainSheet | None", others: RawChunk) -> None:
    """The plain rows of a block as they are, the others as any row."""
    from ingestion.plain.sheet import seal_others, seal_plain

    connection, dataset, staging = reading.arrival.connection, reading.arrival.dataset, reading.staging
    held = staging.held is not None
    sheets: list[tuple[Seal, Sheet]] = [(partial(seal_plain, held=held), plain)] if plain else []
    if len(others.rows) or others.faults:
        rows = _derived(reading, _good_rows(reading, others))
        if len(rows):
            seal_rows = partial(seal_others, held=held)
            sheets.append((seal_rows, sheet_of(staging, dataset.table, rows, dataset.key)))
    if sheets:
        staging.put(connection, dataset.table, sheets)


def stage_conflicts(arrival: Arrival, layout: Layout, staging: Staging) -> None:
    """Two contents of one record at one time are both held: nobody can know which is right."""
    connection, dataset = arrival.connection, arrival.dataset
    conflicts = take_conflicts(connection, staging, dataset.table)
    if not conflicts:
        return
    numbers = {row_no for row_no, _, _ in conflicts}
    faults = [Fault(n, "", "conflicting", sentence("conflicting")) for n in sorted(numbers)]
    raw = {
        n: row
        for chunk in open_arrival(arrival)[0].chunks
        for n, row in _raw(arrival, layout, chunk, numbers).items()
    }
    keys, senders = {n: key for n, key, _ in conflicts}, {n: sender or "" for n, _, sender in conflicts}
    stage_faults(connection, faults, raw, keys, senders)


def _good_rows(reading: Reading, chunk: RawChunk) -> pd.DataFrame:
    """The sound rows of a chunk, typed and identified; the others are staged with what is wrong with them."""
    arrival, layout, around = reading.arrival, reading.layout, reading.around
    connection, dataset = arrival.connection, arrival.dataset
    given, told = layout.read(chunk.rows)
    if excluded := {fault.row_no for fault in told if fault.code == "excluded"}:
        given = given[~given.index.isin(excluded)]
    rows, found = clean_rows(dataset, given, layout.heading, memory=reading.memory)
    faults = chunk.faults + told + unless_told(found, told)
    times = rows["known_at"].tolist()
    rows["row_no"], rows["dated"] = rows.index, [known is not None for known in times]
    rows["known_at"] = pd.Series([known or around.received_at for known in times], rows.index, dtype=object)
    unreadable = {f.row_no for f in faults if f.column in {layout.heading.get(name) for name in IDENTITY}}
    faults += identify_rows(
        connection, dataset, rows, reading.directory, around.foreign, layout.heading, unreadable
    )
    faults = claim_rows(connection, dataset, rows, faults)
    faults += check_rows(dataset, rows, layout.heading, around, reading.items)
    sender = rows[dataset.sender].tolist() if dataset.sender else None
    rows["sender"] = cells(rows, [around.offices.get(s, s) for s in sender] if sender else [None] * len(rows))
    persons = {fault.row_no for fault in faults if fault.code == "natural_person"}
    faults = [fault for fault in faults if fault.row_no not in persons or fault.code == "natural_person"]
    if faults:
        bad = faulty_rows(faults)
        wrong = rows.index.isin(bad)
        held, rows = rows[wrong], rows[~wrong].copy()
        senders = {int(n): s for n, s in zip(held.index, held["sender"], strict=True) if s and MARK not in s}
        raw = _raw(arrival, layout, chunk, bad, faults)
        stage_faults(connection, faults, raw, _keys_of(dataset, held), senders)
    return rows


def _derived(reading: Reading, rows: pd.DataFrame) -> pd.DataFrame:
    """Good rows with what follows from their own columns."""
    dataset = reading.arrival.dataset
    for name, of in dataset.repeats.items():
        rows[name] = rows[of]
    if dataset.derive and len(rows):
        dataset.derive(rows, reading.around)
    return rows


def _stage_good(reading: Reading, rows: pd.DataFrame) -> None:
    connection, dataset, around = reading.arrival.connection, reading.arrival.dataset, reading.around
    if rows.empty:
        return
    rows = _derived(reading, rows)
    stage_rows(connection, reading.staging, dataset.table, rows, dataset.key)
    for each in dataset.further:
        stage_rows(connection, reading.staging, each.table, each.rows(rows, around), each.key)
    if dataset.identity == "self":
        names = [
            [name_key(name) for name in dict.fromkeys((now, *(former or ()))) if name]
            for now, former in zip(rows["given_name"], rows["former_names"], strict=True)
        ]
        stage_aliases(connection, rows, names)


def _keys_of(dataset: Dataset, rows: pd.DataFrame) -> dict[int, str]:
    """Natural keys of faulty rows whose key columns could be read: they find the correction later."""
    if rows.empty or not set(dataset.key) <= set(rows.columns):
        return {}
    needed = [name for name in dataset.key if name == "enterprise_code" or dataset.column(name).required]
    whole = rows[rows[needed].notna().all(axis=1)]
    keys = zip(whole.index, natural_keys(whole, dataset.key), strict=True)
    return {int(n): key for n, key in keys if MARK not in key}


def _raw(arrival: Arrival, layout: Layout, chunk: RawChunk, wanted: set[int],
         faults: list[Fault] | None = None) -> dict[int, dict[str, str]]:  # fmt: skip
    """Faulty rows as they came, personal columns left out, numbers of persons and telephones hidden."""
    personal = _personal(arrival)
    sealed = {layout.heading.get(column.name) for column in arrival.dataset.columns if column.sealed}
    persons = {fault.row_no for fault in faults or () if fault.code == "natural_person"}
    telephone = layout.heading.get("tel")
    raw = {n: {"": _storable(line)} for n, line in chunk.broken.items() if n in wanted}
    rows = chunk.rows[chunk.rows.index.isin(wanted - persons)]
    for n, row in zip(rows.index, rows.to_dict("records"), strict=True):
        raw[int(n)] = {
            str(heading): hide_telephone(str(cell))
            if heading == telephone
            else seal(str(cell))
            if heading in sealed
            else _storable(str(cell))
            for heading, cell in row.items()
            if heading not in personal
        }
    return raw


def _storable(text: str) -> str:
    return redact(text.replace("\0", ""))


def _offices(connection: Connection) -> dict[str, str]:
    """Office name or code → code, from every version known."""
    columns = text(f"SELECT office, office_name FROM {Office.__tablename__} WHERE NOT retracted ORDER BY id")
    offices: dict[str, str] = {}
    for code, name in connection.execute(columns):
        offices |= {code: code, name: code}
    return offices
