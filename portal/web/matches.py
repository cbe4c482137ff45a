"""Pages about names that wait for a person (待认领名称): the list, one name beside its candidates, the decision."""

from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from ingestion.datasets import DATASETS
from ingestion.matching.decisions import decide
from portal import uploads
from portal.guard import Permission, Visitor, form_of_guarded, guard, scope_for
from portal.house import House
from portal.reading import matches
from portal.reading import runs as job_runs
from portal.web.pages import render, see
from registry import jobs
from registry.scope import require_whole_place

router = APIRouter(prefix="/staff", include_in_schema=False)

LAST_PAGE = 100_000


@router.get("/matches")
def match_list(
    request: Request,
    visitor: Visitor = guard(Permission.BATCH_READ),
    dataset: str = "",
    state: str = "open",
    page: int = 1,
) -> Response:
    """Names and numbers that found no enterprise, those that hold most rows first."""
    require_whole_place(scope_for(request, visitor))
    house: House = request.app.state.house
    dataset = dataset if dataset in DATASETS else ""
    state = state if state in matches.STATES else ""
    with house.engine.connect() as connection:
        found = matches.question_page(connection, dataset, state, max(1, min(page, LAST_PAGE)))
        counts = matches.state_counts(connection)
    return render(
        request, "staff/matches.html", found=found, counts=counts, dataset=dataset, state=state,
        states=matches.STATES, datasets=uploads.dataset_titles(),
    )  # fmt: skip


@router.get("/matches/{question_id}")
def match_page(
    request: Request, question_id: int, visitor: Visitor = guard(Permission.BATCH_READ)
) -> Response:
    """One name beside the enterprises that it may mean."""
    require_whole_place(scope_for(request, visitor))
    house: House = request.app.state.house
    with house.engine.connect() as connection:
        found = matches.one_question(connection, question_id)
    return render(
        request, "staff/match.html", **found, states=matches.STATES, datasets=uploads.dataset_titles()
    )


@router.post("/matches/{question_id}/decide")
def decide_match(
    request: Request,
    question_id: int,
    visitor: Visitor = guard(Permission.MATCH_DECIDE),
    form: FormData = form_of_guarded(),
) -> Response:
    """Write the decision down; accepted, the rows that waited come in by a job."""
    require_whole_place(scope_for(request, visitor))
    house: House = request.app.state.house
    choice, reason = str(form.get("choice", "")), str(form.get("reason", ""))
    code = str(form.get("enterprise_code", ""))
    with house.engine_for("ingest").begin() as connection:
        decide(connection, question_id, choice, visitor.login, reason, code)
    if choice != "accepted":
        return see(f"/staff/matches/{question_id}")
    with house.engine.begin() as connection:
        wanted = {"question_id": question_id}
        run = job_runs.under_way(connection, "bring_in_claimed", wanted)
        run = run or jobs.ask(connection, "bring_in_claimed", wanted, visitor.login)
    return see(f"/staff/runs/{run}")
