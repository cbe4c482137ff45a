"""Penalties (行政处罚): the 30 columns of 发改办财金〔2018〕424号, domain.md 6.1, and credit repair."""

import pandas as pd

from ingestion.datasets.contract import (
    ROW_TIMES,
    Column,
    Dataset,
    Surroundings,
    identity_columns,
    left_out,
    personal,
)
from ingestion.datasets.permit import COUNTERPARTS

DEPARTMENT_WORDS = {
    "市场监督": "市场监管", "市场监管": "市场监管", "工商": "市场监管", "质量技术监督": "市场监管", "食品药品": "市场监管",
    "人力资源": "人社", "消防": "消防", "生态环境": "生态环境", "环境保护": "生态环境", "卫生": "卫健", "文化": "文旅",
    "旅游": "文旅",
}  # fmt: skip
"""Words in an authority's name that tell its department, where the file has no column for it."""


def department_of(authority: str) -> str:
    """The department whose word an authority's name contains, else the name itself."""
    return next((department for word, department in DEPARTMENT_WORDS.items() if word in authority), authority)


def read_penalty(rows: pd.DataFrame, around: Surroundings) -> None:
    """Fill the department from the authority's name where the file does not give it."""
    guessed = rows["cf_cfjg"].map({name: department_of(name) for name in rows["cf_cfjg"].dropna().unique()})
    rows["department"] = rows["department"].where(rows["department"].notna(), guessed)


PENALTY = Dataset(
    name="penalty",
    title="行政处罚",
    table="penalty",
    identity="must",
    key=("cf_cfjg", "cf_wsh", "enterprise_code"),
    occurred="cf_jdrq",
    in_order=(("repaired_on", "cf_jdrq"),),
    sender="cf_cfjg",
    timely=True,
    columns=(
        *identity_columns(
            ("行政相对人代码_1(统一社会信用代码)", "CF_XDR_SHXYM"),
            ("行政相对人代码_2(工商注册号)", "CF_XDR_GSZC"),
            ("行政相对人名称", "CF_XDR_MC"),
        ),
        Column("counterpart", "行政相对人类别", "CF_XDR_LB", "choice", required=True, stored=False, choices=COUNTERPARTS),
        Column("cf_wsh", "行政处罚决定书文号", "CF_WSH", required=True, longest=128),
        Column("cf_wfxw", "违法行为类型", "CF_WFXW", required=True, longest=2000),
        Column("violation_code", "违法行为代码", "VIOLATION_CODE", "code", optional=True, longest=64),
        Column("cf_sy", "违法事实", "CF_SY", required=True, longest=5000),
        Column("cf_yj", "处罚依据", "CF_YJ", required=True, longest=2048),
        Column("cf_cflb", "处罚类别", "CF_CFLB", required=True, longest=256),
        Column("cf_nr", "处罚内容", "CF_NR", required=True),
        Column("cf_nr_fk", "罚款金额(万元)", "CF_NR_FK", "amount", required_if=("cf_cflb", "罚款")),
        Column(
            "cf_nr_wfff", "没收违法所得、没收非法财物的金额(万元)", "CF_NR_WFFF", "amount", required_if=("cf_cflb", "没收")
        ),
        Column("cf_jdrq", "处罚决定日期", "CF_JDRQ", "date", required=True),
        Column("cf_gsjzq", "公示截止期", "CF_GSJZQ", "date", open_ended=True),
        Column("cf_cfjg", "处罚机关", "CF_CFJG", required=True, longest=200),
        Column("cf_cfjgdm", "处罚机关统一社会信用代码", "CF_CFJGDM", "code", longest=18),
        Column("department", "所属部门", "DEPARTMENT", optional=True, longest=50),
        Column("repaired_on", "信用修复日期", "REPAIR_DATE", "date", optional=True),
        *ROW_TIMES,
        *left_out(
            ("处罚有效期", "CF_YXQ"), ("数据来源单位", "CF_SJLY"), ("数据来源单位统一社会信用代码", "CF_SJLYDM"),
            ("备注", "BZ"), ("暂扣或吊销证照名称及编号", "CF_NR_ZKDX"), ("行政相对人代码_3(组织机构代码)", "CF_XDR_ZZJG"),
            ("行政相对人代码_4(税务登记号)", "CF_XDR_SWDJ"), ("行政相对人代码_5(事业单位证书号)", "CF_XDR_SYDW"),
            ("行政相对人代码_6(社会组织登记证号)", "CF_XDR_SHZZ"),
        ),
        *personal(
            ("法定代表人", "CF_FRDB"), ("法定代表人证件类型", "CF_FR_ZJLX"), ("法定代表人证件号码", "CF_FR_ZJHM"),
            ("法定代表人身份证号", "CF_FR_SFZH"), ("证件类型", "CF_XDR_ZJLX"), ("证件号码", "CF_XDR_ZJHM"),
        ),
    ),
    derive=read_penalty,
)  # fmt: skip
