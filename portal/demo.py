"""The demonstration (演示): the whole chain on a simulated city, through the same doors as real use.

Every step is the function that the pages and commands call. Dates are those of the simulated city: what is
known ends on AS_OF, the plan is for the quarter that follows, and the pages then show that quarter's first weeks.
"""

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select, text

from ingestion.city import write_city
from ingestion.intake import ingest_folder
from portal.accounts import create_demo_accounts
from portal.demo_cases import enter_demo_cases
from portal.demo_story import picture, tell_story
from registry import clock
from registry.database import Database, open_database
from registry.errors import Refusal
from registry.progress import Progress
from registry.settings import Settings
from registry.tables import Batch, Enterprise, JournalRecord, Visit
from reports.everything import write_all
from risk.adoption import adopt
from risk.grade import grade
from risk.release import release
from risk.train import train
from risk.warnings import propose_warnings
from scheduling import ceremony, roster_book, team_draw
from scheduling.allocation import allocate
from scheduling.plan import approve_plan, make_plan
from scheduling.pool import freeze_pool
from scheduling.publication import publish_draw
from scheduling.verify import verify_bundle

AS_OF = date(2026, 9, 30)
WINDOW = (date(2026, 10, 1), date(2026, 12, 31))
PLANNER, APPROVER = "演示·计划员", "演示·审批人"
SOLVER_SECONDS = 20.0
MARKER = "demo.json"


@dataclass
class Demonstration:
    """What the chain made, step by step, with the seconds each took."""

    settings: Settings
    progress: Progress
    seconds: dict[str, float] = field(default_factory=dict)
    made: dict[str, Any] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[Progress]:
        """Time one step and show it as one bar; what it calls reports its own share from 0 to 1."""
        started = time.monotonic()
        self.progress(name, 0.0)
        yield lambda _stage, fraction: self.progress(name, fraction)
        self.progress(name, 1.0)
        self.seconds[name] = round(time.monotonic() - started, 1)

    def facts(self) -> dict[str, Any]:
        """What happened, for machines."""
        return {"seconds": self.seconds, **self.made}

    def text(self) -> str:
        """What happened, in a screenful."""
        return tell_story(self.made, self.seconds, self.settings.data)


def run_demo(
    settings: Settings, enterprises: int, seed: int, fresh: bool, progress: Progress
) -> Demonstration:
    """Run the chain. Raises Refusal demo.foreign_data rather than touch a database that is not a demonstration's."""
    demonstration = Demonstration(settings, progress)
    settings.data.mkdir(parents=True, exist_ok=True)
    with demonstration.step("数据库 database"), open_database(settings) as database:
        _refuse_foreign_data(settings, database)
    if fresh:
        _begin_again(settings)
    _set_clock(settings, AS_OF)
    (settings.data / MARKER).write_text(json.dumps({"seed": seed, "enterprises": enterprises}))
    with open_database(settings) as database:
        _bring_in(demonstration, database, enterprises, seed)
        _judge(demonstration, database)
        _plan_and_draw(demonstration, database)
        _roster(demonstration, database)
        _open_doors(demonstration, database)
    return demonstration


def _bring_in(demonstration: Demonstration, database: Database, enterprises: int, seed: int) -> None:
    with demonstration.step("模拟城市的文件 simulated city") as report:
        city = write_city(
            demonstration.settings.data / "city", seed, enterprises, AS_OF,
            progress=lambda done, all_: report("", done / all_),
        )  # fmt: skip
    with demonstration.step("数据归集 ingestion") as report:
        batches = ingest_folder(database.engine_for("ingest"), city.files_folder, progress=report)
    demonstration.made["city"] = {
        "rows": city.rows(),
        "files": len(city.files),
        "rejected": city.dirty_rows("rejected"),
    }
    demonstration.made["batches"] = batches


def _judge(demonstration: Demonstration, database: Database) -> None:
    engine, place = database.engine_for("risk"), demonstration.settings.place
    with demonstration.step("训练 training") as report:
        trained = train(engine, AS_OF, place, progress=report)
        demonstration.made["training"] = trained
        adopt(engine, trained.model_run_id, PLANNER, APPROVER, "演示：测试期指标已核对，同意启用", AS_OF)
    with demonstration.step("分类 grading") as report:
        graded = grade(engine, AS_OF, place, progress=report)
        demonstration.made["grading"] = graded
    with demonstration.step("监测与放行 monitoring and release") as report:
        demonstration.made["release"] = release(engine, graded.snapshot_id, progress=report)
    with demonstration.step("风险提示 warnings"):
        demonstration.made["warnings"] = propose_warnings(engine, AS_OF, place)


def _plan_and_draw(demonstration: Demonstration, database: Database) -> None:
    engine, made = database.engine_for("schedule"), demonstration.made
    with demonstration.step("计划与对象池 plan and pool") as report:
        plan = make_plan(engine, AS_OF, demonstration.settings.place, *WINDOW, made_by=PLANNER)
        approve_plan(engine, plan, APPROVER)
        report("", 0.2)
        made["pool"] = freeze_pool(engine, plan, PLANNER)
    with demonstration.step("数量分配 allocation"):
        made["allocated"] = allocate(engine, plan, PLANNER).total
    with demonstration.step("公开抽取 public draw"):
        moment = _next_moment()
        draw = ceremony.commit_draw(engine, plan, PLANNER, f"{moment} 安和市政务服务中心一楼大厅（演示）")
        _await(moment)
        seed_text = ceremony.simulated_seed(engine, draw, AS_OF)
        ceremony.record_seed(
            engine, draw, seed_text, "模拟掷骰（仅供演示，正式抽取须现场公开产生）", APPROVER
        )
        made["drawn"] = ceremony.run_draw(engine, draw, PLANNER)
    made |= {"plan_id": plan, "draw_id": draw}


AHEAD = timedelta(seconds=2)
"""So soon after its commitment a ceremony of the demonstration is announced for, and awaited: no seed before its time."""


def _next_moment() -> datetime:
    return (clock.now() + AHEAD).replace(microsecond=0)


def _await(moment: datetime) -> None:
    time.sleep(max(0.0, (moment - clock.now()).total_seconds()))


def _roster(demonstration: Demonstration, database: Database) -> None:
    engine, made = database.engine_for("schedule"), demonstration.made
    with demonstration.step("合并与排日 merge and dates") as report:
        roster = roster_book.make_roster(engine, made["plan_id"], SOLVER_SECONDS, PLANNER, progress=report)
    with demonstration.step("派员抽签与核验 teams and check"):
        moment = _next_moment()
        team = team_draw.commit_team_draw(engine, roster, PLANNER, f"{moment} 同一地点（演示）")
        _await(moment)
        seed_text = ceremony.simulated_seed(engine, team, AS_OF)
        ceremony.record_seed(engine, team, seed_text, "模拟掷骰（仅供演示）", APPROVER)
        made["violations"] = team_draw.staff_roster(engine, roster, PLANNER)
    with demonstration.step("公布与重算 publish and verify"):
        bundles = publish_draw(engine, made["draw_id"], demonstration.settings.data / "bundles", APPROVER)
        verdict = verify_bundle(bundles.public, bundles.audit)
        if not verdict.ok:
            raise Refusal("demo.not_verified", "公开包没有通过重算。", f"wurao verify {bundles.public}")
    made |= {"roster_id": roster, "bundles": bundles}
    with demonstration.step("报表 reports") as report:
        folder = demonstration.settings.data / "reports" / f"plan-{made['plan_id']}"
        made["reports"] = write_all(
            database.engine_for("report"), made["plan_id"], roster, folder, progress=report
        )

    with database.engine_for("report").connect() as connection:
        made["picture"] = picture(connection, roster)


def _open_doors(demonstration: Demonstration, database: Database) -> None:
    """Make accounts, and set the pages' clock to the first day that has visits."""
    with database.owner().connect() as connection:
        first = connection.execute(
            select(Visit.visit_date)
            .where(Visit.roster_id == demonstration.made["roster_id"])
            .order_by(Visit.visit_date)
            .limit(1)
        ).scalar_one_or_none()
    today = first or WINDOW[0]
    _set_clock(demonstration.settings, today)
    demonstration.made["today"] = today
    with demonstration.step("账户与案件 accounts and cases"):
        demonstration.made["accounts"] = create_demo_accounts(database.engine_for("portal"))
        demonstration.made["waivers"] = enter_demo_cases(database, AS_OF, demonstration.settings.place)


def _set_clock(settings: Settings, today: date) -> None:
    """The date that pages and the journal take for today, until the next demonstration."""
    lines = ("# written by wurao demo", f"today = {today}", f'place = "{settings.place}"')
    (settings.data / "settings.toml").write_text("\n".join(lines) + "\n")


def _refuse_foreign_data(settings: Settings, database: Database) -> None:
    with database.owner().connect() as connection:
        occupied = any(
            connection.execute(select(table).limit(1)).first() for table in (Enterprise, Batch, JournalRecord)
        )
    if occupied and not (settings.data / MARKER).exists():
        raise Refusal(
            "demo.foreign_data",
            "这个数据库里已有不是演示产生的数据，演示不会改动它。",
            "用 --folder 指定另一个数据文件夹，或取消 WURAO_DATABASE_URL。",
        )


def _begin_again(settings: Settings) -> None:
    """Forget the last demonstration: an empty schema, empty folders."""
    (settings.data / "settings.toml").unlink(missing_ok=True)
    for name in ("bundles", "reports", "city"):
        shutil.rmtree(settings.data / name, ignore_errors=True)
    with open_database(settings) as database, database.owner().begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
