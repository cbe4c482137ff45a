"""Release (分类结果放行): monitored and in order, a grading is released by itself; otherwise two people decide."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Engine, RowMapping, func, insert, select

from registry import clock, journal
from registry.errors import Refusal
from registry.persons import same_person
from registry.progress import Progress
from registry.rules import load_rules
from registry.tables import MonitorReport, ReleaseProposal, SnapshotRelease
from risk.monitor import Monitored, monitor

ACTOR = "risk"
_LOCK = 0x7265_6C73  # "rels": of two approvals at once, one is a release


@dataclass(frozen=True)
class ReleaseReport:
    """What became of a grading: released or held back, and the monitoring behind it."""

    snapshot_id: int
    released: bool
    first: bool
    monitored: Monitored

    def text(self) -> str:
        """Lines for people. Internal."""
        if self.released:
            why = "本地区首次分类，没有可比的上期" if self.first else "监测没有停止放行的发现"
            return f"分类结果 {self.snapshot_id} 已自动放行（{why}）。\n{self.monitored.text()}"
        return (
            f"分类结果 {self.snapshot_id} 没有放行，排期和报表仍用上一期；须两人核实后放行："
            f"wurao grades release {self.snapshot_id} --by 甲 --approve 乙 --reason …\n{self.monitored.text()}"
        )


def release(engine: Engine, snapshot_id: int, progress: Progress | None = None) -> ReleaseReport:
    """Monitor a grading just made and release it unless a finding blocks; never a second time.

    The first grading of a place has no earlier one to compare with; what it can be compared with (the training
    snapshot, where it is of another day) is. Raises Refusal monitor.no_grading.
    """
    found = monitor(engine, snapshot_id, progress)
    first = bool(found.figures["first"])
    with engine.begin() as connection:
        _one_at_a_time(connection)
        done = _release_of(connection, snapshot_id) is not None
        if not found.blocks and not done:
            reason = "首次分类，没有可比的上期" if first else f"监测 {found.report_id} 没有停止放行的发现"
            _write(connection, snapshot_id, found.report_id, "automatic", None, None, reason)
        detail = {"report": found.report_id, "status": found.status, "released": done or not found.blocks}
        journal.append(connection, ACTOR, "grades.monitored", f"snapshot {snapshot_id}", detail)
    return ReleaseReport(snapshot_id, done or not found.blocks, first, found)


def release_held(engine: Engine, snapshot_id: int, by: str, approver: str, reason: str) -> None:
    """Both people at once, as at the command line. Raises what `propose_release` and `approve_release` raise."""
    refuse_same_person(_person(by), _person(approver))
    propose_release(engine, snapshot_id, by, reason)
    approve_release(engine, snapshot_id, approver)


def propose_release(engine: Engine, snapshot_id: int, by: str, reason: str) -> int:
    """One person asks for the release of a held grading, having seen its newest report; the proposal's id.

    Raises Refusal release.no_grading (404), release.done (409), release.no_reason, release.nobody.
    """
    with engine.begin() as connection:
        _one_at_a_time(connection)
        report = _held(connection, snapshot_id)
        by, reason = _person(by), _reason(reason, report)
        values = {
            "snapshot_id": snapshot_id, "report_id": report["id"], "proposed_by": by, "reason": reason,
            "proposed_at": clock.now(),
        }  # fmt: skip
        made = connection.execute(insert(ReleaseProposal).values(**values).returning(ReleaseProposal.id))
        proposal = int(made.scalar_one())
        detail = {"report": report["id"], "proposal": proposal, "reason": reason}
        journal.append(connection, by, "release.proposed", f"snapshot {snapshot_id}", detail)
    return proposal


def approve_release(engine: Engine, snapshot_id: int, approver: str) -> None:
    """Another person releases a held grading for which one has asked, on what its newest report says.

    Raises Refusal release.not_proposed, release.same_person, release.done (409), release.no_grading (404).
    """
    with engine.begin() as connection:
        _one_at_a_time(connection)
        report = _held(connection, snapshot_id)
        approver = _person(approver)
        proposal = _proposal(connection, snapshot_id, report["id"])
        refuse_same_person(proposal["proposed_by"], approver)
        _write(
            connection, snapshot_id, report["id"], "persons", proposal["proposed_by"], approver, proposal["reason"]
        )  # fmt: skip
        blocking = [finding["sentence"] for finding in report["findings"] if finding["blocks"]]
        detail = {"report": report["id"], "proposal": proposal["id"], "proposed_by": proposal["proposed_by"],
                  "reason": proposal["reason"], "findings": blocking}  # fmt: skip
        journal.append(connection, approver, "release.approved", f"snapshot {snapshot_id}", detail)


def refuse_same_person(one: str, other: str) -> None:
    """Raises Refusal release.same_person (409) unless two names are two people's."""
    if same_person(one, other):
        raise Refusal(
            "release.same_person",
            f"放行由 {one} 申请，不能由同一人批准。",
            "请另一名有权限的人员看过监测报告后批准。",
            409,
        )


def _held(connection: Connection, snapshot_id: int) -> RowMapping:
    """The newest report of a grading that is not released yet."""
    if _release_of(connection, snapshot_id) is not None:
        raise Refusal("release.done", f"分类结果 {snapshot_id} 已经放行。", "不用再办。", 409)
    wanted = select(MonitorReport.__table__).where(MonitorReport.snapshot_id == snapshot_id)
    report = connection.execute(wanted.order_by(MonitorReport.id.desc()).limit(1)).mappings().first()
    if report is None:
        raise Refusal(
            "release.no_grading",
            f"分类结果 {snapshot_id} 没有监测报告，看不到变动就不能放行。",
            "核对编号；确有此期的，先运行 wurao monitor --as-of 该期日期。",
            404,
        )
    return report


def _proposal(connection: Connection, snapshot_id: int, report_id: int) -> RowMapping:
    wanted = select(ReleaseProposal.__table__).where(
        ReleaseProposal.snapshot_id == snapshot_id, ReleaseProposal.report_id == report_id
    )
    found = connection.execute(wanted.order_by(ReleaseProposal.id.desc()).limit(1)).mappings().first()
    if found is None:
        raise Refusal(
            "release.not_proposed",
            f"分类结果 {snapshot_id} 在最新的监测报告之后还没有人申请放行。",
            "先由一人看过报告、写明理由提出申请，再由另一人批准。",
            409,
        )
    return found


def _release_of(connection: Connection, snapshot_id: int) -> RowMapping | None:
    wanted = select(SnapshotRelease.__table__).where(SnapshotRelease.snapshot_id == snapshot_id)
    return connection.execute(wanted).mappings().first()


def _write(
    connection: Connection, snapshot_id: int, report: int, how: str, by: str | None, approver: str | None, reason: str
) -> None:  # fmt: skip
    values = {
        "snapshot_id": snapshot_id, "report_id": report, "how": how, "released_by": by, "approved_by": approver,
        "reason": reason, "released_at": clock.now(),
    }  # fmt: skip
    connection.execute(insert(SnapshotRelease).values(**values))


def _one_at_a_time(connection: Connection) -> None:
    connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))


def _person(name: str) -> str:
    plain = name.strip()
    if not plain:
        raise Refusal("release.nobody", "没有写明是谁。", "写上本人的姓名或工号。")
    return plain


def _reason(reason: str, report: RowMapping) -> str:
    least = int(load_rules().value("monitor.release.least_reason", report["place"], report["as_of"]))
    plain = reason.strip()
    if len(plain) < least:
        raise Refusal(
            "release.no_reason",
            f"放行理由不足 {least} 个字。",
            "写明核对了哪些来源、为什么这样的变动是真实的。",
        )
    return plain
