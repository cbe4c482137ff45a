"""Publication (公示): what the public may read of a plan and its draw. No class, no score, no ticket, no person."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select

from registry import facts
from registry.errors import Refusal
from registry.rules import Rulebook, load_rules
from registry.tables import (
    Department,
    DrawnObject,
    Enterprise,
    Plan,
    PoolObject,
    RosterVersion,
    Task,
    Visit,
    VisitMember,
)
from reports.chain import read_draws
from reports.exclusions import read_exclusions, total_by_reason
from reports.pages import write_page
from reports.roster import TaskLine, read_tasks

DRAW_NAMES = {"objects": "对象抽取（谁被检查）", "teams": "人员抽取（谁去检查）"}
SHORTEST_SHOP_NAME = 4
"""An individual business of three signs or fewer usually bears its owner's own name: mask it (张**)."""


@dataclass(frozen=True)
class DrawnLine:
    """One drawn object as published (抽取结果): task, code and name, sorted by code; nothing else about it."""

    task: str
    department: str
    object_id: str
    name: str


def write_public_page(
    connection: Connection, plan_id: int, folder: Path, files: Mapping[str, str] | None = None
) -> Path:
    """Write `public.html`: the plan, the draw's acts, the drawn list, how to verify it, and its bundle files.

    The list appears once the draw is published, and only where the place publishes names before the visit.
    Raises Refusal reports.no_such_plan.
    """
    plan = _plan(connection, plan_id)
    book = load_rules()
    draws = read_draws(connection, plan_id)
    listed = book.value("publication.list_drawn_objects", plan["place"], plan["as_of"])
    published = any(draw["kind"] == "objects" and draw["state"] == "published" for draw in draws)
    return write_page(
        folder / "public.html",
        "public.html.j2",
        plan=plan,
        paragraphs=announcement_paragraphs(connection, plan, book),
        draws=draws,
        draw_names=DRAW_NAMES,
        drawn=read_drawn(connection, plan) if listed and published else [],
        listed=listed,
        published=published,
        excluded=_excluded_totals(connection, plan_id),
        replaced=_replacements(connection, plan_id),
        files=dict(files or {}),
    )


def write_announcement(connection: Connection, plan_id: int, folder: Path) -> Path:
    """Write `announcement.txt`, the announcement of the plan's tasks (抽查任务公告), ready to be posted."""
    paragraphs = announcement_paragraphs(connection, _plan(connection, plan_id), load_rules())
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "announcement.txt"
    path.write_text("\n\n".join(paragraphs) + "\n", encoding="utf-8")
    return path


def announcement_paragraphs(connection: Connection, plan: Mapping[str, Any], book: Rulebook) -> list[str]:
    """Title and paragraphs: basis, tasks, method, publication of results, supervision."""
    place, on = plan["place"], plan["as_of"]
    tasks = read_tasks(connection, plan["id"])
    workdays = book.value("publication.result_workdays", place, on)
    return [
        _title(plan, _issuer(connection, plan)),
        f"为规范行政检查、减少对企业的打扰，依据{'、'.join(book.value('publication.basis', place, on))}，"
        f"组织实施“{plan['name']}”（计划编号 {plan['number']}），检查期间为 {plan['window_from']} 至 {plan['window_to']}。",
        *(f"任务{number}：{_task_sentence(task)}" for number, task in enumerate(tasks, start=1)),
        "抽取方法：公开摇号（wurao-draw-1）。对象池和各任务抽取数量先行固定并公布承诺哈希，随后公开产生种子，"
        "被检查对象和检查人员均由种子按公开算式得出；同一企业被多个部门抽中的，合并为一次入企。",
        f"检查结果自检查任务结束之日起 {workdays} 个工作日内公示。",
        f"监督联系：{'；'.join(book.value('notice.contacts', place, on))}。",
    ]


def read_drawn(connection: Connection, plan: Mapping[str, Any]) -> list[DrawnLine]:
    """The drawn list of the newest published draw of objects, by task and code."""
    draw = next((d for d in read_draws(connection, plan["id"]) if d["kind"] == "objects"), None)
    if draw is None:
        return []
    named = facts.as_of(Enterprise, plan["as_of"]).subquery()
    rows = connection.execute(
        select(Task.name, Task.department, DrawnObject.object_id, named.c.entname, named.c.entkind)
        .join(Task, Task.id == DrawnObject.task_id)
        .join(
            PoolObject,
            (PoolObject.task_id == DrawnObject.task_id) & (PoolObject.object_id == DrawnObject.object_id),
        )
        .outerjoin(named, named.c.enterprise_code == PoolObject.enterprise_code)
        .where(DrawnObject.draw_id == draw["id"])
        .order_by(Task.id, DrawnObject.object_id)
    )
    return [
        DrawnLine(task, department, object_id, public_name(name or "", kind))
        for task, department, object_id, name, kind in rows
    ]


def public_name(name: str, kind: str | None) -> str:
    """A name fit for publication: that of an individual business which is a person's own is masked."""
    if kind == "3" and 0 < len(name) < SHORTEST_SHOP_NAME:
        return name[0] + "*" * (len(name) - 1)
    return name


def _plan(connection: Connection, plan_id: int) -> dict[str, Any]:
    columns = [
        getattr(Plan, name)
        for name in (
            "id", "number", "version", "name", "place", "as_of", "window_from", "window_to", "initiating_department"
        )
    ]  # fmt: skip
    row = connection.execute(select(*columns).where(Plan.id == plan_id)).mappings().first()
    if row is None:
        raise Refusal("reports.no_such_plan", f"没有编号为 {plan_id} 的计划。", "核对计划编号。", status=404)
    return dict(row)


def _issuer(connection: Connection, plan: Mapping[str, Any]) -> str:
    known = facts.as_of(Department, plan["as_of"]).subquery()
    named = select(known.c.full_name).where(known.c.department == plan["initiating_department"])
    found: str | None = connection.execute(named).scalars().first()
    return found or plan["initiating_department"]


def _title(plan: Mapping[str, Any], issuer: str) -> str:
    sequence = plan["number"][-4:]
    year = plan["window_from"].year
    if sequence.isdigit():
        return f"{issuer}{year}年度第{int(sequence):03d}号抽查任务公告"
    return f"{issuer}{year}年度抽查任务公告（{plan['number']}）"


def _task_sentence(task: TaskLine) -> str:
    items = "、".join(f"{item.name}（{item.code}）" for item in task.items)
    manner = "定向" if task.directed else "不定向"
    count = (
        f"库内 {task.object_total:,} 户，抽取 {task.target_total:,} 户" if task.object_total else "数量待定"
    )
    return f"{task.name}（{task.number}），{task.department}实施，{manner}抽查，{task.method}检查；事项：{items}；{count}。"


def _excluded_totals(connection: Connection, plan_id: int) -> list[tuple[str, int]]:
    """Totals only: a sentence about one enterprise is not for the public."""
    return [(name, many) for name, many, _ in total_by_reason(read_exclusions(connection, plan_id))]


def _replacements(connection: Connection, plan_id: int) -> list[tuple[str, int]]:
    newest = select(func.max(RosterVersion.id)).where(RosterVersion.plan_id == plan_id).scalar_subquery()
    rows = connection.execute(
        select(VisitMember.replaced, func.count())
        .join(Visit, Visit.id == VisitMember.visit_id)
        .where(Visit.roster_id == newest, VisitMember.replaced.is_not(None))
        .group_by(VisitMember.replaced)
        .order_by(func.count().desc(), VisitMember.replaced)
    )
    return [(reason or "", many) for reason, many in rows]
