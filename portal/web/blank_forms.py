"""Blank forms (填报模板): the template workbook of each dataset, made when it is asked for."""

import tempfile
from pathlib import Path
from urllib.parse import quote

from fastapi import APIRouter
from starlette.responses import Response

from ingestion.datasets import DATASETS
from ingestion.template import write_template
from portal.guard import Permission, Visitor, guard
from registry.errors import Refusal

router = APIRouter(prefix="/staff", include_in_schema=False)

_WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get("/templates/{dataset}")
def blank_form(dataset: str, visitor: Visitor = guard(Permission.BATCH_READ)) -> Response:
    """The empty template of a dataset."""
    if dataset not in DATASETS:
        raise Refusal("dataset.unknown", "没有这个数据集的模板。", "请从数据归集页选择。", 404)
    with tempfile.TemporaryDirectory(prefix="wurao-") as folder:
        path = Path(folder) / "template.xlsx"
        write_template(DATASETS[dataset], path)
        content = path.read_bytes()
    name = quote(f"{dataset}_{DATASETS[dataset].title}模板.xlsx")
    return Response(content, media_type=_WORKBOOK, headers={
        "Content-Disposition": f"attachment; filename=\"{dataset}.xlsx\"; filename*=UTF-8''{name}"
    })  # fmt: skip
