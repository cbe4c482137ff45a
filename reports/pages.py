"""Pages (网页报表): self-contained HTML from a template, with escaping always on."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from reports.canvas import Chart


def write_page(path: Path, template: str, **content: Any) -> Path:
    """Render a template of reports/templates and write it as UTF-8. A name that the template lacks is an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_environment().get_template(template).render(**content), encoding="utf-8")
    return path


@lru_cache(maxsize=1)
def _environment() -> Environment:
    found = Environment(
        loader=PackageLoader("reports", "templates"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    found.filters["percent"] = _percent
    found.filters["thousands"] = lambda number: f"{number:,.0f}"
    found.filters["moment"] = lambda when: f"{when:%Y-%m-%d %H:%M}" if when else "—"
    found.tests["chart"] = lambda value: isinstance(value, Chart)
    return found


def _percent(share: float | None, digits: int = 1) -> str:
    return "—" if share is None else f"{share:.{digits}%}"
