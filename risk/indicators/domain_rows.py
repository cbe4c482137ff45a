"""The 84 rows of domain.md 1.5 (设计目录): which indicators answer each, and why one is missing."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DomainRow:
    """A row of the design: what was asked for, the indicators that answer it (none: missing), and a remark."""

    number: int
    asked: str
    keys: tuple[str, ...]
    remark: str = ""


def _row(number: int, asked: str, keys: str, remark: str = "") -> DomainRow:
    return DomainRow(number, asked, tuple(keys.split()), remark)


_NO_DATA = "no dataset brings it"
ROWS = (
    _row(1, "ent_type_code", "is_individual is_cooperative", "flags instead of a category: 外企代表机构 is what neither is"),
    _row(2, "is_branch", "is_branch"),
    _row(3, "is_listed_or_scaled", "is_scaled", "上市: " + _NO_DATA),
    _row(4, "age_months", "age_months"),
    _row(5, "within_3m_of_setup", "within_3m_of_setup"),
    _row(6, "industry_l1 / industry_l2", "industry_problem_rate", "the industry counts by its rate, not as a category"),
    _row(7, "industry_problem_rate", "industry_problem_rate peer_problem_rate"),
    _row(8, "is_key_industry", "is_key_industry"),
    _row(9, "reg_cap_rmb_log", "reg_cap_log"),
    _row(10, "paid_in_ratio", "paid_in_ratio"),
    _row(11, "cap_jump", "cap_jump"),
    _row(12, "addr_cluster_cnt", "addr_ent_cnt addr_bad_share"),
    _row(13, "addr_is_hosted", "addr_is_hosted", "by words of the address"),
    _row(14, "addr_negative_list", "addr_negative_list"),
    _row(15, "addr_uncontactable_hist", "addr_uncontactable_hist abn_cause_unreachable", "checks and listings apart"),
    _row(16, "term_expired", "term_expired"),
    _row(17, "scope_has_permit_item", "scope_has_permit_item"),
    _row(18, "permit_missing", "permit_missing"),
    _row(19, "chg_name_cnt / chg_addr_cnt", "chg_name_cnt chg_addr_cnt"),
    _row(20, "chg_lerep_cnt", "chg_lerep_cnt"),
    _row(21, "chg_equity_cnt", "chg_equity_cnt"),
    _row(22, "chg_scope_cnt", "chg_scope_cnt"),
    _row(23, "filing_overdue", "filing_overdue"),
    _row(24, "no_liaison", "no_liaison", "whether a telephone still answers: " + _NO_DATA),
    _row(25, "ar_late_days", "ar_late_days"),
    _row(26, "ar_missing_cnt", "ar_missing_cnt"),
    _row(27, "ar_all_zero", "ar_all_zero"),
    _row(28, "ar_amend_cnt", "ar_amend_cnt"),
    _row(29, "ar_outlier_score", "ar_outlier_score", "staff and insured only: the reports' money columns are not collected"),
    _row(30, "realtime_overdue_cnt", "insp_unpublished_cnt abn_cause_unpublished",
         "即时信息 and its day of publication: " + _NO_DATA + "; what checks and listings found stands in"),
    _row(31, "equity_pledge_cnt", "equity_pledge_cnt"),
    _row(32, "chattel_mortgage_cnt", "chattel_mortgage_cnt"),
    _row(33, "equity_frozen", "equity_frozen"),
    _row(34, "reg_state", "reg_revoked in_dormancy", "other states are not judged (`cohort.states`)"),
    _row(35, "in_dormancy", "in_dormancy"),
    _row(36, "in_liquidation_or_simple_cancel", "in_liquidation bankrupt_now", "by 清算组备案 and 简易注销 among the filings"),
    _row(37, "lic_cnt / lic_expiring_90d / lic_expired", "lic_cnt lic_expiring lic_expired"),
    _row(38, "lic_revoked_cnt", "lic_revoked_cnt lic_invalid_cnt", "revoked as a penalty, and marked invalid, apart"),
    _row(39, "promise_cnt / promise_breach_cnt", "promise_cnt promise_breach_cnt",
         "a promise by itself has no direction: nobody is to be the worse for using 告知承诺"),
    _row(40, "pen_cnt_12 / pen_cnt_36", "pen_cnt_12 pen_cnt_36"),
    _row(41, "pen_amount_log", "pen_amount_log"),
    _row(42, "pen_severe_cnt", "pen_severe_cnt pen_suspension_cnt"),
    _row(43, "pen_same_type_repeat", "pen_same_type_repeat"),
    _row(44, "pen_other_dept_cnt", "pen_other_dept_cnt"),
    _row(45, "pen_recency_days", "pen_recency_days"),
    _row(46, "waiver_cnt", "waiver_cnt"),
    _row(47, "abn_in_now", "abn_in_now"),
    _row(48, "abn_cnt / abn_cause_1..4", "abn_cnt abn_cause_no_report abn_cause_unpublished abn_cause_false abn_cause_unreachable"),
    _row(49, "abn_days_total", "abn_days_total"),
    _row(50, "ser_in_now", "ser_in_now"),
    _row(51, "ser_hist", "ser_hist"),
    _row(52, "insp_cnt / insp_problem_cnt", "insp_cnt insp_problem_cnt insp_problem_share insp_item_problem_cnt"),
    _row(53, "insp_last_result", "insp_last_problem insp_false_info addr_uncontactable_hist", "flags and counts instead of a category"),
    _row(54, "insp_uncoop", "insp_uncoop"),
    _row(55, "insp_rectify_overdue", "insp_rectify_overdue insp_rectify_cnt"),
    _row(56, "months_since_insp", "months_since_insp months_since_problem"),
    _row(57, "sample_fail_cnt", "", "监督抽检: " + _NO_DATA),
    _row(58, "recall_cnt", "", "召回: " + _NO_DATA),
    _row(59, "complaint_cnt / complaint_verified_cnt", "complaint_cnt report_cnt complaint_verified_cnt complaint_open_cnt"),
    _row(60, "complaint_rate_vs_industry", "complaint_rate_vs_industry"),
    _row(61, "dishonest_executed", "dishonest_executed"),
    _row(62, "executed_cnt", "executed_cnt"),
    _row(63, "lawsuit_def_cnt", "lawsuit_def_cnt"),
    _row(64, "tax_arrears / tax_abnormal", "tax_arrears tax_abnormal tax_major_illegal"),
    _row(65, "social_ins_zero", "social_ins_zero social_ins_arrears"),
    _row(66, "tax_grade", "tax_grade", "in points, so that it has an order; unknown where not graded"),
    _row(67, "accident_cnt / env_pen_cnt", "env_pen_cnt", "生产安全事故: " + _NO_DATA),
    _row(68, "lerep_ent_cnt", "lerep_ent_cnt", "by the registered name"),
    _row(69, "lerep_bad_ent_ratio", "lerep_bad_share"),
    _row(70, "lerep_restricted", "lerep_restricted", "限制高消费 of the enterprise, which binds its representative"),
    _row(71, "shareholder_bad_ratio", "shareholder_bad_ratio"),
    _row(72, "controller_multi_region", "controller_multi_region", "districts of the place itself; elsewhere nobody is known"),
    _row(73, "invest_bad_cnt / branch_bad_cnt", "invest_bad_cnt branch_bad_cnt"),
    _row(74, "same_phone_ent_cnt", "phone_ent_cnt phone_bad_share"),
    _row(75, "same_agent_ent_cnt", "same_agent_ent_cnt"),
    _row(76, "graph_risk_pagerank", "graph_risk_pagerank"),
    _row(77, "honor_cnt", "honor_cnt"),
    _row(78, "cert_valid_cnt", "cert_valid_cnt"),
    _row(79, "ip_cnt", "ip_cnt"),
    _row(80, "public_credit_grade", "", "公共信用综合评价: " + _NO_DATA),
    _row(81, "redlist / blacklist", "redlist ser_in_now dishonest_executed tax_major_illegal",
         "no joint black list is collected: the lists that it is made of are, each on its own"),
    _row(82, "sentiment_neg_cnt", "", "舆情: " + _NO_DATA),
    _row(83, "media_exposure", "", "媒体曝光: " + _NO_DATA),
    _row(84, "good_bad_review_reply", "",
         "12315 records say when the bureau closed a case, not whether the enterprise answered; 好差评: " + _NO_DATA),
)  # fmt: skip
"""Beyond the 84: `key_supervision_now`, `premises_cnt`, `employees_log`, scores of checks."""
