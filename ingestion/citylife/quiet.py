"""Quiet-day records (企业安静日登记) of the city: parks, firms above designated size, single enterprises."""

import numpy as np

from ingestion.citylife.columns import texts
from ingestion.citylife.enterprises import Cohort
from ingestion.citylife.places import Ground
from ingestion.citylife.tables import Table

_EXEMPT = "投诉举报、转办交办、应急处置、食品药品、特种设备、安全生产、危险化学品"
_BASIS = "安和市规范涉企行政检查若干规定（模拟）第十二条"
_SINGLE_SHARE = 0.0012


def _rows(number: list[str], scope: str, values: list[object], days: str, since: np.datetime64) -> Table:
    count = len(values)
    return {
        "rule_no": texts(list(number)),
        "scope": texts([scope] * count),
        "scope_value": texts(values),
        "month_days": texts([days] * count),
        "date_from": np.full(count, since),
        "date_to": np.full(count, np.datetime64("2099-12-31")),
        "exempt": texts([_EXEMPT] * count),
        "basis": texts([_BASIS] * count),
        "known_at": np.full(count, since.astype("datetime64[s]") + 36_000),
    }


def area_rows(ground: Ground, since: np.datetime64) -> list[Table]:
    """Parks: days 1–20 of each month; firms above designated size (规上): days 1–15."""
    parks = [p for p in ground.parks if p]
    numbers = [f"AJ-YQ-{k + 1:03d}" for k in range(len(parks))]
    return [
        _rows(numbers, "园区", parks, "1-20", since),
        _rows(["AJ-GS-001"], "规上企业", ["规上"], "1-15", since),
    ]


def enterprise_rows(random: np.random.Generator, cohort: Cohort, since: np.datetime64) -> Table:
    """Single enterprises that asked for days 1–25."""
    chosen = np.nonzero((cohort.kind == "1") & (random.random(len(cohort)) < _SINGLE_SHARE * 2))[0]
    numbers = [f"AJ-QY-{s:08d}" for s in cohort.serial[chosen]]
    return _rows(numbers, "企业", list(cohort.code[chosen]), "1-25", since)
