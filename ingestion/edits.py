"""Edits at the door (登记修改): a record of the 一单两库 changed by a person becomes a later version, as a file's row would.

The edited record is written as a file of one row in the dataset's own layout and brought in like any other: the same
checks, a batch with its ledger, an undo. Nothing is overwritten; a later file of the owner wins again.
"""

import csv
import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from time import sleep
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, select

from ingestion.datasets import DATASETS
from ingestion.datasets.contract import Column, Dataset
from ingestion.datasets.explain import meanings
from ingestion.intake import ingest_file
from ingestion.ledger import BatchReport
from ingestion.redaction import seal
from registry import clock, journal
from registry.errors import Refusal
from registry.facts import as_of, table_named
from registry.reasons import says_why
from registry.tables.batch import Batch
from registry.tables.journal import JournalRecord

EDITABLE = (
    "check_item",
    "library",
    "inspector",
    "inspector_certificate",
    "inspector_leave",
    "inspector_conflict",
    "inspector_relative",
    "inspector_employment",
    "quiet_day",
)
"""Datasets that an office keeps itself; what other offices send is corrected by them, not here."""
_STATE_WORDS = {"active": "失效"}
_A_SECOND, _PAUSE = timedelta(seconds=1), 0.05
_ACT, _REFUSED = "record.edited", "record.edit_refused"


@dataclass(frozen=True)
class Version:
    """One version of a record (历史版本): its cells, when it became known, from which batch, by whom and why."""

    known_at: datetime
    batch_id: int
    file_name: str
    withdrawn: bool
    cells: dict[str, str]
    by: str
    reason: str


def editable(name: str) -> Dataset:
    """The dataset of that name. Raises Refusal edit.dataset where it is not kept at this door."""
    if name not in EDITABLE:
        titles = "、".join(f"{each}（{DATASETS[each].title}）" for each in EDITABLE)
        raise Refusal("edit.dataset", f"数据集“{name}”不能在这里修改。", f"可以修改：{titles}。")
    return DATASETS[name]


def current_record(connection: Connection, dataset: Dataset, key: str, day: date) -> RowMapping:
    """The version of a record in force on a day. Raises Refusal edit.unknown (404)."""
    known = as_of(table_named(dataset.table), day).subquery()  # type: ignore[arg-type]
    row = connection.execute(select(known).where(known.c.natural_key == key)).mappings().first()
    if row is None:
        raise Refusal("edit.unknown", f"{dataset.title}里没有“{key}”。", "从列表中选择记录。", 404)
    return row


def cells_of(dataset: Dataset, row: RowMapping) -> dict[str, str]:
    """A stored record as a file of its dataset would write it: heading → text, without the row's own times."""
    own = [column for column in dataset.file_columns() if column.name not in ("known_at", "retracted")]
    return {column.heading: _cell(dataset, column, row) for column in own}


def record_history(connection: Connection, dataset: Dataset, key: str) -> list[Version]:
    """All versions of a record, oldest first, with the person and reason of those that were edited here."""
    facts = table_named(dataset.table).__table__.c
    wanted = (
        select(*facts, Batch.file_name, Batch.sha256)
        .outerjoin(Batch, Batch.id == facts.batch_id)
        .where(facts.natural_key == key)
        .order_by(facts.known_at, facts.id)
    )
    rows = list(connection.execute(wanted).mappings())
    told = select(JournalRecord.actor, JournalRecord.detail).where(
        JournalRecord.act == _ACT, JournalRecord.subject == f"{dataset.table}:{key}"
    )
    who = {row.detail["sha256"]: (row.actor, str(row.detail["reason"])) for row in connection.execute(told)}
    return [
        Version(
            row["known_at"],
            row["batch_id"],
            row["file_name"] or "",
            row["retracted"],
            cells_of(dataset, row),
            *who.get(row["sha256"], ("", "")),
        )
        for row in rows
    ]


def edit_record(
    engine: Engine,
    name: str,
    key: str | None,
    changes: Mapping[str, str],
    by: str,
    reason: str,
    seen: datetime | None = None,
) -> BatchReport:
    """Change a record (key) or add one (None): heading → new text. `engine` acts in the role wurao_ingest.

    seen: `known_at` of the version that the person had before them. Raises Refusal edit.*: no reason, an unknown
    heading, a changed key, nothing changed, changed by somebody else meanwhile or there already (409), or the
    dataset's own checks with their sentence.
    """
    dataset = editable(name)
    _refuse_wordless(by, reason)
    before = _Before({}, datetime.min) if key is None else _before(engine, dataset, key)
    if seen is not None and seen != before.known_at:
        raise Refusal(
            "edit.changed",
            f"这条记录在 {before.known_at:%Y-%m-%d %H:%M:%S} 又有新版本，与您打开时不同。",
            "重新打开，在新版本上修改。",
            409,
        )
    after = _changed(dataset, before.cells, changes)
    if key is None:
        _refuse_known(engine, dataset, _key_of(dataset, after))
    return _bring_in(engine, dataset, key, before, after, by, reason)


def retire_record(
    engine: Engine, name: str, key: str, by: str, reason: str, last_day: date | None = None
) -> BatchReport:
    """Take a record out of use (停用、移出): a check item after its last day (default today), an entry or person at once.

    Certificates, leave and quiet days have no state of their own: they are withdrawn. History stays.
    """
    dataset = editable(name)
    _refuse_wordless(by, reason)
    today, before = clock.today(), _before(engine, dataset, key)
    changes: dict[str, str] = {}
    if name == "check_item":
        changes["valid_to"] = (last_day or today).isoformat()
    if dataset.has("active") and (last_day or today) <= today:
        changes["active"] = _STATE_WORDS["active"]
    if not changes:
        changes["retracted"] = "撤销"
    after = before.cells | {dataset.column(column).heading: text for column, text in changes.items()}
    return _bring_in(engine, dataset, key, before, after, by, reason)


@dataclass(frozen=True)
class _Before:
    """The version that an edit follows."""

    cells: dict[str, str]
    known_at: datetime


def _before(engine: Engine, dataset: Dataset, key: str) -> _Before:
    with engine.connect() as connection:
        row = current_record(connection, dataset, key, clock.today())
    return _Before(cells_of(dataset, row), row["known_at"])


def _refuse_known(engine: Engine, dataset: Dataset, key: str) -> None:
    known = as_of(table_named(dataset.table), clock.today()).subquery()  # type: ignore[arg-type]
    with engine.connect() as connection:
        if connection.execute(select(known.c.id).where(known.c.natural_key == key)).first():
            raise Refusal(
                "edit.exists", f"{dataset.title}里已有“{key}”。", "打开这一条修改，或改用别的编码。", 409
            )


def _moment(before: _Before) -> str:
    """Now, to the second as files write it, but after the version that is edited."""
    while (now := clock.now().replace(microsecond=0)) <= before.known_at < clock.now() + _A_SECOND:
        sleep(_PAUSE)
    if now <= before.known_at:
        raise Refusal(
            "edit.future",
            f"现行版本的数据更新时间 {before.known_at:%Y-%m-%d %H:%M} 在现在之后。",
            "核对系统时间后再修改。",
            409,
        )
    return f"{now:%Y-%m-%d %H:%M:%S}"


def _changed(dataset: Dataset, before: dict[str, str], changes: Mapping[str, str]) -> dict[str, str]:
    headings = {column.heading: column for column in dataset.file_columns()}
    unknown = sorted(set(changes) - set(headings))
    if unknown:
        raise Refusal(
            "edit.heading",
            f"{dataset.title}没有“{'、'.join(unknown)}”这一项。",
            f"可填：{'、'.join(headings)}。",
        )
    # What is sealed is sealed here: neither the journal nor the record's key may carry a person's number.
    after = before | {
        heading: seal(text) if headings[heading].sealed else text.strip() for heading, text in changes.items()
    }
    keys = [heading for heading, column in headings.items() if column.name in _key_columns(dataset)]
    if before and any(before.get(heading, "") != after.get(heading, "") for heading in keys):
        raise Refusal(
            "edit.key", f"{'、'.join(keys)}是这条记录的身份，不能更改。", "停用这一条，另行新增一条。"
        )
    if before and before == after:
        raise Refusal("edit.same", "没有更改任何一项。", "改动后再提交。")
    return after


def _key_columns(dataset: Dataset) -> set[str]:
    return {"given_code" if name == "enterprise_code" else name for name in dataset.key}


def _bring_in(
    engine: Engine,
    dataset: Dataset,
    key: str | None,
    before: _Before,
    after: dict[str, str],
    by: str,
    reason: str,
) -> BatchReport:
    with tempfile.TemporaryDirectory(prefix="wurao-edit-") as folder:
        path = Path(folder) / f"{dataset.name}_edit.csv"
        # The moment makes each edit a file of its own, so that one that was undone can be made again.
        stamp = {"数据更新时间": _moment(before)}
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, [*after, *stamp])
            writer.writeheader()
            writer.writerow(after | stamp)
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        subject = f"{dataset.table}:{key or _key_of(dataset, after)}"
        _journal(
            engine,
            by,
            _ACT,
            subject,
            {"reason": reason, "sha256": sha256, "changes": _differences(before.cells, after)},
        )
        report = ingest_file(engine, path, dataset.name, file_name=f"{dataset.name}_登记修改.csv")
    fault = next(iter(report.faults), None)
    if report.state != "loaded" or fault:
        said = f"{fault['column']}：{fault['sentence']}" if fault else report.sentence
        _journal(engine, by, _REFUSED, subject, {"sha256": sha256, "sentence": said})
        raise Refusal("edit.fault", f"没有保存。{said}", "更正后重新提交。")
    return report


def _journal(engine: Engine, by: str, act: str, subject: str, detail: dict[str, Any]) -> None:
    with engine.begin() as connection:
        journal.append(connection, by, act, subject, detail)


def _differences(before: dict[str, str], after: dict[str, str]) -> dict[str, list[str]]:
    return {
        heading: [before.get(heading, ""), text]
        for heading, text in after.items()
        if before.get(heading, "") != text
    }


def _key_of(dataset: Dataset, cells: dict[str, str]) -> str:
    names = ["given_code" if name == "enterprise_code" else name for name in dataset.key]
    return "|".join(cells.get(dataset.column(name).heading, "") for name in names)


def _refuse_wordless(by: str, reason: str) -> None:
    if not by.strip() or not says_why(reason):
        raise Refusal("edit.reason", "没有写明经办人或修改理由。", "请写明为什么修改，再提交。")


def _cell(dataset: Dataset, column: Column, row: RowMapping) -> str:
    if column.name == "given_code":
        return str(row.get("enterprise_code") or "")
    if not column.stored:
        return str(row["natural_key"]) if (column.name,) == dataset.key else ""
    value = row[column.name]
    if value is None:
        return _stated_ratio(row) if column.name == "ratio" else ""
    if column.kind in ("choice", "boolean"):
        return _words(column, value)
    if column.kind == "choices":
        return value if isinstance(value, str) else "、".join(_words(column, each) for each in value)
    if column.kind in ("list", "days"):
        return ";".join(str(each) for each in value)
    return value.isoformat() if isinstance(value, date) else str(value)


def _words(column: Column, value: Any) -> str:
    """The preferred text for a stored value; the value itself where the list does not know it any more."""
    return next((texts[0] for stored, texts in meanings(column) if stored == str(value)), str(value))


def _stated_ratio(row: RowMapping) -> str:
    """The ratio of a record that came without its text."""
    low, high = row.get("ratio_low"), row.get("ratio_high")
    if low is None and high is None:
        return ""
    if low is None or high is None:
        return f"不超过{high:.4%}" if low is None else f"不低于{low:.4%}"
    return f"{low:.4%}-{high:.4%}"
