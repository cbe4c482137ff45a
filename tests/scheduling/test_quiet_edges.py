"""Quiet days at their edges: first and last days, several selectors and exemptions, nobody and no day at all."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from scheduling.problem import Exemption, Object, QuietRule
from scheduling.quiet import ObjectFrame, open_days, why_closed

OCTOBER = [date(2026, 10, 1) + timedelta(days=n) for n in range(31)]
FIRM = Object("O1", cluster="东园区", district="330106", park="东园区", scale="规上", industry="C13")
SHOP = Object("O2", cluster="街道01", district="330203", scale="小微", industry="F52")
AS_OF = date(2026, 9, 30)
FOOD = QuietRule("Q1", "企业安静日", month_days=tuple(range(1, 21)), exempt_categories=("food_drug", "tax"))
SIGNED = Exemption("E", "food_drug", OCTOBER[0], OCTOBER[9], "Q1", "O1", "局长", AS_OF)


def closed(rule: QuietRule, object_: Object = FIRM, **more: object) -> set[int]:
    """Days of October on which the object is closed."""
    matrix = open_days([object_], [rule], OCTOBER, **more)  # type: ignore[arg-type]
    return {day.day for day, is_open in zip(OCTOBER, matrix[0], strict=True) if not is_open}


def test_the_first_and_the_last_day_belong_to_a_rule() -> None:
    rule = QuietRule("Q", "安静日", month_days=(2, 3, 4, 5), valid_from=OCTOBER[2], valid_to=OCTOBER[3])
    assert closed(rule) == {3, 4}
    assert closed(QuietRule("Q", "安静日", ranges=((OCTOBER[4], OCTOBER[6]),))) == {5, 6, 7}


def test_every_selector_must_match_whatever_the_others_say() -> None:
    for selector in (
        {"object_ids": ("O2",), "scales": ("规上",)},
        {"object_ids": ("O2",), "parks": ("东园区",)},
        {"parks": ("西园区",), "scales": ("规上",)},
        {"object_ids": ("O2",), "regions": ("3301",)},
    ):
        assert closed(QuietRule("Q", "安静日", month_days=(5,), **selector)) == set()  # type: ignore[arg-type]


def test_an_exemption_that_names_no_rule_holds_for_all() -> None:
    anywhere = replace(SIGNED, rule_id="")
    assert closed(FOOD, exemptions=[anywhere], categories=("food_drug",), as_of=AS_OF) == set(range(11, 21))


def test_exemptions_add_up_and_one_that_does_not_apply_stops_none() -> None:
    other = replace(SIGNED, category="tax")
    later = replace(SIGNED, first_day=OCTOBER[11], last_day=OCTOBER[12])
    found = closed(FOOD, exemptions=[other, SIGNED, later], categories=("food_drug",), as_of=AS_OF)
    assert found == {11, *range(14, 21)}


def test_exemptions_of_everybody_add_up_and_one_of_a_firm_is_its_own() -> None:
    """Days 1 to 3 and 6 to 7 are lifted for all, days 9 and 10 for the shop alone."""
    for_all = [
        replace(SIGNED, object_id="", first_day=OCTOBER[first], last_day=OCTOBER[last])
        for first, last in ((0, 2), (5, 6))
    ]
    for_shop = replace(SIGNED, object_id="O2", first_day=OCTOBER[8], last_day=OCTOBER[9])
    signed = [*for_all, for_shop]
    both = open_days([FIRM, SHOP], [FOOD], OCTOBER, signed, ("food_drug",), AS_OF)
    for row, object_, days in (
        (both[0], FIRM, {4, 5, *range(8, 21)}),
        (both[1], SHOP, {4, 5, 8, *range(11, 21)}),
    ):
        assert {day.day for day, is_open in zip(OCTOBER, row, strict=True) if not is_open} == days
        assert closed(FOOD, object_, exemptions=signed, categories=("food_drug",), as_of=AS_OF) == days
    assert closed(FOOD, exemptions=for_all, categories=("food_drug",), as_of=AS_OF) == {4, 5, *range(8, 21)}


def test_columns_may_be_handed_over_ready() -> None:
    frame = ObjectFrame.of([FIRM, SHOP])
    ready = open_days(frame, [FOOD], OCTOBER)
    assert np.array_equal(ready, open_days([FIRM, SHOP], [FOOD], OCTOBER))


def test_nobody_and_no_day() -> None:
    somewhere = replace(FOOD, regions=("3301",), industries=("C",))
    assert open_days([], [somewhere], OCTOBER).shape == (0, 31)
    nothing = open_days([FIRM], [FOOD], [], [SIGNED], ("food_drug",), AS_OF)
    assert nothing.shape == (1, 0)
    assert nothing.dtype == np.bool_


def test_the_sentence_names_a_basis_only_where_there_is_one() -> None:
    assert why_closed(FIRM, [FOOD], OCTOBER[4]) == ["2026-10-05 是企业安静日"]
    founded = replace(FOOD, basis="县办〔2026〕1号")
    assert why_closed(FIRM, [founded], OCTOBER[4]) == ["2026-10-05 是企业安静日(县办〔2026〕1号)"]


def test_the_sentence_knows_exemptions_signed_by_the_day_of_judging() -> None:
    asked = ([SIGNED], ("food_drug",))
    assert why_closed(FIRM, [FOOD], OCTOBER[4], *asked, AS_OF) == []
    assert why_closed(FIRM, [FOOD], OCTOBER[4], *asked, AS_OF - timedelta(days=1)) != []
    assert why_closed(FIRM, [FOOD], OCTOBER[4], *asked) != []


def test_what_one_rule_closes_the_next_does_not_open() -> None:
    matrix = open_days([FIRM], [FOOD, QuietRule("Q2", "采收期", month_days=(30,))], OCTOBER)
    assert [day.day for day, is_open in zip(OCTOBER, matrix[0], strict=True) if not is_open] == [
        *range(1, 21),
        30,
    ]
