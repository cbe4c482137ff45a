"""The 一单两库 as an officer searches it: records in force today, by dataset."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, or_, select

from ingestion.datasets.contract import Dataset
from ingestion.edits import cells_of
from registry import clock
from registry.facts import as_of, table_named

PAGE = 50
SHOWN = {
    "check_item": ("事项编码", "事项名称", "检查主体", "类别", "抽查比例", "失效日期"),
    "library": ("专项库", "企业名称", "监管标签", "许可证编号", "有效期至", "状态"),
    "inspector": ("工号", "姓名", "所在部门", "工作单位", "人员状态"),
    "inspector_certificate": ("工号", "证件类别", "证件编号", "有效期自", "有效期至"),
    "inspector_leave": ("工号", "起始日期", "截止日期"),
    "inspector_conflict": ("工号", "统一社会信用代码", "回避原因"),
    "inspector_relative": ("工号", "亲属关系"),
    "inspector_employment": ("工号", "统一社会信用代码", "职务", "离职日期"),
    "quiet_day": ("登记编号", "适用范围", "范围值", "每月日期", "依据"),
}
"""Headings in the list; the record's own page has all."""
_SEARCHED = (
    "item_name",
    "entname",
    "enterprise_code",
    "name",
    "staff_no",
    "department",
    "library",
    "tag",
    "scope_value",
)


@dataclass(frozen=True)
class RegisterPage:
    """One page of a dataset's records in force."""

    rows: list[dict[str, str]]
    """Heading → cell, and `key`."""
    total: int
    page: int
    pages: int


def register_page(connection: Connection, dataset: Dataset, text: str, page: int) -> RegisterPage:
    """Records whose key, name, department or library contains `text`."""
    known = as_of(table_named(dataset.table), clock.today()).subquery()  # type: ignore[arg-type]
    wanted = select(known)
    if text.strip():
        escaped = text.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_").replace("\0", "")
        columns: list[Any] = [known.c.natural_key, *(known.c[name] for name in _SEARCHED if name in known.c)]
        wanted = wanted.where(or_(*(column.ilike(f"%{escaped}%") for column in columns)))
    total = connection.execute(select(func.count()).select_from(wanted.subquery())).scalar_one()
    pages = max(1, -(-total // PAGE))
    page = max(1, min(page, pages))
    found = connection.execute(
        wanted.order_by(known.c.natural_key).limit(PAGE).offset((page - 1) * PAGE)
    ).mappings()
    rows = []
    for row in found:
        cells = cells_of(dataset, row)
        rows.append(
            {heading: cells.get(heading, "") for heading in SHOWN[dataset.name]} | {"key": row["natural_key"]}
        )
    return RegisterPage(rows, total, page, pages)
