"""Reputation (社会评价信息): complaints and reports, and how they were answered."""

from collections.abc import Iterator

import numpy as np

from risk.indicators.basic import industries
from risk.indicators.view import Column, View

RARE = 0.05
"""Complaints per enterprise added to an industry's mean, so that one complaint in a quiet trade is not infinite."""


def reputation(view: View) -> Iterator[Column]:
    """Columns of the family, in any order."""
    complaints = view.rows("complaint")
    received, closed = complaints["received_on"], complaints["closed_on"]
    recent = view.within("complaint_cnt", received)
    counts = complaints.count(recent)
    yield Column("complaint_cnt", counts, recent)
    reports = view.within("report_cnt", received) & (complaints["kind"] == "举报")
    yield Column("report_cnt", complaints.count(reports), reports)
    verified = view.within("complaint_verified_cnt", received) & (complaints["verified"] == 1)
    yield Column("complaint_verified_cnt", complaints.count(verified), verified)
    patience = view.setting("indicator.complaint_open_cnt")["days"]
    still_open = view.within("complaint_open_cnt", received) & ~(closed <= view.today)
    overdue = still_open & (received < view.today - patience)
    yield Column("complaint_open_cnt", complaints.count(overdue), overdue)
    industry = industries(view)
    mean = np.bincount(industry, counts) / np.maximum(np.bincount(industry), 1) if view.size else counts
    yield Column("complaint_rate_vs_industry", counts / (mean[industry] + RARE), recent)
