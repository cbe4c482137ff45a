"""What inspectors declare of themselves (利害关系申报): relatives and former employers, from which recusals follow.

公务员法第七十六条 and 行政处罚法第四十三条: whoever, or whose close relative, has an interest stands aside. A person is
kept as the keyed hash under which relations hold theirs: equal hashes are one person, and nothing else can be read.
"""

import pandas as pd

from ingestion.datasets.contract import ROW_TIMES, Column, Conversion, Dataset, identity_columns
from ingestion.datasets.inspector import STAFF_NO
from ingestion.redaction import seal

OWN = "本人"
KINSHIP = {
    **dict.fromkeys(("本人", "自己"), OWN),
    **dict.fromkeys(("配偶", "夫妻"), "配偶"),
    **dict.fromkeys(("父母", "子女", "祖父母", "外祖父母", "孙子女", "外孙子女", "直系血亲"), "直系血亲"),
    **dict.fromkeys(("兄弟姐妹", "伯叔姑舅姨", "侄子女", "甥子女", "三代以内旁系血亲", "旁系血亲"), "三代以内旁系血亲"),
    **dict.fromkeys(("配偶的父母", "配偶的兄弟姐妹", "子女的配偶", "近姻亲"), "近姻亲"),
}  # fmt: skip
"""亲属关系 of 公务员法第七十四条, and the inspector himself: shareholders are told from it, too."""


def _seal_numbers(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(person_key=[seal(number) for number in rows["person_key"]])


INSPECTOR_RELATIVE = Dataset(
    name="inspector_relative",
    title="检查人员亲属申报",
    says="检查人员申报的本人和近亲属，一人一行。证件号码读入时换成密钥哈希，与关联关系中的自然人同一密钥，只用来判断是否同一人；"
    "本人或近亲属是企业股东、法定代表人、主要人员的，自动回避。",
    table="inspector_relative",
    key=("staff_no", "person_key"),
    snapshot=True,
    columns=(
        STAFF_NO,
        Column("kinship", "亲属关系", "KINSHIP", "choice", required=True, choices=KINSHIP, note="本人也填一行"),
        Column("person_key", "亲属证件号码", "PERSON_NUMBER", "code", required=True, sealed=True, longest=100,
               note="只留密钥哈希；姓名不填"),
        *ROW_TIMES,
    ),
    convert=Conversion(
        "证件号码在读入时换成本机密钥下的哈希（HMAC-SHA256），原文不进数据库，也不进问题数据。", _seal_numbers
    ),
)  # fmt: skip

INSPECTOR_EMPLOYMENT = Dataset(
    name="inspector_employment",
    title="检查人员曾任职单位",
    says="检查人员曾经任职或兼职的企业，离职未满规定年限的自动回避。",
    table="inspector_employment",
    identity="must",
    key=("staff_no", "enterprise_code", "date_from"),
    in_order=(("date_to", "date_from"),),
    snapshot=True,
    columns=(
        STAFF_NO,
        *identity_columns(),
        Column("role", "职务", "ROLE", optional=True, longest=100),
        Column("date_from", "任职起始日期", "DATE_FROM", "date"),
        Column("date_to", "离职日期", "DATE_TO", "date", open_ended=True, note="仍在任的不填"),
        *ROW_TIMES,
    ),
)  # fmt: skip
