"""Visits (联合检查) as an inspector or the visited enterprise sees them. No class, no reason of selection."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, RowMapping, select

from portal.reading import enterprises
from portal.reading.roster import in_current_roster, tasks_and_members
from registry.scope import Scope, member_rows, not_yours, own_rows
from registry.standing import first_told, standing
from registry.tables.enterprise import Premises
from registry.tables.paperwork import Notice
from registry.tables.visit import Visit

_PLAIN = [
    Visit.__table__.c[name]
    for name in (
        "id",
        "visit_no",
        "enterprise_code",
        "premises_no",
        "visit_date",
        "half",
        "lead_department",
        "cluster",
    )
]


@dataclass(frozen=True)
class VisitSheet:
    """One visit for the people who carry it out or receive it."""

    visit: RowMapping
    firm: RowMapping | None
    address: str
    items: list[dict[str, str]]
    members: list[dict[str, str]]

    @property
    def joint(self) -> bool:
        """Whether more than one department comes (联合检查)."""
        return len({item["department"] for item in self.items}) > 1


def inspector_visits(connection: Connection, scope: Scope, since: date) -> list[RowMapping]:
    """The visits of an inspector from a day on, in order."""
    wanted = (
        select(*_PLAIN, first_told().label("first_id"))
        .where(in_current_roster(), member_rows(scope), Visit.visit_date >= since)
        .order_by(Visit.visit_date, Visit.half, Visit.visit_no)
    )
    return list(connection.execute(wanted).mappings())


def inspector_visit(connection: Connection, scope: Scope, visit_id: int) -> VisitSheet:
    """A visit in which the inspector is a member. Raises Refusal scope.not_yours."""
    first = first_told()
    # A phone may still hold the address of the version before: the visit is the same.
    same = (Visit.id == visit_id) | (first == visit_id)
    wanted = select(*_PLAIN, first.label("first_id")).where(in_current_roster(), member_rows(scope), same)
    visit = connection.execute(wanted).mappings().first()
    if visit is None:
        raise not_yours()
    return sheet_of(connection, visit)


def door_code(connection: Connection, visit_id: int) -> str | None:
    """What the inspector shows at the door (入企码); None before the visit's notice.

    `visit_id` is the visit's `first_id`: a notice holds through later versions that leave the visit as it is.
    """
    wanted = select(Notice.door_code).where(Notice.visit_id == visit_id).order_by(Notice.id).limit(1)
    return connection.execute(wanted).scalar_one_or_none()


def noticed_visits(connection: Connection, scope: Scope) -> list[tuple[RowMapping, VisitSheet]]:
    """The enterprise's visits whose notice has been issued, with that notice; others are not known to it."""
    told = standing(in_current_roster() & own_rows(scope, Visit.enterprise_code))
    notices = (
        select(Notice.number, Notice.door_code, Notice.made_at, Notice.visit_id, *_PLAIN)
        .join(told, told.c.first_id == Notice.visit_id)
        .join(Visit, Visit.id == told.c.visit_id)
        .where(own_rows(scope, Notice.enterprise_code))
        .order_by(Visit.visit_date.desc(), Notice.id)
    )
    rows = connection.execute(notices).mappings().all()
    return [(row, sheet_of(connection, row)) for row in rows]


def sheet_of(connection: Connection, visit: RowMapping) -> VisitSheet:
    """The firm, address, items and people of a visit."""
    tasks, members = tasks_and_members(connection, [visit["id"]])
    firm = enterprises.by_code(connection, [visit["enterprise_code"]]).get(visit["enterprise_code"])
    people = enterprises.people_by_staff_no(connection, [m["staff_no"] for m in members.get(visit["id"], [])])
    return VisitSheet(
        visit,
        firm,
        _address(connection, visit) or (firm["dom"] if firm else "—"),
        _items(connection, tasks.get(visit["id"], [])),
        [
            {"staff_no": m["staff_no"], "department": m["department"], "lead": "牵头" if m["lead"] else ""}
            | people.get(m["staff_no"], {"name": m["staff_no"], "certificate": "—"})
            for m in members.get(visit["id"], [])
        ],
    )


def _items(connection: Connection, tasks: list[RowMapping]) -> list[dict[str, str]]:
    known = enterprises.items_by_code(connection, [code for task in tasks for code in task["item_codes"]])
    found: dict[str, dict[str, str]] = {}
    for task in tasks:
        for code in task["item_codes"]:
            item = known.get(code)
            found.setdefault(
                code,
                {
                    "code": code,
                    "department": task["department"],
                    "name": item["item_name"] if item else code,
                    "basis": item["basis"] if item else "",
                    "method": item["method"] if item else "",
                },
            )
    return list(found.values())


def _address(connection: Connection, visit: RowMapping) -> str | None:
    columns = Premises.__table__.c
    wanted = (
        select(columns.address)
        .where(
            columns.enterprise_code == visit["enterprise_code"], columns.premises_no == visit["premises_no"]
        )
        .order_by(columns.known_at.desc(), columns.id.desc())
        .limit(1)
    )
    return connection.execute(wanted).scalar_one_or_none()
