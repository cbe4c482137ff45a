"""Code sets of inspection results (抽查检查结果代码集): four generations, by text and by code; domain.md 2.4.

Texts of every set are recognised without more. Codes are not: 4 is 无法联系 in one set and 质监 in another, so a
profile says which set its codes are of.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from registry.vocabulary import RESULTS

RESULT_TEXTS = {
    **{text: code for code, (text, _) in RESULTS.items()},
    **dict.fromkeys(("正常", "未发现违法行为"), "R01"),
    **dict.fromkeys(("未按规定公示年报信息", "未按规定公示即时信息", "未按规定公示信息"), "R02"),
    **dict.fromkeys(
        ("弄虚作假", "隐瞒真实情况、弄虚作假", "公示信息隐瞒真实情况弄虚作假", "隐瞒真实情况弄虚作假"), "R03"
    ),
    **dict.fromkeys(
        ("无法联系", "通过登记的住所(经营场所)无法联系", "通过登记的住所或者经营场所无法联系"), "R04"
    ),
    **dict.fromkeys(("发现问题经责令已改正", "发现问题责令改正"), "R05"),
    **dict.fromkeys(("不予配合情节严重", "不配合检查"), "R06"),
    **dict.fromkeys(("未发现开展本次抽查涉及的生产经营活动", "未发现本次抽查涉及的生产经营活动"), "R07"),
    **dict.fromkeys(
        (
            "违反其他部门相关规定", "违反工商相关规定", "违反工商行政管理相关规定", "违反其他工商规定", "违反食品药品相关规定",
            "违反食品药品监督管理相关规定", "违反质量技术监督相关规定", "违反公安部门相关规定",
        ),
        "R08",
    ),
    **dict.fromkeys(("已注销",), "S01"),
    **dict.fromkeys(("吊销", "吊证", "已吊销"), "S02"),
    **dict.fromkeys(("撤销", "被撤销登记"), "S03"),
    **dict.fromkeys(("已迁出",), "S04"),
    **dict.fromkeys(("已关闭停业或正在组织清算的", "关闭", "暂停营业", "停业"), "S05"),
}  # fmt: skip
"""Every set's texts → our result."""

SERIOUSNESS = ("R06", "R03", "R08", "R04", "R05", "R02", "S02", "S03", "S01", "S05", "S04", "R07", "R01")
"""Which result stands for a row that ticks several: the gravest first."""

NOT_CHECKED = {
    **dict.fromkeys(("未检查", "不检查", "否"), "未检查"),
    **dict.fromkeys(("合理缺项", "缺项", "不适用"), "合理缺项"),
}
"""What may stand in an item's place of a result: it was on the list and not looked at, or does not apply."""


@dataclass(frozen=True)
class CodeSet:
    """One set: its codes, which may stand only alone, and which need their parent ticked too."""

    title: str
    meanings: Mapping[str, tuple[str, str]]
    """Code → (the set's own words, our result)."""
    exclusive: frozenset[str] = frozenset()
    parents: Mapping[str, str] = field(default_factory=dict)

    def table(self) -> dict[str, str]:
        """Text or code → token: the set's code where it has one, else our result."""
        own = {words: code for code, (words, _) in self.meanings.items()}
        unpadded = {code.lstrip("0"): code for code in self.meanings if code.startswith("0")}
        return {**RESULT_TEXTS, **own, **unpadded, **{code: code for code in self.meanings}}

    def results(self, tokens: Iterable[str]) -> list[str]:
        """Our results of some tokens; a parent says nothing where one of its children is ticked too."""
        given = list(tokens)
        covered = {self.parents.get(token) for token in given}
        return [self.meanings[t][1] if t in self.meanings else t for t in given if t not in covered]

    def words(self, token: str) -> str:
        """A token in the set's own words."""
        return self.meanings[token][0] if token in self.meanings else RESULTS[token][0]


STANDARD = CodeSet("文字", {}, frozenset({"R01"}))
"""No codes: texts only, as the data standard has them."""

_NATIONAL = CodeSet(
    "现行通用（R01—R08、S01—S05）",
    {code: (text, code) for code, (text, _) in RESULTS.items()},
    frozenset({"R01"}),
)
_NATIONAL_2 = CodeSet(
    "两位数字（01—14）",
    {
        "01": ("未发现问题", "R01"), "02": ("发现问题经责令已改正", "R05"), "03": ("未发现本次抽查涉及的生产经营活动", "R07"),
        "04": ("不配合检查情节严重", "R06"), "05": ("注销", "S01"), "06": ("暂停营业", "S05"), "07": ("吊证", "S02"),
        "08": ("关闭", "S05"), "09": ("发现问题待后续处理", "R08"), "10": ("无法联系", "R04"), "11": ("被撤销", "S03"),
        "12": ("迁出", "S04"), "13": ("未按规定公示应当公示的信息", "R02"), "14": ("公示信息隐瞒真实情况弄虚作假", "R03"),
    },
    frozenset({"01"}),
)  # fmt: skip
_ZHEJIANG_2017 = CodeSet(
    "浙江 2017（1—12、A—G，可多选）",
    {
        "1": ("未发现问题", "R01"), "2": ("违反工商相关规定", "R08"), "3": ("违反食品药品相关规定", "R08"),
        "4": ("违反质量技术监督相关规定", "R08"), "5": ("违反其他部门相关规定", "R08"), "6": ("无法联系", "R04"),
        "7": ("已关闭停业或正在组织清算", "S05"), "8": ("不配合检查情节严重", "R06"), "9": ("注销", "S01"),
        "10": ("被吊销", "S02"), "11": ("被撤销", "S03"), "12": ("迁出", "S04"), "A": ("发现问题待后续处理", "R08"),
        "B": ("未按规定公示应当公示的信息", "R02"), "C": ("弄虚作假", "R03"), "D": ("违反其他工商规定", "R08"),
        "E": ("发现问题经责令已改正", "R05"), "F": ("未发现开展本次抽查涉及的经营活动", "R07"),
        "G": ("违反公安部门相关规定", "R08"),
    },
    frozenset({"1"}),
    {"2": "A", "3": "A", "4": "A", "5": "A", "G": "A", "B": "2", "C": "2", "6": "2", "D": "2"},
)  # fmt: skip
_PRE_2016 = CodeSet(
    "2016 年前公示信息抽查（1—9）",
    {
        "1": ("正常", "R01"), "2": ("未按规定公示即时信息", "R02"), "3": ("未按规定公示年报信息", "R02"),
        "4": ("无法联系", "R04"), "5": ("隐瞒真实情况、弄虚作假", "R03"), "6": ("不予配合情节严重", "R06"),
        "7": ("已注销", "S01"), "8": ("被吊销", "S02"), "9": ("被撤销登记", "S03"),
    },
    frozenset({"1"}),
)  # fmt: skip

CODE_SETS = {
    "national": _NATIONAL,
    "national-2": _NATIONAL_2,
    "zhejiang-2017": _ZHEJIANG_2017,
    "pre-2016": _PRE_2016,
}
"""The names by which a profile's feed calls them: `code_set = "zhejiang-2017"`."""


def gravest(results: Iterable[str]) -> str | None:
    """The result that stands for several; None of none."""
    return min(results, key=SERIOUSNESS.index, default=None)


def read_item_results(text: str, code_set: CodeSet) -> dict[str, dict[str, object]] | str:
    """Item code → its own result, from `A01:未发现问题;A02:合理缺项`; or the part that cannot be read."""
    table = {_key(words): token for words, token in code_set.table().items()}
    items: dict[str, dict[str, object]] = {}
    for part in re.split(r"[;；|\n]+", text):
        if not part.strip():
            continue
        code, _, words = unicodedata.normalize("NFKC", part).partition(":")
        code, words = code.strip(), words.strip()
        tokens = [table.get(_key(w)) for w in ([words] if _key(words) in table else re.split("[,+]", words))]
        if not code or code in items or (None in tokens and words not in NOT_CHECKED):
            return part.strip()
        if words in NOT_CHECKED:
            items[code] = {"checked": False, "words": NOT_CHECKED[words]}
        else:
            found = gravest(code_set.results(token for token in tokens if token))
            items[code] = {"checked": True, "words": words, "result_code": found}
    return items


def _key(text: str) -> str:
    return re.sub(r"[\s。.]+", "", unicodedata.normalize("NFKC", text)).upper()
