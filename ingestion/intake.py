"""Intake (归集): the doors of this stage. One file, or a folder of them, becomes facts."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from time import monotonic

from sqlalchemy import Connection, Engine, text

from ingestion.datasets import DATASETS, dataset_of
from ingestion.decode import RawTable
from ingestion.ledger import BatchReport, close_batch, hold_file, open_batch, report_batch
from ingestion.load import count_senders, facts_locked, write_chunks
from ingestion.mapping import Feed, Layout, Profile, load_profile
from ingestion.matching.candidates import propose_candidates
from ingestion.matching.questions import ask_matches
from ingestion.mending import return_address
from ingestion.reading import (
    READING,
    WRITING,
    Arrival,
    kept_headings,
    open_arrival,
    stage_conflicts,
    stage_file,
)
from ingestion.repeats import note_repeats
from ingestion.sources.archive import Entry
from ingestion.sources.folder import open_folder
from ingestion.sources.receipt import sha256_of
from ingestion.sources.records import write_records
from ingestion.staging import make_staging, seldom_collecting
from ingestion.standing import settle
from ingestion.verdict import crowd
from registry import clock
from registry.errors import Refusal
from registry.faultpoints import fault
from registry.progress import Progress, part_of, silent


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
    reports = []
    with ThreadPoolExecutor(1) as beside:  # while the file is looked over
        digest = beside.submit(sha256_of, path)
        for feed in feeds:
            target = DATASETS[feed.dataset if feed else str(chosen)]
            arrival = Arrival(
                connection, path, name, "", target, received_at or clock.now(), progress, profile, rule, feed
            )
            reports.append(_bring_in(arrival, digest))
    return replace(reports[0], parts=tuple(reports[1:]))


def _bring_in(arrival: Arrival, digest: Future[str]) -> BatchReport:
    connection, profile = arrival.connection, arrival.profile.version if arrival.profile else None
    started, opened = monotonic(), _opened(arrival)
    arrival.sha256 = digest.result()
    lock = {"key": f"ingest {arrival.sha256} {arrival.dataset.name}"}
    connection.execute(text("SELECT pg_advisory_lock(hashtext(:key))"), lock)
    connection.commit()
    batch_id = None
    try:
        if isinstance(opened, Refusal):
            raise opened
        table, layout = opened
        arrival.dataset = layout.dataset
        batch_id, done, arrival.received_at = open_batch(
            connection, arrival.dataset, arrival.file_name, arrival.sha256, profile, arrival.received_at,
            kept_headings(arrival, table, layout),
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


def _opened(arrival: Arrival) -> tuple[RawTable, Layout] | Refusal:
    """The opened file, or why it cannot be."""
    try:
        return open_arrival(arrival)
    except Refusal as refusal:
        return refusal


def _load(arrival: Arrival, table: RawTable, layout: Layout, batch_id: int, done: int) -> None:
    """Stage the whole file, then write what is new in it, while no other import writes the same tables."""
    connection, dataset = arrival.connection, arrival.dataset
    title = f"{dataset.title} {arrival.file_name}"
    tables = [dataset.table, *(each.table for each in dataset.further)]
    with (
        seldom_collecting(),
        closing(make_staging(connection, tables, batch_id, arrival.path.stat().st_size)) as staging,
    ):
        stage_file(arrival, table, layout, staging)
        fault("intake.after_staging")
        with facts_locked(connection, dataset):
            for name in tables:
                staging.release(connection, name)
                crowd(connection, name, batch_id)
            stage_conflicts(arrival, layout, staging)
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
            senders = note_repeats(
                connection, dataset, batch_id, count_senders(connection, dataset.table, staging.unsent())
            )
            fault("intake.before_close_batch")
            close_batch(connection, batch_id, senders)


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
