"""Submissions (检查结果回流): published results of our own visits become inspection results, once each."""

import hashlib
import json
from contextlib import closing
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine, exists, func, select

from ingestion.datasets import DATASETS
from ingestion.datasets.inspection import SERIOUSNESS
from ingestion.ledger import BatchReport, close_batch, open_batch, report_batch
from ingestion.load import facts_locked, write_chunks
from ingestion.staging import make_staging, stage_rows
from ingestion.standing import settle
from ingestion.verdict import crowd
from registry import clock
from registry.tables.casework import ResultSubmission
from registry.tables.inspection import InspectionResult
from registry.tables.planning import Task
from registry.tables.visit import Visit, VisitMember, VisitTask
from registry.vocabulary import RESULTS

PUBLISHED = "已公示"
SOURCE = "portal"


def load_submissions(engine: Engine) -> BatchReport | None:
    """Bring in every published submission that is not yet a fact; None if there is nothing new.

    A submission's number is its receipt: loading twice changes nothing. Known when its review published it, so
    what a later grade may see does not depend on when this ran.
    """
    dataset = DATASETS["inspection"]
    with engine.connect() as connection:
        rows = _published(connection)
        if rows.empty:
            return None
        sha256 = hashlib.sha256("\n".join(sorted(rows["insp_no"])).encode()).hexdigest()
        batch_id, done, _ = open_batch(connection, dataset, SOURCE, sha256, SOURCE, clock.now())
        connection.commit()
        with closing(make_staging(connection, [dataset.table], batch_id)) as staging:
            stage_rows(connection, staging, dataset.table, rows, dataset.key)
            staging.finish(connection)
            with facts_locked(connection, dataset):
                crowd(connection, dataset.table, batch_id)
                write_chunks(connection, dataset, staging, done, lambda part: None)
                settle(connection, dataset, batch_id)
                close_batch(connection, batch_id, {SOURCE: [len(rows), 0, 0]})
        return report_batch(connection, batch_id)


def _published(connection: Connection) -> pd.DataFrame:
    submission, known = ResultSubmission, InspectionResult
    members = (
        select(func.array_agg(VisitMember.staff_no.distinct()))
        .where(VisitMember.visit_id == submission.visit_id, VisitMember.department == submission.department)
        .scalar_subquery()
    )
    directed = (
        select(func.bool_or(Task.directed))
        .join(VisitTask, VisitTask.task_id == Task.id)
        .where(VisitTask.visit_id == submission.visit_id, VisitTask.department == submission.department)
        .scalar_subquery()
    )
    method = (
        select(func.min(Task.method))
        .join(VisitTask, VisitTask.task_id == Task.id)
        .where(VisitTask.visit_id == submission.visit_id, VisitTask.department == submission.department)
        .scalar_subquery()
    )
    wanted = (
        select(
            submission.id, submission.receipt_no, submission.department, submission.inspected_on, submission.item_results,
            submission.submitted_at, submission.reviewed_at, submission.staff_no, Visit.enterprise_code, Visit.localadm,
            members.label("members"), directed.label("directed"), method.label("method"),
        )
        .join(Visit, Visit.id == submission.visit_id)
        .where(submission.state == PUBLISHED, ~exists().where(known.insp_no == submission.receipt_no))
        .order_by(submission.id)
    )  # fmt: skip
    return pd.DataFrame([_fact(dict(row)) for row in connection.execute(wanted).mappings()], dtype=object)


def _fact(row: dict[str, Any]) -> dict[str, Any]:
    """One submission as one inspection result: the gravest of its items' results stands for it."""
    checked = {item: found for item, found in row["item_results"].items() if found.get("checked", True)}
    codes = [found["result_code"] for found in checked.values() if found.get("result_code") in RESULTS]
    code = min(codes, key=SERIOUSNESS.index) if codes else "R07"
    words = "；".join(f"{item} {RESULTS[found['result_code']][0]}" for item, found in sorted(checked.items())
                     if found.get("result_code") in RESULTS)  # fmt: skip
    published = row["reviewed_at"]
    return {
        "row_no": row["id"],
        "known_at": published or row["submitted_at"],
        "dated": True,
        "retracted": False,
        "sender": SOURCE,
        "enterprise_code": row["enterprise_code"],
        "insp_no": row["receipt_no"],
        "inspdate": row["inspected_on"],
        "department": row["department"],
        "localadm": row["localadm"],
        "draw_type": "定向" if row["directed"] else "不定向",
        "method": next((m for m in ("现场", "书面", "网络") if m in (row["method"] or "")), "现场"),
        "item_codes": tuple(sorted(checked)),
        "result_code": code,
        "raw_result": words or RESULTS[code][0],
        "problem": RESULTS[code][1],
        "measure": None,
        "inspectors": tuple(sorted(row["members"] or [row["staff_no"]])),
        "published_on": published.date() if published else None,
        "item_results": json.dumps(_by_item(row["item_results"]), ensure_ascii=False),
        **dict.fromkeys(("plan_no", "task_no", "rectify_due", "rectified_on", "code_set")),
    }


def _by_item(found: dict[str, Any]) -> dict[str, dict[str, object]]:
    """Each item's own result, as inspection files give it."""
    items: dict[str, dict[str, object]] = {}
    for item, result in sorted(found.items()):
        code, checked = result.get("result_code"), result.get("checked", True)
        told = checked and code in RESULTS
        items[item] = (
            {"checked": True, "words": RESULTS[code][0], "result_code": code}
            if told
            else {"checked": bool(checked), "words": "未检查"}
        )
    return items
