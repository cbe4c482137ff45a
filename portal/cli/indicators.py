"""The command of the indicators: the catalogue, one enterprise's values with evidence, or a cohort's as CSV."""

import csv
import math
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import typer

from portal.cli.console import AsOf, Json, Place, app, opened, out, progress, tell
from registry import clock
from registry.errors import Refusal
from registry.rules import load_rules
from registry.settings import load_settings
from reports.workbook import neutral
from risk.indicators import CATALOGUE, FeatureFrame, Indicator, features
from risk.indicators.catalogue import FAMILIES
from risk.indicators.sheet import IndicatorLine, Sheet, indicator_sheet
from risk.indicators.validity import validity_of, window_of

SIGNS = {1: "＋", -1: "－", 0: "·"}
RECORDS_SHOWN = 5


@app.command()
def indicators(
    code: Annotated[
        str | None, typer.Argument(help="统一社会信用代码 or registration number; default: the catalogue")
    ] = None,
    as_of: AsOf = None,
    place: Place = None,
    csv_file: Annotated[
        Path | None, typer.Option("--csv", help="write the whole cohort's values to this file")
    ] = None,
    as_json: Json = False,
) -> None:
    """Indicators (分类指标): the catalogue, or an enterprise's values with window, validity and records. Internal."""
    if code and csv_file:
        raise Refusal("indicators.one_or_all", "--csv 写出全部主体，不能同时只看一户。", "去掉代码或 --csv。")
    if not code and not csv_file:
        listed = _catalogue(place, as_of.date() if as_of else clock.today())
        return tell(listed, as_json, lambda: _show_catalogue(listed))
    with (
        opened(place, as_of) as (database, settings, day),
        database.engine_for("risk").connect() as connection,
        progress(as_json) as report,
    ):
        report("计算指标", 0.1)
        if code:
            sheet = indicator_sheet(connection, code, day, settings.place)
            return tell(sheet, as_json, lambda: _show_sheet(sheet))
        frame = features(connection, day, settings.place)
    file = _write(frame, csv_file or Path())
    told = {"file": str(file), "enterprises": len(frame.codes), "data_hash": frame.data_hash}
    return tell(told, as_json, f"{file}：{len(frame.codes):,} 户，{len(frame.names)} 项指标。")


def _catalogue(place: str | None, day: date) -> list[dict[str, Any]]:
    """The catalogue under the rules of a place and day; no database is needed."""
    where = load_settings(**({"place": place} if place else {})).place
    load_rules().ancestry(where)
    return [_entry(indicator, where, day) for indicator in CATALOGUE]


def _entry(indicator: Indicator, place: str, day: date) -> dict[str, Any]:
    return {
        "key": indicator.key, "name": indicator.name, "english": indicator.english,
        "family": FAMILIES[indicator.family], "group": indicator.group, "direction": indicator.direction,
        "months": window_of(indicator, load_rules(), place, day),
        "validity": validity_of(indicator), "source": indicator.source,
    }  # fmt: skip


def _show_catalogue(listed: list[dict[str, Any]]) -> None:
    """Lines, not a table: a narrow terminal would cut the words."""
    out.print(f"分类指标（{len(listed)} 项）；＋ 越多风险越高，－ 越多风险越低，· 不定方向")
    for family, of_family in groupby(listed, key=lambda each: each["family"]):
        out.print(f"\n[bold]{family}[/bold]")
        for each in of_family:
            window = f"近 {each['months']} 个月；" if each["months"] else ""
            out.print(
                f"  {SIGNS[each['direction']]} {each['key']}  {each['name']}（{each['group']}）  {window}{each['validity']}"
            )


def _show_sheet(sheet: Sheet) -> None:
    out.print(f"{sheet.enterprise_code} 截至 {sheet.as_of} 的分类指标（内部）")
    for family, of_family in groupby(sheet.lines, key=lambda line: line.family):
        out.print(f"\n[bold]{family}[/bold]")
        for line in of_family:
            says = line.says if line.supplied else f"{line.name}：来源未报送"
            window = f"窗口 {line.months} 个月；" if line.months else ""
            out.print(f"  {SIGNS[line.direction]} {says}{_behind(line)}  [dim]{window}{line.validity}[/dim]")


def _behind(line: IndicatorLine) -> str:
    """The records of the registration itself are not worth a word; those of events are."""
    if not line.records or line.table == "enterprise":
        return ""
    shown = "、".join(str(number) for number in line.records[:RECORDS_SHOWN])
    more = f" 等 {len(line.records)} 条" if len(line.records) > RECORDS_SHOWN else ""
    latest = f"，最近 {line.latest}" if line.latest else ""
    return f"  （{line.table} 记录 {shown}{more}{latest}）"


def _write(frame: FeatureFrame, file: Path) -> Path:
    """One row an enterprise, one column an indicator by its key; empty: unknown. Excel opens it as it is."""
    try:
        with file.open("w", encoding="utf-8-sig", newline="") as target:
            writer = csv.writer(target)
            writer.writerow(("enterprise_code", *frame.names))
            for code, values in zip(frame.codes, frame.matrix.tolist(), strict=True):
                writer.writerow((neutral(code), *("" if math.isnan(v) else _number(v) for v in values)))
    except OSError as fault:
        raise Refusal(
            "indicators.cannot_write", f"写不了 {file}：{fault.strerror}。", "换一个可写的位置。"
        ) from fault
    return file


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)
