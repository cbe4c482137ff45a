"""Ways out of a conflict (缓解办法): priced by the relaxation, then each tried by planning the changed problem again.

Only what works is shown: a remedy is in the list if, with its measures decided and every other visit left where
it stands, the plan has no gap any more in this conflict. One that falls short gets one more step or the rest in writing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property

import numpy as np

from scheduling.booking import UNPLACED
from scheduling.capacity import Ints
from scheduling.conflict_record import Conflict, Measure, Prices, Remedy
from scheduling.explain import RATIONED, Found
from scheduling.holdings import LIMITED, PEOPLE, WORKLOAD, Holding
from scheduling.measures import apply, measures_of, off_site
from scheduling.prepared import Prepared, prepare
from scheduling.problem import HALVES, WHOLE_DAY, Check, Problem, Roster
from scheduling.relief_model import KINDS, Relief, ReliefModel
from scheduling.relief_scene import Scene
from scheduling.workdays import EstimatedYear, working_days

RETRIES = 2
MOST_LENT = 4
Place = Callable[[Problem], Roster]


@dataclass(frozen=True, eq=False)
class Relieving:
    """The search for remedies after a plan (寻找缓解办法). `place` plans a problem again, `seconds` limits it all."""

    prepared: Prepared
    prices: Prices
    slot: Ints
    seed: str
    place: Place
    seconds: float | None = None

    def with_remedies(
        self, found: Sequence[Found], told: Callable[[float], None] = lambda share: None
    ) -> tuple[Conflict, ...]:
        """The conflicts with their remedies, the cheapest first; those after the time limit stay without."""
        end = time.monotonic() + self.seconds if self.seconds is not None else None
        conflicts = []
        for n, one in enumerate(found):
            remedies = tuple(sorted(self._remedies(one, end), key=lambda r: (r.price, len(r.measures))))
            conflicts.append(replace(one.conflict, remedies=remedies))
            told((n + 1) / len(found))
        return tuple(conflicts)

    def _remedies(self, found: Found, end: float | None) -> list[Remedy]:
        """Those that work. A mixture is worth showing only if it is cheaper than every measure alone."""
        works: list[Remedy] = []
        for attempts in self._candidates(found):
            if end is not None and time.monotonic() > end:
                break
            tried = (self._tried(found, measures) for measures in attempts if measures)
            works += [remedy for remedy in [next((r for r in tried if r), None)] if remedy]
        alone = min((r.price for r in works if len(r.measures) == 1), default=np.inf)
        shown: dict[tuple[str, ...], Remedy] = {}
        for remedy in sorted(works, key=lambda r: -r.price):
            if len(remedy.measures) == 1 or remedy.price < alone:
                shown[tuple(sorted(m.kind for m in remedy.measures))] = remedy
        return list(shown.values())

    def _candidates(self, found: Found) -> Iterator[Iterator[tuple[Measure, ...]]]:
        """Measures worth a trial, each with what to try next if it falls short: the cheapest mixture, each kind alone."""
        if found.left_out:
            scene = self._scene(found)
            near, wide = ReliefModel(scene), replace(scene, wide=True)
            for kinds in (KINDS, *((kind,) for kind in KINDS if near.offers(kind))):
                relief = near.relieve(kinds)
                if relief is not None:
                    yield self._attempts(scene, near, kinds, relief)
                elif kinds != ("off_site",):
                    model = ReliefModel(wide)
                    yield self._attempts(wide, model, kinds, model.relieve(kinds))
        else:
            yield from self._refused(found)

    def _attempts(
        self, scene: Scene, model: ReliefModel, kinds: Sequence[str], relief: Relief | None
    ) -> Iterator[tuple[Measure, ...]]:
        if relief is None:
            return
        if not measures_of(scene, relief):
            # Nothing proves the shortage, so the model sees none: a first step of each kind is tried.
            relief = model.first_step(kinds)
        yield measures_of(scene, relief)
        for _ in range(RETRIES if len(kinds) == 1 else 0):
            step = relief.more()
            if relief.opened:
                step = model.relieve(kinds, len(relief.opened) + 1) or step
            if step == relief:
                return
            relief = step
            yield measures_of(scene, relief)

    def _tried(self, found: Found, measures: tuple[Measure, ...]) -> Remedy | None:
        """The remedy if it works: with all others left where they stand, or where that fails, dated anew as well.

        A mixture that leaves some out puts these in writing and is tried once more.
        """
        for pinned in (True, False):
            problem = self.around(found, pinned)
            missed = self._missed(problem, measures)
            if missed and (len(measures) > 1 or measures[0].kind == "off_site"):
                measures = self._rest_in_writing(measures, missed)
                missed = self._missed(problem, measures)
            if not missed:
                measures = self._needed(problem, measures)
                price = round(sum(m.price for m in measures), 2)
                said = ";".join(m.sentence for m in measures)
                return Remedy(measures, price, said, len(_visits_left(found)))
        return None

    def _missed(self, problem: Problem, measures: tuple[Measure, ...]) -> set[str]:
        return {c for u in self.place(apply(problem, measures)).unplaced for c in u.checks}

    def _needed(self, problem: Problem, measures: tuple[Measure, ...]) -> tuple[Measure, ...]:
        """Those measures of a mixture that are needed, the dearest left out first where the rest will do."""
        kept = measures
        for measure in sorted(measures, key=lambda m: -m.price) if len(measures) > 1 else ():
            fewer = tuple(m for m in kept if m is not measure)
            if fewer and not self._missed(problem, fewer):
                kept = fewer
        return kept

    def _rest_in_writing(self, measures: tuple[Measure, ...], missed: set[str]) -> tuple[Measure, ...]:
        visits = [v for v, visit in enumerate(self.prepared.visits) if missed & {c.id for c in visit.checks}]
        visits += [v for m in measures if m.kind == "off_site" for v in self._visits_of(set(m.checks))]
        visits = sorted(set(visits))
        price = sum(self.prices.in_writing(self.prepared.visits[v].urgency) for v in visits)
        rest = tuple(m for m in measures if m.kind != "off_site")
        return (*rest, off_site(self.prepared, visits, price))

    def _visits_of(self, checks: set[str]) -> list[int]:
        return [v for v, visit in enumerate(self.prepared.visits) if checks & {c.id for c in visit.checks}]

    def around(self, found: Found, pinned: bool = True) -> Problem:
        """The problem with this conflict only: other gaps left out, visits that it does not concern pinned if asked."""
        concerned = set(found.conflict.left_out)
        free = set(self._scene(found).free) if found.left_out else set()
        pins: dict[str, tuple[date, str]] = {}
        dropped = {c.id for c in self.prepared.problem.checks if c.id not in concerned}
        for v, visit in enumerate(self.prepared.visits):
            if self.slot[v] == UNPLACED:
                continue
            ids = {c.id for c in visit.checks}
            dropped -= ids
            if pinned and v not in free:
                pins |= dict.fromkeys(ids, self._standing(v))
        dropped -= {s.check for s in self.prepared.settled if s.check not in self._unplaced}
        checks = tuple(
            _pinned(c, pins.get(c.id)) for c in self.prepared.problem.checks if c.id not in dropped
        )
        return replace(self.prepared.problem, checks=checks)

    @cached_property
    def _unplaced(self) -> set[str]:
        placed = {
            c.id
            for v, visit in enumerate(self.prepared.visits)
            if self.slot[v] != UNPLACED
            for c in visit.checks
        }
        return {c.id for c in self.prepared.problem.checks} - placed

    def _standing(self, v: int) -> tuple[date, str]:
        half = WHOLE_DAY if self.prepared.dates.halves[v] == 2 else HALVES[int(self.slot[v]) % 2]
        return self.prepared.dates.dates[int(self.slot[v]) // 2], half

    @cached_property
    def _longer(self) -> Prepared:
        """The problem with the days that follow the period, as far as a delay may go and the calendar is known."""
        problem = self.prepared.problem
        last = problem.last_day + timedelta(days=self.prices.longest_delay_days)
        while last > problem.last_day:
            try:
                working_days(problem.first_day, last, problem.calendar)
            except EstimatedYear:
                last = max(problem.last_day, date(last.year - 1, 12, 31))
                continue
            return prepare(replace(problem, last_day=last), self.seed)
        return self.prepared

    def _scene(self, found: Found) -> Scene:
        """The conflict on the longer calendar; visits are found again by what they are."""
        longer = self._longer
        place = {visit.checks: v for v, visit in enumerate(longer.visits)}
        again = [place.get(visit.checks) for visit in self.prepared.visits]
        slot = np.full(len(longer.visits), UNPLACED, dtype=np.int64)
        for v, w in enumerate(again):
            if w is not None:
                slot[w] = self.slot[v]
        counted = found.proof.counted if found.proof else ()
        days = np.zeros(len(longer.dates.dates), dtype=bool)
        for one in counted:
            if one.holding.kind not in (WORKLOAD, LIMITED) or len(counted) == 1:
                days[: len(one.days)] |= one.days
        if not found.proof:
            days |= longer.dates.days[[w for v in found.left_out if (w := again[v]) is not None]].any(axis=0)
        concerned = [again[v] for v in (found.proof.visits if found.proof else found.left_out)]
        left_out = [again[v] for v in found.left_out]
        return Scene(
            prepared=longer,
            prices=self.prices,
            slot=slot,
            concerned=tuple(v for v in concerned if v is not None),
            left_out=tuple(v for v in left_out if v is not None),
            short=self._short(found, longer),
            days=days,
            cuts=tuple(_longer_cut(c.holding, longer) for c in counted if _is_cut(c.holding)),
        )

    @staticmethod
    def _short(found: Found, longer: Prepared) -> tuple[tuple[str, int], ...]:
        """What is short: as proved, or where nothing is proved, what the rules named for the visits speak of."""
        if found.proof:
            return tuple(sorted({(c.holding.kind, c.holding.index) for c in found.proof.counted}))
        asked = {int(r) for v in found.left_out for r in np.flatnonzero(longer.dates.demand[v])}
        kinds = [k for k in (PEOPLE, WORKLOAD, LIMITED) if RATIONED[k] in found.conflict.rules]
        return tuple((kind, row) for kind in kinds for row in sorted(asked))

    def _refused(self, found: Found) -> Iterator[Iterator[tuple[Measure, ...]]]:
        """Checks refused before any date: in writing, or with people lent where people are what is missing."""
        meant = set(found.conflict.left_out)
        checks = [c for c in self.prepared.problem.checks if c.id in meant]
        if {"qualification", "team_size", "recused", "district", "same_pair"} & set(found.conflict.rules):
            yield (tuple(self._lent(checks, many)) for many in range(1, MOST_LENT + 1))
        price = sum(self.prices.in_writing(c.urgency) for c in checks)
        said = f"将 {len(checks)} 项改为书面或网络检查"
        yield iter([(Measure("off_site", len(checks), "项", said, price, tuple(c.id for c in checks)),)])

    def _lent(self, checks: Sequence[Check], many: int) -> Iterator[Measure]:
        days = self.prepared.dates.dates
        for department in sorted({c.department for c in checks}):
            own = [c for c in checks if c.department == department]
            held = tuple(sorted({q for c in own for q in c.qualifications}))
            said = f"{department}从其他单位借调 {many} 名{'、'.join(held)}{'资格' if held else '持证'}人员"
            price = many * (self.prices.borrowed_person + self.prices.borrowed_day * len(days))
            spread = tuple(d for d in days for _ in range(many))
            yield Measure(
                "borrow", many, "人", said, price, days=spread, department=department, qualifications=held
            )


def _is_cut(holding: Holding) -> bool:
    """Workload on some days only: found for one proof, not among the standing holdings."""
    return holding.kind == WORKLOAD and not bool(holding.days.all())


def _longer_cut(holding: Holding, longer: Prepared) -> Holding:
    """The same on the longer calendar, for the visits that are there."""
    days = np.zeros((len(holding.days), len(longer.dates.dates)), dtype=bool)
    days[:, : holding.days.shape[1]] = holding.days
    return replace(holding, units=longer.dates.demand[:, holding.index], days=days)


def _visits_left(found: Found) -> set[tuple[str, ...]]:
    left = set(found.conflict.left_out)
    return {claim.checks for claim in found.conflict.visits if left & set(claim.checks)}


def _pinned(check: Check, pin: tuple[date, str] | None) -> Check:
    return check if pin is None else replace(check, pinned_day=pin[0], pinned_half=pin[1])
