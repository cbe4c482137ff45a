"""Monotone in meaning: one more adverse event never lowers an indicator that says more is riskier, nor raises its opposite."""

from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.database import Database
from risk.indicators import FeatureFrame, features
from risk.indicators.catalogue import BY_KEY
from tests.risk.conftest import AS_OF
from tests.risk.suburb import JUDICIAL, TAX, commitment_check, serious, signal, tax, waiver, watched
from tests.risk.test_point_in_time import undone
from tests.risk.town import PLACE, Rows, complaint, inspection, listing, penalty, store

SANCTIONS = ("罚款", "责令停产停业", "吊销许可证")
RESULTS = ("R02", "R03", "R04", "R05", "R06", "R08")


def _known(row: dict[str, Any]) -> dict[str, Any]:
    """Known by the day at the latest."""
    return {**row, "known_at": min(row["known_at"], datetime.combine(AS_OF, time(12)))}


def adverse(kind: int, code: str, day: date, turn: int) -> Rows:
    """An event of one of ten kinds about an enterprise; `turn` picks a variety."""
    key = f"new{turn}{day}"
    cause, result = str(turn % 4 + 1), RESULTS[turn % len(RESULTS)]
    items = {"Z9": {"checked": True, "words": "", "result_code": result}}
    made: list[Rows] = [
        {"penalty": [penalty(code, day, number=key, cf_cflb=SANCTIONS[turn % 3])]},
        {"penalty": [penalty(code, day, number=key, department="生态环境")]},
        {"abnormal_listing": [listing(code, day, specause=cause)]},
        {"serious_violation": [serious(code, day)]},
        {"inspection_result": [inspection(code, day, True, number=key, result_code=result, item_results=items,
                                          rectify_due=day + timedelta(days=15))]},
        {"complaint": [complaint(code, day, key, True, kind=("投诉", "举报")[turn % 2])]},
        {"judicial_signal": [signal(code, JUDICIAL[turn % len(JUDICIAL)], day, case_no=key)]},
        {"tax_signal": [tax(code, TAX[turn % len(TAX)], day)]},
        {"commitment_check": [commitment_check(code, key, day, ("未履行", "承诺不实")[turn % 2])]},
        {"key_supervision": [watched(code, day)]},
    ]  # fmt: skip
    rows = {table: [_known(row) for row in many] for table, many in made[kind].items()}
    for many in rows.values():
        for row in many:
            row["natural_key"] += key
    return rows


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(kind=st.integers(0, 9), who=st.integers(0, 10**6), back=st.integers(0, 1900), turn=st.integers(0, 23))
def test_an_adverse_event_never_makes_it_look_better(
    suburb_database: Database, kind: int, who: int, back: int, turn: int
) -> None:
    with undone(suburb_database.owner()) as connection:
        before = features(connection, AS_OF, PLACE)
        position = who % len(before.codes)
        store(connection, adverse(kind, str(before.codes[position]), AS_OF - timedelta(days=back), turn))
        after = features(connection, AS_OF, PLACE)
    for name, old, new in zip(before.names, before.matrix[position], after.matrix[position], strict=True):
        direction = BY_KEY[name].direction
        if direction and not np.isnan(old):
            assert direction * (new - old) >= 0, (name, old, new)


def test_fresh_events_of_every_kind_are_noticed(suburb_database: Database) -> None:
    """The property above is not empty: events of last month about others at once, each raises something of its own."""
    varieties = [(kind, turn) for kind in range(10) for turn in range({4: 6, 6: 8, 7: 4}.get(kind, 2))]
    with undone(suburb_database.owner()) as connection:
        before = features(connection, AS_OF, PLACE)
        for position, (kind, turn) in enumerate(varieties):
            store(connection, adverse(kind, str(before.codes[position]), AS_OF - timedelta(days=30), turn))
        after = features(connection, AS_OF, PLACE)
    own = [i for i, name in enumerate(before.names) if BY_KEY[name].own]
    raised = (after.matrix > before.matrix)[:, own].any(axis=1)
    unmoved = [
        pair
        for position, pair in enumerate(varieties)
        if not raised[position] and not _already(before, position)
    ]
    assert unmoved == []
    assert not raised[len(varieties) :].any(), "somebody else's own record moved"


def _already(before: FeatureFrame, position: int) -> bool:
    """Flags cannot rise twice."""
    flags = (
        "dishonest_executed", "equity_frozen", "lerep_restricted", "bankrupt_now", "tax_arrears", "tax_abnormal",
        "social_ins_arrears", "tax_major_illegal", "key_supervision_now",
    )  # fmt: skip
    return any(before[key][position] == 1 for key in flags)


def test_a_waiver_raises_its_own_count_alone(suburb_database: Database) -> None:
    """免罚 is no penalty (行政处罚法第三十三条): nothing else of the enterprise moves."""
    with undone(suburb_database.owner()) as connection:
        before = features(connection, AS_OF, PLACE)
        store(connection, waiver(str(before.codes[7]), 70_000, AS_OF - timedelta(days=30)))
        after = features(connection, AS_OF, PLACE)
    moved = [n for n, old, new in zip(before.names, before.matrix.T, after.matrix.T, strict=True)
             if not np.array_equal(old, new, equal_nan=True)]  # fmt: skip
    assert moved == ["waiver_cnt"]
