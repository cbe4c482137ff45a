"""How little does a change disturb? `python -m bench.change` prints one county, beside solving anew.

The county of bench.roster is solved and its teams drawn by the real lottery. Then thirty things happen, of every kind:
illness, recusals, closed firms, postponements, quiet days, leads, new checks, unfinished items, visits pinned by hand.
They come one after the other (each its own change, some days apart), and all on one morning. Every roster is judged
by the independent checker, every change by the checker of changes, before its figures are printed.
"""

from __future__ import annotations

import argparse
import math
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from registry.rules import load_rules
from scheduling.change import change_roster
from scheduling.change_problem import apply_change
from scheduling.changed import Changed
from scheduling.check import check_roster
from scheduling.check_change import check_change
from scheduling.disturbances import Change
from scheduling.problem import Problem, Roster, Seat
from scheduling.rounding import round_teams, team_commitment, team_state
from scheduling.solve import Stop, solve
from scheduling.team_draw import team_table, veiled
from tests.scheduling.disturbed_towns import USUAL, disturb
from tests.scheduling.towns import Size, make_town

SALT = "00112233445566778899aabbccddeeff"


@dataclass
class Sum:
    """Totals over one or many changes."""

    affected: int = 0
    moved: int = 0
    replaced: int = 0
    newly_unplaced: int = 0
    desks: int = 0
    broken: int = 0
    largest: float = 0.0
    spent: float = 0.0
    kinds: Counter[str] = field(default_factory=Counter)

    def add(self, problem: Problem, roster: Roster, change: Change, changed: Changed, spent: float) -> None:
        """Count one change and judge it."""
        d = changed.disturbed
        vacated = {r.visit for r in changed.replacements}
        self.affected += len(vacated | {x.visit for x in changed.differences if x.cause != "made_room"})
        self.moved += d.moved
        self.replaced += len(changed.replacements)
        self.newly_unplaced += sum(x.kind == "unplaced" for x in changed.differences)
        self.desks += len(changed.desks)
        self.largest = max(self.largest, d.share)
        faults = [
            *check_roster(changed.problem, changed.roster),
            *check_change(problem, roster, change, changed),
        ]
        for fault in faults[:5]:
            print(f"  broken: {fault.rule} {fault.visit_id} {fault.sentence}")
        self.broken += len(faults)
        self.spent += spent
        self.kinds.update(changed.replaced_by_cause())

    def line(self, name: str) -> str:
        """One printed line."""
        return (
            f"{name:<22} affected {self.affected:4d}   unaffected moved {self.moved} "
            f"(most in one change {self.largest:.2%})   seats replaced {self.replaced}   "
            f"newly unplaced {self.newly_unplaced}   half-days of desks {self.desks}   rules broken {self.broken}   {self.spent:.2f} CPU s"
        )


def county(
    seed: int, objects: int, inspectors: int, seconds: float, desk_people: int
) -> tuple[Problem, Roster, str]:
    """A solved county with its teams drawn by the lottery, and the lottery's state S."""
    problem = make_town(seed, Size(objects, inspectors))
    problem = replace(problem, rules=replace(problem.rules, desk_people=desk_people))
    roster = solve(problem, Stop(seconds=seconds), f"S{seed}")
    table = team_table(problem, roster, SALT)
    state = team_state(team_commitment(table.content), "2026-09-30 dice 3 6 1 4 4 2")
    teams = round_teams(table.content, state)
    seats = tuple(
        Seat(g.visit, g.department, g.id, person)
        for g in roster.groups
        for person in teams[veiled(SALT, g.id)]
    )
    return problem, replace(roster, seats=seats), state


def _timed(
    problem: Problem, roster: Roster, change: Change, share: float, state: str
) -> tuple[Changed, float]:
    began = time.process_time()
    changed = change_roster(problem, roster, change, share, state, lambda word: veiled(SALT, word))
    return changed, time.process_time() - began


def anew(problem: Problem, roster: Roster, change: Change, seconds: float) -> str:
    """The peer: the changed problem solved from scratch, past visits pinned; how many of the others then move."""
    changed, _ = apply_change(problem, roster, change)
    past = {c: v for v in roster.visits if v.day < change.as_of for c in v.checks}
    checks = tuple(
        replace(c, pinned_day=past[c.id].day, pinned_half=past[c.id].half) if c.id in past else c
        for c in changed.checks
    )
    checks = tuple(
        c if c.id in past else replace(c, window_from=max(c.window_from, change.as_of)) for c in checks
    )
    began = time.process_time()
    fresh = solve(replace(changed, checks=checks), Stop(seconds=seconds), roster.seed)
    spent = time.process_time() - began
    there = {v.checks: (v.day, v.half) for v in fresh.visits}
    touched = {f.visit_id for f in check_roster(changed, roster)}
    known = {c.id for c in changed.checks}
    calm = [
        v for v in roster.visits if v.day >= change.as_of and v.id not in touched and set(v.checks) <= known
    ]
    moved = sum(there.get(v.checks) != (v.day, v.half) for v in calm)
    return (
        f"{'solved anew':<22} unaffected moved {moved} of {len(calm)} ({moved / max(1, len(calm)):.1%})   "
        f"every team drawn again   unplaced {len(fresh.unplaced)}   {spent:.1f} CPU s"
    )


def main() -> None:
    """Print the lines of each county."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=800)
    parser.add_argument("--inspectors", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--towns", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--disturbances", type=int, default=30)
    parser.add_argument("--desk-people", type=int, default=0)
    parser.add_argument("--as-of", type=date.fromisoformat, default=date(2026, 10, 14))
    chosen = parser.parse_args()
    share = float(load_rules().value("roster.change_share", "CN", chosen.as_of))
    for seed in chosen.towns:
        problem, roster, state = county(
            seed, chosen.objects, chosen.inspectors, chosen.seconds, chosen.desk_people
        )
        future = sum(v.day >= chosen.as_of for v in roster.visits)
        print(
            f"county {seed}: {len(roster.visits)} visits, {len(roster.seats)} seats, {len(roster.unplaced)} unplaced; "
            f"on {chosen.as_of} {future} are still to come; limit {share:.0%} = {math.floor(share * future)}"
        )
        change = disturb(seed, problem, roster, chosen.as_of, chosen.disturbances, USUAL)
        kinds = Counter(d.kind for d in change.disturbances)
        print("  " + ", ".join(f"{n} {kind}" for kind, n in sorted(kinds.items())))
        at_once = Sum()
        at_once.add(problem, roster, change, *_timed(problem, roster, change, share, state))
        print("  " + at_once.line("all at once"), flush=True)
        print("  replaced: " + ", ".join(f"{kind} {n}" for kind, n in at_once.kinds.items()))
        singly, now, standing = Sum(), problem, roster
        for n in range(chosen.disturbances):
            day = chosen.as_of + timedelta(days=n // 3)
            one = disturb(seed * 100 + n, now, standing, day, 1, (USUAL[n % len(USUAL)],))
            changed, spent = _timed(now, standing, one, share, state)
            singly.add(now, standing, one, changed, spent)
            now, standing = changed.problem, changed.roster
        print("  " + singly.line("one after the other"), flush=True)
        print("  " + anew(problem, roster, change, chosen.seconds), flush=True)


if __name__ == "__main__":
    main()
