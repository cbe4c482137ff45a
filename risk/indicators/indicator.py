"""One indicator (指标) and the official five families; catalogue.py lists them all."""

from dataclasses import dataclass

FAMILIES = {
    "basic": "企业基础属性信息",
    "dynamic": "企业动态信息",
    "supervision": "监管信息",
    "relations": "关联关系信息",
    "reputation": "社会评价信息",
}
"""The official five families (国市监信发〔2022〕6号)."""


@dataclass(frozen=True)
class Indicator:
    """One indicator (三级指标).

    direction: +1 more is riskier, -1 more is safer, 0 unknown; directed ones are held monotone by the learner.
    own: changes only by the enterprise's own events (its passing windows and repairs included), so a change
    of value is news. Clocks and neighbours are not news. `unit` says how a value is written in a reason.
    """

    key: str
    name: str
    english: str
    group: str
    family: str
    direction: int
    source: str
    unit: str = "次"
    own: bool = True
    may_be_unknown: bool = False


def many(family: str, source: str, group: str, *entries: tuple[object, ...]) -> list[Indicator]:
    """Indicators of one family, source and group; entries are the remaining fields in order."""
    return [Indicator(e[0], e[1], e[2], group, family, e[3], source, *e[4:]) for e in entries]  # type: ignore[arg-type]
