"""Pages about data batches (数据归集): the list, one batch with its faults, upload, workbook, undo."""

import tempfile
from pathlib import Path

from fastapi import APIRouter, Request
from sqlalchemy import Connection
from starlette.background import BackgroundTask
from starlette.datastructures import FormData, UploadFile
from starlette.responses import FileResponse, Response

from ingestion.datasets import DATASETS
from ingestion.mending import workbook_name
from ingestion.undo import refuse_not_undoable, refuse_wordless, same_since, written_by_batch
from ingestion.workbook import write_fault_workbook
from portal import uploads
from portal.guard import Permission, Visitor, form_of_guarded, guard, scope_for
from portal.house import House
from portal.navigation import UPLOAD_PATH
from portal.reading import batches, matches
from portal.reading import runs as job_runs
from portal.web.pages import render, see
from registry import jobs, journal
from registry.errors import Refusal
from registry.scope import require_whole_place

router = APIRouter(prefix="/staff", include_in_schema=False)

LAST_PAGE = 100_000


@router.get("/batches")
def batch_list(
    request: Request,
    visitor: Visitor = guard(Permission.BATCH_READ),
    dataset: str = "",
    state: str = "",
    page: int = 1,
) -> Response:
    """Files that arrived, and what became of their rows."""
    require_whole_place(scope_for(request, visitor))
    house: House = request.app.state.house
    dataset = dataset if dataset in DATASETS else ""
    state = state if state in batches.STATES else ""
    with house.engine.connect() as connection:
        found = batches.batch_page(connection, dataset, state, max(1, min(page, LAST_PAGE)))
        runs = job_runs.latest(connection, ("ingest_upload", "undo_batch", "bring_in_claimed"), 5)
        waiting = matches.state_counts(connection).get("open", 0)
    return render(
        request, "staff/batches.html", found=found, dataset=dataset, state=state, states=batches.STATES,
        state_of=batches.state_of, waiting=waiting, runs=runs, datasets=uploads.dataset_titles(),
        accepted=uploads.ACCEPTED, megabytes=house.settings.upload_megabytes, upload_path=UPLOAD_PATH,
    )  # fmt: skip


@router.get("/batches/{batch_id}")
def batch_page(
    request: Request,
    batch_id: int,
    visitor: Visitor = guard(Permission.BATCH_READ),
    code: str = "",
    page: int = 1,
) -> Response:
    """One batch: its ledger, its faults by code and row by row, and what can be done about it."""
    require_whole_place(scope_for(request, visitor))
    house: House = request.app.state.house
    with house.engine.connect() as connection:
        batch = batches.one_batch(connection, batch_id)
        groups = batches.fault_groups(connection, batch_id)
        code = code if code in {group["code"] for group in groups} else ""
        faults = batches.fault_page(connection, batch_id, code, max(1, min(page, LAST_PAGE)))
        related = batches.same_file(connection, batch)
        can_undo, hindrance = _can_undo(connection, batch_id)
        dataset = DATASETS.get(batch["dataset"])
        written = written_by_batch(connection, dataset, batch_id) if dataset else {}
        since = same_since(connection, batch_id) if can_undo and batch["undoes"] is None else ()
    return render(
        request, "staff/batch.html", batch=batch, groups=groups, code=code, faults=faults, related=related,
        can_undo=can_undo, hindrance=hindrance, written=written, since=since, states=batches.STATES,
        state=batches.state_of(batch), datasets=uploads.dataset_titles(), accepted=uploads.ACCEPTED,
        upload_path=UPLOAD_PATH,
    )  # fmt: skip


@router.get("/batches/{batch_id}/faults.xlsx")
def download_faults(
    request: Request, batch_id: int, visitor: Visitor = guard(Permission.BATCH_READ)
) -> Response:
    """The fault workbook; each download is journalled, because it holds the rows themselves."""
    require_whole_place(scope_for(request, visitor))
    house: House = request.app.state.house
    with tempfile.NamedTemporaryFile(prefix="wurao-", suffix=".xlsx", delete=False) as file:
        path = Path(file.name)
    try:
        with house.engine.connect() as connection:
            name = workbook_name(connection, batch_id)
            rows = write_fault_workbook(connection, batch_id, path)
            connection.rollback()
            detail = {"rows": rows}
            journal.append(connection, visitor.login, "batch.faults_downloaded", f"batch:{batch_id}", detail)
            connection.commit()
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return FileResponse(path, filename=name, background=BackgroundTask(path.unlink, missing_ok=True))


@router.post(UPLOAD_PATH.removeprefix("/staff"))
def upload_batch(
    request: Request, visitor: Visitor = guard(Permission.BATCH_UPLOAD), form: FormData = form_of_guarded()
) -> Response:
    """Take a file in and ingest it in the background. With `mends` it is the mended workbook of that batch."""
    require_whole_place(scope_for(request, visitor))
    house: House = request.app.state.house
    file, dataset, mends = form.get("file"), str(form.get("dataset", "")), str(form.get("mends", ""))
    if not isinstance(file, UploadFile) or not file.filename:
        raise Refusal("upload.missing", "没有选择文件。", "请选择要归集的文件。")
    more: dict[str, int] = {}
    if mends:
        with house.engine.connect() as connection:
            batch = batches.one_batch(connection, int(mends) if mends.isdecimal() else 0)
        dataset, more = batch["dataset"], {"mends": batch["id"]}
    uploads.refuse_unknown_dataset(dataset, file.filename)
    limit = house.settings.upload_megabytes * 1_000_000
    stored = uploads.store_upload(file.file, file.filename, house.uploads, limit)
    arguments = {"path": str(stored.path), "dataset": dataset, "sha256": stored.sha256, **more}
    with house.engine.begin() as connection:
        run = jobs.ask(connection, "ingest_upload", arguments, visitor.login)
        detail = {"sha256": stored.sha256, "size": stored.size, "dataset": dataset, **more}
        journal.append(connection, visitor.login, "batch.uploaded", stored.file_name, detail)
    return see(f"/staff/runs/{run}")


@router.post("/batches/{batch_id}/undo")
def undo(
    request: Request,
    batch_id: int,
    visitor: Visitor = guard(Permission.BATCH_UNDO),
    form: FormData = form_of_guarded(),
) -> Response:
    """Ask for an undo with its reason; it is carried out in the background."""
    require_whole_place(scope_for(request, visitor))
    house: House = request.app.state.house
    reason = str(form.get("reason", "")).strip()
    refuse_wordless(reason, visitor.login)
    arguments = {"batch_id": batch_id, "reason": reason, "by": visitor.login}
    with house.engine.begin() as connection:
        if run := job_runs.under_way(connection, "undo_batch", {"batch_id": batch_id}):
            return see(f"/staff/runs/{run}")
        refuse_not_undoable(connection, batch_id)
        asked = jobs.ask(connection, "undo_batch", arguments, visitor.login)
        journal.append(connection, visitor.login, "batch.undo_asked", f"batch:{batch_id}", {"reason": reason})
    return see(f"/staff/runs/{asked}")


def _can_undo(connection: Connection, batch_id: int) -> tuple[bool, str]:
    """Whether a batch can be undone now, and if not, why and what to do instead."""
    try:
        refuse_not_undoable(connection, batch_id)
    except Refusal as refusal:
        return False, str(refusal)
    return True, ""
