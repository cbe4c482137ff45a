"""Monitoring: every figure against an independent count, thresholds at their edges, and nothing from later days."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta, binomtest
from sqlalchemy import Engine, select, text

from registry.database import Database
from registry.errors import Refusal
from registry.postgres import EmbeddedServer
from registry.rules import load_rules
from registry.tables import Grade, ModelRun, MonitorReport
from risk import source_words
from risk.adoption import adopt
from risk.archive import COLUMNS, load_archive
from risk.audit import ownership, sizes
from risk.findings import Thresholds, find, status_of
from risk.grade import grade
from risk.graded import newest_grading, read_graded
from risk.indicators.frame import feature_frame
from risk.model_file import load_model
from risk.monitor import monitor
from risk.movement import movement, without_news
from risk.outcomes import exact_interval, read_outcome
from risk.previous import read_previous
from risk.release import ReleaseReport, release
from risk.train import train
from risk.weights import contribution_shares, named_by_rules
from tests.conftest import make_database
from tests.risk.town import PLACE, enterprise, inspection, penalty, store, town

TRAINED, FIRST, LAST = date(2025, 5, 1), date(2025, 6, 1), date(2026, 5, 1)
LIMITS = Thresholds(load_rules(), PLACE, LAST)


@pytest.fixture(scope="module")
def year(server: EmbeddedServer, template: str) -> Iterator[tuple[Database, list[ReleaseReport]]]:
    """Trained in May 2025; graded, monitored and released a month later and, once more, in May 2026."""
    with make_database(server, template) as database:
        store(database.owner(), town(600, seed=5))
        engine = database.engine_for("risk")
        adopt(engine, train(engine, TRAINED, PLACE).model_run_id, "甲", "乙", "测试期指标已核对", TRAINED)
        yield database, [release(engine, grade(engine, day, PLACE).snapshot_id) for day in (FIRST, LAST)]


@pytest.fixture(scope="module")
def figures(year: tuple[Database, list[ReleaseReport]]) -> dict[str, Any]:
    """Of the last monitoring."""
    return year[1][1].monitored.figures


def _engine(year: tuple[Database, list[ReleaseReport]]) -> Engine:
    return year[0].engine_for("risk")


def test_it_is_stored_as_it_was_found(
    year: tuple[Database, list[ReleaseReport]], figures: dict[str, Any]
) -> None:
    with _engine(year).connect() as connection:
        row = connection.execute(
            select(MonitorReport.__table__).where(MonitorReport.id == year[1][1].monitored.report_id)
        ).mappings().one()  # fmt: skip
    assert row["figures"] == figures
    assert row["findings"] == [finding.to_json() for finding in year[1][1].monitored.findings]
    assert row["blocks"] is (not year[1][1].released)


def test_a_first_grading_of_another_day_is_compared_with_the_training_day(
    year: tuple[Database, list[ReleaseReport]],
) -> None:
    """The cohort of the training day is made again from what was known then."""
    first = year[1][0]
    against = first.monitored.figures["against"]
    assert set(against) == {"training"}
    with _engine(year).connect() as connection:
        archive = load_archive(connection, TRAINED)
        book = load_rules()
        then = feature_frame(archive, TRAINED, book, PLACE)
        now = read_graded(connection, first.snapshot_id)
        model = load_model(connection.execute(select(ModelRun.model_file)).scalar_one())
    from risk.drift import drift

    assert against["training"]["enterprises"] == [len(then.codes), len(now.codes)]
    for key in ("pen_cnt_36", "age_months", "months_since_insp"):
        expected = drift(then[key], now.column(key)).psi
        assert against["training"]["indicators"][key]["psi"] == pytest.approx(expected, abs=1e-6)
    assert set(against["training"]["indicators"]) == set(model.names)


def test_movement_is_counted_and_quiet_means_without_news(
    year: tuple[Database, list[ReleaseReport]], figures: dict[str, Any]
) -> None:
    """The same enterprises without news as grading itself saw; the table adds up."""
    with _engine(year).connect() as connection:
        then, now = (read_graded(connection, report.snapshot_id) for report in year[1])
        previous = read_previous(connection, LAST, PLACE)
        frame = feature_frame(load_archive(connection, LAST), LAST, load_rules(), PLACE)
    both = np.isin(now.codes, then.codes)
    assert (~without_news(then, now) == previous.news(frame)[both]).all()
    moved = movement(then, now)
    assert moved == figures["movement"]
    was = dict(zip(then.codes, then.grades["credit_risk_class"], strict=True))
    is_now = dict(zip(now.codes, now.grades["credit_risk_class"], strict=True))
    shared = was.keys() & is_now.keys()
    assert moved["compared"] == len(shared) == sum(row[2] for row in moved["table"])
    assert moved["changed"] == sum(was[c] != is_now[c] for c in shared)
    assert moved["changed"] == sum(row[2] for row in moved["table"] if row[0] != row[1])
    assert moved["quiet"] == sum(row[3] for row in moved["table"])
    assert 0 < moved["quiet"] < moved["compared"]


def test_calibration_states_what_was_stated_and_counts_what_was_found(
    year: tuple[Database, list[ReleaseReport]], figures: dict[str, Any]
) -> None:
    """By hand: visits in the half-year after the first grading, problems by visit, penalty or listing."""
    outcome = figures["outcome"]
    assert (outcome["graded"], outcome["until"], outcome["complete"]) == (str(FIRST), "2025-12-01", True)
    counted = """
        WITH visited AS (
          SELECT enterprise_code, bool_or(problem) AS found FROM inspection_result
          WHERE inspdate > '2025-06-01' AND inspdate <= '2025-12-01' AND problem IS NOT NULL GROUP BY enterprise_code),
        fined AS (SELECT DISTINCT enterprise_code FROM penalty WHERE cf_jdrq > '2025-06-01' AND cf_jdrq <= '2025-12-01')
        SELECT g.model_class AS class, count(*) AS visits, avg(g.probability) AS stated,
          count(*) FILTER (WHERE v.found OR g.enterprise_code IN (SELECT enterprise_code FROM fined)) AS problems
        FROM grade g JOIN visited v USING (enterprise_code) WHERE g.snapshot_id = :snapshot GROUP BY g.model_class"""
    with _engine(year).connect() as connection:
        rows = connection.execute(text(counted), {"snapshot": year[1][0].snapshot_id}).mappings().all()
    by_hand = {row["class"]: row for row in rows}
    assert sum(row["visits"] for row in by_hand.values()) > 30
    for row in outcome["classes"]:
        expected = by_hand.get(row["class"])
        assert row["visits"] == (expected["visits"] if expected else 0)
        if expected:
            assert row["problems"] == expected["problems"]
            assert row["stated"] == pytest.approx(expected["stated"], abs=1e-6)
            p = beta.cdf(expected["stated"], row["problems"] + 0.5, row["visits"] - row["problems"] + 0.5)
            assert row["p_worse"] == pytest.approx(p, abs=1e-5)


def test_find_rates_are_of_lotteries_alone_by_the_class_in_force(
    year: tuple[Database, list[ReleaseReport]], figures: dict[str, Any]
) -> None:
    counted = """
        SELECT g.credit_risk_class AS class, count(*) AS visits, count(*) FILTER (WHERE i.problem) AS problems
        FROM inspection_result i JOIN grade g ON g.enterprise_code = i.enterprise_code AND g.snapshot_id = :snapshot
        WHERE i.draw_type = '不定向' AND i.problem IS NOT NULL AND i.inspdate > '2025-06-01' AND i.inspdate <= '2026-05-01'
          AND i.known_at < '2026-05-02' GROUP BY 1"""
    with _engine(year).connect() as connection:
        rows = connection.execute(text(counted), {"snapshot": year[1][0].snapshot_id}).mappings().all()
    by_hand = {row["class"]: (row["visits"], row["problems"]) for row in rows}
    finds = figures["finds"]
    assert finds["since"] == "2025-05-01"
    assert finds["unclassed"] > 0, "visits of May 2025 came before the first grading"
    assert {
        row["class"]: (row["visits"], row["problems"]) for row in finds["classes"] if row["visits"]
    } == by_hand
    for row in finds["classes"]:
        assert row["interval"] == pytest.approx(exact_interval(row["problems"], row["visits"]), abs=1e-6)


@pytest.mark.parametrize(("found", "visits"), [(0, 1), (1, 1), (0, 30), (3, 30), (30, 30), (17, 400)])
def test_the_exact_interval_is_clopper_and_pearsons(found: int, visits: int) -> None:
    told = binomtest(found, visits).proportion_ci(0.95, method="exact")
    assert exact_interval(found, visits) == pytest.approx((told.low, told.high))
    assert exact_interval(0, 0) == (0.0, 1.0)


def test_sources_are_counted_then_and_now(
    year: tuple[Database, list[ReleaseReport]], figures: dict[str, Any]
) -> None:
    entry = next(each for each in figures["sources"] if each["table"] == "abnormal_listing")
    counted = """
        SELECT count(*), avg((remdate IS NULL)::int) FROM (
          SELECT DISTINCT ON (natural_key) * FROM abnormal_listing WHERE known_at < :day
          ORDER BY natural_key, known_at DESC, id DESC) v WHERE NOT retracted"""
    learned = "SELECT count(*) FROM abnormal_listing WHERE known_at >= :since AND known_at < :until"
    with _engine(year).connect() as connection:
        for place, day in enumerate((FIRST, LAST)):
            rows, blank = connection.execute(text(counted), {"day": day + timedelta(days=1)}).one()
            assert entry["rows"][place] == rows
            assert entry["missing"]["remdate"][place] == pytest.approx(float(blank), abs=1e-6)
        after = {"since": FIRST + timedelta(days=1), "until": LAST + timedelta(days=1)}
        assert entry["learned"][1] == connection.execute(text(learned), after).scalar_one()
        before = {name: day - timedelta(days=365) for name, day in after.items()}
        assert entry["learned"][0] == connection.execute(text(learned), before).scalar_one()


def test_groups_hold_everybody_once_and_are_in_order_of_their_names(
    year: tuple[Database, list[ReleaseReport]], figures: dict[str, Any]
) -> None:
    with _engine(year).connect() as connection:
        outcome = read_outcome(connection, load_archive(connection, LAST), LAST, PLACE, load_rules())
    assert outcome is not None
    visited = int(outcome.visited.sum())
    for groups in figures["audit"].values():
        assert sum(group["enterprises"] for group in groups) == figures["enterprises"]
        assert sum(group["visits"] for group in groups) == visited
        for group in groups:
            assert sum(group["classes"].values()) == group["enterprises"]
            worse = group["classes"]["C"] + group["classes"]["D"]
            assert group["worse"] == pytest.approx(
                [worse / group["enterprises"], *exact_interval(worse, group["enterprises"])], abs=1e-6
            )
    assert [group["group"] for group in figures["audit"]["district"]] == [
        "990101",
        "990102",
        "990103",
        "990104",
    ]


def test_weights_are_shares_of_mean_absolute_contributions(
    year: tuple[Database, list[ReleaseReport]],
) -> None:
    with _engine(year).connect() as connection:
        graded = read_graded(connection, year[1][0].snapshot_id)
        model = load_model(connection.execute(select(ModelRun.model_file)).scalar_one())
    shares = contribution_shares(model, graded.in_order_of(model.names))
    assert shares.sum() == pytest.approx(1)
    assert (shares >= 0).all()
    parts = np.abs(model.learner.contributions(graded.in_order_of(model.names))[:, :-1]).mean(axis=0)
    assert shares == pytest.approx(parts / parts.sum())
    assert {"abn_in_now", "pen_suspension_cnt"} <= named_by_rules(
        load_rules().in_force("grade.hard_rule.", PLACE, LAST)
    )


def test_facts_known_later_change_no_past_report(
    server: EmbeddedServer, year: tuple[Database, list[ReleaseReport]], figures: dict[str, Any]
) -> None:
    """The report of May made again after a flood of facts known in June: the same figures to the last digit."""
    year[0].close()
    with make_database(server, year[0].owner().url.database or "") as database:
        year[0].close()
        with database.owner().connect() as connection:
            codes = connection.execute(select(Grade.enterprise_code).distinct()).scalars().all()
        later = LAST + timedelta(days=30)
        flood = {
            "penalty": [penalty(code, LAST - timedelta(days=40), later, "late") for code in codes],
            "inspection_result": [
                inspection(c, LAST - timedelta(days=40), True, later, "late") for c in codes
            ],
            "enterprise": [enterprise(code, later, empnum=900, domdistrict="990109") for code in codes],
        }
        store(database.owner(), flood)
        again = monitor(database.engine_for("risk"), year[1][1].snapshot_id)
    assert again.figures == figures


def test_no_grading_is_a_refusal(year: tuple[Database, list[ReleaseReport]]) -> None:
    with pytest.raises(Refusal) as refusal:
        monitor(_engine(year), 10**9)
    assert refusal.value.code == "monitor.no_grading"
    with _engine(year).connect() as connection, pytest.raises(Refusal):
        newest_grading(connection, PLACE, TRAINED)


@pytest.mark.parametrize(
    ("code", "words", "group"),
    [
        ("1130", "", "私营及其他内资"), ("1140", "有限责任公司(国有控股)", "国有（国有独资、控股，全民）"),
        ("1213", "", "国有（国有独资、控股，全民）"), ("1121", "", "外商投资"), ("5110", "", "外商投资"), ("6150", "", "港澳台投资"),
        ("3200", "", "集体与股份合作"), ("9500", "", "个体工商户"), ("9100", "", "农民专业合作社"), ("", "1130", "私营及其他内资"),
        ("", "有限责任公司(国有独资)", "国有（国有独资、控股，全民）"), ("", "台港澳法人独资", "港澳台投资"), ("", "个体", "个体工商户"),
        ("", "", "不详"), ("", "旧类型", "不详"),
    ],
)  # fmt: skip
def test_ownership_goes_by_the_types_code_and_else_by_its_words(code: str, words: str, group: str) -> None:
    kinds = load_rules().value("monitor.audit.ownership", PLACE, LAST)
    assert ownership(code, words, kinds) == group


def test_sizes_go_by_staff_with_the_scaled_and_the_unknown_apart() -> None:
    staff = pd.Series([0, 9, 10, 99, 100, 300, np.nan, 5.0])
    found = sizes(np.array([False] * 7 + [True]), staff, [10, 100, 300])
    assert found.tolist() == [
        "从业 0–9 人", "从业 0–9 人", "从业 10–99 人", "从业 10–99 人", "从业 100–299 人", "从业 300 人及以上", "从业人数不详",
        "规上企业",
    ]  # fmt: skip


def _plain(**changes: Any) -> dict[str, Any]:
    """Figures in which nothing has moved."""
    entry = {"psi": 0.0, "shift": 0.0}
    compared = {
        "as_of": "2026-04-01", "enterprises": [1000, 1000], "score": dict(entry),
        "indicators": {key: dict(entry) for key in ("pen_cnt_36", "abn_in_now", "age_months", "industry_problem_rate")},
    }  # fmt: skip
    usual = {
        "against": {"previous": compared}, "weights": {"pen_cnt_36": 0.2, "industry_problem_rate": 0.2, "age_months": 0.001},
        "ruled": ["abn_in_now"], "outcome": {}, "audit": {}, "sources": [],
        "movement": {"compared": 1000, "changed": 0, "quiet": 900, "quiet_changed": 0},
    }  # fmt: skip
    return usual | changes


def _found(figures: dict[str, Any]) -> list[tuple[str, str, bool]]:
    return [(one.code, one.level, one.blocks) for one in find(figures, LIMITS)]


@pytest.mark.parametrize(
    ("key", "psi", "shift", "expected"),
    [
        ("pen_cnt_36", 0.10, 0.0, []),
        ("pen_cnt_36", 0.101, 0.0, [("psi.indicator", "amber", False)]),
        ("pen_cnt_36", 0.25, 0.0, [("psi.indicator", "amber", False)]),
        ("pen_cnt_36", 0.251, 0.0, [("psi.indicator", "red", True)]),
        ("abn_in_now", 0.3, 0.0, [("psi.indicator", "red", True)]),
        ("age_months", 0.9, 2.0, [("psi.indicator", "amber", False)]),
        ("industry_problem_rate", 1.5, 0.2, []),
        ("industry_problem_rate", 1.5, -0.6, [("psi.indicator", "red", True)]),
        ("industry_problem_rate", 1.5, None, [("psi.indicator", "red", True)]),
    ],
)
def test_an_index_blocks_above_the_red_line_where_it_carries_weight(
    key: str, psi: float, shift: float | None, expected: list[Any]
) -> None:
    figures = _plain()
    figures["against"]["previous"]["indicators"][key] = {"psi": psi, "shift": shift}
    assert _found(figures) == expected
    figures["against"]["previous"]["enterprises"] = [1000, 199]
    assert _found(figures) == [], "too few to mean anything"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"movement": {"compared": 1000, "changed": 100, "quiet": 900, "quiet_changed": 18}}, []),
        ({"movement": {"compared": 1000, "changed": 101, "quiet": 900, "quiet_changed": 19}},
         [("movement.changed", "amber", False), ("movement.churn", "amber", False)]),
        ({"movement": {"compared": 1000, "changed": 251, "quiet": 900, "quiet_changed": 91}},
         [("movement.changed", "red", True), ("movement.churn", "red", True)]),
        ({"sources": [{"table": "penalty", "rows": [1000, 950], "missing": {}, "learned": [20, 4]}]}, []),
        ({"sources": [{"table": "penalty", "rows": [1000, 949], "missing": {}, "learned": [20, 3]}]},
         [("source.rows_lost", "amber", False), ("source.silent", "amber", False)]),
        ({"sources": [{"table": "penalty", "rows": [1000, 0], "missing": {}, "learned": None}]},
         [("source.rows_lost", "red", True)]),
        ({"sources": [{"table": "complaint", "rows": [1000, 1200], "missing": {}, "learned": None}]}, []),
        ({"sources": [{"table": "complaint", "rows": [1000, 1201], "missing": {}, "learned": None}]},
         [("source.rows_grown", "amber", False)]),
        ({"sources": [{"table": "complaint", "rows": [1000, 2000], "missing": {}, "learned": None}]},
         [("source.rows_grown", "red", True)]),
        ({"sources": [{"table": "penalty", "rows": [99, 0], "missing": {}, "learned": None}]}, []),
        ({"sources": [{"table": "penalty", "rows": [1000, 1000], "missing": {"cf_nr_fk": [0.1, 0.31], "remdate": [0, 1]},
                       "learned": None}]}, [("source.missing", "red", True)]),
        ({"sources": [{"table": "penalty", "rows": [None, 1000], "missing": {"cf_nr_fk": [None, 0.9]}, "learned": None}]}, []),
    ],
)  # fmt: skip
def test_thresholds_at_their_edges(changes: dict[str, Any], expected: list[Any]) -> None:
    assert _found(_plain(**changes)) == expected


def test_a_score_that_moved_blocks_and_comes_first() -> None:
    figures = _plain()
    figures["against"]["previous"]["score"]["psi"] = 0.26
    figures["against"]["previous"]["indicators"]["pen_cnt_36"]["psi"] = 0.2
    findings = find(figures, LIMITS)
    assert [(one.code, one.blocks) for one in findings] == [("psi.score", True), ("psi.indicator", False)]
    assert status_of(findings) == "red"
    assert status_of(findings[1:]) == "amber"
    assert status_of([]) == "green"


@pytest.mark.parametrize(("p", "complete", "expected"), [
    (0.05, True, []), (0.049, True, [("calibration", "amber", False)]), (0.0009, True, [("calibration", "red", True)]),
    (0.0009, False, [("calibration", "amber", False)]), (None, True, []),
])  # fmt: skip
def test_a_class_worse_than_stated_blocks_only_with_certainty_and_a_whole_horizon(
    p: float | None, complete: bool, expected: list[Any]
) -> None:
    row = {"class": "A", "visits": 100, "problems": 20, "stated": 0.1, "p_worse": p}
    assert _found(_plain(outcome={"complete": complete, "classes": [row]})) == expected


def test_a_group_judged_otherwise_than_visits_find_is_named_and_blocks_nothing() -> None:
    group = {
        "group": "990101",
        "visits": 100,
        "problems": 40,
        "rate": [0.4, 0.3, 0.5],
        "stated": 0.1,
        "p": 1e-6,
    }
    (finding,) = find(_plain(audit={"district": [group, group | {"p": 0.01}, group | {"p": None}]}), LIMITS)
    assert (finding.code, finding.level, finding.blocks) == ("audit.district", "amber", False)
    assert "区县“990101”检查 100 次" in finding.sentence


def test_the_same_model_on_the_same_facts_moves_nothing(year: tuple[Database, list[ReleaseReport]]) -> None:
    """Graded a second time on the same day: compared with the same earlier one, with the same findings."""
    engine = _engine(year)
    again = release(engine, grade(engine, LAST, PLACE).snapshot_id)
    assert again.monitored.figures["against"] == year[1][1].monitored.figures["against"]


def test_every_table_and_column_that_grading_reads_has_a_word() -> None:
    """Officers read the report; a column's own name says nothing to them."""
    assert {table.__tablename__ for table in COLUMNS} <= source_words.TABLES.keys()
    assert {name for columns in COLUMNS.values() for name in columns} <= source_words.COLUMNS.keys()
