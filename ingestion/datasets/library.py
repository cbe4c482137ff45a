"""Object libraries (专项检查对象名录库): the 27-library layout of requirements.md 1.2."""

from ingestion.datasets.contract import ROW_TIMES, VALIDITY, Column, Dataset, identity_columns, personal
from ingestion.datasets.registration import ENTERPRISE_KINDS, REGISTRATION_STATES

LIBRARY = Dataset(
    name="library",
    title="专项检查对象名录库",
    says="专项检查对象名录库（两库之一）。一户有几个标签或几张许可证的，一个标签、一张许可证一行；状态失效即移出。",
    table="library_entry",
    identity="may",
    key=("library", "enterprise_code", "tag", "licence_no"),
    sender="localadm",
    in_order=(("valid_to", "approved_on"),),
    snapshot=True,
    columns=(
        Column("library", "专项库", "LIBRARY", required=True, longest=100, also=("专项库名称",)),
        Column("tag", "监管标签", "TAG", longest=100, optional=True),
        *identity_columns()[:2],
        Column("entname", "企业名称", "ENTNAME", required=True, longest=200),
        Column("entkind", "主体类别", "ENTKIND", "choice", optional=True, choices=ENTERPRISE_KINDS),
        Column("licence_name", "许可证名称", "LICENCE_NAME", optional=True, longest=100),
        Column("licence_no", "许可证编号", "LICENCE_NO", "code", longest=100),
        Column("approved_on", "批准日期", "APPROVED_ON", "date", optional=True),
        Column("valid_to", "有效期至", "VALID_TO", "date", open_ended=True, note="长期不填，或填 9999-09-09"),
        Column("licence_organ", "发证机关", "LICENCE_ORGAN", optional=True, longest=200),
        Column("professional", "专业监管", "PROFESSIONAL", "boolean", optional=True, also=("是否专业监管",)),
        Column("qualification", "专业资质", "QUALIFICATION", optional=True, longest=200, also=("资质资格",),
               note="检查这一户所需的人员资质"),
        Column("expert", "配备专家", "EXPERT", "boolean", optional=True, also=("配备专家(组长)",)),
        Column("regorg", "登记机关", "REGORG_CN", longest=200, blank=""),
        Column("localadm", "管辖单位", "LOCALADM", required=True, longest=200),
        Column("cluster", "片区", "CLUSTER", optional=True, longest=100, also=("片区/商圈",)),
        Column("regstate", "登记状态", "REGSTATE_CN", "choice", optional=True, choices=REGISTRATION_STATES),
        Column("active", "状态", "ACTIVE", "choice", choices=VALIDITY, optional=True, blank=True),
        Column("set_on", "设置日期", "SET_ON", "date", optional=True),
        Column("set_by", "设置部门", "SET_BY", optional=True, longest=100),
        *ROW_TIMES,
        *personal(("设置人", "SET_PERSON")),
    ),
)  # fmt: skip
