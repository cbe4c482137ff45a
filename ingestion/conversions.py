"""Conversions (换写): a bureau's spelling of dates and amounts → the standard one, before cleaning.

A column is converted through its distinct texts. What does not fit the declared spelling is a fault of its row;
it is never read in another way.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

import pandas as pd

from ingestion.clean import BLANKS, NO_END_WORDS

EPOCHS = {"epoch_seconds": 1, "epoch_milliseconds": 1000}
SERIAL = "excel_serial"
BEIJING = timedelta(hours=8)
UNITS = {
    "元": Decimal("0.0001"),
    "千元": Decimal("0.1"),
    "万元": Decimal(1),
    "百万元": Decimal(100),
    "亿元": Decimal(10_000),
}
_PROOF = datetime(1987, 6, 5, 4, 3, 2)  # told apart in every field


@dataclass(frozen=True)
class DateForm:
    """How a column writes dates: strptime formats tried in turn, or one of EPOCHS, or SERIAL."""

    formats: tuple[str, ...]
    century_from: int | None = None
    """Two-digit years lie in the hundred years from this one; None: Python's own, 1969 to 2068."""

    def read(self, text: str) -> str:
        """ISO text. Raises ValueError."""
        plain = unicodedata.normalize("NFKC", text).strip()
        for form in self.formats:
            try:
                return _iso(self._moment(plain, form))
            except (ValueError, OverflowError, OSError):
                continue
        raise ValueError(text)

    def said(self) -> str:
        """The form in words, for a fault."""
        return " 或 ".join(self.formats)

    def _moment(self, text: str, form: str) -> datetime:
        if form in EPOCHS:
            seconds = float(Decimal(text) / EPOCHS[form])
            return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None) + BEIJING
        if form == SERIAL:
            if not 1 <= float(text) < 200_000:
                raise ValueError(text)
            return datetime(1899, 12, 30) + timedelta(days=float(text))
        moment = datetime.strptime(text, form).replace(tzinfo=None)
        if self.century_from is not None and "%y" in form:
            moment = moment.replace(year=self.century_from + (moment.year - self.century_from) % 100)
        return moment


@dataclass(frozen=True)
class AmountForm:
    """How a column writes amounts: its unit, and its marks."""

    unit: str = "万元"
    decimal: str = "."
    thousands: str = ","

    def read(self, text: str) -> str:
        """万元 as plain digits. Raises ValueError. A unit in the cell itself wins over the column's."""
        plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).strip("¥￥$")
        unit = next((name for name in sorted(UNITS, key=len, reverse=True) if plain.endswith(name)), "")
        digits = (
            plain.removesuffix(unit).replace(self.thousands, "")
            if self.thousands
            else plain.removesuffix(unit)
        )
        if self.decimal != ".":
            if "." in digits:
                raise ValueError(text)
            digits = digits.replace(self.decimal, ".")
        try:
            amount = Decimal(digits) * UNITS[unit or self.unit]
        except InvalidOperation:
            raise ValueError(text) from None
        if not amount.is_finite():
            raise ValueError(text)
        return f"{amount.normalize():f}"

    def said(self) -> str:
        """The form in words, for a fault."""
        return f"金额（{self.unit}，小数点“{self.decimal}”，千位符“{self.thousands}”）"


def date_form(given: object) -> DateForm:
    """A form from a profile: text, list of texts, or {format, century_from}. Raises ValueError saying what is wrong."""
    century = None
    if isinstance(given, dict):
        if strange := sorted(set(given) - {"format", "century_from"}):
            raise ValueError(f"不认识 {strange}，可用 format、century_from")
        century, given = given.get("century_from"), given.get("format")
    formats = [given] if isinstance(given, str) else given
    if not isinstance(formats, list) or not formats or not all(isinstance(form, str) for form in formats):
        raise ValueError("日期格式应是文字或文字的列表")
    if century is not None and (not isinstance(century, int) or not 1900 <= century <= 2000):
        raise ValueError("century_from 应在 1900 至 2000 之间")
    for form in formats:
        if form not in EPOCHS and form != SERIAL:
            _prove(form)
    return DateForm(tuple(formats), century)


def amount_form(given: object) -> AmountForm:
    """A form from a profile: a unit, or {unit, decimal, thousands}. Raises ValueError saying what is wrong."""
    entry = {"unit": given} if isinstance(given, str) else given
    if not isinstance(entry, dict) or set(entry) - {"unit", "decimal", "thousands"}:
        raise ValueError("可用 unit、decimal、thousands")
    form = AmountForm(**entry)
    if form.unit not in UNITS:
        raise ValueError(f"单位“{form.unit}”不认识，可用 {'、'.join(UNITS)}")
    if len(form.decimal) != 1 or len(form.thousands) > 1 or form.decimal == form.thousands:
        raise ValueError("小数点和千位符应是两个不同的字符")
    return form


def convert(cells: pd.Series, read: Callable[[str], str]) -> tuple[pd.Series, pd.Series]:
    """The cells as `read` writes them, and where it could not; blanks and 长期 stay as they are."""
    places, texts = pd.factorize(cells)
    written: list[str] = []
    wrong: list[bool] = []
    for text in texts:
        bad = False
        if text.strip() not in BLANKS and text.strip() not in NO_END_WORDS:
            try:
                text = read(text)
            except ValueError:
                bad = True
        written.append(text)
        wrong.append(bad)
    new = pd.Series([written[place] for place in places], cells.index, dtype=object)
    return new, pd.Series([wrong[place] for place in places], cells.index, dtype=bool)


def _prove(form: str) -> None:
    if "%" not in form:
        raise ValueError(f"“{form}”不是日期格式，请写成 %Y-%m-%d 这样，或 {'、'.join([*EPOCHS, SERIAL])}")
    try:
        read = datetime.strptime(_PROOF.strftime(form), form)
    except ValueError as error:
        raise ValueError(f"“{form}”不是日期格式：{error}") from None
    if (read.month, read.day) != (_PROOF.month, _PROOF.day):
        raise ValueError(f"“{form}”里没有年月日")


def _iso(moment: datetime) -> str:
    whole = moment.replace(microsecond=0)
    return whole.isoformat(" ") if whole.time() != datetime.min.time() else whole.date().isoformat()
