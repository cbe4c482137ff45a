"""Others' data sets through `wurao train --table`, beside sklearn's HistGradientBoosting: `python -m bench.outside_tables [NAME …]`.

Names: polish, hat, austin. Same folds for both; the peer has its defaults and no calibration. CPU, not wall.
"""

import csv
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from portal.outside_tables import train_on_table
from risk import metrics
from risk.outside.folds import split
from risk.outside.layout import Roles, lay_out
from risk.outside.reading import read_table
from risk.outside.run import ground_of

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
BAD_SCORE = 80
"""Below it a routine visit found a problem (ORIGIN.txt of the Austin data)."""


def polish(folder: Path) -> tuple[Path, Roles, int]:
    """7,027 firms, 64 ratios, bankrupt within five years."""
    return DATA / "polish-bankruptcy-1year" / "1year.csv", Roles("label"), 10


def hat(folder: Path) -> tuple[Path, Roles, int]:
    """13,489 Chinese firms; the authors' split and the counts made from training labels are left out (ORIGIN.txt)."""
    path = DATA / "hat-china-sme" / "firms.csv"
    with path.open() as file:
        heads = next(csv.reader(file))
    return path, Roles("label", left_out=tuple(h for h in heads if h == "split" or "_bk" in h)), 5


def austin(folder: Path) -> tuple[Path, Roles, int]:
    """Inspections as events: a routine visit is labelled, a follow-up is history only; the score is an outcome."""
    target = folder / "austin-events.csv"
    with (DATA / "austin-food-inspections" / "inspections_merged.csv").open(encoding="utf-8") as source:
        rows = list(csv.DictReader(source))
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["facility", "date", "zip", "problem", "score", "is_followup"])
        for row in rows:
            score = float(row["score"]) if row["score"] not in ("", "NA") else 0.0
            known = score > 0  # a score of 0 is not a food score
            label = "" if row["purpose"] != "Routine" or not known else str(int(score < BAD_SCORE))
            cells = (row["facility_id"], row["inspection_date"], row["zip5"], label)
            writer.writerow([*cells, row["score"] if known else "", row["is_followup"]])
    roles = Roles("problem", time="date", id="facility", group="zip", outcomes=("score", "is_followup"))
    return target, roles, 5


def peer(path: Path, roles: Roles, folds: int) -> tuple[dict[str, float], float]:
    """HistGradientBoosting with defaults on the same prepared numbers and the same folds; categories as codes."""
    laid = lay_out(read_table(path, roles.named()), roles)
    rows = np.flatnonzero(~np.isnan(laid.label.problem))
    prepared = laid.layout.prepare(laid.table, laid.label.problem).where(rows)
    codes = [np.unique(t.astype(str), return_inverse=True)[1] for t in prepared.categories.values()]
    matrix, problem = np.column_stack([prepared.numbers, *codes]), laid.label.problem[rows]
    started, found = time.process_time(), np.full(len(problem), np.nan)
    for past, later in split(ground_of(laid, rows), folds, 0):
        fitted = HistGradientBoostingClassifier(random_state=0).fit(matrix[past], problem[past])
        found[later] = fitted.predict_proba(matrix[later])[:, 1]
    seen = ~np.isnan(found)
    score, truth = found[seen], problem[seen]
    figures = {
        "auc": metrics.auc(score, truth), "ap": metrics.average_precision(score, truth),
        "brier": metrics.brier(score, truth), "ece": metrics.ece(score, truth),
        "hl": metrics.hosmer_lemeshow(score, truth)[1], "hl0": metrics.hosmer_lemeshow(score, truth, lost=0)[1],
    }  # fmt: skip
    return figures, time.process_time() - started


def _row(name: str, f: dict[str, float], interval: str, seconds: float | None) -> str:
    spent = "" if seconds is None else f"{seconds:.0f}"
    calibrated = (
        f"{f['brier']:.4f} | {f['ece']:.4f} | {f['hl0']:.3f} ({f['hl']:.3f})" if "ece" in f else "– | – | –"
    )
    return f"| {name} | {f['auc']:.4f}{interval} | {f['ap']:.4f} | {calibrated} | {spent} |"


def main(names: list[str]) -> None:
    """Print a table a data set. About 450 CPU seconds for all three."""
    if not DATA.is_dir():
        print(f"no data sets in {DATA}; nothing was measured")
        return
    for name in names:
        with tempfile.TemporaryDirectory(prefix="wurao-bench-") as folder:
            path, roles, folds = {"polish": polish, "hat": hat, "austin": austin}[name](Path(folder))
            done = train_on_table(path, roles, Path(folder) / "report", folds)
            others, seconds = peer(path, roles, folds)
            about = done.metrics["table"]
            print(
                f"\n{name}: {about['tested']:,} rows tested, {about['positives']:,} positive, {folds} folds by {about['folds_by']}"
            )
            print(
                "| score | AUC (95 %) | AP | Brier | ECE | HL p on g df (g - 2) | CPU s |\n|---|---|---|---|---|---|---|"
            )
            for score, found in done.metrics["scores"].items():
                f = {k: v[0] for k, v in found.items()}
                if "hosmer_lemeshow" in found:
                    f |= {"hl": found["hosmer_lemeshow"][1], "hl0": found["hl_out_of_sample"][1]}
                spent = done.metrics["made_with"]["cpu_seconds"] if score == "chosen" else None
                print(_row(score, f, " ({1:.3f}–{2:.3f})".format(*found["auc"]), spent))
            print(_row("HistGradientBoosting, defaults", others, "", seconds), flush=True)
            chosen = [
                f"{c['learner']} {c['shape']} x {c['rounds']}, {c['calibration']}"
                for c in done.metrics["choices"]
            ]
            print("chosen by fold: " + "; ".join(chosen))
            print("against: " + str(done.metrics["against"]))
            print(
                "alarms: "
                + "; ".join(f["sentence"] for f in done.metrics["findings"] if f["level"] == "alarm")
            )


if __name__ == "__main__":
    main(sys.argv[1:] or ["polish", "hat", "austin"])
