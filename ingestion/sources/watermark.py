"""The watermark (水位): how far a source has been read. It moves only when what was read is loaded."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from ingestion.sources.definition import Watermark
from registry import clock
from registry.errors import Refusal

OVERLAP_SECONDS = 600
"""Records may be committed after others that are marked later; so much is read again."""


@dataclass
class Read:
    """What a reading ends with: where the next one may begin, and what a person should know."""

    watermark: str | None
    remarks: list[str] = field(default_factory=list)


@dataclass
class Gauge:
    """Follows the highest mark among an interface's records."""

    rule: Watermark
    ceiling: datetime
    """Now: a record dated in the future does not carry the watermark past records still to come."""
    highest: Any = None
    text: str | None = None
    unreadable: int = 0

    def see(self, given: Any) -> None:
        """Take a record's mark into account; one that cannot be read has no part in it and is counted."""
        mark = None if given in (None, "") else self.read(str(given))
        if mark is None:
            self.unreadable += 1
        elif (self.highest is None or mark > self.highest) and not self._in_future(mark):
            self.highest, self.text = mark, str(given).strip()

    def read(self, text: str) -> Any:
        """A mark that can be compared; None if it is none. Times become Beijing time without zone."""
        try:
            if self.rule.kind == "number":
                return Decimal(text.strip())
            if self.rule.kind == "time":
                return in_beijing(self._moment(text.strip()))
        except (ValueError, InvalidOperation):
            return None
        return text.strip()

    def asked(self, last: str | None) -> str | None:
        """What to ask for: the last mark less the overlap, written as the interface writes it.

        Raises Refusal pull.watermark.
        """
        if last is None:
            return self.rule.start
        if self.read(last) is None:
            raise Refusal(
                "pull.watermark",
                f"水位“{last}”不是定义里写的那种（{self.rule.kind}）。",
                "请核对 format，或用 wurao source run NAME --since 指明新的起点。",
            )
        overlap = self.rule.overlap
        if self.rule.kind == "time":
            moment = self._moment(last) - timedelta(seconds=OVERLAP_SECONDS if overlap is None else overlap)
            return self._written(moment, last)
        return str(Decimal(last) - overlap) if self.rule.kind == "number" and overlap else last

    def _moment(self, text: str) -> datetime:
        return datetime.strptime(text, self.rule.format) if self.rule.format else datetime.fromisoformat(text)

    def _written(self, moment: datetime, like: str) -> str:
        if self.rule.format:
            return moment.strftime(self.rule.format)
        text = moment.isoformat(" " if " " in like else "T", "seconds" if "." not in like else "auto")
        return text.replace("+00:00", "Z") if like.endswith("Z") else text

    def _in_future(self, mark: Any) -> bool:
        return isinstance(mark, datetime) and mark > self.ceiling


def later(first: str | None, second: str | None, gauge: Gauge) -> str | None:
    """The higher of two stored marks: a pull that saw only old records does not move the watermark back."""
    if first is None or second is None:
        return first or second
    one, other = gauge.read(first), gauge.read(second)
    return second if one is None or (other is not None and other > one) else first


def in_beijing(moment: datetime) -> datetime:
    """A time with a zone as Beijing time without one."""
    return moment.astimezone(clock.BEIJING).replace(tzinfo=None) if moment.tzinfo else moment


def column_text(value: Any) -> str:
    """A database value as the watermark is stored."""
    return value.isoformat() if isinstance(value, date) else str(value)


def column_value(text: str, python_type: type) -> Any:
    """A stored watermark as a value of its column. Raises ValueError, InvalidOperation."""
    if issubclass(python_type, datetime) or (issubclass(python_type, date) and len(text) > 10):
        return datetime.fromisoformat(text)
    if issubclass(python_type, date):
        return date.fromisoformat(text)
    if issubclass(python_type, int):
        return int(text)
    return Decimal(text) if issubclass(python_type, Decimal | float) else text


def earlier(value: Any, overlap: int | None, seconds: int) -> Any:
    """A column's value less the overlap; a day always overlaps by itself, since it may not be over."""
    if isinstance(value, datetime):
        return value - timedelta(seconds=seconds if overlap is None else overlap)
    if isinstance(value, date):
        return value - timedelta(days=max(1, -(-(overlap or 0) // 86_400)))
    return value - overlap if overlap and isinstance(value, int | Decimal) else value
