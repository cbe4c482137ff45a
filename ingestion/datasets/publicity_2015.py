"""The 2015—2016 layouts of 双公示 (旧版双公示格式), still found in archives; domain.md 6.1.

A file with just these columns is read by itself into the same tables. What the old layout has no field for stays
empty; `layout` says that it is old. State 1 (撤销) withdraws the record.
"""

import re
from collections.abc import Callable
from dataclasses import replace

import pandas as pd

from ingestion.datasets.contract import (
    Column,
    Conversion,
    Dataset,
    Surroundings,
    cells,
    identity_columns,
    personal,
)
from ingestion.datasets.demands import other_is_named
from ingestion.datasets.penalty import PENALTY, fill_department, sanctions_of
from ingestion.datasets.permit import COUNTERPARTS, PERMIT, PERMIT_KINDS

OLD_STATES = {
    **dict.fromkeys(("0", "正常", "有效"), "正常"), **dict.fromkeys(("1", "撤销", "撤消"), "撤销"),
    **dict.fromkeys(("2", "异议"), "异议"), **dict.fromkeys(("3", "其他"), "其他"),
}  # fmt: skip
"""XK_ZT and CF_ZT of 2015: other numbers than 当前状态 of 2018, where 1 is valid and 2 is not."""

STANDARD_2015 = "2015"
_VALIDITY = {"正常": "1", "撤销": "2", "异议": "1"}
_PERSON_NAME = re.compile(r"[\u4e00-\u9fff]{2,4}|[\u4e00-\u9fff]{1,12}[·•][\u4e00-\u9fff·•]{1,20}")
_SHOP_ENDINGS = "店馆厂社部行坊吧室站局院园场摊铺屋轩居阁斋楼档司"


def _counterparts(rows: pd.DataFrame) -> pd.DataFrame:
    """Tell natural persons from organisations: the old layout has no column for it.

    A person has no code of an organisation, and either an identity number or a name like a person's.
    """
    codes = rows[["given_code", "org_code", "given_regno", "tax_code"]]
    nothing = codes.apply(lambda column: column.str.strip() == "").all(axis=1)
    names = rows["given_name"].str.strip()
    like_a_person = names.map(
        lambda name: bool(_PERSON_NAME.fullmatch(name)) and name[-1] not in _SHOP_ENDINGS
    )
    numbered = rows["resident_no"].str.strip() != "" if "resident_no" in rows else False
    person = nothing & (like_a_person | numbered)
    individual = rows["given_code"].str.strip().str.startswith("92")
    told = rows.drop(columns="resident_no", errors="ignore")
    told["counterpart"] = "法人及非法人组织"
    told.loc[individual, "counterpart"] = "个体工商户"
    told.loc[person, "counterpart"] = "自然人"
    return told


TELL_PERSONS = Conversion(
    "旧版没有行政相对人类别：没有任何机构代码而填了身份证号、或名称像人名的，按自然人处理，整行退回且不留内容。",
    _counterparts,
    {"counterpart": "given_name"},
)


def _read(rows: pd.DataFrame, dataset: Dataset, renamed: dict[str, str]) -> None:
    """Everything the newer layout stores and the older has no word for is empty."""
    for new, old in renamed.items():
        rows[new] = rows[old]
    rows["layout"] = STANDARD_2015
    rows["retracted"] = rows["old_state"] == "撤销"
    for name in dataset.stored():
        if name not in rows:
            rows[name] = None


def read_old_permit(rows: pd.DataFrame, around: Surroundings) -> None:
    """A permit of 2015: no title, no certificate, no first day of validity."""
    rows["xk_zt"] = cells(rows, (_VALIDITY.get(state) for state in rows["old_state"]))
    _read(rows, PERMIT, {"xk_xdr_mc": "given_name", "xk_xdr_zzjg": "org_code", "xk_xdr_swdj": "tax_code"})


def read_old_penalty(rows: pd.DataFrame, around: Surroundings) -> None:
    """A penalty of 2015: two columns of sanctions become one; amounts are only in the words of the result."""
    both = zip(rows["cflb1"], rows["cflb2"], strict=True)
    rows["cf_cflb"] = [";".join(dict.fromkeys(kind for kind in pair if kind)) for pair in both]
    rows["sanctions"] = [sanctions_of(text) for text in rows["cf_cflb"]]
    rows["department"] = None
    fill_department(rows)
    _read(rows, PENALTY, {"cf_xdr_mc": "given_name", "cf_xdr_zzjg": "org_code", "cf_xdr_swdj": "tax_code"})


def _counterpart_columns(sign: str) -> tuple[Column, ...]:
    """The counterpart's columns; `sign` is XK or CF."""
    code, _, name = identity_columns(
        ("行政相对人代码_1(统一社会信用代码)", f"{sign}_XDR_SHXYM"), ("", ""),
        ("行政相对人名称", f"{sign}_XDR" if sign == "XK" else f"{sign}_XDR_MC"),
    )  # fmt: skip
    return (
        name,
        code,
        Column("org_code", "行政相对人代码_2(组织机构代码)", f"{sign}_XDR_ZDM", "code", stored=False, longest=50),
        Column("given_regno", "行政相对人代码_3(工商登记码)", f"{sign}_XDR_GSDJ", "code", stored=False, longest=64),
        Column("tax_code", "行政相对人代码_4(税务登记号)", f"{sign}_XDR_SWDJ", "code", stored=False, longest=50),
        Column("resident_no", "行政相对人代码_5(居民身份证号)", f"{sign}_XDR_SFZ", personal=True, sealed=True,
               optional=True, note="只用来判断是不是自然人"),
        *personal(("法定代表人姓名", f"{sign}_FR")),
        Column("counterpart", "", "", "choice", optional=True, choices=COUNTERPARTS),
    )  # fmt: skip


def _closing_columns(sign: str) -> tuple[Column, ...]:
    return (
        Column("old_state", "当前状态", f"{sign}_ZT", "choice", required=True, choices=OLD_STATES,
               note="0 正常，1 撤销（这条记录撤回），2 异议，3 其他"),
        Column("dfbm", "地方编码", "DFBM", "code", longest=20),
        Column("known_at", "数据更新时间戳", "SJC", "datetime", stored=False),
        Column("bz", "备注", "BZ", optional=True, longest=512),
    )  # fmt: skip


def _older(
    dataset: Dataset, columns: tuple[Column, ...], derive: Callable[..., None], **changes: object
) -> Dataset:
    named = {column.name for column in columns if column.stored and not column.personal}
    return replace(
        dataset, title=f"{dataset.title}（2015—2016 版）", columns=columns, derive=derive, convert=TELL_PERSONS,
        derive_reads=None, repeats={},
        derived=tuple(name for name in dataset.stored() if name not in named), older=(), **changes,  # type: ignore[arg-type]
    )  # fmt: skip


PERMIT_2015 = _older(
    PERMIT,
    (
        Column("xk_wsh", "行政许可决定书文号", "XK_WSH", required=True, longest=128),
        Column("xk_xmmc", "项目名称", "XK_XMMC", required=True, longest=256),
        Column("xk_xklb", "审批类别", "XK_SPLB", required=True, longest=256, pattern=f"({'|'.join(PERMIT_KINDS)}).*"),
        Column("xk_nr", "许可内容", "XK_NR", required=True),
        *_counterpart_columns("XK"),
        Column("xk_jdrq", "许可决定日期", "XK_JDRQ", "date", required=True),
        Column("xk_yxqzi", "许可截止期", "XK_JZQ", "date", open_ended=True, note="长期填 2099-12-31"),
        Column("xk_xkjg", "许可机关", "XK_XZJG", required=True, longest=200),
        *_closing_columns("XK"),
    ),
    read_old_permit,
    says="2015—2016 年双公示行政许可格式（18 项），旧档案里仍有。列与此一致的文件自动识别，归入同一张表。",
    in_order=(("xk_yxqzi", "xk_jdrq"),),
    checks=(other_is_named("xk_xklb", "审批类别"),),
)  # fmt: skip

PENALTY_2015 = _older(
    PENALTY,
    (
        Column("cf_wsh", "行政处罚决定书文号", "CF_WSH", required=True, longest=128),
        Column("cf_cfmc", "处罚名称", "CF_CFMC", required=True, longest=256, also=("案件名称", "CF_AJMC")),
        Column("cflb1", "处罚类别1", "CF_CFLB1", stored=False, required=True, longest=128),
        Column("cflb2", "处罚类别2", "CF_CFLB2", stored=False, optional=True, longest=128),
        Column("cf_sy", "处罚事由", "CF_SY", required=True, longest=5000),
        Column("cf_yj", "处罚依据", "CF_YJ", required=True, longest=2048),
        *_counterpart_columns("CF"),
        Column("cf_nr", "处罚结果", "CF_JG", required=True),
        Column("cf_jdrq", "处罚决定日期", "CF_JDRQ", "date", required=True),
        Column("cf_cfjg", "处罚机关", "CF_XZJG", required=True, longest=200),
        Column("cf_gsjzq", "公示截止期", "CF_GSJZQ", "date", optional=True, open_ended=True),
        Column("cf_syfw", "使用范围", "CF_SYFW", optional=True, longest=100, note="照录"),
        Column("cf_sxyzcd", "失信严重程度", "CF_SXYZCD", optional=True, longest=100, note="照录"),
        *_closing_columns("CF"),
    ),
    read_old_penalty,
    says="2015—2016 年双公示行政处罚格式，旧档案里仍有。列与此一致的文件自动识别，归入同一张表；罚没金额只在处罚结果的文字里，金额列留空。",
    in_order=(),
    checks=(),
)  # fmt: skip

PERMIT = replace(PERMIT, older=(PERMIT_2015,))
PENALTY = replace(PENALTY, older=(PENALTY_2015,))
"""The datasets as they are read: with their older layouts."""
