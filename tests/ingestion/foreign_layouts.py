"""The papers of the tiny town under other people's headings: what `wurao mapping suggest` is measured on.

EVERYDAY and ENGLISH are names a bureau or a foreign city might use. They were written before the glossary was tuned
and are not all in it; the figures measured on them still flatter a little, for one hand wrote both.
"""

import random

from ingestion.datasets import DATASETS
from pypinyin import Style, lazy_pinyin
from tests.ingestion.papers import FARM, GOOD, INN, STALL, TEA, good, town_registration

EVERYDAY = {
    "统一社会信用代码": "信用代码", "注册号": "工商注册号", "企业名称": "单位名称", "数据更新时间": "最后修改时间",
    "行政相对人代码_1(统一社会信用代码)": "当事人统一代码", "行政相对人名称": "当事人", "行政相对人类别": "当事人类别",
    "机构代码": "单位编码", "机构名称": "单位全称", "层级": "单位层级", "上级机构代码": "上级单位编码", "行政区划": "区划码",
    "部门": "部门简称", "部门全称": "部门名称(全)", "可以发起": "能否发起", "事项编码": "检查事项代码", "事项名称": "检查事项",
    "检查子项": "子项", "类别": "事项类别", "检查依据": "法律依据", "检查主体": "实施部门", "检查对象": "对象范围",
    "对象名录库": "名录库", "检查方式": "方式", "生效日期": "启用日期", "失效日期": "停用日期", "曾用名": "原名称",
    "市场主体类型": "企业类型", "主体类别": "主体大类", "是否分支机构": "分支机构", "注册资本(万元)": "注册资金(万元)", "成立日期": "成立时间",
    "营业期限自": "经营期限起", "营业期限至": "经营期限止", "登记机关": "发照机关", "管辖单位": "所属监管所", "登记状态": "企业状态",
    "住所": "注册地址", "住所行政区划": "地址区划", "经营范围": "经营项目", "行业门类": "门类", "行业代码": "国民经济行业代码",
    "从业人数": "员工人数", "法定代表人": "负责人", "联系电话": "电话", "专项库": "库名称", "监管标签": "标签", "许可证编号": "证号",
    "有效期至": "到期日", "状态": "数据有效性", "类型": "登记类型", "变更事项": "变更项目", "变更日期": "变更时间", "变更前内容": "原内容",
    "变更后内容": "新内容", "行政许可决定文书名称": "决定书名称", "行政许可决定文书号": "许可文号", "许可类别": "许可种类",
    "许可证书名称": "证书名称", "许可编号": "证书编号", "许可内容": "许可事项", "许可决定日期": "发证日期", "有效期自": "有效期起",
    "许可机关": "发证机关", "许可机关统一社会信用代码": "发证机关代码", "当前状态": "证照状态", "行政处罚决定书文号": "处罚文书号",
    "违法行为类型": "案由", "违法行为代码": "案由代码", "违法事实": "主要违法事实", "处罚依据": "处罚的法律依据", "处罚类别": "处罚种类",
    "处罚内容": "处罚结果", "罚款金额(万元)": "罚款数额", "没收违法所得、没收非法财物的金额(万元)": "没收金额", "处罚决定日期": "作出处罚日期",
    "公示截止期": "公示到期日", "处罚机关": "作出处罚的机关", "处罚机关统一社会信用代码": "机关代码", "列入原因": "列入事由", "列入日期": "列入时间",
    "列入决定机关": "作出列入决定机关", "列入决定书文号": "列入文号", "移出原因": "移出事由", "移出日期": "移出时间",
    "移出决定机关": "作出移出决定机关", "年报年度": "年度", "报送日期": "年报日期", "参保人数": "社保人数", "投诉举报编号": "工单编号",
    "登记日期": "登记时间", "涉及事项": "反映问题", "是否属实": "核查结论", "办结日期": "办结时间", "检查编号": "检查单号", "检查日期": "检查时间",
    "检查部门": "实施检查部门", "抽查类型": "检查类型", "检查事项编码": "检查项编码", "检查结果": "检查结论", "检查人员工号": "执法人员编号",
    "公示日期": "公示时间", "工号": "人员编号", "姓名": "人员姓名", "所在部门": "部门名称", "工作单位": "所属单位", "岗位大类": "岗位",
    "是否专家": "专家", "人员状态": "在岗状态", "证件类别": "证件种类", "证件编号": "证件号", "起始日期": "开始日期", "截止日期": "结束日期",
    "回避原因": "回避事由", "登记编号": "登记号", "适用范围": "适用对象", "范围值": "对象值", "每月日期": "每月几日", "豁免类别": "例外类别",
    "依据": "文件依据",
}  # fmt: skip

ENGLISH = {
    "统一社会信用代码": "credit_code", "注册号": "registration_no", "企业名称": "company_name", "数据更新时间": "last_modified",
    "行政相对人代码_1(统一社会信用代码)": "party_credit_code", "行政相对人名称": "party_name", "行政相对人类别": "party_type",
    "机构代码": "office_code", "机构名称": "office_name", "层级": "level", "上级机构代码": "parent_office", "行政区划": "division_code",
    "部门": "dept", "部门全称": "department_full_name", "事项编码": "item_code", "事项名称": "item_name", "检查子项": "sub_item",
    "类别": "category", "检查依据": "legal_basis", "检查主体": "inspecting_department", "检查对象": "inspected_objects",
    "检查方式": "inspection_method", "生效日期": "effective_from", "失效日期": "expires_on", "曾用名": "former_names",
    "市场主体类型": "company_type", "主体类别": "entity_kind", "注册资本(万元)": "registered_capital", "成立日期": "established_on",
    "登记机关": "registration_authority", "管辖单位": "jurisdiction_office", "登记状态": "registration_status", "住所": "street_address",
    "住所行政区划": "address_district", "经营范围": "business_scope", "行业门类": "industry_section", "行业代码": "industry_code",
    "从业人数": "employees", "法定代表人": "legal_representative", "联系电话": "phone", "专项库": "library", "监管标签": "tag",
    "许可证编号": "licence_number", "有效期至": "valid_until", "变更事项": "changed_item", "变更日期": "change_date",
    "变更前内容": "before_change", "变更后内容": "after_change", "行政许可决定文书名称": "permit_title",
    "行政许可决定文书号": "permit_decision_number", "许可类别": "permit_type", "许可编号": "permit_no", "许可内容": "permit_content",
    "许可决定日期": "permit_decision_date", "有效期自": "valid_from", "许可机关": "permit_authority", "当前状态": "current_status",
    "行政处罚决定书文号": "penalty_decision_number", "违法行为类型": "violation_type", "违法行为代码": "violation_code",
    "违法事实": "facts", "处罚依据": "penalty_basis", "处罚类别": "penalty_kind", "处罚内容": "penalty_content",
    "罚款金额(万元)": "fine_amount", "没收违法所得、没收非法财物的金额(万元)": "forfeited", "处罚决定日期": "penalty_date",
    "处罚机关": "penalty_authority", "列入原因": "listing_reason", "列入日期": "listed_on", "列入决定机关": "listing_authority",
    "移出原因": "removal_reason", "移出日期": "removed_on", "移出决定机关": "removal_authority", "年报年度": "report_year",
    "报送日期": "report_date", "参保人数": "insured_people", "投诉举报编号": "complaint_id", "登记日期": "registered_date",
    "涉及事项": "matter", "是否属实": "verified", "办结日期": "closed_on", "检查编号": "inspection_id", "检查日期": "inspection_date",
    "检查部门": "inspection_department", "抽查类型": "draw_type", "检查事项编码": "item_codes", "检查结果": "inspection_result",
    "检查人员工号": "inspector_ids", "公示日期": "published_on", "工号": "staff_no", "姓名": "full_name", "所在部门": "department",
    "证件类别": "certificate_type", "证件编号": "certificate_no", "起始日期": "start_date", "截止日期": "end_date",
    "回避原因": "conflict_reason", "登记编号": "rule_no", "适用范围": "scope", "范围值": "scope_value", "每月日期": "days_of_month",
    "豁免类别": "exempt_categories", "依据": "basis",
}  # fmt: skip

VENDOR = {
    "penalty": {
        "行政相对人代码_1(统一社会信用代码)": "UNISCID", "行政相对人名称": "ENTNAME", "行政处罚决定书文号": "penDecNo",
        "违法行为类型": "illegActType", "处罚内容": "penContent", "处罚机关": "penAuth_CN", "处罚决定日期": "penDecIssDate",
        "罚款金额(万元)": "PenAm", "没收违法所得、没收非法财物的金额(万元)": "ForfAm", "处罚类别": "PenType",
    },
    "abnormal": {
        "统一社会信用代码": "UNISCID", "注册号": "REGNO", "企业名称": "ENTNAME", "列入原因": "speCause_CN", "列入日期": "abntime",
        "列入决定机关": "decOrg_CN", "移出原因": "remExcpRes_CN", "移出日期": "remDate", "移出决定机关": "reDecOrg_CN",
    },
    "serious_violation": {
        "统一社会信用代码": "UNISCID", "企业名称": "ENTNAME", "列入原因": "serILLRea_CN", "列入日期": "abntime",
        "列入决定机关": "decOrg_CN", "移出原因": "remExcpRes_CN", "移出日期": "remDate",
    },
    "permit": {
        "行政相对人代码_1(统一社会信用代码)": "UNISCID", "行政相对人名称": "ENTNAME", "许可编号": "licNo", "许可证书名称": "licName_CN",
        "有效期自": "valFrom", "有效期至": "valTo", "许可机关": "licAnth", "许可内容": "licItem",
    },
    "registration": {
        "统一社会信用代码": "UNISCID", "注册号": "REGNO", "企业名称": "ENTNAME", "市场主体类型": "ENTTYPE_CN", "法定代表人": "LEREP",
        "注册资本(万元)": "REGCAP", "成立日期": "ESTDATE", "营业期限自": "OPFROM", "营业期限至": "OPTO", "登记机关": "REGORG_CN",
        "管辖单位": "LOCALADM", "登记状态": "REGSTATE_CN", "住所": "DOM", "住所行政区划": "DOMDISTRICT", "生产经营地": "PROLOC",
        "经营范围": "OPSCOPE", "行业门类": "INDUSTRYPHY", "行业代码": "INDUSTRYCO", "从业人数": "EMPNUM", "联系电话": "TEL",
    },
    "inspection": {"检查日期": "insDate", "抽查类型": "raninsTypeName", "检查结果": "insRes_CN", "检查部门": "insAuth_CN"},
}  # fmt: skip


def rows_of(dataset: str) -> list[dict[str, str]]:
    """A handful of good rows that differ a little."""
    if dataset == "registration":
        return town_registration()
    rows = []
    for number, code in enumerate((TEA, INN, STALL, FARM)):
        row = good(dataset)
        for heading in row:
            if row[heading] == TEA:
                row[heading] = code
            elif "2026" in row[heading]:
                row[heading] = row[heading].replace("2026", str(2026 - number))
        rows.append(row)
    return rows


def layouts(dataset: str) -> dict[str, dict[str, str]]:
    """Kind of layout → {our heading: theirs}, of the columns that the papers fill."""
    used = [heading for heading in GOOD[dataset] if any(row[heading] for row in rows_of(dataset))]
    codes = {c.heading: c.code for c in DATASETS[dataset].columns if c.code}
    initials = {h: "".join(lazy_pinyin("".join(filter(str.isalpha, h)), style=Style.FIRST_LETTER)) for h in used}
    unique = {h: text for h, text in initials.items() if list(initials.values()).count(text) == 1}
    return {
        "标准代码": {h: codes[h] for h in used if h in codes},
        "厂商字段名": {h: t for h, t in VENDOR.get(dataset, {}).items() if h in used},
        "日常叫法": {h: EVERYDAY[h] for h in used if h in EVERYDAY},
        "英文": {h: ENGLISH[h] for h in used if h in ENGLISH},
        "拼音首字母": unique,
        "无意义列名": {h: f"c{number:02}" for number, h in enumerate(used)},
    }


def foreign_rows(dataset: str, names: dict[str, str]) -> list[dict[str, str]]:
    """The rows under those headings only, the columns shuffled."""
    order = sorted(names)
    random.Random(dataset).shuffle(order)
    return [{names[h]: row[h] for h in order} for row in rows_of(dataset)]
