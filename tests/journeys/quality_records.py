"""A year of files from three offices, some late, faulty or repeated, for the quality page."""

import hashlib
import random
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, insert

from registry import tables as t
from tests.journeys import records as r

OFFICES = (r.CITY, r.NORTH, r.SOUTH)
CODES = (
    ("missing", "违法事实"),
    ("code_check", "统一社会信用代码"),
    ("unknown_code", "处罚类别"),
    ("bad_date", "处罚决定日期"),
)
LATE_OFFICE, LATE_MONTH = r.SOUTH, date(2026, 10, 1)
"""There and then more than half came late."""


def build_quality(engine: Engine) -> None:
    """Insert everything as the schema's owner."""
    dice = random.Random(5)
    with engine.begin() as connection:
        for back in range(11, -1, -1):
            month = date(2026, 12 - back, 1)
            for dataset in ("penalty", "permit", "registration", "library"):
                _month(connection, dataset, month, dice)


def _month(connection: Connection, dataset: str, month: date, dice: random.Random) -> None:
    senders = {}
    faults: list[dict[str, Any]] = []
    received = (
        datetime.combine(month.replace(day=26), time(9))
        if month < r.TODAY.replace(day=1)
        else datetime.combine(r.TODAY, time(9))
    )
    made = insert(t.Batch).values(
        dataset=dataset, file_name=f"{dataset}_{month:%Y-%m}.csv", sha256="cd" * 32, received_at=received,
        finished_at=received, state="loaded",
    )  # fmt: skip
    batch = connection.execute(made.returning(t.Batch.id)).scalar_one()
    for office in OFFICES:
        read = dice.randint(40, 90)
        faulty = dice.randint(0, 6) if office != r.NORTH else dice.randint(0, 2)
        senders[office] = [read, faulty, dice.randint(0, 4)]
        faults += [_fault(batch, office, number, dice) for number in range(faulty)]
        if dataset in ("penalty", "permit"):
            connection.execute(insert(t.Penalty if dataset == "penalty" else t.Permit), [
                _decision(dataset, batch, office, month, number, dice) for number in range(read - faulty)
            ])  # fmt: skip
    if faults:
        connection.execute(insert(t.RowFault), faults)
    connection.execute(t.Batch.__table__.update().where(t.Batch.id == batch).values(senders=senders))
    connection.execute(insert(t.RowRepeat).values(
        batch_id=batch, row_no=3, natural_key=f"{dataset}|k{month}", sender=r.NORTH, first_batch_id=batch, first_row_no=2
    ))  # fmt: skip


def _fault(batch: int, office: str, number: int, dice: random.Random) -> dict[str, Any]:
    code, column = dice.choices(CODES, weights=(6, 3, 2, 1))[0]
    sentence = {"missing": "必填而为空，请补填。"}.get(code, "请核对。")
    return {
        "batch_id": batch, "row_no": number + 2, "column": column, "code": code, "sentence": sentence,
        "raw": {"身份证号": "330921190001010000"}, "natural_key": None, "sender": office,
    }  # fmt: skip


def _decision(
    dataset: str, batch: int, office: str, month: date, number: int, dice: random.Random
) -> dict[str, Any]:
    slow = office == LATE_OFFICE and month == LATE_MONTH
    delay = dice.choices(
        (1, 2, 3, 5, 7, 9, 14, 25), weights=(1, 1, 1, 1, 1, 1, 9, 9) if slow else (5, 8, 8, 6, 4, 2, 1, 0.3)
    )[0]
    reported = min(month + timedelta(days=dice.randint(0, 26)), r.TODAY)
    decided = reported - timedelta(days=delay)
    name = f"{dataset}|{office}|{month}|{number}"
    firm = r.FIRMS[number % len(r.FIRMS)][0]
    about = {
        "natural_key": name, "content_hash": hashlib.sha256(name.encode()).hexdigest(), "batch_id": batch, "row_no": number,
        "known_at": datetime.combine(reported, time(9)), "enterprise_code": firm,
    }  # fmt: skip
    number_text = f"安市监〔{decided.year}〕{number}号"
    if dataset == "penalty":
        return about | {
            "cf_wsh": number_text, "cf_wfxw": "x", "cf_sy": "x", "cf_yj": "x", "cf_cflb": "罚款", "cf_nr": "x",
            "cf_jdrq": decided, "cf_cfjg": office, "department": "市场监管",
        }  # fmt: skip
    return about | {
        "xk_xkws": "x", "xk_wsh": number_text, "xk_xklb": "普通", "xk_nr": "x", "xk_jdrq": decided, "xk_yxqz": decided,
        "xk_xkjg": office, "xk_zt": "1",
    }  # fmt: skip
