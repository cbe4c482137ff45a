"""Everything a finished plan hands over (全部输出): workbook, printable sheets, notices, summary, public page."""

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

from sqlalchemy import Connection, Engine, select

from registry import clock
from registry.errors import Refusal
from registry.progress import Progress, silent
from registry.standing import standing
from registry.tables import Notice, RosterVersion, Visit
from reports.chain import public_bundle, read_draws
from reports.notices import issue_notices
from reports.pdf import write_check_sheet_pdf, write_notice_pdf, write_roster_pdf
from reports.publication import write_announcement, write_public_page
from reports.roster import NOTICE_KIND, RosterView, read_roster
from reports.summary import write_summary
from reports.workbook import write_roster_workbook

PUBLIC = "public"
"""Folder of what may leave the bureau; everything beside it may not."""
SAMPLE = 10
"""Notices and check sheets printed at once; the others are printed on demand, visit by visit."""


def write_all(
    engine: Engine, plan_id: int, roster_id: int | None, folder: Path, progress: Progress | None = None
) -> dict[str, Path]:
    """Issue the notices and write every output of a plan into `folder`; returns name → path.

    `roster_id` None means the newest version. `progress` is told the stage and its share done. A roster that
    is not fit for notices is still printed, without them. Raises Refusal reports.no_roster.
    """
    tell = progress or silent
    with engine.connect() as connection:
        roster = roster_id if roster_id is not None else newest_roster(connection, plan_id)
        view = read_roster(connection, roster)
    issue_if_fit(engine, view, tell)
    with engine.connect() as connection:
        view = read_roster(connection, roster)
        return _write(connection, view, folder, tell)


def newest_roster(connection: Connection, plan_id: int) -> int:
    """The newest roster version of a plan. Raises Refusal reports.no_roster."""
    found = connection.execute(
        select(RosterVersion.id)
        .where(RosterVersion.plan_id == plan_id)
        .order_by(RosterVersion.version.desc())
        .limit(1)
    ).scalar_one_or_none()
    if found is None:
        raise Refusal(
            "reports.no_roster", f"计划 {plan_id} 还没有排班。", f"先运行 wurao roster make {plan_id}。"
        )
    return found


def issue_if_fit(engine: Engine, view: RosterView, tell: Progress) -> None:
    """Issue the notices of a roster that may be notified; otherwise say why not and go on."""
    tell("通知书", 0.0)
    try:
        issue_notices(engine, view.roster["id"], _issue_date(view))
    except Refusal as refusal:
        if not refusal.code.startswith("notices."):
            raise
        tell(f"通知书未发出：{refusal}", 1.0)
    else:
        tell("通知书", 1.0)


def _issue_date(view: RosterView) -> date:
    """Today, if today lies between the plan's date and the first visit; a plan of another time uses its own date."""
    today = clock.today()
    first = min((visit.day for visit in view.visits), default=today)
    return today if view.plan["as_of"] <= today <= first else view.plan["as_of"]


def _write(connection: Connection, view: RosterView, folder: Path, tell: Progress) -> dict[str, Path]:
    steps: list[tuple[str, str, Callable[[], Path]]] = [
        ("workbook", "排班工作簿（Excel）", lambda: write_roster_workbook(view, folder / "roster.xlsx")),
        ("roster_pdf", "排班表（打印）", lambda: write_roster_pdf(view, folder / "roster.pdf")),
        ("check_sheets", "检查记录表（样张）", lambda: _check_sheets(view, folder)),
        ("public_page", "公示页", lambda: _public_page(connection, view, folder / PUBLIC)),
        (
            "announcement",
            "抽查任务公告",
            lambda: write_announcement(connection, view.plan["id"], folder / PUBLIC),
        ),
    ]
    if contents := _notices(connection, view):
        steps.append(
            (
                "notices", "检查通知书（样张）",
                lambda: write_notice_pdf(contents, folder / "notices-sample.pdf", view.made_at),
            )
        )  # fmt: skip
    paths: dict[str, Path] = {}
    titles: dict[str, Path] = {}
    for number, (name, title, write) in enumerate(steps):
        tell("报表", number / (len(steps) + 1))
        paths[name] = titles[title] = write()
    paths["summary"] = write_summary(connection, view.plan["id"], view.roster["id"], folder, titles, view)
    tell("报表", 1.0)
    return paths


def _check_sheets(view: RosterView, folder: Path) -> Path:
    return write_check_sheet_pdf(view, view.visits[:SAMPLE], folder / "check-sheets-sample.pdf")


def _public_page(connection: Connection, view: RosterView, folder: Path) -> Path:
    """The public folder can be put on a website as it is: it holds its own copy of the public bundle."""
    bundle = public_bundle(read_draws(connection, view.plan["id"]), view.plan["number"])
    folder.mkdir(parents=True, exist_ok=True)
    if bundle:
        shutil.copyfile(bundle, folder / bundle.name)
    files = {"公开资料包": bundle.name} if bundle else {}
    return write_public_page(connection, view.plan["id"], folder, files)


def _notices(connection: Connection, view: RosterView) -> list[dict[str, object]]:
    told = standing(Visit.roster_id == view.roster["id"])
    rows = connection.execute(
        select(Notice.content)
        .join(told, told.c.first_id == Notice.visit_id)
        .where(Notice.kind == NOTICE_KIND)
        .order_by(Notice.id)
        .limit(SAMPLE)
    )
    return [dict(content) for content in rows.scalars()]
