"""The worker (后台执行): APScheduler says when, our tables say who.

A tick is recorded under its *scheduled* time; the unique (job, scheduled time) makes one run of it, however
many workers tick. The scheduler's own job store is memory only: nothing that it pickles is ever read back.
"""

import os
import secrets
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

import structlog
from apscheduler.events import EVENT_JOB_SUBMITTED, JobSubmissionEvent
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import Engine, RowMapping, select
from sqlalchemy.dialects.postgresql import insert

from portal.house import House, Task
from portal.logs import configure_logs
from portal.tasks import RECURRING, TASKS
from portal.timetable import beijing_now, catch_up, naive, put_in_timetable
from portal.watch import Watch, source_of
from registry import clock, jobs
from registry.errors import Refusal
from registry.settings import Settings
from registry.tables.job import Job

log = structlog.get_logger()

Recurring = dict[str, tuple[str | None, dict[str, Any]]]
"""Job → its first cron expression (None: runs only when asked for) and arguments."""

HEARTBEAT_SECONDS = 10.0


class Worker:
    """Ticks recurring jobs and carries out waiting runs in background threads until `stop`."""

    def __init__(
        self,
        engine_for: Callable[[str], Engine],
        settings: Settings,
        tasks: dict[str, Task] = TASKS,
        recurring: Recurring = RECURRING,
        poll_seconds: float = 1.0,
    ) -> None:
        configure_logs(settings)
        self.house = House(engine_for, settings)
        self.tasks = tasks
        self.recurring = recurring
        self.name = f"{os.uname().nodename}:{os.getpid()}:{secrets.token_hex(3)}"
        self.scheduler = BackgroundScheduler(timezone=clock.BEIJING)
        self.poll_seconds = poll_seconds
        self.watch = Watch(self.house, self.scheduler)
        self._stopping = threading.Event()
        self._runner = threading.Thread(target=self._run_until_stopped, name="wurao-runs", daemon=True)

    def start(self) -> "Worker":
        """Record what fell due while nobody was there, then tick and run."""
        register_jobs(self.house.engine, self.recurring)
        for job in active_jobs(self.house.engine):
            catch_up(self.house.engine, job, beijing_now())
            put_in_timetable(self.scheduler, job["name"], job["cron"])
        self.scheduler.add_listener(self._record_ticks, EVENT_JOB_SUBMITTED)
        self.scheduler.start()
        self._runner.start()
        self.watch.start()
        return self

    def stop(self, wait_seconds: float = 30.0) -> None:
        """Take no further run, and wait for the one under way."""
        self._stopping.set()
        self.watch.stop()
        if self.scheduler.running:
            self.scheduler.shutdown(wait=False)
        if self._runner.is_alive():
            self._runner.join(wait_seconds)

    def __enter__(self) -> "Worker":
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _record_ticks(self, event: JobSubmissionEvent) -> None:
        with self.house.engine.begin() as connection:
            arguments = source_of(event.job_id) or dict(
                connection.execute(select(Job.arguments).where(Job.name == event.job_id)).scalar_one()
            )
            for due in event.scheduled_run_times:
                jobs.tick(connection, event.job_id, naive(due), arguments)

    def _run_until_stopped(self) -> None:
        while not self._stopping.is_set():
            try:
                busy = run_one(self.house, self.tasks, self.name)
            except Exception:
                # The database may be away for a moment; the worker outlives it.
                log.exception("worker could not look for work")
                busy = False
            if not busy:
                self._stopping.wait(self.poll_seconds)


def run_one(house: House, tasks: dict[str, Task], worker: str) -> bool:
    """Claim the oldest waiting run and carry it out; False if there was none."""
    with house.engine.begin() as connection:
        jobs.park_poisonous(connection)
        run = jobs.claim(connection, worker)
    if run is None:
        return False
    outcome, failed = _carry_out(house, tasks, run)
    with house.engine.begin() as connection:
        jobs.finish(connection, run["id"], outcome, failed)
    return True


def register_jobs(engine: Engine, recurring: Recurring) -> None:
    """Make known the jobs that exist; an operator's own times and arguments stay."""
    with engine.begin() as connection:
        for name, (cron, arguments) in recurring.items():
            values = {"name": name, "cron": cron, "arguments": arguments}
            connection.execute(insert(Job).values(**values).on_conflict_do_nothing(index_elements=["name"]))


def active_jobs(engine: Engine) -> list[RowMapping]:
    """Recurring jobs that are switched on."""
    with engine.connect() as connection:
        wanted = select(Job.__table__).where(Job.active, Job.cron.is_not(None)).order_by(Job.name)
        return list(connection.execute(wanted).mappings())


class _Heartbeat:
    """Says every few seconds that a run is alive, with its latest progress."""

    def __init__(self, engine: Engine, run_id: int) -> None:
        self.engine, self.run_id = engine, run_id
        self.latest: tuple[float, str] = (0.0, "开始")
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> "_Heartbeat":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def report(self, progress: float, stage: str) -> None:
        """The task's own word on how far it has come."""
        self.latest = (progress, stage)
        self._say()

    def _beat(self) -> None:
        while not self._done.wait(HEARTBEAT_SECONDS):
            self._say()

    def _say(self) -> None:
        with self.engine.begin() as connection:
            jobs.report_progress(connection, self.run_id, *self.latest)


def _carry_out(house: House, tasks: dict[str, Task], run: RowMapping) -> tuple[dict[str, Any], bool]:
    task = tasks.get(run["job"].partition(":")[0])
    if task is None:
        return {
            "code": "job.unknown",
            "sentence": f"没有名为 {run['job']} 的任务。",
            "remedy": "请核对版本。",
        }, True
    try:
        with _Heartbeat(house.engine, run["id"]) as heartbeat:
            return task(house, dict(run["arguments"]), heartbeat.report), False
    except Refusal as refusal:
        return {"code": refusal.code, "sentence": refusal.sentence, "remedy": refusal.remedy}, True
    except Exception:
        log.exception("job failed", job=run["job"], run=run["id"])
        remedy = f"请把任务编号 {run['id']} 告诉管理员，详情在服务日志里。"
        return {"code": "job.failed", "sentence": "任务没能完成。", "remedy": remedy}, True
