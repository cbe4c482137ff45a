"""The team lottery (检查人员抽取): python -m bench.teams [--runs 5000] [--earlier] [--large 500 5000 60]

For a small and a large lottery: the smallest ratio of probability to equal share beside the certified bound, CPU seconds of
the table, of reading it, of one rounding (beside it the same table as wurao-team-1) and of `wurao verify` replaying it. Beside
it in the same run the same bound by a linear program (GLOP), for the small one. Then thousands of simulated lotteries: every
hard rule counted in every outcome, how often each person was sent against the published probability, as chi-square over the
groups with one seat, and how many pairs of people travelled together; with --earlier the same for wurao-team-1.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import TypeVar

from ortools.linear_solver import pywraplp
from scipy.stats import chi2

from bench.team_cases import TeamCase, team_case
from scheduling.bundle import DrawRecord, TeamRecord, make_bundles
from scheduling.bundle_files import write_folder
from scheduling.draw import PoolRow, counts_file, pool_file
from scheduling.rounding import Teams, draw_teams
from scheduling.team_table import FIRST_FORMAT, TeamTable, read_team_table
from scheduling.teams import publish_probabilities
from scheduling.verify import verify_bundle

SALT, KEY, SEED = "5a" * 16, bytes(range(32)), "dice 3 6 1 4 4 2"
_AT = "2026-12-01T10:00:00+08:00"
Answer = TypeVar("Answer")


def timed(act: Callable[[], Answer]) -> tuple[Answer, float]:
    """What the act gives, and its CPU seconds."""
    began = time.process_time()
    answer = act()
    return answer, time.process_time() - began


def bound_by_program(case: TeamCase) -> float:
    """The best reachable smallest ratio, by a linear program that knows nothing of flows (GLOP)."""
    solver = pywraplp.Solver.CreateSolver("GLOP")
    ratio = solver.NumVar(0, 1, "")
    by_person: dict[str, list[pywraplp.Variable]] = {person.id: [] for person in case.staff}
    by_place: dict[tuple[str, str], list[pywraplp.Variable]] = {}
    for group in case.groups:
        chances = [solver.NumVar(0, 1, "") for _ in group.eligible]
        solver.Add(sum(chances) == group.need)
        for name, chance in zip(group.eligible, chances, strict=True):
            solver.Add(chance * len(group.eligible) >= ratio * group.need)
            by_person[name].append(chance)
            by_place.setdefault((name, group.slot), []).append(chance)
    for person in case.staff:
        solver.Add(sum(by_person[person.id]) <= person.cap)
    for chances in by_place.values():
        solver.Add(sum(chances) <= 1)
    solver.Maximize(ratio)
    if solver.Solve() != solver.OPTIMAL:
        raise RuntimeError("GLOP found no optimum")
    return float(solver.Objective().Value())


def rules_broken(table: TeamTable, teams: Teams) -> int:
    """Hard rules broken by an outcome: seats not filled by eligible people, two seats in a slot, caps."""
    caps = {person.id: person.cap for person in table.staff}
    slots: Counter[tuple[str, str]] = Counter()
    loads: Counter[str] = Counter()
    broken = 0
    for group in table.groups:
        sent = teams[group.id]
        broken += len(set(sent)) != group.need or not set(sent) <= set(group.eligible)
        slots.update((name, group.slot) for name in sent)
        loads.update(sent)
    return broken + sum(n > 1 for n in slots.values()) + sum(loads[name] > cap for name, cap in caps.items())


def together(teams: Teams) -> list[tuple[str, tuple[str, str]]]:
    """Visit and pair of people, for all who travel together."""
    crews: dict[str, list[str]] = {}
    for group, names in teams.items():
        crews.setdefault(group.split("/")[0], []).extend(names)
    return [(visit, pair) for visit, crew in crews.items() for pair in combinations(sorted(crew), 2)]


def agreement(pairs: Counter[tuple[str, tuple[str, str]]], runs: int) -> float:
    """Share of pairs that a second lottery sends to the same visit again: small where chance is well spread."""
    return sum(many * (many - 1) for many in pairs.values()) / (sum(pairs.values()) * (runs - 1))


def simulate(table: TeamTable, runs: int, seeds: str) -> str:
    """So many lotteries: broken rules, and chi-square of who was sent against the published probabilities.

    seeds: a word that the seeds are made of; another word, other lotteries. Groups are drawn together, so their
    statistics are not independent: beside the total stand the single seats, as standard deviations from their expectation.
    """
    seen: Counter[tuple[str, str]] = Counter()
    pairs: Counter[tuple[str, tuple[str, str]]] = Counter()
    broken = 0
    for run in range(runs):
        teams = draw_teams(table, hashlib.sha256(f"{seeds} {run}".encode()).hexdigest())
        pairs.update(together(teams))
        broken += rules_broken(table, teams)
        seen.update((group, name) for group, names in teams.items() for name in names)
    statistics = []
    for group in table.groups:
        wanted = {name: runs * float(table.probability(group.id, name)) for name in group.eligible}
        tested = {name: many for name, many in wanted.items() if 0 < many < runs}
        broken += any(seen[group.id, name] != many for name, many in wanted.items() if name not in tested)
        if group.need == 1 and len(tested) > 1:
            value = sum((seen[group.id, name] - many) ** 2 / many for name, many in tested.items())
            statistics.append((value, len(tested) - 1, group.id))
    total, freedom = sum(value for value, _, _ in statistics), sum(free for _, free, _ in statistics)
    apart = [
        (seen[group.id, name] - runs * chance) / (runs * chance * (1 - chance)) ** 0.5
        for group in table.groups
        for name in group.eligible
        if 0 < (chance := float(table.probability(group.id, name))) < 1
    ]
    least, worst = min((float(chi2.sf(value, free)), group) for value, free, group in statistics)
    return (
        f"{runs:,} simulated lotteries: {broken} rules broken; chi-square {total:,.0f} on {freedom:,} degrees over"
        f" {len(statistics)} groups of one seat, p = {chi2.sf(total, freedom):.3f};"
        f" smallest p of one group {least:.1e} ({worst}; times {len(statistics)}: {min(1.0, least * len(statistics)):.2f});"
        f" of {len(apart):,} seats {sum(abs(one) > 3 for one in apart)} lie beyond 3 standard deviations"
        f" ({len(apart) * 0.0027:.0f} expected), the farthest at {max(map(abs, apart)):.1f}, mean square"
        f" {sum(one * one for one in apart) / len(apart):.3f};"
        f" {len(pairs):,} different pairs sent together to a visit, two lotteries agree in {agreement(pairs, runs):.4%}"
    )


def replay_seconds(table: TeamTable) -> tuple[float, float]:
    """CPU seconds of `wurao verify` on a bundle with this lottery, and on the same bundle without it."""
    rows, counts = (
        [PoolRow("91110000802100433B", "T1", "A"), PoolRow("9152000071430580XT", "T1", "A")],
        {("T1", "A"): 1},
    )
    record = DrawRecord(
        batch="2026-Q4", version=1, place="hall", ceremony_at=_AT, committed_at="2026-11-30T17:00:00+08:00",
        seed_text=SEED, seed_source="dice", seed_at=_AT, approved_by=("S001",), class_secret=False,
    )  # fmt: skip
    part = TeamRecord(table.content, "hall", _AT, "2026-11-30T17:00:00+08:00", SEED, "dice", _AT)
    spent = []
    for team in (part, None):
        bundles = make_bundles(record, pool_file(rows, SALT), counts_file(counts, SALT), KEY, {}, team)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "public"
            write_folder(bundles.public, path)
            verdict, seconds = timed(lambda path=path: verify_bundle(path))  # type: ignore[misc]
        if not verdict.ok:
            raise RuntimeError(f"the bench's own bundle fails: {verdict.failures}")
        spent.append(seconds)
    return spent[0], spent[1]


def lottery(
    people: int, visits: int, days: int, program: bool, runs: int, seeds: str = "", earlier: bool = False
) -> None:
    """Print one lottery's figures."""
    case = team_case(people, visits, days)
    print(
        f"{people} x {visits}: {len(case.groups):,} groups over {days} days, {case.seats:,} rows of the table"
    )
    table, spent = timed(lambda: publish_probabilities(case.groups, case.staff))
    bound = table.bound or 0
    print(
        f"  table {spent:.2f} CPU s; smallest ratio {float(table.achieved):.6f} of the even chance, bound {float(bound):.6f}"
        f" certified by a cut: {float(table.achieved / bound):.4%} of it; {len(table.certain)} seats certain"
    )
    if program:
        best, peer = timed(lambda: bound_by_program(case))
        print(f"  the bound by GLOP {best:.6f}, {peer:.2f} CPU s; differs by {abs(best - float(bound)):.1e}")
    state = hashlib.sha256(SEED.encode()).hexdigest()
    first = replace(table, edition=FIRST_FORMAT)
    again, reading = timed(lambda: read_team_table(table.content))
    teams, rounding = timed(lambda: draw_teams(again, state))
    _, before = timed(lambda: draw_teams(first, state))
    whole, without = replay_seconds(table)
    print(
        f"  file {len(table.content) / 1e6:.1f} MB; read and check {reading:.2f} CPU s, round {rounding:.2f}"
        f" (as wurao-team-1 {before:.2f}), {rules_broken(table, teams)} rules broken; table, reading and rounding together"
        f" {spent + reading + rounding:.2f}; verify with it {whole:.2f} CPU s, without {without:.2f}"
    )
    for one in (table, first)[: (1 + earlier) * bool(runs)]:
        told, simulated = timed(lambda one=one: simulate(one, runs, seeds))  # type: ignore[misc]
        print(f"  {one.edition}: {told} ({simulated:.0f} CPU s)")


def main() -> None:
    """Print both lotteries."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5000, help="simulated lotteries of the small one")
    parser.add_argument(
        "--small", type=int, nargs=3, default=(60, 200, 60), metavar=("PEOPLE", "VISITS", "DAYS")
    )
    parser.add_argument(
        "--large", type=int, nargs=3, default=(500, 5000, 60), metavar=("PEOPLE", "VISITS", "DAYS")
    )
    parser.add_argument("--seeds", default="run", help="a word that their seeds are made of")
    parser.add_argument("--earlier", action="store_true", help="simulate wurao-team-1 as well")
    chosen = parser.parse_args()
    lottery(*chosen.small, program=True, runs=chosen.runs, seeds=chosen.seeds, earlier=chosen.earlier)
    lottery(*chosen.large, program=False, runs=0)


if __name__ == "__main__":
    main()
