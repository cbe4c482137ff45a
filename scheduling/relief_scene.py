"""The scene of a conflict (冲突现场): its visits, what may move to make room, and where each might go at a price."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import gcd

import numpy as np

from scheduling.booking import UNPLACED, Bools
from scheduling.capacity import Ints
from scheduling.conflict_record import Prices
from scheduling.holdings import LIMITED, PEOPLE, WORKLOAD, Holding, holdings
from scheduling.prepared import Prepared
from scheduling.quiet import ObjectFrame, open_days


@dataclass(frozen=True, eq=False)
class Scene:
    """A conflict among its neighbours. `slot` [V] says where everything stands now.

    `concerned` are the conflict's visits, `left_out` those without a date; `short` what is short (kind, index) and
    `days` [D] on which days. A `wide` scene lets every visit move, not only those that need what is short.
    `prepared` reaches past the period where it may; `cuts` are holdings found for the proof alone.
    """

    prepared: Prepared
    prices: Prices
    slot: Ints
    concerned: tuple[int, ...]
    left_out: tuple[int, ...]
    short: tuple[tuple[str, int], ...]
    days: Bools
    cuts: tuple[Holding, ...] = ()
    wide: bool = False

    @cached_property
    def held(self) -> list[Holding]:
        """Everything rationed, over all days."""
        return [*holdings(self.prepared.dates), *self.cuts]

    @cached_property
    def free(self) -> list[int]:
        """Visits that may move: the conflict's own and all that take what is short."""
        short = {(h.kind, h.index): h for h in self.held if h.half is None}
        takes = np.zeros(len(self.slot), dtype=bool)
        for key in self.short:
            takes |= short[key].units > 0 if key in short else False
        takes |= self.wide
        takes &= (self.slot != UNPLACED) & (self.prepared.dates.pin == UNPLACED)
        takes[list(self.left_out)] = True
        pinned = [v for v in self.concerned if self.prepared.dates.pin[v] != UNPLACED]
        takes[pinned] = True
        return [int(v) for v in np.flatnonzero(takes)]

    @cached_property
    def fixed(self) -> Ints:
        """Visits that stay where they stand."""
        stands = self.slot != UNPLACED
        stands[self.free] = False
        return np.flatnonzero(stands)

    def left(self, holding: Holding) -> Ints:
        """What the fixed visits leave of a holding, stretch by stretch."""
        dates = self.prepared.dates
        if holding.kind == PEOPLE and holding.half is None:
            load = np.zeros(2 * len(dates.dates), dtype=np.int64)
            for half in (0, 1):
                there = self.fixed[(dates.halves[self.fixed] == 2) | (self.slot[self.fixed] % 2 == half)]
                np.add.at(load, self.slot[there] // 2 * 2 + half, dates.demand[there, holding.index])
            # A half-day's odd people are no use to whole teams, though the day's sum would count them.
            step = gcd(*(int(n) for n in dates.demand[self.free, holding.index])) or 1
            spare = np.maximum(0, dates.capacity[holding.index] - load) // step * step
            return np.asarray(spare[0::2] + spare[1::2])
        taken = np.zeros(len(dates.dates), dtype=np.int64)
        np.add.at(taken, self.slot[self.fixed] // 2, holding.units[self.fixed])
        return np.maximum(0, holding.holds - holding.days @ taken)

    @cached_property
    def days_by_move(self) -> list[Bools]:
        """Days [V, D] open to each visit for nothing, then by each kind of move."""
        prepared, dates = self.prepared, self.prepared.dates
        layers = prepared.layers(self.free)
        moves = [dates.days, *(self._only(name, layers) for name in ("window", "quiet_day", "spacing"))]
        moves[1] &= self._late()
        moves[2] &= self._exemptible()
        moves[3] &= self._soon()
        pinned = self._only("pinned", layers)
        fits = np.array([v.minutes <= 2 * prepared.problem.rules.half_day_minutes for v in prepared.visits])
        return [moves[0], *(m & fits[:, None] for m in moves[1:]), pinned & fits[:, None]]

    def _only(self, rule: str, layers: dict[str, Bools]) -> Bools:
        """Days of the concerned visits that this rule alone closes."""
        others = np.logical_and.reduce([days for name, days in layers.items() if name != rule])
        mask = np.zeros(len(self.slot), dtype=bool)
        mask[[*self.concerned, *self.left_out]] = True
        return np.asarray(others & ~layers[rule] & mask[:, None])

    def _late(self) -> Bools:
        """Days [V, D] past a visit's window, within the longest delay; none past a window that the law sets."""
        last = np.array([min(c.window_to for c in v.checks).toordinal() for v in self.prepared.visits])
        past = self.prepared.dates.ordinals[None, :] - last[:, None]
        free = np.array([not any(c.statutory for c in v.checks) for v in self.prepared.visits], dtype=bool)
        return np.asarray((past > 0) & (past <= self.prices.longest_delay_days) & free[:, None])

    def late_weeks(self, visit: int, day: int) -> int:
        """Started weeks past the window."""
        last = min(c.window_to for c in self.prepared.visits[visit].checks).toordinal()
        return -(-(int(self.prepared.dates.ordinals[day]) - last) // 7)

    def _exemptible(self) -> Bools:
        """Days [V, D] that would be open if everything that may be exempted were."""
        prepared, problem = self.prepared, self.prepared.problem
        frame = ObjectFrame.of(problem.objects)
        row = {o.object_id: n for n, o in enumerate(problem.objects)}
        found = np.zeros((len(prepared.visits), len(prepared.dates.dates)), dtype=bool)
        known: dict[tuple[str, ...], Bools] = {}
        for v in self.free:
            own = np.ones(found.shape[1], dtype=bool)
            for check in prepared.visits[v].checks:
                if check.categories not in known:
                    lasting = [
                        r for r in problem.quiet_rules if not {*check.categories} & {*r.exempt_categories}
                    ]
                    known[check.categories] = open_days(frame, lasting, prepared.dates.dates)
                own &= known[check.categories][row[check.object_id]]
            found[v] = own
        return found

    def _soon(self) -> Bools:
        """Days [V, D] that keep the shortest spacing policy allows since the last visit."""
        least = self.prices.least_spacing_days
        days = np.zeros((len(self.slot), len(self.prepared.dates.dates)), dtype=bool)
        if least is not None:
            for v in self.free:
                before = self.prepared.objects[self.prepared.visits[v].object_id].last_visit
                days[v] = before is None or self.prepared.dates.ordinals - before.toordinal() >= least
        return days

    def off_site_price(self, visit: int) -> float:
        """A visit in writing costs more the more urgent it is."""
        return self.prices.in_writing(self.prepared.visits[visit].urgency)

    def team(self, row: int) -> int:
        """People come to a row's seats in steps of so many."""
        asked = self.prepared.dates.demand[:, row]
        return gcd(*(int(n) for n in asked[asked > 0])) or 1

    @cached_property
    def borrowable(self) -> list[int]:
        """Hall rows for which people may be lent: short ones, without those that a narrower short one implies."""
        rows = sorted({i for kind, i in self.short if kind in (PEOPLE, WORKLOAD, LIMITED)})
        all_rows = self.prepared.dates.rows
        return [r for r in rows if not any(q != r and all_rows[q].kinds < all_rows[r].kinds for q in rows)]
