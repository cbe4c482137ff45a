"""`wurao roster change` (排班调整): what has happened since, and the roster with the least disturbance that follows."""

from collections import Counter
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from portal.cli.console import AsOf, Json, Place, err, opened, out, progress, tell
from portal.cli.roster_files import draw, outcome, problem_of, roster_commands, show_aims, violation_line
from registry import clock
from registry.errors import Refusal
from registry.rules import load_rules
from registry.settings import load_settings
from scheduling.changed import (
    CAUSE_NAMES,
    DIFFERENCE_NAMES,
    NOTHING_CHANGES,
    NOTHING_REMEDY,
    Changed,
    changed_to_json,
    in_words,
)
from scheduling.disturbances import (
    CertificateEnded,
    Change,
    Disturbance,
    ExemptionWithdrawn,
    InspectorAbsent,
    InspectorRecused,
    ObjectClosed,
    Postponed,
    QuietRuleAdded,
    VisitPinned,
)
from scheduling.problem import ProblemError, QuietRule, problem_to_json
from scheduling.problem_files import read_change, read_roster, told, write_roster

SHOWN = 20
"""Differences that are listed on a terminal; all are in the file, or on the version's page."""
Days = tuple[str, datetime, datetime]


@roster_commands.command()
def change(
    what: Annotated[str, typer.Argument(help="number of a plan with a stored roster, or a problem file")],
    roster: Annotated[Path | None, typer.Argument(help="roster file, where WHAT is a problem file")] = None,
    file: Annotated[
        Path | None, typer.Argument(help="change file (wurao-change-1, see docs/roster-change.md)")
    ] = None,
    more: Annotated[Path | None, typer.Option("--file", help="change file, for a stored roster")] = None,
    absent: Annotated[Days | None, typer.Option(help="STAFF FROM TO: cannot go")] = None,
    recused: Annotated[tuple[str, str] | None, typer.Option(help="STAFF OBJECT: must stand aside")] = None,
    certificate_ended: Annotated[
        tuple[str, datetime] | None, typer.Option(help="STAFF LAST-DAY: certificate valid until then")
    ] = None,
    closed: Annotated[str | None, typer.Option(help="OBJECT closed or deregistered: cancel")] = None,
    postponed: Annotated[Days | None, typer.Option(help="OBJECT FROM TO: a new window was granted")] = None,
    quiet: Annotated[Days | None, typer.Option(help="OBJECT FROM TO: new quiet days of one object")] = None,
    exemption_withdrawn: Annotated[str | None, typer.Option(help="EXEMPTION from quiet days")] = None,
    pin: Annotated[str | None, typer.Option(help="VISIT that may not move")] = None,
    reason: Annotated[str, typer.Option(help="why, for all that these options name")] = "",
    by: Annotated[str, typer.Option(help="who does it; for a stored roster, goes into the journal")] = "",
    target: Annotated[
        Path | None, typer.Option("--out", help="folder to write into; default: that of the roster file")
    ] = None,
    share: Annotated[
        float | None,
        typer.Option(min=0.0, max=1.0, help="most of the unaffected visits that may move; default: the rule"),
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(help="on files: folder for pictures of the changed roster (SVG)")
    ] = None,
    as_of: AsOf = None,
    place: Place = None,
    as_json: Json = False,
) -> None:
    """Change a roster with least disturbance (调整): illness, recusal, closure, quiet days, leads; every difference with its reason."""
    day = as_of.date() if as_of else None
    named = _named(
        reason,
        day,
        absent,
        recused,
        certificate_ended,
        closed,
        postponed,
        quiet,
        exemption_withdrawn,
        pin,
    )
    asked = _asked(file or more, named, day)
    if roster is None:
        _change_stored(what, asked, by, as_json)
    else:
        rule = share if share is not None else _share(place, asked.as_of)
        _change_files(Path(what), roster, asked, rule, target or roster.parent, picture, as_json)


def _named(
    reason: str,
    as_of: date | None,
    absent: Days | None,
    recused: tuple[str, str] | None,
    certificate_ended: tuple[str, datetime] | None,
    closed: str | None,
    postponed: Days | None,
    quiet: Days | None,
    exemption_withdrawn: str | None,
    pin: str | None,
) -> list[Disturbance]:
    """The disturbances that options name."""
    found: list[Disturbance] = []
    if absent:
        found.append(InspectorAbsent(absent[0], absent[1].date(), absent[2].date(), reason))
    if recused:
        found.append(InspectorRecused(*recused, reason))
    if certificate_ended:
        found.append(CertificateEnded(certificate_ended[0], certificate_ended[1].date(), reason))
    if closed:
        found.append(ObjectClosed(closed, reason))
    if postponed:
        found.append(Postponed(postponed[0], postponed[1].date(), postponed[2].date(), reason))
    if quiet:
        days = (quiet[1].date(), quiet[2].date())
        rule = QuietRule(f"{quiet[0]}/{days[0]}", "企业安静日", object_ids=(quiet[0],), ranges=(days,))
        found.append(QuietRuleAdded(rule, reason))
    if exemption_withdrawn:
        found.append(ExemptionWithdrawn(exemption_withdrawn, reason))
    if pin:
        found.append(VisitPinned(pin, reason))
    return found


def _asked(file: Path | None, named: list[Disturbance], as_of: date | None) -> Change:
    """What the file and the options ask for together."""
    if file is None and not named:
        raise Refusal(
            "roster.no_change",
            "没有说明发生了什么。",
            "给出调整文件（--file），或 --absent、--closed 等选项和 --reason。",
        )
    if file is None:
        return Change(as_of or clock.today(), tuple(named))
    read = read_change(file)
    return Change(as_of or read.as_of, (*read.disturbances, *named))


def _share(place: str | None, as_of: date) -> float:
    settings = load_settings(**({"place": place} if place else {}))
    return float(load_rules().value("roster.change_share", settings.place, as_of))


def _change_stored(plan: str, asked: Change, by: str, as_json: bool) -> None:
    if not plan.isdecimal():
        raise Refusal(
            "roster.no_roster",
            f"没有给出要调整的排班表文件：{plan}。",
            "wurao roster change 问题文件 排班表文件 调整文件，或 wurao roster change 计划编号 …。",
        )
    if not by.strip():
        raise Refusal("roster.no_actor", "没有写明由谁调整。", "加上 --by 经办人。")
    from scheduling.change_book import change_stored_roster

    with opened() as (database, _, _), progress(as_json) as report:
        made = change_stored_roster(database.engine_for("schedule"), int(plan), asked, by, report)
    answer = {"roster": made.roster_id, **_answer(made.changed)}

    def show() -> None:
        _show(made.changed)
        out.print(f"新版本：排班表 {made.roster_id}（原版本保留）。通知书：wurao report {plan}")

    tell(answer, as_json, show)


def _change_files(
    problem: Path,
    roster: Path,
    asked: Change,
    share: float,
    folder: Path,
    picture: Path | None,
    as_json: bool,
) -> None:
    # The solver's machinery costs a second to load.
    from scheduling.change import change_roster
    from scheduling.check import check_roster
    from scheduling.check_change import check_change
    from scheduling.seat_file import seat_file
    from scheduling.workdays import EstimatedYear

    before, standing = problem_of(problem), read_roster(roster)
    try:
        with progress(as_json) as report:
            changed = change_roster(before, standing, asked, share, progress=report)
    except ProblemError as fault:
        raise Refusal("roster.change", f"不能这样调整：{told(fault)}", "改正调整内容后重试。") from fault
    except EstimatedYear as fault:
        raise Refusal("roster.calendar", f"不能调整：{fault}。", "补录该年放假安排后重试。") from fault
    if changed.is_idle(before):
        raise Refusal("roster.nothing_changes", NOTHING_CHANGES, NOTHING_REMEDY, 409)
    paths = {
        "problem": folder / f"{problem.stem}-changed.json",
        "roster": folder / f"{roster.stem}-changed.json",
        "differences": folder / f"{roster.stem}-differences.json",
    }
    write_roster(paths["roster"], changed.roster)
    paths["problem"].write_text(problem_to_json(changed.problem), encoding="utf-8")
    paths["differences"].write_text(changed_to_json(changed), encoding="utf-8")
    if changed.filling is not None:
        paths["seats"] = folder / f"{roster.stem}-seats.json"
        paths["seats"].write_bytes(seat_file(changed.filling, changed.replaced_by_cause()))
    broken = check_roster(changed.problem, changed.roster, teams=bool(standing.seats))
    broken += check_change(before, standing, asked, changed)
    drawn = draw(changed.problem, changed.roster, picture) if picture else []
    answer = {
        **_answer(changed),
        **outcome(changed.roster),
        "violations": [asdict(v) for v in broken],
        "files": paths,
        "pictures": drawn,
    }

    def show() -> None:
        _show(changed)
        show_aims(changed.roster)
        for one in broken:
            out.print(violation_line(one))
        out.print("\n".join(f"{name:12} {path}" for name, path in paths.items()))
        out.print("\n".join(f"图：{path}" for path in drawn)) if drawn else None

    tell(answer, as_json, show)
    if broken:
        err.print(f"{len(broken)} 处违规。")
        raise typer.Exit(1)


def _answer(changed: Changed) -> dict[str, object]:
    return {
        "disturbed": {**asdict(changed.disturbed), "share": changed.disturbed.share},
        "differences": [asdict(d) for d in changed.differences],
        "desks": [asdict(d) for d in changed.desks],
        "replaced": changed.replaced_by_cause(),
    }


def _show(changed: Changed) -> None:
    d = changed.disturbed
    out.print(
        f"受影响须改期 {d.affected:,} 次；未受影响 {d.unaffected:,} 次中移动 {d.moved:,} 次"
        f"（{d.share:.1%}，上限 {d.most_share:.0%} 即 {d.limit:,} 次）。"
    )
    kinds = Counter(DIFFERENCE_NAMES[one.kind] for one in changed.differences)
    out.print("变化：" + ("、".join(f"{kind} {n:,}" for kind, n in kinds.items()) or "没有"))
    for one in changed.differences[:SHOWN]:
        when = " → ".join(map(in_words, (one.before, one.after)))
        line = (
            f"  {DIFFERENCE_NAMES[one.kind]} {one.object_id} {when}：{CAUSE_NAMES[one.cause]}，{one.sentence}"
        )
        out.print(escape(line))
    if len(changed.differences) > SHOWN:
        out.print(f"  ……另有 {len(changed.differences) - SHOWN:,} 处")
    for desk in changed.desks[:SHOWN]:
        when = in_words(f"{desk.day} {desk.half}")
        out.print(
            escape(
                f"  书面、网络检查 {desk.department} {when} {desk.before} → {desk.after} 人：{desk.sentence}"
            )
        )
    if len(changed.desks) > SHOWN:
        out.print(f"  ……另有 {len(changed.desks) - SHOWN:,} 个半天")
    if replaced := changed.replaced_by_cause():
        out.print("替补：" + "、".join(f"{kind} {n:,} 人次" for kind, n in replaced.items()))
