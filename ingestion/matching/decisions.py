"""Decisions (认领决定): a person says whom a name means; the rows that waited come in by themselves."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, RowMapping, insert, select, text, update

from ingestion.identify import normalise_code
from ingestion.intake import ingest_file
from ingestion.ledger import BatchReport
from ingestion.matching.questions import ASKED
from ingestion.mending import CLAIMED, workbook_name
from ingestion.standing import stands
from ingestion.workbook import write_fault_workbook
from registry import clock, journal
from registry.errors import Refusal
from registry.progress import Progress, part_of, silent
from registry.tables.match import MatchDecision, MatchQuestion

CHOICES = {"accepted": "认领", "rejected": "都不是", "waiting": "等新设主体"}
LONGEST_REASON = 500


@dataclass(frozen=True)
class ClaimReport:
    """What became of the rows that waited for a decision (认领回执)."""

    question_id: int
    choice: str
    sentence: str
    batches: tuple[BatchReport, ...] = ()
    """One batch for each file that the rows came from."""


def decide(
    connection: Connection,
    question_id: int,
    choice: str,
    by: str,
    reason: str = "",
    enterprise_code: str | None = None,
) -> bool:
    """Write down what a person decided, in the caller's transaction, with its journal record.

    choice: accepted (with an enterprise that the registry knows), rejected, waiting. A later decision replaces an
    earlier one, which stays on record; saying the same again (a double click) writes nothing and returns False.
    Raises Refusal match.*.
    """
    question = _question(connection, question_id, lock=True)
    if choice not in CHOICES:
        raise Refusal("match.choice", f"没有“{choice}”这种决定。", f"请选：{'、'.join(CHOICES.values())}。")
    if not by.strip():
        raise Refusal("match.nobody", "没有写明经办人。", "请写明由谁决定。")
    if len(reason) > LONGEST_REASON:
        raise Refusal("match.long_reason", f"理由超过 {LONGEST_REASON} 字。", "请写得短些。")
    if choice == "accepted":
        enterprise_code = _known_enterprise(connection, enterprise_code)
    if _says_so_already(connection, question, choice, enterprise_code):
        return False
    if question["state"] == "accepted" and not reason.strip():
        raise Refusal("match.no_reason", "收回或改变一次认领需要写明理由。", "请填写理由后再提交。")
    decision = {
        "question_id": question_id, "choice": choice, "decided_by": by.strip(), "decided_at": clock.now(),
        "enterprise_code": enterprise_code if choice == "accepted" else None, "reason": reason.strip(),
    }  # fmt: skip
    connection.execute(insert(MatchDecision).values(**decision))
    connection.execute(update(MatchQuestion).where(MatchQuestion.id == question_id).values(state=choice))
    named = {name: question[name] for name in ("dataset", "sender", "given_name", "given_number")}
    detail = named | {
        "before": question["state"], "enterprise_code": decision["enterprise_code"], "reason": decision["reason"]
    }  # fmt: skip
    journal.append(connection, by.strip(), f"match.{choice}", f"match:{question_id}", detail)
    return True


def after_decision(engine: Engine, question_id: int, progress: Progress | None = None) -> ClaimReport:
    """Bring in the rows that waited for an accepted question; of any other say what happens now.

    Each file's rows become a batch of their own, made of what was kept of them. Rows with other faults stay held.
    May be run again: what is in is not brought in twice. `engine` acts in the role wurao_ingest.
    """
    with engine.connect() as connection:
        question = _question(connection, question_id)
        if question["state"] != "accepted":
            return ClaimReport(question_id, question["state"], _left(connection, question))
        ready, other = _waiting_rows(connection, question_id)
    say = progress or silent
    reports = []
    for place, (batch, rows) in enumerate(ready.items()):
        step = part_of(say, place / len(ready), 1 / len(ready))
        reports.append(_bring_in_rows(engine, batch, [(question_id, row_no) for row_no in rows], step))
    return ClaimReport(question_id, "accepted", _told(reports, other), tuple(reports))


def bring_in_known(engine: Engine, progress: Progress | None = None) -> ClaimReport:
    """Bring in waiting rows whose very number or name has been registered meanwhile; nobody need decide that.

    By the ordinary rule: an equal number, or an equal name key of exactly one enterprise. What a person rejected
    stays rejected. `engine` acts in the role wurao_ingest.
    """
    with engine.connect() as connection:
        found = connection.execute(text(_KNOWN), {"alone": ["unmatched", "ambiguous_name"]}).all()
    batches: dict[int, list[tuple[int, int]]] = {}
    for question, batch, row_no in found:
        batches.setdefault(batch, []).append((question, row_no))
    say, reports = progress or silent, []
    for place, (batch, waiting) in enumerate(batches.items()):
        step = part_of(say, place / len(batches), 1 / len(batches))
        reports.append(_bring_in_rows(engine, batch, waiting, step))
    with engine.begin() as connection:
        done = sorted({question for report, waiting in zip(reports, batches.values(), strict=True)
                       for question, _ in waiting if report.state == "loaded"})  # fmt: skip
        connection.execute(update(MatchQuestion).where(MatchQuestion.id.in_(done)).values(state="known"))
    rows = sum(report.rows_valid for report in reports)
    sentence = f"{len(done)} 个名称或代码已经登记，{rows} 行归集入库。" if done else "没有新登记的名称。"
    return ClaimReport(0, "known", sentence, tuple(reports))


def _question(connection: Connection, question_id: int, lock: bool = False) -> RowMapping:
    wanted = select(MatchQuestion.__table__).where(MatchQuestion.id == question_id)
    wanted = wanted.with_for_update() if lock else wanted
    question = connection.execute(wanted).mappings().first()
    if question is None:
        raise Refusal("match.unknown", f"没有第 {question_id} 条待认领名称。", "请从列表里选择。", 404)
    return question


def _says_so_already(
    connection: Connection, question: RowMapping, choice: str, enterprise_code: str | None
) -> bool:
    if question["state"] != choice or choice != "accepted":
        return bool(question["state"] == choice)
    last = select(MatchDecision.enterprise_code).where(MatchDecision.question_id == question["id"])
    return connection.execute(last.order_by(MatchDecision.id.desc()).limit(1)).scalar_one() == enterprise_code


def _known_enterprise(connection: Connection, number: str | None) -> str:
    """The enterprise_code of a number or code that the registry knows."""
    known = text(
        "SELECT enterprise_code FROM enterprise_alias WHERE (enterprise_code = :code OR (kind <> 'name' AND alias = :code))"
        f" AND {stands('batch_id')} ORDER BY enterprise_code <> :code LIMIT 1"
    )
    found = connection.execute(known, {"code": normalise_code(number or "")}).scalar_one_or_none()
    if found is None:
        raise Refusal(
            "match.no_enterprise",
            f"登记信息里没有“{number or ''}”这户主体。",
            "请从候选里选，或核对统一社会信用代码。",
        )
    return str(found)


def _waiting_rows(connection: Connection, question_id: int) -> tuple[dict[int, list[int]], int]:
    """Batch → rows that wait and have no other fault; and how many wait with one."""
    wanted = text(f"""
SELECT w.batch_id, w.row_no, bool_and(f.code = ANY(:asked)) AS alone FROM match_row w
  JOIN row_fault f ON f.batch_id = w.batch_id AND f.row_no = w.row_no
 WHERE w.question_id = :question AND {stands("w.batch_id")}
   AND (w.brought_in_by IS NULL OR NOT {stands("w.brought_in_by")})
 GROUP BY w.batch_id, w.row_no ORDER BY w.batch_id, w.row_no""")
    ready: dict[int, list[int]] = {}
    other = 0
    for batch, row_no, alone in connection.execute(wanted, {"question": question_id, "asked": list(ASKED)}):
        if alone:
            ready.setdefault(batch, []).append(row_no)
        else:
            other += 1
    return ready, other


def _bring_in_rows(
    engine: Engine, batch: int, waiting: list[tuple[int, int]], progress: Progress
) -> BatchReport:
    """Bring in (question, row) of a batch as a batch of its own."""
    rows = sorted({row_no for _, row_no in waiting})
    with tempfile.TemporaryDirectory(prefix="wurao-") as folder, engine.connect() as connection:
        name = workbook_name(connection, batch, CLAIMED)
        path = Path(folder) / "claimed.xlsx"
        # Without its moment the file would be the very one that a person may have undone in between.
        write_fault_workbook(connection, batch, path, rows, f"{CLAIMED}于 {clock.now().isoformat()}。")
        connection.rollback()
        try:
            report = ingest_file(engine, path, file_name=name, progress=progress)
        except Refusal as refusal:
            return BatchReport(None, "", name, "failed", sentence=str(refusal))
        if report.state == "loaded":
            done = text(
                "UPDATE match_row SET brought_in_by = :by"
                " WHERE question_id = ANY(:questions) AND batch_id = :batch AND row_no = ANY(:rows)"
            )
            questions = sorted({question for question, _ in waiting})
            values = {"by": report.batch_id, "questions": questions, "batch": batch, "rows": rows}
            connection.execute(done, values)
            connection.commit()
    return report


_KNOWN = f"""
SELECT q.id, w.batch_id, w.row_no FROM match_question q JOIN match_row w ON w.question_id = q.id
  JOIN row_fault f ON f.batch_id = w.batch_id AND f.row_no = w.row_no
 WHERE q.state IN ('open', 'waiting') AND w.brought_in_by IS NULL AND {stands("w.batch_id")} AND (
   q.number <> '' AND EXISTS (SELECT 1 FROM enterprise_alias a
     WHERE a.kind <> 'name' AND a.alias = q.number AND {stands("a.batch_id")})
   OR q.number = '' AND (SELECT count(DISTINCT a.enterprise_code) FROM enterprise_alias a
     WHERE a.kind = 'name' AND a.alias = q.name_key AND {stands("a.batch_id")}) = 1)
 GROUP BY q.id, w.batch_id, w.row_no HAVING bool_and(f.code = ANY(:alone)) ORDER BY w.batch_id, w.row_no"""


def _told(reports: list[BatchReport], other: int) -> str:
    loaded = [report for report in reports if report.state == "loaded"]
    rows = sum(report.rows_valid for report in loaded)
    parts = [f"已认领，{rows} 行归集入库。" if loaded else "已认领，今后同样的写法都算这户主体。"]
    parts += [
        f"{r.file_name} 的行没能自动归集：{r.sentence}请重新报送原文件。"
        for r in reports
        if r.state != "loaded"
    ]
    if other := other + sum(report.rows_faulty for report in loaded):
        parts.append(f"另有 {other} 行还有别的问题，请在问题数据表里改正后送回。")
    return "".join(parts)


def _left(connection: Connection, question: RowMapping) -> str:
    """What stays as it is after a rejection, and what the person may still want to do."""
    brought = select(text("DISTINCT brought_in_by")).select_from(text("match_row")).where(
        text(f"question_id = :question AND brought_in_by IS NOT NULL AND {stands('brought_in_by')}")
    )  # fmt: skip
    batches = connection.execute(brought, {"question": question["id"]}).scalars().all()
    kept = {
        "rejected": "已记为都不是候选，行继续保留；候选没有变化就不再询问。",
        "waiting": "已记为等新设主体，行继续保留；登记信息到后会再次列出。",
    }.get(question["state"], "尚未决定。")
    if batches:
        named = "、".join(f"第 {batch} 批" for batch in sorted(batches))
        return f"{kept}此前按原认领归集的{named}仍然有效，如需收回请撤销该批。"
    return kept
