"""Judicial and security signals (司法和担保信息); domain.md 1.5 features 31–33 and 61–63, 6.3."""

from ingestion.datasets.contract import ROW_TIMES, Column, Dataset, identity_columns

JUDICIAL_KINDS = {
    **dict.fromkeys(("失信被执行人", "失信被执行人名单"), "失信被执行人"),
    **dict.fromkeys(("被执行人", "被执行"), "被执行人"),
    **dict.fromkeys(("涉诉被告", "作为被告涉诉", "被告", "被起诉"), "涉诉被告"),
    **dict.fromkeys(("股权冻结", "司法协助", "股权冻结信息"), "股权冻结"),
    **dict.fromkeys(("股权出质", "股权质押", "股权出质登记"), "股权出质"),
    **dict.fromkeys(("动产抵押", "动产抵押登记"), "动产抵押"),
    **dict.fromkeys(("限制高消费", "限制消费令"), "限制高消费"),
    **dict.fromkeys(("破产", "破产重整", "破产清算"), "破产"),
}
JUDICIAL_STATES = {
    **dict.fromkeys(
        ("冻结", "1", "有效", "在执行", "执行中", "审理中", "未结", "续行", "续行冻结", "2"), "有效"
    ),
    **dict.fromkeys(("解除", "解除冻结", "3", "注销", "结案", "已结", "执行完毕", "撤销", "失效"), "解除"),
    **dict.fromkeys(("强制转让", "4", "股东变更"), "强制转让"),
}
"""状态, by text, or for 股权冻结 the digits of ExecuteItem (1 冻结, 2 续行, 3 解除, 4 强制转让)."""

JUDICIAL_SIGNAL = Dataset(
    name="judicial_signal",
    title="司法和担保信息",
    says="失信被执行人、被执行人、涉诉被告、股权冻结、股权出质、动产抵押等，一案（一次登记）一行；解除、结案后重新报送整行。",
    table="judicial_signal",
    identity="must",
    key=("enterprise_code", "kind", "case_no"),
    occurred="happened_on",
    in_order=(("ended_on", "happened_on"),),
    sender="organ",
    columns=(
        *identity_columns(),
        Column("kind", "类型", "KIND", "choice", required=True, choices=JUDICIAL_KINDS),
        Column("case_no", "案号或登记编号", "CASE_NO", required=True, longest=128),
        Column("organ", "法院或登记机关", "ORGAN", required=True, longest=200),
        Column("cause", "案由或事项", "CAUSE", longest=500),
        Column("amount", "金额(万元)", "AMOUNT", "amount", note="执行标的、冻结或担保的数额"),
        Column("happened_on", "立案或登记日期", "HAPPENED_ON", "date", required=True),
        Column("valid_to", "期限至", "VALID_TO", "date", optional=True, open_ended=True, note="冻结、抵押的期限"),
        Column("ended_on", "结案或解除日期", "ENDED_ON", "date"),
        Column("state", "状态", "STATE", "choice", optional=True, blank="有效", choices=JUDICIAL_STATES),
        *ROW_TIMES,
    ),
)  # fmt: skip
