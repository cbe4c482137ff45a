"""Abnormal listings (经营异常名录) and the marks of individual businesses (标记异常状态), domain.md 5.2, 6.3."""

from collections.abc import Mapping

import pandas as pd

from ingestion.datasets.contract import (
    ROW_TIMES,
    Check,
    Column,
    Dataset,
    Surroundings,
    cells,
    identity_columns,
)
from ingestion.faults import Fault, sentence
from registry.vocabulary import ABNORMAL_CAUSES

CAUSES = {
    **{text: code for code, text in ABNORMAL_CAUSES.items()},
    **dict.fromkeys(
        (
            "未依照《企业信息公示暂行条例》第八条规定的期限公示年度报告的", "未按规定期限公示年度报告", "未年报",
            "未按照规定报送年度报告", "未依照规定期限报送年度报告", "未依照规定期限报送并公示年度报告",
        ),
        "1",
    ),
    **dict.fromkeys(
        ("未在依照《企业信息公示暂行条例》第十条规定责令的期限内公示有关企业信息的", "未按责令期限公示企业信息"), "2"
    ),
    **dict.fromkeys(
        ("公示企业信息隐瞒真实情况、弄虚作假的", "年度报告隐瞒真实情况、弄虚作假", "年度报告隐瞒真实情况", "弄虚作假"), "3"
    ),
    **dict.fromkeys(
        (
            "通过登记的住所或者经营场所无法联系的", "通过登记的经营场所或者住所无法联系", "通过登记的经营场所、住所无法联系",
            "无法联系",
        ),
        "4",
    ),
    **dict.fromkeys(("其他法定情形", "未在规定期限内变更企业名称", "被责令停止使用名称后逾期未变更"), "9"),
}  # fmt: skip
"""列入原因 and 标记原因. 9 is whatever else a law names, e.g. a name that a court stopped (名称登记管理规定 Art 23)."""

REPORTED, PUBLISHED, CORRECTED, MOVED, REACHED = (
    "补报年度报告", "履行公示义务", "更正公示信息", "变更住所登记", "重新取得联系",
)  # fmt: skip
REMOVALS = {"1": REPORTED, "2": PUBLISHED, "3": CORRECTED, "4": MOVED, "5": REACHED}
"""移出经营异常名录 of enterprises (domain.md 5.2): code → why."""
RECOVERIES = {"1": CORRECTED, "2": MOVED, "3": REPORTED, "4": REACHED}
"""恢复正常记载状态 of individual businesses: the same reasons under other numbers."""

_WORDS = (
    (("补报", "已公示年度报告", "报送年度报告"), REPORTED), (("更正",), CORRECTED), (("联系",), REACHED),
    (("变更", "住所登记"), MOVED), (("履行公示", "公示义务", "已公示", "公示有关"), PUBLISHED),
)  # fmt: skip
"""Words that tell a reason, in the order in which they decide."""

LIST, MARK = "经营异常名录", "异常状态标记"


def removal_of(text: str | None, listing: str | None) -> str | None:
    """Why an entry ended, from the sender's words or code; None where they fit no reason."""
    if not text:
        return None
    plain = text.strip()
    if plain.isdigit():
        return {LIST: REMOVALS, MARK: RECOVERIES}.get(listing or "", {}).get(plain.lstrip("0"))
    return next((reason for words, reason in _WORDS if any(word in plain for word in words)), None)


def _listings(rows: pd.DataFrame) -> list[str | None]:
    """名录 or 标记: as the file says, else by the first characters of an 18-character code, else unknown."""
    return [
        said or (None if not isinstance(code, str) or len(code) != 18 else MARK if code[:2] == "92" else LIST)
        for said, code in zip(rows["listing"], rows["enterprise_code"], strict=True)
    ]


def read_abnormal(rows: pd.DataFrame, around: Surroundings) -> None:
    """Which list it is, and the reason for its end under one name for enterprises and individuals."""
    rows["listing"] = cells(rows, _listings(rows))
    given = rows["removal_code"].where(rows["removal_code"].notna(), rows["remexcpres"])
    rows["removal"] = cells(rows, map(removal_of, given, rows["listing"]))


def _removal_codes(rows: pd.DataFrame, heading: Mapping[str, str]) -> list[Fault]:
    faults = []
    for name in ("removal_code", "remexcpres"):
        for n, text, which in zip(rows.index, rows[name], _listings(rows), strict=True):
            if not text or not text.strip().isdigit() or removal_of(text, which):
                continue
            code = "unknown_code" if which else "code_of_two_tables"
            said = sentence(code, value=text, examples="、".join(REMOVALS.values()))
            faults.append(Fault(int(n), heading[name], code, said))
    return faults


ABNORMAL = Dataset(
    name="abnormal",
    title="经营异常名录和异常状态标记",
    says="企业、农民专业合作社列入和移出经营异常名录，个体工商户标记和恢复异常状态。移出（恢复）时重新报送整行，填移出原因和日期。",
    table="abnormal_listing",
    identity="must",
    key=("enterprise_code", "specause", "abntime"),
    occurred="abntime",
    in_order=(("remdate", "abntime"),),
    sender="decorg",
    columns=(
        *identity_columns(),
        Column("listing", "记录类型", "LISTING", "choice", optional=True,
               choices={LIST: LIST, "名录": LIST, MARK: MARK, "标记": MARK, "个体工商户标记": MARK},
               note="不填则 92 开头的代码为标记，其他为名录"),
        Column("specause", "列入原因", "speCause_CN", "choice", required=True, choices=CAUSES,
               also=("标记原因", "SPECAUSE")),
        Column("abntime", "列入日期", "abntime", "date", required=True, also=("标记日期",)),
        Column("decorg", "列入决定机关", "decOrg_CN", required=True, longest=200, also=("作出决定机关(列入)", "标记机关")),
        Column("decno", "列入决定书文号", "decNo", longest=100, optional=True),
        Column("remexcpres", "移出原因", "remExcpRes_CN", longest=500, also=("恢复原因",),
               note="文字，或代码：企业移出 1—5，个体工商户恢复 1—4"),
        Column("removal_code", "移出原因代码", "REMEXCPRES", "code", stored=False, optional=True, longest=2,
               also=("恢复原因代码",), note="有代码另成一列的填这里"),
        Column("remdate", "移出日期", "remDate", "date", also=("恢复日期",)),
        Column("redecorg", "移出决定机关", "reDecOrg_CN", longest=200, also=("作出决定机关(移出)", "恢复机关")),
        *ROW_TIMES,
    ),
    checks=(
        Check(
            "移出原因只写代码的：企业 1 补报年度报告、2 履行公示义务、3 更正公示信息、4 变更住所登记、5 重新取得联系；"
            "个体工商户 1 更正公示信息、2 变更住所登记、3 补报年度报告、4 重新取得联系。分不清是哪一种主体的须写文字。",
            _removal_codes,
            ("removal_code", "remexcpres", "listing", "enterprise_code"),
        ),
    ),
    derive=read_abnormal,
    derive_reads=("listing", "enterprise_code", "removal_code", "remexcpres"),
    derived=("removal",),
)  # fmt: skip
