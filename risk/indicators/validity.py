"""Validity (影响期): until when a record counts for an indicator, in words; Binzhou Art. 10 (domain.md 1.4, no. 4)."""

from datetime import date

from registry.rules import Rulebook
from risk.indicators.catalogue import Indicator

BY_SOURCE = {
    "enterprise": "随登记信息变更",
    "premises": "随登记信息变更",
    "filing": "变更或备案之日起算",
    "annual_report": "以最近一次报送为准，更正后按更正件",
    "permit": "到期、注销、撤销后不再计为有效",
    "penalty": "自处罚决定之日起算；信用修复、撤销后即不计",
    "abnormal_listing": "自列入之日起算；撤销列入的不计",
    "serious_violation": "自列入之日起算；撤销列入的不计",
    "inspection_result": "自检查之日起算",
    "inspection_item": "自检查之日起算",
    "complaint": "自登记之日起算",
    "relation": "关联终止（退出、离任）后不计",
    "branch": "关联终止或分支机构不再有问题后不计",
    "invested": "退出投资或被投资主体不再有问题后不计",
    "judicial_signal": "结案、解除或期限届满后即不计",
    "tax_signal": "清缴、解除后即不计",
    "honour": "撤销、注销或有效期满后不计",
    "commitment": "自承诺之日起算",
    "commitment_check": "自核查之日起算；整改完成，或以后核查为已履行的，不计",
    "key_supervision": "调出名单后即不计",
    "address_negative": "地址移出清单或迁离后即不计",
    "waiver_decision": "自决定之日起算",
}
BY_KEY = {
    "age_months": "随时间增加",
    "within_3m_of_setup": "满观察期后不计",
    "term_expired": "延续后即不计",
    "permit_missing": "取得有效许可后即不计",
    "no_liaison": "有联系电话或备案联络员后即不计",
    "abn_in_now": "移出后即不计",
    "ser_in_now": "移出后即不计",
    "abn_days_total": "只计窗口内的在列天数；移出后不再增加",
    "ar_missing_cnt": "补报后即不计；只计窗口内应报年度",
    "lic_expired": "延续、换发或窗口期满后不计",
    "lic_expiring": "延续或到期后不计",
    "pen_recency_days": "信用修复后不计；超过上限按上限",
    "in_liquidation": "自备案之日起算；注销后不再分类",
    "insp_last_problem": "以最近一次有结论的检查为准",
    "insp_last_measure": "以最近一次有得分的检查为准",
    "insp_rectify_overdue": "自改正期限届满起算；改正完成后即不计",
    "months_since_insp": "以最近一次有结论的检查为准",
    "months_since_problem": "以最近一次发现问题的检查为准；超过上限按上限",
    "industry_problem_rate": "只计窗口内的检查",
    "peer_problem_rate": "只计窗口内的检查",
    "complaint_open_cnt": "办结后即不计",
    "lawsuit_def_cnt": "自立案之日起算；结案不影响",
    "tax_grade": "以最近一次评定为准",
    "tax_major_illegal": "公布满窗口期或停止公布后不计",
    "addr_negative_list": "地址移出清单或迁离后即不计",
    "graph_risk_pagerank": "关联终止，或对方的问题修复、移出、过窗口后不计；本主体自己的记录从不计入",
    "lerep_bad_share": "对方的问题修复、移出、过窗口后不计；本主体自己的记录从不计入",
    "phone_bad_share": "对方的问题修复、移出、过窗口后不计；本主体自己的记录从不计入",
    "addr_bad_share": "对方的问题修复、移出、过窗口后不计；本主体自己的记录从不计入",
    "shareholder_bad_ratio": "关联终止，或对方的问题修复、移出、过窗口后不计；本主体自己的记录从不计入",
}


def validity_of(indicator: Indicator) -> str:
    """Until when a record counts, beside the window. Raises KeyError for a source that nobody described."""
    return BY_KEY.get(indicator.key) or BY_SOURCE[indicator.source]


def window_of(indicator: Indicator, book: Rulebook, place: str, on: date) -> int | None:
    """The window in months in force (`indicator.<key>`), None if the indicator has none."""
    key = f"indicator.{indicator.key}"
    if key not in book.rules:
        return None
    months = book.value(key, place, on).get("months")
    return None if months is None else int(months)
