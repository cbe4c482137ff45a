"""Conflicts and ways out in planners' words (冲突与办法的文字): who, where, when, how many, at most, missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date

import numpy as np

from scheduling.capacity import HallRow
from scheduling.conflict_record import Conflict, Remedy
from scheduling.holdings import CLUSTER, LIMITED, OBJECT, PEOPLE, WORKLOAD, Holding
from scheduling.prepared import Prepared
from scheduling.problem import HALVES
from scheduling.rule_names import rule_name
from scheduling.shortage_proof import Counted, ShortageProof

MOST_DATES = 4
HALF_NAMES = {"am": "上午", "pm": "下午"}


def proof_sentence(prepared: Prepared, proof: ShortageProof, rules: Sequence[str]) -> str:
    """The whole conflict in one sentence with every number of its sum."""
    most = len(proof.visits) - proof.missing
    where = _where([prepared.objects[prepared.visits[v].object_id].district for v in proof.visits])
    if all(c.holding.kind == OBJECT for c in proof.counted):
        return f"{where} {_object_words(prepared, proof)}。至多排入 {most} 次,至少 {proof.missing} 次排不下"
    parts = [
        _holding_words(prepared, proof, holding, counted, rules)
        for holding, counted in _by_holding(proof.counted)
    ]
    said = f"{where} {len(proof.visits)} 次检查:{';'.join(parts)}"
    if len(parts) > 1:
        said += f";合起来,这些检查无论排在哪天至少占用 {proof.demand},只有 {proof.supply}"
    return f"{said}。至多排入 {most} 次,至少 {proof.missing} 次排不下"


def _by_holding(counted: Iterable[Counted]) -> list[tuple[Holding, list[Counted]]]:
    groups: dict[int, tuple[Holding, list[Counted]]] = {}
    for one in counted:
        groups.setdefault(id(one.holding), (one.holding, []))[1].append(one)
    return list(groups.values())


def _holding_words(
    prepared: Prepared, proof: ShortageProof, holding: Holding, counted: list[Counted], rules: Sequence[str]
) -> str:
    asked = int(holding.units[[v for v in proof.visits if holding.units[v]]].sum())
    visits = int((holding.units[list(proof.visits)] > 0).sum())
    days = np.flatnonzero(np.logical_or.reduce([c.days for c in counted]))
    dates = [prepared.dates.dates[d] for d in days]
    holds = sum(c.holds for c in counted)
    if holding.kind == PEOPLE:
        row = prepared.dates.rows[holding.index]
        return _people_words(row, visits, asked, dates, holds, holding.half, rules)
    if holding.kind == WORKLOAD:
        row = prepared.dates.rows[holding.index]
        within = "本期" if len(dates) == len(prepared.dates.dates) else f"{months(dates)} {len(dates)} 天内"
        return (
            f"{visits} 次须由{_who(row)}承担,共 {asked} 人次,"
            f"{row.holders} 人{within}按在岗时间和工作量上限合计至多 {holds} 人次"
        )
    if holding.kind == LIMITED:
        row = prepared.dates.rows[holding.index]
        return (
            f"{visits} 次须由{_who(row)}承担,其他人员不足,须有工作量上限的人员参加 {asked} 人次,"
            f"其本期上限合计至多 {holds} 人次"
        )
    if holding.kind == CLUSTER:
        name = sorted({o.cluster for o in prepared.problem.objects})[holding.index]
        cap = prepared.dates.cluster_cap
        return f"{name}的 {visits} 次{_only(rules)}只有 {len(dates)} 天可排({months(dates)}),每日最多 {cap} 户,至多 {holds} 户"
    place = prepared.problem.objects[holding.index].object_id
    return f"{place} 须入企 {visits} 次,相隔应满 {prepared.dates.spacing} 日"


def _object_words(prepared: Prepared, proof: ShortageProof) -> str:
    """Enterprises to be entered too often for the spacing, with one of them as the example."""
    places = [prepared.visits[v].object_id for v in proof.visits]
    first = [v for v, place in zip(proof.visits, places, strict=True) if place == places[0]]
    days = np.flatnonzero(prepared.dates.days[first].any(axis=0))
    dates = in_words([prepared.dates.dates[d] for d in days])
    said = f"{len(set(places))} 户企业须入企共 {len(places)} 次,不能合并,两次相隔应满 {prepared.dates.spacing} 日"
    return f"{said};例如 {places[0]} 须入企 {len(first)} 次,可排的日子只有 {dates}"


def _people_words(
    row: HallRow,
    visits: int,
    asked: int,
    dates: Sequence[date],
    holds: int,
    half: int | None,
    rules: Sequence[str],
) -> str:
    if half is not None:
        when = f"{dates[0]} {HALF_NAMES[HALVES[half]]}"
        return f"{visits} 次固定在 {when},须由{_who(row)}承担,共 {asked} 人次,该半日至多可派 {holds} 人"
    return (
        f"{visits} 次须由{_who(row)}承担,共 {asked} 人次(半天);{_only(rules)}只有 {len(dates)} 个可排日"
        f"({in_words(dates) if len(dates) <= MOST_DATES else months(dates)}),"
        f"有 {row.holders} 人,至多 {holds} 人次"
    )


def _only(rules: Sequence[str]) -> str:
    names = {"quiet_day": "企业安静日", "spacing": "不满间隔的日子"}
    left = [name for rule, name in names.items() if rule in rules]
    return f"扣除{'、'.join(left)}后" if left else ""


def _who(row: HallRow) -> str:
    names = sorted(k.name for k in row.kinds)
    special = f"({'、'.join(names)})" if all(names) else ""
    return f"{row.department}{special}人员"


def _where(districts: Sequence[str]) -> str:
    often = Counter(districts).most_common()
    return often[0][0] if len(often) == 1 else f"{often[0][0]}等 {len(often)} 个区域"


def months(days: Sequence[date]) -> str:
    """The months that occur: 10月、11月."""
    return "、".join(f"{m}月" for _, m in sorted({(d.year, d.month) for d in days}))


def in_words(days: Sequence[date]) -> str:
    """A few days by name; more of them as how many between first and last."""
    days = sorted(days)
    if len(days) <= MOST_DATES:
        return "、".join(f"{d.month}月{d.day}日" for d in days)
    first, last = days[0], days[-1]
    return f"{first.month}月{first.day}日至{last.month}月{last.day}日间 {len(days)} 天"


def conflict_text(conflicts: Sequence[Conflict]) -> str:
    """All conflicts with their remedies as lines of text, for the command line; says so where there are none."""
    if not conflicts:
        return "全部检查都已排入,没有冲突。"
    return "\n".join(line for n, c in enumerate(conflicts, 1) for line in _lines(n, c))


def _lines(number: int, conflict: Conflict) -> Iterable[str]:
    yield f"{number}. {conflict.sentence}"
    yield f"   冲突的规定:{'、'.join(rule_name(r) for r in conflict.rules)}"
    for remedy in conflict.remedies:
        yield f"   · {remedy_words(remedy)}"


def remedy_words(remedy: Remedy) -> str:
    """A remedy with its price and what it achieved when tried."""
    return f"{remedy.sentence}(代价 {remedy.price:g};试排后 {remedy.placed} 次得到解决)"
