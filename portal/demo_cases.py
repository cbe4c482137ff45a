"""Cases of the demonstration (演示案件): one of each waiver item, judged by the rules; two decided by an officer."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, select

from portal.casework import CaseForm, decide, enter_case
from registry.database import Database
from registry.scope import Scope, scope_of
from registry.tables import Account, Warning
from risk.waivers import propose_waiver

OFFICER = "演示·办案人员"
REASON = "符合清单规定的条件，已按期改正，作出不予处罚决定并当场教育。"
CASES: tuple[dict[str, Any], ...] = (
    {"item_code": "W01", "harm": False, "corrected": 2, "facts": {}},
    {"item_code": "W04", "harm": False, "corrected": 9, "facts": {"years_missed": 1}},
    {"item_code": "W07", "harm": False, "corrected": 1, "duration_days": 6, "facts": {"own_media": True}},
    {
        "item_code": "F5",
        "goods_value": Decimal(86),
        "corrected": 0,
        "facts": {"catering": False, "source_known": True, "food_accident": False},
    },
    {"item_code": "F2", "duration_days": 45, "corrected": 12, "facts": {"meets_permit_conditions": True}},
)
"""What an officer would have entered; `corrected` is days after the violation, the deadline fifteen."""


def enter_demo_cases(database: Database, as_of: date, place: str) -> int:
    """Enter the cases, have the rules propose, decide the first two; how many. The first is the demo enterprise's."""
    with database.engine_for("portal").begin() as connection:
        scope = _officer_scope(connection, as_of)
        entered = [
            enter_case(connection, scope, OFFICER, _form(firm, case, as_of), case["facts"])
            for firm, case in zip(_enterprises(connection), CASES, strict=False)
        ]
    for case_id in entered:
        propose_waiver(database.engine_for("risk"), case_id, as_of, place)
    with database.engine_for("portal").begin() as connection:
        for case_id in entered[:2]:
            decide(connection, scope, OFFICER, case_id, True, REASON)
    return len(entered)


def _officer_scope(connection: Connection, day: date) -> Scope:
    office = connection.execute(select(Account.subject).where(Account.role == "staff").limit(1)).scalar_one()
    return scope_of(connection, "staff", office, day)


def _enterprises(connection: Connection) -> list[str]:
    """The demo account's enterprise first, then others that have a warning."""
    own = (
        connection.execute(select(Account.subject).where(Account.role == "enterprise").limit(1))
        .scalars()
        .all()
    )
    warned = (
        select(Warning.enterprise_code).distinct().order_by(Warning.enterprise_code).limit(len(CASES) + 1)
    )
    return [*own, *(code for code in connection.execute(warned).scalars() if code not in own)]


def _form(firm: str, case: dict[str, Any], as_of: date) -> CaseForm:
    occurred = as_of - timedelta(days=40)
    known = {name: value for name, value in case.items() if name not in ("corrected", "facts")}
    return CaseForm(
        enterprise_code=firm,
        occurred_on=occurred,
        corrected_on=occurred + timedelta(days=case["corrected"]),
        order_deadline=occurred + timedelta(days=15),
        **known,
    )
