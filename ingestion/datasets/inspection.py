"""Inspection results (抽查检查结果), domain.md 2.4 and 6.3: one check of one object by one department."""

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import pandas as pd

from ingestion.datasets.contract import (
    METHODS,
    ROW_TIMES,
    Check,
    Column,
    Dataset,
    Derive,
    Surroundings,
    cells,
    identity_columns,
)
from ingestion.datasets.result_codes import (
    CODE_SETS,
    RESULT_TEXTS,
    SERIOUSNESS,
    STANDARD,
    CodeSet,
    gravest,
    read_item_results,
)
from ingestion.faults import Fault, sentence
from registry.vocabulary import RESULTS

__all__ = ["INSPECTION", "RESULT_TEXTS", "SERIOUSNESS", "with_code_set"]

DRAW_TYPES = {
    "不定向": "不定向", "定向": "定向", "投诉举报": "投诉举报", "转办交办": "转办交办", "日常巡查": "日常巡查",
    "数据监测": "数据监测", "不定向抽查": "不定向", "定向抽查": "定向", "日常检查": "日常巡查", "交办转办": "转办交办",
}  # fmt: skip


def _reader(code_set: CodeSet, name: str | None) -> Derive:
    """Keep the sender's words, settle on one result code, and say whether it means a problem."""

    def read(rows: pd.DataFrame, around: Surroundings) -> None:
        found = [gravest(code_set.results(tokens)) if tokens else None for tokens in rows["results"]]
        rows["result_code"] = cells(rows, found)
        rows["problem"] = cells(rows, (RESULTS[code][1] if code else None for code in found))
        rows["raw_result"], rows["code_set"] = rows["results_as_written"], name
        rows["localadm"] = cells(rows, (around.offices.get(office, office) for office in rows["localadm"]))
        rows["item_results"] = cells(
            rows,
            (
                json.dumps(read_item_results(text, code_set), ensure_ascii=False) if text else None
                for text in rows["item_words"]
            ),
        )

    return read


def _ticks(code_set: CodeSet) -> Check:
    """What may be ticked together."""
    exclusive = code_set.exclusive | STANDARD.exclusive

    def wrong(tokens: tuple[str, ...]) -> tuple[str, str] | None:
        alone = next((t for t in tokens if t in exclusive and len(tokens) > 1), None)
        if alone:
            return "exclusive_result", sentence("exclusive_result", value=code_set.words(alone))
        child = next((t for t in tokens if code_set.parents.get(t, t) not in tokens), None)
        if child is None:
            return None
        parent = code_set.words(code_set.parents[child])
        return "child_alone", sentence("child_alone", value=code_set.words(child), other=parent)

    def find(rows: pd.DataFrame, heading: Mapping[str, str]) -> list[Fault]:
        several = rows["results"].dropna()
        verdicts = {tokens: wrong(tokens) for tokens in set(several)}
        return [
            Fault(int(n), heading.get("results", "检查结果"), *verdict)
            for n, tokens in zip(several.index, several, strict=True)
            if (verdict := verdicts[tokens])
        ]

    says = "“未发现问题”不能与其他结果同时勾选"
    tree = "；勾选下级结果的须同时勾选上级（A 是 2、3、4、5、G 的上级，2 是 B、C、6、D 的上级）"
    return Check(says + (tree if code_set.parents else "") + "。", find)


def _items(code_set: CodeSet) -> Check:
    """Results of single items can be read, and are of items that were checked."""

    def find(rows: pd.DataFrame, heading: Mapping[str, str]) -> list[Fault]:
        if "item_words" not in heading:
            return []
        faults = []
        for n, text, codes in zip(rows.index, rows["item_words"], rows["item_codes"], strict=True):
            read = read_item_results(text, code_set) if text else {}
            if isinstance(read, str):
                fault = "bad_item_result", sentence("bad_item_result", value=read)
            elif strange := next((code for code in read if codes and code not in codes), None):
                fault = "item_not_checked", sentence("item_not_checked", value=strange)
            else:
                continue
            faults.append(Fault(int(n), heading["item_words"], *fault))
        return faults

    return Check(
        "事项检查结果逐项写“事项编码:结果”，事项在检查事项编码之内，没有检查的写未检查或合理缺项。", find
    )


INSPECTION = Dataset(
    name="inspection",
    title="抽查检查结果",
    says="一个部门对一户主体的一次检查及其结果，双随机、日常检查和触发式检查都收。"
    "四代结果代码的文字都认；只有代码的，在对照方案里写明 code_set。",
    table="inspection_result",
    identity="must",
    key=("insp_no", "enterprise_code"),
    occurred="inspdate",
    in_order=(("published_on", "inspdate"), ("rectify_due", "inspdate"), ("rectified_on", "inspdate")),
    sender="department",
    columns=(
        Column("insp_no", "检查编号", "INSP_NO", "code", required=True, longest=100),
        *identity_columns(),
        Column("inspdate", "检查日期", "insDate", "date", required=True),
        Column("department", "检查部门", "DEPARTMENT", required=True, longest=50),
        Column("localadm", "管辖单位", "LOCALADM", longest=200, note="机构代码或名称"),
        Column("draw_type", "抽查类型", "raninsTypeName", "choice", required=True, choices=DRAW_TYPES,
               note="只有不定向抽查是无偏样本，须如实填写"),
        Column("method", "检查方式", "METHOD", "choice", required=True, choices=METHODS),
        Column("item_codes", "检查事项编码", "ITEM_CODES", "list", blank=(), note="几项之间用分号隔开，须在检查日期有效"),
        Column(
            "results", "检查结果", "insRes_CN", "choices", required=True, stored=False, choices=RESULT_TEXTS,
            note="可多选，用分号隔开；取其中最重的一项作为结果，原文照存",
        ),
        Column("item_words", "事项检查结果", "ITEM_RESULTS", stored=False, optional=True,
               note="逐项结果，如 A01:未发现问题;A02:合理缺项"),
        Column("measure", "检查得分", "SCORE", "number", optional=True),
        Column("inspectors", "检查人员工号", "STAFF_NOS", "list", blank=(), note="工号，不写姓名"),
        Column("published_on", "公示日期", "PUBLISHED_ON", "date"),
        Column("plan_no", "抽查计划编号", "raninsPlanId", "code", optional=True, longest=64),
        Column("task_no", "抽查任务编号", "raninsTaskId", "code", optional=True, longest=64),
        Column("rectify_due", "责令改正期限", "RECTIFY_DUE", "date", optional=True),
        Column("rectified_on", "改正完成日期", "RECTIFIED_ON", "date", optional=True),
        *ROW_TIMES,
    ),
    checks=(_ticks(STANDARD), _items(STANDARD)),
    derive=_reader(STANDARD, None),
    derived=("result_code", "problem", "raw_result", "code_set", "item_results"),
)  # fmt: skip


@cache
def with_code_set(name: str) -> Dataset:
    """The inspection dataset whose results may also be codes of one set. Raises KeyError for an unknown set."""
    code_set = CODE_SETS[name]
    columns = tuple(
        replace(column, choices=code_set.table()) if column.name == "results" else column
        for column in INSPECTION.columns
    )
    return replace(
        INSPECTION,
        columns=columns,
        checks=(_ticks(code_set), _items(code_set)),
        derive=_reader(code_set, name),
    )
