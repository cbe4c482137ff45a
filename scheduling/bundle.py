"""The published bundles of a draw (抽取公示包、审计包): everything that a replay needs, and nothing secret.

The public bundle never betrays a class: where strata are made of classes it carries neither pool, counts,
key, stratum nor ticket, since a ticket beside the list would give the stratum away. The audit bundle (discipline
inspection, auditors, notary, court) carries them, and its hash stands in the public one. Standard library
only; the fields are explained in docs/draw-format.md.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import NamedTuple

from scheduling.bundle_files import write_folder, write_zip, zip_bytes
from scheduling.draw import Commitment, DrawFault, DrawnRow, DrawResult, digest, draw_objects, key_text
from scheduling.rounding import result_file, round_teams, team_commitment, team_state
from scheduling.team_table import team_table_hash

__all__ = [
    "Bundles",
    "DrawRecord",
    "TeamRecord",
    "make_bundles",
    "manifest_hash",
    "write_folder",
    "write_zip",
    "zip_bytes",
]

Files = dict[str, bytes]


@dataclass(frozen=True)
class DrawRecord:
    """What was announced and decided about one draw (抽取记录). Times are ISO 8601 with the offset.

    `class_secret` is true where the strata are made of classes. A version above 1 is a second draw: it
    needs `redraw_reason` and two persons in `approved_by` (staff numbers or offices, never id numbers).
    """

    batch: str
    version: int
    place: str
    ceremony_at: str
    committed_at: str
    seed_text: str
    seed_source: str
    seed_at: str
    approved_by: tuple[str, ...]
    class_secret: bool
    redraw_reason: str = ""


@dataclass(frozen=True)
class TeamRecord:
    """The team lottery's table, announcement and seed (人员抽取记录)."""

    table: bytes
    place: str
    ceremony_at: str
    committed_at: str
    seed_text: str
    seed_source: str
    seed_at: str
    seats: tuple[bytes, ...] = ()
    """The files of seats filled after the lottery (wurao-seats-1), in the order of the changes."""


class Bundles(NamedTuple):
    """The two bundles of one draw (公示包与审计包), file names to bytes."""

    public: Files
    audit: Files


def make_bundles(
    record: DrawRecord,
    pool: bytes,
    counts: bytes,
    key: bytes,
    names: Mapping[str, str],
    team: TeamRecord | None = None,
) -> Bundles:
    """Make both bundles (制作资料包) from the committed files and the recorded seed.

    `names` gives the enterprise's name by object_id, as it stands in the public register. The team part is
    added when that later lottery has been held; the audit bundle and its hash stay the same. Raises
    DrawFault where the files, times, approvals or texts do not allow a draw.
    """
    _check_record(record)
    result = draw_objects(pool, counts, key, record.seed_text)
    secret = {"pool.csv": pool, "counts.csv": counts, "key.txt": f"{key_text(key)}\n".encode()}
    facts = _facts(record, result)
    audit = {**secret, "drawn.csv": _drawn_file(result.drawn, names, ("stratum", "ticket"))}
    audit["audit.json"] = _sealed({**facts, "format": "wurao-audit-1", "state": result.state}, audit)
    facts["audit_hash"] = manifest_hash(audit)
    if record.class_secret:
        public = {"drawn.csv": _drawn_file(result.drawn, names, ())}
    else:
        public = {**secret, "drawn.csv": _drawn_file(result.drawn, names, ("ticket",))}
        facts["state"] = result.state
    if team is not None:
        part, files = _team_part(team)
        facts["team"], public = part, {**public, **files}
    public["bundle.json"] = _sealed({**facts, "format": "wurao-bundle-1"}, public)
    return Bundles(public, audit)


def manifest_hash(files: Mapping[str, bytes]) -> str:
    """One hash over files and names (资料包摘要), in the manner of sha256sum, sorted by name."""
    return digest("wurao-audit-1\n" + "".join(f"{digest(files[name])}  {name}\n" for name in sorted(files)))


def _facts(record: DrawRecord, result: DrawResult) -> dict[str, object]:
    facts: dict[str, object] = {field.name: getattr(record, field.name) for field in fields(record)}
    facts["approved_by"] = list(record.approved_by)
    facts.update(zip(Commitment._fields, result.commitment, strict=True))
    facts["totals"] = dict(Counter(row.task for row in result.drawn))
    return facts


def _sealed(facts: Mapping[str, object], files: Mapping[str, bytes]) -> bytes:
    """The record as JSON in its one spelling, with the hash of every file beside it and of itself."""
    whole = {**facts, "files": {name: digest(content) for name, content in files.items()}}
    whole["record_hash"] = digest(_spelled(whole))
    return _spelled(whole)


def _spelled(facts: Mapping[str, object]) -> bytes:
    return (json.dumps(facts, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode()


def _drawn_file(drawn: Iterable[DrawnRow], names: Mapping[str, str], more: tuple[str, ...]) -> bytes:
    """The drawn list by (object_id, task): an order by ticket or stratum would betray the class."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["object_id", "task", "name", *more])
    for row in drawn:
        extra = [getattr(row, column) for column in more]
        writer.writerow([row.object_id, row.task, _plain_name(names.get(row.object_id, "")), *extra])
    return buffer.getvalue().encode()


def _plain_name(name: str) -> str:
    """One line, and never a formula when a spreadsheet opens it."""
    line = " ".join(re.sub("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]", " ", name).split())
    return f"'{line}" if line.startswith(tuple("=+-−@＝＋－＠")) else line


def _team_part(team: TeamRecord) -> tuple[dict[str, object], Files]:
    _check_times(team.committed_at, team.seed_at)
    table_hash = team_table_hash(team.table)
    commitment = team_commitment(team.table)
    state = team_state(commitment, team.seed_text)
    facts: dict[str, object] = {field.name: getattr(team, field.name) for field in fields(team)}
    del facts["table"], facts["seats"]
    facts |= {"table_hash": table_hash, "commitment": commitment, "state": state}
    result = result_file(round_teams(team.table, state))
    seats = {f"seats-{n}.json": content for n, content in enumerate(team.seats, start=1)}
    return facts, {"teams.csv": team.table, "teams-result.csv": result, **seats}


def _check_record(record: DrawRecord) -> None:
    """The order of acts: committed before the seed, and no second draw without reason and approvals."""
    _check_times(record.committed_at, record.seed_at)
    if record.version < 1 or not record.batch or not record.place or not any(record.approved_by):
        zh = "抽取记录须有批次、版本（从 1 起）、地点和批准人。"
        raise DrawFault(zh, "A draw needs a batch, a version from 1 up, a place and who approved it.")
    if record.version > 1 and (not record.redraw_reason.strip() or len(set(record.approved_by)) < 2):
        zh = f"第 {record.version} 次抽取须写明理由并有两名批准人。"
        raise DrawFault(zh, f"Draw version {record.version} needs a reason and two persons who approved it.")


def _check_times(committed_at: str, seed_at: str) -> None:
    committed, seeded = _time(committed_at), _time(seed_at)
    if committed >= seeded:
        raise DrawFault(
            f"承诺时间 {committed_at} 不早于种子时间 {seed_at}。",
            f"The commitment ({committed_at}) is not earlier than the seed ({seed_at}).",
            expected=f"< {seed_at}",
            found=committed_at,
        )


def _time(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except (ValueError, TypeError):
        moment = None
    if moment is None or moment.tzinfo is None:
        zh = f"时间「{text}」须为带时区的 ISO 8601 格式，例如 2026-12-01T10:00:00+08:00。"
        raise DrawFault(zh, f"The time {text!r} must be ISO 8601 with its offset.", found=str(text))
    return moment
