"""The watch (值守): every few seconds, look for sources that are new or changed and for files in drop folders.

It only asks for runs; one worker carries each out. A run is asked for under the beginning of its interval, so two
workers that look at the same time ask for one.
"""

import os
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import RowMapping

from ingestion.sources import drop, register
from ingestion.sources.definition import FolderSettings, settings_of
from portal.house import House
from portal.reading.runs import under_way
from portal.timetable import beijing_now, catch_up, put_in_timetable
from registry import jobs
from registry.errors import Refusal

log = structlog.get_logger()

PULL = "pull"
WATCHER = "watcher"
PATIENCE_SECONDS = 300.0
"""A folder whose files did not go away when they were asked for is asked again only after so long."""

_EPOCH = datetime(2000, 1, 1)


def job_of(source: str) -> str:
    """The job of a source: each has its own, so that two may be due at the same time."""
    return f"{PULL}:{source}"


def source_of(job: str) -> dict[str, Any] | None:
    """The arguments of a source's job; None for any other job."""
    kind, found, source = job.partition(":")
    return {"source": source} if found and kind == PULL else None


class Watch:
    """Looks from its own thread until stopped. `look` is one look."""

    def __init__(self, house: House, scheduler: BackgroundScheduler) -> None:
        self.house, self.scheduler = house, scheduler
        self._timetable: dict[str, str] = {}
        self._seen: dict[str, drop.Look] = {}
        self._asked: dict[str, tuple[drop.Look, float]] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._look_until_stopped, name="wurao-watch", daemon=True)

    def start(self) -> None:
        """Make the house's drop folder and begin."""
        if self.house.settings.inbox is None:  # a share that is not mounted must be missed, not made
            self.house.inbox.mkdir(parents=True, exist_ok=True)
        register.keep_inbox(self.house.engine_for("ingest"))
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(10)

    def look(self) -> None:
        """Bring the timetable up to date and ask for the folders that have something."""
        with self.house.engine.connect() as connection:
            sources = register.active_sources(connection)
        self._keep_timetable({job_of(source["name"]): source["cron"] for source in sources if source["cron"]})
        for source in sources:
            if source["kind"] == "folder" and not source["cron"]:
                try:
                    self._look_into(source)
                except (Refusal, OSError):
                    self._ask(source, {})  # the run fails with the same sentence, where people see it

    def _look_until_stopped(self) -> None:
        while not self._stopping.is_set():
            try:
                self.look()
            except Exception:
                log.exception("could not look at the sources")
            self._stopping.wait(self.house.settings.watch_seconds)

    def _keep_timetable(self, wanted: dict[str, str]) -> None:
        for job in self._timetable.keys() - wanted.keys():
            if self.scheduler.get_job(job):
                self.scheduler.remove_job(job)
        for job, cron in wanted.items():
            if self._timetable.get(job) != cron:
                known = {"name": job, "cron": cron, "arguments": source_of(job)}
                catch_up(self.house.engine, known, beijing_now())
                put_in_timetable(self.scheduler, job, cron)
        self._timetable = wanted

    def _look_into(self, source: RowMapping) -> None:
        """Ask for the folder once a file looks as it did at the last look."""
        settings = settings_of(source["kind"], source["settings"])
        if not isinstance(settings, FolderSettings):
            return
        name = source["name"]
        folder = self.house.settings.data / settings.folder if settings.folder else self.house.inbox
        now, before = drop.look(folder, settings), self._seen.get(name, {})
        self._seen[name] = now
        still = {
            path: look
            for path, look in now.items()
            # one that may not be read is asked for: the run says so where people see it
            if before.get(path) == look and not (os.access(path, os.R_OK) and drop.being_written(path))
        }
        if still:
            self._ask(source, still)

    def _ask(self, source: RowMapping, waiting: dict[Path, tuple[int, int]]) -> None:
        name, job = source["name"], job_of(source["name"])
        asked, when = self._asked.get(name, (None, 0.0))
        if asked == waiting and time.monotonic() - when < PATIENCE_SECONDS:
            return
        with self.house.engine.begin() as connection:
            if under_way(connection, job, {}) is None:
                jobs.ask(connection, job, {"source": name}, WATCHER, self._interval())
                self._asked[name] = (waiting, time.monotonic())

    def _interval(self) -> datetime:
        """The beginning of the present interval: the same for every worker."""
        step = timedelta(seconds=self.house.settings.watch_seconds)
        return _EPOCH + (beijing_now() - _EPOCH) // step * step
