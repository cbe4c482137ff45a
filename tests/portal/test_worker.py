"""Exactly once: two processes, a thousand ticks, lost workers, absent workers (proofs C-19, C-20, C-21, C-22)."""

import itertools
import subprocess
import sys
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, insert, select, text, update

from portal.house import House
from portal.timetable import catch_up, last_due
from portal.worker import Worker, active_jobs, register_jobs, run_one
from registry import clock, jobs
from registry.database import Database
from registry.errors import Refusal
from registry.settings import Settings
from registry.tables.job import Job, JobRun

TICKS = 1000
ROOT = Path(__file__).parents[2]


@pytest.fixture
def house(database: Database, settings: Settings) -> House:
    """An empty house of this test's own."""
    return House(database.engine_for, settings)


def run_of(engine: Engine, run_id: int) -> Any:
    with engine.connect() as connection:
        return connection.execute(select(JobRun.__table__).where(JobRun.id == run_id)).mappings().one()


def ask(engine: Engine, job: str, **arguments: Any) -> int:
    with engine.begin() as connection:
        run = jobs.ask(connection, job, arguments, "tester")
    assert run is not None
    return run


def test_two_processes_and_a_thousand_ticks_run_each_once(database: Database, settings: Settings) -> None:
    """Both processes tick every scheduled time and race for every run; the effect of each is counted."""
    owner = database.owner()
    with owner.begin() as connection:
        # The race is what is tried, not the disk: five thousand commits need not each reach it.
        connection.execute(text(f'ALTER DATABASE "{owner.url.database}" SET synchronous_commit = off'))
        connection.execute(text("CREATE TABLE effect (tick int NOT NULL, worker text NOT NULL)"))
        connection.execute(text("GRANT INSERT ON effect TO wurao_portal"))
    command = [sys.executable, "-m", "tests.portal.ticking", database.url, str(TICKS)]
    workers = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    for worker in workers:
        _, errors = worker.communicate(timeout=120)
        assert worker.returncode == 0, errors
    with owner.connect() as connection:
        done = connection.execute(select(JobRun.state, func.count()).group_by(JobRun.state)).all()
        assert [tuple(row) for row in done] == [("done", TICKS)]
        counted = text("SELECT count(*), count(DISTINCT tick), count(DISTINCT worker) FROM effect")
        effects, ticks, shared = connection.execute(counted).one()
    assert (effects, ticks) == (TICKS, TICKS)
    assert shared == 2, "only one process worked: the race was not tried"


def test_the_scheduler_records_the_scheduled_time_once_for_two_workers(house: House) -> None:
    """APScheduler itself, ticking every second in two workers at once."""
    seen: list[str] = []
    tasks = {"every_second": lambda _house, arguments, progress: seen.append("x") or {}}
    workers = [
        Worker(
            house.engine_for, house.settings, tasks, {"every_second": ("* * * * *", {})}, poll_seconds=0.05
        )
        for _ in range(2)
    ]
    from apscheduler.triggers.interval import IntervalTrigger

    for worker in workers:
        worker.start()
        start = datetime.now(clock.BEIJING).replace(microsecond=0) + timedelta(seconds=1)
        worker.scheduler.reschedule_job("every_second", trigger=IntervalTrigger(seconds=1, start_date=start))
    time.sleep(4.5)
    for worker in workers:
        worker.stop()
    with house.engine.connect() as connection:
        times = connection.execute(select(JobRun.scheduled_at).order_by(JobRun.scheduled_at)).scalars().all()
    assert len(times) in (3, 4, 5)
    assert {after - before for before, after in itertools.pairwise(times)} == {timedelta(seconds=1)}
    assert len(seen) == len(times)


def test_a_worker_that_falls_silent_is_taken_over(house: House) -> None:
    run = ask(house.engine, "slow")
    with house.engine.begin() as connection:
        assert jobs.claim(connection, "dead") is not None
    assert run_one(house, {"slow": lambda *_: {"by": "second"}}, "second") is False
    with house.engine.begin() as connection:
        silent = clock.now() - jobs.HEARTBEAT_LOST - timedelta(seconds=1)
        connection.execute(update(JobRun).where(JobRun.id == run).values(heartbeat_at=silent))
    assert run_one(house, {"slow": lambda *_: {"by": "second"}}, "second") is True
    row = run_of(house.engine, run)
    assert (row["state"], row["outcome"], row["worker"], row["attempts"]) == (
        "done",
        {"by": "second"},
        "second",
        2,
    )


def test_a_long_task_keeps_its_heartbeat(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.worker.HEARTBEAT_SECONDS", 0.05)
    run = ask(house.engine, "long")
    started, finish = threading.Event(), threading.Event()

    def long(_house: House, _arguments: dict[str, Any], progress: Any) -> dict[str, Any]:
        progress(0.5, "一半")
        started.set()
        finish.wait(10)
        return {}

    runner = threading.Thread(target=run_one, args=(house, {"long": long}, "w"))
    runner.start()
    assert started.wait(10)
    first = run_of(house.engine, run)
    time.sleep(0.5)
    second = run_of(house.engine, run)
    finish.set()
    runner.join(10)
    assert (first["progress"], first["stage"]) == (0.5, "一半")
    assert second["heartbeat_at"] > first["heartbeat_at"]
    assert run_of(house.engine, run)["progress"] == 1.0


def test_a_poisonous_run_is_parked_and_the_others_go_on(house: House) -> None:
    poison, good = ask(house.engine, "poison"), ask(house.engine, "good")
    with house.engine.begin() as connection:
        long_ago = clock.now() - timedelta(hours=1)
        lost = {"state": "running", "attempts": jobs.MAX_ATTEMPTS, "heartbeat_at": long_ago}
        connection.execute(update(JobRun).where(JobRun.id == poison).values(**lost))
        jobs.park_poisonous(connection)
    assert run_of(house.engine, poison)["outcome"]["code"] == "job.poisonous"
    assert run_one(house, {"good": lambda *_: {}}, "w") is True
    assert run_of(house.engine, good)["state"] == "done"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Refusal("plan.window", "颠倒。", "更改。"), "plan.window"),
        (ValueError("secret detail"), "job.failed"),
    ],
)
def test_a_failure_is_a_sentence_and_not_a_traceback(house: House, error: Exception, code: str) -> None:
    def fails(*_: Any) -> dict[str, Any]:
        raise error

    run = ask(house.engine, "fails")
    run_one(house, {"fails": fails}, "w")
    row = run_of(house.engine, run)
    assert (row["state"], row["outcome"]["code"]) == ("failed", code)
    assert "secret detail" not in str(row["outcome"])
    assert run_one(house, {"fails": fails}, "w") is False


def test_an_unknown_job_says_so(house: House) -> None:
    run = ask(house.engine, "nobody_knows")
    run_one(house, {}, "w")
    assert run_of(house.engine, run)["outcome"]["code"] == "job.unknown"


@pytest.mark.parametrize(
    ("cron", "after", "now", "due"),
    [
        ("0 3 1 * *", "2026-10-01T03:00", "2026-12-05T00:00", "2026-12-01T03:00"),
        ("0 3 1 * *", "2026-12-01T03:00", "2026-12-05T00:00", None),
        ("0 3 1 * *", "2026-12-01T02:59", "2026-12-01T03:00", "2026-12-01T03:00"),
        ("*/5 * * * *", "2026-12-01T00:00", "2026-12-01T00:23", "2026-12-01T00:20"),
    ],
)
def test_last_due(cron: str, after: str, now: str, due: str | None) -> None:
    found = last_due(cron, datetime.fromisoformat(after), datetime.fromisoformat(now))
    assert found == (datetime.fromisoformat(due) if due else None)


def test_three_days_without_a_worker_make_one_run_a_job(house: House) -> None:
    register_jobs(house.engine, {"nightly": ("30 1 * * *", {}), "never_ran": ("30 1 * * *", {})})
    now = datetime(2026, 12, 5, 12)
    with house.engine.begin() as connection:
        jobs.tick(connection, "nightly", datetime(2026, 12, 1, 1, 30), {})
    for _ in range(2):
        for job in active_jobs(house.engine):
            catch_up(house.engine, job, now)
    with house.engine.connect() as connection:
        found = connection.execute(select(JobRun.job, JobRun.scheduled_at).order_by(JobRun.id)).all()
    assert [tuple(row) for row in found] == [
        ("nightly", datetime(2026, 12, 1, 1, 30)),
        ("nightly", datetime(2026, 12, 5, 1, 30)),
    ]


def test_an_operators_timetable_stays(house: House) -> None:
    with house.engine.begin() as connection:
        connection.execute(insert(Job).values(name="nightly", cron="0 5 * * *", arguments={}))
    register_jobs(house.engine, {"nightly": ("30 1 * * *", {})})
    assert [job["cron"] for job in active_jobs(house.engine)] == ["0 5 * * *"]
