"""The hidden risk process: it drives what random checks find, is not perfectly knowable, and stays hidden."""

import csv
import math
from bisect import bisect_right
from collections import defaultdict
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from sklearn.metrics import roc_auc_score

from ingestion.city import CHUNK, CityManifest, write_city
from ingestion.datasets.inspection import RESULT_TEXTS
from registry.vocabulary import DEPARTMENTS, RESULTS
from tests.ingestion.city_files import Row, code_of, iso, read_rows

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> CityManifest:
    return write_city(tmp_path_factory.mktemp("truth"), enterprises=5 * CHUNK, as_of=date(2026, 9, 30))


@pytest.fixture(scope="module")
def truth(city: CityManifest) -> dict[str, tuple[list[str], list[float]]]:
    """Enterprise code → anniversaries and latent risk."""
    found: dict[str, tuple[list[str], list[float]]] = defaultdict(lambda: ([], []))
    with (city.truth_folder / "truth.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            days, levels = found[row["enterprise_code"]]
            days.append(row["on"])
            levels.append(float(row["latent"]))
    return {code: (sorted(days), levels_in_order(days, levels)) for code, (days, levels) in found.items()}


def levels_in_order(days: list[str], levels: list[float]) -> list[float]:
    return [level for _, level in sorted(zip(days, levels, strict=True))]


@pytest.fixture(scope="module")
def checks(city: CityManifest) -> list[Row]:
    return [r for r in read_rows(city, "inspection") if is_problem(r["results"]) is not None]


def is_problem(words: str) -> bool | None:
    """Whether a sender's words mean a problem; None for a text that is no result."""
    texts = [t.replace("（", "(").replace("）", ")") for t in words.replace(",", ";").split(";")]
    table = {text.replace("（", "(").replace("）", ")"): code for text, code in RESULT_TEXTS.items()}
    codes = [table.get(text) for text in texts]
    return None if None in codes else any(bool(RESULTS[str(code)][1]) for code in codes)


def rate(rows: list[Row]) -> float:
    return sum(bool(is_problem(r["results"])) for r in rows) / len(rows)


def test_random_checks_find_problems_in_ten_to_twenty_of_a_hundred(checks: list[Row]) -> None:
    random = [r for r in checks if r["draw_type"] == "不定向"]
    assert 0.10 < rate(random) < 0.20
    assert {r["department"] for r in random} == set(DEPARTMENTS)


def test_aimed_checks_find_more_than_random_ones(checks: list[Row]) -> None:
    by_source = {
        source: [r for r in checks if r["draw_type"] == source] for source in ("不定向", "定向", "投诉举报")
    }
    assert rate(by_source["不定向"]) * 1.3 < rate(by_source["定向"]) < rate(by_source["投诉举报"])


def test_market_regulator_draws_about_four_in_a_hundred_a_year(city: CityManifest, checks: list[Row]) -> None:
    mine = [r for r in checks if r["draw_type"] == "不定向" and r["department"] == "市场监管"]
    assert 0.03 < len(mine) / 5 / city.enterprises < 0.06


def test_truth_tells_who_has_problems_but_not_perfectly(
    checks: list[Row], truth: dict[str, tuple[list[str], list[float]]]
) -> None:
    outcome, level = [], []
    for row in checks:
        day, known = iso(row["inspdate"]), truth.get(code_of(row))
        if row["draw_type"] == "不定向" and known and known[0][0] <= day <= known[0][-1]:
            outcome.append(is_problem(row["results"]))
            level.append(known[1][bisect_right(known[0], day) - 1])
    assert len(outcome) > 1_500
    assert 0.75 < roc_auc_score(outcome, level) < 0.85


def test_latent_risk_is_standardised_and_drifts_slowly(
    truth: dict[str, tuple[list[str], list[float]]],
) -> None:
    levels = [values for _, values in truth.values()]
    everything = [v for values in levels for v in values]
    mean = sum(everything) / len(everything)
    spread = math.sqrt(sum((v - mean) ** 2 for v in everything) / len(everything))
    assert abs(mean) < 0.15
    assert 0.85 < spread < 1.15
    step = sum(abs(a - b) for values in levels for a, b in pairwise(values)) / len(levels) / 5
    assert 0.05 < step < 0.4


def test_history_tells_something_too(checks: list[Row], city: CityManifest) -> None:
    """Penalised before → more problems at a later random check: what a model can live on."""
    penalised: dict[str, str] = {}
    for row in read_rows(city, "penalty"):
        penalised.setdefault(code_of(row), row["known_at"][:10])
        penalised[code_of(row)] = min(penalised[code_of(row)], row["known_at"][:10])
    random = [r for r in checks if r["draw_type"] == "不定向"]
    before = [r for r in random if penalised.get(code_of(r), "9") < iso(r["inspdate"])]
    never = [r for r in random if code_of(r) not in penalised]
    assert len(before) > 60
    assert rate(before) > 1.8 * rate(never)


def test_the_inspector_is_in_the_label(checks: list[Row], city: CityManifest) -> None:
    with (city.truth_folder / "inspectors.csv").open(encoding="utf-8") as file:
        strictness = {row["staff_no"]: float(row["strictness"]) for row in csv.DictReader(file)}
    team = [sum(strictness[n] for n in r["inspectors"].split(";")) / 2 for r in checks]
    middle = sorted(team)[len(team) // 2]
    strict = [r for r, s in zip(checks, team, strict=True) if s > middle]
    mild = [r for r, s in zip(checks, team, strict=True) if s <= middle]
    assert rate(strict) > 1.15 * rate(mild)


def test_truth_is_outside_the_folder_that_is_ingested(city: CityManifest) -> None:
    assert city.truth_folder.parent == city.files_folder.parent
    assert city.truth_folder not in city.files_folder.parents
    headings = {c for f in city.files_folder.iterdir() if f.suffix == ".csv" for c in [f.read_bytes()[:2000]]}
    assert not any(b"latent" in start or b"strictness" in start for start in headings)
    assert [f.name for f in city.files_folder.rglob("*") if "truth" in f.name] == []


def test_no_other_stage_knows_the_truth() -> None:
    for room in ("risk", "scheduling", "reports", "registry"):
        for source in (ROOT / room).rglob("*.py"):
            text = source.read_text(encoding="utf-8")
            assert "truth.csv" not in text, source
            assert "citylife" not in text, source
