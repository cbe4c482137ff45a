"""Demands on whole rows (填报规则) that several datasets share: each makes a check from column names."""

import itertools
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

import pandas as pd

from ingestion.datasets.contract import Check, cells
from ingestion.faults import Fault, sentence

_JOINTS = re.compile(r"[;；,，、|+]+")
ORGANISATIONS = "法人及非法人组织"
INDIVIDUAL = "个体工商户"

Verdict = tuple[str, dict[str, Any]] | None
"""Code of a fault and what its sentence is filled with; None: nothing wrong."""


def faults_by_value(rows: pd.DataFrame, heading: Mapping[str, str], name: str,
                    judge: Callable[[str], Verdict]) -> list[Fault]:  # fmt: skip
    """Judge each distinct text of a column once; faults at every row that has a wrong one."""
    if name not in heading:
        return []
    values = rows[name].dropna()
    verdicts = {value: judge(value) for value in values.unique()}
    texts = {value: (v[0], sentence(v[0], **v[1])) for value, v in verdicts.items() if v}
    if not texts:
        return []
    wrong = values[values.isin(list(texts))]
    return [Fault(int(n), heading[name], *texts[value]) for n, value in zip(wrong.index, wrong, strict=True)]


def sound_code(name: str, what: str) -> Check:
    """The column, where filled, holds a code or 15-digit number with right check digits."""

    def find(rows: pd.DataFrame, heading: Mapping[str, str]) -> list[Fault]:
        return faults_by_value(rows, heading, name, _code_verdict)

    return Check(f"{what}须为 18 位统一社会信用代码（或 15 位旧注册号），校验码正确。", find, (name,))


def organ_code(name: str, what: str) -> Check:
    """The column holds the code of a public body (11 机关, 12 事业单位, …), never that of an enterprise."""

    def judge(value: str) -> Verdict:
        verdict = _code_verdict(value)
        return verdict or (("organ_kind", {"value": value}) if value.upper().startswith("9") else None)

    def find(rows: pd.DataFrame, heading: Mapping[str, str]) -> list[Fault]:
        return faults_by_value(rows, heading, name, judge)

    return Check(
        f"{what}须为机关的统一社会信用代码（11、12 等开头，不是 9 开头），校验码正确。", find, (name,)
    )


def normalise_codes(rows: pd.DataFrame, *names: str) -> None:
    """Codes other than the subject's own in half width, upper case and without blanks, as that one is."""
    from ingestion.identify import normalise_code  # see _code_verdict

    for name in names:
        known = {value: normalise_code(value) for value in rows[name].dropna().unique()}
        rows[name] = cells(rows, (known.get(value) for value in rows[name]))


def _code_verdict(value: str) -> Verdict:
    # Imported here because identification itself reads datasets: the two would wait for each other.
    from ingestion.identify import judge_codes, normalise_code

    return judge_codes([normalise_code(value)])[0]


def filled_where(name: str, other: str, words: Collection[str], what: str) -> Check:
    """The column must be filled where the other's text contains one of the words."""

    def find(rows: pd.DataFrame, heading: Mapping[str, str]) -> list[Fault]:
        if name not in heading or other not in heading:
            return []
        faults = []
        texts = rows.loc[rows[name].isna(), other].dropna()
        for text in texts.unique():
            if word := next((word for word in words if word in text), None):
                said = sentence("missing_if", other=heading[other], fragment=word)
                faults += [
                    Fault(int(n), heading[name], "missing_if", said) for n in texts.index[texts == text]
                ]
        return faults

    return Check(f"{what}写有{'、'.join(words)}的，须填写。", find, (name, other))


def _clash(code: str | None, said: str | None) -> bool:
    if code is None or len(code) != 18:
        return False
    return said == ORGANISATIONS if code.startswith("92") else code[:2] in ("91", "93") and said == INDIVIDUAL


def counterpart_fits_code() -> Check:
    """92 goes with 个体工商户, and nothing else does (行政相对人类别与代码互相印证)."""

    def find(rows: pd.DataFrame, heading: Mapping[str, str]) -> list[Fault]:
        at, faults = heading.get("given_code", ""), []
        pairs = zip(rows["given_code"].tolist(), rows["counterpart"].tolist(), strict=True)
        wrong = {pair for pair in set(pairs) if _clash(*pair)}
        if not wrong:
            return []
        whole = zip(rows.index, rows["given_code"], rows["counterpart"], rows["enterprise_code"], strict=True)
        for n, code, said, enterprise in whole:
            if (code, said) in wrong and enterprise is not None:  # else the code itself is wrong, and said so
                faults.append(Fault(int(n), at, "code_kind", sentence("code_kind", value=code, kind=said)))
        return faults

    return Check(
        "代码 91、93 开头的是法人及非法人组织，92 开头的是个体工商户，与行政相对人类别须一致。",
        find,
        ("given_code", "counterpart", "enterprise_code"),
    )


def other_is_named(name: str, what: str) -> Check:
    """其他 alone says nothing: it must be annotated."""

    def judge(value: str) -> Verdict:
        bare = any(re.fullmatch(r"其[他它][类项]?[\s\-—:：()（）]*", part) for part in parts_of(value))
        return ("kind_unnamed", {"value": value}) if bare else None

    def find(rows: pd.DataFrame, heading: Mapping[str, str]) -> list[Fault]:
        return faults_by_value(rows, heading, name, judge)

    return Check(f"{what}填其他的须注明，例如“其他-补办”。", find, (name,))


def of_vocabulary(name: str, table: Mapping[str, Any], what: str) -> Check:
    """Every part of a joined text is in the vocabulary, or is an annotated 其他."""

    def judge(value: str) -> Verdict:
        named = itertools.takewhile(lambda part: not part.startswith("其他"), parts_of(value))
        strange = [part for part in named if part not in table]  # what 其他 is goes on to the end of the cell
        examples = "、".join(list(table)[:4])
        return ("unknown_code", {"value": strange[0], "examples": examples}) if strange else None

    def find(rows: pd.DataFrame, heading: Mapping[str, str]) -> list[Fault]:
        return faults_by_value(rows, heading, name, judge)

    return Check(f"{what}只用代码表里的文字，几种之间用分号隔开；其他的写明内容。", find, (name,))


def parts_of(text: str) -> list[str]:
    """The parts of a text joined by ; 、 and the like, without blanks."""
    return [
        part.strip() for part in _JOINTS.split(text.replace("（", "(").replace("）", ")")) if part.strip()
    ]
