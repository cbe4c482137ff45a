"""Doors with shared tickets (样本协调): python -m bench.coordination [FIRMS] [SEEDS]

Six departments draw the same numbers from the same libraries three ways: each with tickets of its own, all with shared
tickets, and the bound. No way of drawing that keeps every sample's inclusion probabilities can open fewer doors on
average than the sum over enterprises of the largest one, for whoever is drawn by anybody is drawn at least that often.
Then, on a smaller city of the same kind, whether each department's sample is still a simple random sample: chi-square
of how often each enterprise is drawn over many seeds.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter, defaultdict
from math import ceil

import pandas as pd
from scipy.stats import chi2

from scheduling.draw import DrawResult, PoolRow, Stratum, counts_file, draw_objects, pool_file
from scheduling.expectation import chances, expected_doors, expected_doors_apart, expected_joint_share

SALT, KEY = "5a" * 16, bytes(range(32))
RATES = {"A": 0.01, "B": 0.02, "C": 0.10, "D": 0.30}
CLASSES = {"A": 0.60, "B": 0.30, "C": 0.08, "D": 0.02}
DEPARTMENTS = {
    "市场监管": (1.0, 1.0), "人社": (0.6, 0.8), "生态环境": (0.3, 1.2), "消防": (0.4, 1.0), "卫健": (0.25, 1.1), "文旅": (0.15, 0.9),
}  # fmt: skip
"""Share of the firms in the department's library, and its rates as a multiple of RATES."""
DISTRICTS = 10
WITHIN = 1.10
DRAWS = 5


def city(firms: int) -> tuple[list[PoolRow], dict[Stratum, int]]:
    """Pool rows and counts of one batch; the task is named after its department."""
    chance = random.Random(20261127)
    rows = []
    for number in range(firms):
        klass = chance.choices(list(CLASSES), list(CLASSES.values()))[0]
        stratum = f"{klass}-9901{chance.randrange(DISTRICTS):02d}"
        for department, (share, _) in DEPARTMENTS.items():
            if chance.random() < share:
                rows.append(PoolRow(f"91{number:016d}", department, stratum))
    sizes = Counter((row.task, row.stratum) for row in rows)
    counts = {
        (task, stratum): min(size, ceil(RATES[stratum[0]] * DEPARTMENTS[task][1] * size))
        for (task, stratum), size in sizes.items()
    }
    return rows, counts


def with_chances(rows: list[PoolRow], counts: dict[Stratum, int]) -> pd.DataFrame:
    """The rows with department and inclusion probability."""
    sizes = Counter((row.task, row.stratum) for row in rows)
    p = [counts[row.task, row.stratum] / sizes[row.task, row.stratum] for row in rows]
    return pd.DataFrame(rows).assign(department=[row.task for row in rows], p=p)


def doors_and_joint(results: list[DrawResult]) -> tuple[int, float]:
    """Distinct objects, and the share of department visits made together with another."""
    at: dict[str, set[str]] = defaultdict(set)
    for result in results:
        for row in result.drawn:
            at[row.object_id].add(row.task)
    visits = sum(len(departments) for departments in at.values())
    return len(at), sum(len(d) for d in at.values() if len(d) > 1) / visits


def drawn_apart(rows: list[PoolRow], counts: dict[Stratum, int], seed: str) -> list[DrawResult]:
    """Each department's own lottery with a seed of its own."""
    found = []
    for department in DEPARTMENTS:
        own = [row for row in rows if row.task == department]
        wanted = {name: count for name, count in counts.items() if name[0] == department}
        found.append(
            draw_objects(pool_file(own, SALT), counts_file(wanted, SALT), KEY, f"{seed} {department}")
        )
    return found


def uniformity(firms: int, seeds: int) -> dict[str, float]:
    """p of each department's chi-square: sampling without replacement, each stratum scaled by its own variance."""
    rows, counts = city(firms)
    pool, counted = pool_file(rows, SALT), counts_file(counts, SALT)
    often: Counter[tuple[str, str]] = Counter()
    for seed in range(seeds):
        often.update((row.object_id, row.task) for row in draw_objects(pool, counted, KEY, f"{seed}").drawn)
    members: dict[Stratum, list[str]] = defaultdict(list)
    for row in rows:
        members[row.task, row.stratum].append(row.object_id)
    statistic, freedom = Counter[str](), Counter[str]()
    for (task, stratum), ids in members.items():
        size, p = len(ids), counts[task, stratum] / len(ids)
        if size < 2 or p >= 1:
            continue
        spread = seeds * p * (1 - p) * size / (size - 1)
        statistic[task] += sum((often[name, task] - seeds * p) ** 2 for name in ids) / spread
        freedom[task] += size - 1
    return {task: float(chi2.sf(statistic[task], freedom[task])) for task in DEPARTMENTS}


def main(firms: int = 100_000, seeds: int = 500) -> int:
    """Print the table; returns 1 if shared tickets miss the bound by more than 10 % or a sample is not uniform."""
    start = time.process_time()
    rows, counts = city(firms)
    pool, counted = pool_file(rows, SALT), counts_file(counts, SALT)
    frame = with_chances(rows, counts)
    found = chances(frame)
    bound, apart = expected_doors(found), expected_doors_apart(frame)
    shared = [doors_and_joint([draw_objects(pool, counted, KEY, f"seed {n}")]) for n in range(DRAWS)]
    own = doors_and_joint(drawn_apart(rows, counts, "seed"))
    doors = sum(many for many, _ in shared) / DRAWS
    joint = sum(share for _, share in shared) / DRAWS
    print(
        f"{firms:,} firms, {len(DEPARTMENTS)} departments, {len(counts)} strata, {sum(counts.values()):,} checks"
    )
    print(f"  {'':34}{'doors':>9}{'of bound':>10}{'joint visits':>14}")
    print(f"  {'independent draws (one draw)':34}{own[0]:>9,}{own[0] / bound:>10.2f}{own[1]:>14.1%}")
    print(f"  {'independent draws (expected)':34}{apart:>9,.0f}{apart / bound:>10.2f}")
    print(
        f"  {f'shared tickets (mean of {DRAWS} draws)':34}{doors:>9,.0f}{doors / bound:>10.2f}{joint:>14.1%}"
    )
    print(
        f"  {'bound: sum of largest inclusion':34}{bound:>9,.0f}{1:>10.2f}{expected_joint_share(found):>14.1%}"
    )
    small = max(600, firms // 50)
    p = uniformity(small, seeds)
    print(
        f"  chi-square p over {seeds} seeds on {small:,} firms:",
        ", ".join(f"{k} {v:.3f}" for k, v in p.items()),
    )
    good = doors <= WITHIN * bound and all(0.001 <= value <= 0.999 for value in p.values())
    verdict = "reached" if good else "NOT reached"
    print(
        f"  target: within 10 % of the bound, p in [.001, .999]: {verdict}; {time.process_time() - start:.0f} s CPU"
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
