"""Data quality (数据质量) for officers: figures by dataset, office and month, pictures, alerts, and the rows behind them."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from sqlalchemy import Connection
from starlette.responses import Response

from ingestion.datasets import DATASETS
from ingestion.quality import office_names, rates
from ingestion.quality_alerts import Alert
from ingestion.quality_rows import EVERYTHING, HEADINGS, KINDS, PAGE, Drill, drill_rows
from portal.guard import Permission, Visitor, guard, scope_for
from portal.house import House
from portal.quality_report import (
    DATASET_COLUMNS,
    MONTH_COLUMNS,
    OFFICE_COLUMNS,
    cards,
    csv_text,
    fault_counts,
    figures_csv,
    for_people,
)
from portal.reading.quality import (
    MONTHS,
    NAMES,
    fault_sentence,
    month_of,
    month_span,
    plain,
    read_desk,
    title_of,
)
from portal.web.pages import render, see
from registry import clock, journal
from registry.scope import not_yours, require_whole_place
from reports.inline_svg import without_styles

router = APIRouter(prefix="/staff/quality", include_in_schema=False)

PERIODS = (1, 3, 6, 12, 24, 36)


@router.get("")
def quality_page(
    request: Request,
    visitor: Visitor = guard(Permission.QUALITY_READ),
    month: str = "",
    months: int = MONTHS,
    dataset: str = "",
    office: str = "",
) -> Response:
    """The figures of a period; of one dataset by office, and of one office of it by month."""
    require_whole_place(scope_for(request, visitor))
    house: House = request.app.state.house
    day = clock.today()
    last = month_of(month) if month else None
    chosen = _known(dataset) if dataset else ""
    with house.engine.connect() as connection:
        desk = read_desk(connection, day, house.settings.place, last, months, chosen)
    figures = (
        desk.figures.only(office=[office]) if chosen and office in desk.offices | {"": ""} else desk.figures
    )
    monthly = plain(rates(figures, ("month", "dataset", "office"))) if chosen else []
    by_office = [row for row in desk.by_office if chosen]
    return render(
        request,
        "staff/quality.html",
        desk=desk,
        names=NAMES,
        cards=cards(desk),
        by_dataset=_linked(for_people(desk, desk.by_dataset, DATASET_COLUMNS), desk.by_dataset),
        by_office=_linked(for_people(desk, by_office, OFFICE_COLUMNS), by_office),
        by_month=_linked(for_people(desk, monthly, MONTH_COLUMNS), monthly) if office else [],
        alerts=[(alert, alert.sentence(desk.offices)) for alert in newest_first(desk.alerts)],
        pictures={name: (chart, without_styles(chart.svg)) for name, chart in desk.charts.items()},
        faults=[(code, words, many, fault_sentence(code)) for code, words, many in fault_counts(figures)],
        dataset=chosen,
        dataset_title=title_of(chosen) if chosen else "",
        office=office,
        office_name=desk.office(office),
        datasets={name: each.title for name, each in DATASETS.items()},
        last=f"{desk.months[-1]:%Y-%m}",
        months=months,
        periods=PERIODS,
        query=urlencode({"month": f"{desk.months[-1]:%Y-%m}", "months": months}),
    )


@router.get("/rows")
def row_page(
    request: Request,
    visitor: Visitor = guard(Permission.QUALITY_READ),
    dataset: str = "",
    kind: str = "late",
    office: str | None = None,
    month: str = "",
    months: int = 1,
    code: str = "",
    page: int = 1,
) -> Response:
    """The rows behind one figure, a page at a time; without saying which, back to the figures."""
    require_whole_place(scope_for(request, visitor))
    if not dataset:  # the type-size button comes back to the bare path
        return see("/staff/quality")
    house: House = request.app.state.house
    drill = _drill(house, dataset, kind, office, month_span(month, months), code)
    number = max(1, min(page, EVERYTHING // PAGE))
    with house.engine.connect() as connection:
        total, rows = drill_rows(connection, drill, number)
        offices = office_names(connection)
    asked = {"dataset": dataset, "kind": kind, "month": month, "months": months, "code": code}
    query = urlencode(asked | ({"office": office} if office is not None else {}))
    return render(
        request,
        "staff/quality_rows.html",
        drill=drill,
        kind=KINDS[kind],
        kind_key=kind,
        dataset_title=title_of(dataset),
        office_name=None if office is None else offices.get(office, office) or "（机构不明）",
        headings=HEADINGS[kind],
        rows=[row | {"office": offices.get(row["office"], row["office"]) or "（机构不明）"} for row in rows],
        total=total,
        page=number,
        pages=max(1, -(-total // PAGE)),
        query=query,
    )


@router.get("/rows.csv")
def row_file(
    request: Request,
    visitor: Visitor = guard(Permission.QUALITY_READ),
    dataset: str = "",
    kind: str = "late",
    office: str | None = None,
    month: str = "",
    months: int = 1,
    code: str = "",
) -> Response:
    """The same rows, all of them, as CSV; journalled, because it names enterprises."""
    require_whole_place(scope_for(request, visitor))
    house: House = request.app.state.house
    drill = _drill(house, dataset, kind, office, month_span(month, months), code)
    with house.engine.begin() as connection:
        total, rows = drill_rows(connection, drill, 1, EVERYTHING)
        _note(
            connection,
            visitor,
            f"{dataset} {kind}",
            {"office": office, "month": month, "months": months, "rows": total},
        )
    lines = [[row[name] for name in HEADINGS[kind]] for row in rows]
    return _csv(csv_text(list(HEADINGS[kind].values()), lines), f"quality_{dataset}_{kind}")


@router.get("/figures.csv")
def figure_file(
    request: Request,
    visitor: Visitor = guard(Permission.QUALITY_READ),
    month: str = "",
    months: int = MONTHS,
    dataset: str = "",
) -> Response:
    """The figures of a period by month, dataset and office as CSV."""
    require_whole_place(scope_for(request, visitor))
    house: House = request.app.state.house
    last, chosen = month_of(month) if month else None, _known(dataset) if dataset else ""
    with house.engine.begin() as connection:
        desk = read_desk(
            connection, clock.today(), house.settings.place, last, months, chosen, pictures=False
        )
        _note(connection, visitor, "figures", {"month": month, "months": months, "dataset": dataset})
    return _csv(figures_csv(desk), "quality_figures")


def _drill(house: House, dataset: str, kind: str, office: str | None, span: list[date], code: str) -> Drill:
    if kind not in KINDS:
        raise not_yours()
    first, last = (span[0], span[-1]) if span else (None, None)
    return Drill(clock.today(), house.settings.place, _known(dataset), kind, office, first, last, code[:64])


def _known(dataset: str) -> str:
    if dataset not in DATASETS:
        raise not_yours()
    return dataset


def _linked(shown: list[dict[str, str]], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is shown of each row, with what its links ask for."""
    return [
        {
            "shown": texts,
            "asked": {
                name: f"{row[name]:%Y-%m}" if isinstance(row[name], date) else row[name]
                for name in ("dataset", "office", "month")
                if name in row
            },
            "row": row,
        }
        for texts, row in zip(shown, rows, strict=True)
    ]


def _note(connection: Connection, visitor: Visitor, subject: str, detail: dict[str, Any]) -> None:
    journal.append(connection, visitor.login, "quality.downloaded", subject[:300], detail)


def _csv(text: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response("\ufeff" + text, media_type="text/csv; charset=utf-8", headers=headers)


def newest_first(alerts: Sequence[Alert]) -> list[Alert]:
    """The last month first; within a month by dataset and office in their order."""
    return sorted(alerts, key=lambda alert: alert.month, reverse=True)
