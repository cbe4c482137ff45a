"""Runs of background jobs (后台任务), for the people who asked for them."""

from typing import Any

from sqlalchemy import Connection, RowMapping, Select, func, select

from registry.scope import not_yours
from registry.tables.account import Account
from registry.tables.job import JobRun

TITLES = {
    "plan_and_draw": "编制计划、冻结对象池并公布承诺",
    "draw_and_roster": "按种子抽取、排日期并抽取检查人员",
    "staff_roster": "按种子抽取检查人员",
    "monthly_grade": "按月更新风险分类",
    "ingest_upload": "归集上传文件",
    "undo_batch": "撤销批次",
    "bring_in_claimed": "归集已认领的行",
    "bring_in_registered": "归集登记信息已到的行",
    "nightly_submissions": "已公示结果并入登记库",
    "nightly_quality": "登记数据质量预警",
}
STATES = {"waiting": "排队中", "running": "进行中", "done": "已完成", "failed": "未完成"}


def latest(connection: Connection, names: tuple[str, ...] | None, many: int) -> list[dict[str, Any]]:
    """The last runs, newest first, of some jobs or of all."""
    wanted = _named().order_by(JobRun.id.desc()).limit(many)
    if names:
        wanted = wanted.where(JobRun.job.in_(names))
    return [_titled(row) for row in connection.execute(wanted).mappings()]


def one(connection: Connection, run_id: int) -> dict[str, Any]:
    """One run. Raises Refusal scope.not_yours for an unknown one."""
    row = connection.execute(_named().where(JobRun.id == run_id)).mappings().first()
    if row is None:
        raise not_yours()
    return _titled(row)


def where_next(run: dict[str, Any]) -> dict[str, str]:
    """The page that a finished run leads to."""
    outcome = run["outcome"] or {}
    for key, path, text in (
        ("draw_id", "/staff/draws/{}", "查看抽取"),
        ("plan_id", "/staff/plans/{}", "查看计划"),
        ("source_id", "/staff/sources/{}", "查看来源"),
        ("batch_id", "/staff/batches/{}", "查看批次"),
        ("report_id", "/staff/monitoring/{}", "查看监测"),
        ("question_id", "/staff/matches/{}", "查看认领"),
    ):
        if key in outcome:
            return {"path": path.format(outcome[key]), "text": text}
    return {"path": "/staff", "text": "回到工作台"}


def under_way(connection: Connection, name: str, arguments: dict[str, Any]) -> int | None:
    """A waiting or running run of a job whose arguments hold these; its id."""
    wanted = select(JobRun.id).where(
        JobRun.job == name,
        JobRun.state.in_(("waiting", "running")),
        JobRun.arguments.contains(arguments),
    )
    return connection.execute(wanted.order_by(JobRun.id).limit(1)).scalar_one_or_none()


def _named() -> Select[Any]:
    """Runs with the display name of who asked; the worker and the command line have none but their own."""
    asker = func.coalesce(func.nullif(Account.display_name, ""), JobRun.asked_by).label("asked_by_name")
    return select(JobRun.__table__, asker).outerjoin(Account, Account.login == JobRun.asked_by)


def _titled(row: RowMapping) -> dict[str, Any]:
    kind, _, source = row["job"].partition(":")
    return dict(row) | {
        "title": f"取数：{source}" if kind == "pull" and source else TITLES.get(row["job"], row["job"]),
        "state_text": STATES.get(row["state"], row["state"]),
    }
