"""Offices (机构) and departments (部门): the tree that jurisdiction follows."""

from ingestion.datasets.contract import ROW_TIMES, Column, Dataset

OFFICE = Dataset(
    name="office",
    title="机构",
    table="office",
    key=("office",),
    snapshot=True,
    columns=(
        Column("office", "机构代码", "OFFICE", "code", required=True, longest=32),
        Column("office_name", "机构名称", "OFFICE_NAME", required=True, longest=200),
        Column(
            "level", "层级", "LEVEL", "choice", required=True,
            choices={"省": "省", "市": "市", "区": "区", "县": "区", "所": "所"},
        ),
        Column("parent", "上级机构代码", "PARENT", "code", longest=32),
        Column("division", "行政区划", "DIVISION", "code", required=True, pattern="[0-9]{6,12}"),
        *ROW_TIMES,
    ),
)  # fmt: skip

DEPARTMENT = Dataset(
    name="department",
    title="联合抽查成员单位",
    table="department",
    key=("department",),
    snapshot=True,
    columns=(
        Column("department", "部门", "DEPARTMENT", required=True, longest=50),
        Column("full_name", "部门全称", "FULL_NAME", required=True, longest=200),
        Column("initiates", "可以发起", "INITIATES", "boolean", required=True),
        *ROW_TIMES,
    ),
)
