"""Permits (行政许可): the 28 columns of 发改办财金〔2018〕424号, domain.md 6.1."""

from ingestion.datasets.contract import ROW_TIMES, Column, Dataset, identity_columns, left_out, personal

COUNTERPARTS = {"法人及非法人组织": "法人及非法人组织", "个体工商户": "个体工商户", "自然人": "自然人"}
"""行政相对人类别. Natural persons are outside this registry; their rows are held without their content."""

PERMIT_KINDS = ("普通", "特许", "认可", "核准", "登记", "其他")

PERMIT = Dataset(
    name="permit",
    title="行政许可",
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
        Column("counterpart", "行政相对人类别", "XK_XDR_LB", "choice", required=True, stored=False, choices=COUNTERPARTS),
        Column("xk_xkws", "行政许可决定文书名称", "XK_XKWS", required=True, longest=64),
        Column("xk_wsh", "行政许可决定文书号", "XK_WSH", required=True, longest=64),
        Column("xk_xklb", "许可类别", "XK_XKLB", required=True, longest=256, pattern=f"({'|'.join(PERMIT_KINDS)}).*"),
        Column("xk_xkzs", "许可证书名称", "XK_XKZS", longest=64),
        Column("xk_xkbh", "许可编号", "XK_XKBH", longest=64),
        Column("xk_nr", "许可内容", "XK_NR", required=True),
        Column("xk_jdrq", "许可决定日期", "XK_JDRQ", "date", required=True),
        Column("xk_yxqz", "有效期自", "XK_YXQZ", "date", required=True),
        Column("xk_yxqzi", "有效期至", "XK_YXQZI", "date", open_ended=True),
        Column("xk_xkjg", "许可机关", "XK_XKJG", required=True, longest=200),
        Column("xk_xkjgdm", "许可机关统一社会信用代码", "XK_XKJGDM", "code", longest=18),
        Column("xk_zt", "当前状态", "XK_ZT", "choice", required=True, choices={"有效": "1", "无效": "2", "1": "1", "2": "2"}),
        *ROW_TIMES,
        *left_out(("数据来源单位", "XK_LYDW"), ("数据来源单位统一社会信用代码", "XK_LYDWDM"), ("备注", "BZ")),
        *left_out(
            ("行政相对人代码_3(组织机构代码)", "XK_XDR_ZZJG"), ("行政相对人代码_4(税务登记号)", "XK_XDR_SWDJ"),
            ("行政相对人代码_5(事业单位证书号)", "XK_XDR_SYDW"), ("行政相对人代码_6(社会组织登记证号)", "XK_XDR_SHZZ"),
        ),
        *personal(
            ("法定代表人", "XK_FRDB"), ("法定代表人证件类型", "XK_FR_ZJLX"), ("法定代表人证件号码", "XK_FR_ZJHM"),
            ("法定代表人身份证号", "XK_FR_SFZH"), ("证件类型", "XK_XDR_ZJLX"), ("证件号码", "XK_XDR_ZJHM"),
        ),
    ),
)  # fmt: skip
