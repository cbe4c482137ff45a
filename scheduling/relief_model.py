"""What relief would cost (缓解办法定价): the relaxation of a conflict with every way out at its price.

Visits outside the conflict stay where they stand. Those inside may move to another of their days for nothing, past
their window, onto a quiet day that an exemption may open, closer to the last visit, off their pin or into
writing at a price; people, doors and workload may grow at a price. The cheapest mixture comes out, or
the cheapest with one kind of measure alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix, hstack, vstack

from scheduling.booking import UNPLACED
from scheduling.capacity import Ints
from scheduling.holdings import (
    CLUSTER,
    LIMITED,
    PEOPLE,
    SLACK,
    WORKLOAD,
    Columns,
    Floats,
    Holding,
    kinds_of,
    limit_rows,
    solve_rows,
)
from scheduling.relief_scene import Scene

MOVES = ("", "window", "exemption", "spacing", "unpin")
KINDS = ("borrow", "window", "exemption", "spacing", "unpin", "cluster_cap", "workload", "off_site")
STAY = 1e-3
"""Moving a visit that has a date costs a trifle more than moving one that has none."""


@dataclass(frozen=True, eq=False)
class Relief:
    """An answer: visits by move and day, visits put in writing, days opened, teams lent by row and day, what grows."""

    moved: dict[str, list[tuple[int, int]]]
    off_site: list[int]
    opened: list[int]
    lent: dict[int, dict[int, int]]
    grown: dict[str, int]

    def more(self) -> Relief:
        """One step more of everything that can grow."""
        lent = {row: {day: n + 1 for day, n in teams.items()} for row, teams in self.lent.items()}
        return replace(self, lent=lent, grown={name: n + 1 for name, n in self.grown.items()})


class ReliefModel:
    """One method a way out; `relieve` asks for the cheapest answer with some of them."""

    def __init__(self, scene: Scene):
        self.scene = scene
        moves = scene.days_by_move
        outside = np.array([v not in set(scene.left_out) for v in range(len(scene.slot))])
        price = np.array([v.urgency for v in scene.prepared.visits])
        late = np.array([min(c.window_to for c in v.checks).toordinal() for v in scene.prepared.visits])
        self.members = kinds_of(scene.free, scene.held, *moves, outside, price, late)
        self._place()
        self._grow()

    def _place(self) -> None:
        """Where visits may stand, each column with its move and price; then one column a kind for writing."""
        kinds: list[Ints] = []
        days: list[Ints] = []
        moves: list[Ints] = []
        for n, allowed in enumerate(self.scene.days_by_move):
            kind, day = np.nonzero(allowed[[m[0] for m in self.members]])
            kinds, days, moves = [*kinds, kind], [*days, day], [*moves, np.full(len(kind), n)]
        self.where = Columns(self.members, np.concatenate(kinds), np.concatenate(days))
        self.move = np.concatenate(moves)
        self.width, self.kinds = len(self.move), len(self.members)
        self.cost: list[float] = [self._price(n) for n in range(self.width)]
        self.cost += [self.scene.off_site_price(m[0]) for m in self.members]

    def _price(self, column: int) -> float:
        scene, move = self.scene, MOVES[self.move[column]]
        visit = self.members[self.where.kind[column]][0]
        if not move:
            return 0.0
        trifle = STAY if scene.slot[visit] != UNPLACED else 0.0
        weeks = scene.late_weeks(visit, int(self.where.day[column])) if move == "window" else 1
        each = {
            "window": scene.prices.later_week,
            "exemption": STAY,
            "spacing": scene.prices.shorter_spacing,
            "unpin": scene.prices.unpin,
        }
        return each[move] * weeks + trifle

    def _grow(self) -> None:
        """Whole numbers at a price: exempted days, teams lent by row and day, doors, workload."""
        scene, prices = self.scene, self.scene.prices
        exempt = self.where.day[self.move == MOVES.index("exemption")]
        self.extra: list[tuple[str, int, int]] = [("exemption", 0, int(d)) for d in np.unique(exempt)]
        for row in scene.borrowable:
            self.extra += [("borrow", row, int(d)) for d in np.flatnonzero(scene.days)]
            self.extra.append(("lent", row, 0))
        kinds = {kind for kind, _ in scene.short}
        self.extra += [("cluster_cap", 0, 0)] if CLUSTER in kinds else []
        departments = {
            scene.prepared.dates.rows[i].department for k, i in scene.short if k in (WORKLOAD, LIMITED)
        }
        self.departments = sorted(departments)
        self.extra += [("workload", n, 0) for n in range(len(self.departments))]
        each = {
            "exemption": lambda n: prices.exemption_day,
            "borrow": lambda n: prices.borrowed_day * scene.team(n),
            "lent": lambda n: prices.borrowed_person * scene.team(n),
            "cluster_cap": lambda n: prices.cluster_door,
            "workload": lambda n: prices.workload_visit,
        }
        self.cost += [each[name](n) for name, n, _ in self.extra]

    def offers(self, kind: str) -> bool:
        """Whether there is anything of this kind to decide here at all."""
        columns = kind in MOVES and bool((self.move == MOVES.index(kind)).any())
        return columns or kind == "off_site" or any(name == kind for name, *_ in self.extra)

    def relieve(self, kinds: Sequence[str], least_days: int = 0) -> Relief | None:
        """The cheapest answer with these kinds of measure, None if they cannot; at least so many exempted days."""
        bound = np.full(len(self.cost), np.inf)
        for n in range(self.width):
            if self.move[n] and MOVES[self.move[n]] not in kinds:
                bound[n] = 0.0
        if "off_site" not in kinds:
            bound[self.width : self.width + self.kinds] = 0.0
        for n, (name, *_) in enumerate(self.extra, self.width + self.kinds):
            if name not in kinds and name != "lent":
                bound[n] = 0.0
        matrix, lower, upper = self._rows(least_days)
        whole = range(self.width + self.kinds, len(self.cost))
        solver = solve_rows(matrix, np.array(self.cost), lower, upper, bound, list(whole))
        return None if solver is None else self._answer(np.asarray(solver.variable_values()))

    def first_step(self, kinds: Sequence[str]) -> Relief:
        """One step of everything of these kinds that can grow; all that has no date in writing if that is asked."""
        lent: dict[int, dict[int, int]] = {}
        grown: dict[str, int] = {}
        for name, which, day in self.extra:
            if name == "borrow" and name in kinds:
                lent.setdefault(which, {})[day] = 1
            elif name == "cluster_cap" and name in kinds:
                grown[name] = 1
            elif name == "workload" and name in kinds:
                grown[f"{name}/{self.departments[which]}"] = 1
        off = list(self.scene.left_out) if kinds == ("off_site",) else []
        return Relief({name: [] for name in MOVES[1:]}, off, [], lent, grown)

    def _rows(self, least_days: int) -> tuple[csr_matrix, Floats, Floats]:
        sizes = self.where.sizes.astype(float)
        left = np.concatenate([self.scene.left(h) for h in self.scene.held]).astype(float)
        blocks = [self._once(), self._limits(), self._opened(), self._lent(), self._exempted()]
        zeros = np.zeros(blocks[2].shape[0] + blocks[3].shape[0])
        lower = [sizes, np.full(len(left) + len(zeros), -np.inf), np.full(1, float(least_days))]
        upper = [sizes, left, zeros, np.full(1, np.inf)]
        return vstack(blocks, format="csr"), np.concatenate(lower), np.concatenate(upper)

    def _matrix(self, entries: list[tuple[int, int, float]], rows: int) -> csr_matrix:
        row, column, value = (np.array([e[n] for e in entries], dtype=float) for n in range(3))
        shape = (rows, len(self.cost))
        return coo_matrix((value, (row.astype(int), column.astype(int))), shape=shape).tocsr()

    def _once(self) -> csr_matrix:
        """Every visit once, dated or in writing."""
        entries = [(int(k), n, 1.0) for n, k in enumerate(self.where.kind)]
        return self._matrix([*entries, *((k, self.width + k, 1.0) for k in range(self.kinds))], self.kinds)

    def _limits(self) -> csr_matrix:
        """What visits take, less what grows."""
        taken = limit_rows(self.scene.held, self.where)
        entries, start = [], 0
        for holding in self.scene.held:
            for n, (name, which, day) in enumerate(self.extra, self.width + self.kinds):
                gain = self._gain(holding, name, which)
                days = holding.days[:, day] if name == "borrow" else holding.days.any(axis=1)
                if gain:
                    entries += [(start + int(s), n, -float(gain)) for s in np.flatnonzero(days)]
            start += len(holding.holds)
        none = csr_matrix((taken.shape[0], len(self.cost) - self.width))
        return hstack([taken, none], "csr") + self._matrix(entries, taken.shape[0])

    def _gain(self, holding: Holding, name: str, which: int) -> int:
        """How much one step of an extra adds to a stretch of a holding."""
        rows = self.scene.prepared.dates.rows
        if name == "borrow" and holding.kind in (PEOPLE, WORKLOAD, LIMITED):
            helps = rows[holding.index].kinds >= rows[which].kinds
            return self.scene.team(which) * (2 if holding.half is None else 1) if helps else 0
        if name == "cluster_cap":
            return int(holding.kind == CLUSTER)
        if name == "workload" and holding.kind in (WORKLOAD, LIMITED):
            row = rows[holding.index]
            people = self.scene.prepared.staffing.people.inspectors
            limited = sum(
                bool(row.mask >> n & 1) and p.visits_total is not None for n, p in enumerate(people)
            )
            return limited if row.department == self.departments[which] else 0
        return 0

    def _opened(self) -> csr_matrix:
        """A quiet day is entered only if it is exempted."""
        days = [d for name, _, d in self.extra if name == "exemption"]
        row = {d: n for n, d in enumerate(days)}
        exempt = np.flatnonzero(self.move == MOVES.index("exemption"))
        entries = [(row[int(self.where.day[n])], int(n), 1.0) for n in exempt]
        start = self.width + self.kinds
        entries += [(row[d], start + n, -float(self._room(d))) for n, d in enumerate(days)]
        return self._matrix(entries, len(days))

    def _room(self, day: int) -> int:
        """Most visits that an exempted day could take: what is short allows so many, if people are not lent as well."""
        everybody = len(self.scene.free)
        if self.scene.days[day]:
            return everybody
        exempt = [m[0] for m in self.members if self.scene.days_by_move[MOVES.index("exemption")][m[0], day]]
        room = everybody
        for holding in self.scene.held:
            units = holding.units[exempt]
            here = np.flatnonzero(holding.days[:, day])
            if (holding.kind, holding.index) in self.scene.short and len(here) and units.min(initial=0) > 0:
                room = min(room, int(self.scene.left(holding)[here].min() // units.min()))
        return room

    def _lent(self) -> csr_matrix:
        """Whoever comes on a day is lent."""
        whole = {row: n for n, (name, row, _) in enumerate(self.extra) if name == "lent"}
        entries = []
        each = [(n, row) for n, (name, row, _) in enumerate(self.extra) if name == "borrow"]
        for line, (n, row) in enumerate(each):
            start = self.width + self.kinds
            entries += [(line, start + n, 1.0), (line, start + whole[row], -1.0)]
        return self._matrix(entries, len(each))

    def _exempted(self) -> csr_matrix:
        start = self.width + self.kinds
        days = [start + n for n, (name, *_) in enumerate(self.extra) if name == "exemption"]
        return self._matrix([(0, n, 1.0) for n in days], 1)

    def _answer(self, values: Floats) -> Relief:
        """Whole visits: what a kind has in part of a move is rounded up."""
        moved: dict[str, list[tuple[int, int]]] = {name: [] for name in MOVES[1:]}
        off: list[int] = []
        for k, members in enumerate(self.members):
            waiting = list(members)
            for n, name in enumerate(MOVES[1:], 1):
                here = np.flatnonzero(
                    (self.where.kind == k) & (self.move == n) & (values[: self.width] > SLACK)
                )
                spread = [int(self.where.day[c]) for c in here for _ in range(_up(values[c]))]
                for day in spread[: _up(values[here].sum())]:
                    moved[name] += [(waiting.pop(0), day)] if waiting else []
            off += waiting[: _up(values[self.width + k])]
        return Relief(moved, off, *self._extras(values))

    def _extras(self, values: Floats) -> tuple[list[int], dict[int, dict[int, int]], dict[str, int]]:
        opened: list[int] = []
        lent: dict[int, dict[int, int]] = {}
        grown: dict[str, int] = {}
        for n, (name, which, day) in enumerate(self.extra, self.width + self.kinds):
            amount = round(values[n])
            if amount and name == "exemption":
                opened.append(day)
            elif amount and name == "borrow":
                lent.setdefault(which, {})[day] = amount
            elif amount and name == "cluster_cap":
                grown[name] = amount
            elif amount and name == "workload":
                grown[f"{name}/{self.departments[which]}"] = amount
        return opened, lent, grown


def _up(value: float) -> int:
    return int(np.ceil(value - SLACK))
