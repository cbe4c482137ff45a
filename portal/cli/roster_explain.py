"""`wurao roster explain` (排班说明): why visits have no date, and day by day why one stands where it does."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from portal.cli.console import Json, out, progress, tell
from portal.cli.roster_files import ending_on_interrupt, problem_of, roster_commands, stored_roster
from registry.errors import Refusal
from registry.rules import load_rules
from registry.settings import load_settings
from scheduling.conflict_record import Prices
from scheduling.day_state import HALF_NAMES, DayState, Explained, why_this_day
from scheduling.problem import Problem, Roster, Unplaced
from scheduling.problem_files import read_roster

SIGNS = {
    "working_day": "休",
    "window": "外",
    "quiet_day": "静",
    "spacing": "隔",
    "object_twice_a_day": "同",
    "annual_cap": "次",
    "cluster_cap": "园",
    "duration": "长",
    "nobody": "无",
    "capacity": "满",
}
MEANING = {
    "排": "排在这天",
    "可": "可排",
    "休": "休息日",
    "外": "期限外",
    "静": "安静日",
    "隔": "间隔不满",
    "同": "同日已有入企",
    "次": "年度次数用尽",
    "园": "园区、街道当日已满",
    "长": "一天做不完",
    "无": "没有持证人员可派",
    "满": "人员已排满",
    "违": "排在这天，但违反规则",
}
"""Signs are Chinese characters: two columns wide in every terminal, which circles and stars are not."""
PATIENCE = 20
"""Rounds without improvement after which the quick plan is taken as it is."""


@roster_commands.command()
def explain(
    what: Annotated[str, typer.Argument(help="number of a stored roster, or a problem file")],
    roster: Annotated[
        Path | None,
        typer.Argument(help="roster file; default: the problem of a file is solved for a moment first"),
    ] = None,
    visit: Annotated[str | None, typer.Option(help="day by day, for the visit of this id")] = None,
    place: Annotated[
        str | None, typer.Option("--object", help="day by day, for the visits at this object_id")
    ] = None,
    seconds: Annotated[
        float,
        typer.Option(min=0.0, help="time for solving and for trying ways out, where no roster is given"),
    ] = 10.0,
    region: Annotated[
        str | None,
        typer.Option("--place", help="place whose prices of ways out are used; default: the setting"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Explain (说明): conflicts of rules with priced ways out; for a visit or object, a calendar of what closes its days."""
    if roster is None and what.isdecimal() and not Path(what).exists():
        asked, found = stored_roster(what)
    else:
        asked = problem_of(Path(what))
        found = read_roster(roster) if roster else _solved(asked, seconds, _prices(region, asked), as_json)
    if visit is None and place is None:
        whole = {"unplaced": found.unplaced, "conflicts": found.conflicts}
        tell(whole, as_json, lambda: _show_conflicts(found))
        return
    # Whether people suffice is asked of the solver's matching, which costs a second to load.
    from scheduling.day_reasons import DayExplainer

    explainer = DayExplainer(asked, found)
    explained = [
        *(explainer.of_visit(visit) if visit else ()),
        *(explainer.of_object(place) if place else ()),
    ]
    if not explained:
        raise Refusal(
            "roster.no_visit",
            f"排班表里没有 {visit or place} 的入企，也没有未排入的记录。",
            "核对编号；对象可能只有书面检查，或结果已互认。",
            404,
        )
    answer = [{**asdict(e), "sentences": why_this_day(e, asked, found.gap)} for e in explained]
    tell(answer, as_json, lambda: _show_days(explained, asked, found.gap))


def _prices(place: str | None, problem: Problem) -> Prices:
    """What ways out cost at the place on the problem's day (缓解办法的代价)."""
    where = place or load_settings().place
    return Prices(**load_rules().value("roster.relief", where, problem.as_of))


def _solved(problem: Problem, seconds: float, prices: Prices, as_json: bool) -> Roster:
    """A quick plan, and every way out of its conflicts tried by planning again."""
    from scheduling.solve import Stop, solve

    with ending_on_interrupt() as ended, progress(as_json) as report:
        half = seconds / 2
        stop = Stop(
            half, patience=PATIENCE, first_feasible=True, remedies=prices, remedy_seconds=half, ended=ended
        )
        return solve(problem, stop, "wurao", report)


def _show_conflicts(roster: Roster) -> None:
    """The conflicts, each a smallest set of rules; a roster of another program has none, only its own reasons."""
    if roster.conflicts:
        from scheduling.conflict_words import conflict_text  # loads the solver

        out.print(escape(conflict_text(roster.conflicts)))
        out.print(f"共 {len(roster.unplaced):,} 次未排入；某一户逐日为什么：--object 编号")
    else:
        _show_unplaced(roster.unplaced)


def _show_unplaced(unplaced: Sequence[Unplaced]) -> None:
    """One paragraph a sentence: what many visits have in common is said once."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for missed in unplaced:
        grouped.setdefault((missed.sentence, missed.relief), []).append(missed.object_id)
    for (sentence, relief), objects in sorted(grouped.items(), key=lambda pair: -len(pair[1])):
        named = "、".join(objects[:3]) + (f" 等 {len(objects)} 户" if len(objects) > 3 else "")
        out.print(f"[yellow]未排入[/yellow] {escape(named)}：{escape(sentence)}\n  → {escape(relief)}")
    total = len(unplaced)
    out.print(f"共 {total:,} 次未排入；某一户逐日为什么：--object 编号" if total else "全部排入。")


def _show_days(explained: Sequence[Explained], problem: Problem, gap: float | None) -> None:
    for one in explained:
        when = f"{one.day} {HALF_NAMES.get(str(one.half), one.half)}" if one.day else "未排入"
        out.print(f"[bold]{one.visit}[/bold] {escape(one.object_id)} {'、'.join(one.departments)}：{when}")
        for sentence in (*one.reasons, *why_this_day(one, problem, gap)):
            out.print(f"  {escape(sentence)}")
        out.print("\n".join(calendar_lines(one.days)))
        out.print("\n".join(closing_lines(one.days)) + "\n")


def sign_of(state: DayState) -> str:
    """The sign of a day: 排 where the visit stands, 可 where it could, else that of the first rule that closes it."""
    if state.chosen:
        return "违" if state.closed else "排"
    return SIGNS.get(state.closed[0].rule, "闭") if state.closed else "可"


def calendar_lines(states: Sequence[DayState]) -> list[str]:
    """Months as grids, Monday first, each day with its sign; then the signs that occur, in words."""
    signs = {state.day: sign_of(state) for state in states}
    lines = []
    for month in sorted({day.replace(day=1) for day in signs}):
        lines.append(f"  {month.year} 年 {month.month} 月")
        lines.append("  " + "   ".join("一二三四五六日"))
        lines += _weeks(month, signs)
    used = [f"{sign} {words}" for sign, words in MEANING.items() if sign in signs.values()]
    return [*lines, "  " + "，".join(used)]


def _weeks(month: date, signs: dict[date, str]) -> Iterator[str]:
    day = month - timedelta(days=month.weekday())
    while day < month or day.month == month.month:
        week = [day + timedelta(days=n) for n in range(7)]
        cells = [f"{d.day:2d}{signs[d]}" if d in signs and d.month == month.month else "    " for d in week]
        if any(cell.strip() for cell in cells):
            yield "  " + " ".join(cells).rstrip()
        day += timedelta(days=7)


def closing_lines(states: Sequence[DayState]) -> list[str]:
    """Each reason once with the days it closes, in the order of the rules; days off only counted."""
    closing: dict[tuple[str, str], list[date]] = {}
    for state in states:
        for closed in state.closed:
            closing.setdefault((closed.rule, closed.sentence), []).append(state.day)
    rank = {rule: n for n, rule in enumerate(SIGNS)}
    listed = sorted(closing.items(), key=lambda pair: (rank.get(pair[0][0], len(rank)), pair[1][0]))
    return [
        f"  {SIGNS.get(rule, '闭')} {escape(sentence)}：{spans(days)}，共 {len(days)} 天"
        for (rule, sentence), days in listed
    ]


def spans(days: Sequence[date]) -> str:
    """Days in order as spans, 10-01 至 10-08、10-12; only the first five."""
    parts: list[list[date]] = []
    for day in days:
        if parts and day - parts[-1][-1] == timedelta(days=1):
            parts[-1].append(day)
        else:
            parts.append([day])
    told = [f"{p[0]:%m-%d}" if len(p) == 1 else f"{p[0]:%m-%d} 至 {p[-1]:%m-%d}" for p in parts[:5]]
    return "、".join(told) + (" 等" if len(parts) > len(told) else "")
