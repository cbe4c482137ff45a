"""A small town written straight into the tables (测试小城): 80 enterprises, two districts, three departments."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import Connection, Engine, insert, text

from registry.tables import (
    AbnormalListing,
    CheckItem,
    Department,
    Enterprise,
    FeatureSnapshot,
    Grade,
    Inspector,
    InspectorCertificate,
    InspectorConflict,
    InspectorLeave,
    LibraryEntry,
    ModelRun,
    Office,
    Premises,
    QuietDayRecord,
    SnapshotRelease,
)
from scheduling.allocation import allocate
from scheduling.ceremony import commit_draw, record_seed, run_draw, simulated_seed
from scheduling.plan import approve_plan, make_plan
from scheduling.pool import freeze_pool
from tests.conftest import make_database

AS_OF = date(2026, 9, 30)
WINDOW = (date(2026, 10, 1), date(2026, 12, 31))
PLACE = "990100"
EAST, WEST = "990101", "990102"
KNOWN = datetime(2026, 1, 5, 9)
_SERIAL = count(1)


def code(n: int) -> str:
    """A made-up enterprise code; ingestion's check digits are not the point here."""
    return f"91990100MA{n:08d}"


def klass(n: int) -> str:
    """A for six in ten, B for two, C and D for one each."""
    return "AAAAAABBCD"[n % 10]


def fact(key: str, **values: Any) -> dict[str, Any]:
    """Columns every fact has."""
    serial = next(_SERIAL)
    base = {
        "natural_key": key,
        "content_hash": f"{serial:064d}",
        "known_at": KNOWN,
        "batch_id": 1,
        "row_no": serial,
    }
    return {**base, **values}


def enterprise(n: int, **changes: Any) -> dict[str, Any]:
    """Enterprise number n; every seventh is 规上, odd numbers lie in the east."""
    values = {
        "enterprise_code": code(n), "uniscid": code(n), "regno": None, "entname": f"安和第{n}商行",
        "entname_sort": f"{n:06d}", "enttype": "有限责任公司", "entkind": "1", "is_branch": False, "regcap": None,
        "reccap": None, "estdate": date(2015, 1, 1), "opfrom": None, "opto": None, "regorg": PLACE,
        "localadm": (EAST if n % 2 else WEST) + "001", "regstate": "存续", "dom": f"{n} 号",
        "domdistrict": EAST if n % 2 else WEST, "opscope": "零售", "industryphy": "F", "industryco": "F5213",
        "empnum": None, "scaled": n % 7 == 0, "park": None, "lerep": None, "tel_hash": None,
    }  # fmt: skip
    return fact(f"e{n}", **(values | changes))


def premises(n: int, number: int = 1, **changes: Any) -> dict[str, Any]:
    """A place of business of enterprise n."""
    district = EAST if n % 2 else WEST
    values = {
        "enterprise_code": code(n), "premises_no": number, "address": f"{n} 号", "domdistrict": district,
        "localadm": f"{district}001", "cluster": f"{district}-{n % 3}", "longitude": None, "latitude": None,
    }  # fmt: skip
    return fact(f"p{n}-{number}", **(values | changes))


def item(item_code: str, department: str, library: str, **changes: Any) -> dict[str, Any]:
    """A check item in force."""
    values = {
        "item_code": item_code, "item_name": item_code, "sub_item": None, "category": "一般", "basis": "测试",
        "department": department, "object_scope": library, "library": library, "ratio_low": None, "ratio_high": None,
        "frequency": "1次/年", "method": "现场", "qualification": None, "exempt_category": None, "minutes": 60,
        "valid_from": date(2020, 1, 1), "valid_to": None,
    }  # fmt: skip
    return fact(f"i{item_code}", **(values | changes))


def listed(n: int, library: str, **changes: Any) -> dict[str, Any]:
    """Enterprise n in a special library."""
    values = {
        "enterprise_code": code(n), "library": library, "tag": None, "entname": f"安和第{n}商行", "licence_no": None,
        "valid_to": None, "regorg": PLACE, "localadm": EAST if n % 2 else WEST, "active": True,
    }  # fmt: skip
    return fact(f"l{library}{n}", **(values | changes))


def result(n: int, day: date, department: str, items: list[str], **changes: Any) -> dict[str, Any]:
    """An inspection result of enterprise n."""
    values = {
        "enterprise_code": code(n), "insp_no": f"r{n}{day}{department}", "inspdate": day, "department": department,
        "localadm": None, "draw_type": "定向", "method": "现场", "item_codes": items, "result_code": "R01",
        "raw_result": "未发现问题", "problem": False, "measure": None, "inspectors": [], "published_on": None,
        "known_at": datetime.combine(day, datetime.min.time()) + timedelta(days=1),
    }  # fmt: skip
    return fact(f"r{n}{day}{department}{''.join(items)}", **(values | changes))


def staff(department: str, letter: str, many: int, districts: tuple[str | None, ...]) -> list[dict[str, Any]]:
    """Inspectors that take turns over districts; None is the city's own."""
    return [
        fact(
            f"s{letter}{n}",
            staff_no=f"{letter}{n:03d}",
            name="某某",
            department=department,
            office=districts[n % len(districts)] or PLACE,
            specialities=[],
            expert=False,
            active=True,
        )
        for n in range(many)
    ]


def certificate(staff_no: str, kind: str = "执法证", until: date = date(2029, 1, 1)) -> dict[str, Any]:
    """A certificate of one inspector."""
    return fact(
        f"c{staff_no}{kind}",
        staff_no=staff_no,
        kind=kind,
        certificate_no=staff_no,
        valid_from=date(2020, 1, 1),
        valid_to=until,
    )


def add(engine: Engine, table: type, *rows: dict[str, Any]) -> None:
    """Insert rows."""
    with engine.begin() as connection:
        connection.execute(insert(table), [whole(table, row) for row in rows])


def build_town(engine: Engine, many: int = 80, classes: Any = klass) -> None:
    """Write the whole town: registration, premises, grades, items, library, offices, inspectors, one quiet-day record."""
    people = [
        *staff("市场监管", "S", 8, (None, None, EAST, WEST)),
        *staff("人社", "R", 5, (None,)),
        *staff("消防", "F", 5, (None,)),
    ]
    with engine.begin() as connection:
        put = _writer(connection)
        put(Enterprise, [enterprise(n) for n in range(1, many + 1)])
        put(Premises, [premises(n) for n in range(1, many + 1)])
        put(
            CheckItem,
            [
                item("SJ-01", "市场监管", "主体综合库", ratio_low=0.2),
                item(
                    "SJ-02",
                    "市场监管",
                    "食品经营",
                    category="重点",
                    ratio_low=0.2,
                    qualification="食品检查员",
                ),
                item("RS-01", "人社", "主体综合库", ratio_low=0.3),
                item("XF-01", "消防", "食品经营", category="重点", ratio_low=0.3, minutes=90),
            ],
        )
        put(LibraryEntry, [listed(n, "食品经营") for n in range(1, many + 1, 2)])
        put(
            Department,
            [_department("市场监管", True), _department("人社", False), _department("消防", False)],
        )
        put(Office, [_office(PLACE, "市", None), _office(EAST, "区", PLACE), _office(WEST, "区", PLACE)])
        put(Inspector, people)
        put(
            InspectorCertificate,
            [certificate(p["staff_no"]) for p in people]
            + [certificate(f"S{n:03d}", "食品检查员") for n in (0, 1, 4, 5)],
        )
        put(
            InspectorLeave,
            [fact("lv", staff_no="S000", leave_from=date(2026, 10, 9), leave_to=date(2026, 10, 16))],
        )
        put(InspectorConflict, [fact("cf", staff_no="R000", enterprise_code=code(1), reason="亲属")])
        put(QuietDayRecord, [_quiet_record()])
        _grades(connection, {code(n): classes(n) for n in range(1, many + 1)})


def list_abnormal(n: int, day: date) -> dict[str, Any]:
    """Enterprise n entered on the abnormal list on a day and still there."""
    return fact(
        f"a{n}", enterprise_code=code(n), specause="1", abntime=day, decorg=PLACE, decno=None, remexcpres=None,
        remdate=None, redecorg=None,
    )  # fmt: skip


ABNORMAL = AbnormalListing


def whole(table: Any, row: dict[str, Any]) -> dict[str, Any]:
    """The row with a plain value in every required column that it does not name: other stages add columns."""
    plain = {
        str: "",
        int: 0,
        float: 0.0,
        bool: False,
        bytes: b"",
        dict: {},
        list: [],
        date: AS_OF,
        datetime: KNOWN,
    }
    needed = (c for c in table.__table__.columns if not (c.nullable or c.identity or c.server_default))
    return {c.name: plain.get(c.type.python_type, {}) for c in needed if c.name not in row} | row


def _writer(connection: Connection) -> Any:
    return lambda table, rows: connection.execute(insert(table), [whole(table, row) for row in rows])


def _department(name: str, initiates: bool) -> dict[str, Any]:
    return fact(f"d{name}", department=name, full_name=f"安和市{name}局", initiates=initiates)


def _office(office: str, level: str, parent: str | None) -> dict[str, Any]:
    return fact(f"o{office}", office=office, office_name=office, level=level, parent=parent, division=office)


def _quiet_record() -> dict[str, Any]:
    """Enterprise 3 asked to be left in peace on days 1 to 25."""
    return fact(
        "q3", scope="enterprise", scope_value=code(3), month_days=list(range(1, 26)), date_from=date(2026, 1, 1),
        date_to=date(2026, 12, 31), exempt=["complaint"], basis="登记",
    )  # fmt: skip


def _grades(connection: Connection, classes: dict[str, str]) -> None:
    snapshot = connection.execute(
        insert(FeatureSnapshot).values(whole(FeatureSnapshot, {"as_of": AS_OF})).returning(FeatureSnapshot.id)
    ).scalar_one()
    run = connection.execute(
        insert(ModelRun).values(whole(ModelRun, {"as_of": AS_OF})).returning(ModelRun.id)
    ).scalar_one()
    graded = {
        "as_of": AS_OF,
        "place": PLACE,
        "snapshot_id": snapshot,
        "model_run_id": run,
        "deciding_layer": "model",
    }
    rows = [
        whole(Grade, {**graded, "enterprise_code": each, "model_class": name, "credit_risk_class": name})
        for each, name in classes.items()
    ]
    connection.execute(insert(Grade), rows)
    connection.execute(insert(SnapshotRelease).values(whole(SnapshotRelease, {"snapshot_id": snapshot})))


@contextmanager
def town(server: Any, template: str, **changes: Any) -> Iterator[Engine]:
    """A database of its own with the town in it: for fixtures of a module's scope."""
    with make_database(server, template) as database:
        build_town(database.owner(), **changes)
        yield database.owner()


def withdraw_unfinished(engine: Engine) -> None:
    """Earlier tests' plans that were never drawn: a window is planned once at a time."""
    with engine.begin() as connection:
        undrawn = "('draft', 'approved', 'frozen', 'allocated')"
        connection.execute(text(f"UPDATE plan SET state = 'superseded' WHERE state IN {undrawn}"))


def approved_plan(engine: Engine, tasks: Any = None, window: tuple[date, date] = WINDOW) -> int:
    """A plan by 甲, approved by 乙."""
    withdraw_unfinished(engine)
    plan = make_plan(engine, AS_OF, PLACE, *window, "甲", tasks)
    approve_plan(engine, plan, "乙")
    return plan


def allocated_plan(engine: Engine, tasks: Any = None, window: tuple[date, date] = WINDOW) -> int:
    """A plan whose pool is frozen and whose numbers are settled."""
    plan = approved_plan(engine, tasks, window)
    freeze_pool(engine, plan)
    allocate(engine, plan)
    return plan


def drawn_plan(engine: Engine, tasks: Any = None, window: tuple[date, date] = WINDOW) -> tuple[int, int]:
    """A plan and its draw, held with simulated dice."""
    plan = allocated_plan(engine, tasks, window)
    draw = commit_draw(engine, plan, "甲", "市局大厅 2026-09-30 10:00")
    record_seed(engine, draw, simulated_seed(engine, draw, AS_OF), "模拟掷骰", "乙")
    run_draw(engine, draw, "甲")
    return plan, draw


def rows(engine: Engine, statement: str, **values: Any) -> list[Any]:
    """Rows of a plain SQL question."""
    with engine.connect() as connection:
        return list(connection.execute(text(statement), values))


def journalled(engine: Engine, act: str, subject: str) -> list[dict[str, Any]]:
    """Details of the journal's records of an act on a subject."""
    found = rows(
        engine, "SELECT detail FROM journal WHERE act = :a AND subject = :s ORDER BY number", a=act, s=subject
    )
    return [row.detail for row in found]
