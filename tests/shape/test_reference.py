"""C-44: every setting, rule, role, table and command is documented, by a page made from the code itself."""

from pathlib import Path

from ingestion.datasets.page import datasets_page
from portal.reference import reference
from registry.rules import load_rules
from risk.indicators.page import indicators_page

DOCS = Path(__file__).parents[2] / "docs"


def test_the_reference_page_is_the_one_the_code_makes() -> None:
    assert (DOCS / "reference.md").read_text() == reference(), "run: python -m portal.reference"


def test_the_datasets_page_is_the_one_the_code_makes() -> None:
    assert (DOCS / "datasets.md").read_text() == datasets_page(), "run: python -m portal.reference"


def test_the_indicators_page_is_the_one_the_code_makes() -> None:
    assert (DOCS / "indicators.md").read_text() == indicators_page(load_rules()), (
        "run: python -m portal.reference"
    )


def test_every_rule_names_its_legal_basis() -> None:
    from registry.rules import load_rules

    for many in load_rules().rules.values():
        for rule in many:
            assert len(rule.basis) >= 6, f"{rule.source} {rule.key} has no basis"
