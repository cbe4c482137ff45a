"""Quality figures counted by hand on one small town."""

from datetime import date, datetime
from itertools import pairwise

import pytest

from ingestion.quality import quality
from ingestion.workdays import working_days_after
from registry import clock
from registry.database import Database
from tests.ingestion.conftest import Ingest
from tests.ingestion.papers import good

EAST, WEST = "安和市河东区市场监督管理局", "安和市河西区市场监督管理局"
MONDAY = datetime(2026, 3, 2, 9)


def test_rates_by_office(one_town: Ingest, one_database: Database) -> None:
    """East: 4 rows, 1 faulty, 1 repeated, 1 of 2 decisions late. West: 2 rows, clean, in time."""
    rows = [
        good("penalty", 行政处罚决定书文号="e1", 处罚机关=EAST, 处罚决定日期="2026-02-27"),
        good("penalty", 行政处罚决定书文号="e1", 处罚机关=EAST, 处罚决定日期="2026-02-27"),
        good("penalty", 行政处罚决定书文号="e2", 处罚机关=EAST, 处罚决定日期="2026-01-05"),
        good("penalty", 行政处罚决定书文号="e3", 处罚机关=EAST, 罚款=""),
        good("penalty", 行政处罚决定书文号="w1", 处罚机关=WEST, 处罚决定日期="2026-02-27"),
        good("penalty", 行政处罚决定书文号="w2", 处罚机关=WEST, 处罚决定日期="2026-02-27"),
    ]
    for row in rows:
        row.pop("罚款", None)
    rows[3]["违法事实"] = ""
    assert one_town("penalty", rows, received_at=MONDAY).rows_faulty == 1
    with one_database.engine_for("ingest").connect() as connection:
        frame = quality(connection, date(2026, 3, 2), "CN").set_index(["dataset", "office"])
        east, west = frame.loc[("penalty", EAST)], frame.loc[("penalty", WEST)]
        assert (east["read"], east["pass_rate"], east["repeat_rate"], east["timely_rate"]) == (
            4,
            0.75,
            0.25,
            0.5,
        )
        assert (west["read"], west["pass_rate"], west["repeat_rate"], west["timely_rate"]) == (
            2,
            1.0,
            0.0,
            1.0,
        )
        assert east["mended"] == 0
        now = quality(connection, clock.today(), "CN").set_index(["dataset", "office"])
        assert now.loc["registration"]["timely_rate"].isna().all(), (
            "only the double-publicity datasets have a clock"
        )
        assert now.loc["registration"]["read"].to_dict() == {"990101S1": 4, "无名所": 1}

    mended = good(
        "penalty",
        行政处罚决定书文号="e3",
        处罚机关=EAST,
        处罚决定日期="2026-02-27",
        数据更新时间="2026-03-06",
    )
    one_town("penalty", [mended], received_at=datetime(2026, 3, 9, 9))
    with one_database.engine_for("ingest").connect() as connection:
        before = quality(connection, date(2026, 3, 6), "CN").set_index(["dataset", "office"])
        after = quality(connection, date(2026, 3, 9), "CN").set_index(["dataset", "office"])
        whole = quality(connection, date(2026, 3, 9), "CN", by_office=False).set_index("dataset")
    assert before.loc[("penalty", EAST)]["mended"] == 0
    assert tuple(after.loc[("penalty", EAST)][["mended", "mending_days"]]) == (1, 5.0)
    assert whole.loc["penalty"]["read"] == 7
    assert whole.loc["penalty"]["timely_rate"] == pytest.approx(1 - 1 / 5)


def test_the_day_after_a_decision_is_day_one_and_holidays_do_not_count() -> None:
    decided = [date(2026, 2, 27), date(2026, 2, 28), date(2026, 9, 30), date(2027, 3, 5)]
    known = [date(2026, 3, 2), date(2026, 2, 28), date(2026, 10, 9), date(2027, 3, 8)]
    # Friday → Monday 2 (Saturday the 28th is a make-up day of 2026's Spring Festival), same day 0, National Day
    # leaves 8 and 9 October, 2027 is not announced: Friday → Monday 1
    assert list(working_days_after(decided, known)) == [2, 0, 2, 1]
    days = [working_days_after([date(2026, 1, 1)], [date(2026, 1, day)])[0] for day in range(1, 31)]
    assert all(later - earlier in (0, 1) for earlier, later in pairwise(days))
