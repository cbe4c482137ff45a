"""The catalogue (指标目录): every indicator's names, group, direction and source. Windows and weights are rules."""

from dataclasses import dataclass

FAMILIES = {
    "basic": "企业基础属性信息",
    "dynamic": "企业动态信息",
    "supervision": "监管信息",
    "relations": "关联关系信息",
    "reputation": "社会评价信息",
}
"""The official five families (国市监信发〔2022〕6号)."""


@dataclass(frozen=True)
class Indicator:
    """One indicator (三级指标).

    direction: +1 more is riskier, -1 more is safer, 0 unknown; directed ones are held monotone by the learner.
    own: changes only by the enterprise's own events (its passing windows and repairs included), so a change
    of value is news. Clocks and neighbours are not news. `unit` says how a value is written in a reason.
    """

    key: str
    name: str
    english: str
    group: str
    family: str
    direction: int
    source: str
    unit: str = "次"
    own: bool = True
    may_be_unknown: bool = False


def _many(family: str, source: str, group: str, *entries: tuple[object, ...]) -> list[Indicator]:
    return [Indicator(e[0], e[1], e[2], group, family, e[3], source, *e[4:]) for e in entries]  # type: ignore[arg-type]


BASIC = [
    *_many(
        "basic",
        "enterprise",
        "主体类型",
        ("is_individual", "是否个体工商户", "individual business", 0, "是否"),
        ("is_cooperative", "是否农民专业合作社", "farmers' cooperative", 0, "是否"),
        ("is_branch", "是否分支机构", "branch", 0, "是否"),
        ("is_scaled", "规上企业", "above designated size", 0, "是否"),
    ),
    *_many(
        "basic",
        "enterprise",
        "成立年限",
        ("age_months", "成立月数", "months since set-up", 0, "月", False, True),
        ("within_3m_of_setup", "新设不足观察期", "newly set up", 0, "是否", False),
    ),
    *_many(
        "basic",
        "enterprise",
        "行业",
        ("is_key_industry", "食品、药品、特种设备、危化等重点行业", "key industry", 0, "是否"),
        ("industry_problem_rate", "同行业问题发现率", "problem rate of the industry", 1, "率", False),
        ("peer_problem_rate", "同行业同区县同许可问题发现率", "problem rate of peers", 1, "率", False),
    ),
    *_many(
        "basic",
        "enterprise",
        "注册资本与规模",
        ("reg_cap_log", "注册资本（万元，对数）", "registered capital, log", 0, "对数", True, True),
        ("paid_in_ratio", "实缴比例", "paid-in share", 0, "率", True, True),
        ("employees_log", "从业人数（对数）", "employees, log", 0, "对数", True, True),
    ),
    *_many(
        "basic",
        "enterprise",
        "经营期限与范围",
        ("term_expired", "营业期限届满未延续", "term expired", 1, "是否"),
        ("scope_has_permit_item", "经营范围含许可项目", "scope needs a permit", 0, "是否"),
        ("permit_missing", "应取得许可未见有效许可", "needed permit not seen", 1, "是否"),
    ),
    *_many(
        "basic",
        "enterprise",
        "登记状态",
        ("in_dormancy", "歇业", "dormant", 0, "是否"),
        ("reg_revoked", "吊销未注销", "licence revoked", 1, "是否"),
    ),
    *_many("basic", "premises", "经营场所", ("premises_cnt", "经营场所数", "premises", 0, "处")),
]

DYNAMIC = [
    *_many(
        "dynamic",
        "filing",
        "变更与备案",
        ("chg_name_cnt", "名称变更次数", "name changes", 1),
        ("chg_addr_cnt", "住所变更次数", "address changes", 1),
        ("chg_lerep_cnt", "法定代表人变更次数", "legal representative changes", 1),
        ("chg_equity_cnt", "股权（投资人）变更次数", "owner changes", 1),
        ("chg_scope_cnt", "经营范围变更次数", "scope changes", 0),
        ("cap_jump", "注册资本一次增加一倍以上", "capital at least doubled", 1),
        ("filing_overdue", "变更、备案逾期", "late filings", 1),
    ),
    *_many(
        "dynamic",
        "annual_report",
        "年报",
        ("ar_missing_cnt", "未报送年报年度数", "annual reports missing", 1, "年"),
        ("ar_late_days", "最近年报晚于截止日的天数", "days the last report was late", 1, "天"),
        ("ar_all_zero", "最近年报财务数据全零", "last report all zero", 1, "是否"),
        ("ar_amend_cnt", "年报更正次数", "report corrections", 1),
        ("social_ins_zero", "有从业人员而无参保", "staff without insurance", 1, "是否"),
    ),
    *_many(
        "dynamic",
        "permit",
        "行政许可",
        ("lic_cnt", "有效许可数", "valid permits", 0, "件"),
        ("lic_expiring", "临期许可数", "permits about to expire", 0, "件", False),
        ("lic_expired", "已过期许可数", "expired permits", 1, "件"),
        ("lic_invalid_cnt", "被撤销、注销等无效许可数", "invalid permits", 1, "件"),
    ),
]

SUPERVISION = [
    *_many(
        "supervision",
        "penalty",
        "行政处罚",
        ("pen_cnt_12", "行政处罚次数（近期）", "recent penalties", 1),
        ("pen_cnt_36", "行政处罚次数", "penalties", 1),
        ("pen_amount_log", "罚没金额（万元，对数）", "fines, log", 1, "对数"),
        ("pen_severe_cnt", "较重行政处罚次数", "severe penalties", 1),
        ("pen_suspension_cnt", "责令停产停业、吊销许可、限制从业次数", "suspensions", 1),
        ("pen_same_type_repeat", "同类违法重复次数", "repeats of one kind", 1),
        ("pen_other_dept_cnt", "其他部门处罚次数", "penalties by other departments", 1),
        ("pen_recency_days", "距最近处罚天数", "days since the last penalty", -1, "天", False),
    ),
    *_many(
        "supervision",
        "abnormal_listing",
        "经营异常名录",
        ("abn_in_now", "当前在经营异常名录", "on the abnormal list", 1, "是否"),
        ("abn_cnt", "列入经营异常名录次数", "abnormal listings", 1),
        ("abn_cause_unreachable", "因无法联系列入次数", "listed as unreachable", 1),
        ("abn_cause_false", "因弄虚作假列入次数", "listed for false information", 1),
        ("abn_days_total", "累计在列天数", "days on the list", 1, "天", False),
    ),
    *_many(
        "supervision",
        "serious_violation",
        "严重违法失信名单",
        ("ser_in_now", "当前在严重违法失信名单", "on the serious list", 1, "是否"),
        ("ser_hist", "曾列入严重违法失信名单次数", "serious listings", 1),
    ),
    *_many(
        "supervision",
        "inspection_result",
        "抽查检查",
        ("insp_cnt", "检查次数", "inspections", 0),
        ("insp_problem_cnt", "检查发现问题次数", "problems found", 1),
        ("insp_problem_share", "检查问题率（向总体收缩）", "problem share, shrunk", 1, "率", False),
        ("insp_last_problem", "最近一次检查发现问题", "last check found a problem", 1, "是否"),
        ("insp_uncoop", "不配合检查情节严重次数", "refusals to cooperate", 1),
        ("insp_false_info", "检查发现弄虚作假次数", "false information found", 1),
        ("insp_rectify_cnt", "责令改正次数", "orders to correct", 1),
        ("insp_last_measure", "最近一次检查得分", "last check score", -1, "分", True, True),
        ("insp_mean_measure", "历次检查平均得分", "mean check score", -1, "分", True, True),
        (
            "insp_recent_measure",
            "历次检查得分（近期为重）",
            "check scores, recent ones first",
            -1,
            "分",
            True,
            True,
        ),
        ("insp_worst_measure", "历次检查最低得分", "worst check score", -1, "分", True, True),
        ("months_since_insp", "距上次检查月数", "months since the last check", 0, "月", False, True),
        ("months_since_problem", "距上次发现问题月数", "months since a problem", -1, "月", False),
    ),
]

RELATIONS = [
    *_many(
        "relations",
        "enterprise",
        "法定代表人关联",
        ("lerep_ent_cnt", "法定代表人名下其他主体数", "others of the representative", 1, "户", False),
        ("lerep_bad_share", "名下其他主体问题占比", "problem share among them", 1, "率", False),
    ),
    *_many(
        "relations",
        "enterprise",
        "电话关联",
        ("phone_ent_cnt", "同一联系电话其他主体数", "others with the telephone", 1, "户", False),
        ("phone_bad_share", "同一电话主体问题占比", "problem share among them", 1, "率", False),
    ),
    *_many(
        "relations",
        "enterprise",
        "住所关联",
        ("addr_ent_cnt", "同一住所其他主体数（一址多照）", "others at the address", 1, "户", False),
        ("addr_bad_share", "同一住所主体问题占比", "problem share among them", 1, "率", False),
    ),
    *_many(
        "relations",
        "enterprise",
        "同名关联",
        (
            "brand_problem_rate",
            "同名（连锁）主体检查问题率",
            "problem rate of namesakes",
            1,
            "率",
            False,
        ),
        (
            "brand_mean_measure",
            "同名（连锁）主体平均检查得分",
            "mean score of namesakes",
            -1,
            "分",
            False,
            True,
        ),
    ),
]

REPUTATION = [
    *_many(
        "reputation",
        "complaint",
        "投诉举报",
        ("complaint_cnt", "投诉举报次数", "complaints and reports", 1),
        ("report_cnt", "举报次数", "reports", 1),
        ("complaint_verified_cnt", "查实的投诉举报次数", "verified complaints", 1),
        (
            "complaint_rate_vs_industry",
            "相对同行业投诉倍数",
            "complaints against the industry",
            1,
            "倍",
            False,
        ),
        ("complaint_open_cnt", "久未办结的投诉举报数", "complaints long open", 1, "件"),
    ),
]

CATALOGUE: tuple[Indicator, ...] = (*BASIC, *DYNAMIC, *SUPERVISION, *RELATIONS, *REPUTATION)
BY_KEY = {indicator.key: indicator for indicator in CATALOGUE}
NAMES = tuple(indicator.key for indicator in CATALOGUE)
GROUPS = tuple(dict.fromkeys(indicator.group for indicator in CATALOGUE))


def directions_of(names: tuple[str, ...]) -> list[int]:
    """The direction of each indicator, in order. Raises KeyError for one that is not in the catalogue."""
    return [BY_KEY[name].direction for name in names]
