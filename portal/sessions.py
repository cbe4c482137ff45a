"""Sessions (会话): sign-in with argon2, lockout, and a revocable table that stores only token hashes."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import Connection, RowMapping, insert, select, update

from registry import clock, journal
from registry.errors import Refusal
from registry.settings import Settings
from registry.tables.account import Account, Session

COOKIE = "wurao_session"


@dataclass(frozen=True)
class Visitor:
    """Who is at the door: one account through one session."""

    account_id: int
    login: str
    role: str
    subject: str
    display_name: str
    must_change_password: bool
    csrf_token: str
    token_hash: str

    @property
    def signature(self) -> str:
        """How a public act names this account (署名): its post and number, never its login."""
        return f"{self.display_name.strip()}{self._mark}"

    @property
    def _mark(self) -> str:
        return f"（账户{self.account_id}）"

    def signed(self, name: str | None) -> bool:
        """Whether a signature, also one under an earlier display name or the bare login, is this account's."""
        return bool(name) and (name == self.login or str(name).endswith(self._mark))


@lru_cache(maxsize=4)
def _hasher(memory_kib: int) -> PasswordHasher:
    return PasswordHasher(memory_cost=memory_kib, parallelism=1)


def hash_password(password: str, settings: Settings) -> str:
    """The argon2id hash, cost from the settings."""
    return _hasher(settings.argon2_memory_kib).hash(password)


def sign_in(connection: Connection, settings: Settings, login: str, password: str) -> str | None:
    """The new session's token, or None where login, password, lock or account say no.

    A wrong password counts towards the lock; an unknown login costs the same time as a known one.
    The caller commits in both cases.
    """
    account = (
        connection.execute(select(Account.__table__).where(Account.login == login).with_for_update())
        .mappings()
        .first()
    )
    right = _matches(settings, account["password_hash"] if account else None, password)
    now = clock.now()
    if account is None:
        _note_refusal(connection, f"login:{login[:64]}", "unknown")
        return None
    if account["locked_until"] and account["locked_until"] > now:
        _note_refusal(connection, login, "locked")
        return None
    if not right or not account["active"]:
        _count_failure(connection, settings, account, now)
        _note_refusal(connection, login, "inactive" if right else "password")
        return None
    cleared = {"failures": 0, "locked_until": None}
    connection.execute(update(Account).where(Account.id == account["id"]).values(**cleared))
    token = open_session(connection, account["id"])
    journal.append(connection, login, "session.open", f"account:{account['id']}", {})
    return token


def open_session(connection: Connection, account_id: int) -> str:
    """A new session of an account; the token leaves only in the cookie."""
    token, now = secrets.token_urlsafe(32), clock.now()
    connection.execute(
        insert(Session).values(
            token_hash=token_hash(token),
            account_id=account_id,
            csrf_token=secrets.token_urlsafe(24),
            made_at=now,
            last_seen_at=now,
        )
    )
    return token


def find_visitor(connection: Connection, settings: Settings, token: str | None) -> Visitor | None:
    """The visitor of a live session, its last use noted; None if it is unknown, idle, old, revoked or closed."""
    if not token:
        return None
    wanted = (
        select(
            *Session.__table__.c,
            Account.id,
            Account.login,
            Account.role,
            Account.subject,
            Account.display_name,
            Account.active,
            Account.must_change_password,
        )
        .join(Account, Account.id == Session.account_id)
        .where(Session.token_hash == token_hash(token))
    )
    row = connection.execute(wanted).mappings().first()
    if row is None or not row["active"] or not _alive(row, settings, clock.now()):
        return None
    _note_use(connection, row)
    return Visitor(
        row["id"],
        row["login"],
        row["role"],
        row["subject"],
        row["display_name"],
        row["must_change_password"],
        row["csrf_token"],
        row["token_hash"],
    )


def revoke(connection: Connection, *, token_hash: str | None = None, account_id: int | None = None) -> None:
    """End one session, or all sessions of an account."""
    ended = update(Session).where(Session.revoked_at.is_(None)).values(revoked_at=clock.now())
    if token_hash is not None:
        connection.execute(ended.where(Session.token_hash == token_hash))
    if account_id is not None:
        connection.execute(ended.where(Session.account_id == account_id))


def change_password(connection: Connection, settings: Settings, visitor: Visitor, old: str, new: str) -> str:
    """Set a new password; every older session ends. Returns the token of a fresh one. Raises Refusal."""
    stored = connection.execute(
        select(Account.password_hash).where(Account.id == visitor.account_id)
    ).scalar_one()
    if not _matches(settings, stored, old):
        raise Refusal("account.wrong_password", "原密码不对。", "请重新输入。")
    if len(new) < 10 or new == old:
        raise Refusal("account.weak_password", "新密码至少 10 位，且不能与原密码相同。", "请换一个密码。")
    values = {"password_hash": hash_password(new, settings), "must_change_password": False}
    connection.execute(update(Account).where(Account.id == visitor.account_id).values(**values))
    revoke(connection, account_id=visitor.account_id)
    journal.append(connection, visitor.login, "account.password", f"account:{visitor.account_id}", {})
    return open_session(connection, visitor.account_id)


def token_hash(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _matches(settings: Settings, stored: str | None, password: str) -> bool:
    hasher = _hasher(settings.argon2_memory_kib)
    try:
        return hasher.verify(stored or _decoy(settings.argon2_memory_kib), password) and stored is not None
    except VerificationError:
        return False


@lru_cache(maxsize=4)
def _decoy(memory_kib: int) -> str:
    return _hasher(memory_kib).hash(secrets.token_urlsafe(16))


def _count_failure(connection: Connection, settings: Settings, account: RowMapping, now: datetime) -> None:
    expired = account["locked_until"] is not None
    failures = 1 if expired else account["failures"] + 1
    locked = (
        now + timedelta(minutes=settings.login_lock_minutes) if failures >= settings.login_failures else None
    )
    values = {"failures": failures, "locked_until": locked}
    connection.execute(update(Account).where(Account.id == account["id"]).values(**values))


def _note_refusal(connection: Connection, actor: str, why: str) -> None:
    journal.append(connection, actor, "session.refused", "sign-in", {"why": why})


def _alive(row: RowMapping, settings: Settings, now: datetime) -> bool:
    # A negative age happens when a simulated day begins again: end the session rather than stretch it.
    age, idle = now - row["made_at"], now - row["last_seen_at"]
    return (
        row["revoked_at"] is None
        and timedelta() <= age <= timedelta(hours=settings.session_hours)
        and idle <= timedelta(minutes=settings.session_idle_minutes)
    )


def _note_use(connection: Connection, row: RowMapping) -> None:
    now = clock.now()
    if now - row["last_seen_at"] > timedelta(seconds=30):
        used = update(Session).where(Session.token_hash == row["token_hash"]).values(last_seen_at=now)
        connection.execute(used)
