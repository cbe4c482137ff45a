"""Findings (发现的问题) by kind: orders not obeyed, single items, causes of listing, environment, revoked permits."""

from collections.abc import Iterator

import numpy as np

from registry.vocabulary import RESULTS
from risk.archive import BoolArray
from risk.indicators.supervision import live_penalties
from risk.indicators.view import Column, View, mentions

UNPUBLISHED = "R02"
"""未按规定公示应当公示的信息."""
CAUSES = {"abn_cause_no_report": "1", "abn_cause_unpublished": "2"}


def findings(view: View) -> Iterator[Column]:
    """Columns of the group, in any order."""
    yield from _penalties(view)
    yield from _listings(view)
    yield from _checks(view)


def _penalties(view: View) -> Iterator[Column]:
    penalties, live = view.rows("penalty"), live_penalties(view)
    decided = penalties["cf_jdrq"]
    of_environment = penalties["department"] == view.setting("indicator.environment_department")
    environment = live & of_environment & view.within("env_pen_cnt", decided)
    yield Column("env_pen_cnt", penalties.count(environment), environment)
    words = "|".join(view.setting("indicator.revoked_permit_words"))
    revoked = live & view.within("lic_revoked_cnt", decided) & mentions(penalties["cf_cflb"], words)
    yield Column("lic_revoked_cnt", penalties.count(revoked), revoked)


def _listings(view: View) -> Iterator[Column]:
    listings = view.rows("abnormal_listing")
    for key, cause in CAUSES.items():
        picked = (listings["specause"] == cause) & view.within(key, listings["abntime"])
        yield Column(key, listings.count(picked), picked)
    watched = view.rows("key_supervision")
    current = (watched["listed_on"] <= view.today) & ~(watched["removed_on"] <= view.today)
    yield Column("key_supervision_now", np.minimum(watched.count(current), 1.0), current)


def _checks(view: View) -> Iterator[Column]:
    checks = view.rows("inspection_result")
    hidden = (checks["result_code"] == UNPUBLISHED) & view.within("insp_unpublished_cnt", checks["inspdate"])
    yield Column("insp_unpublished_cnt", checks.count(hidden), hidden)
    overdue = overdue_orders(view)
    yield Column("insp_rectify_overdue", checks.count(overdue), overdue)
    items = view.rows("inspection_item")
    wrong = np.zeros(len(items.row), bool)
    for code, (_, problem) in RESULTS.items():
        if problem:
            wrong |= items["result_code"] == code
    wrong &= view.within("insp_item_problem_cnt", items["inspdate"])
    yield Column("insp_item_problem_cnt", items.count(wrong), wrong)


def overdue_orders(view: View) -> BoolArray:
    """Checks whose order to correct (责令改正) ran out in the window and is not known to be obeyed."""
    checks = view.rows("inspection_result")
    due = checks["rectify_due"]
    passed = view.within("insp_rectify_overdue", due) & (due < view.today)
    return passed & ~(checks["rectified_on"] <= view.today)
