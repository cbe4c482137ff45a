"""Outside tables (外部表): the learner's run over an outsider's file, written as a report, figures, scores and a model.

Learned by risk, drawn by reports; the door brings the two together, for no stage may know another.
"""

import csv
import json
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ingestion.bombs import refuse_monstrous_workbook
from registry import clock
from registry.errors import Refusal
from registry.progress import Progress, silent
from reports.outside_report import write_outside_report
from risk.outside.layout import Roles, own_ids
from risk.outside.leaks import ALARM
from risk.outside.model import load_table_model, score_rows
from risk.outside.reading import read_table
from risk.outside.run import TableRun, train_table

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_WORKBOOKS = (".xlsx", ".xlsm", ".ods", ".et")
SHOWN = ("auc", "ap", "brier", "ece")


@dataclass(frozen=True)
class TableOutcome:
    """What a run wrote, and its figures as in metrics.json."""

    files: tuple[Path, ...]
    metrics: dict[str, Any]

    def text(self) -> str:
        """A few lines for people: the table, the figures beside the baselines, alarms, and where the report is."""
        about, scores = self.metrics["table"], self.metrics["scores"]
        lines = [
            f"{about['file']}：{about['labelled']} 行有标签，发生 {about['positives']} 行；检验 {about['tested']} 行。",
            *about["notes"],
        ]
        for name, found in scores.items():
            told = [f"{m.upper()} {found[m][0]:.4f}" for m in SHOWN if m in found and found[m][0] is not None]
            lines.append(f"  {name:<11} {'  '.join(told)}")
        chosen = scores["chosen"]
        low, high = chosen["auc"][1:]
        p = chosen["hl_out_of_sample"][1], chosen["hosmer_lemeshow"][1]
        lines.append(
            f"AUC 95% 区间 {low:.4f}–{high:.4f}；Hosmer–Lemeshow p {p[0]:.3f}（自由度减 2：{p[1]:.3f}）。"
        )
        lines.append(f"最后的模型：{self.metrics['final']['reason']}")
        lines += [f"！{f['sentence']}" for f in self.metrics["findings"] if f["level"] == ALARM]
        return "\n".join([*lines, f"报告 report：{self.files[0]}"])


def train_on_table(
    path: Path, roles: Roles, folder: Path, folds: int, seed: int = 0, directions: Path | None = None,
    progress: Progress = silent,
) -> TableOutcome:  # fmt: skip
    """Train, measure, and write report.html, metrics.json, out_of_fold.csv and model.bin into a folder."""
    _refuse_bombs(path)
    held = read_directions(directions) if directions else {}
    _ready(folder)
    run = train_table(path, roles, folds, seed, held, progress)
    progress("写报告 writing", 0.98)
    page = write_outside_report(folder, run.metrics, run.points, clock.now())
    figures, scores, model = (folder / name for name in ("metrics.json", "out_of_fold.csv", "model.bin"))
    figures.write_text(json.dumps(run.metrics, ensure_ascii=False, indent=1), encoding="utf-8")
    _write_csv(scores, ("row", "id", "fold", "label", "raw_score", "probability"), _out_of_fold(run))
    model.write_bytes(run.model.to_bytes())
    progress("完成", 1.0)
    return TableOutcome((page, figures, scores, model), run.metrics)


def score_table(model: Path, path: Path, out: Path, progress: Progress = silent) -> int:
    """Score a table with a saved model into a CSV (row, id, raw_score, probability); returns the rows scored."""
    if not model.is_file():
        raise Refusal("model.missing", f"没有模型文件“{model}”。", "请核对路径；报告目录里叫 model.bin。")
    _refuse_bombs(path)
    _ready(out.parent)
    progress("读表 reading", 0.0)
    loaded = load_table_model(model.read_bytes())
    roles = loaded.layout.roles
    table = read_table(path, [column.name for column in loaded.layout.columns])
    progress("计分 scoring", 0.5)
    raw, probability = score_rows(loaded, table)
    ids = own_ids(table, roles.id) if roles.id and roles.id in table.columns else [""] * len(table)
    rows = (
        (int(number), _safe(str(name).lstrip("\0")), _number(one), _number(other))
        for number, name, one, other in zip(table.rows, ids, raw, probability, strict=True)
    )
    _write_csv(out, ("row", "id", "raw_score", "probability"), rows)
    progress("完成", 1.0)
    return int((~np.isnan(raw)).sum())


def read_directions(path: Path) -> dict[str, int]:
    """Column → 1 (more is riskier), -1 (more is safer) or 0, from TOML (`name = 1`) or CSV (column,direction)."""
    if not path.is_file():
        raise Refusal("directions.missing", f"没有方向文件“{path}”。", "请核对 --directions。")
    try:
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix.lower() == ".toml":
            entries = [(str(name), value) for name, value in tomllib.loads(text).items()]
        else:
            entries = [(row[0].strip(), row[1]) for row in csv.reader(text.splitlines()) if len(row) > 1]
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, csv.Error) as error:
        raise Refusal(
            "directions.broken", f"方向文件“{path.name}”读不懂：{error}。", "请用 UTF-8 的 TOML 或 CSV。"
        ) from error
    found: dict[str, int] = {}
    for number, (name, value) in enumerate(entries, 1):
        text = str(value).strip().lstrip("+")
        if text in ("1", "-1", "0"):
            found[name] = int(text)
        elif number > 1 or path.suffix.lower() == ".toml":  # the first line of a CSV may be headings
            raise Refusal(
                "directions.value",
                f"方向文件第 {number} 项“{name}”的方向“{value}”不是 1、-1 或 0。",
                "1：越大越危险；-1：越大越安全。",
            )
    return found


def _out_of_fold(run: TableRun) -> Iterable[Sequence[Any]]:
    return (
        (int(row), _safe(str(name)), int(fold), int(label), repr(float(score)), repr(float(probability)))
        for row, name, fold, label, score, probability in zip(
            run.rows, run.ids, run.fold, run.label, run.score, run.probability, strict=True
        )
    )


def _number(value: float) -> str:
    return "" if np.isnan(value) else repr(float(value))


def _safe(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _write_csv(path: Path, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(heads)
        writer.writerows(rows)


def _ready(folder: Path) -> None:
    """Make the folder before an hour of work, not after."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".wurao"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise Refusal(
            "report.folder", f"目录“{folder}”不能写入：{error.strerror}。", "请换一个目录。"
        ) from error


def _refuse_bombs(path: Path) -> None:
    if path.is_file() and path.suffix.lower() in _WORKBOOKS:
        refuse_monstrous_workbook(path)
