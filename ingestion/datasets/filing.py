"""Changes and filings (变更、备案信息): ALTITEM, ALTDATE, ALTBE, ALTAF of domain.md 6.2."""

from ingestion.datasets.contract import ROW_TIMES, Column, Dataset, identity_columns

FILING = Dataset(
    name="filing",
    title="变更备案信息",
    says="变更登记和备案，一项一行。备案事项应在变化之日起 30 日内办理，应办日期用于判断逾期。",
    table="filing",
    identity="must",
    key=("enterprise_code", "kind", "altitem", "altdate"),
    occurred="altdate",
    columns=(
        *identity_columns(),
        Column("kind", "类型", "ALTKIND", "choice", required=True, choices={"变更": "变更", "备案": "备案"}),
        Column("altitem", "变更事项", "ALTITEM", required=True, longest=200, also=("变更(备案)事项",)),
        Column("altdate", "变更日期", "ALTDATE", "date", required=True),
        Column("due_on", "应办日期", "DUE_ON", "date", optional=True),
        Column("altbe", "变更前内容", "ALTBE"),
        Column("altaf", "变更后内容", "ALTAF"),
        *ROW_TIMES,
    ),
)
