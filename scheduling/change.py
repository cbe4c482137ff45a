"""Change with least disturbance (最小扰动调整): a roster, what has happened since, and the roster that follows.

What is past stands; what nothing has happened to stays, with its people. What has lost its day or its people finds a
new place beside the rest; only where it finds none do others make room, never more than `share` of those that nothing
had happened to. Every difference carries its reason. The answer is judged by check.py and, as a change, by
check_change.py. It knows no database, and the same input gives the same answer: nothing here depends on the clock.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from registry.progress import Progress, silent
from scheduling.attendance import keep_staffable
from scheduling.booking import UNPLACED, Booking
from scheduling.change_dates import Dating, Room, Seated, Unseated
from scheduling.change_desk import DesksAgain, expected_of, reserve_again, seated, settled_again, unseated
from scheduling.change_problem import Cause, Changing, apply_change, change_faults
from scheduling.change_report import differences, replacements
from scheduling.change_seats import SeatBook, Veil, seat_faults
from scheduling.change_visits import Sorting, Touched, new_visit, same_visits
from scheduling.changed import CAUSE_NAMES, Changed, Disturbed
from scheduling.changed_aims import with_aims
from scheduling.conflicts import Explainer
from scheduling.desk import at_desks
from scheduling.disturbances import Change
from scheduling.first_plan import date_problem
from scheduling.limits import keep_annual_caps, keep_honest_quota
from scheduling.merge import Merging, PlannedVisit, merge, settle
from scheduling.problem import (
    HALVES,
    WHOLE_DAY,
    Check,
    Problem,
    ProblemError,
    Roster,
    Unplaced,
    Visit,
    problem_hash,
)
from scheduling.rule_names import half_name
from scheduling.staffing import People, Staffing
from scheduling.tickets import ticket
from scheduling.validation import validate
from scheduling.workdays import working_days
from scheduling.workload import Workload

ROOM_MADE = "made_room"
ROOM_FOUND = "room_found"


def change_roster(
    problem: Problem,
    roster: Roster,
    change: Change,
    share: float,
    state: str | None = None,
    veil: Veil = str,
    progress: Progress | None = None,
) -> Changed:
    """The roster after a change (调整后的排班表), with every difference and its reason.

    `share` of the visits that nothing has happened to may move (rule roster.change_share). `state` is the public
    randomness S of the seats, by default the roster's seed; `veil` gives the public name of a seat group, which the
    tickets are made of. Raises `ProblemError` where the change names what is not there, or the roster
    is not one of this problem; `EstimatedYear` where a new window reaches into a guessed year.
    """
    if roster.problem_hash not in ("", problem_hash(problem)):
        raise ProblemError(["排班表不是由这个排班问题形成的(problem_hash 不符)"])
    if faults := [*change_faults(problem, roster, change), *seat_faults(problem, roster)]:
        raise ProblemError(faults)
    changed, causes = apply_change(problem, roster, change)
    validate(changed)
    found = _Replanning(changed, roster, causes, share, state or roster.seed, veil).run(progress or silent)
    return replace(found, roster=with_aims(roster, problem, change, changed, found.roster))


@dataclass
class _Loose:
    """Visits to date: those that must find a place, and those that may where there is room."""

    must: list[PlannedVisit]
    may: list[PlannedVisit]
    refused: list[Unplaced]
    merging: Merging
    same: dict[str, str]


class _Replanning:
    """One change under way: sort, merge, date, seat, report."""

    def __init__(
        self, problem: Problem, roster: Roster, causes: Changing, share: float, state: str, veil: Veil
    ):
        self.problem, self.roster, self.causes, self.share = problem, roster, causes, share
        self.days = working_days(problem.first_day, problem.last_day, problem.calendar)
        self.book = SeatBook(problem, roster, state, veil) if roster.seats else None
        self.sorting = Sorting(problem, roster, causes, self.days, self.book)
        self.to_visit, self.settled = settle(problem)
        self.desks = DesksAgain(roster.desk)

    def run(self, told: Progress) -> Changed:
        """The whole change; `told` hears of its progress."""
        told("受影响的检查", 0.0)
        touched = self.sorting.sort()
        loose = self._loose(touched, self._join_added())
        base = [(v, True) for v in touched.past]
        base += [(v, self.sorting.is_held(v)) for _, v in sorted(touched.stay.items())]
        fixed = [self.sorting.planned(v, held) for v, held in base]
        planned = [*fixed, *loose.must, *loose.may]
        freed = self._reserve(planned, base, touched, loose)
        staffing = Staffing(planned, self.problem, self.days, at_desks(self.desks.times, self.days))
        booking, room = self._booked(planned, base, staffing, freed)
        unaffected = {v for v, (visit, _) in enumerate(base) if v >= len(touched.past)}
        calm = len(unaffected) - len(touched.vacated)
        dating = Dating(booking, room, unaffected, math.floor(self.share * calm + 1e-9), self.problem)
        must = list(range(len(fixed), len(fixed) + len(loose.must)))
        if self.book is None:
            freed += self._short_of_people(booking, staffing, room, touched, base)
            must = [*freed, *must]
            dating.unaffected -= set(must)
        missed = self._date(dating, planned, must, told)
        self._date(dating, planned, range(len(fixed) + len(loose.must), len(planned)), silent, force=False)
        told("派员", 1.0)
        missed += self._reseat(dating, planned)
        roster = self._roster(booking, staffing, room, loose, dating, sorted(set(missed)))
        found = Disturbed(len(touched.undated), calm, len(dating.moved), dating.limit, self.share)
        return self._report(roster, touched, planned, dating, found)

    def _booked(
        self,
        planned: Sequence[PlannedVisit],
        base: Sequence[tuple[Visit, bool]],
        staffing: Staffing,
        freed: Sequence[int] = (),
    ) -> tuple[Booking, Room]:
        """All that has its date and is not freed, booked."""
        booking = Booking(date_problem(planned, self.problem, self.days, staffing, self.roster.seed))
        for v, (visit, _) in enumerate(base):
            if v not in freed:
                booking.place(v, self._slot(visit))
        return booking, self._room(booking, staffing)

    def _reserve(
        self,
        planned: Sequence[PlannedVisit],
        base: Sequence[tuple[Visit, bool]],
        touched: Touched,
        loose: _Loose,
    ) -> list[int]:
        """Reserve the desks around the visits that stay; before the team lottery, those that cannot stay are freed first."""
        freed: list[int] = []
        if not self.problem.rules.desk_people:
            return freed
        if self.book is not None:
            standing = seated(self.book, People(self.problem, self.days))
        else:
            staffing = Staffing(planned, self.problem, self.days)
            booking, room = self._booked(planned, base, staffing)
            freed = self._short_of_people(booking, staffing, room, touched, base)
            standing = unseated(staffing, booking.dated())
        expected = expected_of(loose.must, self.problem.rules)
        self.desks = reserve_again(self.problem, self.roster, self.causes, self.days, standing, expected)
        return freed

    def _join_added(self) -> list[Check]:
        """New checks that still need a visit of their own."""
        due = {c.id: c for c in self.to_visit}
        added = [due[name] for name in sorted(self.causes.added) if name in due]
        return self.sorting.join(added)

    def _clip(self, check: Check) -> Check:
        return replace(check, window_from=max(check.window_from, self.causes.as_of))

    def _loose(self, touched: Touched, added: Sequence[Check]) -> _Loose:
        due = {c.id: self._clip(c) for c in self.to_visit}
        old = {v.id: v for v in self.roster.visits}
        lost = [due[c] for v in touched.undated for c in old[v].checks if c in due]
        merging = merge(self.problem, [*lost, *(self._clip(c) for c in added)], self.days)
        again = [due[c] for u in self.roster.unplaced for c in u.checks if c in due]
        waiting = merge(self.problem, again, self.days)
        people = People(self.problem, [d for d in self.days if d >= self.causes.as_of])
        must, absent = keep_staffable(merging.visits, self.problem, merging, people)
        may, _ = keep_staffable(waiting.visits, self.problem, waiting, people)
        same = same_visits(must, [old[v] for v in touched.undated])
        must = [replace(v, id=same.get(v.id, v.id)) for v in must]
        must, may, refused = self._within_limits(touched, must, may)
        return _Loose(must, may, [*absent, *refused], merging, same)

    def _within_limits(
        self, touched: Touched, must: list[PlannedVisit], may: list[PlannedVisit]
    ) -> tuple[list[PlannedVisit], list[PlannedVisit], list[Unplaced]]:
        """Quota and caps, counted with everything that has its date already."""
        standing = [self.sorting.planned(v, True) for v in (*touched.past, *touched.stay.values())]
        names, extra = {v.id for v in must}, {v.id for v in may}
        kept, over = keep_honest_quota([*standing, *must, *may], self.problem, self.roster.seed)
        kept, full = keep_annual_caps(kept, self.problem, self.days)
        checks = {c.id for v in must for c in v.checks}
        refused = [u for u in (*over, *full) if set(u.checks) & checks]
        return [v for v in kept if v.id in names], [v for v in kept if v.id in extra], refused

    def _slot(self, visit: Visit) -> int:
        half = HALVES.index(visit.half) if visit.half != WHOLE_DAY else 0
        return 2 * self.sorting.index[visit.day] + half

    def _room(self, booking: Booking, staffing: Staffing) -> Room:
        if self.book is not None:
            return Seated(self.book, booking, staffing)
        return Unseated(booking, staffing, Workload(booking, staffing, self.problem))

    def _short_of_people(
        self,
        booking: Booking,
        staffing: Staffing,
        room: Room,
        touched: Touched,
        base: Sequence[tuple[Visit, bool]],
    ) -> list[int]:
        """Before the team lottery: visits to free until each day, and everybody's total, can be staffed again."""
        assert isinstance(room, Unseated)
        freed: list[int] = []
        first = len(touched.past)

        def free(names: set[int]) -> bool:
            able = [v for v in names if v >= first and v < len(base) and v not in freed]
            if not able:
                return False
            v = min(able, key=lambda v: (base[v][1], staffing.visits[v].urgency, self._ticket(base[v][0].id)))
            booking.remove(v)
            freed.append(v)
            touched.undated[base[v][0].id] = self._lacking_people()
            del touched.stay[base[v][0].id]
            return True

        for day in sorted({booking.day(v) for v in range(first, len(base))}):
            while short := staffing.short(day, [d for d in booking.dated() if d.day == day]):
                if not free(set(short)):
                    break
        index = {v.id: n for n, v in enumerate(staffing.visits)}
        for department in room.workload.departments:
            while names := room.workload.starved(department):
                if not free({index[name] for name in names}):
                    break
        return freed

    def _lacking_people(self) -> Cause:
        causes = [cause for known in self.causes.of_people.values() for _, cause in known]
        if not causes:
            return Cause("rules", "原时段人员不足")
        return Cause(causes[0].kind, ";".join(dict.fromkeys(c.sentence for c in causes)) + ";原时段人员不足")

    def _ticket(self, name: str) -> int:
        return ticket(self.roster.seed, "change", name)

    def _date(
        self,
        dating: Dating,
        planned: Sequence[PlannedVisit],
        visits: Sequence[int],
        told: Progress,
        force: bool = True,
    ) -> list[int]:
        """Date visits, most urgent first, then those with the fewest days, then by ticket; those that found nothing."""
        days = dating.booking.problem.days
        order = sorted(
            visits, key=lambda v: (-planned[v].urgency, int(days[v].sum()), self._ticket(planned[v].id))
        )
        missed = []
        for n, v in enumerate(order):
            told("调整排期", n / len(order))
            if not dating.place(v) and not (force and dating.make_room(v)):
                missed.append(v)
        return missed

    def _reseat(self, dating: Dating, planned: Sequence[PlannedVisit]) -> list[int]:
        """Filling all seats together is asked once more; a visit that keeps an empty seat is dated again."""
        missed: list[int] = []
        if self.book is None:
            return missed
        index = {v.id: n for n, v in enumerate(planned)}
        departments = sorted({d for v in planned for d in v.departments})
        while stuck := self.book.empty_after(departments):
            v = min((index[name] for name in stuck), key=lambda v: (planned[v].urgency, planned[v].id))
            self.book.take(planned[v].id)
            dating.booking.remove(v)
            if not dating.place(v):
                missed.append(v)
        return missed

    def _roster(
        self,
        booking: Booking,
        staffing: Staffing,
        room: Room,
        loose: _Loose,
        dating: Dating,
        missed: Sequence[int],
    ) -> Roster:
        visits = [
            self._dated(staffing.visits[v], booking, v, self.sorting.touched.undated)
            for v in range(len(staffing.visits))
            if booking.slot[v] != UNPLACED
        ]
        explainer = Explainer(
            self.problem, self._merging(staffing, loose), staffing.visits, staffing, booking
        )
        unplaced = [
            *self.desks.refused,
            *loose.refused,
            *(self._limited(explainer.unplaced(v), dating) for v in missed),
        ]
        told = {c for v in visits for c in v.checks} | {c for u in unplaced for c in u.checks}
        known = {c.id for c in self.problem.checks}
        before = settled_again(self.roster, self.desks, self.causes.checks)
        for old in before.unplaced:
            left = tuple(c for c in old.checks if c not in told)
            unplaced += [replace(old, checks=left)] if left else []
        new = {*self.causes.added, *self.desks.found} - self.desks.no_time
        settled = [*before.settled, *(s for s in self.settled if s.check in new)]
        groups, seats = self._people(room)
        return replace(
            before,
            problem_hash=problem_hash(self.problem),
            visits=tuple(sorted(visits, key=lambda v: v.id)),
            unplaced=tuple(unplaced),
            settled=tuple(settled),
            groups=groups,
            seats=seats,
            history=(),
            statistics={"checks": float(len(known)), "visits": float(len(visits))},
            stopped="changed",
        )

    def _people(self, room: Room) -> tuple[tuple, tuple]:
        if self.book is not None:
            groups, seats, _ = self.book.seats()
            return groups, seats
        assert isinstance(room, Unseated)
        # What lies before the change keeps the people it was open to: what was learned later did not hold then.
        past = {v.id for v in self.roster.visits if v.day < self.causes.as_of}
        kept = [g for g in self.roster.groups if g.visit in past]
        fresh = [g for g in room.workload.groups() if g.visit not in past]
        return tuple(sorted([*kept, *fresh], key=lambda g: g.id)), ()

    def _merging(self, staffing: Staffing, loose: _Loose) -> Merging:
        """Layers of possible days for whatever may have to be explained."""
        rows = {name: n for n, name in enumerate(self.sorting.rows)}
        clipped = [self._clip(c) for c in self.problem.checks if c.onsite]
        possible = merge(self.problem, clipped, self.days).possible if clipped else loose.merging.possible
        return Merging(tuple(staffing.visits), possible, rows)

    def _limited(self, told: Unplaced, dating: Dating) -> Unplaced:
        if len(dating.moved) < dating.limit:
            return told
        calm = f"未受影响的检查最多移动 {dating.limit} 次,已移动 {len(dating.moved)} 次"
        return replace(told, sentence=f"{told.sentence};{calm}")

    def _dated(self, planned: PlannedVisit, booking: Booking, v: int, causes: dict[str, Cause]) -> Visit:
        day = booking.problem.dates[booking.day(v)]
        half = WHOLE_DAY if planned.halves == 2 else HALVES[int(booking.slot[v]) % 2]
        stays = self.sorting.standing(planned.id)
        if stays is not None and (stays.day, stays.half) == (day, half):
            return stays
        was = stays or self.causes.visits.get(planned.id)
        if was is None:
            return new_visit(planned, day, half, (*planned.notes, "调整排班时新排"))
        why = CAUSE_NAMES[causes[planned.id].kind] if planned.id in causes else "腾出时段"
        return new_visit(
            planned, day, half, (*was.reasons, f"由 {was.day} {half_name(was.half)} 调整({why})")
        )

    def _report(
        self,
        roster: Roster,
        touched: Touched,
        planned: Sequence[PlannedVisit],
        dating: Dating,
        found: Disturbed,
    ) -> Changed:
        causes: dict[str, Cause] = {**touched.cancelled, **touched.undated, **touched.joined}
        for w, v in dating.moved.items():
            whom = self._name(planned[v])
            causes[planned[w].id] = Cause(ROOM_MADE, f"为{whom}腾出时段")
        for name in roster.visits:
            own = [self.causes.added[c] for c in name.checks if c in self.causes.added]
            if own and name.id not in causes:
                causes[name.id] = own[0]
        room = Cause(ROOM_FOUND, "原未排入,调整后有了可用时段")
        told = differences(self.roster, roster, causes, self.causes, room)
        seats = replacements(self.roster, roster, touched.vacated, causes, self.causes)
        filling = self.book.filling() if self.book else None
        return Changed(
            self.problem, roster, tuple(told), tuple(seats), found, filling, self.desks.differences
        )

    def _name(self, visit: PlannedVisit) -> str:
        return f"{visit.object_id} 的检查"
