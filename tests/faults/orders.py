"""Eight files about six enterprises, and what they leave when they arrive in any order (C-6)."""

import random
from datetime import date
from pathlib import Path

from sqlalchemy import select

from ingestion.intake import ingest_file
from ingestion.ledger import BatchReport
from ingestion.workbook import write_fault_workbook
from registry.database import Database
from registry.facts import as_of, read_frame, table_named
from tests.faults.bulk import CODE, NAME, Row
from tests.faults.codes import credit_code
from tests.faults.importing import states
from tests.ingestion.papers import good, write_csv

FIRMS = [credit_code(900 + n) for n in range(6)]
NUMBER, KNOWN, STATE = "行政处罚决定书文号", "数据更新时间", "数据状态"
MONTHS = [date(2026, month, 28) for month in range(1, 13)]
FIRST = list(range(8))
"""The order in which things happened."""


def _firm(n: int, **changes: str) -> Row:
    usual = {"企业名称": f"老店{n}", "曾用名": "", "联系电话": "", KNOWN: "2026-03-02"}
    return good("registration", **{**usual, "统一社会信用代码": FIRMS[n], **changes})


def _penalty(n: int, firm: int, **changes: str) -> Row:
    return good("penalty", **{CODE: FIRMS[firm], NAME: "", NUMBER: f"c6-{n}", KNOWN: "2026-03-10", **changes})


def _listing(firm: int, cause: str, **changes: str) -> Row:
    gone = {"移出原因": "", "移出日期": "", "移出决定机关": ""}
    return good(
        "abnormal",
        统一社会信用代码=FIRMS[firm],
        企业名称="",
        列入原因=cause,
        **{KNOWN: "2026-03-20", **gone, **changes},
    )


def deliveries() -> list[tuple[str, list[Row]]]:
    """(dataset, rows) of each file: registration, its change, penalties, correction, revocation, repair, listing, removal."""
    by_name = {CODE: "", NAME: "新店1"}
    penalties = [_penalty(n, n % 6) for n in range(24)] + [_penalty(24, 1, **by_name)]
    return [
        ("registration", [_firm(n) for n in range(6)]),
        (
            "registration",
            [
                _firm(1, 企业名称="新店1", 曾用名="老店1", 住所="新址 1 号", **{KNOWN: "2026-05-10"}),
                _firm(2, 登记状态="吊销", **{KNOWN: "2026-05-10"}),
                _firm(3, **{KNOWN: "2026-05-10"}),
            ],
        ),
        ("penalty", penalties),
        ("penalty", [{**row, "罚款金额(万元)": "0.9", STATE: "更正", KNOWN: "2026-04-03"} for row in penalties[::3]]),
        ("penalty", [{**row, STATE: "撤销", KNOWN: "2026-05-20"} for row in penalties[::4]]),
        ("penalty", [{**row, "信用修复日期": "2026-06-12", KNOWN: "2026-06-15"} for row in penalties[1::4]]),
        ("abnormal", [_listing(n, "未依照规定期限公示年度报告") for n in range(6)]),
        (
            "abnormal",
            [_listing(n, "未年报", 移出原因="补报", 移出日期="2026-06-30", 移出决定机关="某局", **{KNOWN: "2026-07-01"})
             for n in (0, 2, 4)]
            + [_listing(5, "未年报", **{STATE: "撤销", KNOWN: "2026-07-01"})],
        ),
    ]  # fmt: skip


def final_state(database: Database, folder: Path, order: list[int]) -> dict[str, object]:
    """Bring the files in this order, send what was held again as a bureau would, and say what is true at every
    instant, and what every month's reader is told."""
    files = deliveries()
    held = []
    for place in order:
        dataset, rows = files[place]
        path = write_csv(folder / f"{dataset}_{place}.csv", rows)
        report = ingest_file(database.engine_for("ingest"), path)
        assert report.state == "loaded", report
        assert set(report.fault_counts) <= {"unmatched"}, report.fault_counts
        if report.rows_faulty:
            held.append(report)
    for report in held:
        again = _send_again(database, folder, report)
        assert again.rows_faulty == 0, again.faults
    return {**states(database.owner()), **_told_each_month(database)}


def _send_again(database: Database, folder: Path, report: BatchReport) -> BatchReport:
    out = folder / f"{report.dataset}_again{report.batch_id}.xlsx"
    with database.engine_for("ingest").connect() as connection:
        write_fault_workbook(connection, report.batch_id or 0, out)
    return ingest_file(database.engine_for("ingest"), out)


def _told_each_month(database: Database) -> dict[str, object]:
    told: dict[str, object] = {}
    hidden = {"id", "batch_id", "row_no", "known_at", "content_hash"}
    with database.owner().connect() as connection:
        for table in ("enterprise", "premises", "penalty", "abnormal_listing"):
            for month in MONTHS:
                known = as_of(table_named(table), month).subquery()  # type: ignore[arg-type]
                columns = [c for c in known.c if c.name not in hidden]
                rows = read_frame(connection, select(*columns).order_by(known.c.natural_key))
                told[f"{table} {month}"] = rows.astype(str).to_csv(index=False)
    return told


def some_orders(many: int, seed: int) -> list[list[int]]:
    """The reverse of what happened, then random orders."""
    chance = random.Random(seed)
    return [FIRST[::-1], *(chance.sample(FIRST, 8) for _ in range(many - 1))]
