"""The roster as people read it (排班一览): visits with names, addresses, items and teammates, as of the plan's date."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, select

from registry import facts
from registry.errors import Refusal
from registry.standing import standing
from registry.tables import (
    CheckItem,
    Department,
    Enterprise,
    Inspector,
    InspectorCertificate,
    Notice,
    Office,
    Plan,
    Premises,
    RosterVersion,
    Task,
    Visit,
    VisitMember,
    VisitTask,
)
from reports.exclusions import Exclusion, read_exclusions

HALVES = {"am": "上午", "pm": "下午", "day": "全天"}
NOTICE_KIND = "行政检查通知书"


@dataclass(frozen=True)
class Item:
    """A check item (检查事项) as the list said it on the plan's date."""

    code: str
    name: str
    basis: str
    method: str
    frequency: str


@dataclass(frozen=True)
class TaskLine:
    """One department's task (抽查任务) in the plan."""

    id: int
    short: str
    number: str
    name: str
    department: str
    lead: bool
    directed: bool
    method: str
    category: str | None
    items: tuple[Item, ...]
    object_total: int
    target_total: int


@dataclass(frozen=True)
class Errand:
    """What one department does during a visit (某部门在一次检查中的任务)."""

    task: TaskLine
    department: str
    items: tuple[Item, ...]
    minutes: int


@dataclass(frozen=True)
class Member:
    """An inspector of a visit's team (检查人员). `certificate_no` is the 执法证 valid on the plan's date."""

    staff_no: str
    name: str
    department: str
    lead: bool
    qualification: str | None
    certificate_no: str
    replaced: str | None


@dataclass(frozen=True)
class VisitLine:
    """One door, one day (一次入企): everything a sheet or a notice says of it. Carries no class."""

    id: int
    visit_no: str
    object_id: str
    enterprise_code: str
    enterprise_name: str
    address: str
    day: date
    half: str
    lead_department: str
    cluster: str
    office_name: str
    errands: tuple[Errand, ...]
    members: tuple[Member, ...]
    reasons: tuple[str, ...]
    notice_no: str
    first_id: int = 0
    """The row under which its notice is kept: that of the first version in which the visit was as it is."""

    @property
    def half_name(self) -> str:
        """上午, 下午 or 全天."""
        return HALVES.get(self.half, self.half)

    @property
    def minutes(self) -> int:
        """Minutes of all departments' items together."""
        return sum(errand.minutes for errand in self.errands)

    @property
    def departments(self) -> tuple[str, ...]:
        """The departments that come, the lead first."""
        others = {e.department for e in self.errands} - {self.lead_department}
        return (self.lead_department, *sorted(others))


@dataclass(frozen=True)
class RosterView:
    """A roster with all that is needed to print it; `plan` and `roster` hold the rows' plain columns."""

    plan: dict[str, Any]
    roster: dict[str, Any]
    tasks: tuple[TaskLine, ...]
    visits: tuple[VisitLine, ...]
    staff: tuple[Member, ...]
    """Everybody sent at least once, by department and staff number."""
    exclusions: tuple[Exclusion, ...]
    departments: tuple[str, ...]
    """Every department of the joint mechanism, also those with nothing to do."""

    @property
    def made_at(self) -> datetime:
        """When this version of the roster was made."""
        made: datetime = self.roster["made_at"]
        return made

    def days(self) -> dict[date, list[VisitLine]]:
        """Visits by day, in the order in which they are walked."""
        grouped: dict[date, list[VisitLine]] = defaultdict(list)
        for visit in self.visits:
            grouped[visit.day].append(visit)
        return dict(sorted(grouped.items()))

    def visits_of(self) -> dict[str, list[VisitLine]]:
        """Visits by staff number, in order of day and half-day."""
        grouped: dict[str, list[VisitLine]] = {member.staff_no: [] for member in self.staff}
        for visit in self.visits:
            for member in visit.members:
                grouped[member.staff_no].append(visit)
        return grouped


def read_roster(connection: Connection, roster_id: int) -> RosterView:
    """One roster version for printing; facts are those known as of the plan's date.

    Raises Refusal reports.no_such_roster.
    """
    roster = _row(connection, RosterVersion, roster_id, "reports.no_such_roster", "排班版本")
    plan = _row(connection, Plan, roster["plan_id"], "reports.no_such_plan", "计划")
    items = _items(connection, plan["as_of"])
    tasks = read_tasks(connection, plan["id"], items)
    visits = _visits(connection, roster, plan, {task.id: task for task in tasks}, items)
    people = {member.staff_no: member for visit in visits for member in visit.members}
    staff = tuple(sorted(people.values(), key=lambda m: (m.department, m.staff_no)))
    return RosterView(
        plan,
        roster,
        tasks,
        visits,
        staff,
        read_exclusions(connection, plan["id"]),
        read_departments(connection, plan["as_of"], tasks),
    )


def read_tasks(
    connection: Connection, plan_id: int, items: dict[str, Item] | None = None
) -> tuple[TaskLine, ...]:
    """A plan's tasks in their order (T1, T2 …)."""
    plan = _row(connection, Plan, plan_id, "reports.no_such_plan", "计划")
    known = _items(connection, plan["as_of"]) if items is None else items
    rows = connection.execute(select(*Task.__table__.c).where(Task.plan_id == plan_id).order_by(Task.id))
    return tuple(_task(row, known) for row in rows)


def read_departments(connection: Connection, on: date, tasks: Iterable[TaskLine]) -> tuple[str, ...]:
    """Every department of the joint mechanism on a date, and those of the tasks; none is left out."""
    listed = facts.as_of(Department, on).subquery()
    known = list(connection.execute(select(listed.c.department).order_by(listed.c.id)).scalars())
    return tuple(dict.fromkeys([*known, *(task.department for task in tasks)]))


def _row(connection: Connection, table: Any, key: int, code: str, what: str) -> dict[str, Any]:
    row = connection.execute(select(*table.__table__.c).where(table.id == key)).mappings().first()
    if row is None:
        raise Refusal(
            code, f"没有编号为 {key} 的{what}。", "用 wurao plan 或 wurao roster 列出现有编号。", status=404
        )
    return dict(row)


def _items(connection: Connection, on: date) -> dict[str, Item]:
    rows = connection.execute(facts.as_of(CheckItem, on)).mappings()
    return {row["item_code"]: _item(row) for row in rows}


def _item(row: Any) -> Item:
    name = f"{row['item_name']}（{row['sub_item']}）" if row["sub_item"] else row["item_name"]
    return Item(row["item_code"], name, row["basis"], row["method"], row["frequency"])


def _listed(codes: Iterable[str], known: dict[str, Item]) -> tuple[Item, ...]:
    return tuple(known.get(code, Item(code, code, "", "", "")) for code in codes)


def _task(task: Any, known: dict[str, Item]) -> TaskLine:
    return TaskLine(
        task.id,
        task.short,
        task.number,
        task.name,
        task.department,
        task.lead,
        task.directed,
        task.method,
        task.category,
        _listed(task.item_codes, known),
        task.object_total,
        task.target_total,
    )


def _visits(
    connection: Connection,
    roster: dict[str, Any],
    plan: dict[str, Any],
    tasks: dict[int, TaskLine],
    items: dict[str, Item],
) -> tuple[VisitLine, ...]:
    rows = connection.execute(_visit_select(roster["id"], plan["as_of"])).mappings().all()
    errands = _errands(connection, roster["id"], tasks, items)
    members = _members(connection, roster["id"], plan["as_of"])
    return tuple(
        VisitLine(
            row["id"],
            row["visit_no"],
            row["object_id"],
            row["enterprise_code"],
            row["entname"] or row["object_id"],
            row["address"] or row["dom"] or "",
            row["visit_date"],
            row["half"],
            row["lead_department"],
            row["cluster"],
            row["office_name"] or row["localadm"],
            tuple(errands[row["id"]]),
            tuple(members[row["id"]]),
            tuple(str(reason) for reason in row["reasons"]),
            row["number"] or "",
            row["first_id"],
        )
        for row in rows
    )


def _visit_select(roster_id: int, on: date) -> Any:
    named = facts.as_of(Enterprise, on).subquery()
    placed = facts.as_of(Premises, on).subquery()
    office = facts.as_of(Office, on).subquery()
    told = standing(Visit.roster_id == roster_id)
    return (
        select(
            *Visit.__table__.c,
            named.c.entname,
            named.c.dom,
            placed.c.address,
            office.c.office_name,
            Notice.number,
            told.c.first_id,
        )
        .outerjoin(named, named.c.enterprise_code == Visit.enterprise_code)
        .outerjoin(
            placed,
            (placed.c.enterprise_code == Visit.enterprise_code) & (placed.c.premises_no == Visit.premises_no),
        )
        .outerjoin(office, office.c.office == Visit.localadm)
        .join(told, told.c.visit_id == Visit.id)
        .outerjoin(Notice, (Notice.visit_id == told.c.first_id) & (Notice.kind == NOTICE_KIND))
        .where(Visit.roster_id == roster_id)
        .order_by(Visit.visit_date, Visit.half, Visit.cluster, Visit.visit_no)
    )


def _errands(
    connection: Connection, roster_id: int, tasks: dict[int, TaskLine], items: dict[str, Item]
) -> dict[int, list[Errand]]:
    rows = connection.execute(
        select(*VisitTask.__table__.c)
        .join(Visit, Visit.id == VisitTask.visit_id)
        .where(Visit.roster_id == roster_id)
        .order_by(VisitTask.visit_id, VisitTask.task_id)
    )
    grouped: dict[int, list[Errand]] = defaultdict(list)
    for row in rows:
        listed = _listed(row.item_codes, items)
        grouped[row.visit_id].append(Errand(tasks[row.task_id], row.department, listed, row.minutes))
    return grouped


def _members(connection: Connection, roster_id: int, on: date) -> dict[int, list[Member]]:
    person = facts.as_of(Inspector, on).subquery()
    rows = connection.execute(
        select(*VisitMember.__table__.c, person.c.name)
        .join(Visit, Visit.id == VisitMember.visit_id)
        .outerjoin(person, person.c.staff_no == VisitMember.staff_no)
        .where(Visit.roster_id == roster_id)
        .order_by(VisitMember.visit_id, VisitMember.lead.desc(), VisitMember.department, VisitMember.staff_no)
    )
    certificates = _certificates(connection, on)
    grouped: dict[int, list[Member]] = defaultdict(list)
    for row in rows:
        grouped[row.visit_id].append(
            Member(
                row.staff_no,
                row.name or row.staff_no,
                row.department,
                row.lead,
                row.qualification,
                certificates.get(row.staff_no, ""),
                row.replaced,
            )
        )
    return grouped


def _certificates(connection: Connection, on: date) -> dict[str, str]:
    held = facts.as_of(InspectorCertificate, on).subquery()
    rows = connection.execute(
        select(held.c.staff_no, held.c.certificate_no)
        .where(held.c.kind == "执法证", held.c.valid_to >= on)
        .order_by(held.c.valid_to)
    )
    return {row.staff_no: row.certificate_no for row in rows}
