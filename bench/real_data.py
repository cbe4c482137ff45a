"""Grading real inspections (真实数据上的分类效果): python -m bench.real_data [INSPECTIONS.csv]

Ingests Austin's inspections into a database of its own, trains as of the file's last day, and prints the tables of
docs/real-data.md: every score on the last half-year, with 95 % intervals, and the chosen one's paired difference; then
the same pooled over the windows of the rolling backtest, enterprises drawn whole, and by how well a place was known.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, text

from ingestion.intake import ingest_file
from registry.database import open_database
from registry.settings import load_settings
from registry.tables import InspectionResult, ModelRun
from risk.backtest import Backtest, backtest
from risk.train import train

HERE = Path(__file__).parents[1]
INSPECTIONS = HERE.parent / "shared" / "data" / "austin-food-inspections" / "inspections_merged.csv"
PROFILE = HERE / "ingestion" / "profiles" / "austin.toml"
NAMES = {
    "logistic": "logistic",
    "lightgbm": "LightGBM",
    "mean_score": "mean score",
    "last_result": "last result",
    "rule_score": "rule score",
    "group_rate": "group rate",
}


IN_A_ROW = text(
    "SELECT count(*) AS pairs, corr(measure, before) AS correlation, avg((measure = before)::int) AS equal,"
    " percentile_cont(0.5) WITHIN GROUP (ORDER BY inspdate - day) AS days FROM (SELECT measure, inspdate,"
    " lag(measure) OVER place AS before, lag(inspdate) OVER place AS day FROM inspection_result"
    " WHERE draw_type = '不定向' WINDOW place AS (PARTITION BY enterprise_code ORDER BY inspdate)) AS visits"
    " WHERE before IS NOT NULL"
)


def measure(inspections: Path, folder: Path) -> tuple[dict[str, Any], Backtest, Any]:
    """Metrics of a model run as of the last day in the file, the backtest, and how alike two scores in a row are."""
    settings = load_settings(data=folder, place="austin", database_url=None)
    with open_database(settings) as database:
        ingest_file(database.engine_for("ingest"), inspections, profile=PROFILE)
        with database.owner().connect() as connection:
            last = connection.execute(select(func.max(InspectionResult.inspdate))).scalar_one()
        train(database.engine_for("risk"), last, settings.place)
        tested = backtest(database.engine_for("risk"), last, settings.place)
        with database.owner().connect() as connection:
            metrics = connection.execute(select(ModelRun.metrics)).scalar_one()
            return dict(metrics), tested, connection.execute(IN_A_ROW).one()


def table(metrics: dict[str, Any]) -> str:
    """The table as Markdown, best first; the chosen score in bold."""
    chosen = metrics["selection"]["chosen"]
    lines = ["| score | AUC (95 %) | AP (95 %) | lift at 10 % | Brier | ECE | chosen minus it, AUC, paired |"]
    lines.append("|---|---|---|---|---|---|---|")
    scores = metrics["test"]["all"]["scores"]
    for name in sorted(scores, key=lambda name: -scores[name]["auc"][0]):
        row = scores[name]
        label = f"**{NAMES[name]} (chosen)**" if name == chosen else NAMES[name]
        cells = [label, _interval(row["auc"]), _interval(row["ap"]), f"{row['lift_10']:.1f}"]
        cells += [
            f"{row[key]:.{digits}f}" if key in row else "–" for key, digits in (("brier", 4), ("ece", 3))
        ]
        against = metrics["against"].get(name)
        lines.append("| " + " | ".join([*cells, _interval(against, "+") if against else ""]) + " |")
    return "\n".join(lines)


def pooled_table(tested: Backtest) -> str:
    """Mean AUC over the windows and the chosen score's paired difference, by slice, as Markdown."""
    lines = [
        "| places | visits (problems) | score | mean AUC (95 %) | chosen minus it, paired |",
        "|---|---|---|---|---|",
    ]
    for part in ("all", "known", "seen_once", "first_time"):
        pooled, against = tested.pooled[part], tested.against[part]
        counts = f"{pooled['visits']:,} ({pooled.get('problems', 0):,})"
        if not pooled["scores"]:
            lines.append(f"| {part} | {counts} | too few to say | | |")
        for name in sorted(pooled["scores"], key=lambda name: -pooled["scores"][name][0]):
            gap = _interval(against[name], "+") if name in against else ""
            label = NAMES.get(name, f"**{name}**")
            lines.append(f"| {part} | {counts} | {label} | {_interval(pooled['scores'][name])} | {gap} |")
    return "\n".join(lines)


def _interval(value: list[float], sign: str = "") -> str:
    middle, low, high = (f"{number:{sign}.3f}" for number in value)
    return f"{middle} ({low} to {high})"


def main(inspections: Path = INSPECTIONS) -> int:
    """Print the tables; 1 without the file, or if pooled the chosen score is not proved better than both baselines."""
    if not inspections.exists():
        print(f"no {inspections}: nothing to measure")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # an unprivileged server must be able to enter
        metrics, tested, alike = measure(inspections, Path(folder))
    test = metrics["test"]
    print(f"{test['snapshot']} to {test['until']}: {test['all']['visits']:,} visits, ", end="")
    print(f"{test['all']['problems']:,} with a problem\n\n{table(metrics)}\n")
    print(
        f"two routine scores in a row, {alike.pairs:,} pairs: correlation {alike.correlation:.2f}, ", end=""
    )
    print(f"{alike.equal:.0%} equal, half of them at most {alike.days:.0f} days apart")
    for klass, visits, problems in metrics["test_classes"]:
        print(f"class {klass}: {problems:,} of {visits:,} visits found a problem, {problems / visits:.1%}")
    spans = f"{tested.windows[0]['snapshot']} to {tested.windows[-1]['until']}"
    print(
        f"\n{len(tested.windows)} rolling windows, {spans}; regret {tested.regret}\n\n{pooled_table(tested)}\n"
    )
    for window in tested.windows:
        scores = {name: f"{row['auc'][0]:.4f}" for name, row in window["scores"].items()}
        print(window["snapshot"], window["chosen"], scores)
    print(f"{time.process_time():.0f} s of CPU in this process")
    proved = tested.against["all"]
    return 0 if min(proved["last_result"][1], proved["mean_score"][1]) > 0 else 1


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
