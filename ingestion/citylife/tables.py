"""Tables (数据表) in memory: columns by the contract's names, and how a row names its enterprise."""

from typing import Any

import numpy as np

from ingestion.citylife.columns import Integers, Texts, kept_where
from ingestion.citylife.enterprises import Cohort
from ingestion.citylife.timeline import Dates

Table = dict[str, Any]
"""Column name of `ingestion.datasets` → array or list; all of one length. None, NaN and NaT are empty cells."""


class Changing:
    """A value an enterprise has until it changes (名称、住所): what it was on a given day."""

    def __init__(self, first: Texts) -> None:
        self.first = first
        self.later: dict[int, list[tuple[np.datetime64, Any]]] = {}

    def change(self, owner: int, day: np.datetime64, value: Any) -> None:
        """From `day` on the value is another. Days of one owner must come in order."""
        self.later.setdefault(owner, []).append((day, value))

    def now(self, owner: int) -> Any:
        """The value after every change so far."""
        changes = self.later.get(owner)
        return changes[-1][1] if changes else self.first[owner]

    def at(self, owner: Integers, days: Dates) -> Texts:
        """The value of each owner on each day."""
        values = self.first[owner]
        if self.later:
            changed = np.isin(owner, np.fromiter(self.later, dtype=np.int64))
            for row in np.nonzero(changed)[0]:
                for day, value in self.later[int(owner[row])]:
                    if day <= days[row]:
                        values[row] = value
        return values


def height(table: Table) -> int:
    """How many rows."""
    return len(next(iter(table.values()))) if table else 0


def pick(table: Table, rows: Any) -> Table:
    """The rows of a mask or of positions."""
    return {
        name: np.asarray(values, dtype=getattr(values, "dtype", object))[rows]
        for name, values in table.items()
    }


def stack(tables: list[Table]) -> Table:
    """Tables of the same columns, one below the other."""
    full = [t for t in tables if height(t)]
    if not full:
        return tables[0] if tables else {}
    return {
        name: np.concatenate([np.asarray(t[name], dtype=getattr(t[name], "dtype", object)) for t in full])
        for name in full[0]
    }


def subject(cohort: Cohort, called: Changing, owner: Integers, days: Dates) -> Table:
    """How a bureau names the subject of a record: code, else old number, and the name it bore that day."""
    code = cohort.uniscid[owner]
    return {
        "given_code": code,
        "given_regno": kept_where(np.array([c is None for c in code], dtype=bool), cohort.regno[owner]),
        "given_name": called.at(owner, days),
    }


def leave_out_codes(random: np.random.Generator, table: Table, share: float) -> None:
    """Some senders know only the name: ingestion must find the enterprise by the name it bore."""
    nameless = random.random(height(table)) < share
    for column in ("given_code", "given_regno"):
        table[column] = kept_where(~nameless, table[column])
