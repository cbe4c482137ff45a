"""The disturbance ledger as an officer sees it (入企台账): the visits of the own area, with names and reasons."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection, select

from portal.reading import enterprises
from registry.facts import as_of
from registry.scope import Scope, office_rows
from registry.tables.enterprise import Enterprise
from scheduling.disturbance import REASONS, read_ledger
from scheduling.task_spec import ON_SITE

PAGE = 100


@dataclass(frozen=True)
class LedgerPage:
    """One page of the ledger, newest visit first, and the counts of all of it."""

    rows: list[dict[str, Any]]
    counts: dict[str, int]
    """Reason → on-site visits."""
    off_site: int
    page: int
    pages: int


def own_ledger(connection: Connection, scope: Scope, day: date, since: date) -> pd.DataFrame:
    """Ledger rows up to `day` of enterprises in the officer's area, newest first."""
    known = as_of(Enterprise, day).subquery().c
    mine = select(known.enterprise_code).where(office_rows(scope, known.localadm))
    codes = set(connection.execute(mine).scalars())
    ledger = read_ledger(connection, day, since)
    ledger = ledger[(ledger["day"] <= day) & ledger["enterprise_code"].isin(codes)]
    return ledger.sort_values(["day", "enterprise_code", "department"], ascending=[False, True, True])


def ledger_page(connection: Connection, ledger: pd.DataFrame, reason: str, page: int) -> LedgerPage:
    """A page of it, of one reason (or `off_site`, or all)."""
    doors = ledger["method"] == ON_SITE
    counts = {name: int((doors & (ledger["reason"] == name)).sum()) for name in REASONS}
    shown = ledger
    if reason == "off_site":
        shown = ledger[~doors]
    elif reason in REASONS:
        shown = ledger[doors & (ledger["reason"] == reason)]
    pages = max(1, -(-len(shown) // PAGE))
    page = max(1, min(page, pages))
    part = shown.iloc[(page - 1) * PAGE : page * PAGE]
    firms = enterprises.by_code(connection, part["enterprise_code"])
    rows = [
        {str(k): v for k, v in row.items()} | {"entname": firms[row["enterprise_code"]]["entname"]}
        for row in part.to_dict("records")
        if row["enterprise_code"] in firms
    ]
    return LedgerPage(rows, counts, int((~doors).sum()), page, pages)
