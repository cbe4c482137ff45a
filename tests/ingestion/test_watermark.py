"""The watermark: compared as what it is, never carried away by a wrong date, asked for with an overlap."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from ingestion.sources.definition import Watermark
from ingestion.sources.watermark import Gauge, column_value, earlier, later

NOW = datetime(2026, 3, 10, 12)


def gauge(**settings: Any) -> Gauge:
    return Gauge(Watermark(**{"field": "t", "parameter": "since", **settings}), NOW)


def test_numbers_are_compared_as_numbers_and_times_as_times() -> None:
    numbers = gauge(kind="number")
    for value in (9, "10", 2):
        numbers.see(value)
    assert numbers.text == "10"
    times = gauge(format="%d.%m.%Y %H:%M")
    for value in ("02.03.2026 10:00", "09.01.2026 10:00"):
        times.see(value)
    assert times.text == "02.03.2026 10:00"


def test_zones_are_compared_in_one_zone() -> None:
    times = gauge()
    for value in ("2026-03-02T09:00:00+08:00", "2026-03-02T02:00:00Z"):
        times.see(value)
    assert times.text == "2026-03-02T02:00:00Z"


def test_a_date_in_the_future_does_not_carry_the_watermark_away() -> None:
    times = gauge()
    for value in ("2026-03-01 08:00:00", "2099-12-31 00:00:00", "", None, "昨天"):
        times.see(value)
    assert times.text == "2026-03-01 08:00:00"
    assert times.unreadable == 3


@pytest.mark.parametrize(
    ("settings", "last", "asked"),
    [
        ({}, "2026-03-02 09:00:00", "2026-03-02 08:50:00"),
        ({"overlap": 60}, "2026-03-02T09:00:00Z", "2026-03-02T08:59:00Z"),
        ({"overlap": 0}, "2026-03-02T09:00:00", "2026-03-02T09:00:00"),
        ({"format": "%Y%m%d%H%M%S"}, "20260302000500", "20260301235500"),
        ({"kind": "number"}, "900719925474099312", "900719925474099312"),
        ({"kind": "number", "overlap": 5}, "12", "7"),
        ({"kind": "text"}, "abc", "abc"),
        ({"start": "2020-01-01"}, None, "2020-01-01"),
    ],
)
def test_it_is_asked_for_as_the_interface_writes_it(
    settings: dict[str, Any], last: str | None, asked: str
) -> None:
    assert gauge(**settings).asked(last) == asked


def test_it_does_not_go_back() -> None:
    assert later("2026-03-02 09:00:00", "2026-03-01 09:00:00", gauge()) == "2026-03-02 09:00:00"
    assert later(None, "2026-03-01 09:00:00", gauge()) == "2026-03-01 09:00:00"


def test_columns_of_a_view() -> None:
    assert column_value("2026-03-02T09:00:00.5", datetime) == datetime(2026, 3, 2, 9, 0, 0, 500_000)
    assert column_value("2026-03-02T09:00:00", date) == datetime(2026, 3, 2, 9)
    assert column_value("2026-03-02", date) == date(2026, 3, 2)
    assert column_value("12", int) == 12
    assert column_value("12.50", Decimal) == Decimal("12.50")
    assert earlier(date(2026, 3, 2), None, 300) == date(2026, 3, 1)
    assert earlier(datetime(2026, 3, 2), None, 300) == datetime(2026, 3, 1, 23, 55)
    assert earlier(12, None, 300) == 12
    assert earlier("abc", 3, 300) == "abc"
