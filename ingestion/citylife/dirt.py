"""Dirt (问题数据): what real files are full of, in a stated share, each kind counted.

"rejected" rows must become faults; "normalised" ones must be read as if they were clean; "repeated" ones
must change nothing.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ingestion.citylife.codes import credit_codes
from ingestion.datasets.contract import Dataset

SHARE = 0.012
CORRECTED_SHARE = 0.4
"""Rejected rows that the sender sends again, right, further down. Registration rows always are."""
Row = dict[str, str]
_FULL_WIDTH = str.maketrans(
    "0123456789ABCDEFGHJKLMNPQRTUWXY", "０１２３４５６７８９ＡＢＣＤＥＦＧＨＪＫＬＭＮＰＱＲＴＵＷＸＹ"
)
_NONSENSE = {
    "registration": ("regstate", "状态Ｘ７"), "filing": ("kind", "变跟"), "permit": ("xk_zt", "9"),
    "penalty": ("counterpart", "其它"), "annual_report": ("all_zero", "不详"), "abnormal": ("specause", "其他情形（九）"),
    "complaint": ("kind", "咨询"), "inspection": ("results", "结果码99"), "library": ("active", "待定"),
    "relation": ("kind", "关系Ｘ"), "commitment": ("kind", "口头"), "honour": ("kind", "自封"),
    "judicial_signal": ("kind", "传闻"), "tax_signal": ("kind", "税类９"),
}  # fmt: skip
_NUMBERS = {"registration": "regcap", "penalty": "cf_nr_fk", "annual_report": "empnum"}
_AMOUNTS = {"registration": "regcap", "penalty": "cf_nr_fk"}
DIRTY_DATASETS = tuple(_NONSENSE)


@dataclass(frozen=True)
class Dirt:
    """One kind: its effect, and a function that spoils a row, or says that it cannot."""

    effect: str
    spoil: Callable[[Row, Dataset, int], bool]


def _code_column(row: Row) -> str:
    return "given_code" if row["given_code"] else "given_regno"


def _bad_check_digit(row: Row, dataset: Dataset, turn: int) -> bool:
    column = _code_column(row)
    last = row[column][-1]
    row[column] = row[column][:-1] + ("3" if last != "3" else "7")
    return True


def _scientific(row: Row, dataset: Dataset, turn: int) -> bool:
    row[_code_column(row)] = "9.19901E+17"
    return True


def _too_short(row: Row, dataset: Dataset, turn: int) -> bool:
    column = _code_column(row)
    row[column] = row[column][:-1]
    return True


def _impossible_date(row: Row, dataset: Dataset, turn: int) -> bool:
    column = dataset.occurred or "valid_to"
    row[column] = f"{row[column][:4] if row[column][:4].isdigit() else '2025'}-02-30"
    return True


def _future_date(row: Row, dataset: Dataset, turn: int) -> bool:
    if not dataset.occurred:
        return False
    row[dataset.occurred] = f"2088-{turn % 12 + 1:02d}-15"
    return True


def _unknown_code(row: Row, dataset: Dataset, turn: int) -> bool:
    column, text = _NONSENSE[dataset.name]
    row[column] = text
    return True


def _in_words(row: Row, dataset: Dataset, turn: int) -> bool:
    column = _NUMBERS.get(dataset.name)
    if not column or not row[column]:
        return False
    row[column] = "约二十" if dataset.name == "annual_report" else "伍拾万圆整"
    return True


def _no_subject(row: Row, dataset: Dataset, turn: int) -> bool:
    for column in ("given_code", "given_regno", "given_name", "entname"):
        if column in row:
            row[column] = ""
    return True


def _unmatched(row: Row, dataset: Dataset, turn: int) -> bool:
    if dataset.identity != "must":
        return False
    serial = np.array([700_000_000 + turn])
    row["given_code"] = str(credit_codes(np.array(["1"]), np.array([990199]), serial, np.array([True]))[0])
    row["given_regno"] = ""
    return True


def _full_width(row: Row, dataset: Dataset, turn: int) -> bool:
    column = _code_column(row)
    row[column] = row[column].translate(_FULL_WIDTH)
    return True


def _lower_case(row: Row, dataset: Dataset, turn: int) -> bool:
    lowered = row["given_code"].lower()
    changed = lowered != row["given_code"]
    row["given_code"] = lowered
    return changed


def _blanks(row: Row, dataset: Dataset, turn: int) -> bool:
    row[_code_column(row)] += "  "
    name = "given_name" if "given_name" in row else "entname"
    row[name] += "\u3000"
    return True


def _with_unit(row: Row, dataset: Dataset, turn: int) -> bool:
    column = _AMOUNTS.get(dataset.name)
    if not column or not row[column]:
        return False
    row[column] = f"{row[column]}万元"
    return True


def _again(row: Row, dataset: Dataset, turn: int) -> bool:
    return True


KINDS = {
    "bad_check_digit": Dirt("rejected", _bad_check_digit),
    "scientific_notation": Dirt("rejected", _scientific),
    "code_too_short": Dirt("rejected", _too_short),
    "impossible_date": Dirt("rejected", _impossible_date),
    "future_date": Dirt("rejected", _future_date),
    "unknown_code": Dirt("rejected", _unknown_code),
    "number_in_words": Dirt("rejected", _in_words),
    "no_subject": Dirt("rejected", _no_subject),
    "unmatched_enterprise": Dirt("rejected", _unmatched),
    "full_width_code": Dirt("normalised", _full_width),
    "lower_case_code": Dirt("normalised", _lower_case),
    "trailing_blanks": Dirt("normalised", _blanks),
    "amount_with_unit": Dirt("normalised", _with_unit),
    "repeated_row": Dirt("repeated", _again),
}
_NAMES = tuple(KINDS)


def soil(
    random: np.random.Generator, rows: list[Row], dataset: Dataset, count: Counter[tuple[str, str]]
) -> list[Row]:
    """Spoil about SHARE of the rows of one file's piece; `count` grows by (dataset, kind)."""
    if dataset.name not in DIRTY_DATASETS or not rows:
        return rows
    chosen = np.nonzero(random.random(len(rows)) < SHARE)[0]
    made: dict[int, list[Row]] = {}
    for place in chosen.tolist():
        spoiled, kind = _spoiled(random, rows[place], dataset)
        count[dataset.name, kind] += 1
        keeps = KINDS[kind].effect == "repeated" or (
            KINDS[kind].effect == "rejected"
            and (dataset.identity == "self" or random.random() < CORRECTED_SHARE)
        )
        made[place] = [spoiled, rows[place]] if keeps else [spoiled]
    return [row for place, clean in enumerate(rows) for row in made.get(place, (clean,))]


def _spoiled(random: np.random.Generator, row: Row, dataset: Dataset) -> tuple[Row, str]:
    while True:
        kind = _NAMES[int(random.integers(len(_NAMES)))]
        spoiled = dict(row)
        if KINDS[kind].spoil(spoiled, dataset, int(random.integers(10**8))):
            return spoiled, kind
