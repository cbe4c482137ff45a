"""The timetable (时刻表): when a job is due, in the scheduler's memory, and what fell due while nobody was there."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from sqlalchemy import Engine, func, select

from registry import clock, jobs
from registry.tables.job import JobRun

MISFIRE_GRACE_SECONDS = 3600
CATCH_UP = timedelta(days=35)


def put_in_timetable(scheduler: BackgroundScheduler, job: str, cron: str) -> None:
    """Let a job fire at its times from now on; its earlier times are forgotten."""
    scheduler.add_job(
        _fired,
        CronTrigger.from_crontab(cron, timezone=clock.BEIJING),
        id=job,
        misfire_grace_time=MISFIRE_GRACE_SECONDS,
        coalesce=True,
        replace_existing=True,
    )


def catch_up(engine: Engine, job: Mapping[Any, Any], now: datetime) -> datetime | None:
    """Record the last tick missed since the job's last one: one run however long nobody was there.

    A job that never ticked has nothing to catch up with.
    """
    ticked = select(func.max(JobRun.scheduled_at)).where(
        JobRun.job == job["name"], JobRun.asked_by == "scheduler"
    )
    with engine.begin() as connection:
        last = connection.execute(ticked).scalar_one()
        if last is None:
            return None
        missed = last_due(job["cron"], max(last, now - CATCH_UP), now)
        if missed:
            jobs.tick(connection, job["name"], missed, dict(job["arguments"]))
        return missed


def last_due(cron: str, after: datetime, now: datetime) -> datetime | None:
    """The last time in (after, now] at which a cron expression fires, Beijing time without zone."""
    trigger = CronTrigger.from_crontab(cron, timezone=clock.BEIJING)
    found, at = None, after + timedelta(seconds=1)
    while fire := trigger.get_next_fire_time(None, at.replace(tzinfo=clock.BEIJING)):
        if naive(fire) > now:
            break
        found = naive(fire)
        at = found + timedelta(seconds=1)
    return found


def naive(moment: datetime) -> datetime:
    """A moment as Beijing time without zone."""
    return moment.astimezone(clock.BEIJING).replace(tzinfo=None)


def beijing_now() -> datetime:
    """The real time, whatever date a demonstration plays."""
    return datetime.now(clock.BEIJING).replace(tzinfo=None)


def _fired() -> None:
    """The scheduler only says when; the worker hears it with the scheduled time."""
