"""Object libraries (专项检查对象名录库): the 27-library layout of requirements.md 1.2."""

from ingestion.datasets.contract import ROW_TIMES, VALIDITY, Column, Dataset, identity_columns

LIBRARY = Dataset(
    name="library",
    title="专项检查对象名录库",
    table="library_entry",
    identity="may",
    key=("library", "enterprise_code", "tag", "licence_no"),
    sender="localadm",
    snapshot=True,
    columns=(
        Column("library", "专项库", "LIBRARY", required=True, longest=100, also=("专项库名称",)),
        Column("tag", "监管标签", "TAG", longest=100, optional=True),
        *identity_columns()[:2],
        Column("entname", "企业名称", "ENTNAME", required=True, longest=200),
        Column("licence_no", "许可证编号", "LICENCE_NO", "code", longest=100),
        Column("valid_to", "有效期至", "VALID_TO", "date", open_ended=True),
        Column("regorg", "登记机关", "REGORG_CN", longest=200, blank=""),
        Column("localadm", "管辖单位", "LOCALADM", required=True, longest=200),
        Column("active", "状态", "ACTIVE", "choice", choices=VALIDITY, optional=True, blank=True),
        *ROW_TIMES,
    ),
)
