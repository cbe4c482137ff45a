"""Why a visit found no date (未排入的原因): the rules in conflict in one sentence with numbers, and a relief.

Never "infeasible" and never a time-out. A shortage of people is certified where it can be: if all visits that may
only fall on the same days ask for more seats than those days hold, no plan can place them all (Hall).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from scheduling.booking import UNPLACED, Booking
from scheduling.capacity import HallRow
from scheduling.merge import Merging, PlannedVisit
from scheduling.problem import Object, Problem, Unplaced
from scheduling.rule_names import half_name
from scheduling.staffing import Staffing


@dataclass(frozen=True, eq=False)
class Explainer:
    """Everything a reason may be drawn from, after the search."""

    problem: Problem
    merging: Merging
    visits: Sequence[PlannedVisit]
    staffing: Staffing
    booking: Booking

    def unplaced(self, v: int) -> Unplaced:
        """The sentence for one visit that has no date."""
        visit = self.visits[v]
        for reason in (self._too_long, self._pinned, self._no_day, self._cluster_full, self._overworked):
            if found := reason(v):
                return self._answer(visit, *found)
        return self._answer(visit, *self._shortage(v))

    def _answer(self, visit: PlannedVisit, rules: tuple[str, ...], sentence: str, relief: str) -> Unplaced:
        return Unplaced(tuple(c.id for c in visit.checks), visit.object_id, rules, sentence, relief)

    def _object(self, visit: PlannedVisit) -> Object:
        return next(o for o in self.problem.objects if o.object_id == visit.object_id)

    def _too_long(self, v: int) -> tuple[tuple[str, ...], str, str] | None:
        minutes, room = self.visits[v].minutes, 2 * self.problem.rules.half_day_minutes
        if minutes <= room:
            return None
        return ("duration",), f"需 {minutes} 分钟,超过一天可用的 {room} 分钟", "将任务拆成两次或增加检查人员"

    def _pinned(self, v: int) -> tuple[tuple[str, ...], str, str] | None:
        visit = self.visits[v]
        if visit.pinned is None:
            return None
        day, half = visit.pinned
        index = self.booking.problem.dates.index(day) if day in self.booking.problem.dates else None
        if index is None:
            why, rule = "该日不是计划期内的工作日", "working_day"
        elif half not in visit.halves_allowed:
            why, rule = f"需 {visit.minutes} 分钟,半天不够", "duration"
        elif not visit.days[index]:
            why, rule = self._closed_on(visit, index)
        else:
            why, rule = "该半日人员或园区名额已被其他固定检查占用", "capacity"
        sentence = f"已固定在 {day} {half_name(half)},但{why}"
        return ("pinned", rule), sentence, "解除固定后重新排期"

    def _closed_on(self, visit: PlannedVisit, day: int) -> tuple[str, str]:
        layers = self._layers(visit)
        if not layers["window"][day]:
            return "该日不在任务期限内", "window"
        if not layers["quiet_day"][day]:
            return "该日是企业安静日", "quiet_day"
        return (
            ("该日距上次入企不满间隔", "spacing")
            if not layers["spacing"][day]
            else ("年度次数已满", "annual_cap")
        )

    def _layers(self, visit: PlannedVisit) -> dict[str, np.ndarray]:
        rows = [self.merging.rows[c.id] for c in visit.checks]
        possible = self.merging.possible
        return {
            "window": np.asarray(possible.window[rows].all(axis=0)),
            "quiet_day": np.asarray(possible.open[rows].all(axis=0)),
            "spacing": np.asarray(possible.spaced[rows].all(axis=0)),
        }

    def _no_day(self, v: int) -> tuple[tuple[str, ...], str, str] | None:
        visit = self.visits[v]
        if visit.days.any():
            return None
        layers = self._layers(visit)
        first = max(c.window_from for c in visit.checks)
        last = min(c.window_to for c in visit.checks)
        last_visit = self._object(visit).last_visit
        in_window = layers["window"]
        opened = in_window & layers["quiet_day"]
        spaced = opened & layers["spacing"]
        parts = [f"期限 {first} 至 {last} 内有 {in_window.sum()} 个工作日"]
        rules = ["window"]
        if in_window.any():
            parts.append(f"扣除企业安静日后剩 {opened.sum()} 天")
            rules = ["window", "quiet_day"]
        if opened.any():
            spacing = self.problem.rules.spacing_days
            parts.append(f"距上次入企({last_visit})满 {spacing} 日的剩 {spaced.sum()} 天")
            rules = (
                ["window", "quiet_day", "spacing"]
                if opened.sum() < in_window.sum()
                else ["window", "spacing"]
            )
        if spaced.any():
            parts.append("年度入企次数已用尽")
            rules = ["window", "annual_cap"]
        return tuple(rules), ",".join(parts) + ",没有可排的日期", self._day_relief(visit, layers)

    def _day_relief(self, visit: PlannedVisit, layers: dict[str, np.ndarray]) -> str:
        days, reliefs = self.booking.problem.dates, []
        lawful = any(c.statutory for c in visit.checks)
        for name, action in (
            ("window", "延长任务期限"),
            ("quiet_day", "审批安静日豁免"),
            ("spacing", "经批准缩短间隔"),
        ):
            others = np.logical_and.reduce([m for n, m in layers.items() if n != name])
            if others.any() and not (name == "window" and lawful):
                gained = np.flatnonzero(others)
                reliefs.append(f"{action}({days[gained[0]]} 等 {len(gained)} 天可用)")
        return ";或".join([*reliefs, "改为书面或网络检查"])

    def _cluster_full(self, v: int) -> tuple[tuple[str, ...], str, str] | None:
        p, booking = self.booking.problem, self.booking
        days = np.flatnonzero(p.days[v])
        standing = booking.clusters[p.cluster[v], days]
        near = p.days[v] & ~booking.open_days(v)
        if len(days) and (standing >= p.cluster_cap).all():
            name = self._object(self.visits[v]).cluster
            sentence = (
                f"{name}每日最多 {p.cluster_cap} 户,可排的 {len(days)} 天均已排满 {int(standing.sum())} 户"
            )
            return ("cluster_cap",), sentence, f"{name}某日增加 1 户,或延长任务期限"
        if (near == p.days[v]).all():
            others = [w for w in booking.siblings.get(v, ()) if booking.slot[w] != UNPLACED]
            dates = "、".join(str(p.dates[booking.day(w)]) for w in others)
            sentence = f"同一企业已排在 {dates} 入企,其余可排的 {len(days)} 天都不满 {self.problem.rules.spacing_days} 日间隔"
            return ("spacing",), sentence, "调整任务期限使各任务可以合并成一次入企"
        return None

    def _overworked(self, v: int) -> tuple[tuple[str, ...], str, str] | None:
        p, booking = self.booking.problem, self.booking
        if (np.repeat(p.days[v], 2) & booking.within_limits(v)).any():
            return None
        asked = [k for k, limit in enumerate(p.limits) if p.demand[v, limit.row]]
        k = min(asked, key=booking.left)
        limit, row = p.limits[k], p.rows[p.limits[k].row]
        sentence = (
            f"{row.department}可派 {row.holders} 人,其中 {limit.people} 人的工作量上限合计 {limit.most} 次,"
            f"已用 {limit.most - booking.left(k)} 次;可排的 {int(p.days[v].sum())} 天其余人员已排满,"
            f"本次还需 {int(p.demand[v, limit.row])} 人次"
        )
        return ("total_limit",), sentence, "提高工作量上限,或借调人员"

    def _shortage(self, v: int) -> tuple[tuple[str, ...], str, str]:
        rows = [(self._excess(v, r), r) for r in map(int, np.flatnonzero(self.booking.problem.demand[v]))]
        (excess, demand, supply, rivals), r = max(rows, key=lambda x: x[0][0])
        row = self.booking.problem.rows[r]
        if excess > 0:
            return self._certified(v, row, demand, supply, rivals)
        return self._crowded(v)

    def _excess(self, v: int, r: int) -> tuple[int, int, int, list[int]]:
        p = self.booking.problem
        days = p.days[v]
        asks = p.demand[:, r] * p.halves
        inside = [w for w in np.flatnonzero(asks > 0) if not (p.days[w] & ~days).any() and p.days[w].any()]
        supply = int(p.capacity[r][np.repeat(days, 2)].sum())
        demand = int(asks[inside].sum())
        return demand - supply, demand, supply, [int(w) for w in inside]

    def _certified(
        self, v: int, row: HallRow, demand: int, supply: int, rivals: list[int]
    ) -> tuple[tuple[str, ...], str, str]:
        p = self.booking.problem
        days = [p.dates[d] for d in np.flatnonzero(p.days[v])]
        where = Counter(self._object(self.visits[w]).district for w in rivals).most_common(1)[0][0]
        special = "、".join(sorted(k.name for k in row.kinds if k.name)) if len(row.kinds) < 3 else ""
        holders = f"{special}资格人员" if special and all(k.name for k in row.kinds) else "人员"
        sentence = (
            f"{where}等地 {_months(days)}:{len(rivals)} 次检查须由{row.department}{holders}承担,共 {demand} 人次;"
            f"扣除安静日等后只有 {len(days)} 个可排日,可派 {row.holders} 人,至多 {supply} 人次,缺 {demand - supply} 人次"
        )
        each = max(1, demand // len(rivals))
        relief = (
            f"借调 {math.ceil((demand - supply) / max(1, 2 * len(days)))} 人,"
            f"或增开 {math.ceil((demand - supply) / max(1, 2 * row.holders))} 个可排日,"
            f"或将 {math.ceil((demand - supply) / each)} 次改为书面或网络检查"
        )
        return ("capacity", "quiet_day"), sentence, relief

    def _crowded(self, v: int) -> tuple[tuple[str, ...], str, str]:
        p, booking = self.booking.problem, self.booking
        days = np.flatnonzero(p.days[v])
        slots = np.concatenate([2 * days, 2 * days + 1])
        parts = []
        for r in np.flatnonzero(p.demand[v]):
            room = p.capacity[r, slots] - booking.load[r, slots]
            full = int((room < p.demand[v, r]).sum())
            names = "、".join(sorted(k.name for k in p.rows[r].kinds if k.name))
            if full:
                parts.append(f"{p.rows[r].department}{f'({names})' if names else ''} {full} 个已满")
        used = ",".join(parts) or "单看各部门均有余量,但没有共同空闲且可派出不同人员的半日"
        placed = int((booking.slot != UNPLACED).sum())
        sentence = f"可排的 {len(days)} 天共 {len(slots)} 个半日中:{used}(已排 {placed} 次检查)"
        return ("capacity",), sentence, "延长任务期限、借调人员,或将其中一个部门的事项改为书面检查"


def _months(days: Sequence[date]) -> str:
    months = sorted({(d.year, d.month) for d in days})
    return "、".join(f"{m}月" for _, m in months)
