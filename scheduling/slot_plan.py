"""The half-day relaxation (半日松弛): a linear program over half-days, most of whose answer is already whole.

Only the days that the bound finds worth the most are columns, so that it is small; visits that stand whole in one
half-day are placed there, and the rest is left to the neighbourhoods.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from scheduling.booking import LOTS, UNIT, UNPLACED, Booking, DateProblem
from scheduling.bound import RULES, Columns, Floats, Limits, capacity_matrix, minimise
from scheduling.capacity import Ints

DAYS_OFFERED = 8
WORTH = 1.0
"""Weeks of an urgency-1 visit by which an offered day may be dearer than the best."""


def place_whole(booking: Booking, reduced: Floats, capacity: Ints, seconds: float) -> None:
    """Place the visits that the half-day relaxation puts whole into one half-day, where they can be staffed."""
    problem = booking.problem
    kind, day, half = _offers(booking, reduced)
    if not len(kind):
        return
    columns = Columns(kind, day, [[v] for v in range(problem.size)])
    limits = [rule(problem, columns) for rule in RULES if rule is not capacity_matrix]
    # A ticket's worth is far below a week's; it only settles which of equally good half-days is taken.
    lots = problem.lot[kind, day] * 2 + (problem.ordinals[day] + half) % 2
    cost = problem.cost[kind, day] + lots * (UNIT // 50) / LOTS
    found = minimise(
        cost.astype(float),
        kind,
        np.ones(problem.size),
        problem.unplaced.astype(float),
        [*limits, _slot_matrix(problem, kind, day, half, capacity)],
        seconds,
        rough=True,
    )
    if found is None:
        return
    for n in np.flatnonzero(found.used > 1 - 1e-6):
        v, slot = int(kind[n]), int(2 * day[n] + half[n])
        # The program may leave out a visit that stands already, and then its place is not free.
        free = booking.slot[v] == UNPLACED and booking.open_days(v)[slot // 2] and booking.fits(v, slot)
        if free and booking.staffed(v, slot):
            booking.place(v, slot)


def _offers(booking: Booking, reduced: Floats) -> tuple[Ints, Ints, Ints]:
    """Columns as visit, day, half: a placed visit's own slot; else the days worth most, by ticket among equals."""
    problem = booking.problem
    kinds: list[int] = []
    slots: list[int] = []
    for v in range(problem.size):
        if problem.pin[v] != UNPLACED or booking.slot[v] != UNPLACED:
            own = [int(booking.slot[v])] if booking.slot[v] != UNPLACED else []
        else:
            worst = reduced[v].min() + WORTH * UNIT
            days = np.flatnonzero(problem.days[v] & (reduced[v] <= worst))
            worth = np.floor(reduced[v, days] / (UNIT / 4))
            best = days[np.lexsort((problem.lot[v, days], worth))[:DAYS_OFFERED]]
            own = [2 * int(d) + h for d in best for h in range(3 - int(problem.halves[v]))]
        kinds += [v] * len(own)
        slots += own
    slot = np.array(slots, dtype=np.int64)
    return np.array(kinds, dtype=np.int64), slot // 2, slot % 2


def _slot_matrix(problem: DateProblem, kind: Ints, day: Ints, half: Ints, capacity: Ints) -> Limits:
    """Seats in every half-day by row; a whole-day visit asks in both."""
    slots = capacity.shape[1]
    rows, columns, seats = [], [], []
    for own in (0, 1):
        there = (half == own) | (problem.halves[kind] == 2)
        asked = problem.demand[kind] * there[:, None]
        column, row = np.nonzero(asked)
        rows.append(row * slots + 2 * day[column] + own)
        columns.append(column)
        seats.append(asked[column, row].astype(float))
    place = np.concatenate(rows), np.concatenate(columns)
    matrix = csr_matrix((np.concatenate(seats), place), shape=(capacity.size, len(kind)))
    used = np.flatnonzero(np.diff(matrix.indptr))
    return matrix[used], capacity.reshape(-1).astype(float)[used]
