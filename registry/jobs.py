"""Jobs (任务): tick → claim → finish, exactly once across processes.

The unique pair (job, scheduled_at) is the whole trick: every worker may insert the run of a tick, one
row exists. Claiming is `FOR UPDATE SKIP LOCKED`, so a run has one worker at a time.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from registry import clock
from registry.tables.job import JobRun

HEARTBEAT_LOST = timedelta(seconds=60)
MAX_ATTEMPTS = 3


def tick(connection: Connection, job: str, scheduled_at: datetime, arguments: dict[str, Any]) -> bool:
    """Record that `job` is due at its *scheduled* time. False if another worker already did."""
    return ask(connection, job, arguments, "scheduler", scheduled_at) is not None


def ask(
    connection: Connection,
    job: str,
    arguments: dict[str, Any],
    asked_by: str,
    scheduled_at: datetime | None = None,
) -> int | None:
    """Queue a run; its id, or None if that (job, scheduled time) is already queued."""
    values = {
        "job": job,
        "scheduled_at": scheduled_at or clock.now(),
        "arguments": arguments,
        "asked_by": asked_by,
    }
    queued = insert(JobRun).values(state="waiting", **values).on_conflict_do_nothing()
    return connection.execute(queued.returning(JobRun.id)).scalar_one_or_none()


def claim(connection: Connection, worker: str) -> RowMapping | None:
    """Take the oldest waiting run, or one whose worker fell silent; None when there is nothing to do."""
    now = clock.now()
    abandoned = (JobRun.state == "running") & (JobRun.heartbeat_at < now - HEARTBEAT_LOST)
    due = (
        select(JobRun.id)
        .where(or_(JobRun.state == "waiting", abandoned), JobRun.attempts < MAX_ATTEMPTS)
        .order_by(JobRun.scheduled_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    taken = (
        update(JobRun)
        .where(JobRun.id == due.scalar_subquery())
        .values(
            state="running", worker=worker, claimed_at=now, heartbeat_at=now, attempts=JobRun.attempts + 1
        )
    )
    return connection.execute(taken.returning(*JobRun.__table__.c)).mappings().first()


def report_progress(connection: Connection, run_id: int, progress: float, stage: str) -> None:
    """Say how far a run has come (0 to 1) and what it is doing; also its heartbeat."""
    values = {"progress": progress, "stage": stage, "heartbeat_at": clock.now()}
    connection.execute(update(JobRun).where(JobRun.id == run_id).values(**values))


def finish(connection: Connection, run_id: int, outcome: dict[str, Any], failed: bool = False) -> None:
    """Close a run with what it produced, or with the sentence of its failure."""
    values: dict[str, Any] = {
        "state": "failed" if failed else "done",
        "outcome": outcome,
        "finished_at": clock.now(),
    }
    if not failed:
        values["progress"] = 1.0
    connection.execute(update(JobRun).where(JobRun.id == run_id).values(**values))


def park_poisonous(connection: Connection) -> None:
    """A run that took several workers down with it is not tried again; it says so."""
    outcome = {
        "code": "job.poisonous",
        "sentence": "这个任务多次使执行进程中断。",
        "remedy": "请把编号告诉管理员。",
    }
    lost = (JobRun.state == "running") & (JobRun.heartbeat_at < clock.now() - HEARTBEAT_LOST)
    connection.execute(
        update(JobRun)
        .where(lost, JobRun.attempts >= MAX_ATTEMPTS)
        .values(state="failed", outcome=outcome, finished_at=clock.now())
    )
