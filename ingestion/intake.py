"""Intake (归集): the doors of this stage. One file, or a folder of them, becomes facts."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine, text

from ingestion.checks import ItemSpans, check_rows, read_item_spans
from ingestion.clean import Memory, clean_rows
from ingestion.datasets import DATASETS, Dataset, dataset_of
from ingestion.datasets.contract import Surroundings, cells
from ingestion.decode import RawChunk, RawTable, open_table
from ingestion.encoding import MARK
from ingestion.faults import Fault, faulty_rows, sentence
from ingestion.identify import Directory, identify_rows
from ingestion.ledger import BatchReport, close_batch, hold_file, open_batch, report_batch
from ingestion.load import count_senders, facts_locked, write_chunks
from ingestion.mapping import (
    Feed,
    FileRule,
    Layout,
    Profile,
    feed_layout,
    load_profile,
    standard_layout,
    unless_told,
)
from ingestion.matching.candidates import propose_candidates
from ingestion.matching.questions import ask_matches, claim_rows, make_claims
from ingestion.mending import return_address
from ingestion.names import name_key
from ingestion.redaction import hide_telephone, redact, seal
from ingestion.repeats import note_repeats
from ingestion.sources.archive import Entry
from ingestion.sources.folder import open_folder
from ingestion.sources.records import write_records
from ingestion.staging import (
    Staging,
    make_staging,
    natural_keys,
    seldom_collecting,
    stage_aliases,
    stage_faults,
    stage_rows,
)
from ingestion.standing import settle
from ingestion.verdict import crowd, take_conflicts
from registry import clock
from registry.errors import Refusal
from registry.faultpoints import fault
from registry.progress import DETAIL, Progress, part_of, silent
from registry.tables.library import Office

READING, WRITING = 0.6, 0.4
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


def ingest_file(
    engine: Engine, path: Path, dataset: str | None = None, profile: Path | None = None,
    received_at: datetime | None = None, progress: Progress | None = None, file_name: str | None = None,
) -> BatchReport:  # fmt: skip
    """Bring one file in, after the records of its profile. `engine` acts in the role wurao_ingest.

    dataset: its name, or None to tell it from the file's name; profile: a mapping for foreign layouts;
    file_name: what the ledger calls it, where it lies under another name.
    The report's `parts` are the file's further datasets, then the profile's records.
    A changed layout or an unreadable file ends as a held or failed batch with nothing loaded, never as an
    exception. Raises Refusal for a file, dataset or profile that does not exist.
    """
    read = load_profile(profile) if profile else None
    with engine.connect() as connection:
        records = ingest_records(connection, read)
        report = _ingest(
            connection, path, file_name or path.name, dataset, read, received_at, progress or silent
        )
        propose_candidates(connection)
    return replace(report, parts=(*report.parts, *records))


def ingest_folder(
    engine: Engine, folder: Path, profile: Path | None = None, progress: Progress | None = None
) -> list[BatchReport]:
    """Bring in every file of a folder, and of the zips in it, in the order in which they depend on one another."""
    read = load_profile(profile) if profile else None
    say = progress or silent
    with engine.connect() as connection, open_folder(folder, read.rule_for if read else None) as files:
        reports = ingest_records(connection, read)
        for _, made in ingest_entries(connection, files, None, read, None, say):
            reports += made
        propose_candidates(connection)
    say("归集完成", 1.0)
    return reports


def ingest_records(connection: Connection, profile: Profile | None) -> list[BatchReport]:
    """What a profile itself states (items, offices, people), before the files that refer to it."""
    if profile is None:
        return []
    with write_records(profile) as records:
        return [_ingest(connection, path, path.name, None, None, None, silent) for path in records]


def _ingest(connection: Connection, path: Path, name: str, dataset: str | None, profile: Profile | None,
            received_at: datetime | None, progress: Progress) -> BatchReport:  # fmt: skip
    if not path.is_file():
        raise Refusal("file.missing", f"没有“{path}”这个文件。", "请核对路径。")
    known_as, dataset, profile = return_address(connection, name, dataset, profile)
    rule = profile.rule_for(known_as) if profile else None
    feeds: list[Feed | None] = [*rule.feeds] if rule else [None]
    chosen = dataset or dataset_of(known_as)
    if dataset and rule:
        feeds = [feed for feed in feeds if feed and feed.dataset == dataset]
    if (dataset and dataset not in DATASETS) or not feeds or (not rule and chosen is None):
        raise Refusal(
            "dataset.unknown", f"不知道“{name}”属于哪个数据集。",
            f"请把文件名改成“数据集_说明.csv”，或指明数据集：{'、'.join(DATASETS)}。",
        )  # fmt: skip
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    reports = []
    for feed in feeds:
        target = DATASETS[feed.dataset if feed else str(chosen)]
        arrival = Arrival(
            connection, path, name, sha256, target, received_at or clock.now(), progress, profile, rule, feed
        )
        reports.append(_bring_in(arrival))
    return replace(reports[0], parts=tuple(reports[1:]))


def _bring_in(arrival: Arrival) -> BatchReport:
    connection, profile = arrival.connection, arrival.profile.version if arrival.profile else None
    lock = {"key": f"ingest {arrival.sha256} {arrival.dataset.name}"}
    connection.execute(text("SELECT pg_advisory_lock(hashtext(:key))"), lock)
    connection.commit()
    batch_id, started = None, monotonic()
    try:
        table, layout = _open(arrival)
        arrival.dataset = layout.dataset
        batch_id, done, arrival.received_at = open_batch(
            connection, arrival.dataset, arrival.file_name, arrival.sha256, profile, arrival.received_at,
            _headings(arrival, table, layout),
        )  # fmt: skip
        connection.commit()
        fault("intake.after_open_batch")
        _load(arrival, table, layout, batch_id, done)
        return replace(report_batch(connection, batch_id), seconds=monotonic() - started)
    except Refusal as refusal:
        connection.rollback()
        return hold_file(
            connection, arrival.dataset.name, arrival.file_name, arrival.sha256, profile, arrival.received_at, refusal,
            batch_id,
        )  # fmt: skip
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(hashtext(:key))"), lock)
        connection.commit()


def _load(arrival: Arrival, table: RawTable, layout: Layout, batch_id: int, done: int) -> None:
    """Stage the whole file, then write what is new in it, while no other import writes the same tables."""
    connection, dataset = arrival.connection, arrival.dataset
    title = f"{dataset.title} {arrival.file_name}"
    tables = [dataset.table, *(each.table for each in dataset.further)]
    with (
        seldom_collecting(),
        closing(make_staging(connection, tables, batch_id, arrival.path.stat().st_size)) as staging,
    ):
        _stage(arrival, table, layout, staging)
        fault("intake.after_staging")
        with facts_locked(connection, dataset):
            for name in tables:
                crowd(connection, name, batch_id)
            _stage_conflicts(arrival, layout, staging)
            connection.commit()
            write_chunks(
                connection,
                dataset,
                staging,
                done,
                lambda part: arrival.progress(title, READING + WRITING * part),
            )
            settle(connection, dataset, batch_id)
            ask_matches(connection, dataset, batch_id)
            senders = note_repeats(connection, dataset, batch_id, count_senders(connection, dataset.table))
            fault("intake.before_close_batch")
            close_batch(connection, batch_id, senders)


def _open(arrival: Arrival) -> tuple[RawTable, Layout]:
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


def _headings(arrival: Arrival, table: RawTable, layout: Layout) -> dict[str, Any]:
    """What the ledger keeps of a file's columns: the fault workbook and the review queue are made of it."""
    personal = _personal(arrival)
    return {"file": [h for h in table.headings if h not in personal], "column": layout.heading}


def _personal(arrival: Arrival) -> set[str]:
    """Headings of personal columns; sealed ones are kept, as hashes."""
    columns = arrival.dataset.columns
    personal = {name for c in columns if c.personal and not c.sealed for name in c.names()}
    return personal | (set(arrival.rule.personal) if arrival.rule else set())


def _stage(arrival: Arrival, table: RawTable, layout: Layout, staging: Staging) -> None:
    """Read the whole file into staging; no fact is written yet."""
    connection, dataset = arrival.connection, arrival.dataset
    around = Surroundings(
        arrival.received_at, _offices(connection), bool(arrival.profile and arrival.profile.opaque)
    )
    items = read_item_spans(connection) if dataset.has("item_codes") else {}
    make_claims(connection)
    reading = Reading(arrival, layout, staging, around, items)
    size, title, started = (
        max(arrival.path.stat().st_size, 1),
        f"{dataset.title} {arrival.file_name}",
        monotonic(),
    )
    rows = passed = 0
    for chunk in table.chunks:
        rows += len(chunk.rows) + len(chunk.broken)
        passed += len(chunk.rows) * 40 * max(len(table.headings), 1)
        _stage_chunk(reading, chunk)
        fault("intake.while_staging")
        speed = rows / max(monotonic() - started, 1e-3)
        said = f"{title}{DETAIL}已读 {rows:,} 行，每秒 {speed:,.0f} 行"
        arrival.progress(said, READING * min(passed / size, 0.99))
    staging.finish(connection)


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


def _stage_conflicts(arrival: Arrival, layout: Layout, staging: Staging) -> None:
    """Two contents of one record at one time are both held: nobody can know which is right."""
    connection, dataset = arrival.connection, arrival.dataset
    conflicts = take_conflicts(connection, staging, dataset.table)
    if not conflicts:
        return
    numbers = {row_no for row_no, _, _ in conflicts}
    faults = [Fault(n, "", "conflicting", sentence("conflicting")) for n in sorted(numbers)]
    raw = {
        n: row
        for chunk in _open(arrival)[0].chunks
        for n, row in _raw(arrival, layout, chunk, numbers).items()
    }
    keys, senders = {n: key for n, key, _ in conflicts}, {n: sender or "" for n, _, sender in conflicts}
    stage_faults(connection, faults, raw, keys, senders)


def _stage_chunk(reading: Reading, chunk: RawChunk) -> None:
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
    _stage_good(reading, rows)


def _stage_good(reading: Reading, rows: pd.DataFrame) -> None:
    connection, dataset, around = reading.arrival.connection, reading.arrival.dataset, reading.around
    if rows.empty:
        return
    if dataset.derive:
        dataset.derive(rows, around)
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


def ingest_entries(connection: Connection, entries: Sequence[Entry], dataset: str | None, profile: Profile | None,
                   received_at: datetime | None, progress: Progress) -> Iterator[tuple[Entry, list[BatchReport]]]:  # fmt: skip
    """Bring entries in one after another, each with the reports of what it fed; a refused one stops no other."""
    for number, entry in enumerate(entries):
        step = part_of(progress, number / len(entries), 1 / len(entries))
        try:
            if entry.refusal:
                raise entry.refusal
            report = _ingest(connection, entry.path, entry.name, dataset, profile, received_at, step)
        except Refusal as refusal:
            report = BatchReport(None, dataset or "", entry.name, "failed", sentence=str(refusal))
        yield entry, [replace(report, parts=()), *report.parts]
