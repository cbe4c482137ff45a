"""Annual reports (年度报告): one year's report, and its corrections as later versions; domain.md 5.1."""

from ingestion.datasets.contract import ROW_TIMES, Column, Dataset, identity_columns

ANNUAL_REPORT = Dataset(
    name="annual_report",
    title="年度报告",
    says="一户一年一行；更正后重新报送整行，更正次数加一。",
    table="annual_report",
    identity="must",
    key=("enterprise_code", "report_year"),
    occurred="submitted_on",
    columns=(
        *identity_columns(),
        Column("report_year", "年报年度", "ANCHEYEAR", "integer", required=True, least=2013, most=2100),
        Column("submitted_on", "报送日期", "ANCHEDATE", "date", required=True),
        Column(
            "all_zero", "财务数据全零", "ALLZERO", "boolean", required=True, note="资产、营收、纳税等全部填零"
        ),
        Column("amended", "更正次数", "AMENDED", "integer", least=0, most=1000, blank=0),
        Column("empnum", "从业人数", "EMPNUM", "integer", least=0, most=5_000_000),
        Column("insured", "参保人数", "INSURED", "integer", least=0, most=5_000_000),
        *ROW_TIMES,
    ),
)
