"""The worker watches folders and timetables of sources: two workers, one effect; what is added later is noticed."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy import Engine, func, select, update

from ingestion.sources import register
from ingestion.sources.definition import checked
from portal.house import House
from portal.tasks import TASKS
from portal.watch import Watch, job_of
from portal.worker import Worker, run_one
from registry import clock, jobs
from registry.database import Database
from registry.settings import Settings, load_settings
from registry.tables import Batch, Penalty, SourcePull
from registry.tables.job import JobRun
from tests.ingestion.papers import good, town_registration, write_csv

ROOT = Path(__file__).parents[2]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(data=tmp_path / "data", watch_seconds=0.2)


@pytest.fixture
def house(database: Database, settings: Settings) -> House:
    return House(database.engine_for, settings)


def add(house: House, name: str, cron: str | None = None, **folder: Any) -> None:
    content = {"name": name, "cron": cron, "folder": {"settle_seconds": 0.2, **folder}}
    definition = checked(name, {key: value for key, value in content.items() if value is not None})
    register.add_source(house.engine_for("ingest"), definition, "张三", ROOT, replace=True)


@contextmanager
def workers(house: House, many: int) -> Iterator[list[Worker]]:
    running = [
        Worker(house.engine_for, house.settings, TASKS, {}, poll_seconds=0.05).start() for _ in range(many)
    ]
    try:
        yield running
    finally:
        for worker in running:
            worker.stop()


def wait_for(what: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def pulls(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(select(SourcePull.__table__).order_by(SourcePull.id)).mappings())


def runs(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(select(JobRun.__table__).order_by(JobRun.id)).mappings())


def count(engine: Engine, table: Any) -> int:
    with engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def test_two_workers_bring_in_what_is_dropped_once(house: House) -> None:
    """The house's own drop folder, made by the worker itself; files are copied in while both watch."""
    add(house, register.INBOX)
    with workers(house, 2):
        wait_for(house.inbox.is_dir)
        write_csv(house.inbox / "registration_a.csv", town_registration())
        (house.inbox / "sub").mkdir()
        slow = write_csv(house.settings.data / "x.csv", [good("penalty")]).read_bytes()
        with (house.inbox / "sub" / "penalty_a.csv").open("wb") as growing:
            for start in range(0, len(slow), 300):
                growing.write(slow[start : start + 300])
                growing.flush()
                time.sleep(0.5)
        wait_for(lambda: len(list(house.inbox.rglob("done/*/**/*.csv"))) == 2)
        wait_for(lambda: all(run["state"] == "done" for run in runs(house.engine)))
        time.sleep(1)
    assert count(house.engine, Batch) == 2
    assert count(house.engine, Penalty) == 1
    assert sum(len(pull["batches"]) for pull in pulls(house.engine)) == 2
    assert all(pull["rows"] for pull in pulls(house.engine)), "a pull that found nothing was asked for"
    receipts = sorted(path.name for path in house.inbox.rglob("*.回执.txt"))
    assert receipts == ["penalty_a.csv.回执.txt", "registration_a.csv.回执.txt"]


def test_a_source_added_while_workers_run_is_ticked_once_and_pausing_ends_it(house: House) -> None:
    """APScheduler itself, every second, in two workers; the source appears, is paused and resumed meanwhile."""
    (house.settings.data / "share").mkdir(parents=True)
    job = job_of("share")
    with workers(house, 2) as running:
        add(house, "share", cron="* * * * *", folder="share", settle_seconds=0)
        wait_for(lambda: all(worker.scheduler.get_job(job) for worker in running))
        start = datetime.now(clock.BEIJING).replace(microsecond=0) + timedelta(seconds=1)
        for worker in running:
            worker.scheduler.reschedule_job(job, trigger=IntervalTrigger(seconds=1, start_date=start))
        wait_for(lambda: len(pulls(house.engine)) >= 3)
        register.set_active(house.engine_for("ingest"), "share", False, "张三")
        wait_for(lambda: not any(worker.scheduler.get_job(job) for worker in running))
        wait_for(lambda: all(run["state"] == "done" for run in runs(house.engine)))
        quiet = len(runs(house.engine))
        time.sleep(1.5)
        assert len(runs(house.engine)) == quiet
        register.set_active(house.engine_for("ingest"), "share", True, "张三")
        wait_for(lambda: all(worker.scheduler.get_job(job) for worker in running))
    ticked = [run for run in runs(house.engine) if run["asked_by"] == "scheduler"]
    times = [run["scheduled_at"] for run in ticked]
    assert len(set(times)) == len(times)
    assert all(moment.microsecond == 0 for moment in times)
    carried_out = [run for run in ticked if "pull_id" in run["outcome"]]
    assert len(pulls(house.engine)) == len(carried_out)
    assert {pull["sentence"] for pull in pulls(house.engine)} == {"没有可取的文件。"}


def test_a_tick_that_was_waiting_when_the_source_was_paused_pulls_nothing(house: House) -> None:
    add(house, "share", cron="* * * * *", folder="share")
    with house.engine.begin() as connection:
        jobs.ask(connection, job_of("share"), {"source": "share"}, "scheduler")
    register.set_active(house.engine_for("ingest"), "share", False, "张三")
    assert run_one(house, TASKS, "w")
    assert runs(house.engine)[0]["outcome"]["sentence"] == "来源 share 已暂停，没有取数。"
    assert pulls(house.engine) == []
    (house.settings.data / "share").mkdir(parents=True)
    with house.engine.begin() as connection:
        jobs.ask(connection, job_of("share"), {"source": "share", "asked_by": "lisi"}, "lisi")
    assert run_one(house, TASKS, "w")
    assert pulls(house.engine)[0]["asked_by"] == "lisi"


def test_a_folder_that_is_gone_fails_aloud_and_is_not_asked_for_all_the_time(house: House) -> None:
    add(house, "share", folder="/nowhere/share")
    watch = Watch(house, BackgroundScheduler())
    for _ in range(5):
        watch.look()
    (run,) = runs(house.engine)
    assert run_one(house, TASKS, "w")
    (pull,) = pulls(house.engine)
    assert (pull["state"], pull["code"]) == ("failed", "folder.missing")
    assert "检查网络共享" in pull["sentence"]
    watch.look()
    assert [each["id"] for each in runs(house.engine)] == [run["id"]]


def test_two_watches_in_one_interval_ask_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.watch.under_way", lambda *_: None)
    monkeypatch.setattr("portal.watch.beijing_now", lambda: datetime(2026, 11, 27, 9, 0, 0, 150_000))
    (house.settings.data / "share").mkdir(parents=True)
    (house.settings.data / "share" / "penalty_a.csv").write_text("x\n")
    add(house, "share", folder="share")
    both = [Watch(house, BackgroundScheduler()) for _ in range(2)]
    for watch in both:
        watch.look()
    assert runs(house.engine) == [], "a file must have looked the same at two looks"
    for watch in both:
        watch.look()
    assert len(runs(house.engine)) == 1


def test_a_missed_time_of_a_source_is_caught_up_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    add(house, "share", cron="30 1 * * *", folder="share")
    monkeypatch.setattr("portal.watch.beijing_now", lambda: datetime(2026, 12, 5, 12))
    with house.engine.begin() as connection:
        jobs.tick(connection, job_of("share"), datetime(2026, 12, 1, 1, 30), {"source": "share"})
    for _ in range(2):
        Watch(house, BackgroundScheduler()).look()
    assert [run["scheduled_at"] for run in runs(house.engine)] == [
        datetime(2026, 12, 1, 1, 30), datetime(2026, 12, 5, 1, 30),
    ]  # fmt: skip


DYING = """
import os, signal, sys
from ingestion.sources import drop
from portal.house import House
from portal.tasks import TASKS
from portal.worker import run_one
from registry.database import Database
from registry.settings import load_settings
drop.write_receipt = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
run_one(House(Database(sys.argv[1]).engine_for, load_settings()), TASKS, "dying")
"""


def test_a_worker_killed_between_bringing_in_and_moving_is_taken_over_harmlessly(
    house: House, database: Database
) -> None:
    add(house, "share", folder="share")
    folder = house.settings.data / "share"
    folder.mkdir(parents=True)
    write_csv(folder / "registration_a.csv", town_registration())
    write_csv(folder / "penalty_a.csv", [good("penalty")])
    with house.engine.begin() as connection:
        jobs.ask(connection, job_of("share"), {"source": "share"}, "watcher")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "WURAO_DATA": str(house.settings.data)}
    dying = subprocess.run(
        [sys.executable, "-c", DYING, database.url], cwd=ROOT, env=environment, check=False
    )
    assert dying.returncode == -signal.SIGKILL
    assert count(house.engine, Penalty) == 1
    assert sorted(path.name for path in folder.glob("*.csv")) == ["penalty_a.csv", "registration_a.csv"]
    assert run_one(house, TASKS, "second") is False, "its heartbeat is not lost yet"
    with house.engine.begin() as connection:
        silent = clock.now() - jobs.HEARTBEAT_LOST - timedelta(seconds=1)
        connection.execute(update(JobRun).values(heartbeat_at=silent))
    assert run_one(house, TASKS, "second") is True
    assert count(house.engine, Penalty) == 1
    assert [pull["state"] for pull in pulls(house.engine)] == ["interrupted", "done"]
    assert sorted(path.name for path in folder.rglob("done/*/*.csv")) == [
        "penalty_a.csv",
        "registration_a.csv",
    ]


def test_two_runs_of_one_source_at_once_make_one_pull(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person asks while the timetable's run is under way in another worker."""
    (house.settings.data / "share").mkdir(parents=True)
    write_csv(house.settings.data / "share" / "registration_a.csv", town_registration())
    add(house, "share", folder="share", settle_seconds=2)
    for asked_by in ("scheduler", "lisi"):
        with house.engine.begin() as connection:
            jobs.ask(connection, job_of("share"), {"source": "share", "asked_by": asked_by}, asked_by)
    both = [threading.Thread(target=run_one, args=(house, TASKS, f"w{n}")) for n in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join(60)
    outcomes = sorted(str(run["outcome"].get("code", "done")) for run in runs(house.engine))
    assert outcomes == ["done", "source.busy"]
    assert len(pulls(house.engine)) == 1
    assert count(house.engine, Batch) == 1
