"""Labels: windows that are settled, the uninspected unknown, sources kept, later knowledge kept out."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
from sqlalchemy import Engine

from registry.rules import Rulebook
from risk.archive import load_archive
from risk.labels import Labels, apart, label_windows, labels, settled
from tests.risk.town import PLACE, enterprise, fact, inspection, listing, penalty, store

WINDOW = (date(2025, 1, 1), date(2025, 7, 1), date(2025, 7, 31))
INSIDE = date(2025, 3, 1)
CODES = np.array(["A1", "A2", "A3"], dtype=object)


def _labels(engine: Engine, book: Rulebook, **tables: list[dict[str, Any]]) -> Labels:
    store(engine, {"enterprise": [enterprise(str(code)) for code in CODES], **tables})
    with engine.connect() as connection:
        archive = load_archive(connection, date(2026, 6, 1))
    return labels(archive, CODES, WINDOW, book, PLACE, date(2026, 6, 1))


def test_the_uninspected_are_unknown_even_when_punished(engine: Engine, book: Rulebook) -> None:
    """A2 was never visited: its penalty is an event, not a label. A3 was visited and clean."""
    found = _labels(
        engine, book, penalty=[penalty("A2", INSIDE)],
        inspection_result=[inspection("A1", INSIDE, True), inspection("A3", INSIDE, False)],
    )  # fmt: skip
    assert np.array_equal(found.problem, [1, np.nan, 0], equal_nan=True)
    assert found.events.tolist() == [0, 1, 0]


def test_penalty_or_listing_after_a_clean_visit_is_a_problem(engine: Engine, book: Rulebook) -> None:
    """Except cause 1 (annual report), which a computer finds without a visit (rules/labels.toml)."""
    found = _labels(
        engine, book, penalty=[penalty("A1", INSIDE)],
        abnormal_listing=[listing("A2", INSIDE, specause="4"), listing("A3", INSIDE, specause="1")],
        inspection_result=[inspection(str(code), INSIDE, False) for code in CODES],
    )  # fmt: skip
    assert found.problem.tolist() == [1, 1, 0]


def test_the_horizon_is_open_at_the_start_and_closed_at_the_end(engine: Engine, book: Rulebook) -> None:
    """The snapshot's own day belongs to the past; the horizon's last day belongs to it."""
    days = {"A1": WINDOW[0], "A2": WINDOW[1], "A3": WINDOW[1] + timedelta(days=1)}
    checks = [inspection(code, day, True) for code, day in days.items()]
    found = _labels(engine, book, inspection_result=checks)
    assert np.array_equal(found.problem, [np.nan, 1, np.nan], equal_nan=True)


def test_results_known_after_label_time_do_not_label(engine: Engine, book: Rulebook) -> None:
    """Late by a day; withdrawn in time (no label); withdrawn too late (still a label)."""
    checks = [
        inspection("A1", INSIDE, True, known=WINDOW[2] + timedelta(days=1)),
        inspection("A2", INSIDE, True),
        {**inspection("A2", INSIDE, True, known=WINDOW[2]), "retracted": True},
        inspection("A3", INSIDE, True),
        {**inspection("A3", INSIDE, True, known=WINDOW[2] + timedelta(days=9)), "retracted": True},
    ]
    found = _labels(engine, book, inspection_result=checks)
    assert np.array_equal(found.problem, [np.nan, np.nan, 1], equal_nan=True)


def test_sources_and_inspectors_are_kept(engine: Engine, book: Rulebook) -> None:
    """A lottery's visit names the label even beside a complaint's; inspectors of all its visits are kept."""
    checks = [
        inspection("A1", INSIDE, True, number="1", draw_type="投诉举报", inspectors=["S9"]),
        inspection("A1", INSIDE + timedelta(days=9), False, number="2", inspectors=["S1", "S3"]),
        inspection("A2", INSIDE, False, draw_type="日常巡查"),
        inspection("A3", INSIDE, None),
    ]
    found = _labels(engine, book, inspection_result=checks)
    assert found.source.tolist() == ["random", "targeted", ""]
    assert found.problem[0] == 1
    assert found.inspectors[0] == ("S1", "S3", "S9")


def test_days_to_the_visit_are_means(engine: Engine, book: Rulebook) -> None:
    """Two visits of A1, one of A2, none of A3."""
    checks = [
        inspection("A1", WINDOW[0] + timedelta(days=10), True, number="1"),
        inspection("A1", WINDOW[0] + timedelta(days=30), False, number="2"),
        inspection("A2", INSIDE, False),
    ]
    found = _labels(engine, book, inspection_result=checks)
    assert np.array_equal(found.days, [20, 59, np.nan], equal_nan=True)


def test_a_serious_listing_is_a_problem_and_what_counts_is_a_rule(engine: Engine, book: Rulebook) -> None:
    """Penalties switched off by the rule label nobody; causes and kinds of visit are rules, too."""
    serious = fact("serious_violation", "A3", "A3|1", INSIDE, serillrea="", abntime=INSIDE, decorg="")
    rows: dict[str, list[dict[str, Any]]] = {
        "penalty": [penalty("A1", INSIDE)],
        "abnormal_listing": [listing("A2", INSIDE, specause="4")],
        "serious_violation": [serious],
        "inspection_result": [inspection(str(code), INSIDE, False) for code in CODES],
    }
    assert _labels(engine, book, **rows).problem.tolist() == [1, 1, 1]
    changed = book
    for key, value in (
        ("label.penalty_counts", False),
        ("label.listing_causes", ["2"]),
        ("label.sources", {"random": ["不定向"], "targeted": [], "complaint": []}),
    ):
        changed = replace(
            changed, rules=changed.rules | {key: tuple(replace(r, value=value) for r in book.rules[key])}
        )
    with engine.connect() as connection:
        archive = load_archive(connection, date(2026, 6, 1))
    found = labels(archive, CODES, WINDOW, changed, PLACE, date(2026, 6, 1))
    assert found.problem.tolist() == [0, 0, 1]


def test_who_learns_for_a_snapshot_uses_only_what_was_settled_by_it(book: Rulebook) -> None:
    """Quarterly snapshots, half-year horizons, 30 days to publish: the newest window usable is three before."""
    windows = label_windows(book, PLACE, date(2026, 6, 1))
    assert len(windows) == book.value("label.snapshots", PLACE, date(2026, 6, 1))
    assert max(known_by for _, _, known_by in windows) <= date(2026, 6, 1)
    assert windows[-1][1] == date(2026, 5, 2), "30 days for results to be published"
    for number, (snapshot, _, _) in enumerate(windows):
        usable = settled(windows, snapshot)
        assert usable == list(range(max(number - 2, 0)))
        assert all(windows[w][1] + timedelta(days=30) <= snapshot for w in usable)


def test_windows_apart_never_share_a_day(book: Rulebook) -> None:
    """From the newest back, each horizon ends by the next snapshot, and none between is left out for nothing."""
    windows = label_windows(book, PLACE, date(2026, 6, 1))
    chosen = apart(windows, range(len(windows)))
    assert chosen == [1, 3, 5, 7, 9, 11, 13, 15]
    assert all(windows[a][1] <= windows[b][0] for a, b in pairwise(chosen))
