"""What is written as COPY text is read back unchanged, whatever characters it holds."""

from datetime import date, datetime
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from ingestion.copytext import column_texts, copy_text, lines_of
from ingestion.staging import copy_lines
from registry.database import Database

anything = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
awkward = st.sampled_from(
    ["\\N", "\\", "\t", "a\nb", "\r\n", '"', "{}", "NULL", "{a,b}", "'", "\\.", "𠮷㐂", "\x0b"]
)
words = st.one_of(anything, awkward)
rows = st.lists(
    st.tuples(
        st.one_of(st.none(), words),
        st.one_of(st.none(), st.booleans()),
        st.one_of(st.none(), st.integers(-(2**31), 2**31 - 1)),
        st.one_of(st.none(), st.decimals(0, 10**9, places=6)),
        st.one_of(st.none(), st.dates(date(1900, 1, 1), date(2100, 1, 1))),
        st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)),
        st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)),
        st.lists(words, max_size=3).map(tuple),
        st.lists(st.integers(1, 31), max_size=3).map(tuple),
    ),
    min_size=1, max_size=8,
)  # fmt: skip
TYPES = (
    "text",
    "boolean",
    "int",
    "numeric(18,6)",
    "date",
    "timestamp",
    "double precision",
    "text[]",
    "int[]",
)
NAMES = tuple("abcdefghi")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=rows)
def test_every_value_comes_back(one_database: Database, rows: list[tuple[object, ...]]) -> None:
    with one_database.owner().connect() as connection:
        made = ", ".join(f"{name} {kind}" for name, kind in zip(NAMES, TYPES, strict=True))
        connection.execute(text(f"CREATE TEMP TABLE tried (place serial, {made}) ON COMMIT DROP"))
        columns = [column_texts(column)[1] for column in zip(*rows, strict=True)]
        copy_lines(connection, "tried", NAMES, ("\n".join(lines_of(columns)) + "\n").encode())
        found = connection.execute(text(f"SELECT {', '.join(NAMES)} FROM tried ORDER BY place")).all()
        connection.rollback()
    assert [(*row[:7], tuple(row[7]), tuple(row[8])) for row in found] == rows


@given(st.lists(st.one_of(st.none(), words), max_size=8))
def test_a_column_is_hashed_as_str_writes_it(values: list[str | None]) -> None:
    plain, written = column_texts(values)
    assert plain == ["\0" if value is None else value for value in values]
    assert written == [copy_text(value) for value in values]


def test_equal_values_of_two_kinds_are_written_as_what_they_are() -> None:
    assert column_texts([1, True, Decimal(1), 1.0]) == (["1", "True", "1", "1.0"], ["1", "t", "1", "1.0"])
    assert column_texts([True, None, False]) == (["True", "\0", "False"], ["t", "\\N", "f"])
