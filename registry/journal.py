"""The journal (审计日志): append-only, hash-chained, written in the same transaction as the act."""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from registry import clock
from registry.tables.journal import JournalRecord

_CHAIN_LOCK = 0x7775_7261_6F  # "wurao": one writer at a time, or the chain would fork
GENESIS = "0" * 64


def append(connection: Connection, actor: str, act: str, subject: str, detail: dict[str, Any]) -> int:
    """Append one record; returns its number. Call last in a transaction: it holds the chain until commit."""
    connection.execute(select(func.pg_advisory_xact_lock(_CHAIN_LOCK)))
    last = connection.execute(
        select(JournalRecord.number, JournalRecord.hash).order_by(JournalRecord.number.desc()).limit(1)
    ).first()
    number, previous = (last.number + 1, last.hash) if last else (1, GENESIS)
    written_at = clock.now().replace(microsecond=0)
    values: dict[str, Any] = {
        "written_at": written_at,
        "actor": actor,
        "act": act,
        "subject": subject,
        "detail": detail,
    }
    connection.execute(
        insert(JournalRecord).values(
            number=number, previous_hash=previous, hash=chain_hash(previous, number, **values), **values
        )
    )
    return number


def chain_hash(
    previous: str,
    number: int,
    written_at: datetime,
    actor: str,
    act: str,
    subject: str,
    detail: dict[str, Any],
) -> str:
    """SHA-256 over the previous hash and the record's canonical JSON."""
    record = [number, written_at.isoformat(), actor, act, subject, detail]
    text = json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(f"{previous}\n{text}".encode()).hexdigest()


def faults(connection: Connection) -> Iterator[str]:
    """Each break of the chain in a sentence with its number; nothing if the journal is whole."""
    previous, expected = GENESIS, 1
    for row in connection.execute(select(JournalRecord).order_by(JournalRecord.number)).mappings():
        if row["number"] != expected:
            yield f"第 {expected} 号记录缺失（其后是第 {row['number']} 号）。"
        elif row["previous_hash"] != previous:
            yield f"第 {row['number']} 号记录与前一号不相接。"
        content = {k: row[k] for k in ("written_at", "actor", "act", "subject", "detail")}
        if chain_hash(row["previous_hash"], row["number"], **content) != row["hash"]:
            yield f"第 {row['number']} 号记录内容被改动。"
        previous, expected = row["hash"], row["number"] + 1
