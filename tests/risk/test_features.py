"""Indicators: point in time to the last bit, windows, repair, and values counted by hand."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from registry.database import Database
from registry.rules import Rulebook
from risk.archive import load_archive
from risk.indicators import CATALOGUE, FeatureFrame, feature_frame, features
from risk.indicators.catalogue import BY_KEY
from risk.indicators.view import days_before
from tests.risk.conftest import AS_OF
from tests.risk.town import PLACE, complaint, enterprise, inspection, listing, penalty, permit, report, store

CODE = "A0000001"
LATER = AS_OF + timedelta(days=1)


def _frame(engine: Engine, day: date = AS_OF) -> FeatureFrame:
    with engine.connect() as connection:
        return features(connection, day, PLACE)


def _values(engine: Engine, day: date = AS_OF, code: str = CODE) -> dict[str, float]:
    frame = _frame(engine, day)
    return dict(zip(frame.names, frame.matrix[list(frame.codes).index(code)], strict=True))


def _store(engine: Engine, **tables: list[dict[str, Any]]) -> None:
    store(engine, {"enterprise": [enterprise(CODE)], **tables})


def test_nothing_known_later_changes_a_bit(town_database: Database, book: Rulebook) -> None:
    """C-42: facts of every kind known after as_of, about everybody, some back-dated, some correcting old ones."""
    engine = town_database.owner()
    before = _frame(engine)
    codes = [str(code) for code in before.codes]
    old = AS_OF - timedelta(days=90)
    rows: dict[str, list[dict[str, Any]]] = {
        "enterprise": [enterprise(code, LATER, regstate="注销", regcap=9e5) for code in codes[:50]]
        + [enterprise(f"0NEW{n}", LATER) for n in range(30)],
        "penalty": [penalty(c, old, LATER, number="late", cf_cflb="吊销许可证") for c in codes]
        + [{**penalty(c, old, LATER, number="1"), "retracted": True} for c in codes],
        "inspection_result": [inspection(c, old, True, LATER, number="late") for c in codes],
        "abnormal_listing": [listing(c, old, None, LATER) for c in codes],
        "annual_report": [report(c, 2025, LATER) for c in codes],
        "permit": [
            {**permit(c, old, None, "late"), "known_at": penalty(c, old, LATER)["known_at"]} for c in codes
        ],
        "complaint": [complaint(c, AS_OF - timedelta(days=20), "late", True) for c in codes],
    }
    store(engine, rows)
    after = _frame(engine)
    assert after.data_hash == before.data_hash
    assert after.matrix.tobytes() == before.matrix.tobytes()
    with engine.connect() as connection:
        archive = load_archive(connection, AS_OF + timedelta(days=300))
    assert feature_frame(archive, AS_OF, book, PLACE).matrix.tobytes() == before.matrix.tobytes()
    assert feature_frame(archive, AS_OF + timedelta(days=60), book, PLACE).data_hash != before.data_hash


def test_who_inspected_is_no_feature(town_database: Database) -> None:
    """Permuting the inspectors of every visit leaves every feature, and so every score, as it was."""
    engine = town_database.owner()
    before = _frame(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE inspection_result SET inspectors = ARRAY['S' || mod(id * 7919, 41)]"
        )
    assert _frame(engine).data_hash == before.data_hash


def test_directed_indicators_are_always_known(town_database: Database) -> None:
    """A monotone constraint says nothing about the step from unknown to known, so there is none."""
    frame = _frame(town_database.owner())
    for name in frame.names:
        indicator = BY_KEY[name]
        if not indicator.may_be_unknown:
            assert not np.isnan(frame[name]).any(), name
        assert not (indicator.may_be_unknown and indicator.direction > 0), name


def test_penalties_are_counted_in_their_windows(engine: Engine) -> None:
    """Two in 12 months of the same kind, one older in 36, one beyond; amounts are summed inside the window."""
    days = (30, 300, 900, 1300)
    _store(engine, penalty=[penalty(CODE, AS_OF - timedelta(days=d), number=str(d)) for d in days])
    found = _values(engine)
    assert (found["pen_cnt_12"], found["pen_cnt_36"]) == (2, 3)
    assert found["pen_same_type_repeat"] == 1
    assert found["pen_recency_days"] == 30
    assert found["pen_amount_log"] == pytest.approx(np.log1p(1.5))


def test_the_window_closes_to_the_day(engine: Engine) -> None:
    """A penalty of 1 June 2023 counts through 31 May 2026 and not on 1 June 2026 (36 months)."""
    _store(engine, penalty=[penalty(CODE, date(2023, 6, 1))])
    assert _values(engine, date(2026, 5, 31))["pen_cnt_36"] == 1
    assert _values(engine, date(2026, 6, 1))["pen_cnt_36"] == 0


def test_a_repaired_penalty_drops_out_everywhere(engine: Engine) -> None:
    """From the repair's day, once it is known, every indicator is as if the penalty had never been."""
    day = AS_OF - timedelta(days=300)
    first = penalty(CODE, day, cf_cflb="责令停产停业")
    repair = {
        **first,
        "repaired_on": AS_OF - timedelta(days=10),
        "known_at": first["known_at"] + timedelta(days=292),
    }
    clean = enterprise("B0000002", lerep=None)
    _store(engine, penalty=[first, repair])
    store(engine, {"enterprise": [clean]})
    assert _values(engine, AS_OF - timedelta(days=4))["pen_suspension_cnt"] == 1, (
        "repaired, but not yet known to be"
    )
    known = repair["known_at"].date()
    mine, other = _values(engine, known), _values(engine, known, "B0000002")
    assert {k: v for k, v in mine.items() if not (np.isnan(v) and np.isnan(other[k]))} == {
        k: v for k, v in other.items() if not np.isnan(v)
    }


def test_listings_now_and_in_the_past(engine: Engine) -> None:
    """In the list until the removal is both effective and known; days are summed."""
    start, end = AS_OF - timedelta(days=400), AS_OF - timedelta(days=100)
    _store(
        engine,
        abnormal_listing=[listing(CODE, start, specause="4"), listing(CODE, start, end, end, specause="4")],
    )
    inside, outside = _values(engine, end - timedelta(days=1)), _values(engine)
    assert (inside["abn_in_now"], inside["abn_days_total"]) == (1, 299)
    assert (outside["abn_in_now"], outside["abn_days_total"], outside["abn_cnt"]) == (0, 300, 1)
    assert outside["abn_cause_unreachable"] == 1


def test_annual_reports_missing_late_and_not_yet_due(engine: Engine) -> None:
    """2022 is missing, 2024 came 10 days late; 2025 is due only after 30 June 2026."""
    _store(engine, annual_report=[report(CODE, 2021, date(2022, 3, 1)), report(CODE, 2023, date(2024, 3, 1)),
                                  report(CODE, 2024, date(2025, 7, 10), amended=2)])  # fmt: skip
    found = _values(engine)
    assert (found["ar_missing_cnt"], found["ar_late_days"], found["ar_amend_cnt"]) == (1, 10, 2)
    assert _values(engine, date(2026, 6, 30))["ar_missing_cnt"] == 1
    assert _values(engine, date(2026, 7, 1))["ar_missing_cnt"] == 2


def test_inspections_and_their_scores(engine: Engine) -> None:
    """The last conclusive check counts; one that says nothing (注销 …) does not; scores where a source gives them."""
    checks = [
        inspection(CODE, AS_OF - timedelta(days=700), True, number="1", measure=71.0),
        inspection(CODE, AS_OF - timedelta(days=300), False, number="2", measure=95.0),
        inspection(CODE, AS_OF - timedelta(days=50), None, number="3", result_code="S05"),
    ]
    _store(engine, inspection_result=checks)
    found = _values(engine)
    assert (found["insp_cnt"], found["insp_problem_cnt"], found["insp_last_problem"]) == (2, 1, 0)
    assert (found["insp_last_measure"], found["insp_mean_measure"], found["insp_worst_measure"]) == (
        95,
        83,
        71,
    )
    assert (found["months_since_insp"], found["months_since_problem"]) == (9, 22)


def test_an_expired_permit_counts_unless_renewed(engine: Engine) -> None:
    """Another valid permit of the same certificate heals it; one of another kind does not."""
    old = permit(CODE, date(2021, 1, 1), AS_OF - timedelta(days=20), "1")
    other = permit(CODE, date(2021, 1, 1), None, "2", xk_xkzs="药品经营许可证")
    _store(engine, permit=[old, other])
    assert _values(engine)["lic_expired"] == 1
    store(engine, {"permit": [permit(CODE, AS_OF - timedelta(days=15), None, "3")]})
    assert _values(engine)["lic_expired"] == 0


def test_relations_leave_oneself_out(engine: Engine) -> None:
    """Three share a telephone; the punished one has clean neighbours, each clean one has one bad of two."""
    codes = ["A1", "A2", "A3"]
    store(engine, {"enterprise": [enterprise(c, tel_hash="t") for c in codes],
                   "penalty": [penalty("A1", AS_OF - timedelta(days=40))]})  # fmt: skip
    frame = _frame(engine)
    assert frame["phone_ent_cnt"].tolist() == [2, 2, 2]
    assert frame["phone_bad_share"].tolist() == [0, 0.5, 0.5]


def test_the_cohort_is_who_is_judged(engine: Engine) -> None:
    """Deregistered and moved away: not judged. Revoked but not deregistered: judged."""
    states = {"A1": "存续", "A2": "注销", "A3": "迁出", "A4": "吊销", "A5": "歇业"}
    store(engine, {"enterprise": [enterprise(code, regstate=state) for code, state in states.items()]})
    assert _frame(engine).codes.tolist() == ["A1", "A4", "A5"]


def test_every_indicator_is_described_once() -> None:
    """Key, Chinese and English name, family and group: none blank, none twice."""
    assert len({i.key for i in CATALOGUE}) == len(CATALOGUE) >= 60
    assert all(i.name and i.english and i.group and i.direction in (-1, 0, 1) for i in CATALOGUE)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 60), st.dates(date(2020, 1, 31), date(2030, 12, 31)))
def test_windows_of_months_end_on_a_real_day(months: int, day: date) -> None:
    """A longer window never begins later."""
    assert days_before(day, months + 1) < days_before(day, months) <= (day - date(1970, 1, 1)).days


def test_recent_scores_weigh_more_and_leave_with_the_window(engine: Engine, book: Rulebook) -> None:
    """By hand: weights by half-life, half a visit of the place's mean; the sixth year back counts no more."""
    days = (AS_OF - timedelta(days=30), AS_OF - timedelta(days=730), AS_OF - timedelta(days=2200))
    checks = [
        inspection(CODE, day, False, number=str(n), measure=score)
        for n, (day, score) in enumerate(zip(days, (90.0, 60.0, 10.0), strict=True))
    ]
    _store(engine, inspection_result=checks)
    weights = [0.5 ** (age / (24 * 365.25 / 12)) for age in (30, 730)]
    usual = (90 + 60) / 2
    expected = (weights[0] * 90 + weights[1] * 60 + 0.5 * usual) / (sum(weights) + 0.5)
    assert _values(engine)["insp_recent_measure"] == pytest.approx(expected)


def test_namesakes_count_and_one_s_own_results_never_do(engine: Engine) -> None:
    """Two branches and a stranger: the branch learns from the head office, and its own trouble changes nothing for it."""
    names = {
        CODE: "安和市惠民超市有限公司第3分店",
        "A2": "安和市惠民超市有限公司（东门）",
        "A3": "安和市独行商行",
    }
    recent = AS_OF - timedelta(days=60)
    store(engine, {
        "enterprise": [enterprise(code, entname=name) for code, name in names.items()],
        "inspection_result": [
            inspection("A2", recent, True, measure=50.0), inspection("A3", recent, False, measure=90.0),
        ],
    })  # fmt: skip
    before = _values(engine)
    assert before["brand_problem_rate"] == pytest.approx((1 + 20 * 1.5 / 12) / 21)
    assert before["brand_mean_measure"] == pytest.approx((50 + 5 * 70) / 6)
    assert _values(engine, code="A3")["brand_problem_rate"] == pytest.approx(1.5 / 11), (
        "everybody else's rate"
    )
    store(engine, {"inspection_result": [inspection(CODE, recent, True, measure=1.0)]})
    after = _values(engine)
    for key in ("brand_problem_rate", "brand_mean_measure"):
        assert after[key] == before[key]
    assert _values(engine, AS_OF + timedelta(days=1200))["brand_problem_rate"] != before["brand_problem_rate"]
