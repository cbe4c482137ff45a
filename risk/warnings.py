"""Early warnings (风险提示): facts about an enterprise for itself, with basis, deadline and way out. Never a class."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql import insert

from registry import clock
from registry.rules import Rulebook, load_rules
from registry.tables import Warning
from registry.vocabulary import ABNORMAL_CAUSES, IN_BUSINESS
from risk.archive import EPOCH, load_archive
from risk.indicators.dynamic import expired_permits, last_due_year, missing_years
from risk.indicators.supervision import listed_now
from risk.indicators.view import View

INDIVIDUAL = "3"
BATCH = 2_000


def propose_warnings(engine: Engine, as_of: date, place: str) -> int:
    """Propose the warnings of a day; returns how many are new. A second run of the same day adds none."""
    book = load_rules()
    with engine.connect() as connection:
        view = View(load_archive(connection, as_of), as_of, book, place, as_of)
    rows = [row for rule in (_annual_reports, _permits, _listings) for row in rule(view, book)]
    usual = {"as_of": as_of, "place": place, "made_at": clock.now()}
    made = 0
    with engine.begin() as connection:
        for start in range(0, len(rows), BATCH):
            batch = [usual | row for row in rows[start : start + BATCH]]
            added = connection.execute(
                insert(Warning).values(batch).on_conflict_do_nothing().returning(Warning.id)
            )
            made += len(added.all())
    return made


def _active(view: View) -> Any:
    """Who can still act on a warning: in business (IN_BUSINESS)."""
    return view.enterprise["regstate"].isin(IN_BUSINESS).to_numpy(bool)


def _warning(
    view: View, position: int, kind: str, source: str, source_id: int | None, **text: Any
) -> dict[str, Any]:
    code = view.codes[position]
    return {"enterprise_code": code, "kind": kind, "source_table": source, "source_id": source_id, **text}


def _annual_reports(view: View, book: Rulebook) -> Iterator[dict[str, Any]]:
    """Years due and not filed; and, close to the deadline, the year about to fall due."""
    rule = book.rule("warning.annual_report", view.place, view.as_of)
    way_out = book.value("warning.annual_report.way_out", view.place, view.as_of)
    active, due = _active(view), view.setting("annual_report.deadline")
    coming = last_due_year(view) + 1
    deadline = date(coming + 1, due["month"], due["day"])
    near = view.as_of >= max(date(coming + 1, 1, 1), deadline - timedelta(days=rule.value["lead_days"]))
    reports = view.rows("annual_report")
    filed = reports.count(reports["report_year"] == coming) > 0
    not_yet_due = view.enterprise["estdate"].to_numpy(float) >= (date(coming + 1, 1, 1) - EPOCH).days
    for position, years in enumerate(missing_years(view)):
        if not active[position]:
            continue
        if years:
            said = "、".join(str(year) for year in years)
            yield _warning(
                view, position, "annual_report", "annual_report", years[-1],
                title="年度报告逾期未报送", basis=rule.basis, deadline=None, way_out=way_out,
                sentence=f"截至{_day(view.as_of)}，尚未查到你单位报送的{said}年度年度报告，报送期限已过。",
            )  # fmt: skip
        if len(reports.row) and near and not filed[position] and not not_yet_due[position]:
            yield _warning(
                view, position, "annual_report", "annual_report", coming,
                title="年度报告报送提醒", basis=rule.basis, deadline=deadline, way_out=way_out,
                sentence=f"你单位{coming}年度年度报告尚未报送，请在{_day(deadline)}前报送并公示。",
            )  # fmt: skip


def _permits(view: View, book: Rulebook) -> Iterator[dict[str, Any]]:
    """Permits about to expire, and expired ones that nothing has replaced."""
    rule = book.rule("warning.permit_expiry", view.place, view.as_of)
    ways = book.value("warning.permit_expiry.way_out", view.place, view.as_of)
    permits, active = view.rows("permit"), _active(view)
    ends, valid = permits["xk_yxqzi"], permits["xk_zt"] == "1"
    soon = valid & (ends >= view.today) & (ends <= view.today + rule.value["lead_days"])
    late = expired_permits(view) & (ends >= view.today - rule.value["look_back_days"])
    for index in np.flatnonzero(soon | late):
        position = int(permits.row[index])
        if not active[position]:
            continue
        end = EPOCH + timedelta(days=int(ends[index]))
        name = _permit_name(permits.frame.iloc[index])
        if late[index]:
            text = {"title": "许可已过有效期", "deadline": None, "way_out": ways["expired"],
                    "sentence": f"你单位的{name}有效期至{_day(end)}，已经届满，尚未查到延续或者新办的记录。"}  # fmt: skip
        else:
            apply_by = end - timedelta(days=rule.value["renewal_days"])
            text = {"title": "许可即将到期", "deadline": apply_by, "way_out": ways["expiring"],
                    "sentence": f"你单位的{name}有效期至{_day(end)}，需要延续的，应在{_day(apply_by)}前提出申请。"}  # fmt: skip
        source = int(permits["id"][index])
        yield _warning(view, position, "permit_expiry", "permit", source, basis=rule.basis, **text)


def _permit_name(row: pd.Series) -> str:
    return f"《{row['xk_xkzs']}》" if row["xk_xkzs"] else "许可"


def _listings(view: View, book: Rulebook) -> Iterator[dict[str, Any]]:
    """Current entries on the abnormal list (for individual businesses: the mark), with the way out of each cause."""
    listed = book.rule("warning.abnormal_listing.way_out", view.place, view.as_of)
    marked = book.rule("warning.abnormal_mark.way_out", view.place, view.as_of)
    listings, active = view.rows("abnormal_listing"), _active(view)
    kinds = view.enterprise["entkind"].to_numpy(dtype=object)
    for index in np.flatnonzero(listed_now(listings)):
        position = int(listings.row[index])
        if not active[position]:
            continue
        individual = kinds[position] == INDIVIDUAL
        rule = marked if individual else listed
        cause = str(listings["specause"][index])
        day = EPOCH + timedelta(days=int(listings["abntime"][index]))
        why = ABNORMAL_CAUSES.get(cause, "登记机关认定的其他原因")
        state = "被标记为经营异常状态" if individual else "被列入经营异常名录"
        yield _warning(
            view, position, "abnormal_listing", "abnormal_listing", int(listings["id"][index]),
            title=f"已{state}", basis=rule.basis, deadline=None,
            sentence=f"你单位于{_day(day)}{state}，原因：{why}。",
            way_out=rule.value.get(cause, "请向登记机关咨询移出（恢复）的条件和材料。"),
        )  # fmt: skip


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
