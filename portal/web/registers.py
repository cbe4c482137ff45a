"""Officers' pages that keep the 一单两库 (登记修改): look up, change, retire, history, and removals to confirm."""

from datetime import datetime
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from ingestion import edits
from ingestion.datasets import DATASETS
from ingestion.datasets.explain import meanings
from ingestion.removals import confirm_removal, removal_prompts
from portal.guard import Permission, Visitor, form_of_guarded, guard, scope_for
from portal.house import House
from portal.reading import registers
from portal.web.exemptions import day_of
from portal.web.pages import render, see
from registry import clock
from registry.errors import Refusal
from registry.scope import require_whole_place

router = APIRouter(prefix="/staff", include_in_schema=False)

PROMPTS_SHOWN = 200


@router.get("/registers")
def register_list(request: Request, visitor: Visitor = guard(Permission.LIBRARY_READ)) -> Response:
    """The datasets that are kept here, and the entries that should leave their library."""
    require_whole_place(scope_for(request, visitor))
    house: House = request.app.state.house
    with house.engine.connect() as connection:
        prompts = removal_prompts(connection, clock.today())
    datasets = [DATASETS[name] for name in edits.EDITABLE]
    return render(
        request,
        "staff/registers.html",
        datasets=datasets,
        prompts=prompts[:PROMPTS_SHOWN],
        total=len(prompts),
    )


@router.get("/registers/{dataset}")
def register(
    request: Request,
    dataset: str,
    text: str = "",
    page: int = 1,
    visitor: Visitor = guard(Permission.LIBRARY_READ),
) -> Response:
    """Records of a dataset in force today."""
    require_whole_place(scope_for(request, visitor))
    house: House = request.app.state.house
    kept = edits.editable(dataset)
    with house.engine.connect() as connection:
        found = registers.register_page(connection, kept, text, page)
    return render(
        request, "staff/register.html", dataset=kept, found=found, text=text, shown=registers.SHOWN[kept.name]
    )


@router.get("/registers/{dataset}/record")
def record(
    request: Request, dataset: str, key: str = "", visitor: Visitor = guard(Permission.LIBRARY_READ)
) -> Response:
    """One record with its history, or an empty form for a new one."""
    require_whole_place(scope_for(request, visitor))
    house: House = request.app.state.house
    kept = edits.editable(dataset)
    cells: dict[str, str] = {}
    history: list[edits.Version] = []
    with house.engine.connect() as connection:
        if key:
            cells = edits.cells_of(kept, edits.current_record(connection, kept, key, clock.today()))
            history = edits.record_history(connection, kept, key)
    columns = [c for c in kept.file_columns() if c.name not in ("known_at", "retracted")]
    choices = {
        c.name: [texts[0] for _, texts in meanings(c)] for c in columns if c.kind in ("choice", "boolean")
    }
    keys = {"given_code" if name == "enterprise_code" else name for name in kept.key}
    seen = history[-1].known_at.isoformat() if history else ""
    return render(
        request,
        "staff/register_record.html",
        seen=seen,
        dataset=kept,
        key=key,
        cells=cells,
        columns=columns,
        choices=choices,
        keys=keys,
        history=list(reversed(history)),
        changed=_changes(history),
    )


@router.post("/registers/{dataset}/record")
def save(
    request: Request,
    dataset: str,
    visitor: Visitor = guard(Permission.LIBRARY_EDIT),
    form: FormData = form_of_guarded(),
) -> Response:
    """Save a changed or a new record as a later version."""
    require_whole_place(scope_for(request, visitor))
    house: House = request.app.state.house
    kept, key = edits.editable(dataset), str(form.get("key", ""))
    asked = {c.heading: str(form[f"cell:{c.name}"]) for c in kept.file_columns() if f"cell:{c.name}" in form}
    report = edits.edit_record(
        house.engine_for("ingest"),
        dataset,
        key or None,
        asked,
        visitor.signature,
        str(form.get("reason", "")),
        _seen(form),
    )
    return see(
        f"/staff/registers/{dataset}/record?key={quote(key)}" if key else f"/staff/batches/{report.batch_id}"
    )


@router.post("/registers/{dataset}/retire")
def retire(
    request: Request,
    dataset: str,
    visitor: Visitor = guard(Permission.LIBRARY_EDIT),
    form: FormData = form_of_guarded(),
) -> Response:
    """Take a record out of use."""
    require_whole_place(scope_for(request, visitor))
    house: House = request.app.state.house
    last = day_of(form, "last_day") if form.get("last_day") else None
    key, reason = str(form.get("key", "")), str(form.get("reason", ""))
    edits.retire_record(house.engine_for("ingest"), dataset, key, visitor.signature, reason, last)
    return see(f"/staff/registers/{dataset}?text={quote(key)}")


@router.post("/removals")
def confirm(
    request: Request,
    visitor: Visitor = guard(Permission.LIBRARY_EDIT),
    form: FormData = form_of_guarded(),
) -> Response:
    """Confirm the removals that were ticked."""
    require_whole_place(scope_for(request, visitor))
    house: House = request.app.state.house
    keys = [str(key) for key in form.getlist("key")]
    if not keys:
        raise Refusal("removal.choice", "没有勾选任何一条。", "请勾选要移出的记录。")
    for key in keys:
        confirm_removal(house.engine_for("ingest"), key, visitor.signature, clock.today())
    return see("/staff/registers")


def _seen(form: FormData) -> datetime | None:
    """When the version that the form shows became known."""
    try:
        return datetime.fromisoformat(str(form.get("seen", "")))
    except ValueError:
        return None


def _changes(history: list[edits.Version]) -> list[list[str]]:
    """What each version changed, newest first."""
    told, earlier = [], dict[str, str]()
    for version in history:
        told.append(
            [
                f"{heading}：{text or '（空）'}"
                for heading, text in version.cells.items()
                if earlier.get(heading, "") != text
            ]
        )
        earlier = version.cells
    return list(reversed(told))
