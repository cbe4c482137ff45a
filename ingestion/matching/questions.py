"""Questions (待认领名称): names and numbers that found no enterprise, and what persons decided about them before."""

import re
from typing import Any

import pandas as pd
from sqlalchemy import Connection, text

from ingestion.datasets.contract import Dataset
from ingestion.faults import Fault
from ingestion.identify import normalise_code
from ingestion.names import name_key
from ingestion.redaction import redact
from ingestion.staging import copy_rows
from ingestion.standing import stands
from registry import clock

ASKED = (
    "unmatched", "ambiguous_name", "identity_clash", "code_scientific", "code_length", "code_alphabet", "code_check",
    "code_organisation", "regno_check",
)  # fmt: skip
"""Faults that mean: the enterprise could not be told. The row waits; a person may say who it is."""
PENDING = ("open", "rejected", "waiting")
_COLUMNS = ("row_no", "sender", "given_name", "given_number", "name_key", "number", "code")
_SHOP = "店行社馆厂部摊吧屋坊铺城场园所院站会房庄号堂轩阁楼司"
_SHORT_HAN = re.compile(r"[\u3400-\u9fff·]{2,4}")
_LONGEST = 200


def make_claims(connection: Connection) -> None:
    """An empty temporary table for the questions of one file."""
    connection.execute(text("DROP TABLE IF EXISTS staging_claim"))
    types = ", ".join(f"{name} {'int' if name == 'row_no' else 'text'}" for name in _COLUMNS)
    connection.execute(text(f"CREATE TEMP TABLE staging_claim ({types})"))


def claim_rows(
    connection: Connection, dataset: Dataset, rows: pd.DataFrame, faults: list[Fault]
) -> list[Fault]:
    """Give rows whose enterprise a person has named before that enterprise; stage the others' questions.

    Returns the faults that remain. Only rows with a fault of identity are looked at. The decision holds for the
    exact name and number, in this dataset, from this sender.
    """
    codes: dict[int, str] = {}
    for fault in faults:
        if fault.code in ASKED:
            codes.setdefault(fault.row_no, fault.code)
    if dataset.identity != "must" or not codes:
        return faults
    asked = _claims(dataset, rows.loc[list(codes)], list(codes.values()))
    known = _decided(connection, dataset, asked)
    answered = {}
    for claim in asked:
        if owner := known.get((claim["sender"], claim["name_key"], claim["number"])):
            answered[claim["row_no"]] = owner
            rows.at[claim["row_no"], "enterprise_code"] = owner
    open_ones = [c for c in asked if c["row_no"] not in answered and (c["number"] or c["name_key"])]
    copy_rows(
        connection, "staging_claim", _COLUMNS,
        ([claim[name] for name in _COLUMNS] for claim in open_ones if not _may_be_a_person(claim)),
    )  # fmt: skip
    return [fault for fault in faults if fault.row_no not in answered or fault.code not in ASKED]


def ask_matches(connection: Connection, dataset: Dataset, batch_id: int) -> int:
    """Put the questions of a batch whose rows are written into the queue; returns how many rows wait. Commits.

    Called before the batch is closed: after a kill in between it is called again, and nothing is asked twice.
    After a file of registrations all pending questions are to be searched for again.
    """
    values = {"dataset": dataset.name, "batch": batch_id, "now": clock.now(), "asked": list(ASKED)}
    connection.execute(text(_ASK), values)
    waiting = connection.execute(text(_WAIT), values).rowcount
    connection.execute(text(_REOPEN), values)
    if dataset.identity == "self":
        search_again(connection)
    connection.commit()
    return int(waiting)


def search_again(connection: Connection) -> None:
    """The registered names have changed: what is pending is to be searched for anew."""
    again = text("UPDATE match_question SET searched_at = NULL WHERE state = ANY(:pending)")
    connection.execute(again, {"pending": list(PENDING)})


def _claims(dataset: Dataset, rows: pd.DataFrame, codes: list[str]) -> list[dict[str, Any]]:
    def cells(column: str | None) -> list[str]:
        values = rows[column] if column in rows else [None] * len(rows)
        return [redact(value)[:_LONGEST] if isinstance(value, str) else "" for value in values]

    given = zip(
        rows.index, cells(dataset.sender), cells("given_name"), cells("given_code"), cells("given_regno"), codes,
        strict=True,
    )  # fmt: skip
    return [
        {
            "row_no": int(row_no), "sender": sender, "given_name": name, "given_number": number or old,
            "name_key": name_key(name), "number": normalise_code(number or old), "code": code,
        }
        for row_no, sender, name, number, old, code in given
    ]  # fmt: skip


def _may_be_a_person(claim: dict[str, Any]) -> bool:
    """A bare name of two to four characters that does not end like a shop's may be a person's: it is not kept."""
    name = claim["given_name"]
    return bool(_SHORT_HAN.fullmatch(name)) and name[-1] not in _SHOP and len(claim["number"]) not in (15, 18)


def _decided(
    connection: Connection, dataset: Dataset, asked: list[dict[str, Any]]
) -> dict[tuple[str, str, str], str]:
    """(sender, name key, number) → the enterprise that a person named, as long as the registry knows it."""
    names = sorted({claim["name_key"] for claim in asked})
    found = connection.execute(text(_DECIDED), {"dataset": dataset.name, "names": names})
    return {(row.sender, row.name_key, row.number): row.enterprise_code for row in found}


_ANSWERED = f"""
SELECT q.id, q.dataset, q.sender, q.name_key, q.number, d.enterprise_code FROM match_question q
  JOIN LATERAL (SELECT enterprise_code, choice FROM match_decision WHERE question_id = q.id ORDER BY id DESC LIMIT 1) d
    ON d.choice = 'accepted'
 WHERE q.state = 'accepted' AND EXISTS (
   SELECT 1 FROM enterprise_alias a WHERE a.enterprise_code = d.enterprise_code AND {stands("a.batch_id")})"""

_DECIDED = f"{_ANSWERED} AND q.dataset = :dataset AND q.name_key = ANY(:names)"

_REOPEN = f"""
UPDATE match_question SET state = 'open', searched_at = NULL WHERE state IN ('accepted', 'known')
  AND id IN (SELECT question_id FROM match_row WHERE batch_id = :batch)
  AND id NOT IN (SELECT id FROM ({_ANSWERED}) answered)"""
"""The enterprise that was named, or was known by itself, is known no longer: its registration was undone."""

_HELD = """
(SELECT DISTINCT c.* FROM staging_claim c JOIN row_fault f ON f.batch_id = :batch AND f.row_no = c.row_no
   AND f.code = ANY(:asked)) held"""

_ASK = f"""
INSERT INTO match_question (dataset, sender, given_name, given_number, name_key, number, code, batch_id, asked_at)
SELECT :dataset, sender, given_name, given_number, name_key, number, code, CAST(:batch AS bigint), CAST(:now AS timestamp)
  FROM (SELECT DISTINCT ON (sender, name_key, number) * FROM {_HELD} ORDER BY sender, name_key, number, row_no) first
 ORDER BY row_no
ON CONFLICT (dataset, sender, name_key, number) DO NOTHING"""

_WAIT = f"""
INSERT INTO match_row (question_id, batch_id, row_no)
SELECT q.id, :batch, held.row_no FROM {_HELD}
  JOIN match_question q ON q.dataset = :dataset AND q.sender = held.sender AND q.name_key = held.name_key
   AND q.number = held.number
ON CONFLICT DO NOTHING"""
