"""The review queue of names (待认领名称): whom a row may mean, and what a person decided."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from registry.tables.declaration import Table, written_by


class MatchQuestion(Table):
    """One name or number that no enterprise has (待认领名称), as one sender of one dataset writes it."""

    __tablename__ = "match_question"
    __table_args__ = (
        UniqueConstraint("dataset", "sender", "name_key", "number"),
        Index("ix_match_question_state", "state", "id"),
        written_by("ingest", ("state", "round", "signature", "searched_at")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    dataset: Mapped[str]
    sender: Mapped[str]
    """The office that answers for the rows, as the file writes it; empty where the dataset has none."""
    given_name: Mapped[str]
    given_number: Mapped[str]
    name_key: Mapped[str]
    """The name in its form for comparison (ingestion.names.name_key)."""
    number: Mapped[str]
    """The number, half width, without blanks and hyphens."""
    code: Mapped[str]
    """The fault that held the first row: unmatched, ambiguous_name, code_check …"""
    batch_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("batch.id"))
    """Where it was met first."""
    asked_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(server_default="open")
    """open, accepted, rejected, waiting (a new enterprise is expected), known (the registry knows it now)."""
    round: Mapped[int] = mapped_column(server_default="0")
    """Number of the last search; its candidates are those shown."""
    signature: Mapped[str | None]
    """Digest of the codes found then: a rejected question is asked again only when this changes."""
    searched_at: Mapped[datetime | None]


class MatchRow(Table):
    """One held row that waits for the answer to a question (待认领的行)."""

    __tablename__ = "match_row"
    __table_args__ = written_by("ingest", ("brought_in_by",))

    question_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("match_question.id"), primary_key=True, autoincrement=False
    )
    batch_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("batch.id"), primary_key=True, autoincrement=False, index=True
    )
    row_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    brought_in_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("batch.id"))
    """The batch that brought it in after the question was answered."""


class MatchCandidate(Table):
    """One enterprise that a question may mean (候选主体), with score and why."""

    __tablename__ = "match_candidate"
    __table_args__ = (
        UniqueConstraint("question_id", "round", "enterprise_code"),
        written_by("ingest"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    question_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("match_question.id"))
    round: Mapped[int]
    rank: Mapped[int]
    enterprise_code: Mapped[str]
    known_as: Mapped[str]
    """The name (in its form for comparison) or number that is alike."""
    score: Mapped[float]
    """0 to 100; 100 is equal."""
    why: Mapped[str]


class MatchDecision(Table):
    """What a person decided about a question (认领决定). The last one counts; earlier ones stay."""

    __tablename__ = "match_decision"
    __table_args__ = written_by("ingest")

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    question_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("match_question.id"), index=True)
    choice: Mapped[str]
    """accepted, rejected, waiting."""
    enterprise_code: Mapped[str | None]
    decided_by: Mapped[str]
    decided_at: Mapped[datetime]
    reason: Mapped[str]
