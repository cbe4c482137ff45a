"""What a change changed (调整说明): every difference between two versions of a roster, each with its reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from scheduling.change_problem import Cause, Changing
from scheduling.changed import Difference, Replacement
from scheduling.problem import Roster, Seat, Visit


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
