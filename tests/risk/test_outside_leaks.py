"""Leaks planted in outsiders' tables are found; an honest table raises no alarm; events are judged by what came before."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from registry.errors import Refusal
from risk.outside import fitting
from risk.outside.boosting import TableSettings
from risk.outside.folds import split
from risk.outside.layout import Roles, lay_out
from risk.outside.leaks import ALARM, Finding, columns_of, findings
from risk.outside.model import load_table_model, score_rows
from risk.outside.reading import Table, read_table
from risk.outside.run import TableRun, ground_of, train_table


def _findings(path: Path, roles: Roles) -> dict[tuple[str, str], Finding]:
    laid = lay_out(read_table(path, roles.named()), roles)
    prepared = laid.layout.prepare(laid.table, laid.label.problem)
    rows = np.flatnonzero(~np.isnan(laid.label.problem))
    found = findings(laid, prepared, rows, split(ground_of(laid, rows), 3, 0))
    return {(f.code, f.column): f for f in found}


def _table(path: Path, many: int = 600, **extra: list[Any]) -> Path:
    random = np.random.default_rng(8)
    y = (random.random(many) < 0.3).astype(int)
    x, z = random.normal(size=(2, many)).round(6)
    columns: dict[str, Any] = {"x": x, "z": z, **extra, "y": y}
    lines = [
        ",".join(columns),
        *(",".join(str(v) for v in row) for row in zip(*columns.values(), strict=True)),
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def _outcome(many: int = 600) -> Any:
    return (np.random.default_rng(8).random(many) < 0.3).astype(int)


def test_an_honest_table_raises_no_alarm(tmp_path: Path) -> None:
    assert _findings(_table(tmp_path / "t.csv"), Roles("y")) == {}


def test_a_planted_leak_is_found_by_its_kind(tmp_path: Path) -> None:
    y, random = _outcome(), np.random.default_rng(9)
    extra = {
        "fine": [str(1000 * v + int(random.integers(0, 50))) for v in y],
        "hint": [f"{v + random.normal(0, 0.4):.4f}" for v in y],
        "closed_by": [
            "张三" if v and random.random() < 0.9 else "李四" if random.random() < 0.1 else "" for v in y
        ],
        "result": ["查实" if v else "不实" for v in y],
    }
    found = _findings(_table(tmp_path / "t.csv", **extra), Roles("y"))
    assert {("copy_of_label", "fine"), ("copy_of_label", "result"), ("single_column", "hint"),
            ("missing_tells", "closed_by")} <= set(found)  # fmt: skip
    assert all(f.level == ALARM for f in found.values())
    assert set(columns_of(list(found.values()))) == {"fine", "result", "hint", "closed_by"}


def test_times_that_differ_by_outcome_and_dates_after_the_fact(tmp_path: Path) -> None:
    y, random = _outcome(), np.random.default_rng(9)
    months = [4 + 3 * v + int(random.integers(0, 5)) for v in y]
    extra = {
        "when": [f"2025-{m:02d}-15" for m in months],
        "closed": ["2026-01-0" + str(1 + i % 9) for i in range(len(y))],
    }
    found = _findings(_table(tmp_path / "t.csv", **extra), Roles("y", time="when"))
    assert found["time_by_class", "when"].level == ALARM
    assert found["date_after_time", "closed"].value == 1.0


def test_twins_order_and_sides(tmp_path: Path) -> None:
    many = 600
    y = np.sort(_outcome())
    x = np.random.default_rng(1).normal(size=many).round(5)
    x[::10] = 3.14159
    ids = [f"e{i // 2}" for i in range(many)]
    lines = ["id,x,y", *(f"{ids[i]},{x[i]},{y[i]}" for i in range(many))]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(lines))
    found = _findings(path, Roles("y", id="id"))
    assert found["alike", ""].value == 60
    assert "始终分在同一折" in found["alike", ""].sentence
    assert ("row_order", "") in found
    assert ("sides_apart", "id") in found


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """120 places seen eight times; each has its own rate; the score is written down with the outcome."""
    patch = pytest.MonkeyPatch()
    patch.setattr(fitting, "GRID", {"depth 2": TableSettings(depth=2, leaf_rows=20, rounds=40)})
    patch.setattr(fitting, "STAGES", (20, 40))
    random = np.random.default_rng(2)
    lines = ["place,date,town,score,y"]
    for place in range(120):
        rate = random.choice([0.05, 0.7])
        for visit in range(8):
            y = int(random.random() < rate)
            label = "" if random.random() < 0.05 else str(y)
            day = f"20{20 + visit // 2}-{1 + 6 * (visit % 2) + place % 6:02d}-{1 + place % 28:02d}"
            lines.append(f"p{place},{day},t{place % 4},{100 - 30 * y - int(random.integers(0, 9))},{label}")
    path = tmp_path_factory.mktemp("events") / "events.csv"
    path.write_text("\n".join(lines))
    yield path, train_table(path, Roles("y", time="date", id="place", group="town"), 3)
    patch.undo()


def test_events_learn_from_earlier_rows_and_leave_the_outcome_to_later_ones(
    events: tuple[Path, TableRun],
) -> None:
    run = events[1]
    about, scores = run.metrics["table"], run.metrics["scores"]
    assert (about["kind"], about["folds_by"]) == ("events", "time")
    assert "“score”几乎等于本行的标签，只用它以前各行的值。" in about["notes"]
    assert "score" not in {c["name"] for c in about["columns"]}
    assert 0.75 < scores["chosen"]["auc"][0] < 0.97, "the outcome of the row itself would give 1"
    assert scores["chosen"]["auc"][0] > scores["last_label"]["auc"][0]
    assert scores["last_label"]["auc"][0] > 0.65


def test_a_place_scores_alike_alone_and_in_the_batch_and_later_rows_change_nothing(
    events: tuple[Path, TableRun],
) -> None:
    path, run = events
    table, model = read_table(path), load_table_model(run.model.to_bytes())
    raw, probability = score_rows(model, table)
    one = np.flatnonzero(table.column("place") == "p7")
    alone = score_rows(model, table.where(one))
    assert (alone[0].tobytes(), alone[1].tobytes()) == (raw[one].tobytes(), probability[one].tobytes())
    until = table.column("date") < "2022-01-01"
    assert score_rows(model, table.where(until))[0].tobytes() == raw[until].tobytes()


def test_copies_of_columns_with_a_role_are_not_learned_from(tmp_path: Path) -> None:
    """What the role keeps out may not come in under another name: label, inspector, and what the outcome wrote down."""
    y = _outcome()
    staff = [f"员{i % 7}" for i in range(len(y))]
    fine = [int(500 + 400 * v + i % 60) for i, v in enumerate(y)]
    path = _table(tmp_path / "t.csv", again=list(y), staff=staff, staff_again=staff, amount=fine, fine=fine)
    laid = lay_out(read_table(path), Roles("y", offset="staff", outcomes=("fine",)))
    assert [c.name for c in laid.layout.columns] == ["x", "z"]
    why = {entry.name: entry.why for entry in laid.dropped}
    assert why["again"] == "与“y”列完全相同"
    assert why["staff_again"] == "与“staff”列完全相同"
    assert why["amount"] == "与“fine”列完全相同"
    assert why["fine"] == "与结论同时产生，本行不能使用"


def test_events_are_not_scored_without_what_their_history_needs(events: tuple[Path, TableRun]) -> None:
    path, run = events
    table = read_table(path)
    for name in ("y", "score", "place", "date", "town"):
        bare = Table("bare", {k: v for k, v in table.columns.items() if k != name}, table.rows)
        with pytest.raises(Refusal, match=f"没有“{name}”列"):
            score_rows(run.model, bare)
