"""Data quality (数据质量): 合格率, 及时率, 重复率 and 更正时长, by dataset and by the office that answers for the rows.

Formulas of domain.md 6.1: 合格率 = rows that pass every check ÷ rows reported; 及时率 = 1 − rows reported
later than the double-publicity clock ÷ rows reported; 重复率 = rows repeated within a file ÷ rows reported;
更正时长 = working days from the batch that found a fault to the batch that mended it.
"""

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

import chinese_calendar
import numpy as np
import pandas as pd
from chinese_calendar.constants import holidays
from sqlalchemy import Connection, select, text

from ingestion.datasets import DATASETS, Dataset
from registry.clock import end_of
from registry.rules import load_rules
from registry.tables.batch import Batch

COLUMNS = (
    "dataset", "office", "read", "faulty", "repeated", "pass_rate", "repeat_rate", "dated", "late", "timely_rate",
    "mended", "mending_days",
)  # fmt: skip
_ANNOUNCED = {day.year for day in holidays}


def quality(connection: Connection, day: date, place: str, by_office: bool = True) -> pd.DataFrame:
    """One row a dataset and office, from all batches received by the end of `day`.

    read, faulty, repeated: rows. pass_rate, repeat_rate, timely_rate: 0 to 1; timely_rate is None outside the
    double-publicity datasets. dated, late: decisions with both dates, and those over the limit. mended: faulty
    rows with a later good version; mending_days: their median in working days. Raises Refusal rules.*.
    """
    limit = int(load_rules().value("ingestion.timely_working_days", place, day))
    tallies: dict[tuple[str, str], dict[str, Any]] = defaultdict(
        lambda: {"read": 0, "faulty": 0, "repeated": 0}
    )
    loaded = select(Batch.dataset, Batch.senders).where(
        Batch.state == "loaded", Batch.received_at < end_of(day)
    )
    for dataset, senders in connection.execute(loaded):
        for office, (read, faulty, repeated) in (senders or {}).items():
            tally = tallies[dataset, office if by_office else ""]
            tally["read"] += read
            tally["faulty"] += faulty
            tally["repeated"] += repeated
    for dataset in {name for name, _ in tallies if name in DATASETS}:
        for office, found in _timeliness(connection, DATASETS[dataset], day, limit, by_office).items():
            tallies[dataset, office] |= found
        for office, found in _mending(connection, DATASETS[dataset], day, by_office).items():
            tallies[dataset, office] |= found
    rows = [_rates(dataset, office, tally) for (dataset, office), tally in tallies.items()]
    order = {name: place for place, name in enumerate(DATASETS)}
    rows.sort(key=lambda row: (order.get(row["dataset"], len(order)), row["office"]))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _rates(dataset: str, office: str, tally: dict[str, Any]) -> dict[str, Any]:
    read, dated = tally["read"], tally.get("dated", 0)
    return {
        "dataset": dataset, "office": office, "mended": 0, "mending_days": None, "dated": dated, "late": 0, **tally,
        "pass_rate": 1 - tally["faulty"] / read if read else None,
        "repeat_rate": tally["repeated"] / read if read else None,
        "timely_rate": 1 - tally["late"] / dated if dated else None,
    }  # fmt: skip


def _timeliness(connection: Connection, dataset: Dataset, day: date, limit: int,
                by_office: bool) -> dict[str, dict[str, Any]]:  # fmt: skip
    """Office → how many decisions have both dates, and how many were reported late. First reports count."""
    if not (dataset.timely and dataset.occurred and dataset.sender):
        return {}
    first = text(
        f'SELECT DISTINCT ON (natural_key) "{dataset.sender}" AS office, "{dataset.occurred}" AS decided,'
        f' known_at::date AS known FROM "{dataset.table}" WHERE known_at < :until ORDER BY natural_key, known_at, id'
    )
    rows = pd.DataFrame(
        connection.execute(first, {"until": end_of(day)}).all(), columns=["office", "decided", "known"]
    )
    rows["late"] = working_days_after(list(rows["decided"]), list(rows["known"])) > limit
    groups = rows.groupby(rows["office"] if by_office else pd.Series("", rows.index))
    return {str(office): {"dated": len(group), "late": int(group["late"].sum())} for office, group in groups}


def _mending(
    connection: Connection, dataset: Dataset, day: date, by_office: bool
) -> dict[str, dict[str, Any]]:
    """Office → faulty rows since mended, and the median of the working days it took."""
    office = f'fact."{dataset.sender}"' if dataset.sender and by_office else "''"
    pairs = text(f"""
SELECT min({office}) AS office, found.received_at::date AS found, min(mended.received_at)::date AS mended
  FROM (SELECT DISTINCT batch_id, row_no, natural_key FROM row_fault WHERE natural_key IS NOT NULL) fault
  JOIN batch found ON found.id = fault.batch_id AND found.dataset = :dataset
  JOIN "{dataset.table}" fact ON fact.natural_key = fault.natural_key AND fact.batch_id > fault.batch_id
  JOIN batch mended ON mended.id = fact.batch_id AND mended.received_at < :until
 GROUP BY fault.batch_id, fault.row_no, found.received_at""")
    found = connection.execute(pairs, {"dataset": dataset.name, "until": end_of(day)}).all()
    rows = pd.DataFrame(found, columns=["office", "found", "mended"])
    if rows.empty:
        return {}
    rows["days"] = working_days_after(list(rows["found"]), list(rows["mended"]))
    return {
        str(name): {"mended": len(group), "mending_days": float(group["days"].median())}
        for name, group in rows.groupby("office")
    }


def working_days_after(first: list[date], last: list[date]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Working days from the day after `first` to `last`, both included; the day after a decision is day 1.

    Years whose holidays are not announced count Monday to Friday.
    """
    if not first:
        return np.zeros(0, dtype=np.int64)
    start, end = min(first), max(*first, *last)
    days = [start + timedelta(days=n) for n in range((end - start).days + 1)]
    until = np.cumsum([_is_working(day) for day in days])
    return np.array(
        [until[(b - start).days] - until[(a - start).days] for a, b in zip(first, last, strict=True)]
    )


def _is_working(day: date) -> bool:
    return bool(chinese_calendar.is_workday(day)) if day.year in _ANNOUNCED else day.weekday() < 5
