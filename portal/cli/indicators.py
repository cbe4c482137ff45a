"""The command of the indicators: the catalogue, one enterprise's values with evidence, or a cohort's as CSV."""

import csv
import math
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from portal.cli.console import AsOf, Json, Place, app, opened, out, progress, tell
from registry.errors import Refusal
from registry.rules import load_rules
from risk.indicators import CATALOGUE, FeatureFrame, features
from risk.indicators.catalogue import FAMILIES
from risk.indicators.sheet import Sheet, indicator_sheet
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
    with opened(place, as_of) as (database, settings, day):
        if not code and not csv_file:
            listed = [_entry(number, settings.place, day) for number in range(len(CATALOGUE))]
            return tell(listed, as_json, lambda: _show_catalogue(listed))
        with database.engine_for("risk").connect() as connection, progress(as_json) as report:
            report("计算指标", 0.1)
            if csv_file:
                frame = features(connection, day, settings.place)
                _write(frame, csv_file)
                told = {"file": str(csv_file), "enterprises": len(frame.codes), "data_hash": frame.data_hash}
                return tell(
                    told, as_json, f"{csv_file}：{len(frame.codes):,} 户，{len(frame.names)} 项指标。"
                )
            sheet = indicator_sheet(connection, code or "", day, settings.place)
    return tell(sheet, as_json, lambda: _show_sheet(sheet))


def _entry(number: int, place: str, day: object) -> dict[str, object]:
    indicator = CATALOGUE[number]
    return {
        "key": indicator.key, "name": indicator.name, "english": indicator.english,
        "family": FAMILIES[indicator.family], "group": indicator.group, "direction": indicator.direction,
        "months": window_of(indicator, load_rules(), place, day),  # type: ignore[arg-type]
        "validity": validity_of(indicator), "source": indicator.source,
    }  # fmt: skip


def _show_catalogue(listed: list[dict[str, object]]) -> None:
    table = Table(
        "族", "二级", "指标", "名称", "方向", "窗口", "影响期", title=f"分类指标（{len(listed)} 项）"
    )
    for each in listed:
        months = f"{each['months']} 个月" if each["months"] else ""
        table.add_row(
            str(each["family"]), str(each["group"]), str(each["key"]), str(each["name"]),
            SIGNS[each["direction"]], months, str(each["validity"]),  # type: ignore[index]
        )  # fmt: skip
    out.print(table)


def _show_sheet(sheet: Sheet) -> None:
    table = Table(
        "二级",
        "说明",
        "方向",
        "窗口",
        "影响期",
        "记录",
        title=f"{sheet.enterprise_code} 截至 {sheet.as_of}（内部）",
    )
    for line in sheet.lines:
        shown = "、".join(str(number) for number in line.records[:RECORDS_SHOWN])
        more = f" 等 {len(line.records)} 条" if len(line.records) > RECORDS_SHOWN else ""
        latest = f"，最近 {line.latest}" if line.latest else ""
        records = f"{line.table} {shown}{more}{latest}" if line.records else ""
        table.add_row(
            line.group, line.says if line.supplied else f"{line.name}：来源未报送", SIGNS[line.direction],
            f"{line.months} 个月" if line.months else "", line.validity, records,
        )  # fmt: skip
    out.print(table)


def _write(frame: FeatureFrame, file: Path) -> None:
    """One row an enterprise, one column an indicator by its key; empty: unknown. Excel opens it as it is."""
    try:
        with file.open("w", encoding="utf-8-sig", newline="") as target:
            writer = csv.writer(target)
            writer.writerow(("enterprise_code", *frame.names))
            for code, values in zip(frame.codes, frame.matrix.tolist(), strict=True):
                writer.writerow((code, *("" if math.isnan(v) else _number(v) for v in values)))
    except OSError as fault:
        raise Refusal(
            "indicators.cannot_write", f"写不了 {file}：{fault.strerror}。", "换一个可写的位置。"
        ) from fault


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)
