"""The model card and the document behind it: every part said, a missing part a sentence, names never markup."""

import re
from copy import deepcopy
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from reports.document import Bullets, Document, Grid, Pictures, Section, Words, write_document
from reports.model_card import write_model_card
from reports.model_charts import chart_rates, chart_scores, chart_weights
from reports.wording import interval_words, plain_words, share
from tests.reports.sample_records import HOSTILE_NAME, MADE, MARKUP_NAME

SCORE = {"auc": [0.81, 0.79, 0.83], "ap": [0.31, 0.28, 0.35], "ks": 0.44, "lift_1": 7.1, "lift_5": 4.9, "lift_10": 3.8,
         "brier": 0.061, "ece": 0.008}  # fmt: skip
BASELINE = {"auc": [0.66, 0.64, 0.68], "ap": 0.17, "ks": 0.2, "lift_10": None}
SLICE = {"visits": 960, "problems": 88, "scores": {"lightgbm": SCORE, "last_result": BASELINE}}
GROUP = {
    "group": "990101", "enterprises": 200, "classes": {"A": 100, "B": 60, "C": 30, "D": 10}, "probability": 0.12,
    "worse": [0.2, 0.15, 0.26], "visits": 10, "problems": 2, "stated": 0.1, "rate": [0.2, 0.03, 0.56], "p": 0.4,
}  # fmt: skip
CARD: dict[str, Any] = {
    "run": {"id": 7, "learner": "lightgbm", "place": "990100", "as_of": "2026-09-30", "made_at": MADE, "seed": 3,
            "parameters": {"boosting": {"depth": 4}}, "model_hash": "ab" * 32, "data_hash": "cd" * 32,
            "rules_version": "rv", "code_version": "cv"},
    "metrics": {
        "labelled": {"visits": 5000, "problems": 500, "by_source": {"random": 3000, "targeted": 2000},
                     "windows": [
                         {"snapshot": "2025-09-30", "until": "2026-03-30", "known_by": "2026-04-30", "visits": 960, "problems": 88}]},
        "selection": {"reason": "LightGBM 胜过 logistic：AUC 差 +0.020。", "differences": {"lightgbm - logistic": [0.02, -0.01, 0.03]},
                      "windows": [{"snapshot": "2025-03-30", "visits": 900, "logistic": 0.7, "lightgbm": 0.72}]},
        "test": {"snapshot": "2025-09-30", "until": "2026-03-30", "all": SLICE, "random": SLICE, "known": SLICE,
                 "first_time": {"visits": 0, "problems": 0, "scores": {}}},
        "against": {"last_result": [0.15, 0.12, 0.18]},
        "calibration": [[0.02, 0.018, 500], [0.2, 0.17, 120]],
        "alarms": ["指标“投诉次数”单独的 AUC 为 0.950，疑似泄漏。"], "limits": ["未受检查者没有标签，不计为无问题。"],
        "something_new": {"from": "a later version"},
    },
    "rules": [["观察期", 6, "月", "2020-01-01", "设计决定：domain.md 1.4"]],
    "hard_rules": [["REVOKED", "direct", "D", "营业执照已被吊销、尚未注销", "深市监规〔2021〕3号"]],
    "classes": [["A", 600, 500, 10, [0.02, 0.01, 0.04]], ["D", 20, 0, 0, None]],
    "indicators": [
        {"key": "pen_cnt_36", "name": "行政处罚次数", "english": "penalties", "family": "监管信息", "direction": 1, "weight": None,
         "share": 0.6},
        {"key": "age", "name": MARKUP_NAME, "english": "", "family": "基础", "direction": 0, "weight": 0.1, "share": 0.4},
        {"key": "none", "name": "名称变更次数", "english": "", "family": "动态", "direction": 1, "weight": None, "share": 0.0},
    ],
    "shares_of": "2026-09-30", "graded_on": "2026-09-30",
    "audit": {"size": [GROUP], "district": [GROUP, GROUP | {"group": HOSTILE_NAME}], "ownership": [GROUP]},
    "outcome": {"graded": "2026-03-01", "until": "2026-09-01"},
}  # fmt: skip


def _page(card: dict[str, Any], folder: Path) -> tuple[str, bytes]:
    page, paper = write_model_card(card, folder, MADE, {"990101": "东区市场监管局"})
    return page.read_text(), paper.read_bytes()


def test_every_part_of_the_card_is_said(tmp_path: Path) -> None:
    page, paper = _page(CARD, tmp_path)
    assert paper.startswith(b"%PDF-")
    for said in (
        "用途与限制", "Purpose and limits of use", "不得用于考核、排名检查人员或机构", "不公开，不告知企业", "观察期", "domain.md 1.4",
        "2025-09-30", "不定向抽查 3,000 次", "LightGBM 胜过 logistic", "0.810（0.790–0.830）", "0.020（-0.010 至 0.030）",
        "不定向抽查（无偏样本）", "以前检查过的", "首次检查的：0 次检查，0 次发现问题。不足以测算。", "基线：上次检查结果",
        "预测概率与实际是否一致", "模型提升度", "2.0%（1.0%–4.0%）", "行政处罚次数", "60.00%", "没有分量的：名称变更次数", "REVOKED",
        "深市监规〔2021〕3号", "疑似泄漏", "未受检查者没有标签", "东区市场监管局", "20.0%（15.0%–26.0%）", "2/10", "ab" * 32, "cd" * 32,
    ):  # fmt: skip
        assert said in page, said
    assert page.count("<svg") == page.count("<title id=") == 9


def test_the_page_needs_nothing_from_elsewhere_and_runs_nothing(tmp_path: Path) -> None:
    page, _ = _page(CARD, tmp_path)
    assert "<script" not in page
    assert MARKUP_NAME not in page, "a name is escaped"
    assert not re.findall(r"""(?:src|href)=["']?(?!#)(?:https?:)?//""", page)


@pytest.mark.parametrize("part", [*CARD["metrics"], "everything"])
def test_a_missing_part_is_a_sentence_and_no_crash(part: str, tmp_path: Path) -> None:
    """Runs of earlier and later versions lack parts or have others."""
    card = deepcopy(CARD)
    if part == "everything":
        card |= {
            "metrics": {},
            "classes": [],
            "audit": None,
            "outcome": None,
            "hard_rules": [],
            "rules": [],
            "graded_on": None,
        }
        card["indicators"] = [row | {"share": 0.0} for row in card["indicators"]]
    else:
        del card["metrics"][part]
    page, paper = _page(card, tmp_path)
    assert paper.startswith(b"%PDF-")
    assert "None" not in page
    assert "nan" not in re.sub(r"<svg.*?</svg>", "", page, flags=re.DOTALL).lower()
    if part == "everything":
        for said in (
            "没有可用于检验的后续窗口",
            "没有样本的说明",
            "还没有用这个模型分类",
            "本地区没有定性指标",
            "没有泄漏警报",
        ):
            assert said in page


def test_the_same_card_gives_the_same_bytes(tmp_path: Path) -> None:
    assert _page(CARD, tmp_path / "a") == _page(CARD, tmp_path / "b")


def test_a_document_is_data_to_the_printer(tmp_path: Path) -> None:
    """Whatever stands in a cell stays text: Typst commands, formulas, markup."""
    nasty = '#panic("x") $a$ *b* _c_ @d <e> \\f `g` = H'
    charts = [chart_weights("w", [(nasty, 1, 1.0)]), chart_scores("s", nasty, "AUC", {nasty: (0.5, 0.4, 0.6)}, nasty),
              chart_rates("r", nasty, {"A": (0, 0, (0.0, 0.0, 1.0))})]  # fmt: skip
    blocks = [
        Words([nasty], "quiet"),
        Bullets([nasty]),
        Grid((nasty, "b"), [(nasty, "c")], numbers=(1,), note=nasty),
        Pictures(charts),
    ]
    document = Document(
        nasty,
        nasty,
        nasty,
        [(nasty, nasty)] * 3,
        [Section(nasty, nasty, blocks)],
        datetime(2026, 1, 1),
        [(nasty,) * 3],
    )
    page, paper = write_document(document, tmp_path, "d")
    assert paper.read_bytes().startswith(b"%PDF-")
    assert "<e>" not in page.read_text()


@pytest.mark.parametrize(
    ("value", "percent", "said"),
    [(None, False, "—"), (0.5, False, "0.500"), ([0.5, 0.4, 0.6], True, "50.0%（40.0%–60.0%）"), ([0.5, None, None], False, "0.500"),
     ([None, None, None], True, "—"), ([-0.01, -0.02, 0.0], False, "-0.010（-0.020 至 0.000）"), ([], False, "—"), (0, False, "0.000")],
)  # fmt: skip
def test_intervals_in_words(value: Any, percent: bool, said: str) -> None:
    assert interval_words(value, percent) == said


def test_rules_in_words() -> None:
    assert plain_words({"method": "shares", "A": 0.6}, "") == "方式 按占比；A 0.6"
    assert plain_words(["2", "3"], "") == "2、3"
    assert plain_words(True, "") == "是"
    assert plain_words(6, "月") == "6 月"
    assert plain_words([], "") == "无"
    assert len(plain_words("x" * 1000, "")) < 420
    assert share(1, 4) == "25.0%"
    assert share(1, 0) == "—"
