"""Vocabulary (代码表): code tables and enumerations that more than one stage reads. Map by text, not number."""

CREDIT_RISK_CLASSES = ("A", "B", "C", "D")
"""信用风险低、一般、较高、高 (国市监信发〔2022〕6号). Internal: never public, never shown to an enterprise."""

CLASS_NAMES = {"A": "信用风险低", "B": "信用风险一般", "C": "信用风险较高", "D": "信用风险高"}

RESULTS = {
    "R01": ("未发现问题", False),
    "R02": ("未按规定公示应当公示的信息", True),
    "R03": ("公示信息隐瞒真实情况、弄虚作假", True),
    "R04": ("通过登记的住所（经营场所）无法联系", True),
    "R05": ("发现问题已责令改正", True),
    "R06": ("不配合检查情节严重", True),
    "R07": ("未发现开展本次抽查涉及的经营活动", False),
    "R08": ("发现问题待后续处理", True),
    "S01": ("注销", None),
    "S02": ("被吊销", None),
    "S03": ("被撤销", None),
    "S04": ("迁出", None),
    "S05": ("已关闭停业或正在组织清算", None),
}
"""Inspection results (抽查检查结果), domain.md 2.4 a: code → text, whether a problem (None: says nothing)."""

IN_BUSINESS = ("存续", "歇业")
"""Registration states whose enterprises can be visited at all (登记状态)."""

ABNORMAL_CAUSES = {
    "1": "未依照规定期限公示年度报告",
    "2": "未在责令的期限内公示有关企业信息",
    "3": "公示企业信息隐瞒真实情况、弄虚作假",
    "4": "通过登记的住所或者经营场所无法联系",
}
"""列入经营异常名录原因 (domain.md 5.2)."""

ENTERPRISE_KINDS = {"1": "企业", "2": "农民专业合作社", "3": "个体工商户", "4": "外国企业常驻代表机构"}

DEPARTMENTS = ("市场监管", "人社", "消防", "生态环境", "卫健", "文旅")
"""The six departments of the demonstration's joint mechanism; a bureau's own come from its department file."""

EXEMPT_CATEGORIES = (
    "complaint",
    "transferred",
    "data_monitoring",
    "emergency",
    "safety_production",
    "food_drug",
    "special_equipment",
    "hazardous_chemicals",
    "environment",
    "public_health",
    "legal_time_limit",
    "superior_directive",
    "tax",
    "on_application",
    "case_investigation",
    "double_random",
)
"""Categories that a quiet-day rule may exempt (domain.md 3.3)."""

EXEMPT_CATEGORY_NAMES = {
    "complaint": "投诉举报",
    "transferred": "转办交办",
    "data_monitoring": "数据监测",
    "emergency": "应急处置",
    "safety_production": "安全生产",
    "food_drug": "食品药品",
    "special_equipment": "特种设备",
    "hazardous_chemicals": "危险化学品",
    "environment": "生态环境",
    "public_health": "公共卫生",
    "legal_time_limit": "法定时限",
    "superior_directive": "上级部署",
    "tax": "税务",
    "on_application": "依申请",
    "case_investigation": "立案调查",
    "double_random": "双随机",
}
"""The same in words."""
