"""Inspectors (执法检查人员名录库), their certificates, leave and recusals; requirements.md 1.3."""

import pandas as pd

from ingestion.datasets.contract import (
    ROW_TIMES,
    VALIDITY,
    Column,
    Dataset,
    Surroundings,
    identity_columns,
    personal,
)

STAFF_NO = Column("staff_no", "工号", "STAFF_NO", "code", required=True, longest=32)


def read_inspector(rows: pd.DataFrame, around: Surroundings) -> None:
    """Write the office as its code where the file gives its name."""
    rows["office"] = [around.offices.get(office, office) for office in rows["office"]]


INSPECTOR = Dataset(
    name="inspector",
    title="执法检查人员",
    table="inspector",
    key=("staff_no",),
    sender="department",
    snapshot=True,
    columns=(
        STAFF_NO,
        Column("name", "姓名", "NAME", required=True, longest=50),
        Column("department", "所在部门", "DEPARTMENT", required=True, longest=50),
        Column("office", "工作单位", "OFFICE", required=True, longest=200),
        Column("specialities", "岗位大类", "SPECIALITIES", "list", blank=()),
        Column("expert", "是否专家", "EXPERT", "boolean", blank=False),
        Column("active", "人员状态", "ACTIVE", "choice", required=True, choices=VALIDITY),
        *ROW_TIMES,
        *personal(
            ("身份证号", "ID_NO"), ("手机号", "MOBILE"), ("性别", "SEX"), ("民族", "NATION"), ("年龄", "AGE"),
            ("学历", "EDUCATION"), ("出生日期", "BIRTHDAY"),
        ),
    ),
    derive=read_inspector,
)  # fmt: skip

INSPECTOR_CERTIFICATE = Dataset(
    name="inspector_certificate",
    title="执法证件和资质",
    table="inspector_certificate",
    key=("staff_no", "kind", "certificate_no"),
    in_order=(("valid_to", "valid_from"),),
    snapshot=True,
    columns=(
        STAFF_NO,
        Column("kind", "证件类别", "KIND", required=True, longest=100),
        Column("certificate_no", "证件编号", "CERTIFICATE_NO", "code", required=True, longest=64),
        Column("valid_from", "有效期自", "VALID_FROM", "date", required=True),
        Column("valid_to", "有效期至", "VALID_TO", "date", required=True),
        *ROW_TIMES,
    ),
)

INSPECTOR_LEAVE = Dataset(
    name="inspector_leave",
    title="人员请假外出",
    table="inspector_leave",
    key=("staff_no", "leave_from"),
    in_order=(("leave_to", "leave_from"),),
    snapshot=True,
    columns=(
        STAFF_NO,
        Column("leave_from", "起始日期", "LEAVE_FROM", "date", required=True),
        Column("leave_to", "截止日期", "LEAVE_TO", "date", required=True),
        *ROW_TIMES,
    ),
)

INSPECTOR_CONFLICT = Dataset(
    name="inspector_conflict",
    title="人员回避",
    table="inspector_conflict",
    identity="must",
    key=("staff_no", "enterprise_code"),
    snapshot=True,
    columns=(
        STAFF_NO,
        *identity_columns(),
        Column("reason", "回避原因", "REASON", required=True, longest=200),
        *ROW_TIMES,
    ),
)
