"""Charts: well-formed SVG with title and description, text as text, figures as a table, nothing clashing."""

import re
import xml.etree.ElementTree as ET
from datetime import date, timedelta

import pytest

from reports.canvas import Chart
from reports.charts import (
    Doors,
    Load,
    chart_calendar,
    chart_calibration,
    chart_classes,
    chart_doors,
    chart_lift,
    chart_load,
)
from reports.window import WindowDay

SVG = "{http://www.w3.org/2000/svg}"
DAYS = [
    WindowDay(date(2026, 11, 2) + timedelta(days=n), n % 7 < 5, 1.0 if n < 5 else 0.3 * (n == 8), n % 3)
    for n in range(20)
]


@pytest.fixture(scope="module")
def charts() -> dict[str, Chart]:
    made = [
        chart_classes({"A": 14021, "B": 4980, "C": 800, "D": 199}),
        chart_calibration([(0.01, 0.012, 900), (0.1, 0.09, 200), (0.4, 0.45, 30)]),
        chart_doors(Doors(1200, 1031.4, 760, 742, 1180)),
        chart_calendar(DAYS),
        chart_load([Load(f"S{n}", "消防" if n < 3 else "卫健", n + 1, 60) for n in range(6)]),
        chart_lift([(0.01, 7.0), (0.1, 3.5)]),
    ]
    return {chart.name: chart for chart in made}


def test_every_chart_is_xml_with_title_and_description(charts: dict[str, Chart]) -> None:
    for chart in charts.values():
        root = ET.fromstring(chart.svg)
        assert root.attrib["role"] == "img"
        assert root.find(f"{SVG}title").text == chart.title  # type: ignore[union-attr]
        assert root.find(f"{SVG}desc").text == chart.description  # type: ignore[union-attr]
        labelled = root.attrib["aria-labelledby"].split()
        assert labelled == [f"{chart.name}-title", f"{chart.name}-desc"]


def test_text_stays_text(charts: dict[str, Chart]) -> None:
    texts = ["".join(node.itertext()) for node in ET.fromstring(charts["classes"].svg).iter(f"{SVG}text")]
    assert "A 信用风险低" in texts
    assert any("14,021 户" in text for text in texts)
    assert "Microsoft YaHei" in charts["classes"].svg


def test_charts_share_a_page_without_clashing_ids(charts: dict[str, Chart]) -> None:
    page = "".join(chart.svg for chart in charts.values())
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert "<style" not in page, "a style sheet inside one chart would style the whole page"
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', page))
    assert used <= set(ids)


def test_the_table_holds_the_figures(charts: dict[str, Chart]) -> None:
    assert charts["classes"].rows[0] == ("A 信用风险低", "14,021", "70.10%")
    assert charts["calibration"].rows[2] == ("40.00%", "45.00%", "30")
    assert [row[1] for row in charts["doors"].rows] == ["1,200", "1,031", "760", "742"]
    assert charts["load"].rows[0] == ("S0", "消防", "1", "60")
    assert len(charts["calendar"].rows) == len(DAYS)
    assert charts["calendar"].rows[8] == ("2026-11-10", "工作日", "30%", "2")


def test_doors_say_how_many_were_saved(charts: dict[str, Chart]) -> None:
    assert "合并为入企 742 次，少敲 438 次门" in charts["doors"].description


def test_quiet_days_are_hatched_and_days_off_grey(charts: dict[str, Chart]) -> None:
    svg = charts["calendar"].svg
    assert svg.count("url(#") >= 6
    assert "#e4e4e4" in svg.lower()


def test_the_same_figures_give_the_same_picture() -> None:
    assert chart_lift([(0.1, 2.0)]).svg == chart_lift([(0.1, 2.0)]).svg


def test_an_empty_class_distribution_does_not_divide_by_zero() -> None:
    assert chart_classes({"A": 0, "B": 0}).rows[0][2] == "0.00%"
