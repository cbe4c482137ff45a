"""The page of the indicators (指标说明): docs/indicators.md, from the catalogue, the rules, and domain.md's 84 rows."""

from collections.abc import Iterator

from registry.rules import Rulebook
from risk.indicators.catalogue import CATALOGUE, FAMILIES, Indicator
from risk.indicators.domain_rows import ROWS
from risk.indicators.validity import validity_of
from risk.other_facts import RECORDED_IN

_HEAD = """# Indicators (分类指标)

Made by `python -m portal.reference` from `risk/indicators/` and `rules/`; a test fails when it is out of date.

{count} indicators in the official five families. `wurao indicators` prints this catalogue, `wurao indicators CODE
--as-of D` one enterprise's values with the records behind them, `--csv FILE` a whole cohort's.

- **direction**: + more is riskier, − more is safer, · not known beforehand. The learner is held to + and −.
- **window**: only events of so many months before the day count. **weight**, **full**: expert scorecard, points earned at
  the full value. Windows, weights and full values are the national ones; a place may have its own (`indicator.*`).
- **validity** is until when a record counts besides: it drops out on expiry, end and repair, once that is known.
- Everything is as known by the end of the day; a source that a place does not send leaves its indicators the same for
  everybody, so they decide nothing; `wurao indicators CODE` says 来源未报送 of them. `permit_missing`, `no_liaison` and
  `tax_grade`, where nothing sent could be taken for a finding, say nothing then.
- Never an indicator: sex, ethnicity, age or politics of a person (they do not enter the registry at all), the inspector,
  the weather, the season. Names of persons and their keyed hashes only tell that two records mean the same person.
- Relation indicators never count an enterprise's own record, not even by a walk that comes home (tested to the bit).
"""
_SIGN = {1: "+", -1: "−", 0: "·"}


def indicators_page(book: Rulebook) -> str:
    """Markdown: every indicator by family, and what became of each row of domain.md 1.5."""
    parts = [_HEAD.format(count=len(CATALOGUE))]
    for family, title in FAMILIES.items():
        parts.append("\n".join(_family(family, title, book)))
    parts.append("\n".join(_rows()))
    return "\n\n".join(part.rstrip() for part in parts) + "\n"


def _family(family: str, title: str, book: Rulebook) -> Iterator[str]:
    yield f"## {title} ({family})\n"
    yield "| indicator | 名称 | name | 二级 | direction | window | weight / full | validity | source |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for indicator in CATALOGUE:
        if indicator.family == family:
            rule = _national(book, indicator)
            months = f"{rule['months']} 个月" if "months" in rule else ""
            card = f"{rule['weight']} / {rule.get('full', 1)}" if rule.get("weight") else ""
            table = RECORDED_IN.get(indicator.source, indicator.source)
            cells = (
                f"`{indicator.key}`", indicator.name, indicator.english, indicator.group, _SIGN[indicator.direction],
                months, card, validity_of(indicator), f"`{table}`",
            )  # fmt: skip
            yield f"| {' | '.join(cells)} |"


def _national(book: Rulebook, indicator: Indicator) -> dict[str, object]:
    rules = [rule for rule in book.rules.get(f"indicator.{indicator.key}", ()) if rule.place == "CN"]
    return dict(rules[-1].value) if rules else {}


def _rows() -> Iterator[str]:
    yield "## The 84 rows of domain.md 1.5\n"
    yield "| row | asked for | here | remark |"
    yield "|---|---|---|---|"
    for row in ROWS:
        keys = "、".join(f"`{key}`" for key in row.keys)
        yield f"| {row.number} | {row.asked} | {keys or '**missing**'} | {row.remark} |"
