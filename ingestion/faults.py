"""Faults (问题数据): what can be wrong with a row, and the one sentence that says what to do."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ingestion.redaction import redact

LONGEST_SHOWN = 40

SENTENCES = {
    # the row itself
    "undecodable": "含有无法识别的字节，请用 UTF-8 或 GB18030 重新导出这一行。",
    "too_few_cells": "这一行只有 {found} 格，应为 {expected} 格，请检查是否缺列或换行。",
    "too_many_cells": "这一行有 {found} 格，应为 {expected} 格，请检查内容里是否有未加引号的分隔符。",
    "bad_json": "这一行不是一个完整的 JSON 对象，请重新导出。",
    "too_long": "内容有 {found} 个字符，最多 {expected} 个，请核对是否串行。",
    # the value of a cell
    "missing": "必填而为空，请补填。",
    "missing_if": "“{other}”写有“{fragment}”，这里不能为空，请补填。",
    "bad_date": "“{value}”读不成日期，请写成 2026-01-31 这样。",
    "impossible_date": "“{value}”在日历上不存在，请核对年月日。",
    "date_out_of_range": "“{value}”不在 1900 年至 2100 年之间，请核对。",
    "bad_amount": "“{value}”读不成金额，请只写数字（万元），或注明“元”。",
    "bad_number": "“{value}”读不成数字，请核对。",
    "bad_integer": "“{value}”不是整数，请核对。",
    "too_small": "“{value}”小于允许的最小值 {limit}，请核对。",
    "too_large": "“{value}”大于允许的最大值 {limit}，请核对。",
    "bad_boolean": "“{value}”读不成是或否，请写“是”或“否”。",
    "unknown_code": "“{value}”不在代码表里，请改用代码表的文字（如：{examples}）。",
    "bad_pattern": "“{value}”不合格式要求，请对照数据标准填写。",
    "bad_days": "“{value}”读不成每月日期，请写成 1-25 或 5,15,25。",
    # the identity of an enterprise
    "no_identity": "统一社会信用代码、注册号和名称都没有，请至少补填一项。",
    "code_scientific": "“{value}”是被表格软件改成科学计数法的代码，后几位已丢失，请按文本格式重新导出。",
    "code_length": "“{value}”有 {found} 位，统一社会信用代码应为 18 位（旧注册号 15 位），请核对是否丢了零或多了字。",
    "code_alphabet": "“{value}”含有代码不用的字符 {found}，请核对（常见的是 0 写成 O、1 写成 I）。",
    "code_check": "“{value}”的校验码不对，有一位或几位写错，请对照执照核对。",
    "code_organisation": "“{value}”第 9 至 17 位的组织机构代码校验不对，请对照执照核对。",
    "regno_check": "注册号“{value}”的校验码不对，请对照执照核对。",
    "code_kind": "代码“{value}”的类别与“{kind}”不符（91 企业、92 个体工商户、93 农民专业合作社），请核对。",
    "unmatched": "登记信息里没有“{value}”，请核对；若是新设主体，登记信息到后请重新报送这一行。",
    "ambiguous_name": "名称“{value}”对应 {found} 户主体，请补填统一社会信用代码。",
    "identity_clash": "代码“{value}”与注册号“{other}”分属两户主体，请核对。",
    "organ_kind": "“{value}”是经营主体的代码，不是机关的代码，请填写作出决定或提供数据的机关。",
    # the row against itself, the calendar and the code tables
    "natural_person": "自然人的记录不归集，请从报送文件中去掉。",
    "after_known": "发生日期 {value} 晚于知悉日期 {limit}，请核对日期或数据更新时间。",
    "future_known": "数据更新时间 {value} 晚于接收日期 {limit}，请核对。",
    "date_order": "日期 {value} 早于“{other}”的 {limit}，请核对先后。",
    "industry_pair": "行业代码“{value}”不属于门类“{other}”，请对照 GB/T 4754 核对。",
    "kind_unnamed": "“{value}”只写了其他，请注明是什么，例如“其他-补办”。",
    "code_of_two_tables": "代码“{value}”在企业和个体工商户的代码表里意思不同，请改写文字。",
    "exclusive_result": "“{value}”不能与其他结果同时勾选，请只保留符合实际的。",
    "child_alone": "勾选了“{value}”而没有勾选它的上一级“{other}”，请一并勾选。",
    "bad_item_result": "“{value}”读不成“事项编码:结果”，请写成 A01:未发现问题;A02:合理缺项。",
    "item_not_checked": "“{value}”不在这一行的检查事项里，请核对事项编码。",
    "unknown_item": "事项编码“{value}”在 {date} 不在有效的抽查事项清单里，请核对编码或先报送清单。",
    "conflicting": "同一文件里同一记录有两种内容，无法判断以哪条为准，请只保留正确的一条。",
    "excluded": "{sentence}",
    # the row against its mapping profile
    "bad_format": "“{value}”不合对照方案写明的格式（{form}），请核对这一格，或修改对照方案。",
    "unmapped": "“{value}”不在对照方案的对照表里，请在方案里补上它的意思，然后重新报送这一行。",
    "split_mismatch": "“{value}”不合对照方案的拆分式，请核对这一格，或修改对照方案。",
}
"""By code. Braces are filled with what was found; every sentence ends with what to do."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: the row's number in its file, the heading as the file writes it, a code and a sentence."""

    row_no: int
    column: str
    code: str
    sentence: str


class Unreadable(ValueError):
    """A value that cannot be read; `code` is a key of SENTENCES, `found` fills its braces."""

    def __init__(self, code: str, **found: Any) -> None:
        super().__init__(code)
        self.code = code
        self.sentence = sentence(code, **found)


def sentence(code: str, **found: Any) -> str:
    """The sentence of a code, with what was found; long values are cut and personal numbers taken out."""
    return SENTENCES[code].format(**{name: _shown(name, value) for name, value in found.items()})


def _shown(name: str, value: Any) -> Any:
    if not isinstance(value, str) or name == "sentence":
        return value
    return redact(value) if len(value) <= LONGEST_SHOWN else redact(value)[:LONGEST_SHOWN] + "…"


def at_rows(rows: Iterable[Any], column: str, code: str, **found: Any) -> list[Fault]:
    """The same fault at several rows."""
    text = sentence(code, **found)
    return [Fault(int(row), column, code, text) for row in rows]


def faulty_rows(faults: Sequence[Fault]) -> set[int]:
    """Numbers of the rows that have any fault."""
    return {fault.row_no for fault in faults}
