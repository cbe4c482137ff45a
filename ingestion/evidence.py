"""Evidence (内容证据): what the cells of a foreign column look like, and how well they fit a column of ours."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from typing import Any

from ingestion.clean import BLANKS, _choice_key, read_choices, read_date, read_days, read_integer
from ingestion.conversions import EPOCHS, SERIAL, DateForm, date_form
from ingestion.datasets.contract import BOOLEAN, Column
from ingestion.identify import (
    credit_code_valid,
    normalise_code,
    organisation_part_valid,
    registration_number_valid,
)
from ingestion.redaction import redact

DISTINCT = 300
"""So many different texts of a column are looked at."""
STANDARD = ""
"""The form that cleaning reads by itself."""
FORMS = (
    "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d-%b-%Y", "%d %b %Y", "%b %d, %Y", "%B %d, %Y",
    "%y-%m-%d", "%y/%m/%d", "%y.%m.%d", "%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%Y%m%d%H%M", "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M:%SZ", "%m/%d/%Y %H:%M", "%m/%d/%Y %I:%M:%S %p", "%d/%m/%Y %H:%M", "epoch_milliseconds", "epoch_seconds",
)  # fmt: skip
"""Tried in this order."""

_NUMBER = re.compile(
    r"^[¥￥$]?[+-]?\d{1,3}([,.\s]?\d{3})*([.,]\d+)?(元|万元|亿元)?$|^[+-]?\d+(\.\d+)?(元|万元|亿元)?$"
)
_COMPANY = re.compile(
    r"(公司|企业|店|厂|社|行|馆|部|院|摊|场|站|校|中心|经营部|超市|坊|城|铺|面馆|饭店|酒店|个体)([（(].*[)）])?$"
)
_AUTHORITY = re.compile(r"(局|所|委|委员会|办|厅|队|政府|监管|中心|分局|卫健|消防)$")
_NUMBERED = re.compile(r"[〔\[（(【]\d{4}[〕\])）】].*号|^[\w\-/]*\d[\w\-/]*$")
_ADDRESS = re.compile(
    r"(路|街|巷|镇|村|乡|区|弄|道|里|大厦|广场).*\d|\d+\s*(号|室|弄|幢)|^\d+ .+ (St|Rd|Ave|Blvd|Dr|Ln|Hwy)\b",
    re.IGNORECASE,
)

ROLES: tuple[tuple[re.Pattern[str], re.Pattern[str], float], ...] = (
    (re.compile("相对人名称|企业名称"), _COMPANY, 0.55),
    (re.compile("机关$|管辖单位|检查部门|决定机关|检查主体"), _AUTHORITY, 0.4),
    (re.compile("文号|文书号|编号|工号"), _NUMBERED, 0.35),
    (re.compile("住所$|经营地$"), _ADDRESS, 0.5),
)
"""Of text columns: our heading, what its cells look like, and how telling that is."""


@dataclass(frozen=True)
class Sample:
    """One column of a foreign file: its heading and its different cells."""

    heading: str
    texts: tuple[str, ...]

    def share(self, fits: Callable[[str], bool]) -> float:
        """Of the filled cells, how many fit."""
        return sum(map(fits, self.texts)) / len(self.texts) if self.texts else 0.0

    @cached_property
    def codes(self) -> tuple[float, float, float]:
        """Shares of credit codes, of credit codes of authorities (11…), and of 15-digit numbers, by check digit."""
        texts = [normalise_code(text) for text in self.texts]
        if not texts:
            return 0.0, 0.0, 0.0
        credit = credit_code_valid(texts) & organisation_part_valid(texts)
        office = [bool(sound) and text[0] == "1" for sound, text in zip(credit, texts, strict=True)]
        old = registration_number_valid(texts)
        return float(credit.mean()), sum(office) / len(texts), float(old.mean())

    @cached_property
    def dates(self) -> tuple[str, float, tuple[str, ...]]:
        """The form of its dates, the share that it reads, and other forms that read as many."""
        standard = self.share(partial(_plausible, form=None))
        if standard > 0.8 or not self.texts:
            return STANDARD, standard, ()
        forms = {form: date_form(form) for form in FORMS}
        read = {name: self.share(partial(_plausible, form=form)) for name, form in forms.items()}
        best = max(read, key=lambda form: read[form])
        if read[best] <= standard:
            return STANDARD, standard, ()
        return best, read[best], tuple(f for f in FORMS if f != best and read[f] == read[best])

    @cached_property
    def personal(self) -> float:
        """Share of cells with a resident's number or a mobile number."""
        return self.share(lambda text: redact(text) != text)

    @cached_property
    def numbers(self) -> float:
        """Share of cells that are numbers, long codes and packed dates apart."""
        return self.share(lambda text: bool(_NUMBER.match(_plain(text))) and len(_plain(text)) < 14)

    @cached_property
    def has_commas(self) -> bool:
        """Whether its numbers use the decimal comma: 1.234,50."""
        return any(
            re.search(r",\d{1,2}$", text) and not re.search(r"\.\d{1,2}$", text) for text in self.texts
        )


def take_sample(heading: str, cells: list[str]) -> Sample:
    """The different filled cells of a column, the first so many."""
    filled = dict.fromkeys(text.strip() for text in cells)
    return Sample(heading, tuple([text for text in filled if text not in BLANKS][:DISTINCT]))


def fit(column: Column, sample: Sample) -> tuple[float | None, float, str]:
    """How well the cells fit (0 to 1; None: nothing to tell by), how telling that is (0 to 1), and it in words."""
    if not sample.texts:
        return None, 0.0, "没有内容可看"
    if column.kind in ("date", "datetime"):
        share = sample.dates[1]
        timed = sample.share(lambda text: ":" in text) > 0.5
        return share * (1 if timed == (column.kind == "datetime") else 0.85), 0.3, f"{share:.0%} 是日期"
    if column.kind in ("choice", "choices"):
        share = sample.share(lambda text: is_choice(text, column))
        worded = sample.share(lambda text: bool(re.search(r"[^\d\s]", text)))
        return share, 0.62 * worded + 0.15 * (1 - worded), f"{share:.0%} 在代码表里"
    if column.kind == "boolean":
        share = sample.share(lambda text: _plain(text).upper() in BOOLEAN)
        return share, 0.25, f"{share:.0%} 是“是/否”"
    if column.kind in ("amount", "number", "integer"):
        whole = column.kind == "integer"
        share = sample.share(lambda text: _is_integer(text)) if whole else sample.numbers
        return (
            share * (0.2 if sample.dates[1] > 0.8 and sample.dates[0] != SERIAL else 1),
            0.25,
            f"{share:.0%} 是数",
        )
    if column.kind == "days":
        share = sample.share(_is_days)
        return share, 0.3, f"{share:.0%} 是每月日期"
    return _fit_code(column, sample) if column.kind == "code" else _fit_text(column, sample)


def _fit_code(column: Column, sample: Sample) -> tuple[float | None, float, str]:
    credit, office, old = sample.codes
    if column.name in ("given_code", "given_regno"):
        share = credit - office + (old if column.name == "given_code" and credit else 0)
        if column.name == "given_regno" or not credit:
            share = old
            return share, 0.72 if column.name == "given_regno" else 0.5, f"{share:.0%} 是校验通过的注册号"
        return share, 0.85, f"{share:.0%} 是校验通过的统一社会信用代码"
    if "统一社会信用代码" in column.heading:
        return office, 0.8, f"{office:.0%} 是机关的统一社会信用代码"
    if column.pattern:
        share = sample.share(lambda text: bool(re.fullmatch(column.pattern or "", _plain(text))))
        return share, 0.35, f"{share:.0%} 合格式"
    share = sample.share(lambda text: bool(_NUMBERED.search(text)))
    return (0.1 if max(credit, old) > 0.5 else share), 0.2, f"{share:.0%} 像编号"


def _fit_text(column: Column, sample: Sample) -> tuple[float | None, float, str]:
    strict = max(sample.dates[1], sum(sample.codes[::2]), sample.numbers)
    for heading, looks, telling in ROLES:
        if heading.search(column.heading):
            share = sample.share(partial(_looks, looks))
            return (
                share * (1 - 0.8 * (strict > 0.8 and looks is not _NUMBERED)),
                telling,
                f"{share:.0%} 像{column.heading}",
            )
    return (0.15, 0.0, "内容像日期、代码或数") if strict > 0.8 else (0.55, 0.0, "内容是文字")


def _looks(looks: re.Pattern[str], text: str) -> bool:
    return bool(looks.search(text))


def _plausible(text: str, form: DateForm | None) -> bool:
    plain = _plain(text)
    if form and form.formats[0] in EPOCHS and not re.fullmatch(r"\d{9,10}(\.\d+)?|\d{12,13}", plain):
        return False
    if not form and re.fullmatch(r"\d{5}", plain):
        return False  # five digits alone may be anything; Excel's serial days only where somebody says so
    try:
        day = read_date(form.read(text) if form else text, open_ended=True)
    except ValueError:
        return False
    return day is None or 1980 <= day.year <= 2050


@lru_cache(maxsize=256)
def _table(heading: str, choices: tuple[tuple[str, Any], ...]) -> dict[str, Any]:
    return {_choice_key(name): value for name, value in choices}


def is_choice(text: str, column: Column) -> bool:
    """Whether a text is one of the code table's, or several of them."""
    try:
        return bool(read_choices(text, _table(column.heading, tuple((column.choices or {}).items())), column))
    except ValueError:
        return False


def _is_integer(text: str) -> bool:
    try:
        return abs(read_integer(text)) < 10**9
    except ValueError:
        return False


def _is_days(text: str) -> bool:
    try:
        return bool(read_days(text))
    except ValueError:
        return False


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()
