"""A small city in the tables (示例记录): made by hand, so that every figure of a report can be counted."""
# fmt: off

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, insert

from registry.tables import (
    AbnormalListing,
    Batch,
    CheckItem,
    Department,
    Enterprise,
    FeatureSnapshot,
    Grade,
    InspectionResult,
    Inspector,
    InspectorCertificate,
    ModelRun,
    Office,
    Premises,
    SnapshotRelease,
)

AS_OF = date(2026, 10, 20)
WINDOW = (date(2026, 11, 2), date(2026, 11, 30))
MADE = datetime.fromisoformat("2026-10-20T09:30")
DEPARTMENTS = ("市场监管", "人社", "消防", "生态环境", "卫健", "文旅")
HOSTILE_NAME = '=HYPERLINK("http://evil","安和")公司'
MARKUP_NAME = "<script>alert(1)</script>#安和*酒楼$"
ITEMS = (
    ("A07", "公示信息检查", "《企业信息公示暂行条例》第十四条", "市场监管"),
    ("A08", "登记事项检查", "《市场主体登记管理条例》第三十八条", "市场监管"),
    ("A09", "劳动用工检查", "《劳动保障监察条例》第十条", "人社"),
)


def code_of(number: int) -> str:
    """An 18-digit code that a spreadsheet would turn into 9.1E+17. Its check digit is not the point here."""
    return f"9199010{number:011d}"


def insert_many(connection: Connection, table: Any, rows: Iterable[dict[str, Any]]) -> None:
    """Insert rows of one shape."""
    connection.execute(insert(table), list(rows))


def insert_one(connection: Connection, table: Any, **columns: Any) -> int:
    """Insert a row and return its id."""
    key: int = connection.execute(insert(table).values(**columns).returning(table.id)).scalar_one()
    return key


def fact(key: str, number: int, **columns: Any) -> dict[str, Any]:
    """A fact known since September, with its business columns."""
    head = {"natural_key": key, "content_hash": "0" * 64, "known_at": datetime.fromisoformat("2026-09-01"),
            "batch_id": 1, "row_no": number}
    return {**head, **columns}


def insert_batches(connection: Connection) -> None:
    """One loaded and one held batch."""
    insert_many(connection, Batch, (
        {"dataset": "registration", "file_name": f"登记_{n}.csv", "sha256": "a" * 64, "received_at": MADE,
         "state": state, "held_reason": held, "rows_read": 100, "rows_valid": 97, "rows_faulty": 3, "rows_new": 97}
        for n, (state, held) in enumerate((("loaded", None), ("held", "列名不认识：企业名称全称")))
    ))


def insert_libraries(connection: Connection, inspectors: int) -> None:
    """Six departments, one office, three items, and inspectors of the first two departments in turn."""
    insert_many(connection, Department, (
        fact(name, n, department=name, full_name=f"安和市{name}局", initiates=n == 0)
        for n, name in enumerate(DEPARTMENTS)
    ))
    insert_many(connection, Office, [
        fact("990101", 1, office="990101", office_name="安和市东区市场监管局", level="区", parent="990100",
             division="990101")
    ])
    insert_many(connection, CheckItem, (
        fact(code, n, item_code=code, item_name=name, category="一般", basis=basis, department=department,
             object_scope="企业", library="主体综合库", frequency="每年不超过 1 次", method="现场", minutes=40,
             valid_from=date(2020, 1, 1))
        for n, (code, name, basis, department) in enumerate(ITEMS)
    ))
    insert_many(connection, Inspector, (
        fact(f"S{n:03d}", n, staff_no=f"S{n:03d}", name=f"检查员{n:02d}", department=DEPARTMENTS[n % 2],
             office="990101", specialities=[], expert=False, active=True)
        for n in range(inspectors)
    ))
    insert_many(connection, InspectorCertificate, (
        fact(f"S{n:03d}/执法证", n, staff_no=f"S{n:03d}", kind="执法证", certificate_no=f"99010{n:06d}",
             valid_from=date(2022, 1, 1), valid_to=date(2027, 12, 31))
        for n in range(inspectors)
    ))


def insert_enterprises(connection: Connection, codes: tuple[str, ...]) -> None:
    """Enterprises, two of them with names that attack a sheet or a page, each with one premises."""
    names = [f"安和市第{n:03d}商贸有限公司" for n in range(len(codes))]
    names[0], names[1] = HOSTILE_NAME, MARKUP_NAME
    insert_many(connection, Enterprise, (
        fact(code, n, enterprise_code=code, uniscid=code, entname=names[n], entname_sort="x", enttype="1130",
             entkind="1", is_branch=False, regorg="990101", localadm="990101", regstate="存续",
             dom=f"安和市东区和平路 {n} 号", domdistrict="990101", opscope="零售", industryphy="F",
             industryco="52", scaled=False)
        for n, code in enumerate(codes)
    ))
    insert_many(connection, Premises, (
        fact(f"{code}#1", n, enterprise_code=code, premises_no=1, address=f"安和市东区和平路 {n} 号一层",
             domdistrict="990101", localadm="990101", cluster=f"街道{n % 3}")
        for n, code in enumerate(codes)
    ))
    insert_many(connection, AbnormalListing, [
        fact("l1", 1, enterprise_code=codes[0], specause="4", abntime=date(2026, 1, 5), decorg="安和市市场监管局")
    ])
    insert_many(connection, InspectionResult, [
        fact("i1", 1, enterprise_code=codes[2], insp_no="J1", inspdate=date(2026, 3, 3), department="市场监管",
             draw_type="不定向", method="现场", item_codes=["A07"], result_code="R01", raw_result="未发现问题",
             problem=False, inspectors=["S000"])
    ])


def insert_judgements(connection: Connection, codes: tuple[str, ...]) -> None:
    """Classes A, A, B, D in turn and one model run."""
    common = {"as_of": AS_OF, "place": "990100", "rules_version": "r", "made_at": MADE}
    snapshot = insert_one(connection, FeatureSnapshot, feature_names=["x"], data_hash="d", code_version="c", **common)
    score = {"auc": [0.81, 0.79, 0.83], "ap": [0.31, 0.28, 0.35], "ks": 0.44, "lift_1": 7.1, "lift_5": 4.9,
             "lift_10": 3.8, "brier": 0.061, "ece": 0.008}
    before = {"auc": [0.66, 0.64, 0.68], "ap": [0.17, 0.15, 0.2], "ks": 0.2, "lift_1": None, "lift_5": 2.0, "lift_10": 1.9}
    metrics = {
        "calibration": [[0.02, 0.018, 500], [0.08, 0.1, 300], [0.2, 0.17, 120], [0.5, 0.52, 40]],
        "test": {"snapshot": "2025-10-20", "until": "2026-10-20", "all": {
            "visits": 960, "problems": 88, "scores": {"lightgbm": score, "last_result": before}}},
        "limits": ["未受检查者没有标签，不计为无问题。"], "alarms": [],
    }
    run = insert_one(
        connection, ModelRun, learner="lightgbm", data_hash="d", code_version="c", seed=1, parameters={},
        metrics=metrics, model_file=b"", model_hash="m", **common,
    )
    insert_many(connection, SnapshotRelease, [
        {"snapshot_id": snapshot, "how": "automatic", "reason": "监测无异常", "released_at": MADE}
    ])
    insert_many(connection, Grade, (
        {**common, "enterprise_code": code, "snapshot_id": snapshot, "model_run_id": run, "score": 0.0,
         "probability": 0.1, "probability_low": 0.05, "probability_high": 0.2, "model_class": "AABC"[n % 4],
         "credit_risk_class": class_of(n), "deciding_layer": "hard_rule" if n % 4 == 3 else "model",
         "no_history": False}
        for n, code in enumerate(codes)
    ))


def class_of(number: int) -> str:
    """The n-th enterprise's class."""
    return "AABD"[number % 4]
