"""Relations (关联关系): who stands behind an enterprise, and what it shares with others; domain.md 1.5, 6.2.

Natural persons never enter by name or number: only a keyed hash, which tells that two are the same, and a role.
"""

from collections.abc import Mapping

import pandas as pd

from ingestion.datasets.contract import (
    ROW_TIMES,
    Check,
    Column,
    Conversion,
    Dataset,
    Surroundings,
    identity_columns,
)
from ingestion.datasets.demands import normalise_codes, sound_code
from ingestion.faults import Fault, sentence
from ingestion.redaction import seal

RELATION_KINDS = {
    **dict.fromkeys(("股东", "投资人", "出资人", "合伙人", "股东及出资信息"), "股东"),
    **dict.fromkeys(("法定代表人", "负责人", "经营者", "法定代表人任职"), "法定代表人"),
    **dict.fromkeys(
        ("主要人员", "董事", "监事", "经理", "董事、监事、高级管理人员", "董监高", "联络员", "成员"),
        "主要人员",
    ),
    **dict.fromkeys(("实际控制人", "受益所有人"), "实际控制人"),
    **dict.fromkeys(("对外投资", "投资"), "对外投资"),
    **dict.fromkeys(("分支机构", "下属分支机构"), "分支机构"),
    **dict.fromkeys(("隶属企业", "总公司", "隶属"), "隶属企业"),
    **dict.fromkeys(("同一住所", "同一地址", "共用住所"), "同一住所"),
    **dict.fromkeys(("同一电话", "同一联系电话", "共用电话"), "同一电话"),
    **dict.fromkeys(("同一代办", "同一代理人", "同一联络员"), "同一代办"),
}

PERSON, ENTERPRISE = "自然人", "企业"
PARTY_KINDS = {
    **dict.fromkeys(("自然人", "自然人股东", "个人", "中国公民", "外国(地区)公民"), PERSON),
    **dict.fromkeys(
        ("企业", "企业法人", "法人股东", "法人", "非自然人", "其他机构", "机构", "机关法人", "个体工商户"),
        ENTERPRISE,
    ),
}


def _seal_persons(rows: pd.DataFrame) -> pd.DataFrame:
    """A person's number, or name where there is no number, becomes a key; the name of an enterprise stays.

    A name alone is many people's, so its key holds within the one enterprise only.
    """
    empty = pd.Series("", rows.index, dtype=object)
    number, name = (rows.get(c, empty).str.strip() for c in ("person_number", "person_name"))
    party = rows["party_kind"].str.strip().map(PARTY_KINDS)
    person = (party == PERSON) | (party.isna() & ((number != "") | (name != "")))
    about = rows.get("given_code", empty).where(
        rows.get("given_code", empty) != "", rows.get("given_regno", empty)
    )
    keys = [
        "" if not is_person else seal(no) if no else _within(owner, called)
        for is_person, no, called, owner in zip(person, number, name, about, strict=True)
    ]
    told = rows.drop(columns=["person_number", "person_name"], errors="ignore")
    for column in ("other_name", "other_code"):
        if column in told:
            told[column] = told[column].where(~person, "")
    return told.assign(person_key=pd.Series(keys, rows.index, dtype=object))


def _within(owner: str, name: str) -> str:
    if not name or name == seal(name):
        return name
    return seal(f"{owner.strip()}/{name}")


def read_relation(rows: pd.DataFrame, around: Surroundings) -> None:
    """What the other party is known by."""
    normalise_codes(rows, "other_code")
    rows["other_key"] = _other_keys(rows)


def _other_keys(rows: pd.DataFrame) -> list[str]:
    parties = zip(rows["other_code"], rows["person_key"], rows["other_name"], strict=True)
    return [next((str(each) for each in party if each), "") for party in parties]


def _somebody(rows: pd.DataFrame, heading: Mapping[str, str]) -> list[Fault]:
    at = heading.get("other_name", heading.get("party_kind", ""))
    nobody = [int(n) for n, key in zip(rows.index, _other_keys(rows), strict=True) if not key]
    return [Fault(n, at, "missing", sentence("missing")) for n in nobody]


RELATION = Dataset(
    name="relation",
    title="关联关系",
    says="股东、法定代表人、主要人员、对外投资、分支机构，以及同一住所、同一电话等关联，一条关系一行。自然人只留密钥哈希和身份，姓名、证件号码不入库。",
    table="relation",
    identity="must",
    key=("enterprise_code", "kind", "other_key", "role", "date_from"),
    occurred="date_from",
    in_order=(("date_to", "date_from"),),
    snapshot=True,
    columns=(
        *identity_columns(),
        Column("kind", "关联类型", "KIND", "choice", required=True, choices=RELATION_KINDS),
        Column("party_kind", "关联方类型", "PARTY_KIND", "choice", required=True, choices=PARTY_KINDS),
        Column("other_code", "关联企业统一社会信用代码", "OTHER_CODE", "code", longest=18, note="关联方是企业的填；也可填 15 位注册号"),
        Column("other_name", "关联企业名称", "OTHER_NAME", longest=200, note="关联方是企业的填；自然人不填这里"),
        Column("person_name", "关联人姓名", "PERSON_NAME", personal=True, sealed=True, optional=True,
               note="关联方是自然人的填；只留密钥哈希。没有证件号码时只在本主体内可比"),
        Column("person_number", "关联人证件号码", "PERSON_NUMBER", personal=True, sealed=True, optional=True,
               note="关联方是自然人的填；只留密钥哈希，用于发现一人多企"),
        Column("person_key", "", "", "code", optional=True),
        Column("role", "身份或职务", "ROLE", longest=100, note="如 自然人股东、董事长、监事"),
        Column("share", "持股比例(%)", "SHARE", "number", optional=True, least=0, most=100),
        Column("amount", "认缴出资额(万元)", "AMOUNT", "amount", optional=True),
        Column("date_from", "起始日期", "DATE_FROM", "date"),
        Column("date_to", "终止日期", "DATE_TO", "date", open_ended=True, note="退出、离任、注销投资的日期"),
        *ROW_TIMES,
    ),
    convert=Conversion(
        "自然人的姓名、证件号码在读入时换成本机密钥下的哈希（HMAC-SHA256），原文不进数据库，也不进问题数据。",
        _seal_persons,
        {"person_key": "party_kind"},
    ),
    checks=(
        sound_code("other_code", "关联企业统一社会信用代码"),
        Check("关联方须写明是谁：企业填代码或名称，自然人填姓名或证件号码。", _somebody),
    ),
    derive=read_relation,
    derived=("other_key",),
)  # fmt: skip
