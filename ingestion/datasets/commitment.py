"""Commitments (告知承诺) and what became of them (承诺核查与履约): seed 002-51 to 53, domain.md 1.5 feature 39."""

from ingestion.datasets.contract import ROW_TIMES, Column, Dataset, identity_columns
from ingestion.datasets.demands import filled_where, organ_code

COMMITMENT_KINDS = {
    **dict.fromkeys(("涉企经营许可告知承诺", "许可告知承诺", "告知承诺制许可", "告知承诺"), "许可告知承诺"),
    **dict.fromkeys(("证明事项告知承诺", "证明告知承诺"), "证明事项告知承诺"),
    **dict.fromkeys(("容缺受理承诺", "容缺受理", "容缺承诺"), "容缺受理承诺"),
    **dict.fromkeys(("信用承诺", "主动承诺", "信用主动承诺"), "信用承诺"),
    **dict.fromkeys(("信用修复承诺", "修复承诺"), "信用修复承诺"),
    **dict.fromkeys(("住所承诺", "住所自主申报承诺", "住所(经营场所)承诺"), "住所承诺"),
    **dict.fromkeys(("其他", "其他承诺"), "其他"),
}

OUTCOMES = {
    **dict.fromkeys(("已履行", "履行", "履约", "已履约", "承诺属实", "核查通过", "符合"), "已履行"),
    **dict.fromkeys(("部分履行", "部分履约"), "部分履行"),
    **dict.fromkeys(("未履行", "未履约", "逾期未履行", "违诺"), "未履行"),
    **dict.fromkeys(("承诺不实", "虚假承诺", "核查不通过", "不符合"), "承诺不实"),
    **dict.fromkeys(("履行中", "未到期"), "履行中"),
}
"""核查结果, by text. 未履行 and 承诺不实 are breaches."""

COMMITMENT = Dataset(
    name="commitment",
    title="告知承诺",
    says="以告知承诺、容缺受理或信用承诺方式办理的事项，一份承诺一行。核查和履约情况在“承诺核查结果”里。",
    table="commitment",
    identity="must",
    key=("commitment_no", "enterprise_code"),
    occurred="committed_on",
    in_order=(("due_on", "committed_on"),),
    sender="organ",
    columns=(
        Column("commitment_no", "承诺书编号", "COMMITMENT_NO", "code", required=True, longest=100),
        *identity_columns(),
        Column("kind", "承诺类型", "KIND", "choice", required=True, choices=COMMITMENT_KINDS),
        Column("matter", "承诺事项", "MATTER", required=True, longest=500, note="办理的事项，如 食品经营许可新办"),
        Column("content", "承诺内容", "CONTENT", longest=2000),
        Column("committed_on", "承诺日期", "COMMITTED_ON", "date", required=True),
        Column("due_on", "履行期限", "DUE_ON", "date", open_ended=True, note="容缺补正或兑现的最后日期；长期有效的不填"),
        Column("organ", "受理机关", "ORGAN", required=True, longest=200),
        Column("organ_code", "受理机关统一社会信用代码", "ORGAN_CODE", "code", optional=True, longest=18),
        Column("published", "是否公开", "PUBLISHED", "boolean", optional=True),
        *ROW_TIMES,
    ),
    checks=(organ_code("organ_code", "受理机关统一社会信用代码"),),
)  # fmt: skip

COMMITMENT_CHECK = Dataset(
    name="commitment_check",
    title="承诺核查结果",
    says="对告知承诺的事后核查和履约认定，一次核查一行。",
    table="commitment_check",
    identity="must",
    key=("commitment_no", "checked_on", "enterprise_code"),
    occurred="checked_on",
    in_order=(("mended_on", "checked_on"),),
    sender="organ",
    columns=(
        Column("commitment_no", "承诺书编号", "COMMITMENT_NO", "code", required=True, longest=100),
        *identity_columns(),
        Column("checked_on", "核查日期", "CHECKED_ON", "date", required=True),
        Column("outcome", "核查结果", "OUTCOME", "choice", required=True, choices=OUTCOMES),
        Column("facts", "不实或未履行情况", "FACTS", longest=2000, note="未履行、承诺不实的必填"),
        Column("measure", "处理措施", "MEASURE", longest=500, note="如 责令整改、撤销许可、列入失信记录"),
        Column("mended_on", "整改完成日期", "MENDED_ON", "date", optional=True),
        Column("organ", "核查机关", "ORGAN", required=True, longest=200),
        *ROW_TIMES,
    ),
    checks=(filled_where("facts", "outcome", ("未履行", "不实"), "核查结果"),),
)  # fmt: skip
