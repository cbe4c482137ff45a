"""The roster workbook (排班工作簿): an overview, one sheet a person, one sheet a day, exclusions and notes."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xlsxwriter

from reports.roster import Member, RosterView, VisitLine

FORMULA_STARTS = ("=", "+", "-", "−", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""A cell beginning so can run as a formula where the sheet is opened or saved on as CSV (proof C-10)."""
WEEKDAYS = "一二三四五六日"
CELL_LIMIT = 32_767
OVERVIEW, EXCLUSIONS, NOTES = "总览", "未纳入对象", "说明"

PERSON_COLUMNS = (
    ("序号", 5), ("日期", 11), ("星期", 5), ("时段", 6), ("检查对象", 28), ("统一社会信用代码", 20),
    ("地址", 34), ("本人事项", 36), ("同行人员", 26), ("通知书文号", 24),
)  # fmt: skip
DAY_COLUMNS = (
    ("序号", 5), ("时段", 6), ("检查对象", 28), ("统一社会信用代码", 20), ("地址", 34), ("片区", 14),
    ("牵头", 10), ("各部门事项", 44), ("检查人员", 30), ("分钟", 6), ("通知书文号", 24),
)  # fmt: skip
EXCLUSION_COLUMNS = (("任务", 8), ("任务名称", 34), ("部门", 10), ("原因", 24), ("对象数", 8), ("举例", 60))


@dataclass(frozen=True)
class Sheets:
    """The workbook being written, with its formats."""

    book: Any
    title: Any
    heading: Any
    text: Any
    number: Any
    link: Any


def write_roster_workbook(view: RosterView, path: Path) -> Path:
    """Write the workbook; every code and every outside text is a text cell. Returns `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_urls": False}) as book:
        book.set_properties({"title": f"{view.plan['name']} 排班表", "created": view.made_at})
        sheets = _formats(book)
        people = {member.staff_no: sheet_name(f"{member.staff_no} {member.name}") for member in view.staff}
        days = {day: f"{day:%m-%d} 周{WEEKDAYS[day.weekday()]}" for day in view.days()}
        _overview(sheets, view, list(people.values()), list(days.values()))
        visits_of = view.visits_of()
        for member in view.staff:
            _person_sheet(sheets, people[member.staff_no], member, visits_of[member.staff_no])
        for day, visits in view.days().items():
            _day_sheet(sheets, days[day], f"{day:%Y 年 %m 月 %d 日} 检查安排", visits)
        _exclusion_sheet(sheets, view)
        _note_sheet(sheets, view)
    return path


def neutral(value: str) -> str:
    """The text of a cell, quoted where a spreadsheet would take it for a formula; cut at Excel's limit."""
    return (f"'{value}" if value.startswith(FORMULA_STARTS) else value)[:CELL_LIMIT]


def sheet_name(wanted: str) -> str:
    """A legal sheet name: at most 31 characters, without []:*?/\\ and outer quotes."""
    return re.sub(r"[\[\]:*?/\\]", " ", wanted).strip("' ")[:31] or "未命名"


def _formats(book: Any) -> Sheets:
    font = {"font_name": "等线", "font_size": 10, "valign": "top"}
    cell = {**font, "text_wrap": True, "border": 1, "border_color": "#B0B0B0"}
    return Sheets(
        book,
        title=book.add_format({**font, "bold": True, "font_size": 15}),
        heading=book.add_format({**cell, "bold": True, "bg_color": "#DCE6F1", "valign": "vcenter"}),
        text=book.add_format({**cell, "num_format": "@"}),
        number=book.add_format(cell),
        link=book.add_format({**cell, "font_color": "#0563C1", "underline": 1}),
    )


def _sheet(sheets: Sheets, name: str, title: str, columns: Sequence[tuple[str, int]]) -> Any:
    sheet = sheets.book.add_worksheet(name)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.repeat_rows(1)
    sheet.set_footer("&L&A&C第 &P 页，共 &N 页&R内部资料")
    for place, (_, width) in enumerate(columns):
        sheet.set_column(place, place, width)
    sheet.freeze_panes(2, 0)
    sheet.write_string(0, 0, neutral(title), sheets.title)
    for place, (heading, _) in enumerate(columns):
        sheet.write_string(1, place, heading, sheets.heading)
    return sheet


def _rows(sheets: Sheets, sheet: Any, rows: Iterable[Sequence[str | int]], first: int = 2) -> None:
    for place, row in enumerate(rows, start=first):
        for column, value in enumerate(row):
            if isinstance(value, int):
                sheet.write_number(place, column, value, sheets.number)
            else:
                sheet.write_string(place, column, neutral(value), sheets.text)


def _overview(sheets: Sheets, view: RosterView, people: list[str], days: list[str]) -> None:
    columns = (("项目", 24), ("内容", 60), ("按人", 26), ("按日", 16))
    sheet = _sheet(sheets, OVERVIEW, f"{view.plan['name']} 排班表（内部资料）", columns)
    facts = list(overview_facts(view))
    for place in range(max(len(facts), len(people), len(days))):
        if place < len(facts):
            _rows(sheets, sheet, [facts[place]], first=place + 2)
        for column, names in ((2, people), (3, days)):
            if place < len(names):
                target = names[place].replace("'", "''")
                sheet.write_url(
                    place + 2, column, f"internal:'{target}'!A1", sheets.link, string=names[place]
                )


def overview_facts(view: RosterView) -> Iterable[tuple[str, str | int]]:
    """What the cover of the workbook and of the printed roster says, as (heading, value)."""
    checks = sum(len(visit.errands) for visit in view.visits)
    joint = sum(len(visit.departments) > 1 for visit in view.visits)
    yield "计划编号", view.plan["number"]
    yield "数据截至", view.plan["as_of"].isoformat()
    yield "检查期间", f"{view.plan['window_from']} 至 {view.plan['window_to']}"
    yield "排班版本", f"第 {view.roster['version']} 版（{view.roster['reason']}）"
    yield "生成时间", f"{view.made_at:%Y-%m-%d %H:%M}"
    yield "部门任务（户次）", checks
    yield "入企次数", len(view.visits)
    yield "其中多部门联合", joint
    yield "少敲的门", checks - len(view.visits)
    yield "检查人员", len(view.staff)
    yield "检查日", len(view.days())
    yield "未排入", len(view.roster["unplaced"])
    yield "独立核验", "通过" if not view.roster["violations"] else f"{len(view.roster['violations'])} 处不符"
    yield "规则版本", view.plan["rules_version"]


def errand_text(visit: VisitLine, department: str | None = None) -> str:
    """The items of a visit, one department a line; only `department`'s where given."""
    chosen = [e for e in visit.errands if department in (None, e.department)]
    lines = [
        f"{errand.department}：" + "；".join(f"{item.code} {item.name}" for item in errand.items)
        for errand in chosen
    ]
    return "\n".join(lines)


def team_text(visit: VisitLine, without: str | None = None) -> str:
    """The names of a visit's team with department and lead mark, without one of them where given."""
    return "、".join(
        f"{member.name}（{member.department}{'，牵头' if member.lead else ''}）"
        for member in visit.members
        if member.staff_no != without
    )


def _person_sheet(sheets: Sheets, name: str, member: Member, visits: list[VisitLine]) -> None:
    title = f"{member.name}（{member.department}，工号 {member.staff_no}）检查安排，共 {len(visits)} 次"
    sheet = _sheet(sheets, name, title, PERSON_COLUMNS)
    _rows(
        sheets,
        sheet,
        (
            (
                place, visit.day.isoformat(), WEEKDAYS[visit.day.weekday()], visit.half_name,
                visit.enterprise_name, visit.enterprise_code, visit.address,
                errand_text(visit, member.department), team_text(visit, member.staff_no), visit.notice_no,
            )
            for place, visit in enumerate(visits, start=1)
        ),
    )  # fmt: skip


def _day_sheet(sheets: Sheets, name: str, title: str, visits: list[VisitLine]) -> None:
    sheet = _sheet(sheets, name, f"{title}，共 {len(visits)} 次入企", DAY_COLUMNS)
    _rows(
        sheets,
        sheet,
        (
            (
                place, visit.half_name, visit.enterprise_name, visit.enterprise_code, visit.address,
                visit.cluster, visit.lead_department, errand_text(visit), team_text(visit), visit.minutes,
                visit.notice_no,
            )
            for place, visit in enumerate(visits, start=1)
        ),
    )  # fmt: skip


def _exclusion_sheet(sheets: Sheets, view: RosterView) -> None:
    sheet = _sheet(sheets, EXCLUSIONS, "未纳入抽取的对象及原因", EXCLUSION_COLUMNS)
    _rows(
        sheets,
        sheet,
        ((e.task, e.task_name, e.department, e.reason_name, e.objects, e.example) for e in view.exclusions),
    )


def _note_sheet(sheets: Sheets, view: RosterView) -> None:
    sheet = _sheet(sheets, NOTES, "说明与未排入的检查", (("事项", 26), ("说明", 110)))
    unplaced = (("未排入", sentence(entry)) for entry in view.roster["unplaced"])
    conflicts = (("规定冲突", conflict_lines(c)) for c in view.roster["statistics"].get("conflicts", ()))
    _rows(sheets, sheet, [*NOTE_LINES, *conflicts, *unplaced])


NOTE_LINES = (
    ("数据时点", "对象、事项、人员信息以“数据截至”日所知为准；之后的变动以新版本排班表反映。"),
    ("谁被检查、谁去检查", "均由公开摇号产生；排班程序只决定日期和合并，不挑选对象，也不挑选人员。"),
    ("单元格中的撇号", "以 = + - @ 等开头的文字前加了撇号，防止被当作公式执行；代码一律为文本。"),
    ("保密", "本表为内部资料，含检查日期与人员，检查前不得外传。"),
)


def conflict_lines(conflict: dict[str, Any]) -> str:
    """A conflict of rules and its remedies, a line each."""
    return "\n".join([conflict["sentence"], *(f"办法：{remedy}" for remedy in conflict["remedies"])])


def sentence(entry: object) -> str:
    """One unplaced check or violation as a sentence with its relief, whatever shape it was stored in."""
    if not isinstance(entry, dict):
        return str(entry)
    said = str(entry.get("sentence") or entry.get("reason") or entry)
    relief = entry.get("relief")
    where = entry.get("object_id")
    return "".join(
        filter(None, [f"{where}：" if where else "", said, f" 可行的办法：{relief}" if relief else ""])
    )
