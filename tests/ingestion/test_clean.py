"""One cell at a time: the spellings that are read, and those that are not guessed at."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.clean import (
    read_amount,
    read_boolean,
    read_date,
    read_datetime,
    read_days,
    read_integer,
    read_list,
)
from ingestion.faults import Unreadable


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-31", "2026/1/31", "2026.1.31", "20260131", "2026年1月31日", "２０２６-０１-３１", "46053", "2026-01-31 10:11:12",
        "2026-01-31T10:11:12.5",
    ],
)  # fmt: skip
def test_spellings_of_a_day(text: str) -> None:
    assert read_date(text) == date(2026, 1, 31)


@given(st.dates(date(1900, 1, 1), date(2100, 12, 31)))
def test_every_day_is_read_back(day: date) -> None:
    assert (
        read_date(day.isoformat())
        == read_date(f"{day:%Y%m%d}")
        == read_date(f"{day.year}年{day.month}月{day.day}日")
        == day
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2026-02-30", "impossible_date"), ("2026-13-01", "impossible_date"), ("31/01/2026", "bad_date"), ("去年", "bad_date"),
        ("0026-01-01", "date_out_of_range"), ("2101-01-01", "date_out_of_range"), ("2026-01-31 25:00", "impossible_date"),
    ],
)  # fmt: skip
def test_days_that_are_none(text: str, code: str) -> None:
    with pytest.raises(Unreadable) as wrong:
        read_date(text)
    assert wrong.value.code == code


@pytest.mark.parametrize("text", ["长期", "2099-12-31", "9999-09-09", "9999/12/31"])
def test_no_end(text: str) -> None:
    assert read_date(text, open_ended=True) is None


def test_a_profile_s_own_date_format_is_the_only_one_then() -> None:
    assert read_datetime("03/04/2026", "%m/%d/%Y") == datetime(2026, 3, 4)
    with pytest.raises(Unreadable):
        read_datetime("2026-03-04", "%m/%d/%Y")


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("0.5", "0.5"), ("1,234.5", "1234.5"), ("５００", "500"), ("5000元", "0.5"), ("¥3万元", "3"), ("1.2亿", "12000"), ("1E2", "100"),
        ("30万人民币", "30"), ("0", "0"),
    ],
)  # fmt: skip
def test_amounts_in_ten_thousands(text: str, amount: str) -> None:
    assert read_amount(text) == Decimal(amount)


@pytest.mark.parametrize("text", ["五千", "0.5-1", "1.2.3", "USD 5", "-1", "", "元"])
def test_amounts_that_are_none(text: str) -> None:
    with pytest.raises(Unreadable):
        read_amount(text)


def test_small_things() -> None:
    assert [read_boolean(t) for t in ("是", "Ｙ", "false", "无")] == [True, True, False, False]
    assert [read_integer(t) for t in ("12", "12人", "1,200", "12.0")] == [12, 12, 1200, 12]
    assert read_list("A01；A02、A01 A03") == ("A01", "A02", "A03")
    assert read_days("1-3，25、28日") == (1, 2, 3, 25, 28)
    for reader, text in (
        (read_boolean, "也许"),
        (read_integer, "1.5"),
        (read_days, "0-3"),
        (read_days, "9-3"),
    ):
        with pytest.raises(Unreadable):
            reader(text)
