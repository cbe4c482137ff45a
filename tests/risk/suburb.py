"""What else may be known of a town (tests/risk/town.py): courts, tax, honours, commitments, relations, addresses."""

from collections import defaultdict
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np

from tests.risk.town import START, TODAY, Rows, fact, inspection

LISTED_ADDRESS = "安和市澄东区青石街道创业路1号众创大厦（集群注册）"
JUDICIAL = ("失信被执行人", "被执行人", "涉诉被告", "股权冻结", "股权出质", "动产抵押", "限制高消费", "破产")
TAX = ("欠税", "非正常户", "欠缴社保", "重大税收违法")


def relation(code: str, kind: str, known: date = START, **values: Any) -> dict[str, Any]:
    """A relation; give `other_code` or `person_key`."""
    usual = {
        "kind": kind, "party_kind": "自然人" if values.get("person_key") else "企业", "other_code": None,
        "other_name": None, "person_key": None, "role": None, "share": None, "amount": None,
        "date_from": START, "date_to": None,
    }  # fmt: skip
    row = {**usual, **values}
    row["other_key"] = row["other_code"] or row["person_key"]
    return fact("relation", code, f"{code}|{kind}|{row['other_key']}|{row['role']}", known, **row)


def signal(code: str, kind: str, day: date, known: date | None = None, **values: Any) -> dict[str, Any]:
    """A court case, a pledge, a mortgage …"""
    usual = {
        "kind": kind, "case_no": f"{kind}{day}", "organ": "安和市人民法院", "cause": None, "amount": 10,
        "happened_on": day, "valid_to": None, "ended_on": None, "state": "有效",
    }  # fmt: skip
    return fact(
        "judicial_signal",
        code,
        f"{code}|{kind}|{day}",
        known or day + timedelta(days=5),
        **{**usual, **values},
    )


def tax(code: str, kind: str, day: date, known: date | None = None, **values: Any) -> dict[str, Any]:
    """A finding of the tax bureau or of social insurance."""
    usual = {
        "kind": kind, "period": str(day.year), "tax_grade": None, "amount": None, "insured": None,
        "organ": "安和市税务局", "happened_on": day, "ended_on": None,
    }  # fmt: skip
    return fact(
        "tax_signal", code, f"{code}|{kind}|{day}", known or day + timedelta(days=5), **{**usual, **values}
    )


def honour(code: str, kind: str, day: date, known: date | None = None, **values: Any) -> dict[str, Any]:
    """An honour or certificate."""
    usual = {
        "kind": kind, "title": kind, "certificate_no": None, "level": None, "issuer": "安和市人民政府",
        "awarded_on": day, "valid_to": None, "active": True,
    }  # fmt: skip
    return fact(
        "honour", code, f"{code}|{kind}|{day}", known or day + timedelta(days=5), **{**usual, **values}
    )


def commitment(code: str, number: str, day: date, known: date | None = None, **values: Any) -> dict[str, Any]:
    """A commitment."""
    usual = {
        "commitment_no": number, "kind": "许可告知承诺", "matter": "食品经营许可新办", "content": None,
        "committed_on": day, "due_on": None, "organ": "安和市市场监督管理局", "organ_code": None, "published": True,
    }  # fmt: skip
    return fact(
        "commitment", code, f"{number}|{code}", known or day + timedelta(days=5), **{**usual, **values}
    )


def commitment_check(
    code: str, number: str, day: date, outcome: str, known: date | None = None, **values: Any
) -> dict[str, Any]:
    """A check of a commitment."""
    usual = {
        "commitment_no": number, "checked_on": day, "outcome": outcome, "facts": None, "measure": None,
        "mended_on": None, "organ": "安和市市场监督管理局",
    }  # fmt: skip
    key = f"{number}|{day}|{code}"
    return fact("commitment_check", code, key, known or day + timedelta(days=5), **{**usual, **values})


def watched(code: str, day: date, known: date | None = None, **values: Any) -> dict[str, Any]:
    """An entry of the key supervision list."""
    usual = {
        "field": "食品生产", "item_code": None, "reason": "风险较高", "basis": None, "listed_on": day,
        "removed_on": None, "organ": "安和市市场监督管理局", "frequency": None,
    }  # fmt: skip
    return fact(
        "key_supervision", code, f"{code}|{day}", known or day + timedelta(days=5), **{**usual, **values}
    )


def bad_address(
    address: str, key: str, day: date, known: date | None = None, **values: Any
) -> dict[str, Any]:
    """An address on the negative list; it is about no enterprise."""
    usual = {
        "address": address, "address_key": key, "division": "990101", "kind": "集中登记异常", "reason": "无法联系",
        "organ": "安和市市场监督管理局", "listed_on": day, "removed_on": None,
    }  # fmt: skip
    row = fact(
        "address_negative", "", f"{address}|{day}", known or day + timedelta(days=5), **{**usual, **values}
    )
    del row["enterprise_code"]
    return row


def filing(code: str, item: str, day: date, known: date | None = None, **values: Any) -> dict[str, Any]:
    """A change or filing."""
    usual = {"kind": "备案", "altitem": item, "altdate": day, "due_on": None, "altbe": None, "altaf": None}
    return fact(
        "filing", code, f"{code}|{item}|{day}", known or day + timedelta(days=5), **{**usual, **values}
    )


def serious(code: str, day: date, known: date | None = None, **values: Any) -> dict[str, Any]:
    """An entry on the list of serious violations."""
    usual = {
        "serillrea": "", "abntime": day, "decorg": "", "decno": None, "remexcpres": None, "remdate": None, "redecorg": None,
    }  # fmt: skip
    return fact("serious_violation", code, f"{code}|{day}", known or day, **{**usual, **values})


def premises(code: str, number: int = 1) -> dict[str, Any]:
    """A place of business."""
    where = {"address": f"{code}号", "domdistrict": "990101", "localadm": "990101001", "cluster": "青石街道"}
    return fact(
        "premises",
        code,
        f"{code}|{number}",
        START,
        premises_no=number,
        longitude=None,
        latitude=None,
        **where,
    )


def waiver(code: str, number: int, decided: date, waived: bool = True) -> Rows:
    """A case, the proposal and the officer's decision, under one number."""
    when = datetime.combine(decided, time(10))
    made = {
        "id": number, "enterprise_code": code, "item_code": "W04", "goods_value": None, "illegal_gain": None,
        "occurred_on": decided, "duration_days": None, "corrected_on": None, "order_deadline": None, "harm": False,
        "facts": {}, "entered_by": "a", "entered_at": when,
    }  # fmt: skip
    proposal = {
        "id": number, "as_of": decided, "place": "990100", "case_id": number, "enterprise_code": code,
        "item_code": "W04", "verdict": "eligible", "kind": "首违不罚", "article": "", "reasons": [], "missing": [],
        "documents": [], "evidence": {}, "rules_version": "", "made_at": when,
    }  # fmt: skip
    decision = {
        "id": number, "proposal_id": number, "waived": waived, "reason": "", "decided_by": "a", "decided_at": when,
    }  # fmt: skip
    return {"waiver_case": [made], "waiver_proposal": [proposal], "waiver_decision": [decision]}


VARIED: dict[str, dict[str, tuple[Any, ...]]] = {
    "enterprise": {
        "entkind": ("1", "1", "2", "3"), "is_branch": (False, False, True), "scaled": (False, False, True),
        "regstate": ("存续",) * 8 + ("歇业", "吊销"), "empnum": (None, 1, 8, 60), "reccap": (None, 0, 40),
        "opto": (None, None, date(2025, 1, 1)), "tel_hash": (None, "t1", "t2", *(f"t{n}" for n in range(9, 60))),
        "dom": (*(LISTED_ADDRESS,) * 6, *("澄东路1号",) * 4, *(f"望山路{n}号" for n in range(80))),
        "estdate": (date(2010, 1, 1), date(2024, 9, 1), date(2026, 4, 1)),
    },
    "penalty": {
        "cf_cflb": ("罚款", "罚款", "责令停产停业", "吊销许可证"), "department": ("市场监管", "市场监管", "生态环境"),
        "repaired_on": (None, None, None, date(2025, 9, 1)),
    },
    "abnormal_listing": {"specause": ("1", "2", "3", "4"), "remdate": (None, date(2026, 3, 1))},
    "inspection_result": {"measure": (None, 70.0, 95.0), "result_code": (None, None, "R03", "R06")},
    "annual_report": {
        "all_zero": (False, False, True), "amended": (0, 0, 1), "empnum": (0, 8, 90), "insured": (0, 5, 20),
    },
    "permit": {"xk_zt": ("1", "1", "2"), "xk_yxqzi": (None, date(2026, 7, 1), date(2025, 11, 1))},
    "complaint": {"kind": ("投诉", "举报"), "closed_on": (None, date(2026, 5, 1))},
}  # fmt: skip
"""Other values for the town's columns, so that every indicator has something to say. A None for a code keeps it."""
CHANGED = ("名称变更", "住所变更", "法定代表人变更", "股东变更", "经营范围变更", "注册资本变更")


def vary(rows: Rows, seed: int = 0) -> None:
    """Change the town's rows in place, and add filings of every kind."""
    random = np.random.default_rng((seed, 78))
    for table, columns in VARIED.items():
        for row in rows[table]:
            for name, values in columns.items():
                value = values[int(random.integers(len(values)))]
                row[name] = row[name] if name == "result_code" and value is None else value
    for number, row in enumerate(rows["annual_report"]):
        if number % 5 == 0:
            row["submitted_on"] = date(row["report_year"] + 1, 8, 1)
            row["known_at"] = datetime(row["report_year"] + 1, 8, 2)
    for number, row in enumerate(rows["enterprise"]):
        item = CHANGED[number % len(CHANGED)]
        due = date(2025, 8, 1) if number % 3 else None
        rows["filing"].append(
            filing(
                row["enterprise_code"],
                item,
                date(2025, 9, 1),
                kind="变更",
                due_on=due,
                altbe="100万元",
                altaf="300万元",
            )
        )


def suburb(codes: list[str], seed: int = 0) -> Rows:
    """Random further facts about the enterprises of a town, some ended or mended as later versions."""
    random = np.random.default_rng((seed, 77))
    rows: Rows = defaultdict(list)

    def day() -> date:
        return START + timedelta(days=int(random.integers(30, (TODAY - START).days - 30)))

    for number, code in enumerate(codes):
        _owners(rows, code, codes, random)
        for kind in JUDICIAL:
            if random.random() < 0.12:
                rows["judicial_signal"] += _ended(random, signal(code, kind, day()), state="解除")
        for kind in TAX:
            if random.random() < 0.1:
                rows["tax_signal"] += _ended(random, tax(code, kind, day()))
        for year in (2024, 2025):
            if random.random() < 0.6:
                grade = str(random.choice(list("ABMCD")))
                rows["tax_signal"].append(
                    tax(code, "纳税信用等级", date(year, 4, 20), tax_grade=grade, period=str(year - 1))
                )
        for kind in ("荣誉", "体系认证", "自愿认证", "知识产权", "联合激励"):
            if random.random() < 0.15:
                start = day()
                until = start + timedelta(days=int(random.integers(100, 1500)))
                rows["honour"].append(
                    honour(code, kind, start, valid_to=until if random.random() < 0.7 else None)
                )
        if random.random() < 0.3:
            _promises(rows, code, f"CN{number}", day(), random)
        if random.random() < 0.1:
            rows["key_supervision"].append(watched(code, day()))
        if random.random() < 0.1:
            rows["filing"].append(filing(code, "清算组备案" if random.random() < 0.3 else "章程备案", day()))
        if random.random() < 0.3:
            _visits(rows, code, day(), random)
        if random.random() < 0.05:
            for name, made in waiver(code, 1000 + number, day()).items():
                rows[name] += made
    rows["address_negative"].append(bad_address("澄东路 1 号", "澄东路1号", date(2023, 5, 1)))
    rows["address_negative"].append(bad_address(LISTED_ADDRESS, "无此地", date(2023, 5, 1)))
    return rows


def _owners(rows: Rows, code: str, codes: list[str], random: np.random.Generator) -> None:
    pool = max(4, len(codes) // 4)
    person = f"p{random.integers(pool)}"
    rows["relation"].append(relation(code, "法定代表人", person_key=person))
    share = float(random.integers(20, 101))
    rows["relation"].append(relation(code, "股东", person_key=person, share=share, role="自然人股东"))
    for kind, chance in (
        ("股东", 0.15),
        ("对外投资", 0.1),
        ("分支机构", 0.06),
        ("隶属企业", 0.06),
        ("同一电话", 0.05),
    ):
        if random.random() < chance:
            other = str(codes[int(random.integers(len(codes)))])
            left = date(2025, 3, 1) if random.random() < 0.2 else None
            rows["relation"].append(relation(code, kind, other_code=other, date_to=left, share=40.0))
    if random.random() < 0.3:
        agent = f"agent{random.integers(max(2, len(codes) // 10))}"
        rows["relation"].append(relation(code, "主要人员", person_key=agent, role="联络员"))


def _ended(random: np.random.Generator, first: dict[str, Any], **also: Any) -> list[dict[str, Any]]:
    if random.random() < 0.5:
        return [first]
    end = first["happened_on"] + timedelta(days=int(random.integers(30, 700)))
    known = datetime.combine(end + timedelta(days=5), time(9))
    return [first, {**first, "ended_on": end, "known_at": known, **also}]


def _promises(rows: Rows, code: str, number: str, day: date, random: np.random.Generator) -> None:
    rows["commitment"].append(commitment(code, number, day))
    for _ in range(int(random.integers(0, 3))):
        day += timedelta(days=int(random.integers(20, 200)))
        outcome = str(random.choice(["已履行", "未履行", "承诺不实", "部分履行"]))
        mended = day + timedelta(days=60) if random.random() < 0.2 else None
        rows["commitment_check"].append(commitment_check(code, number, day, outcome, mended_on=mended))


def _visits(rows: Rows, code: str, day: date, random: np.random.Generator) -> None:
    bad = bool(random.random() < 0.7)
    items = {
        "A01": {"checked": True, "words": "", "result_code": "R05" if bad else "R01"},
        "A02": {"checked": False, "words": "合理缺项"},
    }
    due = day + timedelta(days=30)
    done = due + timedelta(days=int(random.integers(-20, 60))) if random.random() < 0.6 else None
    result = str(random.choice(["R02", "R04", "R05"])) if bad else "R01"
    rows["inspection_result"].append(
        inspection(
            code, day, bad, number=f"item{day}", result_code=result, item_results=items,
            rectify_due=due if bad else None, rectified_on=done if bad else None,
        )
    )  # fmt: skip
