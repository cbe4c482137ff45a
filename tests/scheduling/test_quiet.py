"""Quiet days: selectors, kinds of days, exemptions that count and exemptions that do not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from scheduling.problem import Exemption, Object, QuietRule
from scheduling.quiet import open_days, why_closed

OCTOBER = [date(2026, 10, 1) + timedelta(days=n) for n in range(31)]
FIRM = Object("O1", cluster="东园区", district="330106", park="东园区", scale="规上", industry="C13")
SHOP = Object("O2", cluster="街道01", district="330203", scale="小微", industry="F52")
TO_20 = QuietRule("Q1", "企业安静日", month_days=tuple(range(1, 21)))
AS_OF = date(2026, 9, 30)


def closed(rule: QuietRule, object_: Object = FIRM, **more) -> set[int]:
    matrix = open_days([object_], [rule], OCTOBER, **more)
    return {day.day for day, is_open in zip(OCTOBER, matrix[0], strict=True) if not is_open}


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ({"month_days": (1, 2, 31)}, {1, 2, 31}),
        ({"weekdays": (0,)}, {5, 12, 19, 26}),
        ({"ranges": ((date(2026, 9, 1), date(2026, 10, 3)),)}, {1, 2, 3}),
        ({"month_days": (7,), "weekdays": (5,)}, {3, 7, 10, 17, 24, 31}),
        ({"month_days": (1, 9), "valid_from": date(2026, 10, 2)}, {9}),
        ({"month_days": (1, 9), "valid_to": date(2026, 10, 8)}, {1}),
    ],
)
def test_kinds_of_days(days, expected) -> None:
    assert closed(QuietRule("Q", "安静日", **days)) == expected


@pytest.mark.parametrize(
    ("selector", "firm", "shop"),
    [
        ({}, True, True),
        ({"regions": ("3301",)}, True, False),
        ({"regions": ("33",)}, True, True),
        ({"parks": ("东园区", "西园区")}, True, False),
        ({"scales": ("小微",)}, False, True),
        ({"industries": ("C",)}, True, False),
        ({"object_ids": ("O2",)}, False, True),
        ({"scales": ("规上",), "industries": ("F",)}, False, False),
    ],
)
def test_whom_a_rule_meets(selector, firm, shop) -> None:
    rule = QuietRule("Q", "安静日", month_days=(5,), **selector)
    matrix = open_days([FIRM, SHOP], [rule], [date(2026, 10, 5)])
    assert (~matrix[:, 0]).tolist() == [firm, shop]


FOOD = replace(TO_20, exempt_categories=("food_drug", "double_random"))
SIGNED = Exemption("E", "food_drug", OCTOBER[0], OCTOBER[9], "Q1", "O1", "局长", AS_OF)


@pytest.mark.parametrize(
    ("exemption", "categories", "lifted"),
    [
        (SIGNED, ("food_drug",), set(range(1, 11))),
        (SIGNED, ("double_random", "food_drug"), set(range(1, 11))),
        (SIGNED, ("double_random",), set()),
        (replace(SIGNED, approved_by=""), ("food_drug",), set()),
        (replace(SIGNED, approved_on=None), ("food_drug",), set()),
        (replace(SIGNED, approved_on=AS_OF + timedelta(days=1)), ("food_drug",), set()),
        (replace(SIGNED, object_id="O2"), ("food_drug",), set()),
        (replace(SIGNED, object_id=""), ("food_drug",), set(range(1, 11))),
        (replace(SIGNED, rule_id="Q9"), ("food_drug",), set()),
        (replace(SIGNED, category="tax"), ("tax",), set()),
    ],
)
def test_an_exemption_needs_category_approval_object_rule_and_day(exemption, categories, lifted) -> None:
    found = closed(FOOD, exemptions=[exemption], categories=categories, as_of=AS_OF)
    assert found == set(range(1, 21)) - lifted


def test_double_random_is_a_switch() -> None:
    blanket = replace(SIGNED, category="double_random", object_id="", last_day=OCTOBER[-1])
    tongliang = closed(FOOD, exemptions=[blanket], categories=("double_random",), as_of=AS_OF)
    anqing = closed(TO_20, exemptions=[blanket], categories=("double_random",), as_of=AS_OF)
    assert tongliang == set()
    assert anqing == set(range(1, 21))


def test_one_exempt_rule_does_not_open_another() -> None:
    rules = [FOOD, QuietRule("Q2", "采收期", month_days=(3,))]
    matrix = open_days([FIRM], rules, OCTOBER, [SIGNED], ("food_drug",), AS_OF)
    assert not matrix[0, 2]
    assert matrix[0, 1]


def test_the_matrix_agrees_with_the_sentences() -> None:
    rules = [TO_20, QuietRule("Q2", "周五宁静日", weekdays=(4,), basis="县办〔2026〕1号")]
    matrix = open_days([FIRM, SHOP], rules, OCTOBER)
    for row, object_ in zip(matrix, (FIRM, SHOP), strict=True):
        for day, is_open in zip(OCTOBER, row, strict=True):
            assert bool(why_closed(object_, rules, day)) is not bool(is_open)
    assert "县办〔2026〕1号" in why_closed(FIRM, rules, date(2026, 10, 23))[0]


def test_no_rules_close_nothing() -> None:
    assert np.all(open_days([FIRM, SHOP], [], OCTOBER))
