"""Offices (机构) and departments (部门): the tree that jurisdiction follows."""

from ingestion.datasets.contract import ROW_TIMES, Column, Dataset
from ingestion.datasets.demands import organ_code

OFFICE = Dataset(
    name="office",
    title="机构",
    says="机构名录：省、市、区（县）局和所，上级机构代码构成管辖的树；谁能看哪些数据按它决定。",
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
        Column("organ_code", "机构统一社会信用代码", "ORGAN_CODE", "code", optional=True, longest=18),
        Column("sign", "机关代字", "SIGN", optional=True, longest=30, note="文书编号用，如 安市监"),
        *ROW_TIMES,
    ),
    checks=(organ_code("organ_code", "机构统一社会信用代码"),),
)  # fmt: skip

DEPARTMENT = Dataset(
    name="department",
    title="联合抽查成员单位",
    says="部门联合双随机的成员单位，其他数据集里的部门用这里的简称。",
    table="department",
    key=("department",),
    snapshot=True,
    columns=(
        Column("department", "部门", "DEPARTMENT", required=True, longest=50),
        Column("full_name", "部门全称", "FULL_NAME", required=True, longest=200),
        Column("initiates", "可以发起", "INITIATES", "boolean", required=True),
        Column("organ_code", "部门统一社会信用代码", "ORGAN_CODE", "code", optional=True, longest=18),
        Column("sign", "机关代字", "SIGN", optional=True, longest=30),
        *ROW_TIMES,
    ),
    checks=(organ_code("organ_code", "部门统一社会信用代码"),),
)
