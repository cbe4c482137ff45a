"""The value in force on a date at a place; what is missing is said."""

from datetime import date
from pathlib import Path

import pytest

from registry.errors import Refusal
from registry.rules import load_rules

FILE = """
[places.CN]
name = "国"
[places.33]
name = "省"
parent = "CN"
[places.3301]
name = "市"
parent = "33"

[[rule]]
key = "draw.floor"
place = "CN"
from = 2014-10-01
to = 2025-03-17
value = 0.05
basis = "旧办法第四条"

[[rule]]
key = "draw.floor"
place = "CN"
from = 2025-03-18
value = 0.03
basis = "企业公示信息抽查办法（2025）第四条"

[[rule]]
key = "draw.floor"
place = "33"
from = 2026-01-01
value = 0.04
basis = "省局年度计划"
"""


def _book(folder: Path, text: str = FILE):
    (folder / "x.toml").write_text(text)
    load_rules.cache_clear()
    return load_rules(folder)


@pytest.mark.parametrize(
    ("place", "on", "value"),
    [
        ("CN", date(2025, 3, 17), 0.05),
        ("CN", date(2025, 3, 18), 0.03),
        ("3301", date(2025, 12, 31), 0.03),
        ("3301", date(2026, 1, 1), 0.04),
        ("33", date(2026, 11, 22), 0.04),
    ],
)
def test_the_nearest_place_and_the_right_date_decide(
    tmp_path: Path, place: str, on: date, value: float
) -> None:
    assert _book(tmp_path).value("draw.floor", place, on) == value


@pytest.mark.parametrize(
    ("key", "place", "on", "code", "said"),
    [
        ("draw.floor", "44", date(2026, 1, 1), "rules.unknown_place", "44"),
        ("draw.roof", "CN", date(2026, 1, 1), "rules.unknown_key", "draw.roof"),
        ("draw.floor", "CN", date(2010, 1, 1), "rules.not_in_force", "2014-10-01—2025-03-17"),
    ],
)
def test_what_is_missing_is_said(
    tmp_path: Path, key: str, place: str, on: date, code: str, said: str
) -> None:
    with pytest.raises(Refusal) as refused:
        _book(tmp_path).rule(key, place, on)
    assert refused.value.code == code
    assert said in refused.value.sentence


def test_two_values_at_once_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match=r"x\.toml#1、x\.toml#2"):
        _book(tmp_path, FILE.replace("to = 2025-03-17\n", ""))


def test_a_rule_without_basis_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="basis"):
        _book(tmp_path, FILE.replace('basis = "省局年度计划"', ""))


def test_any_changed_byte_is_another_version(tmp_path: Path) -> None:
    before = _book(tmp_path).version
    assert _book(tmp_path, FILE.replace("0.04", "0.05")).version != before
