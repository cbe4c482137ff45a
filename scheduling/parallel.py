"""Large rosters (大规模排班): the parts of a city, or many bureaus' problems, solved in several processes or by Dask.

A part's roster depends on its problem, the stop and the seed only, so the number of processes changes nothing as
long as the stop counts rounds; a stop by seconds is shared out by the number of checks. At most a few problems are
under way at once: results are handed on as they come, and memory does not grow with the number of parts.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import get_context
from typing import Any

from registry.progress import Progress, silent
from scheduling.districts import Division, divide, join
from scheduling.problem import Problem, Roster, Step
from scheduling.solve import Stop, solve

WAITING = 2
"""Problems sent ahead for each process, so that none is idle while the next is being sent."""

LARGE = 4000
"""Checks from which on a city is divided: below, one search sees all of it and its own people are shared freely."""

Task = tuple[Problem, Stop, str]


def solve_districts(
    problem: Problem,
    stop: Stop,
    seed: str,
    workers: int | None = None,
    client: Any = None,
    progress: Progress | None = None,
) -> Roster:
    """A roster of a whole city, district by district (分区排班), in `workers` processes or on a Dask `client`.

    `stop.seconds` is the time for the city, whatever the number of processes. Raises what `solve` raises.
    """
    told = progress or silent
    told("分区", 0.0)
    division = divide(problem, seed)
    at_once = workers_of(workers, client)
    tasks = [
        (part.problem, own, seed)
        for part, own in zip(division.parts, _shares(division, stop, at_once), strict=True)
    ]
    rosters: dict[int, Roster] = {}
    history: list[Step] = []
    began = time.monotonic()
    for n, roster in solve_all(tasks, at_once, client):
        rosters[n] = roster
        history.append(_so_far(rosters.values(), began))
        told(f"排期 · {division.parts[n].name}", len(rosters) / len(tasks))
    return join(problem, division, [rosters[n] for n in range(len(tasks))], seed, history)


def solve_any(problem: Problem, stop: Stop, seed: str, progress: Progress | None = None) -> Roster:
    """Solve in one piece, or district by district where the problem is large (大规模自动分区) and has several."""
    several = len({place.district for place in problem.objects}) > 1
    if several and len(problem.checks) >= LARGE:
        return solve_districts(problem, stop, seed, progress=progress)
    return solve(problem, stop, seed, progress)


def workers_of(workers: int | None, client: Any = None) -> int:
    """Processes that work at once: as asked, else those of the Dask cluster, else the machine's cores."""
    if workers is not None:
        return max(1, workers)
    return int(sum(client.nthreads().values())) if client is not None else os.cpu_count() or 1


def _shares(division: Division, stop: Stop, at_once: int) -> list[Stop]:
    """The stop of each part: its share of the seconds that all processes have together; nobody watches a part."""
    stop = replace(stop, ended=None)
    if stop.seconds is None:
        return [stop] * len(division.parts)
    sizes = [len(part.problem.checks) for part in division.parts]
    hands = min(at_once, max(1, len(sizes)))
    return [replace(stop, seconds=stop.seconds * hands * n / max(1, sum(sizes))) for n in sizes]


def _so_far(rosters: Iterable[Roster], began: float) -> Step:
    value = bound = placed = 0.0
    for roster in rosters:
        early = next(a for a in roster.aims if a.name == "earliness")
        value, bound, placed = value + early.value, bound + (early.bound or 0.0), placed + len(roster.visits)
    return Step(round(time.monotonic() - began, 3), value, bound, int(placed))


def solve_all(tasks: Iterable[Task], at_once: int, client: Any = None) -> Iterator[tuple[int, Roster]]:
    """(number, roster) of every task as it is done; `tasks` may be a generator and is read only as needed."""
    if client is None and at_once == 1:
        for n, task in enumerate(tasks):
            yield n, solve(*task)
        return
    with _executor(at_once, client) as executor:
        yield from _stream(executor.submit, iter(tasks), at_once * WAITING)


@contextmanager
def _executor(at_once: int, client: Any) -> Iterator[Executor]:
    if client is not None:
        # Not pure: Dask would otherwise hash each whole problem to see whether it has solved it before.
        pool = client.get_executor(pure=False)
        yield pool
        pool.shutdown()
        return
    # A forked child would inherit locks of OR-Tools' and NumPy's threads: start each process anew.
    with ProcessPoolExecutor(at_once, mp_context=get_context("spawn")) as processes:
        try:
            yield processes
        except BaseException:
            processes.shutdown(wait=False, cancel_futures=True)
            raise


def _stream(
    submit: Callable[..., Future[Roster]], tasks: Iterator[Task], most: int
) -> Iterator[tuple[int, Roster]]:
    under_way: dict[Future[Roster], int] = {}
    sent = 0
    while True:
        while len(under_way) < most and (task := next(tasks, None)) is not None:
            under_way[submit(solve, *task)] = sent
            sent += 1
        if not under_way:
            return
        done, _ = wait(under_way, return_when=FIRST_COMPLETED)
        for future in sorted(done, key=under_way.__getitem__):
            yield under_way.pop(future), future.result()
