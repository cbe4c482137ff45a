"""What a change changed (调整说明): every difference between two versions of a roster, each with its reason."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from scheduling.change_problem import Cause, Changing
from scheduling.disturbances import KIND_NAMES
from scheduling.problem import Problem, Roster, Seat, Visit
from scheduling.records import to_json
from scheduling.seat_tickets import Filling

CHANGED_FORMAT = "wurao-changed-1"
CAUSE_NAMES = {
    **KIND_NAMES,
    "made_room": "为受影响的检查腾出时段",
    "room_found": "调整后有了可用时段",
    "rules": "按调整后的规则",
}
"""Kinds of cause in words: what the public reads; the sentence is for the staff."""
DIFFERENCE_NAMES = {
    "moved": "改期",
    "cancelled": "取消",
    "new": "新增",
    "joined": "并入",
    "unplaced": "未能排入",
}


@dataclass(frozen=True)
class Difference:
    """One visit that is not as it was (一处变化). `kind` is a key of DIFFERENCE_NAMES, `cause` one of CAUSE_NAMES.

    `before` and `after` are "2026-10-20 am", empty where there is no visit.
    """

    kind: str
    visit: str
    object_id: str
    before: str
    after: str
    cause: str
    sentence: str


@dataclass(frozen=True)
class Replacement:
    """One person in another's seat (一次替补). `visit` stays on its day; `left` is empty where the team grew."""

    visit: str
    department: str
    group: str
    left: str
    taken: str
    cause: str
    sentence: str


@dataclass(frozen=True)
class Disturbed:
    """How much was disturbed (扰动程度): visits that lost their date; `unaffected` ones, of which `moved` made room."""

    affected: int
    unaffected: int
    moved: int
    limit: int
    most_share: float

    @property
    def share(self) -> float:
        """Moved of those that nothing had happened to."""
        return self.moved / self.unaffected if self.unaffected else 0.0


@dataclass(frozen=True)
class Changed:
    """The outcome of a change (调整结果). `filling` is the published input of the seat tickets, None without teams."""

    problem: Problem
    roster: Roster
    differences: tuple[Difference, ...]
    replacements: tuple[Replacement, ...]
    disturbed: Disturbed
    filling: Filling | None = None

    def replaced_by_cause(self) -> dict[str, int]:
        """How many seats were replaced for which kind of cause, in words; public."""
        counts = Counter(CAUSE_NAMES[r.cause] for r in self.replacements)
        return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))


@dataclass(frozen=True)
class _Told:
    differences: tuple[Difference, ...]
    replacements: tuple[Replacement, ...]
    disturbed: Disturbed
    replaced_by_cause: dict[str, int]
    format: str = CHANGED_FORMAT


def changed_to_json(changed: Changed) -> str:
    """Canonical JSON of everything that changed (调整说明文件)."""
    return to_json(
        _Told(changed.differences, changed.replacements, changed.disturbed, changed.replaced_by_cause())
    )


def _when(visit: Visit | None) -> str:
    return f"{visit.day} {visit.half}" if visit else ""


def differences(
    old: Roster, new: Roster, causes: Mapping[str, Cause], state: Changing, room: Cause
) -> Iterator[Difference]:
    """Every visit and every check that is not as it was, in order of the visits' ids."""
    was, is_now = ({v.id: v for v in roster.visits} for roster in (old, new))
    for name in sorted({*was, *is_now}):
        before, after = was.get(name), is_now.get(name)
        kind = _kind(before, after, state)
        if kind:
            one = before or after
            assert one is not None
            cause = causes.get(name, room)
            yield Difference(
                kind, name, one.object_id, _when(before), _when(after), cause.kind, cause.sentence
            )
    yield from _newly_unplaced(old, new, causes, state, {*was} - {*is_now})


def _kind(before: Visit | None, after: Visit | None, state: Changing) -> str:
    if before is None:
        return "new"
    if after is None:
        return "cancelled" if not set(before.checks) & set(state.checks) else "unplaced"
    if (before.day, before.half) != (after.day, after.half):
        return "moved"
    return "joined" if before.checks != after.checks or before.departments != after.departments else ""


def _newly_unplaced(
    old: Roster, new: Roster, causes: Mapping[str, Cause], state: Changing, gone: set[str]
) -> Iterator[Difference]:
    """Checks that lost their visit, or never got one, where no visit that is gone tells of them already."""
    before = {c for u in old.unplaced for c in u.checks}
    home = {c: v for v in old.visits for c in v.checks}
    for missed in new.unplaced:
        fresh = [c for c in missed.checks if c not in before and (c not in home or home[c].id not in gone)]
        if fresh:
            visit = home.get(fresh[0])
            cause = state.added.get(fresh[0]) or (causes.get(visit.id) if visit else None)
            kind = cause.kind if cause else "rules"
            yield Difference(
                "unplaced",
                visit.id if visit else "",
                missed.object_id,
                _when(visit),
                "",
                kind,
                missed.sentence,
            )


def replacements(
    old: Roster,
    new: Roster,
    vacated: Mapping[str, Sequence[str]],
    causes: Mapping[str, Cause],
    state: Changing,
) -> Iterator[Replacement]:
    """Seats with another person than before, on visits that stay or are dated anew; not those of new visits."""
    was = {v.id: v for v in old.visits}
    sat, sits = _by_visit(old.seats), _by_visit(new.seats)
    for visit in new.visits:
        if visit.id not in was:
            continue
        before = was[visit.id]
        for department in visit.departments:
            left = sorted(sat[visit.id, department] - sits[visit.id, department], key=lambda s: s[1])
            taken = sorted(sits[visit.id, department] - sat[visit.id, department], key=lambda s: s[1])
            yield from _pairs(before, department, left, taken, causes, state)


def _by_visit(seats: Sequence[Seat]) -> dict[tuple[str, str], set[tuple[str, str]]]:
    found: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    for seat in seats:
        found[seat.visit, seat.department].add((seat.group, seat.inspector))
    return found


def _pairs(
    visit: Visit,
    department: str,
    left: list[tuple[str, str]],
    taken: list[tuple[str, str]],
    causes: Mapping[str, Cause],
    state: Changing,
) -> Iterator[Replacement]:
    waiting = list(left)
    for group, person in taken:
        same = next((one for one in waiting if one[0] == group), None)
        gone = same or next(iter(waiting), None)
        if gone:
            waiting.remove(gone)
        name = gone[1] if gone else ""
        cause = (state.why_person(name, visit) if name else None) or causes.get(visit.id)
        cause = cause or Cause("rules", "按调整后的规则重新派员")
        yield Replacement(visit.id, department, group, name, person, cause.kind, cause.sentence)
