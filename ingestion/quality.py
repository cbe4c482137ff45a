"""Data quality (数据质量): 合格率, 及时率, 重复率 and 更正时长, by dataset, office and month.

Formulas and names of domain.md 6.1; docs/quality.md gives each with a worked example. Everything is counted in the
database; what comes back is one line a dataset, office and month, so a million decisions take seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection, text

from ingestion.datasets import DATASETS, Dataset
from ingestion.workdays import working_days_after, working_days_until
from registry.clock import end_of
from registry.rules import load_rules
from registry.tables.library import Office

COLUMNS = (
    "dataset", "office", "read", "faulty", "repeated", "pass_rate", "repeat_rate", "dated", "late", "late_rate",
    "timely_rate", "mended", "mending_days",
)  # fmt: skip
CALENDAR_FROM = date(1990, 1, 1)
"""Older decisions count from here: decades late is late enough."""
LONGEST = 99
"""Delays are told apart up to so many working days."""


@dataclass(frozen=True)
class Figures:
    """What the figures are made of, one line a dataset, office and month (first day) and what is counted."""

    day: date
    limit: int
    """Working days that a report may take."""
    counts: pd.DataFrame
    """read, faulty, repeated: rows of the batches received in the month."""
    delays: pd.DataFrame
    """days, decisions: decisions first reported in the month, by working days since the decision."""
    mendings: pd.DataFrame
    """days: one line a record whose fault was found in the month and has been mended."""
    faults: pd.DataFrame
    """code, rows: faulty rows received in the month, by code of the fault."""

    def months(self) -> list[date]:
        """Every month that anything is known of, in order."""
        return sorted(set(self.counts["month"]) | set(self.delays["month"]))

    def only(self, **wanted: Sequence[Any]) -> "Figures":
        """The same of some datasets, offices or months: `only(dataset=["penalty"], month=[…])`."""
        frames = []
        for frame in (self.counts, self.delays, self.mendings, self.faults):
            kept = frame
            for column, values in wanted.items():
                kept = kept[kept[column].isin(list(values))]
            frames.append(kept)
        return Figures(self.day, self.limit, *frames)


def read_figures(connection: Connection, day: date, place: str) -> Figures:
    """Count what had been received, or told, by the end of `day`. Raises Refusal rules.*."""
    limit = int(load_rules().value("ingestion.timely_working_days", place, day))
    set_up(connection)
    offices = office_codes(connection)
    counts = _frame(connection, _COUNTS, ("dataset", "office", "month", "read", "faulty", "repeated"), day)
    faults = _frame(connection, _FAULTS, ("dataset", "office", "month", "code", "rows"), day)
    delays = pd.concat(
        [_delays(connection, DATASETS[name], day) for name in DATASETS if name in set(counts["dataset"])]
        or [pd.DataFrame(columns=["dataset", "office", "month", "days", "decisions"])],
        ignore_index=True,
    )
    mendings = pd.concat(
        [_mendings(connection, DATASETS[name], day) for name in DATASETS if name in set(faults["dataset"])]
        or [pd.DataFrame(columns=["dataset", "office", "month", "days"])],
        ignore_index=True,
    )
    for frame in (counts, faults, delays, mendings):
        frame["office"] = [offices.get(office, office) for office in frame["office"]]
    grouped = delays.groupby(["dataset", "office", "month", "days"])["decisions"].sum().reset_index()
    return Figures(day, limit, counts, grouped, mendings, faults)


def rates(figures: Figures, by: Sequence[str] = ("dataset", "office")) -> pd.DataFrame:
    """The figures by any of dataset, office and month, in that order; a rate of nothing is None.

    pass_rate, repeat_rate, late_rate, timely_rate: 0 to 1. dated, late: decisions whose delay is known, and those
    over the limit. mended: records; mending_days: the median of their working days.
    """
    groups = list(by)
    delays = figures.delays.assign(
        dated=figures.delays["decisions"],
        late=figures.delays["decisions"].where(figures.delays["days"] > figures.limit, 0),
    )
    mended = figures.mendings.groupby(groups)["days"].agg(["count", "median"])
    table = pd.concat(
        [
            figures.counts.groupby(groups)[["read", "faulty", "repeated"]].sum(),
            delays.groupby(groups)[["dated", "late"]].sum(),
            mended.rename(columns={"count": "mended", "median": "mending_days"}),
        ],
        axis=1,
    )
    whole = ["read", "faulty", "repeated", "dated", "late", "mended"]
    table[whole] = table[whole].fillna(0).astype(int)
    read, dated = (table[name].where(table[name] > 0).astype(float) for name in ("read", "dated"))
    table["pass_rate"] = 1 - table["faulty"] / read
    table["repeat_rate"] = table["repeated"] / read
    table["late_rate"] = table["late"] / dated
    table["timely_rate"] = 1 - table["late_rate"]
    rows = table.reset_index()
    order = {name: number for number, name in enumerate(DATASETS)}
    rows = rows.sort_values(groups, key=lambda c: c.map(order).fillna(99) if c.name == "dataset" else c)
    return rows[[*groups, *(name for name in COLUMNS if name not in ("dataset", "office"))]].reset_index(
        drop=True
    )


def quality(connection: Connection, day: date, place: str, by_office: bool = True) -> pd.DataFrame:
    """One row a dataset (and office) over all that is known by the end of `day`. Raises Refusal rules.*."""
    figures = read_figures(connection, day, place)
    if by_office:
        return rates(figures)
    return rates(figures, ("dataset",)).assign(office="")[list(COLUMNS)]


def office_codes(connection: Connection) -> dict[str, str]:
    """Office name or code → code, from every version known: how rows name an office, and how we do."""
    named = text(f"SELECT office, office_name FROM {Office.__tablename__} WHERE NOT retracted ORDER BY id")
    codes: dict[str, str] = {}
    for code, name in connection.execute(named):
        codes |= {code: code, name: code}
    return codes


def office_names(connection: Connection) -> dict[str, str]:
    """Office code → its latest name, for people."""
    named = text(f"SELECT office, office_name FROM {Office.__tablename__} WHERE NOT retracted ORDER BY id")
    return {code: name for code, name in connection.execute(named)}  # noqa: C416 - rows are no pairs to a type checker


def first_reports(dataset: Dataset, chosen: str = "") -> str:
    """SQL of one row a decision: natural_key, office, decided, reported, days. `chosen` narrows the decisions.

    The first report counts, be it one whose row was held: a later version is no later report. Its time is the
    row's own 数据更新时间 where it gives one, else the receipt. Takes :until, :dataset, :passed, :longest.
    """
    return f"""
WITH held AS (
  SELECT fault.natural_key, min(batch.received_at) AS at FROM row_fault fault JOIN batch ON batch.id = fault.batch_id
   WHERE batch.dataset = :dataset AND batch.state = 'loaded' AND batch.received_at < :until
     AND fault.natural_key IS NOT NULL GROUP BY 1),
told AS (
  SELECT natural_key, "{dataset.sender}" AS office, "{dataset.occurred}" AS decided, known_at AS at
    FROM "{dataset.table}" one WHERE known_at < :until {chosen} AND NOT EXISTS (
      SELECT FROM "{dataset.table}" earlier WHERE earlier.natural_key = one.natural_key
         AND (earlier.known_at, earlier.id) < (one.known_at, one.id))),
reported AS (
  SELECT natural_key, coalesce(office, '') AS office, decided, least(told.at, held.at)::date AS reported
    FROM told LEFT JOIN held USING (natural_key))
SELECT natural_key, office, decided, reported, least(
    (CAST(:passed AS int[]))[reported - DATE '{CALENDAR_FROM}' + 1]
    - (CAST(:passed AS int[]))[greatest(decided - DATE '{CALENDAR_FROM}', 0) + 1], :longest) AS days
  FROM reported WHERE decided IS NOT NULL"""


def set_up(connection: Connection) -> None:
    """Let this transaction hash a million keys in memory, and not compile what runs for a second or two."""
    connection.execute(text("SELECT set_config('work_mem', '128MB', true), set_config('jit', 'off', true)"))


def calendar(day: date) -> dict[str, Any]:
    """The parameters of `first_reports` that are the same for every dataset."""
    passed = working_days_until(CALENDAR_FROM, day)
    return {"passed": passed, "longest": LONGEST, "until": end_of(day)}


def _frame(connection: Connection, statement: str, columns: Sequence[str], day: date) -> pd.DataFrame:
    return pd.DataFrame(
        connection.execute(text(statement), {"until": end_of(day)}).all(), columns=list(columns)
    )


def _delays(connection: Connection, dataset: Dataset, day: date) -> pd.DataFrame:
    columns = ["office", "month", "days", "decisions"]
    rows: Sequence[Any] = []
    if dataset.timely and dataset.occurred and dataset.sender:
        grouped = text(
            "SELECT office, date_trunc('month', reported)::date, days, count(*) FROM"
            f" ({first_reports(dataset)}) decisions GROUP BY 1, 2, 3"
        )
        rows = connection.execute(grouped, {"dataset": dataset.name, **calendar(day)}).all()
    return pd.DataFrame(rows, columns=columns).assign(dataset=dataset.name)


def _mendings(connection: Connection, dataset: Dataset, day: date) -> pd.DataFrame:
    office = f"coalesce(fault.sender, fact.\"{dataset.sender}\", '')" if dataset.sender else "''"
    pairs = text(_MENDINGS.format(office=office, table=dataset.table))
    found = connection.execute(pairs, {"dataset": dataset.name, "until": end_of(day)}).all()
    rows = pd.DataFrame(found, columns=["office", "month", "found", "mended"])
    rows["days"] = working_days_after(list(rows["found"]), list(rows["mended"]))
    return rows[["office", "month", "days"]].assign(dataset=dataset.name)


_COUNTS = """
SELECT batch.dataset, sent.office, date_trunc('month', batch.received_at)::date AS month,
  sum((sent.counts ->> 0)::int)::int, sum((sent.counts ->> 1)::int)::int, sum((sent.counts ->> 2)::int)::int
  FROM batch, jsonb_each(batch.senders) AS sent (office, counts)
 WHERE batch.state = 'loaded' AND batch.received_at < :until GROUP BY 1, 2, 3"""

_FAULTS = """
SELECT dataset, office, month, code, count(*)::int FROM (
  SELECT DISTINCT batch.dataset, coalesce(fault.sender, '') AS office,
    date_trunc('month', batch.received_at)::date AS month, fault.code, fault.batch_id, fault.row_no
    FROM row_fault fault JOIN batch ON batch.id = fault.batch_id
   WHERE batch.state = 'loaded' AND batch.received_at < :until) rows GROUP BY 1, 2, 3, 4"""

_MENDINGS = """
WITH fixed AS (
  SELECT fault.batch_id, fault.natural_key, min({office}) AS office, min(found.received_at) AS found,
    min(mended.received_at) AS mended
    FROM (SELECT batch_id, natural_key, min(sender) AS sender FROM row_fault WHERE natural_key IS NOT NULL
           GROUP BY 1, 2) fault
    JOIN batch found ON found.id = fault.batch_id AND found.dataset = :dataset AND found.state = 'loaded'
    JOIN "{table}" fact ON fact.natural_key = fault.natural_key AND fact.batch_id > fault.batch_id
    JOIN batch mended ON mended.id = fact.batch_id AND mended.state = 'loaded' AND mended.received_at < :until
     AND mended.undoes IS NULL
   GROUP BY 1, 2)
SELECT min(office), date_trunc('month', min(found))::date, min(found)::date, mended::date FROM fixed
 GROUP BY natural_key, mended"""
"""A record found faulty in several batches and mended once is one correction, from the first that found it."""
