"""Penalties (行政处罚): the 30 columns of 发改办财金〔2018〕424号, domain.md 6.1, and credit repair."""

import pandas as pd

from ingestion.datasets.contract import (
    ROW_TIMES,
    Column,
    Dataset,
    Surroundings,
    identity_columns,
    kept,
    personal,
)
from ingestion.datasets.demands import (
    counterpart_fits_code,
    filled_where,
    normalise_codes,
    of_vocabulary,
    organ_code,
    other_is_named,
    parts_of,
)
from ingestion.datasets.permit import COUNTERPARTS, STANDARD_2018

SANCTIONS = {
    "警告": "警告", "通报批评": "通报批评", "罚款": "罚款", "没收违法所得": "没收违法所得", "没收非法财物": "没收非法财物",
    "没收": "没收违法所得", "责令停产停业": "责令停产停业", "责令停业": "责令停产停业", "停产停业": "责令停产停业",
    "责令关闭": "责令关闭", "限制从业": "限制从业", "限制开展生产经营活动": "限制开展生产经营活动",
    "降低资质等级": "降低资质等级",
    **dict.fromkeys(("暂扣许可证", "暂扣许可证件"), "暂扣许可证"),
    **dict.fromkeys(("吊销许可证", "吊销许可证件"), "吊销许可证"),
    **dict.fromkeys(("暂扣或者吊销许可证", "暂扣或吊销许可证", "暂扣、吊销许可证"), "暂扣或者吊销许可证"),
    **dict.fromkeys(("暂扣执照", "暂扣营业执照"), "暂扣执照"),
    **dict.fromkeys(("吊销执照", "吊销营业执照"), "吊销执照"),
    **dict.fromkeys(("暂扣或者吊销执照", "暂扣或吊销执照", "暂扣或者吊销营业执照"), "暂扣或者吊销执照"),
    "行政拘留": "行政拘留",
    **dict.fromkeys(("吊销许可证或执照", "吊销许可证或者执照"), "吊销许可证"),
}  # fmt: skip
"""处罚类别 → the word of the standard (domain.md 6.1) or of 行政处罚法 (2021) Art 9; 其他 stands beside them."""

DEPARTMENT_WORDS = {
    "市场监督": "市场监管", "市场监管": "市场监管", "工商": "市场监管", "质量技术监督": "市场监管", "食品药品": "市场监管",
    "人力资源": "人社", "消防": "消防", "生态环境": "生态环境", "环境保护": "生态环境", "卫生": "卫健", "文化": "文旅",
    "旅游": "文旅",
}  # fmt: skip
"""Words in an authority's name that tell its department, where the file has no column for it."""


def department_of(authority: str) -> str:
    """The department whose word an authority's name contains, else the name itself."""
    return next((department for word, department in DEPARTMENT_WORDS.items() if word in authority), authority)


def sanctions_of(text: str | None) -> tuple[str, ...]:
    """The sanctions of a joined text in the standard's words, each once; what 其他 is stays in the text itself."""
    named: dict[str, None] = {}
    for part in parts_of(text or ""):
        if part.startswith("其他"):
            return (*named, "其他")
        named[SANCTIONS.get(part, "其他")] = None
    return tuple(named)


def fill_department(rows: pd.DataFrame) -> None:
    """The department from the authority's name where the file does not give it."""
    guessed = rows["cf_cfjg"].map({name: department_of(name) for name in rows["cf_cfjg"].dropna().unique()})
    rows["department"] = rows["department"].where(rows["department"].notna(), guessed)


def read_penalty(rows: pd.DataFrame, around: Surroundings) -> None:
    """Department, sanctions one by one, and what only the older layout knows."""
    fill_department(rows)
    normalise_codes(rows, "cf_cfjgdm", "cf_sjlydm")
    known = {text: sanctions_of(text) for text in rows["cf_cflb"].unique()}
    rows["sanctions"] = [known[text] for text in rows["cf_cflb"]]
    rows["layout"] = STANDARD_2018
    for name in ("cf_cfmc", "cf_syfw", "cf_sxyzcd", "dfbm", "old_state"):
        rows[name] = None


PENALTY = Dataset(
    name="penalty",
    title="行政处罚",
    says="双公示行政处罚信息，发改办财金〔2018〕424号 30 项，另收信用修复日期。自作出决定之日起 7 个工作日内上网公开。"
    "旧版（2015—2016）文件自动识别。",
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
        Column("counterpart", "行政相对人类别", "CF_XDR_LB", "choice", required=True, choices=COUNTERPARTS,
               note="自然人的处罚不归集，整行退回且不留内容"),
        Column("cf_wsh", "行政处罚决定书文号", "CF_WSH", required=True, longest=128),
        Column("cf_wfxw", "违法行为类型", "CF_WFXW", required=True, longest=2000),
        Column("violation_code", "违法行为代码", "VIOLATION_CODE", "code", optional=True, longest=64,
               note="本地编码，用于判断是否同类违法；没有的不填"),
        Column("cf_sy", "违法事实", "CF_SY", required=True, longest=5000),
        Column("cf_yj", "处罚依据", "CF_YJ", required=True, longest=2048),
        Column("cf_cflb", "处罚类别", "CF_CFLB", required=True, longest=256, choices=SANCTIONS,
               note="几种之间用分号隔开；其他须注明"),
        Column("cf_nr", "处罚内容", "CF_NR", required=True),
        Column("cf_nr_fk", "罚款金额(万元)", "CF_NR_FK", "amount", required_if=("cf_cflb", "罚款"),
               note="以万元计，最多六位小数；写明“元”“亿元”的自动换算"),
        Column(
            "cf_nr_wfff", "没收违法所得、没收非法财物的金额(万元)", "CF_NR_WFFF", "amount", required_if=("cf_cflb", "没收")
        ),
        Column("cf_nr_zkdx", "暂扣或吊销证照名称及编号", "CF_NR_ZKDX", longest=200,
               note="处罚类别有暂扣或吊销的必填"),
        Column("cf_jdrq", "处罚决定日期", "CF_JDRQ", "date", required=True, note="不晚于知悉日期"),
        Column("cf_yxq", "处罚有效期", "CF_YXQ", "date", required=True, open_ended=True, note="长期填 2099-12-31"),
        Column("cf_gsjzq", "公示截止期", "CF_GSJZQ", "date", open_ended=True),
        Column("cf_cfjg", "处罚机关", "CF_CFJG", required=True, longest=200),
        Column("cf_cfjgdm", "处罚机关统一社会信用代码", "CF_CFJGDM", "code", required=True, longest=18),
        Column("cf_sjly", "数据来源单位", "CF_SJLY", required=True, longest=200),
        Column("cf_sjlydm", "数据来源单位统一社会信用代码", "CF_SJLYDM", "code", required=True, longest=18),
        Column("department", "所属部门", "DEPARTMENT", optional=True, longest=50, note="不填则由处罚机关名称判断"),
        Column("repaired_on", "信用修复日期", "REPAIR_DATE", "date", optional=True, note="修复后重新报送本行并填此项"),
        *ROW_TIMES,
        *kept(512, ("备注", "BZ")),
        *kept(
            120,
            ("行政相对人代码_3(组织机构代码)", "CF_XDR_ZZJG"), ("行政相对人代码_4(税务登记号)", "CF_XDR_SWDJ"),
            ("行政相对人代码_5(事业单位证书号)", "CF_XDR_SYDW"), ("行政相对人代码_6(社会组织登记证号)", "CF_XDR_SHZZ"),
        ),
        *personal(
            ("法定代表人", "CF_FRDB"), ("法定代表人证件类型", "CF_FR_ZJLX"), ("法定代表人证件号码", "CF_FR_ZJHM"),
            ("法定代表人身份证号", "CF_FR_SFZH"), ("证件类型", "CF_XDR_ZJLX"), ("证件号码", "CF_XDR_ZJHM"),
        ),
    ),
    checks=(
        counterpart_fits_code(),
        of_vocabulary("cf_cflb", SANCTIONS, "处罚类别"),
        other_is_named("cf_cflb", "处罚类别"),
        filled_where("cf_nr_zkdx", "cf_cflb", ("暂扣", "吊销"), "处罚类别"),
        organ_code("cf_cfjgdm", "处罚机关统一社会信用代码"),
        organ_code("cf_sjlydm", "数据来源单位统一社会信用代码"),
    ),
    derive=read_penalty,
    derive_reads=("cf_cfjg", "department", "cf_cfjgdm", "cf_sjlydm", "cf_cflb"),
    repeats={"cf_xdr_mc": "given_name"},
    derived=("sanctions", "cf_xdr_mc", "layout", "cf_cfmc", "cf_syfw", "cf_sxyzcd", "dfbm", "old_state"),
)  # fmt: skip
