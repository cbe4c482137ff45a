"""Suggestions (对照建议): which column of a foreign file is which of ours, by its name and by its content.

Every pair gets a score; the columns are then assigned one to one so that the sum is greatest. A proposal is to be
read by a person before it is used: each line says why, and how sure.
"""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from pypinyin import Style, lazy_pinyin
from rapidfuzz import fuzz
from scipy.optimize import linear_sum_assignment

from ingestion.datasets import DATASETS, Column, Dataset
from ingestion.decode import RawTable, heading_key, open_table
from ingestion.evidence import Sample, fit, take_sample
from registry.errors import Refusal

ENOUGH = 0.46
"""Below this a pair is no proposal."""
SURE, LIKELY = 0.8, 0.62
ALIKE = 0.5
"""Names less alike than this say little."""
HEADING_ROWS = 6
GENERIC = ("日期", "机关", "名称", "编号", "代码", "类别", "状态", "内容", "原因", "区划")


@dataclass(frozen=True)
class Match:
    """One column of ours and the heading proposed for it."""

    column: str
    """Our heading."""
    heading: str
    score: float
    margin: float
    """How much better than the next best heading for this column."""
    reason: str

    @property
    def confidence(self) -> str:
        """高, 中 or 低."""
        sure = self.score if self.margin > 0.1 else self.score - 0.15
        return "高" if sure >= SURE else "中" if sure >= LIKELY else "低"


@dataclass(frozen=True)
class Proposal:
    """A whole proposal for one file and one dataset."""

    file_name: str
    dataset: str
    encoding: str
    headings: list[str]
    matches: list[Match]
    missing: list[str]
    """Required columns of ours that no heading was found for."""
    personal: list[str]
    ignored: list[str]
    samples: dict[str, Sample] = field(repr=False, default_factory=dict)


def suggest(path: Path, dataset: str, encoding: str | None = None) -> Proposal:
    """Read the beginning of a file and propose. Raises Refusal file.*, dataset.unknown."""
    if dataset not in DATASETS:
        raise Refusal("dataset.unknown", f"没有数据集“{dataset}”。", f"数据集有：{'、'.join(DATASETS)}。")
    table = _open(path, encoding)
    rows = next(iter(table.chunks)).rows
    samples = {h: take_sample(h, [str(cell) for cell in rows[h]]) for h in table.headings}
    layout = DATASETS[dataset]
    matches = match_columns(layout, list(samples.values()))
    found = {match.heading for match in matches}
    hidden = {c.heading for c in layout.columns if c.personal}
    personal = [m.heading for m in matches if m.column in hidden]
    personal += [h for h in table.headings if h not in found and _is_personal(samples[h])]
    matches = [match for match in matches if match.column not in hidden]
    used = {match.heading for match in matches}
    filled = {match.column for match in matches}
    missing = [c.heading for c in layout.columns if c.required and c.heading not in filled]
    ignored = [h for h in table.headings if h not in used and h not in personal]
    return Proposal(
        path.name, dataset, table.encoding, table.headings, matches, missing, personal, ignored, samples
    )


def match_columns(dataset: Dataset, samples: list[Sample]) -> list[Match]:
    """The best one-to-one assignment of headings to our columns, in the order of ours; weak pairs left out."""
    columns = list(dataset.columns)
    scores = np.zeros((len(columns), len(samples)))
    reasons: dict[tuple[int, int], str] = {}
    for row, column in enumerate(columns):
        for place, sample in enumerate(samples):
            scores[row, place], reasons[row, place] = score(column, sample)
    found = []
    for row, place in zip(*linear_sum_assignment(scores, maximize=True), strict=True):
        if scores[row, place] >= ENOUGH:
            others = np.delete(scores[row], place)
            margin = float(scores[row, place] - (others.max() if len(others) else 0))
            found.append(
                Match(
                    columns[row].heading, samples[place].heading, round(float(scores[row, place]), 3),
                    round(margin, 3), reasons[row, place],
                )
            )  # fmt: skip
    return found


def score(column: Column, sample: Sample) -> tuple[float, str]:
    """0 to 1 for one pair, and why."""
    named, why = name_score(column, sample.heading)
    if column.personal:
        return max(0.9 * named, 0.6 * sample.personal * (named > 0.4)), why
    share, telling, words = fit(column, sample)
    if share is None:
        return 0.85 * named, f"{why}；{words}"
    loose = column.kind in ("choice", "choices", "text", "boolean", "list")
    if share < 0.3 and not loose:
        return named * (0.6 if named >= 0.95 else 0.36) + 0.3 * share, f"{why}；但{words}"
    both = 0.72 * named + 0.28 * share
    alone = telling * share * (1 - 0.5 * (sample.personal > 0.5))
    if alone > both:
        return alone, f"按内容：{words}"
    return both, f"{why}；{words}"


def name_score(column: Column, heading: str) -> tuple[float, str]:
    """0 to 1 for how alike two names are, and in what way."""
    key = heading_key(heading)
    if key in {heading_key(name) for name in column.names()}:
        return 1.0, "列名相同"
    if column.heading in glossary()["names"].get(_bare(key), []):
        return 0.97, "常用的字段名"
    letters = re.sub(r"[\W_\d]+", "", key).lower()
    if letters and letters.isascii():
        whole, initials = _pinyin(column.heading)
        if letters in whole + initials and len(letters) > 2:
            return (0.95, "拼音") if letters in whole else (0.85, "拼音首字母")
    ours = [_same(text) for name in column.names() for text in _variants(name) if not text.isascii()]
    theirs = [
        _same(text) for text in (*_variants(heading), _translated(heading)) if text and not text.isascii()
    ]
    best = max((_alike(one, other) for one in ours for other in theirs), default=0.0)
    own = max((_alike(_same(heading_key(column.heading)), other) for other in theirs), default=0.0)
    best = 0.95 * best + 0.05 * own  # of two columns with a like alias, the one whose own name is nearer
    return (0.93 if best >= ALIKE else 0.6) * best, f"列名相近 {best:.0%}"


def _alike(one: str, other: str) -> float:
    """0 to 1. A word that half of all columns end with (日期, 机关 …) counts little; what stands before it counts."""
    for word in GENERIC:
        if one.endswith(word) and other.endswith(word) and len(one) > len(word) < len(other):
            return 0.3 + 0.7 * _alike_text(one.removesuffix(word), other.removesuffix(word))
    return _alike_text(one, other)


def _alike_text(one: str, other: str) -> float:
    whole = fuzz.ratio(one, other) / 100
    shorter = min(len(one), len(other))
    part = fuzz.partial_ratio(one, other) / 100 * (0.8 if shorter >= 3 else 0.6)
    tokens = fuzz.token_set_ratio(" ".join(sorted(set(one))), " ".join(sorted(set(other)))) / 100 * 0.75
    return max(whole, part, tokens if shorter >= 3 else 0.0)


def _variants(name: str) -> Iterable[str]:
    """The name, and without what stands in brackets."""
    plain = heading_key(name)
    return dict.fromkeys((plain, re.sub(r"\(.*?\)|_\d", "", plain)))


def _same(text: str) -> str:
    for word, ours in glossary()["same"].items():
        if ours not in text:
            text = text.replace(word, ours)
    return text


def _translated(heading: str) -> str:
    """An English heading in our words; empty if none is known."""
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", heading)
    known = [glossary()["words"].get(word.lower(), "") for word in words]
    return "".join(dict.fromkeys(known)) if any(known) else ""


def _bare(key: str) -> str:
    return re.sub(r"[\s_]+", "_", key)


def _is_personal(sample: Sample) -> bool:
    key = heading_key(sample.heading).lower()
    return sample.personal > 0.5 or any(word in key for word in glossary()["personal"]["words"])


@lru_cache(maxsize=1024)
def _pinyin(heading: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Whole and initial pinyin, with and without what stands in brackets."""
    bare = [re.sub(r"[\W_\d]+", "", variant) for variant in _variants(heading)]
    whole = tuple("".join(lazy_pinyin(text)).lower() for text in bare)
    return whole, tuple("".join(lazy_pinyin(text, style=Style.FIRST_LETTER)).lower() for text in bare)


@lru_cache(maxsize=1)
def glossary() -> dict[str, Any]:
    """ingestion/glossary.toml, names by heading key."""
    content = tomllib.loads((Path(__file__).parent / "glossary.toml").read_text(encoding="utf-8"))
    content["names"] = {_bare(heading_key(name)): ours for name, ours in content["names"].items()}
    return content


def _open(path: Path, encoding: str | None) -> RawTable:
    """The file opened at the row that looks like headings: the first of the widest that have no blank and no double."""
    if path.suffix.lower() in (".jsonl", ".ndjson", ".json"):
        return open_table(path, encoding)
    best: RawTable | None = None
    refused: Refusal | None = None
    for row in range(1, HEADING_ROWS + 1):
        try:
            table = open_table(path, encoding, heading_row=row)
        except Refusal as refusal:
            refused = refused or refusal
            continue
        if best is None or len(table.headings) > len(best.headings):
            best = table
    if best is None:
        raise refused or Refusal("file.empty", f"“{path.name}”里没有内容。", "请检查导出是否成功。")
    return best
