"""Inspection results (抽查检查结果), domain.md 2.4 and 6.3: one check of one object by one department."""

import pandas as pd

from ingestion.datasets.contract import METHODS, ROW_TIMES, Column, Dataset, Surroundings, identity_columns
from registry.vocabulary import RESULTS

RESULT_TEXTS = {
    **{text: code for code, (text, _) in RESULTS.items()},
    **dict.fromkeys(("正常", "未发现违法行为"), "R01"),
    **dict.fromkeys(("未按规定公示年报信息", "未按规定公示即时信息", "未按规定公示信息"), "R02"),
    **dict.fromkeys(("弄虚作假", "隐瞒真实情况、弄虚作假", "公示信息隐瞒真实情况弄虚作假"), "R03"),
    **dict.fromkeys(
        ("无法联系", "通过登记的住所(经营场所)无法联系", "通过登记的住所或者经营场所无法联系"), "R04"
    ),
    **dict.fromkeys(("发现问题经责令已改正", "发现问题责令改正", "违反其他部门相关规定"), "R05"),
    **dict.fromkeys(("不予配合情节严重", "不配合检查"), "R06"),
    **dict.fromkeys(("未发现开展本次抽查涉及的生产经营活动", "未发现本次抽查涉及的生产经营活动"), "R07"),
    **dict.fromkeys(("已注销",), "S01"),
    **dict.fromkeys(("吊销", "吊证", "已吊销"), "S02"),
    **dict.fromkeys(("撤销", "被撤销登记"), "S03"),
    **dict.fromkeys(("已迁出",), "S04"),
    **dict.fromkeys(("已关闭停业或正在组织清算的", "关闭", "暂停营业", "停业"), "S05"),
}
"""Four generations of code sets, by text (domain.md 2.4 a–d)."""

SERIOUSNESS = ("R06", "R03", "R08", "R04", "R05", "R02", "S02", "S03", "S01", "S05", "S04", "R07", "R01")
"""Which result stands for a row that ticks several: the gravest first."""

DRAW_TYPES = {
    "不定向": "不定向", "定向": "定向", "投诉举报": "投诉举报", "转办交办": "转办交办", "日常巡查": "日常巡查",
    "数据监测": "数据监测", "不定向抽查": "不定向", "定向抽查": "定向", "日常检查": "日常巡查", "交办转办": "转办交办",
}  # fmt: skip


def read_inspection(rows: pd.DataFrame, around: Surroundings) -> None:
    """Keep the sender's words, settle on one result code, and say whether it means a problem."""
    rank = {code: place for place, code in enumerate(SERIOUSNESS)}
    rows["result_code"] = [min(codes, key=rank.__getitem__) if codes else None for codes in rows["results"]]
    rows["problem"] = [RESULTS[code][1] if code else None for code in rows["result_code"]]
    rows["raw_result"] = rows["results_as_written"]
    rows["localadm"] = [around.offices.get(office, office) for office in rows["localadm"]]


INSPECTION = Dataset(
    name="inspection",
    title="抽查检查结果",
    table="inspection_result",
    identity="must",
    key=("insp_no", "enterprise_code"),
    occurred="inspdate",
    in_order=(("published_on", "inspdate"),),
    sender="department",
    columns=(
        Column("insp_no", "检查编号", "INSP_NO", "code", required=True, longest=100),
        *identity_columns(),
        Column("inspdate", "检查日期", "insDate", "date", required=True),
        Column("department", "检查部门", "DEPARTMENT", required=True, longest=50),
        Column("localadm", "管辖单位", "LOCALADM", longest=200),
        Column("draw_type", "抽查类型", "raninsTypeName", "choice", required=True, choices=DRAW_TYPES),
        Column("method", "检查方式", "METHOD", "choice", required=True, choices=METHODS),
        Column("item_codes", "检查事项编码", "ITEM_CODES", "list", blank=()),
        Column(
            "results", "检查结果", "insRes_CN", "choices", required=True, stored=False, choices=RESULT_TEXTS
        ),
        Column("measure", "检查得分", "SCORE", "number", optional=True),
        Column("inspectors", "检查人员工号", "STAFF_NOS", "list", blank=()),
        Column("published_on", "公示日期", "PUBLISHED_ON", "date"),
        *ROW_TIMES,
    ),
    derive=read_inspection,
    derived=("result_code", "problem", "raw_result"),
)
