"""Source words (来源名称): tables and columns that grading reads, in the words that officers know."""

TABLES = {
    "enterprise": "登记注册信息", "premises": "经营场所", "filing": "变更备案", "permit": "行政许可", "penalty": "行政处罚",
    "abnormal_listing": "经营异常名录", "serious_violation": "严重违法失信名单", "annual_report": "年度报告",
    "inspection_result": "抽查检查结果", "complaint": "投诉举报", "relation": "关联关系", "commitment": "信用承诺",
    "commitment_check": "承诺核查结果", "judicial_signal": "司法和担保信息", "tax_signal": "税务和社保信息",
    "honour": "荣誉和认证", "address_negative": "住所负面清单", "key_supervision": "重点监管名单",
}  # fmt: skip
COLUMNS = {
    "entkind": "主体类别", "is_branch": "是否分支机构", "regcap": "注册资本", "reccap": "实缴资本", "estdate": "成立日期",
    "opto": "经营期限止", "regstate": "登记状态", "dom": "住所", "domdistrict": "区县", "opscope": "经营范围",
    "industryphy": "行业门类", "industryco": "行业代码", "empnum": "从业人数", "scaled": "规上", "lerep": "法定代表人",
    "tel_hash": "联系电话", "premises_no": "场所序号", "kind": "类别", "altitem": "变更事项", "altdate": "变更日期",
    "due_on": "应办日期", "altbe": "变更前", "altaf": "变更后", "xk_xkzs": "许可证书名称", "xk_yxqz": "有效期自",
    "xk_yxqzi": "有效期至", "xk_zt": "许可状态", "violation_code": "违法行为代码", "cf_wfxw": "违法行为类型",
    "cf_cflb": "处罚类别", "cf_nr_fk": "罚款金额", "cf_nr_wfff": "没收金额", "cf_jdrq": "处罚决定日期",
    "department": "部门", "repaired_on": "信用修复日期", "specause": "列入原因", "abntime": "列入日期",
    "remdate": "移出日期", "report_year": "报告年度", "submitted_on": "报送日期", "all_zero": "数据全零",
    "amended": "更正次数", "insured": "参保人数", "inspdate": "检查日期", "draw_type": "抽查类型",
    "result_code": "结果代码", "problem": "是否发现问题", "measure": "得分", "inspectors": "检查人员",
    "entname": "名称", "regno": "注册号", "parent_code": "隶属企业代码", "rectify_due": "责令改正期限",
    "rectified_on": "改正日期", "other_code": "关联主体代码", "person_key": "关联人员（密钥）", "role": "职务或身份",
    "share": "持股比例", "date_from": "起始日期", "date_to": "终止日期", "happened_on": "发生日期", "valid_to": "有效期至",
    "ended_on": "解除日期", "state": "状态", "tax_grade": "纳税信用等级", "awarded_on": "授予日期", "active": "是否有效",
    "committed_on": "承诺日期", "commitment_no": "承诺编号", "checked_on": "核查日期", "outcome": "核查结论",
    "mended_on": "改正日期", "listed_on": "列入日期", "removed_on": "移出日期",
    "received_on": "收到日期", "topic": "主题", "verified": "是否查实", "closed_on": "办结日期",
}  # fmt: skip


def table_name(table: str) -> str:
    """The table in words; its own name where there are none yet."""
    return TABLES.get(table, table)


def column_name(column: str) -> str:
    """The column in words; its own name where there are none yet."""
    return COLUMNS.get(column, column)
