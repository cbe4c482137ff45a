"""A pull (取数): one source, once. Read from the watermark, keep what arrived, bring it in, then move the watermark.

One pull of a source at a time, whatever the number of workers: a lock of the database, which a killed process
gives back by itself. The watermark moves only when every batch is loaded, so a pull that was cut short begins
again where the last whole one ended, and what is read twice changes nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, RowMapping, func, insert, select, update
from sqlalchemy.exc import DBAPIError

from ingestion.arrivals import ingest_path, summary
from ingestion.datasets import DATASETS
from ingestion.mapping import load_profile
from ingestion.sources.arrival import ArrivalFile, Arrived
from ingestion.sources.definition import FolderSettings, HttpSettings, ViewSettings, settings_of
from ingestion.sources.drop import DONE, HELD, Dropped, look, sweep
from ingestion.sources.interface import read_interface
from ingestion.sources.register import find_source, watermark_of
from ingestion.sources.secrecy import Secrets
from ingestion.sources.view import read_view
from ingestion.sources.watermark import Read
from registry import clock, journal
from registry.errors import Refusal
from registry.progress import Progress, part_of, silent
from registry.tables.source import SourcePull

LOCK = 0x736F7572
"""First half of the lock's name ("sour"); the second is the source's id."""


@dataclass(frozen=True)
class Places:
    """Where things lie (文件位置): the data folder, and the house's own drop folder."""

    data: Path
    inbox: Path


@dataclass(frozen=True)
class PullReport:
    """What became of one pull."""

    pull_id: int
    source_id: int
    rows: int
    batches: tuple[int, ...]
    watermark_before: str | None
    watermark_after: str | None
    sentence: str


@dataclass
class _Outcome:
    """What a kind of source brings back."""

    rows: int = 0
    batches: tuple[int, ...] = ()
    watermark: str | None = None
    arrival: str | None = None
    sha256: str | None = None
    sentence: str = "没有新的数据。"


def pull_source(
    engine: Engine, places: Places, name: str, asked_by: str, since: str | None = None,
    progress: Progress | None = None,
) -> PullReport:  # fmt: skip
    """Pull a source. `engine` acts in the role wurao_ingest; `since` begins elsewhere than at the watermark.

    Raises Refusal source.unknown, source.busy, and whatever stopped the pull; that is recorded and journalled,
    and the watermark stays.
    """
    with engine.connect() as connection:
        source = find_source(connection, name)
    secrets = Secrets(places.data / "secrets")
    with _alone(engine, source):
        pull_id, before = _begin(engine, source, asked_by, since)
        try:
            outcome = _carry_out(engine, places, source, secrets, pull_id, before, progress or silent)
        except Refusal as refusal:
            said = Refusal(
                refusal.code, secrets.hide(refusal.sentence), secrets.hide(refusal.remedy), refusal.status
            )
            _fail(engine, source, pull_id, asked_by, said)
            raise said from None
        except Exception as fault:
            remedy = "请把来源名和这个时间告诉管理员；水位没有动，下次从原处再取。"
            _fail(
                engine,
                source,
                pull_id,
                asked_by,
                Refusal("pull.broken", f"程序出错（{type(fault).__name__}）。", remedy),
            )
            raise
        _finish(engine, source, pull_id, asked_by, outcome)
    return PullReport(
        pull_id, source["id"], outcome.rows, outcome.batches, before, outcome.watermark, outcome.sentence
    )


@contextmanager
def _alone(engine: Engine, source: RowMapping) -> Iterator[None]:
    """Raises Refusal source.busy while another process pulls the same source."""
    with engine.connect() as holder:
        got = holder.execute(select(func.pg_try_advisory_lock(LOCK, source["id"]))).scalar_one()
        holder.commit()
        if not got:
            raise Refusal("source.busy", f"来源 {source['name']} 正在取数。", "等它结束再试。", 409)
        try:
            yield
        finally:
            with suppress(DBAPIError):  # a broken connection has given the lock back already
                holder.execute(select(func.pg_advisory_unlock(LOCK, source["id"])))
                holder.commit()


def _begin(engine: Engine, source: RowMapping, asked_by: str, since: str | None) -> tuple[int, str | None]:
    """Record that a pull begins; one that was cut short is named as such."""
    with engine.begin() as connection:
        cut = update(SourcePull).where(SourcePull.source_id == source["id"], SourcePull.state == "running")
        connection.execute(
            cut.values(
                state="interrupted", finished_at=clock.now(), code="pull.interrupted",
                sentence="取数中途进程结束了；水位没有动，下一次从原处再取。",
            )
        )  # fmt: skip
        before = since or watermark_of(connection, source["id"])
        values = {"source_id": source["id"], "asked_by": asked_by, "watermark_before": before}
        made = insert(SourcePull).values(started_at=clock.now(), state="running", **values)
        return int(connection.execute(made.returning(SourcePull.id)).scalar_one()), before


def _carry_out(engine: Engine, places: Places, source: RowMapping, secrets: Secrets, pull_id: int, before: str | None,
               progress: Progress) -> _Outcome:  # fmt: skip
    settings = settings_of(source["kind"], source["settings"])
    if isinstance(settings, FolderSettings):
        return _from_folder(engine, places, source, settings, progress)
    arrived, read = _read(places, source, settings, secrets, pull_id, before, progress)
    outcome = _Outcome(watermark=read.watermark)
    if arrived is not None:
        outcome.rows, outcome.sha256 = arrived.rows, arrived.sha256
        outcome.arrival = str(arrived.path.relative_to(places.data))
        _note_arrival(engine, pull_id, outcome)
        reports = ingest_path(
            engine, arrived.path, source["dataset"], _profile(source), progress=part_of(progress, 0.4, 0.6)
        )
        outcome.batches = tuple(report.batch_id for report in reports if report.batch_id is not None)
        outcome.sentence = summary(reports)
        if any(report.state != "loaded" for report in reports):
            raise Refusal(
                "pull.not_loaded",
                f"取到 {arrived.rows} 行，但没有全部入库：{outcome.sentence}",
                f"到件留在 {outcome.arrival}，处理后可用 wurao ingest 重新归集；水位没有动。",
            )
    outcome.sentence = "".join([outcome.sentence, *read.remarks])
    return outcome


def _read(places: Places, source: RowMapping, settings: HttpSettings | ViewSettings, secrets: Secrets, pull_id: int,
          before: str | None, progress: Progress) -> tuple[Arrived | None, Read]:  # fmt: skip
    now = max(clock.now(), datetime.now(clock.BEIJING).replace(tzinfo=None))
    path = (
        places.data
        / "pulls"
        / source["name"]
        / f"{now:%Y-%m}"
        / f"{now:%d-%H%M%S}-{pull_id}"
        / _label(source, settings)
    )
    fields = settings.fields if isinstance(settings, HttpSettings) else ()
    with ArrivalFile(path, fields, _personal(source), settings.key, _limit(settings)) as file:
        if isinstance(settings, HttpSettings):
            read = read_interface(settings, secrets, before, now, file.add, progress)
        else:
            read = read_view(settings, secrets, before, now, file.add, progress)
        return file.finish(), read


def _from_folder(engine: Engine, places: Places, source: RowMapping, settings: FolderSettings,
                 progress: Progress) -> _Outcome:  # fmt: skip
    folder = places.data / settings.folder if settings.folder else places.inbox
    dropped = sweep(engine, folder, settings, source["dataset"], _profile(source), clock.now(), progress)
    reports = [report for each in dropped for report in each.reports]
    batches = tuple(report.batch_id for report in reports if report.batch_id is not None)
    rows = sum(report.rows_read for report in reports)
    left = [path.name for path in look(folder, settings)]
    named = (
        f"还有 {len(left)} 件没有取，仍在变化、被占用或没有读取权限：{'、'.join(left[:5])}。" if left else ""
    )
    said = _told(dropped, folder) if dropped else "没有可取的文件。"
    return _Outcome(rows, batches, sentence=f"{said}{named}")


def _told(dropped: list[Dropped], folder: Path) -> str:
    held = [each for each in dropped if not each.loaded]
    said = summary([report for each in dropped for report in each.reports])
    where = f"{len(held)} 件移到 {folder / HELD}，" if held else ""
    return f"取了 {len(dropped)} 件。{said}{where}{len(dropped) - len(held)} 件移到 {folder / DONE}，回执在旁边。"


def _label(source: RowMapping, settings: HttpSettings | ViewSettings) -> str:
    """The arrival's name: what the profile knows it by, or its dataset."""
    return settings.file_name or f"{source['dataset']}_{source['name']}.jsonl"


def _personal(source: RowMapping) -> set[str]:
    """Headings of personal columns: of the dataset, and those that the profile names."""
    names: set[str] = set()
    datasets = [source["dataset"]] if source["dataset"] else []
    if path := _profile(source):
        for rule in load_profile(path).files:
            names |= set(rule.personal)
            datasets += [feed.dataset for feed in rule.feeds]
    for name in datasets:
        names |= {heading for each in DATASETS[name].columns if each.personal for heading in each.names()}
    return names


def _profile(source: RowMapping) -> Path | None:
    return Path(source["profile"]) if source["profile"] else None


def _limit(settings: HttpSettings | ViewSettings) -> int:
    return settings.max_megabytes * 1_000_000 if isinstance(settings, HttpSettings) else 10**12


def _note_arrival(engine: Engine, pull_id: int, outcome: _Outcome) -> None:
    """The arrival is on record before it is brought in, so that it is found whatever happens next."""
    values: dict[str, Any] = {"arrival": outcome.arrival, "sha256": outcome.sha256, "rows": outcome.rows}
    with engine.begin() as connection:
        connection.execute(update(SourcePull).where(SourcePull.id == pull_id).values(**values))


def _finish(engine: Engine, source: RowMapping, pull_id: int, asked_by: str, outcome: _Outcome) -> None:
    values: dict[str, Any] = {
        "state": "done", "finished_at": clock.now(), "watermark_after": outcome.watermark, "rows": outcome.rows,
        "batches": list(outcome.batches), "sentence": outcome.sentence,
    }  # fmt: skip
    with engine.begin() as connection:
        connection.execute(update(SourcePull).where(SourcePull.id == pull_id).values(**values))
        detail = {
            "pull": pull_id, "rows": outcome.rows, "batches": list(outcome.batches), "watermark": outcome.watermark,
            "arrival": outcome.arrival, "sha256": outcome.sha256,
        }  # fmt: skip
        journal.append(connection, asked_by, "source.pulled", f"source:{source['name']}", detail)


def _fail(engine: Engine, source: RowMapping, pull_id: int, asked_by: str, refusal: Refusal) -> None:
    values = {"state": "failed", "finished_at": clock.now(), "code": refusal.code, "sentence": str(refusal)}
    with engine.begin() as connection:
        connection.execute(update(SourcePull).where(SourcePull.id == pull_id).values(**values))
        detail = {"pull": pull_id, "code": refusal.code, "sentence": refusal.sentence}
        journal.append(connection, asked_by, "source.pull_failed", f"source:{source['name']}", detail)
