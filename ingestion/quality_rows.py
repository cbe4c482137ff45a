"""The rows behind a figure (下钻明细): late decisions, faulty rows and repeated rows of a dataset, office and month.

No personal data: a faulty row is named by batch, row and fault, never by its content.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from ingestion.datasets import DATASETS, Dataset
from ingestion.quality import calendar, first_reports, office_codes, set_up
from registry.clock import end_of
from registry.rules import load_rules

KINDS = {"late": "迟报", "faulty": "问题", "repeated": "重复"}
PAGE = 50
EVERYTHING = 1_000_000

HEADINGS: dict[str, dict[str, str]] = {
    "late": {
        "enterprise": "企业名称", "enterprise_code": "主体代码", "number": "决定文书号", "office": "机关", "decided": "决定日期",
        "reported": "首次报送", "days": "工作日",
    },
    "faulty": {
        "office": "机构", "batch_id": "批次", "file_name": "文件", "row_no": "行号", "column": "列", "code": "问题代码",
        "sentence": "说明", "received_at": "接收时间",
    },
    "repeated": {
        "office": "机构", "number": "记录", "batch_id": "批次", "file_name": "文件", "row_no": "行号",
        "first_batch_id": "首见批次", "first_row_no": "首见行号", "received_at": "接收时间",
    },
}  # fmt: skip
"""Kind → column of a row → what it is called."""


@dataclass(frozen=True)
class Drill:
    """Which rows: a dataset's, of an office (None: of all) and of some months, as of a day."""

    day: date
    place: str
    dataset: str
    kind: str
    office: str | None = None
    first: date | None = None
    """First day of the first month; None: from the beginning."""
    last: date | None = None
    """First day of the last month; None: up to the day."""
    code: str = ""
    """Of faulty rows: only this fault."""


def drill_rows(
    connection: Connection, drill: Drill, page: int = 1, size: int = PAGE
) -> tuple[int, list[dict[str, Any]]]:
    """How many rows there are, and one page of them. Raises KeyError for an unknown dataset or kind."""
    dataset = DATASETS[drill.dataset]
    statement = {"late": _late, "faulty": _faulty, "repeated": _repeated}[drill.kind](dataset, drill)
    set_up(connection)
    codes = office_codes(connection)
    names = [name for name, code in codes.items() if code == drill.office] + [drill.office]
    given = {
        "dataset": dataset.name, "names": names, "until": end_of(drill.day), "code": drill.code,
        "since": drill.first or date(1, 1, 1), "next": next_month(drill.last) if drill.last else end_of(drill.day),
        "size": size, "skipped": (page - 1) * size,
    }  # fmt: skip
    if drill.kind == "late":
        limit = load_rules().value("ingestion.timely_working_days", drill.place, drill.day)
        given |= calendar(drill.day) | {"limit": int(limit)}
    found = connection.execute(text(statement), given).mappings().all()
    total = found[0]["total"] if found else 0
    rows = [{name: row[name] for name in HEADINGS[drill.kind]} for row in found]
    return total, [{**row, "office": codes.get(row["office"], row["office"])} for row in rows]


def next_month(month: date) -> date:
    """The first day of the month after that of a day."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _late(dataset: Dataset, drill: Drill) -> str:
    if not (dataset.timely and dataset.occurred and dataset.sender):
        return "SELECT 0 AS total WHERE false"
    number = next(name for name in dataset.key if name.endswith("wsh"))
    told = f'SELECT natural_key FROM "{dataset.table}" WHERE known_at >= :since AND known_at < :next'
    heard = (
        "SELECT natural_key FROM row_fault JOIN batch ON batch.id = batch_id WHERE natural_key IS NOT NULL"
        " AND received_at >= :since AND received_at < :next"
    )
    office = f'AND "{dataset.sender}" = ANY(:names)' if drill.office is not None else ""
    narrowed = f"AND natural_key IN ({told} UNION ALL {heard}) {office}" if drill.first else office
    return f"""
SELECT late.*, fact.{number} AS number, fact.enterprise_code, count(*) OVER () AS total,
  (SELECT entname FROM enterprise WHERE enterprise.enterprise_code = fact.enterprise_code
    ORDER BY known_at DESC, id DESC LIMIT 1) AS enterprise
  FROM (SELECT * FROM ({first_reports(dataset, narrowed)}) decisions
         WHERE days > :limit AND reported >= :since AND reported < :next) late
  JOIN LATERAL (SELECT {number}, enterprise_code FROM "{dataset.table}" one WHERE one.natural_key = late.natural_key
    ORDER BY known_at, id LIMIT 1) fact ON true
 ORDER BY office, reported, natural_key LIMIT :size OFFSET :skipped"""


def _faulty(dataset: Dataset, drill: Drill) -> str:
    office = "AND coalesce(fault.sender, '') = ANY(:names)" if drill.office is not None else ""
    code = "AND fault.code = :code" if drill.code else ""
    return f"""
SELECT coalesce(fault.sender, '') AS office, fault.batch_id, batch.file_name, fault.row_no, fault."column", fault.code,
  fault.sentence, batch.received_at, count(*) OVER () AS total
  FROM row_fault fault JOIN batch ON batch.id = fault.batch_id
 WHERE batch.dataset = :dataset AND batch.state = 'loaded' AND batch.received_at < :until
   AND batch.received_at >= :since AND batch.received_at < :next {office} {code}
 ORDER BY fault.code, fault.batch_id, fault.row_no, fault.id LIMIT :size OFFSET :skipped"""


def _repeated(dataset: Dataset, drill: Drill) -> str:
    office = "AND again.sender = ANY(:names)" if drill.office is not None else ""
    return f"""
SELECT again.sender AS office, again.natural_key AS number, again.batch_id, batch.file_name, again.row_no,
  again.first_batch_id, again.first_row_no, batch.received_at, count(*) OVER () AS total
  FROM row_repeat again JOIN batch ON batch.id = again.batch_id
 WHERE batch.dataset = :dataset AND batch.state = 'loaded' AND batch.received_at < :until
   AND batch.received_at >= :since AND batch.received_at < :next {office}
 ORDER BY again.batch_id, again.row_no LIMIT :size OFFSET :skipped"""
