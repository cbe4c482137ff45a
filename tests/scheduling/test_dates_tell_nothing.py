"""Dates tell nothing of a class (日期不泄露类别), days are evenly loaded over the whole window, and what presses is early."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from bench.guessing import Ranks, told_by_dates
from registry.rules import load_rules
from scheduling.booking import LOTS, price
from scheduling.prepared import prepare
from scheduling.problem import Check, Inspector, Object, Problem, Rules, Weights
from scheduling.solve import Stop, solve
from tests.scheduling.towns import AS_OF, Size, make_town

SEEDS, ROUNDS = 20, 6
SURE = 3.5
"""Standard deviations that chance alone passes once in two thousand times."""


def policy() -> Weights:
    """The weights in force where nobody has set others."""
    rules = load_rules()
    return Weights(
        tuple(rules.value("roster.earliness", "CN", AS_OF)),
        pressing=int(rules.value("roster.pressing", "CN", AS_OF)),
    )


def dealt(weights: Weights, seeds: int) -> Ranks:
    town = make_town(1, Size(80, 24, limited=0.0))
    rules = replace(town.rules, weights=weights, reserve_share=0.1)
    return told_by_dates(replace(town, rules=rules), seeds, ROUNDS)


def test_the_date_of_a_visit_says_nothing_of_its_class() -> None:
    """Over many seeds, of visits with the same open days, C and D stand neither earlier nor later than A and B."""
    ranks = dealt(policy(), SEEDS)
    assert ranks.pairs > 2000
    assert abs(ranks.z) < SURE


def test_haste_by_class_would_be_noticed() -> None:
    """The same test against the prices of before: it must be able to fail."""
    ranks = dealt(Weights((0, 0, 1, 4)), SEEDS // 3)
    assert ranks.z > 2 * SURE


def plain_town(count: int, people: int, days: int = 62) -> Problem:
    """Visits of one window, in clusters of four, and ample people: nothing prefers one day to another."""
    last = date(2026, 12, 31)
    objects = tuple(Object(f"O{n:03d}", f"街道{n // 4}", "竹山") for n in range(count))
    checks = tuple(
        Check(f"C{n:03d}", f"O{n:03d}", "T", "市监", ("x",), date(2026, 10, 1), last, 60, urgency=1 + n % 4)
        for n in range(count)
    )
    inspectors = tuple(Inspector(f"甲{n}", "市监", date(2030, 1, 1)) for n in range(people))
    rules = Rules(30, 180, 2, 1, 210, weights=Weights((0, 0, 0, 0)), reserve_share=0.1)
    return Problem(AS_OF, date(2026, 10, 1), last, rules, objects, checks, inspectors)


def test_visits_spread_over_the_whole_window() -> None:
    """No part of the window is first: by thirds of the working days the visits of 16 seeds are as good as equal."""
    problem, thirds = plain_town(80, 12), Counter[int]()
    days = [day.toordinal() for day in prepare(problem, "S").dates.dates]
    for seed in range(16):
        roster = solve(problem, Stop(seconds=None, rounds=4), f"S{seed}")
        thirds.update(days.index(v.day.toordinal()) * 3 // len(days) for v in roster.visits)
    shares = [thirds[k] / thirds.total() for k in range(3)]
    assert shares == pytest.approx([1 / 3] * 3, abs=0.05)


def test_days_are_evenly_loaded() -> None:
    """48 clusters of four over 62 days: one cluster-day a day, four visits in two half-days, never more."""
    problem = plain_town(192, 12)
    roster = solve(problem, Stop(seconds=None, rounds=30), "S")
    load = Counter(v.day for v in roster.visits)
    aims = {a.name: a for a in roster.aims}
    assert len(roster.visits) == 192
    assert aims["cluster_days"].value == aims["cluster_days"].bound == 48
    assert max(load.values()) == 4
    assert set(Counter((v.day, v.half) for v in roster.visits).values()) == {2}
    assert aims["even_load"].value >= aims["even_load"].bound


def test_the_first_lot_of_a_cluster_falls_on_days_in_proportion_to_the_people() -> None:
    """Half of the people are away in the first half of the window: a third of the clusters begin there."""
    problem = plain_town(1600, 12)
    days = prepare(problem, "S").dates.dates
    away = tuple(days[: len(days) // 2])
    people = tuple(replace(p, leave=away) if n % 2 else p for n, p in enumerate(problem.inspectors))
    lots = prepare(replace(problem, inspectors=people), "S").dates.lot
    first = (lots[::4].argmin(axis=1) < len(away)).mean()
    assert lots.max() < LOTS
    assert first == pytest.approx(1 / 3, abs=3 * np.sqrt(2 / 9 / 400))


def test_what_presses_is_early_whatever_its_class() -> None:
    """A clue and a visit with a last day by law come in the first week, others when their ticket says so."""
    problem = plain_town(40, 12)
    checks = list(problem.checks)
    checks[0] = replace(checks[0], clue=True)
    checks[4] = replace(checks[4], statutory=True, window_to=date(2026, 12, 1))
    weights = replace(policy(), urgency=(0, 0, 0, 0))
    pressing = replace(problem, checks=tuple(checks), rules=replace(problem.rules, weights=weights))
    days = {c: v.day for v in solve(pressing, Stop(seconds=None, rounds=4), "S").visits for c in v.checks}
    assert max(days["C000"], days["C004"]) < date(2026, 10, 12)
    assert max(days.values()) > date(2026, 11, 30)


def test_the_higher_of_the_two_prices_counts() -> None:
    urgency, pressing = np.array([1, 4, 1, 4]), np.array([False, False, True, True])
    costs, _, _ = price(
        Weights((0, 1, 2, 8), pressing=4), urgency, pressing, [date(2026, 10, 12), date(2026, 10, 19)]
    )
    assert costs[:, 1].tolist() == [0, 80_000, 40_000, 80_000]
