"""无事不扰: the arithmetic of the quota, the honest set, and who of it was disturbed."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Engine, insert

from registry.tables import AbnormalListing, InspectionResult, SeriousViolation
from scheduling.candidates import read_candidates
from scheduling.disturbance import planned_visits, read_ledger
from scheduling.quota import disturbed_codes, honest_codes, remaining, undisturbed_ratio
from tests.scheduling.town_records import ABNORMAL, AS_OF, add, code, fact, list_abnormal, result, town, whole


@pytest.fixture(scope="module")
def engine(server: Any, template: str) -> Iterator[Engine]:
    with town(server, template, many=20) as made:
        add(
            made,
            InspectionResult,
            result(1, date(2026, 9, 1), "人社", ["RS-01"]),
            result(2, date(2026, 9, 2), "人社", ["RS-01"], draw_type="投诉举报"),
            result(3, date(2026, 9, 3), "人社", ["RS-01"], method="书面"),
            result(4, date(2025, 1, 3), "人社", ["RS-01"]),
            # Known only in October: the plan of 30 September does not know it.
            result(5, AS_OF, "人社", ["RS-01"]),
        )
        add(made, ABNORMAL, list_abnormal(11, date(2026, 5, 1)))
        yield made


def test_jiujiang_94_99_percent_is_5010_of_100_000() -> None:
    assert remaining(100_000, 0, 0.9499) == 5_010
    assert undisturbed_ratio(100_000, 5_010) == pytest.approx(0.9499)


@pytest.mark.parametrize(
    ("honest", "disturbed", "share", "room"),
    [
        (10, 0, 0.9, 1),
        (19, 0, 0.9, 1),
        (20, 0, 0.9, 2),
        (20, 1, 0.9, 1),
        (20, 3, 0.9, 0),
        (20, 0, 1.0, 0),
        (0, 0, 0.9, 0),
    ],
)
def test_remaining_keeps_the_share(honest: int, disturbed: int, share: float, room: int) -> None:
    assert remaining(honest, disturbed, share) == room
    assert undisturbed_ratio(honest, room + disturbed) >= share or room == 0
    assert honest == 0 or undisturbed_ratio(honest, room + 1 + disturbed) < share


def test_nobody_honest_is_nobody_disturbed() -> None:
    assert undisturbed_ratio(0, 0) == 1.0


def test_disturbed_counts_planned_visits_in_the_period(engine: Engine) -> None:
    with engine.connect() as connection:
        ledger = planned_visits(read_ledger(connection, AS_OF, date(2024, 1, 1)))
    everybody = frozenset(code(n) for n in range(1, 21))
    assert disturbed_codes(ledger, everybody, date(2026, 1, 1), AS_OF) == {code(1)}
    assert disturbed_codes(ledger, everybody, date(2025, 1, 1), AS_OF) == {code(1), code(4)}
    assert disturbed_codes(ledger, everybody - {code(1)}, date(2026, 1, 1), AS_OF) == set()


def test_the_honest_set_is_class_a_and_the_white_list_without_the_listed(engine: Engine) -> None:
    with engine.connect() as connection:
        candidates = read_candidates(connection, AS_OF, "B")
        honest = honest_codes(connection, AS_OF, candidates, ["A"], frozenset({code(9)}))
        earlier = honest_codes(connection, date(2026, 4, 30), candidates, ["A"], frozenset())
    in_a = set(candidates.loc[candidates["klass"] == "A", "enterprise_code"])
    assert code(11) in in_a
    assert honest == (in_a - {code(11)}) | {code(9)}
    assert code(11) in earlier, "on the list since May, not in April"


@pytest.mark.parametrize("table", [AbnormalListing, SeriousViolation])
def test_who_is_on_a_list_on_the_day_is_not_honest(engine: Engine, table: Any) -> None:
    """Entered on the day: on it. Taken off on the day: off it. What is known only tomorrow changes nothing today."""
    day, tomorrow = timedelta(days=1) + AS_OF, timedelta(days=2) + AS_OF
    today, known = {"abntime": day}, {"known_at": datetime.combine(tomorrow, time())}
    entries = [
        {"abntime": tomorrow},
        today,
        {"abntime": AS_OF, "remdate": AS_OF},
        {"abntime": AS_OF, "remdate": day},
        {"abntime": AS_OF, "remdate": tomorrow},
        today | known,
    ]
    codes = [f"X{n}" for n in range(len(entries))]
    everybody = pd.DataFrame({"enterprise_code": codes, "regstate": "存续", "klass": "A"})
    with engine.connect() as connection:
        for each, entry in zip(codes, entries, strict=True):
            row = fact(f"list-{each}", enterprise_code=each, **entry)
            connection.execute(insert(table).values(whole(table, row)))
        honest = honest_codes(connection, day, everybody, ["A"], frozenset(codes))
        connection.rollback()
    assert honest == {"X0", "X2", "X3", "X5"}


def test_honest_is_a_class_or_the_white_list_and_in_business(engine: Engine) -> None:
    rows = [
        ("a", "存续", "A"),
        ("b", "存续", "B"),
        ("white", "存续", "D"),
        ("gone", "注销", "D"),
        ("c", "存续", "C"),
    ]
    candidates = pd.DataFrame(rows, columns=["enterprise_code", "regstate", "klass"])
    white = frozenset({"white", "gone", "unknown"})
    with engine.connect() as connection:
        assert honest_codes(connection, AS_OF, candidates, ["A", "B"], white) == {"a", "b", "white"}
        assert honest_codes(connection, AS_OF, candidates, [], frozenset()) == frozenset()


def test_a_deregistered_enterprise_is_not_honest(engine: Engine) -> None:
    gone = pd.DataFrame({"enterprise_code": ["X"], "regstate": ["注销"], "klass": ["A"]})
    with engine.connect() as connection:
        assert honest_codes(connection, AS_OF, gone, ["A"], frozenset()) == frozenset()
