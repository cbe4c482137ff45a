"""Arrivals (到件): the one door for whatever arrives, a file, a zip or a folder of both.

The command line, the upload and the drop folder all come through here; each file in a zip is a batch of its own.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from ingestion.intake import ingest_entries, ingest_folder, ingest_records
from ingestion.ledger import BatchReport
from ingestion.mapping import load_profile
from ingestion.matching.candidates import propose_candidates
from ingestion.sources.folder import in_order, open_files
from registry.errors import Refusal
from registry.progress import Progress, silent

SHOWN = 5
"""So many files are named in one sentence; all are in the list of batches."""


def ingest_path(
    engine: Engine, path: Path, dataset: str | None = None, profile: Path | None = None,
    received_at: datetime | None = None, progress: Progress | None = None,
) -> list[BatchReport]:  # fmt: skip
    """Bring in a file, a zip or a folder; one report for each file and dataset, in the order they were loaded.

    dataset: of every file; None tells it from each file's name. A bad file ends as its own report and stops no
    other. Raises Refusal file.missing, folder.missing, folder.empty, profile.*; of a single file dataset.unknown.
    """
    if path.is_dir():
        return ingest_folder(engine, path, profile, progress)
    if not path.is_file():
        raise Refusal("file.missing", f"没有“{path}”这个文件。", "请核对路径。")
    records, by_path = ingest_paths(engine, [path], dataset, profile, received_at, progress)
    return [*records, *by_path[path]]


def ingest_paths(
    engine: Engine, paths: Sequence[Path], dataset: str | None = None, profile: Path | None = None,
    received_at: datetime | None = None, progress: Progress | None = None,
) -> tuple[list[BatchReport], dict[Path, list[BatchReport]]]:  # fmt: skip
    """Bring in several files and zips, all their contents in one order of dependence.

    Returns the batches of the profile's own records, and for each path what became of it.
    """
    read = load_profile(profile) if profile else None
    reports: dict[Path, list[BatchReport]] = {path: [] for path in paths}
    with open_files(paths) as found, engine.connect() as connection:
        records = ingest_records(connection, read)
        made = ingest_entries(connection, in_order(found), dataset, read, received_at, progress or silent)
        for entry, batches in made:
            reports[entry.origin] += batches
        propose_candidates(connection)
    return records, reports


def summary(reports: Sequence[BatchReport]) -> str:
    """What became of an arrival in one sentence, faults first."""
    bad = [report for report in reports if report.state != "loaded"]
    parts = []
    if bad:
        named = "；".join(report.sentence for report in bad[:SHOWN])
        parts.append(f"{len(bad)} 个文件没有入库：{named}")
    loaded = [report for report in reports if report.state == "loaded"]
    if len(loaded) == 1:
        parts.append(loaded[0].sentence)
    elif loaded:
        total = {name: sum(getattr(report, name) for report in loaded) for name in _COUNTED}
        held = f"，{total['rows_faulty']} 行有问题待更正" if total["rows_faulty"] else ""
        parts.append(
            f"{len(loaded)} 个文件入库：读入 {total['rows_read']} 行，新增 {total['rows_new']}，"
            f"更新 {total['rows_superseding']}，未变 {total['rows_same']}{held}。"
        )
    return "".join(parts)


_COUNTED = ("rows_read", "rows_new", "rows_superseding", "rows_same", "rows_faulty")
