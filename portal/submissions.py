"""Submissions (结果录入): a result entered at the door of the enterprise, received once whatever the network does."""

import hashlib
import json
import re
import secrets
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Engine, Integer, RowMapping, cast, func, select, update
from sqlalchemy.dialects.postgresql import insert

from portal.reading.visits import VisitSheet
from registry import clock, journal
from registry.errors import Refusal
from registry.scope import Scope, not_yours, office_rows
from registry.tables.casework import ResultSubmission
from registry.tables.visit import Visit
from registry.vocabulary import RESULTS

DEVICE_ID = re.compile(r"[0-9a-fA-F-]{16,64}")
NOTE_LENGTH = 500


@dataclass(frozen=True)
class Entry:
    """What an inspector entered: item code → {checked, result_code, note}. `device_id` is made on the phone."""

    device_id: str
    visit_id: int
    staff_no: str
    department: str
    inspected_on: date
    item_results: dict[str, dict[str, Any]]

    def content_hash(self) -> str:
        """SHA-256 of everything but the device id."""
        content = [
            self.visit_id,
            self.staff_no,
            self.department,
            self.inspected_on.isoformat(),
            self.item_results,
        ]
        return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def entry_from(form: dict[str, str], sheet: VisitSheet, staff_no: str) -> Entry:
    """The entry of a form, checked against the visit's own items. Raises Refusal result.*."""
    member = next(m for m in sheet.members if m["staff_no"] == staff_no)
    own = [item["code"] for item in sheet.items if item["department"] == member["department"]]
    device_id = form.get("device_id", "")
    if not DEVICE_ID.fullmatch(device_id):
        raise Refusal("result.device_id", "表单缺少本机编号。", "请刷新页面后重新录入。")
    try:
        inspected_on = date.fromisoformat(form.get("inspected_on", ""))
    except ValueError:
        raise Refusal("result.date", "检查日期没有填写或格式不对。", "请填写实际检查日期。") from None
    if inspected_on > clock.today():
        raise Refusal("result.future", "检查日期在今天之后，不能录入。", "请在实际检查后录入。")
    _refuse_outside_visit(inspected_on, sheet.visit["visit_date"])
    results = {code: _item_result(code, form) for code in own}
    if not any(result["checked"] for result in results.values()):
        raise Refusal(
            "result.nothing",
            "没有任何事项填写检查结果。",
            "请至少填写一项；都不涉及时请选“未发现开展本次抽查涉及的经营活动”。",
        )
    return Entry(device_id, sheet.visit["first_id"], staff_no, member["department"], inspected_on, results)


def submit(engine: Engine, actor: str, entry: Entry) -> str:
    """The receipt number. The same id with the same content gives the same receipt and no second row.

    Raises Refusal result.conflict (409) for the same id with other content, result.standing (409) where another
    result of the visit and department waits or is published; the journal keeps the refused content.
    """
    with engine.begin() as connection:
        _one_at_a_time(connection, entry)
        known = _known_under(connection, entry.device_id)
        if known is not None and known["content_hash"] == entry.content_hash():
            return str(known["receipt_no"])
        standing = _standing(connection, entry) if known is None else None
        receipt = _insert_once(connection, entry) if known is None and standing is None else None
        if receipt:
            detail = {"receipt": receipt, "visit": entry.visit_id, "content_hash": entry.content_hash()}
            journal.append(connection, actor, "result.submitted", f"visit:{entry.visit_id}", detail)
            return receipt
        kept = known or standing or _known_under(connection, entry.device_id)
        assert kept is not None
        refusal = _already_standing(kept) if standing is not None else _other_content(kept)
        detail = {
            "device_id": entry.device_id,
            "kept_receipt": kept["receipt_no"],
            "refused": entry.item_results,
            "inspected_on": entry.inspected_on.isoformat(),
        }
        journal.append(connection, actor, refusal.code, f"visit:{entry.visit_id}", detail)
    raise refusal


def receipts_of(connection: Connection, staff_no: str) -> list[RowMapping]:
    """An inspector's receipts, newest first."""
    wanted = (
        select(ResultSubmission.__table__, Visit.visit_no, Visit.enterprise_code, Visit.visit_date)
        .join(Visit, Visit.id == ResultSubmission.visit_id)
        .where(ResultSubmission.staff_no == staff_no)
        .order_by(ResultSubmission.id.desc())
        .limit(200)
    )
    return list(connection.execute(wanted).mappings())


def submissions_in(connection: Connection, scope: Scope, state: str) -> list[RowMapping]:
    """Results in a state, within an office's area, oldest first."""
    wanted = (
        select(ResultSubmission.__table__, Visit.visit_no, Visit.enterprise_code, Visit.localadm)
        .join(Visit, Visit.id == ResultSubmission.visit_id)
        .where(ResultSubmission.state == state, office_rows(scope, Visit.localadm))
        .order_by(ResultSubmission.id)
        .limit(200)
    )
    return list(connection.execute(wanted).mappings())


def review(connection: Connection, scope: Scope, actor: str, submission_id: int, accept: bool) -> None:
    """待审核 → 已公示 or 审核退回, once. Raises Refusal result.reviewed (409) for one already reviewed."""
    wanted = (
        select(ResultSubmission.state)
        .join(Visit, Visit.id == ResultSubmission.visit_id)
        .where(ResultSubmission.id == submission_id, office_rows(scope, Visit.localadm))
        .with_for_update(of=ResultSubmission)
    )
    state = connection.execute(wanted).scalar_one_or_none()
    if state is None:
        raise not_yours()
    if state != "待审核":
        raise Refusal("result.reviewed", f"这份结果已是“{state}”。", "请刷新列表。", 409)
    new = "已公示" if accept else "审核退回"
    values = {"state": new, "reviewed_by": actor, "reviewed_at": clock.now()}
    connection.execute(update(ResultSubmission).where(ResultSubmission.id == submission_id).values(**values))
    journal.append(connection, actor, "result.reviewed", f"submission:{submission_id}", {"state": new})


def _refuse_outside_visit(inspected_on: date, visit_date: date) -> None:
    """A result belongs to its visit: not before its day, and none while that day is still to come."""
    if visit_date > clock.today():
        raise Refusal(
            "result.not_due",
            f"这次检查安排在 {visit_date}，还没到检查日，不能录入结果。",
            "请到检查日现场检查后再录入；需要提前检查的，先由计划人员调整排班。",
        )
    if inspected_on < visit_date:
        raise Refusal(
            "result.before_visit",
            f"检查日期 {inspected_on} 早于这次检查的安排日期 {visit_date}。",
            "请返回填写实际检查日期；确在安排日期之前检查过的，先由计划人员调整排班。",
        )


def _one_at_a_time(connection: Connection, entry: Entry) -> None:
    """Two phones of one department queue here, or both would find no standing result."""
    department = int.from_bytes(hashlib.sha256(entry.department.encode()).digest()[:4], signed=True)
    connection.execute(select(func.pg_advisory_xact_lock(cast(entry.visit_id, Integer), department)))


def _known_under(connection: Connection, device_id: str) -> RowMapping | None:
    wanted = select(ResultSubmission.receipt_no, ResultSubmission.content_hash)
    return connection.execute(wanted.where(ResultSubmission.device_id == device_id)).mappings().first()


def _standing(connection: Connection, entry: Entry) -> RowMapping | None:
    """The department's result of the visit that waits or is published; a returned one does not stand."""
    wanted = select(ResultSubmission.receipt_no, ResultSubmission.state).where(
        ResultSubmission.visit_id == entry.visit_id,
        ResultSubmission.department == entry.department,
        ResultSubmission.state.in_(("待审核", "已公示")),
    )
    return connection.execute(wanted.order_by(ResultSubmission.id.desc()).limit(1)).mappings().first()


def _already_standing(kept: RowMapping) -> Refusal:
    return Refusal(
        "result.standing",
        f"本部门对这次检查已提交过结果（回执 {kept['receipt_no']}，{kept['state']}），不能再提交一份。",
        "请核对那份回执；需要更正的，请审核人员退回后重新录入。",
        409,
    )


def _other_content(kept: RowMapping) -> Refusal:
    return Refusal(
        "result.conflict",
        f"这份录入此前已以不同内容提交过（回执 {kept['receipt_no']}），两份内容都已留存，本次没有覆盖。",
        "请打开检查页核对；需要更正的，请审核人员退回后重新录入。",
        409,
    )


def _insert_once(connection: Connection, entry: Entry) -> str | None:
    now = clock.now()
    receipt = f"{now:%Y%m%d}-{secrets.token_hex(4).upper()}"
    values = {
        "device_id": entry.device_id,
        "content_hash": entry.content_hash(),
        "receipt_no": receipt,
        "visit_id": entry.visit_id,
        "staff_no": entry.staff_no,
        "department": entry.department,
        "inspected_on": entry.inspected_on,
        "item_results": entry.item_results,
        "state": "待审核",
        "submitted_at": now,
    }
    once = insert(ResultSubmission).values(**values).on_conflict_do_nothing(index_elements=["device_id"])
    return connection.execute(once.returning(ResultSubmission.receipt_no)).scalar_one_or_none()


def _item_result(code: str, form: dict[str, str]) -> dict[str, Any]:
    result, note = form.get(f"result_{code}", ""), form.get(f"note_{code}", "").strip()
    if result and result not in RESULTS:
        raise Refusal("result.code", f"事项 {code} 的结果“{result}”不在代码表里。", "请从列表中选择。")
    if len(note) > NOTE_LENGTH:
        raise Refusal(
            "result.note", f"事项 {code} 的说明超过 {NOTE_LENGTH} 字。", "请精简，详情写入检查笔录。"
        )
    if result and RESULTS[result][1] and not note:
        raise Refusal(
            "result.note", f"事项 {code} 选择了“{RESULTS[result][0]}”，但没有说明。", "请简要写明发现的问题。"
        )
    return {"checked": bool(result), "result_code": result or None, "note": note}
