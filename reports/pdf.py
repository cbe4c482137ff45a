"""Printable sheets (打印件): Typst templates, Noto SC from its wheel, no font of the machine's own."""

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import pylopdf_fonts_zh_cn
import segno
import typst

from registry.clock import BEIJING
from registry.vocabulary import RESULTS
from reports.exclusions import total_by_reason
from reports.roster import RosterView, VisitLine
from reports.workbook import WEEKDAYS, overview_facts, sentence, team_text

PDF_STANDARD = "a-2b"
"""PDF/A: the file of a decision must still open in thirty years (archiving of 执法案卷)."""


def write_roster_pdf(view: RosterView, path: Path) -> Path:
    """The printable roster: a cover with totals and exclusions, then one table a day. A4 landscape."""
    data = {
        "title": view.plan["name"],
        "facts": [[heading, str(value)] for heading, value in overview_facts(view)],
        "exclusions": [
            [name, f"{many:,}", example] for name, many, example in total_by_reason(view.exclusions)
        ],
        "unplaced": [sentence(entry) for entry in view.roster["unplaced"]],
        "days": [
            {
                "title": f"{day:%Y 年 %m 月 %d 日}（星期{WEEKDAYS[day.weekday()]}）",
                "rows": [_day_row(number, visit) for number, visit in enumerate(visits, start=1)],
            }
            for day, visits in view.days().items()
        ],
    }
    return _write(path, "roster.typ", data, view.made_at)


def write_notice_pdf(contents: Sequence[Mapping[str, Any]], path: Path, made_at: datetime) -> Path:
    """行政检查通知书: one A4 page or two for each of `contents` (see reports.notices), with the door code as QR."""
    notices = [{**content, "qr": qr_svg(content["door_link"])} for content in contents]
    return _write(path, "notice.typ", {"notices": notices}, made_at)


def write_check_sheet_pdf(view: RosterView, visits: Iterable[VisitLine], path: Path) -> Path:
    """检查表: for each visit its own items and no other, with room for what was found and signatures."""
    results = [f"{code} {text}" for code, (text, _) in RESULTS.items()]
    data = {"sheets": [_check_sheet(view, visit) for visit in visits], "results": results}
    return _write(path, "check_sheet.typ", data, view.made_at)


def qr_svg(text: str) -> str:
    """A QR code as SVG; level M survives a stamp over a corner."""
    buffer = io.BytesIO()
    segno.make(text, error="m", micro=False).save(buffer, kind="svg", xmldecl=False, border=2)
    return buffer.getvalue().decode()


def compile_pdf(template: str, data: Mapping[str, Any], made_at: datetime) -> bytes:
    """Compile a template of reports/templates with `data`. Texts are data, so no name can run as markup.

    The same data and moment give the same bytes.
    """
    files = dict(_templates())
    files["main.typ"] = files[template]
    files["data.json"] = json.dumps(data, ensure_ascii=False).encode()
    fonts = str(pylopdf_fonts_zh_cn.sans_path().parent)
    moment = int(made_at.replace(tzinfo=BEIJING).timestamp())
    compiled: bytes = typst.compile(  # type: ignore[call-overload]  # its stub knows no files in memory
        files,
        font_paths=[fonts],
        ignore_system_fonts=True,
        format="pdf",
        pdf_standards=[PDF_STANDARD],
        timestamp=moment,
    )
    return compiled


@lru_cache(maxsize=1)
def _templates() -> tuple[tuple[str, bytes], ...]:
    folder = resources.files("reports") / "templates"
    return tuple((file.name, file.read_bytes()) for file in folder.iterdir() if file.name.endswith(".typ"))


def _write(path: Path, template: str, data: Mapping[str, Any], made_at: datetime) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(compile_pdf(template, data, made_at))
    return path


def _day_row(number: int, visit: VisitLine) -> list[str]:
    errands = "\n".join(
        f"{errand.department}：" + "；".join(item.name for item in errand.items) for errand in visit.errands
    )
    place = f"{visit.enterprise_name}\n{visit.object_id}"
    return [str(number), visit.half_name, place, visit.address, errands, team_text(visit), visit.notice_no]


def _check_sheet(view: RosterView, visit: VisitLine) -> dict[str, Any]:
    return {
        "plan": view.plan["name"],
        "visit_no": visit.visit_no,
        "notice_no": visit.notice_no,
        "enterprise": visit.enterprise_name,
        "code": visit.enterprise_code,
        "address": visit.address,
        "when": f"{visit.day.isoformat()} {visit.half_name}",
        "team": team_text(visit),
        "items": [
            [errand.department, item.code, item.name, item.basis]
            for errand in visit.errands
            for item in errand.items
        ],
    }
