"""Tick → claim → finish, exactly once, also with several workers."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from sqlalchemy import func, select, update

from registry import jobs
from registry.database import Database
from registry.tables import JobRun

DUE = datetime(2026, 10, 1, 2, 0)


def test_many_workers_recording_the_same_tick_make_one_run(database: Database) -> None:
    engine = database.engine_for("portal")

    def record(number: int) -> bool:
        with engine.begin() as connection:
            return jobs.tick(connection, "monthly-grade", DUE + timedelta(hours=number % 5), {})

    with ThreadPoolExecutor(8) as pool:
        recorded = list(pool.map(record, range(40)))
    assert sum(recorded) == 5
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(JobRun)).scalar_one() == 5


def test_many_workers_claim_every_run_once(database: Database) -> None:
    engine = database.engine_for("portal")
    with engine.begin() as connection:
        for hour in range(30):
            jobs.tick(connection, "x", DUE + timedelta(hours=hour), {"hour": hour})

    def work(name: int) -> list[int]:
        mine = []
        while True:
            with engine.begin() as connection:
                run = jobs.claim(connection, f"w{name}")
                if run is None:
                    return mine
                jobs.finish(connection, run["id"], {})
                mine.append(run["id"])

    with ThreadPoolExecutor(4) as pool:
        claimed = [run for runs in pool.map(work, range(4)) for run in runs]
    assert len(claimed) == len(set(claimed)) == 30


def test_a_silent_workers_run_is_taken_over_but_not_for_ever(database: Database) -> None:
    engine = database.engine_for("portal")
    with engine.begin() as connection:
        jobs.tick(connection, "x", DUE, {})
    for attempt in range(1, jobs.MAX_ATTEMPTS + 1):
        with engine.begin() as connection:
            run = jobs.claim(connection, f"w{attempt}")
            assert run is not None
            assert run["attempts"] == attempt
            assert jobs.claim(connection, "other") is None
            connection.execute(update(JobRun).values(heartbeat_at=datetime(2000, 1, 1)))
    with engine.begin() as connection:
        assert jobs.claim(connection, "last") is None
