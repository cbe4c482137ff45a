"""One disturbance at a time in a town small enough to know the answer, and the checker of changes against harm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from scheduling.change import change_roster
from scheduling.changed import Changed, Difference
from scheduling.check import check_roster
from scheduling.check_change import check_change
from scheduling.disturbances import (
    CertificateEnded,
    Change,
    CheckAdded,
    Disturbance,
    ExemptionWithdrawn,
    InspectorAbsent,
    InspectorRecused,
    ObjectClosed,
    Postponed,
    QuietRuleAdded,
    Unfinished,
    UrgentLead,
    VisitCarriedOut,
    VisitPinned,
)
from scheduling.problem import (
    Check,
    Exemption,
    Inspector,
    Object,
    Problem,
    ProblemError,
    QuietRule,
    Roster,
    Rules,
    Unplaced,
    Visit,
    problem_hash,
)
from scheduling.rounding import replace_seat
from scheduling.seat_tickets import seat_ticket
from scheduling.seating import seat_everybody
from scheduling.solve import Stop, solve
from scheduling.workdays import EstimatedYear

NEVER = date(2030, 1, 1)
FIRST, LAST, DAY = date(2026, 10, 8), date(2026, 10, 30), date(2026, 10, 14)
RULES = Rules(spacing_days=30, recognition_days=180, lead_team=2, partner_team=2, half_day_minutes=210)


def check(n: int, **more: object) -> Check:
    return replace(Check(f"C{n}", f"O{n}", "T", "市监", ("甲项", "乙项"), FIRST, LAST, 60), **more)  # type: ignore[arg-type]


def town(checks: int, people: int, **more: object) -> Problem:
    objects = tuple(Object(f"O{n}", f"街道{n % 3}", "竹山") for n in range(checks))
    inspectors = tuple(Inspector(f"人{n}", "市监", NEVER) for n in range(people))
    made = Problem(FIRST, FIRST, LAST, RULES, objects, tuple(check(n) for n in range(checks)), inspectors)
    return replace(made, **more)  # type: ignore[arg-type]


def on(problem: Problem, *days: tuple[date, str]) -> Roster:
    """The visits of the town's checks on these days and halves, seated somehow, by way of pins."""
    pins = tuple(
        replace(c, pinned_day=d, pinned_half=h) for c, (d, h) in zip(problem.checks, days, strict=True)
    )
    pinned = replace(problem, checks=pins)
    roster = solve(pinned, Stop(seconds=None, rounds=0), "S")
    assert len(roster.visits) == len(days)
    seats = seat_everybody(roster.groups, problem.inspectors).seats
    return replace(roster, seats=seats, problem_hash=problem_hash(problem))


def changed(
    problem: Problem, roster: Roster, *what: Disturbance, share: float = 0.05, day: date = DAY
) -> Changed:
    change = Change(day, what)
    found = change_roster(problem, roster, change, share)
    assert check_roster(found.problem, found.roster, teams=bool(roster.seats)) == []
    assert check_change(problem, roster, change, found) == []
    return found


def visit_of(roster: Roster, check: str) -> Visit | None:
    return next((v for v in roster.visits if check in v.checks), None)


def at(roster: Roster, check: str) -> tuple[date, str]:
    visit = visit_of(roster, check)
    assert visit is not None
    return visit.day, visit.half


D = [date(2026, 10, d) for d in (12, 13, 14, 15, 16, 19, 20, 21, 22, 23)]


def test_an_absence_costs_one_seat_and_the_next_ticket_takes_it() -> None:
    problem = town(3, 5)
    roster = on(problem, (D[0], "am"), (D[3], "am"), (D[4], "am"))
    affected = visit_of(roster, "C1")
    assert affected is not None
    sick = min(s.inspector for s in roster.seats if s.visit == affected.id)
    found = changed(problem, roster, InspectorAbsent(sick, D[3], D[3], "病假在家"))
    assert found.differences == ()
    assert found.roster.visits == roster.visits
    (one,) = found.replacements
    stays = {s.inspector for s in roster.seats if s.visit == affected.id} - {sick}
    free = {i.id for i in problem.inspectors} - {sick} - stays
    assert (one.left, one.cause) == (sick, "inspector_absent")
    sat = sorted(s.inspector for s in roster.seats if s.group == one.group)
    number = sat.index(sick) + 1
    assert one.taken == min(free, key=lambda p: seat_ticket("S", one.group, number, p))
    assert one.taken == replace_seat("S", one.group, str(number), free), "one seat is the lottery's own rule"
    assert found.replaced_by_cause() == {"人员缺勤": 1}


def test_without_anybody_to_take_the_seat_the_visit_moves_and_says_so() -> None:
    problem = town(2, 2)
    roster = on(problem, (D[3], "am"), (D[4], "am"))
    found = changed(problem, roster, InspectorAbsent("人0", D[3], D[3], "病假在家"))
    (one,) = found.differences
    assert (one.kind, one.cause) == ("moved", "inspector_absent")
    assert "没有人员可以替补" in one.sentence
    assert at(found.roster, "C1") == (D[4], "am")
    assert at(found.roster, "C0")[0] not in (D[3],)


def test_a_holder_on_another_seat_changes_seats_before_the_firm_is_disturbed() -> None:
    """The only other holder of the qualification already sits beside the one who falls ill."""
    people = tuple(Inspector(f"人{n}", "市监", NEVER, ("特种",) if n < 2 else ()) for n in range(3))
    problem = replace(town(1, 3, inspectors=people), checks=(check(0, qualifications=("特种",)),))
    roster = on(problem, (D[3], "am"))
    special = next(g for g in roster.groups if g.qualification)
    plain = next(g for g in roster.groups if not g.qualification)
    pairs = {special.id: "人0", plain.id: "人1"}
    roster = replace(roster, seats=tuple(replace(s, inspector=pairs[s.group]) for s in roster.seats))
    found = changed(problem, roster, InspectorAbsent("人0", D[3], LAST, "病假在家"))
    assert found.differences == ()
    assert {s.group: s.inspector for s in found.roster.seats} == {special.id: "人1", plain.id: "人2"}


def test_a_recusal_learned_after_a_visit_leaves_that_visit_alone() -> None:
    problem = town(1, 4)
    roster = on(problem, (D[0], "am"))
    went = roster.seats[0].inspector
    rest = Unfinished("C0", ("乙项",), DAY, LAST, counted=False)
    visit = roster.visits[0].id
    found = changed(
        problem,
        roster,
        VisitCarriedOut(visit, (rest,), "负责人不在场"),
        InspectorRecused(went, "O0", "近亲属任职"),
    )
    assert found.roster.visits[0] == roster.visits[0] or roster.visits[0] in found.roster.visits
    again = visit_of(found.roster, "C0~2")
    assert again is not None
    assert again.day >= DAY
    assert went not in {s.inspector for s in found.roster.seats if s.visit == again.id}
    assert next(c for c in found.problem.checks if c.id == "C0~2").items == ("乙项",)


def test_counted_unfinished_items_wait_for_spacing_and_say_so() -> None:
    problem = town(1, 4)
    roster = on(problem, (D[0], "am"))
    rest = Unfinished("C0", ("乙项",), DAY, LAST)
    found = changed(problem, roster, VisitCarriedOut(roster.visits[0].id, (rest,), "负责人不在场"))
    (missed,) = found.roster.unplaced
    assert missed.checks == ("C0~2",)
    assert "间隔" in missed.sentence
    (one,) = found.differences
    assert (one.kind, one.cause) == ("unplaced", "visit_carried_out")


def test_a_closed_object_cancels_what_is_due_and_keeps_what_was_done() -> None:
    problem = town(2, 4)
    roster = on(problem, (D[0], "am"), (D[4], "am"))
    found = changed(problem, roster, ObjectClosed("O0", "注销登记"), ObjectClosed("O1", "注销登记"))
    assert [v.checks for v in found.roster.visits] == [("C0",)]
    assert [(d.kind, d.object_id) for d in found.differences] == [("cancelled", "O1")]
    assert {c.id for c in found.problem.checks} == {"C0"}


def test_a_postponement_may_reach_beyond_the_period_but_not_into_a_guessed_year() -> None:
    problem = town(2, 4)
    roster = on(problem, (D[3], "am"), (D[4], "am"))
    later = Postponed("O0", date(2026, 11, 9), date(2026, 11, 20), "设备检修")
    found = changed(problem, roster, later)
    assert date(2026, 11, 9) <= at(found.roster, "C0")[0] <= date(2026, 11, 20)
    assert at(found.roster, "C1") == (D[4], "am")
    guessed = Postponed("O0", date(2028, 11, 9), date(2028, 11, 20), "设备检修")
    with pytest.raises(EstimatedYear):
        change_roster(problem, roster, Change(DAY, (guessed,)), 0.05)


def test_quiet_days_and_a_withdrawn_exemption_close_only_what_is_to_come() -> None:
    rule = QuietRule("Q", "安静日", ranges=((FIRST, D[4]),), exempt_categories=("double_random",))
    leave = Exemption("E", "double_random", FIRST, LAST, approved_by="局长", approved_on=FIRST)
    problem = town(3, 4, quiet_rules=(rule,), exemptions=(leave,))
    roster = on(problem, (D[0], "am"), (D[3], "am"), (D[6], "am"))
    found = changed(problem, roster, ExemptionWithdrawn("E", "批准撤回"))
    assert at(found.roster, "C0") == (D[0], "am")
    assert at(found.roster, "C1")[0] > D[4]
    assert [d.cause for d in found.differences] == ["exemption_withdrawn"]
    more = QuietRule("N", "活动", object_ids=("O2",), ranges=((FIRST, D[6]),))
    again = changed(found.problem, found.roster, QuietRuleAdded(more, "当地公告"))
    assert at(again.roster, "C2")[0] > D[6]


@pytest.mark.parametrize(
    "what",
    [
        InspectorAbsent("人0", D[3], D[4], "病假两天"),
        InspectorRecused("人0", "O1", "近亲属任职"),
        CertificateEnded("人0", D[4], "调离执法岗位"),
        ObjectClosed("O1", "已办理注销"),
        Postponed("O1", D[6], D[8], "设备检修"),
        ExemptionWithdrawn("E", "批准撤回"),
        VisitPinned("V", "已经约定"),
    ],
)
def test_what_is_already_in_the_roster_changes_nothing_more(what: Disturbance) -> None:
    leave = Exemption("E", "double_random", FIRST, LAST, approved_by="局长", approved_on=FIRST)
    problem = town(3, 5, exemptions=(leave,))
    roster = on(problem, (D[0], "am"), (D[3], "am"), (D[4], "am"))
    if isinstance(what, VisitPinned):
        what = replace(what, visit=visit_of(roster, "C1").id)  # type: ignore[union-attr]
    found = changed(problem, roster, what)
    assert not found.is_idle(problem)
    assert changed(found.problem, found.roster, what).is_idle(found.problem)


def test_unfinished_items_are_carried_forward_once_with_their_own_minutes() -> None:
    timed = (check(0, minutes=90, item_minutes=(30, 60)), check(1))
    problem = replace(town(2, 4), checks=timed)
    roster = on(problem, (D[0], "am"), (D[4], "am"))
    rest = Unfinished("C0", ("乙项",), DAY, LAST, counted=False)
    what = VisitCarriedOut(visit_of(roster, "C0").id, (rest,), "负责人不在场")  # type: ignore[union-attr]
    found = changed(problem, roster, what)
    (again,) = [c for c in found.problem.checks if c.id == "C0~2"]
    assert (again.items, again.item_minutes, again.minutes) == (("乙项",), (60,), 60)
    with pytest.raises(ProblemError, match="已顺延为 C0~2"):
        change_roster(found.problem, found.roster, Change(DAY, (what,)), 0.05)
    other = replace(what, unfinished=(replace(rest, items=("甲项",)),))
    assert {c.id for c in changed(found.problem, found.roster, other).problem.checks} >= {"C0~2", "C0~3"}


def test_a_new_check_joins_the_visit_that_stands() -> None:
    problem = town(2, 4)
    roster = on(problem, (D[3], "am"), (D[4], "am"))
    more = check(9, id="X", object_id="O0")
    found = changed(problem, roster, CheckAdded(more, "补充抽取"))
    one = visit_of(found.roster, "X")
    assert one is not None
    assert (one.id, one.day, set(one.checks)) == (visit_of(roster, "C0").id, D[3], {"C0", "X"})  # type: ignore[union-attr]
    assert found.roster.seats == roster.seats, "the same department is there already"
    assert [d.kind for d in found.differences] == ["joined"]


def test_an_urgent_lead_takes_a_planned_visit_of_its_object_with_it() -> None:
    """The lead's window ends before the planned visit, which the spacing would otherwise keep from every day."""
    problem = town(2, 4)
    roster = on(problem, (D[9], "am"), (D[4], "am"))
    lead = check(9, id="L", object_id="O0", window_to=D[3])
    found = changed(problem, roster, UrgentLead(lead, "群众举报"))
    one = visit_of(found.roster, "L")
    assert one is not None
    assert set(one.checks) == {"C0", "L"}
    assert DAY <= one.day <= D[3]
    assert one.id == visit_of(roster, "C0").id  # type: ignore[union-attr]
    assert at(found.roster, "C1") == (D[4], "am")


def full_week() -> tuple[Problem, Roster]:
    """One team, ten half-days from the change's day on, all taken but the last ones of the period."""
    slots = [(d, h) for d in D[2:7] for h in ("am", "pm")]
    problem = town(len(slots), 2)
    return problem, on(problem, *slots)


def test_a_lead_without_room_moves_one_unaffected_visit_within_the_limit() -> None:
    problem, roster = full_week()
    lead = check(9, id="L", object_id="新", window_to=D[3])
    asked = UrgentLead(lead, "群众举报", Object("新", "街道0", "竹山"))
    found = changed(problem, roster, asked, share=0.1)
    assert found.disturbed.moved == 1 == found.disturbed.limit
    (moved,) = [d for d in found.differences if d.kind == "moved"]
    assert moved.cause == "made_room"
    assert "新" in moved.sentence
    assert at(found.roster, "L")[0] <= D[3]


def test_beyond_the_limit_nobody_moves_and_the_lead_says_why_it_has_no_date() -> None:
    problem, roster = full_week()
    lead = check(9, id="L", object_id="新", window_to=D[3])
    found = changed(problem, roster, UrgentLead(lead, "群众举报", Object("新", "街道0", "竹山")), share=0.05)
    assert visit_of(found.roster, "L") is None
    assert found.roster.visits == roster.visits
    (missed,) = found.roster.unplaced
    assert "最多移动 0 次" in missed.sentence


def test_what_is_pinned_by_hand_makes_no_room_now_or_later() -> None:
    problem, roster = full_week()
    pins = tuple(VisitPinned(v.id, "已经约定") for v in roster.visits)
    held = changed(problem, roster, *pins)
    assert held.roster.visits == roster.visits
    lead = check(9, id="L", object_id="新", window_to=D[3])
    found = changed(
        held.problem, held.roster, UrgentLead(lead, "群众举报", Object("新", "街道0", "竹山")), share=1.0
    )
    assert found.roster.visits == roster.visits
    moved = changed(problem, roster, VisitPinned(roster.visits[0].id, "已经约定", D[8], "am"), share=0.0)
    assert at(moved.roster, roster.visits[0].checks[0]) == (D[8], "am")


def test_a_freed_half_day_goes_to_a_check_that_had_none() -> None:
    problem, roster = full_week()
    waiting = check(50, id="W", object_id="新", window_to=D[6])
    wider = replace(
        problem, objects=(*problem.objects, Object("新", "街道0", "竹山")), checks=(*problem.checks, waiting)
    )
    unplaced = (Unplaced(("W",), "新", ("capacity",), "期限内 10 个半日已满", "延长期限"),)
    before = replace(roster, problem_hash=problem_hash(wider), unplaced=unplaced)
    found = changed(wider, before, ObjectClosed("O3", "注销登记"))
    assert at(found.roster, "W") == at(roster, "C3")
    assert found.roster.unplaced == ()
    assert {d.cause for d in found.differences} == {"object_closed", "room_found"}


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        (InspectorAbsent("人9", D[3], D[4], "病假在家"), "人9 不在名录中"),
        (InspectorAbsent("人0", D[4], D[3], "病假在家"), "颠倒"),
        (InspectorAbsent("人0", D[3], D[4], " "), "没有写明理由"),
        (ObjectClosed("O9", "注销登记"), "O9 不在对象名录中"),
        (Postponed("O0", D[0], D[1], "设备检修"), "早于调整日"),
        (ExemptionWithdrawn("E9", "予以撤回"), "E9"),
        (CheckAdded(check(0), "补充抽取"), "C0 已有"),
        (UrgentLead(check(9, id="L", object_id="新"), "群众举报"), "须在 site 中说明"),
        (VisitPinned("V9", "已经约定"), "V9"),
        (VisitCarriedOut("V9", (), ""), "V9"),
    ],
)
def test_what_names_nothing_is_refused_with_its_number(what: Disturbance, sentence: str) -> None:
    problem = town(2, 4)
    roster = on(problem, (D[3], "am"), (D[4], "am"))
    with pytest.raises(ProblemError, match="第 1 项") as refused:
        change_roster(problem, roster, Change(DAY, (what,)), 0.05)
    assert sentence in str(refused.value)


def test_a_future_visit_cannot_have_been_carried_out() -> None:
    problem = town(1, 4)
    roster = on(problem, (D[3], "am"))
    with pytest.raises(ProblemError, match="尚未实施"):
        change_roster(problem, roster, Change(DAY, (VisitCarriedOut(roster.visits[0].id),)), 0.05)


def _moved_past(found: Changed, roster: Roster) -> Changed:
    past = min(found.roster.visits, key=lambda v: v.day)
    return _with(found, visits=tuple(replace(v, half="pm") if v is past else v for v in found.roster.visits))


def _moved_calm(found: Changed, roster: Roster) -> Changed:
    last = next(v for v in found.roster.visits if "C3" in v.checks)
    visits = tuple(
        replace(v, half="pm" if v.half == "am" else "am") if v is last else v for v in found.roster.visits
    )
    told = Difference("moved", last.id, last.object_id, "x", "y", "made_room", "没有必要")
    return replace(_with(found, visits=visits), differences=(*found.differences, told))


def _silent(found: Changed, roster: Roster) -> Changed:
    return replace(found, differences=())


def _empty_sentence(found: Changed, roster: Roster) -> Changed:
    return replace(found, differences=tuple(replace(d, sentence=" ") for d in found.differences))


def _idle_word(found: Changed, roster: Roster) -> Changed:
    last = next(v for v in found.roster.visits if "C3" in v.checks)
    told = Difference("moved", last.id, last.object_id, "x", "y", "made_room", "没有变化")
    return replace(found, differences=(*found.differences, told))


def _exchanged(found: Changed, roster: Roster) -> Changed:
    last = next(v for v in found.roster.visits if "C3" in v.checks)
    sits = {s.inspector for s in found.roster.seats if s.visit == last.id}
    other = next(i.id for i in found.problem.inspectors if i.id not in sits)
    first = next(s for s in found.roster.seats if s.visit == last.id)
    seats = tuple(replace(s, inspector=other) if s is first else s for s in found.roster.seats)
    return _with(found, seats=seats)


def _dropped(found: Changed, roster: Roster) -> Changed:
    checks = tuple(c for c in found.problem.checks if c.id != "C2")
    return replace(found, problem=replace(found.problem, checks=checks))


def _stranger(found: Changed, roster: Roster) -> Changed:
    last = next(v for v in found.roster.visits if "C3" in v.checks)
    groups = tuple(replace(g, eligible=()) if g.visit == last.id else g for g in found.roster.groups)
    return _with(found, groups=groups)


def _with(found: Changed, **parts: object) -> Changed:
    return replace(found, roster=replace(found.roster, **parts))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("harm", "rule"),
    [
        (_moved_past, "past"),
        (_moved_calm, "change_limit"),
        (_silent, "reason"),
        (_empty_sentence, "reason"),
        (_idle_word, "reason"),
        (_exchanged, "people_kept"),
        (_dropped, "carried"),
        (_stranger, "seats"),
    ],
)
def test_the_checker_of_changes_finds_each_harm(
    harm: Callable[[Changed, Roster], Changed], rule: str
) -> None:
    problem = town(4, 5)
    roster = on(problem, (D[0], "am"), (D[3], "am"), (D[4], "am"), (D[5], "am"))
    change = Change(DAY, (Postponed("O1", D[6], D[8], "设备检修"),))
    found = change_roster(problem, roster, change, 0.05)
    assert check_change(problem, roster, change, found) == []
    assert rule in {v.rule for v in check_change(problem, roster, change, harm(found, roster))}
