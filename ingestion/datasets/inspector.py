"""Inspectors (执法检查人员名录库), their certificates, leave and recusals; requirements.md 1.3."""

import pandas as pd

from ingestion.datasets.contract import (
    ROW_TIMES,
    VALIDITY,
    Column,
    Conversion,
    Dataset,
    Surroundings,
    identity_columns,
    personal,
)

STAFF_NO = Column("staff_no", "工号", "STAFF_NO", "code", required=True, longest=32)


def read_inspector(rows: pd.DataFrame, around: Surroundings) -> None:
    """Write the office as its code where the file gives its name."""
    rows["office"] = [around.offices.get(office, office) for office in rows["office"]]


LEVELS = {
    "省": "省",
    "市": "市",
    "区": "区",
    "县": "区",
    "所": "所",
    "省级": "省",
    "市级": "市",
    "县级": "区",
    "区级": "区",
}

INSPECTOR = Dataset(
    name="inspector",
    title="执法检查人员",
    says="执法检查人员名录库（两库之一）。执法证、岗位资格和有效期在“执法证件和资质”里。身份证号、手机号等读到即弃。",
    table="inspector",
    key=("staff_no",),
    sender="department",
    snapshot=True,
    columns=(
        STAFF_NO,
        Column("name", "姓名", "NAME", required=True, longest=50),
        Column("department", "所在部门", "DEPARTMENT", required=True, longest=50),
        Column("office", "工作单位", "OFFICE", required=True, longest=200, note="机构代码或名称"),
        Column("level", "层级", "LEVEL", "choice", optional=True, choices=LEVELS),
        Column("post", "职务", "POST", optional=True, longest=50),
        Column("specialities", "岗位大类", "SPECIALITIES", "list", blank=(), note="工商、食药、质监、安全生产、物价等，可多项"),
        Column("qualifications", "岗位资格", "QUALIFICATIONS", "list", optional=True, blank=(), also=("资质资格",),
               note="如 药品检查员、特种设备安全监察员；有效期在证件里"),
        Column("item_scope", "执法事项范围", "ITEM_SCOPE", "list", optional=True, blank=(), note="事项编码；不填为不限"),
        Column("areas", "管辖片区", "AREAS", "list", optional=True, blank=(), also=("片区",)),
        Column("post_since", "从事本岗起始日期", "POST_SINCE", "date", optional=True),
        Column("expert", "是否专家", "EXPERT", "boolean", blank=False),
        Column("expert_fields", "专家领域", "EXPERT_FIELDS", "list", optional=True, blank=(), note="如 药品GMP、保化组长"),
        Column("active", "人员状态", "ACTIVE", "choice", required=True, choices=VALIDITY, note="失效的不参加抽取"),
        *ROW_TIMES,
        *personal(
            ("身份证号", "ID_NO"), ("手机号", "MOBILE"), ("性别", "SEX"), ("民族", "NATION"), ("年龄", "AGE"),
            ("学历", "EDUCATION"), ("出生日期", "BIRTHDAY"),
        ),
    ),
    derive=read_inspector,
)  # fmt: skip

BADGE = "执法证"
BADGE_WORDS = {
    **dict.fromkeys(("执法证", "行政执法证", "执法证件"), None),
    **dict.fromkeys(("系统证", "系统执法证", "部门执法证", "执法证(系统证)"), "系统证"),
    **dict.fromkeys(("省政府证", "省政府执法证", "地方执法证", "执法证(省政府证)"), "省政府证"),
}
"""证件类别 that are law-enforcement certificates, and which of the two systems issued them."""


def _badges(rows: pd.DataFrame) -> pd.DataFrame:
    """Both kinds of law-enforcement certificate count as one: staffing asks for 执法证."""
    kinds = rows["kind"].str.strip().str.replace("（", "(").str.replace("）", ")")
    told = rows.assign(kind=kinds.where(~kinds.isin(list(BADGE_WORDS)), BADGE))
    issued = kinds.map(lambda kind: BADGE_WORDS.get(kind) or "")
    given = told["system"] if "system" in told else pd.Series("", told.index, dtype=object)
    return told.assign(system=given.where(given.str.strip() != "", issued))


INSPECTOR_CERTIFICATE = Dataset(
    name="inspector_certificate",
    title="执法证件和资质",
    says="执法证（系统证、省政府证）和岗位资格，一证一行。执法证过期的不派，事项要求的资质按证件类别核对。",
    table="inspector_certificate",
    key=("staff_no", "kind", "certificate_no"),
    in_order=(("valid_to", "valid_from"),),
    snapshot=True,
    columns=(
        STAFF_NO,
        Column("kind", "证件类别", "KIND", required=True, longest=100, note="执法证、系统证、省政府证，或资质名称"),
        Column("system", "发证体系", "SYSTEM", optional=True, longest=50, note="系统证或省政府证，不填则由证件类别判断"),
        Column("certificate_no", "证件编号", "CERTIFICATE_NO", "code", required=True, longest=64),
        Column("valid_from", "有效期自", "VALID_FROM", "date", required=True),
        Column("valid_to", "有效期至", "VALID_TO", "date", required=True),
        *ROW_TIMES,
    ),
    convert=Conversion("系统证、省政府证都按执法证收，发证体系另存。", _badges, {"system": "kind"}),
)  # fmt: skip

INSPECTOR_LEAVE = Dataset(
    name="inspector_leave",
    title="人员请假外出",
    says="请假、外出的日期，期间不派检查。",
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
    says="检查人员与主体有利害关系而回避的，抽到时换下一人。",
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
