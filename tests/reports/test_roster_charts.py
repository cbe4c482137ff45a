"""Pictures of a roster: well-formed SVG with their labels, figures in the table, strict enough for the pages."""

import re
import xml.etree.ElementTree as ET
from datetime import date, timedelta

import pytest

from reports.canvas import RED, Chart
from reports.inline_svg import without_styles
from reports.roster_charts import (
    OFF,
    CalendarDay,
    HalfDay,
    PersonHalfDay,
    SearchPoint,
    chart_manning,
    chart_month,
    chart_people,
    chart_search,
)

SVG = "{http://www.w3.org/2000/svg}"
MONDAY = date(2026, 11, 2)
DAYS = [MONDAY + timedelta(days=n) for n in range(26) if n % 7 < 5]
POINTS = [
    SearchPoint(0.5, 90_000.0, 5000.0, 700),
    SearchPoint(4.0, 6000.0, 5000.0, 800),
    SearchPoint(9.0, 5050.0, 5000.0, 801),
]
CELLS = [
    HalfDay(department, day, half, out=n % 5, able=0 if n == 3 else 4)
    for n, (department, day, half) in enumerate(
        (d, x, h) for d in ("市监", "消防") for x in DAYS for h in ("am", "pm")
    )
]
DUTIES = [
    PersonHalfDay(f"执法{p}", "市监" if p < 3 else "消防", DAYS[n], half, "leave" if n == 4 else "visit")
    for p in range(5) for n in range(6) for half in ("am", "pm")
]  # fmt: skip
MONTH = [
    CalendarDay(MONDAY + timedelta(days=n), n % 7 < 5, 0.5 if n < 9 else 0.0, (("市监", n % 4), ("消防", 2)) if n % 7 < 5 else ())
    for n in range(26)
]  # fmt: skip


@pytest.fixture(scope="module")
def charts() -> dict[str, Chart]:
    made = [chart_search(POINTS), chart_manning(CELLS), chart_people(DUTIES, DAYS), chart_month(MONTH)]
    return {chart.name: chart for chart in made}


def texts(chart: Chart) -> set[str]:
    return {"".join(node.itertext()).strip() for node in ET.fromstring(chart.svg).iter(f"{SVG}text")}


def test_labels_are_text(charts: dict[str, Chart]) -> None:
    assert {"秒", "目标值", "已证明的下界", "差距", "1,700%", "1.0%"} <= texts(charts["search"])
    assert {"市监 上午", "消防 下午", "全部外出", "超过可派人数", "11-02", "11-09"} <= texts(
        charts["manning"]
    )
    assert {"执法0", "执法4", "请假", "市监", "消防"} <= texts(charts["people"])
    assert {"周一", "11-02 起", "市监牵头", "休息日", "4"} <= texts(charts["month"])


def test_the_table_holds_the_figures(charts: dict[str, Chart]) -> None:
    assert charts["search"].rows[-1] == ("9.0", "5,050.0", "5,000.0", "1.00%", "801")
    assert charts["manning"].rows[1] == ("市监", "2026-11-02", "下午", "1", "4")
    assert charts["people"].rows[0] == ("市监", "执法0", "10")
    assert charts["month"].rows[3] == ("2026-11-05", "工作日", "50%", "5", "市监 3、消防 2")
    assert charts["month"].rows[5][1] == "休息日"


def test_descriptions_count(charts: dict[str, Chart]) -> None:
    full = sum(c.out == c.able > 0 for c in CELLS)
    assert f"{full} 个半日全部外出，1 个半日超过可派人数" in charts["manning"].description
    assert "差距 1.00%" in charts["search"].description
    assert "5 人，外出共 50 个半日" in charts["people"].description
    assert f"{sum(d.total for d in MONTH)} 次入企" in charts["month"].description


def test_too_many_out_is_red_and_nobody_there_grey() -> None:
    over = [HalfDay("市监", MONDAY, "am", 3, 2), HalfDay("市监", MONDAY, "pm", 0, 0)]
    within = [HalfDay("市监", MONDAY, "am", 2, 2), HalfDay("市监", MONDAY, "pm", 0, 1)]
    counts = {
        colour: [chart_manning(c).svg.lower().count(colour.lower()) for c in (over, within)]
        for colour in (RED, OFF)
    }
    assert all(more == less + 1 for more, less in counts.values()), counts


def test_they_stand_on_a_strict_page_without_clashing(charts: dict[str, Chart]) -> None:
    page = "".join(without_styles(chart.svg) for chart in charts.values())
    assert " style=" not in page
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_sixty_days_of_six_departments_stay_readable() -> None:
    days = [date(2026, 10, 1) + timedelta(days=n) for n in range(60)]
    cells = [HalfDay(f"部门{d}", day, half, 2, 8) for d in range(6) for day in days for half in ("am", "pm")]
    chart = chart_manning(cells)
    width, height = map(float, re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', chart.svg).groups())  # type: ignore[union-attr]
    assert width / 60 > 11, "a column of eleven points holds a number of two digits"
    assert height / 12 > 14


def test_a_search_of_one_point_and_an_empty_period_can_be_drawn() -> None:
    assert "差距 0.00%" in chart_search([SearchPoint(0.1, 10.0, 10.0, 3)]).description
    assert "差距 —" in chart_search([SearchPoint(0.1, 10.0, 10.0, 0)]).description
    assert chart_month([CalendarDay(MONDAY, True, 0.0, ())]).rows[0][3] == "0"


def test_the_same_figures_give_the_same_picture() -> None:
    assert chart_manning(CELLS).svg == chart_manning(CELLS).svg
