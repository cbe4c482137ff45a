"""Jobs (任务调度): what runs when, claimed once by its scheduled time."""

from datetime import datetime

from sqlalchemy import BigInteger, Identity, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from registry.tables.declaration import Table, written_by


class Job(Table):
    """A recurring job: a name, a cron expression, arguments."""

    __tablename__ = "job"
    __table_args__ = written_by("portal", ("cron", "arguments", "active"))

    name: Mapped[str] = mapped_column(primary_key=True)
    cron: Mapped[str | None]
    """NULL: runs only when asked for."""
    arguments: Mapped[dict[str, object]] = mapped_column(JSONB)
    active: Mapped[bool] = mapped_column(server_default="true")


class JobRun(Table):
    """One run. (job, scheduled_at) is unique: with two workers exactly one claims it."""

    __tablename__ = "job_run"
    __table_args__ = (
        UniqueConstraint("job", "scheduled_at"),
        written_by(
            "portal",
            (
                "state",
                "worker",
                "claimed_at",
                "heartbeat_at",
                "finished_at",
                "progress",
                "stage",
                "outcome",
                "attempts",
            ),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    job: Mapped[str]
    scheduled_at: Mapped[datetime]
    arguments: Mapped[dict[str, object]] = mapped_column(JSONB)
    asked_by: Mapped[str]
    state: Mapped[str]
    """waiting, running, done, failed."""
    worker: Mapped[str | None]
    claimed_at: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(server_default="0")
    progress: Mapped[float] = mapped_column(server_default="0")
    """0 to 1."""
    stage: Mapped[str] = mapped_column(server_default="")
    outcome: Mapped[dict[str, object] | None] = mapped_column(JSONB)
