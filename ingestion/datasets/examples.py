"""Examples (示例): one good row of each layout, which the page, the template and the tests all read."""

import tomllib
from functools import cache
from importlib import resources

from ingestion.datasets.contract import Dataset


@cache
def examples() -> dict[str, dict[str, str]]:
    """Dataset, or dataset and year of an older layout → heading → cell; empty cells are left out."""
    text = resources.files("ingestion.datasets").joinpath("examples.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def example_of(layout: Dataset, year: str = "") -> dict[str, str]:
    """The example of a layout with every heading of a full file, "" where it is empty."""
    given = examples()[f"{layout.name}_{year}" if year else layout.name]
    return {heading: given.get(heading, "") for heading in layout.headings()}
