"""Accounts and sessions (账户与会话)."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Identity
from sqlalchemy.orm import Mapped, mapped_column

from registry.tables.declaration import Table, written_by


class Account(Table):
    """Who may sign in. `subject` is an office, a staff number or an enterprise code, by role."""

    __tablename__ = "account"
    __table_args__ = written_by(
        "portal",
        (
            "password_hash",
            "subject",
            "display_name",
            "failures",
            "locked_until",
            "active",
            "must_change_password",
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    login: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    role: Mapped[str]
    """staff, inspector, enterprise or administrator."""
    subject: Mapped[str]
    display_name: Mapped[str]
    failures: Mapped[int] = mapped_column(server_default="0")
    locked_until: Mapped[datetime | None]
    active: Mapped[bool] = mapped_column(server_default="true")
    must_change_password: Mapped[bool] = mapped_column(server_default="false")
    """True after a one-time password: every page leads to the change of password first."""
    made_at: Mapped[datetime]


class Session(Table):
    """A revocable session. Only the hash of its token is stored."""

    __tablename__ = "session"
    __table_args__ = written_by("portal", ("last_seen_at", "revoked_at"))

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    csrf_token: Mapped[str]
    made_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
