"""Quality by month, counted by hand (docs/quality.md works through the same figures), and what lies behind a figure."""

from collections.abc import Iterator
from datetime import date, datetime

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from ingestion.quality import Figures, rates, read_figures
from ingestion.quality_alerts import Alert, find_alerts, record_alerts, with_records
from ingestion.quality_rows import Drill, drill_rows
from registry.database import Database
from tests.ingestion.conftest import Ingest
from tests.ingestion.papers import good

EAST, WEST = "安和市河东区市场监督管理局", "安和市河西区市场监督管理局"
MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
DAY = date(2026, 4, 30)


def decision(number: str, office: str, decided: str, **changes: str) -> dict[str, str]:
    """A penalty without a time of its own: the receipt counts."""
    named = {"行政处罚决定书文号": number, "处罚机关": office, "处罚决定日期": decided, "数据更新时间": ""}
    return good("penalty", **named, **changes)


@pytest.fixture(scope="module")
def reported(one_town: Ingest) -> None:
    """Five files. 26 February 2026 is a Thursday; Saturday the 28th is a working day (调休)."""
    one_town("office", [good("office", 机构代码="990101", 机构名称=EAST, 层级="区", 上级机构代码="")])
    first = [decision("a1", EAST, "2026-02-26"), decision("a1", EAST, "2026-02-26")]
    first += [decision("a2", EAST, "2026-02-26", 违法事实=""), decision("b1", WEST, "2026-03-05")]
    second = [decision("a3", EAST, "2026-02-26"), decision("b1", WEST, "2026-03-05")]
    second += [decision("a1", EAST, "2026-02-26", 处罚内容="罚款五千元（更正）")]
    for rows, at in (
        (first, datetime(2026, 3, 6, 9)), (second, datetime(2026, 3, 9, 9)),
        ([decision("a2", EAST, "2026-02-26")], datetime(2026, 3, 11, 9)),
        ([decision("b2", WEST, "2026-03-16")], datetime(2026, 4, 1, 9)),
    ):  # fmt: skip
        one_town("penalty", rows, received_at=at)


@pytest.fixture
def connection(reported: None, one_database: Database) -> Iterator[Connection]:
    with one_database.engine_for("ingest").connect() as opened:
        yield opened


def test_the_figures_by_hand(connection: Connection) -> None:
    figures = read_figures(connection, DAY, "CN").only(dataset=["penalty"])
    rows = rates(figures, ("month", "office")).set_index(["month", "office"])
    counted = ["read", "faulty", "repeated", "dated", "late", "mended"]
    assert rows[counted].to_dict("index") == {
        (MARCH, "990101"): {"read": 6, "faulty": 1, "repeated": 1, "dated": 3, "late": 1, "mended": 1},
        (MARCH, WEST): {"read": 2, "faulty": 0, "repeated": 1, "dated": 1, "late": 0, "mended": 0},
        (APRIL, WEST): {"read": 1, "faulty": 0, "repeated": 0, "dated": 1, "late": 1, "mended": 0},
    }
    east = rows.loc[(MARCH, "990101")]
    assert east["pass_rate"] == pytest.approx(5 / 6)
    assert east["repeat_rate"] == pytest.approx(1 / 6)
    assert (east["late_rate"], east["timely_rate"]) == (pytest.approx(1 / 3), pytest.approx(2 / 3))
    assert east["mending_days"] == 3.0, "Friday 6 March to Wednesday 11 March"
    delays = figures.delays.set_index(["office", "days"])["decisions"].to_dict()
    assert delays == {("990101", 7): 2, ("990101", 8): 1, (WEST, 1): 1, (WEST, 12): 1}, (
        "the make-up Saturday counts"
    )


def test_as_of_an_earlier_day(connection: Connection) -> None:
    rows = rates(read_figures(connection, date(2026, 3, 9), "CN").only(dataset=["penalty"]), ("office",))
    east = rows.set_index("office").loc["990101"]
    assert (east["read"], east["dated"], east["late"], east["mended"]) == (5, 2, 1, 0)


def test_sums_over_offices_and_months_are_the_totals(connection: Connection) -> None:
    figures = read_figures(connection, DAY, "CN")
    counted = ["read", "faulty", "repeated", "dated", "late", "mended"]
    whole = rates(figures, ("dataset",)).set_index("dataset")[counted]
    for by in (("dataset", "office"), ("month", "dataset"), ("month", "dataset", "office")):
        assert rates(figures, by).groupby("dataset")[counted].sum().loc[whole.index].equals(whole)
    assert figures.faults.query("dataset == 'penalty'")[["office", "code", "rows"]].values.tolist() == [
        ["990101", "missing", 1]
    ]


def test_the_rows_behind_the_figures(connection: Connection) -> None:
    total, late = drill_rows(connection, Drill(DAY, "CN", "penalty", "late"))
    assert total == 2
    assert [(row["number"], str(row["decided"]), str(row["reported"]), row["days"]) for row in late] == [
        ("a3", "2026-02-26", "2026-03-09", 8), ("b2", "2026-03-16", "2026-04-01", 12),
    ]  # fmt: skip
    assert late[0]["enterprise"] == "安和市青叶茶业有限公司"
    east = Drill(DAY, "CN", "penalty", "late", "990101", MARCH, MARCH)
    assert [row["number"] for row in drill_rows(connection, east)[1]] == ["a3"], (
        "an office by its code, rows by its name"
    )
    assert drill_rows(connection, Drill(DAY, "CN", "penalty", "late", "990101", APRIL, APRIL)) == (0, [])
    total, faulty = drill_rows(
        connection, Drill(DAY, "CN", "penalty", "faulty", "990101", MARCH, APRIL, "missing")
    )
    assert (total, faulty[0]["column"], faulty[0]["row_no"]) == (1, "违法事实", 4)
    assert "raw" not in faulty[0]
    total, repeated = drill_rows(connection, Drill(DAY, "CN", "penalty", "repeated", first=MARCH, last=MARCH))
    batches = (
        connection.execute(text("SELECT id FROM batch WHERE dataset = 'penalty' ORDER BY id")).scalars().all()
    )
    assert [(row["row_no"], row["batch_id"], row["first_batch_id"], row["first_row_no"]) for row in repeated] == [
        (3, batches[0], batches[0], 2), (3, batches[1], batches[0], 5),
    ]  # fmt: skip
    assert drill_rows(connection, Drill(DAY, "CN", "penalty", "late"), page=2, size=1)[1][0]["number"] == "b2"


def test_the_months_limit_the_late_rows_as_they_limit_the_figures(connection: Connection) -> None:
    figures = read_figures(connection, DAY, "CN").only(dataset=["penalty"])
    for row in rates(figures, ("month", "office")).to_dict("records"):
        for kind, column in (("late", "late"), ("repeated", "repeated"), ("faulty", "faulty")):
            drill = Drill(DAY, "CN", "penalty", kind, row["office"], row["month"], row["month"])
            assert drill_rows(connection, drill)[0] == row[column], (row, kind)


def a_month(office: str, read: int, faulty: int, repeated: int, late: int, days: list[int]) -> Figures:
    """Figures of one office in March."""
    key = {"dataset": "penalty", "office": office, "month": MARCH}
    return Figures(
        DAY, 7, pd.DataFrame([{**key, "read": read, "faulty": faulty, "repeated": repeated}]),
        pd.DataFrame([{**key, "days": 8, "decisions": late}, {**key, "days": 1, "decisions": read - late}]),
        pd.DataFrame([{**key, "days": each} for each in days], columns=[*key, "days"]),
        pd.DataFrame(columns=[*key, "code", "rows"]),
    )  # fmt: skip


def test_alerts_name_what_passes_a_threshold_and_nothing_at_it() -> None:
    assert find_alerts(a_month("E", 100, 5, 5, 50, [5] * 10), "CN") == [], "at the threshold is not past it"
    found = find_alerts(a_month("E", 100, 6, 6, 51, [6] * 10), "CN")
    assert {alert.measure for alert in found} == {"late_rate", "pass_rate", "repeat_rate", "mending_days"}
    (late,) = [alert for alert in found if alert.measure == "late_rate"]
    assert (
        late.sentence({"E": "河东局"})
        == "2026-03 行政处罚，河东局：迟报率 51.00%，高于 50.00%（共 100 件）。"
    )
    assert "青海" in late.basis
    assert find_alerts(a_month("E", 9, 9, 9, 9, [60] * 9), "CN") == [], "too few to say anything"
    old = a_month("E", 100, 6, 6, 51, [])
    for frame in (old.counts, old.delays):
        frame["month"] = date(2017, 12, 1)
    assert find_alerts(old, "CN") == [], "before the rules began"


def test_an_alert_is_recorded_once(database: Database) -> None:
    alerts = find_alerts(a_month("E", 100, 6, 0, 51, []), "CN")
    with database.engine_for("ingest").begin() as connection:
        assert len(record_alerts(connection, alerts, DAY)) == 2
        assert record_alerts(connection, alerts, DAY) == []
        more = find_alerts(a_month("E", 100, 60, 0, 90, []), "CN") + find_alerts(
            a_month("F", 100, 6, 0, 0, []), "CN"
        )
        assert [(alert.office, alert.measure) for alert in record_alerts(connection, more, DAY)] == [
            ("F", "pass_rate")
        ]
        assert record_alerts(connection, [], DAY) == []
        noted = with_records(connection, more)
        journal = connection.execute(
            text("SELECT count(*) FROM journal WHERE act = 'quality.alerts'")
        ).scalar_one()
    assert all(isinstance(alert, Alert) and alert.noticed_at for alert in noted)
    assert journal == 2, "one record for each time something was new"


LINE = st.tuples(
    st.sampled_from(["penalty", "permit", "library"]), st.sampled_from(["E", "W", ""]), st.sampled_from([MARCH, APRIL]),
    st.integers(0, 50), st.integers(0, 50), st.integers(0, 20),
)  # fmt: skip


@given(st.lists(LINE, max_size=30))
def test_whatever_the_figures_groups_add_up_and_rates_are_shares(
    lines: list[tuple[str, str, date, int, int, int]],
) -> None:
    key = ["dataset", "office", "month"]
    counts = pd.DataFrame(
        [(d, o, m, good_rows + bad, bad, min(good_rows, days)) for d, o, m, good_rows, bad, days in lines],
        columns=[*key, "read", "faulty", "repeated"],
    )
    delays = pd.DataFrame(
        [(d, o, m, days, good_rows) for d, o, m, good_rows, _, days in lines],
        columns=[*key, "days", "decisions"],
    )
    mendings = pd.DataFrame([(d, o, m, days) for d, o, m, _, _, days in lines], columns=[*key, "days"])
    figures = Figures(DAY, 7, counts, delays, mendings, pd.DataFrame(columns=[*key, "code", "rows"]))
    fine, coarse = rates(figures, key), rates(figures, ["dataset"])
    for name in ("read", "faulty", "repeated", "dated", "late", "mended"):
        assert fine[name].sum() == coarse[name].sum()
    for name in ("pass_rate", "repeat_rate", "late_rate", "timely_rate"):
        known = fine[name].dropna()
        assert ((known >= 0) & (known <= 1)).all()
    assert (fine["late_rate"] + fine["timely_rate"]).dropna().round(9).eq(1).all()
