"""Sources (归集来源): where data is fetched from by itself, and every pull of them."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Identity, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from registry.tables.declaration import Table, written_by


class Source(Table):
    """A source (归集来源): a drop folder, an interface or a view in another database. Secrets are only named here."""

    __tablename__ = "source"
    __table_args__ = (
        UniqueConstraint("name"),
        written_by("ingest", ("office", "dataset", "profile", "settings", "cron", "active")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    """folder, http or view."""
    office: Mapped[str | None]
    """Whose data it is; for people, the rows themselves say which office answers for them."""
    dataset: Mapped[str | None]
    """NULL: told from each file's name, or by the profile."""
    profile: Mapped[str | None]
    settings: Mapped[dict[str, object]] = mapped_column(JSONB)
    cron: Mapped[str | None]
    """NULL: a folder is watched all the time, anything else runs only when asked for."""
    active: Mapped[bool] = mapped_column(server_default="true")
    created_by: Mapped[str]
    created_at: Mapped[datetime]


class SourcePull(Table):
    """One pull (取数) of a source: from which watermark to which, what arrived, and what became of it."""

    __tablename__ = "source_pull"
    __table_args__ = written_by(
        "ingest",
        (
            "state",
            "finished_at",
            "watermark_after",
            "rows",
            "batches",
            "arrival",
            "sha256",
            "code",
            "sentence",
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"), index=True)
    asked_by: Mapped[str]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    state: Mapped[str]
    """running, done, failed, or interrupted: its process ended before it did."""
    watermark_before: Mapped[str | None]
    watermark_after: Mapped[str | None]
    """Set only when everything that was read is loaded: the next pull begins here."""
    rows: Mapped[int] = mapped_column(server_default="0")
    batches: Mapped[list[int]] = mapped_column(JSONB, server_default="[]")
    arrival: Mapped[str | None]
    """The file that the pull wrote, below the data folder."""
    sha256: Mapped[str | None]
    code: Mapped[str | None]
    sentence: Mapped[str] = mapped_column(server_default="")
    """What became of it; of a failure also what to do."""
