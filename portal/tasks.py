"""Tasks (后台任务): what the worker may be asked for, each a walk through the stages.

A task never waits for a person: where one has to act (approve, announce a seed), it ends and says so, and that
person's act asks for the next task. Every task may be asked for again: what is done is not done twice.
"""

from datetime import date
from typing import Any

from sqlalchemy import RowMapping, select

from ingestion.quality import read_figures
from ingestion.quality_alerts import find_alerts, record_alerts
from ingestion.sources.pull import Places, pull_source
from ingestion.sources.register import find_source
from ingestion.submissions import load_submissions
from portal.batch_tasks import bring_in_claimed, bring_in_registered, ingest_upload, undo
from portal.house import House, Progress, Task
from portal.monitor_report import write_card, write_monitoring
from portal.reading.monitoring import one_month
from portal.training import train_apart
from registry import clock
from registry.errors import Refusal
from registry.tables.judgement import ModelRun
from registry.tables.planning import Draw, Plan
from registry.tables.visit import RosterVersion
from reports.everything import write_all
from risk.adoption import grading_run
from risk.grade import grade
from risk.release import release
from risk.warnings import propose_warnings
from scheduling.allocation import allocate
from scheduling.ceremony import commit_draw, run_draw
from scheduling.plan import make_plan
from scheduling.pool import freeze_pool
from scheduling.publication import publish_draw
from scheduling.roster_book import commit_team_draw, make_roster, staff_roster

RECURRING: dict[str, tuple[str | None, dict[str, Any]]] = {
    "monthly_grade": ("0 3 1 * *", {}),
    "nightly_submissions": ("30 1 * * *", {}),
    "nightly_quality": ("30 2 * * *", {}),
    "plan_and_draw": (None, {}),
    "draw_and_roster": (None, {}),
    "staff_roster": (None, {}),
    "ingest_upload": (None, {}),
    "undo_batch": (None, {}),
    "bring_in_claimed": (None, {}),
    "bring_in_registered": ("0 2 * * *", {}),
}
"""Job → its first timetable (an operator may change it in table `job`); None runs only when asked for."""


def plan_and_draw(house: House, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Make a plan and end at its approval; called again for an approved plan, go on to the public commitment."""
    engine = house.engine_for("schedule")
    actor = arguments["made_by"]
    if "plan_id" not in arguments:
        progress(0.1, "按抽查事项清单编制各部门任务")
        days = [date.fromisoformat(arguments[name]) for name in ("as_of", "window_from", "window_to")]
        plan_id = make_plan(engine, days[0], arguments["place"], days[1], days[2], actor)
        return {"plan_id": plan_id, "sentence": "计划已编制，等另一人审批。"}
    plan_id = int(arguments["plan_id"])
    if _state(house, plan_id) == "approved":
        progress(0.2, "逐项核对对象池：状态、迁移、间隔、频次、互认")
        freeze_pool(engine, plan_id, actor)
    if _state(house, plan_id) == "frozen":
        progress(0.6, "按分类比例、下限、人力分配抽取数量")
        allocate(engine, plan_id, actor)
    progress(0.95, "公布承诺")
    draw_id = commit_draw(engine, plan_id, actor, arguments["ceremony"])
    return {"plan_id": plan_id, "draw_id": draw_id, "sentence": "承诺已公布，等公开产生种子。"}


def draw_and_roster(house: House, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """After the seed: draw, publish, then date and staff the visits as far as the next public act allows."""
    engine, actor = house.engine_for("schedule"), arguments["made_by"]
    draw_id = int(arguments["draw_id"])
    draw = _draw(house, draw_id)
    if draw["state"] == "seeded":
        progress(0.1, "按种子抽取检查对象")
        run_draw(engine, draw_id, actor)
    if _draw(house, draw_id)["state"] == "drawn":
        progress(0.3, "公布名单和数据包")
        publish_draw(engine, draw_id, house.bundles, actor)
    roster_id = _roster_of(house, draw_id)
    if roster_id is None:
        progress(0.4, "合并各部门检查，排日期，避开安静日")
        roster_id = make_roster(
            engine,
            draw["plan_id"],
            ROSTER_SECONDS,
            actor,
            progress=lambda stage, share: progress(0.4 + 0.5 * share, stage),
        )
    progress(0.95, "公布派员概率表，作出承诺")
    team_draw = commit_team_draw(engine, roster_id, actor, arguments["team_ceremony"])
    return {
        "plan_id": draw["plan_id"],
        "draw_id": team_draw,
        "sentence": "检查对象已抽取并公布，日期已排定。派员概率表的承诺已公布，等公开产生第二个种子。",
    }


def staff_the_roster(house: House, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """After the second seed: send people, check independently, publish, and write the sheets and notices."""
    engine, actor = house.engine_for("schedule"), arguments["made_by"]
    team_draw = int(arguments["draw_id"])
    roster = _roster_staffed_by(house, team_draw)
    if _draw(house, team_draw)["state"] == "seeded":
        progress(0.1, "按种子抽取检查人员，独立核验排班")
        violations = staff_roster(engine, roster["id"], actor)
        if violations:
            remedy = "请查看计划页列出的违规，调整后形成新版本。"
            raise Refusal(
                "roster.violations", f"独立核验发现 {len(violations)} 处违规，没有公布。", remedy, 409
            )
    if _draw(house, team_draw)["state"] == "drawn":
        progress(0.3, "公布派员结果")
        publish_draw(engine, roster["draw_id"], house.bundles, actor)
    folder = house.reports / f"plan-{roster['plan_id']}"
    write_all(
        house.engine_for("report"),
        roster["plan_id"],
        roster["id"],
        folder,
        progress=lambda stage, share: progress(0.4 + 0.6 * share, stage),
    )
    return {"plan_id": roster["plan_id"], "sentence": "检查人员已抽取并公布，通知书和排班表已生成。"}


def monthly_grade(house: House, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Grade everybody as of today with the adopted model, monitor and release it or hold it back, renew the warnings.

    Where no model is there yet, one is trained. A model grades nobody before two people adopt it; the task never does.
    """
    engine, day = house.engine_for("risk"), clock.today()
    place = arguments.get("place", house.settings.place)
    if not _has_model(house, place, day):
        progress(0.05, "还没有模型，先训练")
        train_apart(engine, day, place, progress=lambda stage, share: progress(0.05 + 0.4 * share, stage))
    found: dict[str, Any] = {"enterprises": 0, "sentence": "模型待两人在“模型启用”页决定，本次没有分类"}
    if _has_adopted(house, place, day):
        found = _grade_and_release(house, day, place, progress)
    progress(0.96, "更新风险提示")
    warned = propose_warnings(engine, day, place)
    return found | {"warnings": warned, "sentence": f"{found['sentence']}，新提醒 {warned} 条。"}


def _grade_and_release(house: House, day: date, place: str, progress: Progress) -> dict[str, Any]:
    """The report and the model card lie among the sheets afterwards."""
    engine = house.engine_for("risk")
    report = grade(engine, day, place, progress=lambda stage, share: progress(0.45 + 0.3 * share, stage))
    released = release(engine, report.snapshot_id, lambda stage, share: progress(0.75 + 0.15 * share, stage))
    progress(0.92, "书写监测报告和模型卡")
    with engine.connect() as connection:
        folder = house.reports / f"monitor-{day}"
        write_monitoring(connection, one_month(connection, released.monitored.report_id), folder)
        write_card(connection, report.model_run_id, folder)
    held = "" if released.released else "；监测停止了自动放行，须两人核实，现仍用上一期"
    return {
        "enterprises": report.enterprises, "report_id": released.monitored.report_id, "released": released.released,
        "sentence": f"已分类 {report.enterprises} 户，变动 {report.changed} 户{held}",
    }  # fmt: skip


def nightly_submissions(house: House, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Results that were published come back as facts, which next month's grading reads."""
    report = load_submissions(house.engine_for("ingest"))
    if report is None:
        return {"rows": 0, "sentence": "没有新公示的结果。"}
    return {
        "batch_id": report.batch_id,
        "rows": report.rows_new,
        "sentence": f"并入 {report.rows_new} 条检查结果。",
    }


def pull(house: House, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Pull one source: on its timetable, because files lie in its folder, or because a person asked."""
    name, asked_by = arguments["source"], arguments.get("asked_by")
    with house.engine.connect() as connection:
        source = find_source(connection, name)
    if not source["active"] and not asked_by:
        return {"source_id": source["id"], "sentence": f"来源 {name} 已暂停，没有取数。"}
    report = pull_source(
        house.engine_for("ingest"),
        Places(house.settings.data, house.inbox),
        name,
        asked_by or "worker",
        progress=lambda stage, share: progress(share, stage),
    )
    return {"source_id": source["id"], "pull_id": report.pull_id, "sentence": report.sentence}


def nightly_quality(house: House, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Record the thresholds that the quality of data has passed, each once."""
    day, place = clock.today(), arguments.get("place", house.settings.place)
    with house.engine_for("ingest").begin() as connection:
        found = find_alerts(read_figures(connection, day, place), place)
        progress(0.8, "登记超过预警线的数据集、机构和月份")
        fresh = record_alerts(connection, found, day)
    return {"alerts": len(fresh), "sentence": f"数据质量新增 {len(fresh)} 条预警。"}


ROSTER_SECONDS = 60.0
"""How long the solver may look for a better roster when a person waits for it."""

TASKS: dict[str, Task] = {
    "plan_and_draw": plan_and_draw,
    "draw_and_roster": draw_and_roster,
    "staff_roster": staff_the_roster,
    "monthly_grade": monthly_grade,
    "ingest_upload": ingest_upload,
    "undo_batch": undo,
    "bring_in_claimed": bring_in_claimed,
    "bring_in_registered": bring_in_registered,
    "nightly_submissions": nightly_submissions,
    "pull": pull,
    "nightly_quality": nightly_quality,
}
"""Job → what carries it out; `pull:NAME` is the job of one source, carried out by `pull`."""


def _state(house: House, plan_id: int) -> str:
    with house.engine.connect() as connection:
        return str(connection.execute(select(Plan.state).where(Plan.id == plan_id)).scalar_one())


def _draw(house: House, draw_id: int) -> dict[str, Any]:
    with house.engine.connect() as connection:
        wanted = select(Draw.plan_id, Draw.state, Draw.kind).where(Draw.id == draw_id)
        return dict(connection.execute(wanted).mappings().one())


def _roster_of(house: House, draw_id: int) -> int | None:
    wanted = select(RosterVersion.id).where(RosterVersion.draw_id == draw_id, RosterVersion.state == "dated")
    with house.engine.connect() as connection:
        return connection.execute(wanted.order_by(RosterVersion.version.desc()).limit(1)).scalar_one_or_none()


def _roster_staffed_by(house: House, team_draw: int) -> RowMapping:
    wanted = select(RosterVersion.id, RosterVersion.plan_id, RosterVersion.draw_id)
    with house.engine.connect() as connection:
        return connection.execute(wanted.where(RosterVersion.team_draw_id == team_draw)).mappings().one()


def _has_adopted(house: House, place: str, day: date) -> bool:
    with house.engine.connect() as connection:
        return grading_run(connection, day, place) is not None


def _has_model(house: House, place: str, day: date) -> bool:
    with house.engine.connect() as connection:
        wanted = select(ModelRun.id).where(ModelRun.place == place, ModelRun.as_of <= day).limit(1)
        return connection.execute(wanted).first() is not None
