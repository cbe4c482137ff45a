"""Warnings: three kinds, plain words, a basis and a way out; never a class; once a day."""

import re
from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, select

from registry.tables import Warning
from risk.warnings import propose_warnings
from tests.risk.town import PLACE, enterprise, listing, permit, report, store

AS_OF = date(2026, 6, 1)
FORBIDDEN = re.compile(
    r"信用风险|风险等级|风险分类|评分|得分|分值|概率|[ABCD]\s*[级类]|等级|pen_|insp_|abn_|score|class", re.I
)


@pytest.fixture
def warned(engine: Engine) -> Engine:
    """A shop with an expiring permit and no report for 2023, a listed trader, a deregistered one, a model one."""
    reports = [report("A1", year, date(year + 1, 3, 1)) for year in (2022, 2024)]
    reports += [report("A4", year, date(year + 1, 3, 1)) for year in (2022, 2023, 2024, 2025)]
    reports += [report("A2", year, date(year + 1, 3, 1)) for year in (2022, 2023, 2024, 2025)]
    store(engine, {
        "enterprise": [enterprise("A1"), enterprise("A2", entkind="3"), enterprise("A3", regstate="注销"), enterprise("A4")],
        "annual_report": reports,
        "permit": [permit("A1", date(2021, 7, 1), date(2026, 7, 15), "1"),
                   permit("A2", date(2021, 5, 1), date(2026, 5, 1), "2"),
                   permit("A3", date(2021, 7, 1), date(2026, 7, 15), "3"),
                   permit("A4", date(2021, 7, 1), None, "4")],
        "abnormal_listing": [listing("A2", date(2026, 1, 5), specause="4"), listing("A3", date(2025, 7, 5))],
    })  # fmt: skip
    assert propose_warnings(engine, AS_OF, PLACE) == 5
    return engine


def _of(engine: Engine, code: str) -> dict[str, list[Warning]]:
    found: dict[str, list[Warning]] = {}
    with engine.connect() as connection:
        for row in connection.execute(select(*Warning.__table__.c).where(Warning.enterprise_code == code)):
            found.setdefault(row.kind, []).append(row)  # type: ignore[arg-type]
    return found


def test_missing_and_coming_annual_reports(warned: Engine) -> None:
    """2023 is overdue; 2025 falls due on 30 June."""
    overdue, coming = sorted(_of(warned, "A1")["annual_report"], key=lambda w: w.deadline or date.min)
    assert "2023年度" in overdue.sentence
    assert overdue.deadline is None
    assert coming.deadline == date(2026, 6, 30)
    assert "2025年度" in coming.sentence


def test_permits_before_and_after_their_last_day(warned: Engine) -> None:
    """Apply 30 days before (行政许可法 Art. 50); past it, apply anew."""
    soon, late = _of(warned, "A1")["permit_expiry"][0], _of(warned, "A2")["permit_expiry"][0]
    assert soon.deadline == date(2026, 6, 15)
    assert "2026年7月15日" in soon.sentence
    assert "第五十条" in soon.basis
    assert "已经届满" in late.sentence


def test_a_listing_says_why_and_how_to_leave(warned: Engine) -> None:
    """An individual business is marked, not listed, and returns to normal record."""
    found = _of(warned, "A2")["abnormal_listing"][0]
    assert "标记为经营异常状态" in found.sentence
    assert "无法联系" in found.sentence
    assert "恢复正常记载状态" in found.way_out


def test_who_needs_no_warning_gets_none(warned: Engine) -> None:
    """Deregistered, or all in order."""
    assert _of(warned, "A3") == {}
    assert _of(warned, "A4") == {}


def test_no_warning_says_anything_of_a_class(warned: Engine) -> None:
    """No class, score, grade or indicator name in any text the enterprise sees."""
    with warned.connect() as connection:
        rows = connection.execute(
            select(Warning.title, Warning.sentence, Warning.way_out, Warning.basis)
        ).all()
    for row in rows:
        assert all(row), "title, sentence, way out and basis are all there"
        assert not FORBIDDEN.search(" ".join(row[:3])), row


def test_a_second_run_adds_nothing_and_a_later_day_does(warned: Engine) -> None:
    """Idempotent for the day; after the deadline the coming year is overdue too."""
    assert propose_warnings(warned, AS_OF, PLACE) == 0
    assert propose_warnings(warned, AS_OF + timedelta(days=31), PLACE) > 0
    last = [w for w in _of(warned, "A1")["annual_report"] if w.as_of > AS_OF]
    assert [w.deadline for w in last] == [None]
    assert "2023、2025年度" in last[0].sentence
