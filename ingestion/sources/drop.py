"""A drop folder (文件夹投放): what is ready is brought in, then moved beside with a receipt; nothing is deleted.

Readiness is told by polling, which also works on network shares: a file whose size and time stay the same for
a while, that nobody holds open for writing, that has no name of an unfinished one. A crash between bringing in
and moving leaves the file where it is; bringing it in again changes nothing.
"""

import errno
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import InterfaceError, OperationalError

from ingestion.arrivals import ingest_paths
from ingestion.ledger import BatchReport
from ingestion.sources.archive import LITTER
from ingestion.sources.definition import FolderSettings
from ingestion.sources.receipt import RECEIPT, sha256_of, write_receipt
from registry.errors import Refusal
from registry.progress import Progress, silent

log = structlog.get_logger()

DONE, HELD = "done", "held"
UNFINISHED = (".part", ".partial", ".tmp", ".filepart", ".crdownload", ".download", ".writing")
MARKER = ".done"
EMPTY_SECONDS = 600.0
"""An empty file may be one that is about to be written; it is taken only after so long."""

Look = dict[Path, tuple[int, int]]
"""File → its size and time of change."""


@dataclass(frozen=True)
class Dropped:
    """What became of one file of the folder."""

    name: str
    reports: list[BatchReport]
    moved_to: Path

    @property
    def loaded(self) -> bool:
        """Whether everything in it was loaded."""
        return bool(self.reports) and all(report.state == "loaded" for report in self.reports)


def look(folder: Path, settings: FolderSettings) -> Look:
    """The files that might be taken, and how they look now. Raises Refusal folder.missing."""
    if not folder.is_dir():
        raise Refusal(
            "folder.missing", f"投放文件夹 {folder} 不在。", "请建好这个文件夹，或检查网络共享是否已连上。"
        )
    found: Look = {}
    for path in _files(folder):
        if settings.done_marker and not path.with_name(path.name + MARKER).exists():
            continue
        try:
            status = path.stat()
        except OSError:
            continue  # taken away while we looked
        if status.st_size or time.time() - status.st_mtime > EMPTY_SECONDS:
            found[path] = (status.st_size, status.st_mtime_ns)
    return found


def ready(folder: Path, settings: FolderSettings, sleep: Callable[[float], None] = time.sleep) -> list[Path]:
    """Files that looked the same twice, `settle_seconds` apart, and that nobody is writing."""
    first = look(folder, settings)
    if not first:
        return []
    sleep(settings.settle_seconds)
    second = look(folder, settings)
    return sorted(
        path for path, seen in second.items() if first.get(path) == seen and not being_written(path)
    )


def sweep(
    engine: Engine, folder: Path, settings: FolderSettings, dataset: str | None, profile: Path | None,
    received_at: datetime, progress: Progress = silent,
) -> list[Dropped]:  # fmt: skip
    """Bring in what is ready, in order of dependence, and move each file to done/ or held/ with its receipt.

    One sweep of a folder at a time: the caller sees to it. Raises Refusal folder.missing, folder.unwritable, profile.*.
    """
    paths = ready(folder, settings)
    if not paths:
        return []
    made = _bring_in(engine, paths, dataset, profile, received_at, progress)
    dropped, stuck = [], []
    for path in paths:
        try:
            dropped.append(_put_away(folder, path, made[path], received_at))
        except FileNotFoundError:
            log.warning("dropped file was taken away meanwhile", file=path.name)
        except OSError as error:
            stuck.append(f"{path.name}（{error.strerror}）")
    if stuck:
        raise Refusal(
            "folder.unwritable",
            f"文件已归集，但移不到 {DONE} 或 {HELD}：{'、'.join(stuck)}。",
            f"请让执行 wurao 的账户可以写 {folder}；再归集一次不会产生第二份。",
        )
    return dropped


def being_written(path: Path) -> bool:
    """Whether a process of this machine holds the file open for writing, or it cannot be opened at all yet.

    A read lease is refused while there is a writer; where the file system knows no leases, size alone decides.
    """
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return True
    try:
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    finally:
        os.close(file)
    return False


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        ours = (DONE, HELD) if Path(place) == folder else ()
        folders[:] = sorted(name for name in folders if name not in ours and not name.startswith("."))
        for name in sorted(names):
            unfinished = name.lower().endswith((*UNFINISHED, MARKER, RECEIPT))
            if unfinished or name.startswith((".", *LITTER)):
                continue
            path = Path(place) / name
            if path.is_file() and not path.is_symlink():
                yield path


def _bring_in(engine: Engine, paths: list[Path], dataset: str | None, profile: Path | None, received_at: datetime,
              progress: Progress) -> dict[Path, list[BatchReport]]:  # fmt: skip
    """All together; if the program itself stumbles over one, one by one, so that only that one is held."""
    try:
        return ingest_paths(engine, paths, dataset, profile, received_at, progress)[1]
    except (Refusal, OperationalError, InterfaceError):
        raise  # the profile, or the database: no file's fault, they stay where they are
    except Exception:
        log.exception("a dropped file broke the sweep; going on one by one", files=len(paths))
    made = {}
    for path in paths:
        try:
            made[path] = ingest_paths(engine, [path], dataset, profile, received_at)[1][path]
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            log.exception("dropped file not read", file=path.name)
            remedy = "请把文件和这个时间告诉管理员，详情在服务日志里。"
            said = f"程序没能处理这个文件（{type(error).__name__}）。{remedy}"
            made[path] = [BatchReport(None, dataset or "", path.name, "failed", sentence=said)]
    return made


def _put_away(folder: Path, path: Path, reports: list[BatchReport], received_at: datetime) -> Dropped:
    loaded = bool(reports) and all(report.state == "loaded" for report in reports)
    shelf = folder / DONE / f"{received_at:%Y-%m}" if loaded else folder / HELD
    target_folder = shelf / path.relative_to(folder).parent
    target_folder.mkdir(parents=True, exist_ok=True)
    sha256 = sha256_of(path)
    target = _free_name(target_folder, path.name, sha256)
    dropped = Dropped(path.name, reports, target)
    write_receipt(target, path.name, reports, received_at, sha256)
    _move(path, target)
    marker = path.with_name(path.name + MARKER)
    if marker.is_file():
        _move(marker, _free_name(target_folder, target.name + MARKER, ""))
    return dropped


def _free_name(folder: Path, name: str, sha256: str) -> Path:
    """The name, or `name(2)` … : never one that is taken, except by the receipt that a crash left for these bytes."""
    stem, suffix = Path(name).stem, Path(name).suffix
    number = 1
    while True:
        target = folder / (name if number == 1 else f"{stem}({number}){suffix}")
        receipt = target.with_name(target.name + RECEIPT)
        if not target.exists() and (
            not receipt.exists() or (sha256 and sha256 in receipt.read_text("utf-8-sig"))
        ):
            return target
        number += 1


def _move(path: Path, target: Path) -> None:
    """Move without ever overwriting: a link cannot replace; where there are no links, the name was found free."""
    try:
        os.link(path, target)
    except FileExistsError:
        raise Refusal("folder.taken", f"{target} 刚刚被别人占用。", "文件还在原处，下次再移。") from None
    except OSError:
        path.rename(target)
    else:
        path.unlink()
