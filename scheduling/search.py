"""The search (求解过程): from the bound to a plan, one neighbourhood after another, until a stop says enough.

First what the half-day relaxation leaves whole, then the rest of it as one neighbourhood, then neighbourhoods for
earliness (hundreds of visits, priced coarsely) and for travel (some of one week's). Their size follows what CP-SAT can
prove within its effort.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from registry.progress import DETAIL, Progress
from scheduling.booking import UNIT, UNPLACED, Booking, DateProblem
from scheduling.bound import Relaxation
from scheduling.capacity import Ints, with_reserve
from scheduling.conflict_record import Prices
from scheduling.dates import Focus, Outcome, improve
from scheduling.first_plan import by_need, fill, place_pinned
from scheduling.neighbourhoods import Neighbourhoods
from scheduling.problem import Step
from scheduling.search_words import step_words
from scheduling.slot_plan import place_whole
from scheduling.tickets import ticket

LONGEST = 3600.0
AFTER_SHARE, ONCE_ENDED = 0.05, 20.0
FIRST_SIZE, LEAST_SIZE, MOST_SIZE = 120, 20, 400
EARLY_EFFORT, TRAVEL_EFFORT = 0.4, 0.05
TRAVEL_SIZE, TRAVEL_ROUNDS = 40, 9
CLOSE = 0.01
"""A gap below which travel gets all rounds but one in TRAVEL_ROUNDS, and at the bound all: each takes a tenth of the time, as a rule."""


@dataclass(frozen=True)
class Stop:
    """When to stop (停止条件): after `seconds`, at a `gap`, after so many `rounds`, or at the first full plan.

    Also after `patience` rounds in a row that changed nothing. Whichever comes first; `rounds` and `patience`
    alone are reproducible. `ended` is asked between rounds: whoever watches may end the search and keep its best.
    With prices in `remedies`, the ways out of every conflict are priced and tried afterwards, for at most
    `remedy_seconds`.
    """

    seconds: float | None = 20.0
    gap: float | None = None
    rounds: int | None = None
    patience: int | None = None
    first_feasible: bool = False
    remedies: Prices | None = None
    remedy_seconds: float | None = None
    ended: Callable[[], bool] | None = None

    @property
    def is_ended(self) -> bool:
        """Whether somebody outside wants it to end (人工中止)."""
        return self.ended is not None and self.ended()


class Watch:
    """What the search has spent, and whether its stop says enough (计时与停止)."""

    def __init__(self, stop: Stop):
        self.stop, self.bound, self.began, self.rounds = stop, 0.0, time.monotonic(), 0
        self.idle = 0
        self.reason = ""

    def left(self) -> float:
        """Seconds left."""
        if self.stop.is_ended:
            return 0.0
        if self.stop.seconds is None:
            return LONGEST
        return max(0.0, self.stop.seconds - (time.monotonic() - self.began))

    def last_seconds(self) -> Callable[[], float]:
        """CPU seconds left of a small share of the time, for what follows the search; unlimited where nothing is timed.

        On a busy machine a second of the clock may be a tenth of one's own, and this work is short and bounded.
        """
        if self.stop.seconds is None and not self.stop.is_ended:
            return lambda: LONGEST
        end = time.thread_time() + AFTER_SHARE * (self.stop.seconds or ONCE_ENDED)
        return lambda: end - time.thread_time()

    def over(self, booking: Booking) -> bool:
        """Whether a condition to stop holds; `reason` then names it."""
        stop = self.stop
        if stop.is_ended:
            self.reason = "interrupted"
        elif stop.first_feasible and (booking.slot != UNPLACED).all():
            self.reason = "first_feasible"
        elif stop.gap is not None and gap_of(booking.earliness(), self.bound) <= stop.gap:
            self.reason = "gap"
        elif stop.rounds is not None and self.rounds >= stop.rounds:
            self.reason = "rounds"
        elif stop.patience is not None and self.idle >= stop.patience:
            self.reason = "patience"
        elif stop.seconds is not None and self.left() <= 0:
            self.reason = "seconds"
        return bool(self.reason)

    def step(self, booking: Booking) -> Step:
        """Where the search stands."""
        placed = int((booking.slot != UNPLACED).sum())
        seconds = round(time.monotonic() - self.began, 3)
        return Step(seconds, booking.earliness() / UNIT, self.bound / UNIT, placed)

    def share(self) -> float:
        """Share of the time or rounds that is spent, 0 to 1."""
        spent = 1 - self.left() / self.stop.seconds if self.stop.seconds else 0.0
        return max(spent, self.rounds / self.stop.rounds if self.stop.rounds else 0.0)


def gap_of(value: float, bound: float) -> float:
    """(value - bound) / bound; 0 if both are 0."""
    return max(0.0, value - bound) / max(bound, 1.0) if value > bound else 0.0


def first_plan(
    dates: DateProblem, reserve_share: float, relaxation: Relaxation, tickets: Ints, watch: Watch
) -> Booking:
    """A first plan; the reserve is spent only on visits that would otherwise have no date."""
    booking = Booking(dates)
    kept_free = np.array([with_reserve(r, reserve_share) for r in dates.rows], dtype=np.int64).reshape(
        dates.capacity.shape
    )
    place_pinned(booking)
    place_whole(booking, relaxation.reduced, kept_free, max(10.0, watch.left() / 4))
    rest = Neighbourhoods(booking, relaxation.reduced, random.Random(0)).missing()
    order = by_need(booking, tickets)
    fill(booking, order, kept_free)
    fill(booking, order, dates.capacity)
    # What was filled in one by one is then dated together: a plan to start from, so that time cannot run out on none.
    improve(booking, rest, Focus(relaxation.reduced, True, 2 * EARLY_EFFORT), 0, max(5.0, watch.left() / 2))
    return booking


class Search:
    """One search (一次求解): neighbourhoods for earliness and for travel, each as large as its effort can prove."""

    def __init__(self, booking: Booking, relaxation: Relaxation, watch: Watch, seed: str):
        self.booking, self.watch = booking, watch
        self.rng = random.Random(ticket(seed, "search"))
        self.near = Neighbourhoods(booking, relaxation.reduced, self.rng)
        self.early = Focus(relaxation.reduced, coarse=True, effort=EARLY_EFFORT)
        self.travel = Focus(relaxation.reduced, coarse=False, effort=TRAVEL_EFFORT)
        self.size, self.turn = FIRST_SIZE, 0

    def run(self, told: Progress) -> list[Step]:
        """Search until the stop; the steps at which the plan became better."""
        history = [self.watch.step(self.booking)]
        while self.near.movable and not self.watch.over(self.booking):
            if self._round():
                history.append(self.watch.step(self.booking))
                self.watch.idle = 0
            else:
                self.watch.idle += 1
            self.watch.rounds += 1
            words = step_words(self.watch.step(self.booking), self.booking.problem.size)
            told(f"排期{DETAIL}{words}", self.watch.share())
        return history

    def _round(self) -> bool:
        value = self.booking.earliness()
        close = gap_of(value, self.watch.bound) < CLOSE
        if value <= self.watch.bound or self.watch.rounds % (TRAVEL_ROUNDS if close else 2):
            return self._improve(self.near.of_weeks(TRAVEL_SIZE, 1), self.travel).changed
        return self._earlier()

    def _earlier(self) -> bool:
        self.turn += 1
        free = self.near.of_weeks(self.size) if self.turn % 4 == 0 else self.near.around_loss(self.size)
        found = self._improve(free, self.early)
        grown = self.size * 5 // 4 if found.proved else self.size * 4 // 5
        self.size = max(LEAST_SIZE, min(MOST_SIZE, grown))
        return found.changed

    def _improve(self, free: list[int], focus: Focus) -> Outcome:
        return improve(self.booking, free, focus, self.rng.randrange(2**31), max(0.5, self.watch.left()))
