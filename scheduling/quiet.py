"""Quiet days (企业安静日) and their exemptions.

A rule says who has quiet days, which days they are, and which categories of check *may* be exempted; whether
双随机 itself is among those varies by place (铜梁 exempts it, 安庆 does not), so it is one more category. A
category that may be exempted still needs an approved exemption that covers the object and the day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from scheduling.problem import Exemption, Object, QuietRule

Matrix = NDArray[np.bool_]


@dataclass(frozen=True)
class ObjectFrame:
    """The attributes of objects as columns, one row an object, so that a rule meets all of them at once."""

    ids: NDArray[np.str_]
    districts: NDArray[np.str_]
    parks: NDArray[np.str_]
    scales: NDArray[np.str_]
    industries: NDArray[np.str_]

    @classmethod
    def of(cls, objects: Sequence[Object]) -> ObjectFrame:
        """Columns of `objects`, in their order."""
        return cls(
            *(
                np.array([getattr(o, name) for o in objects], dtype=np.str_)
                for name in ("object_id", "district", "park", "scale", "industry")
            )
        )


def applies(rule: QuietRule, frame: ObjectFrame) -> Matrix:
    """Objects under the rule, bool per object; every selector that is given must match."""
    mask = np.ones(len(frame.ids), dtype=bool)
    for column, wanted in (
        (frame.ids, rule.object_ids),
        (frame.parks, rule.parks),
        (frame.scales, rule.scales),
    ):
        if wanted:
            mask &= np.isin(column, np.array(wanted))
    for column, prefixes in ((frame.districts, rule.regions), (frame.industries, rule.industries)):
        if prefixes:
            mask &= np.logical_or.reduce([np.strings.startswith(column, p) for p in prefixes])
    return mask


def covers(rule: QuietRule, days: Sequence[date]) -> Matrix:
    """Days the rule makes quiet, bool per day."""
    return np.array([_is_quiet(rule, day) for day in days], dtype=bool)


def _is_quiet(rule: QuietRule, day: date) -> bool:
    if (rule.valid_from and day < rule.valid_from) or (rule.valid_to and day > rule.valid_to):
        return False
    named = day.day in rule.month_days or day.weekday() in rule.weekdays
    return named or any(first <= day <= last for first, last in rule.ranges)


def is_approved(exemption: Exemption, as_of: date) -> bool:
    """An exemption counts once somebody has signed it, on or before `as_of`."""
    return bool(
        exemption.approved_by and exemption.approved_on is not None and exemption.approved_on <= as_of
    )


def _lifted(
    rule: QuietRule,
    frame: ObjectFrame,
    days: Sequence[date],
    exemptions: Sequence[Exemption],
    categories: Sequence[str],
) -> Matrix:
    """Days lifted from the rule for these categories, bool object x day, or 1 x day where only everybody's are."""
    wanted = set(categories) & set(rule.exempt_categories)
    chosen = [e for e in exemptions if e.category in wanted and e.rule_id in ("", rule.id)]
    everybody = np.zeros((1, len(days)), dtype=bool)
    for exemption in chosen:
        if not exemption.object_id:
            everybody |= _spans(exemption, days)
    single = [e for e in chosen if e.object_id]
    if not single:
        return everybody
    lifted = np.repeat(everybody, len(frame.ids), axis=0)
    rows: dict[str, list[int]] = defaultdict(list)
    for row in np.flatnonzero(np.isin(frame.ids, np.array([e.object_id for e in single]))):
        rows[str(frame.ids[row])].append(int(row))
    for exemption in single:
        lifted[rows[exemption.object_id]] |= _spans(exemption, days)
    return lifted


def _spans(exemption: Exemption, days: Sequence[date]) -> Matrix:
    return np.array([exemption.first_day <= day <= exemption.last_day for day in days], dtype=bool)


def open_days(
    objects: Sequence[Object] | ObjectFrame,
    rules: Sequence[QuietRule],
    days: Sequence[date],
    exemptions: Sequence[Exemption] = (),
    categories: Sequence[str] = (),
    as_of: date | None = None,
) -> Matrix:
    """Open days for a check of these categories: bool, object x day.

    `days` are usually working days. Only exemptions approved by `as_of` count; without `as_of`, none does.
    """
    frame = objects if isinstance(objects, ObjectFrame) else ObjectFrame.of(objects)
    approved = [e for e in exemptions if as_of is not None and is_approved(e, as_of)]
    closed = np.zeros((len(frame.ids), len(days)), dtype=bool)
    for rule in rules:
        quiet = np.outer(applies(rule, frame), covers(rule, days))
        if set(categories) & set(rule.exempt_categories) and approved:
            quiet &= ~_lifted(rule, frame, days, approved, categories)
        closed |= quiet
    return ~closed


def why_closed(
    object_: Object,
    rules: Sequence[QuietRule],
    day: date,
    exemptions: Sequence[Exemption] = (),
    categories: Sequence[str] = (),
    as_of: date | None = None,
) -> list[str]:
    """Sentences saying which rules close `day` to such a check at this object; empty if it is open."""
    return [
        f"{day} 是{rule.name}" + (f"({rule.basis})" if rule.basis else "")
        for rule in rules
        if not open_days([object_], [rule], [day], exemptions, categories, as_of)[0, 0]
    ]
