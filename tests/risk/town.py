"""A small town of random facts (not the simulated city): a hidden risk makes everything worse together."""

from collections import defaultdict
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine, func, insert, literal, select

from registry.tables import FeatureSnapshot, SnapshotRelease
from registry.tables.declaration import Table

START = date(2021, 1, 1)
TODAY = date(2026, 6, 1)
FIRST, SECOND = date(2026, 3, 1), date(2026, 4, 1)
"""Days of the first two gradings."""
PLACE = "990100"
INDUSTRIES = (("F", "5211"), ("H", "6210"), ("C", "1310"), ("L", "7299"), ("F", "5179"))

Rows = dict[str, list[dict[str, Any]]]


def fact(table: str, code: str, key: str, known: date, **values: Any) -> dict[str, Any]:
    """One version of a fact, known in the morning of `known`."""
    return {
        "natural_key": f"{table}|{key}",
        "content_hash": "0" * 64,
        "batch_id": 1,
        "row_no": 1,
        "retracted": False,
        "known_at": datetime.combine(known, time(9)),
        "enterprise_code": code,
        **values,
    }


def enterprise(code: str, known: date = START, **values: Any) -> dict[str, Any]:
    """A registration; anything may be overridden."""
    usual = {
        "uniscid": code,
        "regno": None,
        "entname": f"安和市{code[-6:]}商行",
        "entname_sort": "",
        "enttype": "1130",
        "entkind": "1",
        "is_branch": False,
        "regcap": 100,
        "reccap": 50,
        "estdate": date(2015, 3, 1),
        "opfrom": None,
        "opto": None,
        "regorg": "990101",
        "localadm": "990101001",
        "regstate": "存续",
        "dom": f"{code}号",
        "domdistrict": "990101",
        "opscope": "销售日用品",
        "industryphy": "F",
        "industryco": "5211",
        "empnum": 8,
        "scaled": False,
        "park": None,
        "lerep": None,
        "tel_hash": None,
    }
    return fact("enterprise", code, code, known, **{**usual, **values})


def penalty(
    code: str, day: date, known: date | None = None, number: str = "1", **values: Any
) -> dict[str, Any]:
    """A penalty decision of `day`."""
    usual = {
        "cf_wsh": number,
        "cf_wfxw": "经营超过保质期的食品",
        "violation_code": "F5",
        "cf_sy": "",
        "cf_yj": "",
        "cf_cflb": "罚款",
        "cf_nr": "罚款",
        "cf_nr_fk": 0.5,
        "cf_nr_wfff": None,
        "cf_jdrq": day,
        "cf_gsjzq": None,
        "cf_cfjg": "安和市市场监督管理局",
        "cf_cfjgdm": None,
        "department": "市场监管",
        "repaired_on": None,
    }
    return fact("penalty", code, f"{code}|{number}", known or day + timedelta(days=5), **{**usual, **values})


def inspection(
    code: str, day: date, problem: bool | None, known: date | None = None, number: str = "1", **values: Any
) -> dict[str, Any]:
    """A check of `day`."""
    usual = {
        "insp_no": number,
        "inspdate": day,
        "department": "市场监管",
        "localadm": None,
        "draw_type": "不定向",
        "method": "现场",
        "item_codes": [],
        "result_code": "R05" if problem else "R01",
        "raw_result": "",
        "problem": problem,
        "measure": None,
        "inspectors": ["S1", "S2"],
        "published_on": None,
    }
    return fact(
        "inspection_result",
        code,
        f"{code}|{number}",
        known or day + timedelta(days=10),
        **{**usual, **values},
    )


def listing(
    code: str, day: date, removed: date | None = None, known: date | None = None, **values: Any
) -> dict[str, Any]:
    """An entry on the abnormal list."""
    usual = {
        "specause": "1",
        "abntime": day,
        "decorg": "",
        "decno": None,
        "remexcpres": None,
        "remdate": removed,
        "redecorg": None,
    }
    return fact("abnormal_listing", code, f"{code}|{day}", known or day, **{**usual, **values})


def report(code: str, year: int, submitted: date, **values: Any) -> dict[str, Any]:
    """An annual report."""
    usual = {
        "report_year": year,
        "submitted_on": submitted,
        "all_zero": False,
        "amended": 0,
        "empnum": 8,
        "insured": 5,
    }
    return fact("annual_report", code, f"{code}|{year}", submitted, **{**usual, **values})


def permit(
    code: str, valid_from: date, valid_to: date | None, number: str = "1", **values: Any
) -> dict[str, Any]:
    """A food permit."""
    usual = {
        "xk_wsh": number,
        "xk_xkws": "准予行政许可决定书",
        "xk_xklb": "普通",
        "xk_xkzs": "食品经营许可证",
        "xk_xkbh": f"JY{code[-8:]}",
        "xk_nr": "食品销售",
        "xk_jdrq": valid_from,
        "xk_yxqz": valid_from,
        "xk_yxqzi": valid_to,
        "xk_xkjg": "安和市市场监督管理局",
        "xk_xkjgdm": None,
        "xk_zt": "1",
    }
    return fact("permit", code, f"{code}|{number}", valid_from, **{**usual, **values})


def complaint(code: str, day: date, number: str, verified: bool | None, **values: Any) -> dict[str, Any]:
    """A complaint."""
    usual = {
        "complaint_no": number,
        "kind": "投诉",
        "received_on": day,
        "topic": "质量",
        "verified": verified,
        "closed_on": day + timedelta(days=30),
    }
    return fact("complaint", code, f"{code}|{number}", day + timedelta(days=31), **{**usual, **values})


def town(size: int, seed: int = 0) -> Rows:
    """Five years of a town of `size` enterprises, rows by table name. The same seed gives the same town."""
    random = np.random.default_rng(seed)
    rows: Rows = defaultdict(list)
    risk = random.normal(size=size)
    inspector = random.normal(scale=0.8, size=40)
    for number in range(size):
        code = f"9199010{number:011d}"
        _register(rows, code, random)
        _years(rows, code, risk[number], inspector, random)
    return rows


def _register(rows: Rows, code: str, random: np.random.Generator) -> None:
    letter, industry = INDUSTRIES[random.integers(len(INDUSTRIES))]
    food = industry in ("5211", "6210", "1310")
    rows["enterprise"].append(
        enterprise(
            code,
            entkind=str(random.choice(["1", "3"], p=[0.6, 0.4])),
            industryphy=letter,
            industryco=industry,
            domdistrict=f"99010{random.integers(1, 5)}",
            estdate=date(2000, 1, 1) + timedelta(days=int(random.integers(7500))),
            opscope="食品销售" if food else "咨询服务",
            regcap=float(random.lognormal(4)),
            tel_hash=str(random.integers(_phones(code))),
            lerep=f"人{random.integers(10**6)}",
        )
    )
    if food:
        start = START + timedelta(days=int(random.integers(-300, 900)))
        rows["permit"].append(permit(code, start, start + timedelta(days=1826)))


def _phones(code: str) -> int:
    """A few telephones are shared."""
    return 10**6 if code[-1] in "02468" else 2000


def _years(rows: Rows, code: str, risk: float, inspector: Any, random: np.random.Generator) -> None:
    for half in range(11):
        day = START + timedelta(days=182 * half + int(random.integers(182)))
        if day > TODAY:
            continue
        number = f"{half}"
        if random.random() < 0.14:
            who = int(random.integers(40))
            chance = 1 / (1 + np.exp(2.3 - 1.3 * risk - inspector[who]))
            kind = "不定向" if random.random() < 0.6 else "定向"
            found = bool(random.random() < chance)
            rows["inspection_result"].append(
                inspection(code, day, found, number=number, draw_type=kind, inspectors=[f"S{who}"])
            )
        if random.random() < np.exp(-3.6 + 0.9 * risk):
            rows["penalty"].append(penalty(code, day + timedelta(days=20), number=number))
        if random.random() < np.exp(-2.6 + 0.7 * risk):
            rows["complaint"].append(complaint(code, day, number, bool(random.random() < 0.4)))
        if half % 2 == 0:
            year = START.year + half // 2 - 1
            if random.random() < 1 / (1 + np.exp(3.2 - risk)):
                listed = date(year + 1, 7, 10)
                removed = listed + timedelta(days=int(random.integers(20, 700)))
                rows["abnormal_listing"].append(listing(code, listed))
                rows["abnormal_listing"].append(listing(code, listed, removed, known=removed))
            else:
                submitted = date(year + 1, 1, 5) + timedelta(days=int(random.integers(170)))
                rows["annual_report"].append(report(code, year, submitted))


def store(target: Engine | Connection, rows: Rows) -> None:
    """Insert rows by table name."""
    if isinstance(target, Engine):
        with target.begin() as connection:
            store(connection, rows)
        return
    for name, many in rows.items():
        if many:
            table = Table.metadata.tables[name]
            for start in range(0, len(many), 20_000):
                target.execute(insert(table), many[start : start + 20_000])


def release_all(engine: Engine) -> None:
    """Release every grading there is, as the monitor does with those in order: readers see released ones alone."""
    made, done = FeatureSnapshot, SnapshotRelease
    kept = select(made.id, literal("automatic"), literal("测试"), func.now()).where(
        made.id.not_in(select(done.snapshot_id))
    )
    with engine.begin() as connection:
        columns = ("snapshot_id", "how", "reason", "released_at")
        connection.execute(insert(done).from_select(columns, kept))
