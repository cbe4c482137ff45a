"""Abnormal listings (经营异常名录) and the marks of individual businesses (标记异常状态), domain.md 5.2, 6.3."""

from ingestion.datasets.contract import ROW_TIMES, Column, Dataset, identity_columns
from registry.vocabulary import ABNORMAL_CAUSES

CAUSES = {
    **{text: code for code, text in ABNORMAL_CAUSES.items()},
    **dict.fromkeys(
        (
            "未依照《企业信息公示暂行条例》第八条规定的期限公示年度报告的", "未按规定期限公示年度报告", "未年报",
            "未按照规定报送年度报告", "未依照规定期限报送年度报告",
        ),
        "1",
    ),
    **dict.fromkeys(
        ("未在依照《企业信息公示暂行条例》第十条规定责令的期限内公示有关企业信息的", "未按责令期限公示企业信息"), "2"
    ),
    **dict.fromkeys(("公示企业信息隐瞒真实情况、弄虚作假的", "年度报告隐瞒真实情况、弄虚作假", "弄虚作假"), "3"),
    **dict.fromkeys(("通过登记的住所或者经营场所无法联系的", "通过登记的经营场所或者住所无法联系", "无法联系"), "4"),
}  # fmt: skip

ABNORMAL = Dataset(
    name="abnormal",
    title="经营异常名录和异常状态标记",
    table="abnormal_listing",
    identity="must",
    key=("enterprise_code", "specause", "abntime"),
    occurred="abntime",
    in_order=(("remdate", "abntime"),),
    sender="decorg",
    columns=(
        *identity_columns(),
        Column(
            "specause",
            "列入原因",
            "speCause_CN",
            "choice",
            required=True,
            choices=CAUSES,
            also=("标记原因", "SPECAUSE"),
        ),
        Column("abntime", "列入日期", "abntime", "date", required=True, also=("标记日期",)),
        Column(
            "decorg",
            "列入决定机关",
            "decOrg_CN",
            required=True,
            longest=200,
            also=("作出决定机关(列入)", "标记机关"),
        ),
        Column("decno", "列入决定书文号", "decNo", longest=100, optional=True),
        Column("remexcpres", "移出原因", "remExcpRes_CN", longest=500, also=("恢复原因",)),
        Column("remdate", "移出日期", "remDate", "date", also=("恢复日期",)),
        Column(
            "redecorg", "移出决定机关", "reDecOrg_CN", longest=200, also=("作出决定机关(移出)", "恢复机关")
        ),
        *ROW_TIMES,
    ),
)
