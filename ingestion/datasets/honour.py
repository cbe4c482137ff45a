"""Honours and certificates (荣誉、体系认证、自愿认证) with their validity; domain.md 1.5 features 77 and 78."""

from ingestion.datasets.contract import ROW_TIMES, VALIDITY, Column, Dataset, identity_columns

HONOUR_KINDS = {
    **dict.fromkeys(("荣誉", "表彰", "奖励", "守合同重信用", "质量奖", "诚信示范"), "荣誉"),
    **dict.fromkeys(("体系认证", "管理体系认证"), "体系认证"),
    **dict.fromkeys(("自愿认证", "自愿性认证", "产品认证", "服务认证"), "自愿认证"),
    **dict.fromkeys(("强制性认证", "CCC认证", "强制认证"), "强制性认证"),
    **dict.fromkeys(("联合激励", "红名单"), "联合激励"),
    **dict.fromkeys(("白名单", "无事不扰白名单"), "白名单"),
    **dict.fromkeys(("知识产权", "专利", "商标", "高新技术企业"), "知识产权"),
}
HONOUR_LEVELS = {
    **dict.fromkeys(("国家级", "国家"), "国家级"), **dict.fromkeys(("省级", "省"), "省级"), **dict.fromkeys(("市级", "市"), "市级"),
    **dict.fromkeys(("县级", "区级", "县", "区", "区县级"), "县级"),
}  # fmt: skip

HONOUR = Dataset(
    name="honour",
    title="荣誉和认证",
    says="政府部门的荣誉表彰，以及管理体系认证、自愿性认证等，一项一行；撤销、注销的重新报送整行并改状态。",
    table="honour",
    identity="must",
    key=("enterprise_code", "kind", "title", "certificate_no", "awarded_on"),
    occurred="awarded_on",
    in_order=(("valid_to", "awarded_on"),),
    sender="issuer",
    columns=(
        *identity_columns(),
        Column("kind", "类型", "KIND", "choice", required=True, choices=HONOUR_KINDS),
        Column("title", "名称", "TITLE", required=True, longest=200, note="如 守合同重信用企业、质量管理体系认证"),
        Column("certificate_no", "证书或文件编号", "CERTIFICATE_NO", "code", longest=100),
        Column("level", "级别", "LEVEL", "choice", choices=HONOUR_LEVELS, note="荣誉填；认证不填"),
        Column("issuer", "认定或发证机构", "ISSUER", required=True, longest=200),
        Column("awarded_on", "认定日期", "AWARDED_ON", "date", required=True, also=("发证日期", "有效期自")),
        Column("valid_to", "有效期至", "VALID_TO", "date", open_ended=True, note="没有期限的不填"),
        Column("active", "状态", "ACTIVE", "choice", optional=True, blank=True,
               choices={**VALIDITY, "撤销": False, "注销": False, "暂停": False, "过期": False}),
        *ROW_TIMES,
    ),
)  # fmt: skip
