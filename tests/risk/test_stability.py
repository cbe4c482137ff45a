"""Stability: no two steps without news, a clock is no news, a band of 20 %, and what ends comes back."""

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from registry.rules import Rule, Rulebook
from risk.hard_rules import PREFIX
from risk.indicators.catalogue import BY_KEY
from risk.overrides import Override
from tests.risk.cohorts import CUTS, NOW, THEN, frame_of, judged, nobody, previous_of, rule_of

OWN = ("pen_cnt_36", "abn_in_now", "ser_in_now", "insp_uncoop", "lic_expired", "complaint_verified_cnt")
CLOCKS = ("within_3m_of_setup", "age_months", "pen_recency_days", "months_since_insp", "phone_bad_share")

values = st.sampled_from([0.0, 1.0, 2.0])
own_facts = st.fixed_dictionaries(dict.fromkeys(OWN, values))
clocks = st.fixed_dictionaries(dict.fromkeys(CLOCKS, values))
scores = st.floats(-3, 5)
quiet_firms = st.lists(st.tuples(own_facts, clocks, clocks, scores, scores), min_size=1, max_size=4)


def test_the_clocks_of_this_file_are_no_news_and_the_facts_are() -> None:
    assert not any(BY_KEY[name].own for name in CLOCKS)
    assert all(BY_KEY[name].own for name in OWN)


@given(quiet_firms)
def test_never_two_steps_without_news(firms: list[Any]) -> None:
    """Whatever the score does, and whatever clocks and neighbours do: at most one step, up or down."""
    before = frame_of([facts | then for facts, then, *_ in firms], THEN)
    after = frame_of([facts | now for facts, _, now, *_ in firms], NOW)
    first = judged(before, [old for *_, old, _ in firms], nobody())
    second = judged(after, [new for *_, new in firms], previous_of(before, first))
    assert (np.abs(second.final - first.final) <= 1).all()
    assert set(second.layer) <= {"model", "hysteresis", "one_step", "hard_rule"}


@given(quiet_firms)
def test_within_the_band_nothing_moves(firms: list[Any]) -> None:
    """A score within 20 % of odds of where it was keeps the model's class, and so the final one, without news."""
    before = frame_of([facts | clock for facts, clock, *_ in firms], THEN)
    old = np.array([score for *_, score, _ in firms])
    first = judged(before, old, nobody())
    nudged = old + np.log(1.2) * 0.999 * np.sign(np.array([new for *_, new in firms]))
    second = judged(replace(before, as_of=NOW), nudged, previous_of(before, first))
    assert (second.final == first.final).all()


@given(own_facts, scores, scores)
def test_news_lets_the_score_decide(facts: dict[str, float], old: float, new: float) -> None:
    """The same enterprise with own events, good ones among them, is judged as if it had never been graded.

    Bad news alone frees the score upwards only: that is the next test.
    """
    changed = facts | {"complaint_verified_cnt": facts["complaint_verified_cnt"] + 1, "honor_cnt": 1.0}
    before, after = frame_of([facts], THEN), frame_of([changed], NOW)
    second = judged(after, [new], previous_of(before, judged(before, [old], nobody())))
    assert second.final.tolist() == judged(after, [new], nobody()).final.tolist()


worse_firms = st.lists(
    st.tuples(own_facts, clocks, own_facts, clocks, st.sampled_from(OWN), scores, scores, st.floats(0, 4)),
    min_size=1,
    max_size=4,
)


@given(worse_firms)
def test_adverse_news_never_betters_a_class(firms: list[Any]) -> None:
    """C-43: beside the same firm without it, a bad event (and a score no lower) never gives a better class, although
    news frees the score from the band and the step limit that may be holding the other firm where it is."""
    before = frame_of([then | clock for then, clock, *_ in firms], THEN)
    standing = previous_of(before, judged(before, [f[5] for f in firms], nobody()))
    same = frame_of([f[2] | f[3] for f in firms])
    worse = frame_of([f[2] | f[3] | {f[4]: f[2][f[4]] + 1} for f in firms])
    without = judged(same, [f[6] for f in firms], standing)
    with_it = judged(worse, [f[6] + f[7] for f in firms], standing)
    assert (with_it.final >= without.final).all()


def test_a_firm_held_by_the_band_is_not_let_off_by_a_penalty() -> None:
    """The plain case: C, its score just below the cut; a penalty is news, and the score alone would say B."""
    before = frame_of([{}], THEN)
    standing = previous_of(before, judged(before, [1.05], nobody()))
    held = judged(frame_of([{}]), [0.95], standing)
    punished = judged(frame_of([{"pen_cnt_36": 1}]), [0.96], standing)
    praised = judged(frame_of([{"pen_cnt_36": 0, "is_scaled": 1}]), [0.95], standing)
    assert ["ABCD"[v.final[0]] for v in (held, punished, praised)] == ["C", "C", "B"]


def test_the_end_of_a_cap_by_a_clock_lets_go_one_step_a_month() -> None:
    """A newly set-up enterprise with a score of D, capped at B: C when the months have passed, then D."""
    new, old = frame_of([{"within_3m_of_setup": 1}], THEN), frame_of([{}], NOW)
    first = judged(new, [9.0], nobody())
    second = judged(old, [9.0], previous_of(new, first))
    third = judged(old, [9.0], previous_of(old, second))
    assert ["ABCD"[v.final[0]] for v in (first, second, third)] == ["B", "C", "D"]
    assert (first.rule_code[0], second.layer[0], second.rule_code[0]) == ("NEWLY_SET_UP", "one_step", "")


def test_the_end_of_a_floor_by_a_clock_lets_go_one_step_a_month(book: Rulebook) -> None:
    """The other way round: D by a floor on a clock, then C, B, A, although the score says A all the time."""
    floor = rule_of("floor", "D", "BY_CLOCK", phone_bad_share=1)
    law = Rulebook({**book.rules, floor.key: (floor,)}, book.places, "v")
    held, free = frame_of([{"phone_bad_share": 1}], THEN), frame_of([{}], NOW)
    last, found = judged(held, [-2.0], nobody(), book=law), []
    standing = previous_of(held, last)
    for _ in range(4):
        found.append("ABCD"[last.final[0]])
        last = judged(free, [-2.0], standing, book=law)
        standing = previous_of(free, last)
    assert found == ["D", "C", "B", "A"]


def test_a_repealed_direct_rule_lets_go_at_once(book: Rulebook) -> None:
    """A rule that ends by a recorded change of law is news for those it had decided; for the others it is not."""
    ends = replace(rule_of("direct", "D", "OLD_LAW", pen_cnt_36=1), until=THEN)
    law = Rulebook({**book.rules, ends.key: (ends,)}, book.places, "v")
    before, after = frame_of([{"pen_cnt_36": 1}, {}], THEN), frame_of([{"pen_cnt_36": 1}, {}], NOW)
    first = judged(before, [-2.0, -2.0], nobody(), book=law)
    second = judged(after, [-2.0, 9.0], previous_of(before, first), book=law)
    assert first.final.tolist() == [3, 0]
    assert second.final.tolist() == [0, 1], "the other's score is held by the step limit"


def test_a_new_law_counts_at_once(book: Rulebook) -> None:
    begins = replace(rule_of("floor", "D", "NEW_LAW", pen_cnt_36=1), since=NOW)
    law = Rulebook({**book.rules, begins.key: (begins,)}, book.places, "v")
    before, after = frame_of([{"pen_cnt_36": 1}], THEN), frame_of([{"pen_cnt_36": 1}], NOW)
    first = judged(before, [-2.0], nobody(), book=law)
    second = judged(after, [-2.0], previous_of(before, first), book=law)
    assert (first.final[0], second.final[0], second.rule_code[0]) == (0, 3, "NEW_LAW")


def test_an_override_beats_all_but_a_direct_class_and_its_end_leaves_no_trace() -> None:
    rows = [{}, {"abn_in_now": 1}, {"ser_in_now": 1}, {"ser_in_now": 1}]
    before = frame_of(rows, THEN)
    better = Override(7, "A", date(2026, 12, 1), "", "")
    worse, found_wrong = (
        Override(8, "D", date(2026, 12, 1), "", ""),
        Override(9, "A", NOW, "", "", by_appeal=True),
    )
    given = {"E0000": worse, "E0001": better, "E0002": better, "E0003": found_wrong}
    first = judged(before, [-2.0] * 4, nobody(), given)
    assert first.final.tolist() == [3, 0, 3, 0]
    assert first.layer.tolist() == ["override", "override", "hard_rule", "override"]
    assert first.ruled.tolist() == [0, 2, 3, 3]
    second = judged(frame_of(rows, NOW), [-2.0] * 4, previous_of(before, first))
    assert second.final.tolist() == judged(frame_of(rows, NOW), [-2.0] * 4, nobody()).final.tolist()
    assert second.changed.tolist() == [True, True, False, True]


def test_the_band_is_a_rule(book: Rulebook) -> None:
    key = "grade.hysteresis.odds_ratio"
    assert book.value(key, "990100", NOW) == 1.2
    wide = Rule(key, "CN", date(2020, 1, 1), None, 3.0, "", "依据", "")
    other = Rulebook({**book.rules, key: (wide,)}, book.places, "v")
    before = frame_of([{}], THEN)
    standing = previous_of(before, judged(before, [0.5], nobody()))
    moved = judged(frame_of([{}], NOW), [CUTS[1] + 0.5], standing)
    held = judged(frame_of([{}], NOW), [CUTS[1] + 0.5], standing, book=other)
    assert ("ABCD"[moved.final[0]], "ABCD"[held.final[0]], held.layer[0]) == ("C", "B", "hysteresis")
    assert book.keys(PREFIX)
