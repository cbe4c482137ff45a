"""Serious violations (严重违法失信名单), domain.md 5.3, 6.3."""

from ingestion.datasets.contract import ROW_TIMES, Column, Dataset, identity_columns

SERIOUS_VIOLATION = Dataset(
    name="serious_violation",
    title="严重违法失信名单",
    says="市场监督管理部门列入严重违法失信名单（总局令第44号）。移出时重新报送整行，填移出原因和日期。",
    table="serious_violation",
    identity="must",
    key=("enterprise_code", "abntime", "serillrea"),
    occurred="abntime",
    in_order=(("remdate", "abntime"),),
    sender="decorg",
    columns=(
        *identity_columns(),
        Column("serillrea", "列入原因", "serILLRea_CN", required=True, longest=1000),
        Column("abntime", "列入日期", "abntime", "date", required=True),
        Column(
            "decorg", "列入决定机关", "decOrg_CN", required=True, longest=200, also=("作出决定机关(列入)",)
        ),
        Column("decno", "列入决定书文号", "decNo", longest=100, optional=True),
        Column("remexcpres", "移出原因", "remExcpRes_CN", longest=500),
        Column("remdate", "移出日期", "remDate", "date"),
        Column(
            "redecorg",
            "移出决定机关",
            "reDecOrg_CN",
            longest=200,
            optional=True,
            also=("作出决定机关(移出)",),
        ),
        *ROW_TIMES,
    ),
)
