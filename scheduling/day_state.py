"""A day for one visit (某日能否入企): open, or closed and by what; and why a visit stands where it does, in words.

Plain records and sentences; scheduling/day_reasons.py finds them out, which takes the solver's machinery.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from scheduling.problem import Problem

HALF_NAMES = {"am": "上午", "pm": "下午", "day": "全天"}


NOBODY = "nobody"
"""Closes every day: the bureau has nobody who may fill the seats, however free everybody is (没有持证人员)."""


@dataclass(frozen=True)
class Closed:
    """What closes a day (不可排的原因): the rule's name, as the checker names it, or capacity, or NOBODY; one sentence."""

    rule: str
    sentence: str


@dataclass(frozen=True)
class DayState:
    """A day for one visit: the halves it could take (am, pm or day), or what closes it; whether it stands there."""

    day: date
    halves: tuple[str, ...]
    closed: tuple[Closed, ...]
    chosen: bool


@dataclass(frozen=True)
class Explained:
    """One visit, dated or not, explained (一次入企的说明). `day` and `half` are None where it has no date."""

    visit: str
    object_id: str
    departments: tuple[str, ...]
    checks: tuple[str, ...]
    day: date | None
    half: str | None
    reasons: tuple[str, ...]
    days: tuple[DayState, ...]


def why_this_day(explained: Explained, problem: Problem, gap: float | None) -> list[str]:
    """Sentences that set the day beside the others that are still open: earlier weeks, the same week, later ones."""
    open_days = [s.day for s in explained.days if s.halves and not s.chosen]
    if explained.day is None:
        listed = "、".join(f"{day:%m-%d}" for day in open_days[:SHOWN])
        if open_days:
            return [f"只看日期和当日人手,还有 {len(open_days)} 天可排({listed});没有排入的原因见上"]
        return ["按目前的排班,没有可排的日子"]
    if not _is_timed(explained, problem):
        if not open_days:
            return ["按目前的排班,没有别的日子可排"]
        listed = "、".join(f"{day:%m-%d}" for day in open_days[:SHOWN])
        return [
            f"另有 {len(open_days)} 天可排({listed}):这次检查不分先后,先看同片区哪天有人去、"
            "哪天人手宽松,其余由公开的随机数决定"
        ]
    own = _week(explained.day, problem)
    earlier = [day for day in open_days if _week(day, problem) < own]
    same = [day for day in open_days if _week(day, problem) == own]
    if earlier:
        listed = "、".join(f"{day:%m-%d}" for day in earlier[:SHOWN])
        stopped = "" if gap is None else f"求解在差距 {gap:.2%} 处停止,"
        first = f"更早的周里还有 {len(earlier)} 天可排({listed}):{stopped}没有证明这一天最早"
    else:
        first = "更早的周里没有可排的日子"
    told = [first]
    if same:
        told.append(f"同一周内另有 {len(same)} 天同样可排,一周之内不分先后,由公开的随机数决定")
    return told


SHOWN = 6
"""Days listed in a sentence, at most."""


def _is_timed(explained: Explained, problem: Problem) -> bool:
    """Whether a later week costs this visit anything: by its urgency, or because it presses (有先后之分)."""
    weights = problem.rules.weights
    own = [c for c in problem.checks if c.id in set(explained.checks)]
    urgent = max((weights.urgency[c.urgency - 1] for c in own), default=0)
    return bool(urgent or (weights.pressing and any(c.clue or c.statutory for c in own)))


def _week(day: date, problem: Problem) -> int:
    """Calendar week of the period: earliness is counted in whole weeks."""
    return (day.toordinal() - problem.first_day.toordinal() + problem.first_day.weekday()) // 7
