"""The summary of a plan (本批次总结): one internal page that says what happened, what was left out and why."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from registry.errors import Refusal
from registry.vocabulary import CLASS_NAMES
from reports import charts, metrics
from reports.canvas import Chart
from reports.chain import (
    Grades,
    public_bundle,
    read_allocation,
    read_doors,
    read_draws,
    read_faults,
    read_grades,
    read_intake,
)
from reports.charts import Load
from reports.exclusions import total_by_reason
from reports.pages import write_page
from reports.roster import RosterView, read_roster
from reports.statistics import count_completion, count_undisturbed
from reports.window import read_window
from reports.workbook import overview_facts, sentence

SHOWN_FACTS = ("部门任务（户次）", "其中多部门联合", "少敲的门", "检查人员", "检查日")
"""The other facts of a cover stand in the page's head, its cards, or among the solver's aims."""
DRAW_NAMES = {"objects": "对象抽取（谁被检查）", "teams": "人员抽取（谁去检查）"}


def write_summary(
    connection: Connection,
    plan_id: int,
    roster_id: int,
    folder: Path,
    files: Mapping[str, Path] | None = None,
    view: RosterView | None = None,
) -> Path:
    """Write `summary.html` into `folder`; `files` (title → path) are linked relative to it.

    Internal (内部资料): it shows class totals. Raises Refusal reports.not_this_plan if the roster is another's.
    """
    seen = view or read_roster(connection, roster_id)
    if seen.plan["id"] != plan_id:
        raise Refusal(
            "reports.not_this_plan", f"排班 {roster_id} 不属于计划 {plan_id}。", "核对计划和排班编号。"
        )
    made_at = seen.made_at
    grades = read_grades(connection, seen.plan["place"], seen.plan["as_of"], made_at)
    undisturbed = count_undisturbed(connection, plan_id, seen.plan["window_to"])
    doors, draws = read_doors(connection, seen), read_draws(connection, plan_id)
    pictures = _pictures(seen, grades, doors)
    return write_page(
        folder / "summary.html",
        "summary.html.j2",
        view=seen,
        facts=[(name, value) for name, value in overview_facts(seen) if name in SHOWN_FACTS],
        intake=read_intake(connection, made_at),
        faults=read_faults(connection, made_at),
        grades=grades,
        class_names=CLASS_NAMES,
        measures=_measures(grades),
        allocation=read_allocation(connection, plan_id),
        notes=allocation_notes(seen.plan["allocation"] or {}),
        draws=draws,
        draw_names=DRAW_NAMES,
        bundle=public_bundle(draws, seen.plan["number"]),
        reasons=total_by_reason(seen.exclusions),
        doors=doors,
        undisturbed=undisturbed,
        completion=count_completion(connection, plan_id, seen.plan["window_to"]),
        pictures=pictures,
        solver=solver_facts(seen.roster["statistics"]),
        unplaced=[sentence(entry) for entry in seen.roster["unplaced"]],
        violations=[sentence(entry) for entry in seen.roster["violations"]],
        files=_links(files or {}, folder),
    )


def measure_loads(view: RosterView) -> list[Load]:
    """Visits and minutes of everybody sent, by department and staff number."""
    visits_of = view.visits_of()
    return [
        Load(
            member.staff_no, member.department, len(visits_of[member.staff_no]),
            sum(
                errand.minutes for visit in visits_of[member.staff_no] for errand in visit.errands
                if errand.department == member.department
            ),
        )
        for member in view.staff
    ]  # fmt: skip


def allocation_notes(allocation: Mapping[str, Any]) -> list[str]:
    """What moved numbers away from the plain rates, one sentence a task and class."""
    return [
        f"{moved['task']} {moved['klass']} 类 {moved['size']} 户：按比例 {moved['planned']} 户，定为 {moved['count']} 户。"
        f"{moved['reason']}"
        for moved in allocation.get("moved", [])
    ]


AIMS = {
    "unplaced": "未排入",
    "doors": "入企次数",
    "earliness": "先急后缓（加权周数）",
    "cluster_days": "出行片区日",
    "even_load": "扎堆程度（均衡负荷）",
}
STOPS = {
    "seconds": "时间用完", "gap": "差距已够小", "rounds": "轮数用完", "first_feasible": "得到首个可行方案",
    "nothing_to_move": "已无可改进之处", "patience": "多轮没有改进", "changed": "按调整事由改动",
}  # fmt: skip


def solver_facts(statistics: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Aims with their bounds, gap to the proved bound, why the solver stopped, and checks that need no visit."""
    found = [
        (
            AIMS.get(aim["name"], aim["name"]),
            f"{aim['value']:,.0f}" + ("" if aim["bound"] is None else f"（下界 {aim['bound']:,.0f}）"),
        )
        for aim in statistics.get("aims", [])
    ]
    if (gap := statistics.get("gap")) is not None:
        found.append(("先急后缓与下界的差距", f"{gap:.1%}"))
    if stopped := statistics.get("stopped"):
        found.append(("求解停止", STOPS.get(stopped, str(stopped))))
    if settled := statistics.get("settled"):
        off_site = sum(1 for one in settled if one.get("kind") == "off_site")
        found.append(("书面、网络检查（不入企）", f"{off_site:,} 户次"))
        found.append(("结果互认免查", f"{len(settled) - off_site:,} 户次（其他事项照查的仍入企）"))
    return found


def _pictures(view: RosterView, grades: Grades, doors: charts.Doors) -> dict[str, Chart]:
    found = {"doors": charts.chart_doors(doors), "calendar": charts.chart_calendar(read_window(view))}
    if view.staff:
        found["load"] = charts.chart_load(measure_loads(view))
    if any(grades.counts.values()):
        found["classes"] = charts.chart_classes(grades.counts)
    if grades.run:
        points = metrics.calibration_points(grades.run["metrics"])
        lifts = metrics.lift_points(grades.run["metrics"], grades.run["learner"])
        if points:
            found["calibration"] = charts.chart_calibration(points)
        if lifts:
            found["lift"] = charts.chart_lift(lifts)
    return found


def _measures(grades: Grades) -> dict[str, Any]:
    if not grades.run:
        return {"rows": [], "headings": [], "test": "没有模型运行记录。", "remarks": [], "learner": "—"}
    run = grades.run
    return {
        "learner": metrics.SCORES.get(run["learner"], run["learner"]),
        "rows": metrics.metric_rows(run["metrics"]),
        "headings": ["评分", *(name for _, name in metrics.MEASURES)],
        "test": metrics.test_of(run["metrics"]),
        "remarks": metrics.remarks(run["metrics"]),
    }


def _links(files: Mapping[str, Path], folder: Path) -> list[tuple[str, str]]:
    return [
        (title, Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix())
        for title, path in files.items()
    ]
