"""Permits (行政许可): the 28 columns of 发改办财金〔2018〕424号, domain.md 6.1."""

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
from ingestion.datasets.demands import counterpart_fits_code, normalise_codes, organ_code, other_is_named

COUNTERPARTS = {"法人及非法人组织": "法人及非法人组织", "个体工商户": "个体工商户", "自然人": "自然人"}
"""行政相对人类别. Natural persons are outside this registry; their rows are held without their content."""

PERMIT_KINDS = ("普通", "特许", "认可", "核准", "登记", "其他")
PERMIT_STATES = {"有效": "1", "无效": "2", "1": "1", "2": "2"}
STANDARD_2018 = "2018"


def read_permit(rows: pd.DataFrame, around: Surroundings) -> None:
    """Say which layout it came in, and what that layout has no word for."""
    normalise_codes(rows, "xk_xkjgdm", "xk_lydwdm")
    rows["layout"] = STANDARD_2018
    rows["xk_xmmc"], rows["dfbm"], rows["old_state"] = None, None, None


PERMIT = Dataset(
    name="permit",
    title="行政许可",
    says="双公示行政许可信息，发改办财金〔2018〕424号 28 项。自作出决定之日起 7 个工作日内上网公开。旧版（2015—2016）文件自动识别。",
    table="permit",
    identity="must",
    key=("xk_xkjg", "xk_wsh", "enterprise_code"),
    occurred="xk_jdrq",
    in_order=(("xk_yxqzi", "xk_yxqz"),),
    sender="xk_xkjg",
    timely=True,
    columns=(
        *identity_columns(
            ("行政相对人代码_1(统一社会信用代码)", "XK_XDR_SHXYM"),
            ("行政相对人代码_2(工商注册号)", "XK_XDR_GSZC"),
            ("行政相对人名称", "XK_XDR_MC"),
        ),
        Column("counterpart", "行政相对人类别", "XK_XDR_LB", "choice", required=True, choices=COUNTERPARTS,
               note="自然人的许可不归集，整行退回且不留内容"),
        Column("xk_xkws", "行政许可决定文书名称", "XK_XKWS", required=True, longest=64, note="文书标题"),
        Column("xk_wsh", "行政许可决定文书号", "XK_WSH", required=True, longest=64, note="没有文书号的填许可编号"),
        Column("xk_xklb", "许可类别", "XK_XKLB", required=True, longest=256,
               choices={kind: kind for kind in PERMIT_KINDS}, pattern=f"({'|'.join(PERMIT_KINDS)}).*", note="其他须注明"),
        Column("xk_xkzs", "许可证书名称", "XK_XKZS", longest=64),
        Column("xk_xkbh", "许可编号", "XK_XKBH", longest=64),
        Column("xk_nr", "许可内容", "XK_NR", required=True),
        Column("xk_jdrq", "许可决定日期", "XK_JDRQ", "date", required=True, note="不晚于知悉日期"),
        Column("xk_yxqz", "有效期自", "XK_YXQZ", "date", required=True),
        Column("xk_yxqzi", "有效期至", "XK_YXQZI", "date", required=True, open_ended=True, note="长期填 2099-12-31"),
        Column("xk_xkjg", "许可机关", "XK_XKJG", required=True, longest=200),
        Column("xk_xkjgdm", "许可机关统一社会信用代码", "XK_XKJGDM", "code", required=True, longest=18),
        Column("xk_zt", "当前状态", "XK_ZT", "choice", required=True, choices=PERMIT_STATES, note="1 有效，2 无效"),
        Column("xk_lydw", "数据来源单位", "XK_LYDW", required=True, longest=200),
        Column("xk_lydwdm", "数据来源单位统一社会信用代码", "XK_LYDWDM", "code", required=True, longest=18),
        *ROW_TIMES,
        *kept(512, ("备注", "BZ")),
        *kept(
            50,
            ("行政相对人代码_3(组织机构代码)", "XK_XDR_ZZJG"), ("行政相对人代码_4(税务登记号)", "XK_XDR_SWDJ"),
            ("行政相对人代码_5(事业单位证书号)", "XK_XDR_SYDW"), ("行政相对人代码_6(社会组织登记证号)", "XK_XDR_SHZZ"),
        ),
        *personal(
            ("法定代表人", "XK_FRDB"), ("法定代表人证件类型", "XK_FR_ZJLX"), ("法定代表人证件号码", "XK_FR_ZJHM"),
            ("法定代表人身份证号", "XK_FR_SFZH"), ("证件类型", "XK_XDR_ZJLX"), ("证件号码", "XK_XDR_ZJHM"),
        ),
    ),
    checks=(
        counterpart_fits_code(),
        other_is_named("xk_xklb", "许可类别"),
        organ_code("xk_xkjgdm", "许可机关统一社会信用代码"),
        organ_code("xk_lydwdm", "数据来源单位统一社会信用代码"),
    ),
    derive=read_permit,
    derive_reads=("xk_xkjgdm", "xk_lydwdm"),
    repeats={"xk_xdr_mc": "given_name"},
    derived=("xk_xdr_mc", "layout", "xk_xmmc", "dfbm", "old_state"),
)  # fmt: skip
