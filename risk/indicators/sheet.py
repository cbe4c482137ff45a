"""The sheet (指标明细): one enterprise's indicators as of a date, each with window, validity and evidence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from sqlalchemy import Connection

from registry.errors import Refusal
from registry.rules import load_rules
from risk.indicators.catalogue import CATALOGUE, FAMILIES
from risk.indicators.frame import FeatureFrame, features
from risk.indicators.validity import validity_of, window_of
from risk.other_facts import RECORDED_IN
from risk.reasons import Evidence, phrase


@dataclass(frozen=True)
class IndicatorLine:
    """One indicator of one enterprise. `value` None: unknown. `supplied`: the place sends this kind of record at all.

    records: ids in `table` of the rows counted; latest: the latest date among them. months: the window.
    """

    key: str
    name: str
    english: str
    family: str
    group: str
    direction: int
    value: float | None
    says: str
    months: int | None
    validity: str
    table: str
    supplied: bool
    records: tuple[int, ...]
    latest: date | None


@dataclass(frozen=True)
class Sheet:
    """All indicators of one enterprise. Internal, like all that grading rests on."""

    enterprise_code: str
    as_of: date
    place: str
    data_hash: str
    lines: tuple[IndicatorLine, ...]


def indicator_sheet(connection: Connection, enterprise_code: str, as_of: date, place: str) -> Sheet:
    """One enterprise's indicators within its whole cohort: peers and relations need the others.

    Raises Refusal indicators.not_judged if nobody with this code is judged on that day.
    """
    return sheet_of(features(connection, as_of, place), enterprise_code)


def sheet_of(frame: FeatureFrame, enterprise_code: str) -> Sheet:
    """The same from a frame in memory."""
    found = np.flatnonzero(frame.codes == enterprise_code)
    if not len(found):
        raise Refusal(
            "indicators.not_judged",
            f"{enterprise_code} 截至 {frame.as_of} 不在 {frame.place} 的分类对象里。",
            "核对统一社会信用代码；已注销、迁出的主体不分类（规则 cohort.states、cohort.kinds）。",
            status=404,
        )
    lines = tuple(_lines(frame, int(found[0])))
    return Sheet(enterprise_code, frame.as_of, frame.place, frame.data_hash, lines)


def _lines(frame: FeatureFrame, position: int) -> list[IndicatorLine]:
    evidence, book, lines = Evidence(frame), load_rules(), []
    for indicator, value in zip(CATALOGUE, frame.matrix[position].tolist(), strict=True):
        months = window_of(indicator, book, frame.place, frame.as_of)
        records, latest = evidence.records(indicator.key, position)
        table = indicator.source if indicator.key in frame.picked else "enterprise"
        lines.append(
            IndicatorLine(
                indicator.key, indicator.name, indicator.english, FAMILIES[indicator.family], indicator.group,
                indicator.direction, None if np.isnan(value) else value, phrase(indicator, value, months), months,
                validity_of(indicator), RECORDED_IN.get(table, table), len(frame.view.rows(indicator.source).row) > 0
                if indicator.source != "enterprise" else True, tuple(records), latest,
            )
        )  # fmt: skip
    return lines
