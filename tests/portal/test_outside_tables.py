"""`wurao train --table` and `wurao score`, end to end on a small file; bad input is a sentence, never a traceback."""

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from portal.cli.console import run
from portal.outside_tables import read_directions
from registry.errors import Refusal
from risk import metrics
from risk.outside import fitting
from risk.outside.boosting import TableSettings


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    patch = pytest.MonkeyPatch()
    patch.setattr(fitting, "GRID", {"depth 2": TableSettings(depth=2, leaf_rows=20, rounds=20)})
    patch.setattr(fitting, "STAGES", (20,))
    yield
    patch.undo()


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """300 rows in GB18030, with a column that hostile spreadsheets would like, and one that copies the label."""
    random = np.random.default_rng(3)
    path = tmp_path_factory.mktemp("cli") / "企业.csv"
    lines = ["名称,规模,行业,结案,违法"]
    for i in range(300):
        size = random.normal()
        y = int(random.random() < 1 / (1 + np.exp(1 - 2 * size)))
        lines.append(
            f'=cmd{i},"{1000 + 400 * size:,.1f}",{"食药械"[i % 3]},{"已" if y else "未"},{"是" if y else "否"}'
        )
    path.write_bytes("\n".join(lines).encode("gb18030"))
    return path


@pytest.fixture(scope="module")
def report(table: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report") / "new" / "folder"
    words = [
        "train",
        "--table",
        str(table),
        "--label",
        "违法",
        "--id",
        "名称",
        "--folds",
        "3",
        "--report",
        str(folder),
    ]
    assert run([*words, "--leave-out", "结案"]) == 0
    return folder


def _rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))


def test_the_four_files_agree(report: Path, table: Path) -> None:
    measured = json.loads((report / "metrics.json").read_text(encoding="utf-8"))
    rows = _rows(report / "out_of_fold.csv")
    assert len(rows) == measured["table"]["tested"] == 300
    label = np.array([float(row["label"]) for row in rows])
    score = np.array([float(row["raw_score"]) for row in rows])
    probability = np.array([float(row["probability"]) for row in rows])
    chosen = measured["scores"]["chosen"]
    assert chosen["auc"][0] == pytest.approx(metrics.auc(score, label), abs=1e-6)
    assert chosen["ece"][0] == pytest.approx(metrics.ece(probability, label), abs=1e-6)
    assert chosen["auc"][0] > 0.7
    for low, high in (
        chosen[name][1:] for name in ("auc", "ap", "ks", "brier", "ece", "lift_1", "lift_5", "lift_10")
    ):
        assert low <= high
    truth = [line.rsplit(",", 1)[1] == "是" for line in table.read_bytes().decode("gb18030").splitlines()]
    assert all(truth[int(row["row"]) - 1] == (row["label"] == "1") for row in rows), (
        "row counts lines of the file"
    )
    assert rows[0]["id"].startswith("'="), "no cell is a formula"


def test_the_page_carries_everything_in_it(report: Path) -> None:
    page = (report / "report.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 6
    assert not re.search(r'(src|href)="(?!#)', page)
    for words in (
        "ROC",
        "泄漏检查 Leak report",
        "由 --leave-out 指定",
        "内部资料",
        "Hosmer–Lemeshow",
        "违法",
    ):
        assert words in page


def test_scores_of_a_saved_model_for_one_row_and_a_batch(report: Path, table: Path, tmp_path: Path) -> None:
    lines = table.read_bytes().decode("gb18030").splitlines()
    one = tmp_path / "one.csv"
    one.write_text("\n".join([lines[0], lines[5]]), encoding="utf-8")
    for source, out in ((table, "batch.csv"), (one, "single.csv")):
        words = [
            "score",
            "--model",
            str(report / "model.bin"),
            "--table",
            str(source),
            "--out",
            str(tmp_path / out),
        ]
        assert run(words) == 0
    batch, single = _rows(tmp_path / "batch.csv"), _rows(tmp_path / "single.csv")
    assert len(batch) == 300
    assert single[0]["raw_score"] == batch[4]["raw_score"]
    assert single[0]["probability"] == batch[4]["probability"]


def test_json_for_machines(table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [
        "train",
        "--table",
        str(table),
        "--label",
        "违法",
        "--folds",
        "2",
        "--report",
        str(tmp_path),
        "--json",
    ]
    assert run(words) == 0
    told = json.loads(capsys.readouterr().out)
    found = {(f["code"], f["column"]) for f in told["metrics"]["findings"]}
    assert ("copy_of_label", "结案") in found


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["train", "--table", "{table}"], "还要 --label"),
        (["train", "--table", "{table}", "--label", "违法"], "还要 --report"),
        (["train", "--label", "违法"], "只与 --table 一起使用"),
        (["train", "--table", "/none.csv", "--label", "y", "--report", "{tmp}"], "没有文件"),
        (["train", "--table", "{table}", "--label", "y", "--report", "{tmp}"], "没有“y”列"),
        (["train", "--table", "{table}", "--label", "行业", "--report", "{tmp}"], "有 3 种值"),
        (["train", "--table", "{table}", "--label", "违法", "--report", "{table}"], "不能写入"),
        (["score", "--model", "/none", "--table", "{table}", "--out", "{tmp}/s.csv"], "没有模型文件"),
        (
            ["score", "--model", "{table}", "--table", "{table}", "--out", "{tmp}/s.csv"],
            "这不是 wurao train --table",
        ),
    ],
)
def test_bad_input_is_a_sentence(
    words: list[str], said: str, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([word.format(table=table, tmp=tmp_path) for word in words]) == 1
    told = capsys.readouterr().err
    assert said in told.replace("\n", "")
    assert "Traceback" not in told


def test_directions_from_toml_and_csv(tmp_path: Path) -> None:
    toml, sheet, bad = tmp_path / "d.toml", tmp_path / "d.csv", tmp_path / "bad.csv"
    toml.write_text('a = 1\n"负债 率" = -1\n', encoding="utf-8")
    sheet.write_text("column,direction\na,+1\n负债 率,-1\n", encoding="utf-8")
    bad.write_text("a,1\nb,up\n", encoding="utf-8")
    assert read_directions(toml) == read_directions(sheet) == {"a": 1, "负债 率": -1}
    with pytest.raises(Refusal, match="第 2 项“b”的方向“up”"):
        read_directions(bad)
