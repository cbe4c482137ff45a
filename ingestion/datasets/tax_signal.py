"""Tax and social-insurance signals (税务和社保信息); domain.md 1.5 features 64–66."""

from ingestion.datasets.contract import ROW_TIMES, Column, Dataset, identity_columns
from ingestion.datasets.demands import filled_where

TAX_KINDS = {
    **dict.fromkeys(("欠税", "欠税公告"), "欠税"),
    **dict.fromkeys(("非正常户", "税务非正常户"), "非正常户"),
    **dict.fromkeys(("纳税信用等级", "纳税信用评价", "纳税信用"), "纳税信用等级"),
    **dict.fromkeys(("参保", "社会保险参保", "参保人数"), "参保"),
    **dict.fromkeys(("欠缴社保", "社会保险费欠缴", "欠缴社会保险费"), "欠缴社保"),
    **dict.fromkeys(("重大税收违法", "重大税收违法失信"), "重大税收违法"),
}
TAX_GRADES = {grade: grade for grade in "ABMCD"} | {f"{grade}级": grade for grade in "ABMCD"}
"""纳税信用等级: no relation to the credit-risk class of the same letters."""

TAX_SIGNAL = Dataset(
    name="tax_signal",
    title="税务和社保信息",
    says="欠税、非正常户、纳税信用等级、参保人数、欠缴社保等，一户一类一期一行；清缴、解除后重新报送整行。",
    table="tax_signal",
    identity="must",
    key=("enterprise_code", "kind", "period"),
    occurred="happened_on",
    in_order=(("ended_on", "happened_on"),),
    sender="organ",
    columns=(
        *identity_columns(),
        Column("kind", "类型", "KIND", "choice", required=True, choices=TAX_KINDS),
        Column("period", "所属期", "PERIOD", "code", required=True, pattern="[0-9]{4}(-(0[1-9]|1[0-2])|Q[1-4])?",
               note="年 2025、季 2025Q3 或月 2025-09"),
        Column("tax_grade", "纳税信用等级", "TAX_GRADE", "choice", choices=TAX_GRADES, note="A、B、M、C、D"),
        Column("amount", "欠缴金额(万元)", "AMOUNT", "amount"),
        Column("insured", "参保人数", "INSURED", "integer", least=0, most=5_000_000),
        Column("organ", "认定机关", "ORGAN", required=True, longest=200),
        Column("happened_on", "认定日期", "HAPPENED_ON", "date", required=True),
        Column("ended_on", "清缴或解除日期", "ENDED_ON", "date"),
        *ROW_TIMES,
    ),
    checks=(
        filled_where("tax_grade", "kind", ("纳税信用等级",), "类型"),
        filled_where("amount", "kind", ("欠税", "欠缴社保"), "类型"),
        filled_where("insured", "kind", ("参保",), "类型"),
    ),
)  # fmt: skip
