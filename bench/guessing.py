"""Can an outsider guess a date? (日期可预知性): python -m bench.guessing [--objects 150] [--seeds 60]

The outsider is given everything but the public randomness S: the whole problem, drawn firms, duties, classes, quiet days, people,
and our program. He solves it himself with seeds of his own, and for every visit names the day that came out most often; then it is
solved with seeds he has not seen. Printed by urgency: how often he is right, beside a blind guess among the visit's open days,
and the entropy of the day in bits beside that of a day drawn evenly. An enterprise knows far less: neither its class nor the others'.

And can he tell the class from the date? (由日期猜类别) With every seed the classes are dealt out anew among the firms, so that a class can
differ from another in its dates only by what the dating makes of it. Printed for the prices of a week's delay in force and for
those before 27 November 2026: how often, of a C or D visit and an A or B visit with the same open days, the earlier is the C or D one
(a date that both share counts half); 50 % is a coin. z is the rank test's, normal if dates say nothing.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from datetime import date
from math import log2, sqrt

import numpy as np

from registry.rules import load_rules
from scheduling.merge import merge, settle
from scheduling.problem import Problem, Weights
from scheduling.solve import Stop, solve
from scheduling.workdays import working_days
from tests.scheduling.towns import AS_OF, Size, make_town

CLASSES = {1: "A", 2: "B", 3: "C", 4: "D and duties"}
PLACE = "CN"
BEFORE = (0, 0, 1, 4)
RISKY = 3
"""The urgency from which a firm is of class C or D."""


@dataclass
class Seen:
    """A visit's days over many seeds."""

    urgency: int
    possible: int
    learnt: Counter[date] = field(default_factory=Counter)
    tested: Counter[date] = field(default_factory=Counter)

    def hit(self) -> float:
        """Share of unseen seeds in which the day he learnt most often is right; the earliest where several are."""
        guess = min(self.learnt, key=lambda day: (-self.learnt[day], day))
        return self.tested[guess] / self.tested.total()

    def entropy(self) -> float:
        """Bits of the day over all seeds, with Miller's and Madow's correction for their small number."""
        both = self.learnt + self.tested
        shares = [n / both.total() for n in both.values()]
        return -sum(p * log2(p) for p in shares) + (len(shares) - 1) / (2 * both.total() * 0.6931)


def watch(problem: Problem, seeds: int, rounds: int) -> list[Seen]:
    """The days of every visit over so many seeds, the first half for learning."""
    days = working_days(problem.first_day, problem.last_day, problem.calendar)
    checks, _ = settle(problem)
    merged = {v.id: v for v in merge(problem, checks, days).visits}
    found: dict[str, Seen] = {}
    for seed in range(seeds):
        for visit in solve(problem, Stop(seconds=None, rounds=rounds), f"seed {seed}").visits:
            if visit.id not in merged or merged[visit.id].pinned:
                continue
            plan = merged[visit.id]
            seen = found.setdefault(visit.id, Seen(plan.urgency, int(plan.days.sum())))
            (seen.learnt if seed < seeds // 2 else seen.tested)[visit.day] += 1
    return [seen for seen in found.values() if seen.learnt and seen.tested]


@dataclass
class Ranks:
    """What the dates of two classes with the same open days say of them, over all seeds (秩和检验): Wilcoxon's sums."""

    earlier: float = 0.0
    pairs: int = 0
    variance: float = 0.0

    def add(self, risky: list[int], other: list[int]) -> None:
        """Add the days (ordinals) of the C and D visits, and of the A and B visits, of one seed and one set of open days."""
        n, m = len(risky), len(other)
        if not n or not m:
            return
        first, second = np.array(risky), np.array(other)
        same = (first[:, None] == second).sum()
        self.earlier += float((first[:, None] < second).sum() + same / 2)
        self.pairs += n * m
        ties = np.unique([*risky, *other], return_counts=True)[1]
        spread = n + m + 1 - (ties**3 - ties).sum() / ((n + m) * (n + m - 1))
        self.variance += n * m * float(spread) / 12

    @property
    def share(self) -> float:
        """How often the earlier of the two is the C or D one: the area under the curve of guessing the class by the date."""
        return self.earlier / self.pairs

    @property
    def z(self) -> float:
        """Standard deviations by which the share is off a half, if dates say nothing of the class."""
        return (self.earlier - self.pairs / 2) / sqrt(self.variance)


def deal(problem: Problem, seed: int) -> Problem:
    """The problem with its classes dealt out anew among the firms."""
    urgency = {check.object_id: check.urgency for check in problem.checks}
    names = sorted(urgency)
    shuffled = [urgency[name] for name in names]
    random.Random(seed).shuffle(shuffled)
    dealt = dict(zip(names, shuffled, strict=True))
    return replace(problem, checks=tuple(replace(c, urgency=dealt[c.object_id]) for c in problem.checks))


def told_by_dates(problem: Problem, seeds: int, rounds: int) -> Ranks:
    """What dates say of classes over so many deals and seeds; visits that press are left out."""
    days = working_days(problem.first_day, problem.last_day, problem.calendar)
    ranks = Ranks()
    for seed in range(seeds):
        dealt = deal(problem, seed)
        roster = solve(dealt, Stop(seconds=None, rounds=rounds), f"seed {seed}")
        merged = {v.id: v for v in merge(dealt, settle(dealt)[0], days).visits}
        alike: dict[bytes, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
        for visit in roster.visits:
            plan = merged.get(visit.id)
            if plan is not None and plan.pinned is None and not plan.pressing:
                alike[plan.days.tobytes()][plan.urgency < RISKY].append(visit.day.toordinal())
        for risky, other in alike.values():
            ranks.add(risky, other)
    return ranks


def main() -> None:
    """Print one line an urgency, and one for each set of prices."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--objects", type=int, default=150)
    parser.add_argument("--inspectors", type=int, default=24)
    parser.add_argument("--seeds", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=20)
    chosen = parser.parse_args()
    rulebook = load_rules()
    prices = tuple(rulebook.value("roster.earliness", PLACE, AS_OF))
    pressing = int(rulebook.value("roster.pressing", PLACE, AS_OF))
    town = make_town(1, Size(chosen.objects, chosen.inspectors, limited=0.0))
    problem = replace(
        town, rules=replace(town.rules, weights=Weights(prices, pressing=pressing), reserve_share=0.1)
    )
    began = time.process_time()
    groups: dict[int, list[Seen]] = defaultdict(list)
    for seen in watch(problem, chosen.seeds, chosen.rounds):
        groups[seen.urgency].append(seen)
    print(
        f"{chosen.objects} firms, {chosen.inspectors} inspectors, prices of a week's delay {prices},"
        f" {chosen.seeds} seeds, {time.process_time() - began:.0f} CPU s"
    )
    for urgency, own in [*sorted(groups.items()), (0, [seen for each in groups.values() for seen in each])]:
        count = len(own)
        hit, blind = sum(s.hit() for s in own) / count, sum(1 / s.possible for s in own) / count
        bits, most = sum(s.entropy() for s in own) / count, sum(log2(s.possible) for s in own) / count
        sure = sum(s.hit() > 0.95 and s.possible > 1 for s in own)
        print(
            f"  {CLASSES.get(urgency, 'all'):13s} {count:4d} visits: right {hit:6.1%}, blind guess {blind:6.1%};"
            f" entropy {bits:.2f} of {most:.2f} bits; {sure} visits known for sure though other days were open"
        )
    for weights in (BEFORE, prices):
        town = replace(problem, rules=replace(problem.rules, weights=Weights(weights, pressing=pressing)))
        ranks = told_by_dates(town, chosen.seeds, chosen.rounds)
        print(f"  class from date at {weights}: {ranks.share:.1%} of {ranks.pairs} pairs, z {ranks.z:.1f}")


if __name__ == "__main__":
    main()
