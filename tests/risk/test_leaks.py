"""Leak alarms: each leak is planted and found, and a clean run is silent."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from registry.database import Database
from registry.rules import Rulebook, load_rules
from risk.archive import FloatArray, load_archive
from risk.indicators import frame as frame_module
from risk.indicators.catalogue import NAMES
from risk.indicators.view import Column, View
from risk.leaks import Limits, leak_report, looked_ahead
from risk.sample import Sample, gather
from tests.risk.conftest import AS_OF
from tests.risk.town import PLACE

SNAPSHOT = date(2025, 1, 1)
COLUMN = NAMES.index("chg_name_cnt")
LIMITS = Limits(0.9, 0.1, 0.1, 4.0)


def _rows(seed: int, window: int, size: int = 2000) -> Sample:
    random = np.random.default_rng(seed)
    matrix = random.poisson(1.0, size=(size, len(NAMES))).astype(float)
    problem = (random.random(size) < 1 / (1 + np.exp(2 - 0.3 * matrix[:, 0]))).astype(float)
    windows = [
        (SNAPSHOT - timedelta(days=400), SNAPSHOT - timedelta(days=200), SNAPSHOT - timedelta(days=170)),
        (SNAPSHOT - timedelta(days=215), SNAPSHOT - timedelta(days=35), SNAPSHOT - timedelta(days=5)),
        (SNAPSHOT, SNAPSHOT + timedelta(days=180), SNAPSHOT + timedelta(days=210)),
    ]
    return Sample(
        windows, np.array([f"E{n}" for n in range(size)], dtype=object), matrix, problem,
        np.full(size, "random", dtype=object), [()] * size, np.full(size, window), np.zeros(size, bool),
        random.uniform(0, 180, size), [""] * 3, "",
    )  # fmt: skip


Three = list[Sample]


@pytest.fixture
def clean() -> Three:
    """What was learned from, validated on and tested on, without any leak."""
    return [_rows(seed, window) for seed, window in ((1, 0), (2, 1), (3, 2))]


def _with_column(sample: Sample, values: FloatArray) -> Sample:
    matrix = sample.matrix.copy()
    matrix[:, COLUMN] = values
    return replace(sample, matrix=matrix)


def _answer(three: Three) -> Three:
    noise = np.random.default_rng(0).normal(size=len(three[0].problem))
    return [_with_column(three[0], 3 * three[0].problem + noise), *three[1:]]


def _jump(three: Three) -> Three:
    noise = np.random.default_rng(0).normal(size=len(three[1].problem))
    return [three[0], _with_column(three[1], 1.5 * three[1].problem + noise), three[2]]


def _waiting(three: Three) -> Three:
    days = np.where(three[2].problem == 1, three[2].visit_day / 2, three[2].visit_day)
    return [*three[:2], replace(three[2], visit_day=days)]


def _unsettled(three: Three) -> Three:
    return [replace(three[0], window=np.where(np.arange(2000) < 10, 2, 0)), *three[1:]]


def test_a_clean_run_is_silent(clean: Three) -> None:
    """And says how many of the tested were known before."""
    found = leak_report(*clean, SNAPSHOT, LIMITS)
    assert found.alarms == []
    assert found.figures["test_known_before"] == 1.0
    assert found.figures["unsettled_rows"] == 0


@pytest.mark.parametrize(
    ("plant", "said"),
    [(_answer, "单独的 AUC"), (_jump, "验证时升高而检验时回落"), (_waiting, "观察时间随结果而异"), (_unsettled, "尚未知悉的标签")],
)  # fmt: skip
def test_a_planted_leak_is_found(clean: Three, plant: Callable[[Three], Three], said: str) -> None:
    """One alarm, and it names what is wrong."""
    alarms = leak_report(*plant(clean), SNAPSHOT, LIMITS).alarms
    assert len(alarms) == 1
    assert said in alarms[0]


def test_the_limits_are_rules(book: Rulebook) -> None:
    """Every limit of the code has its rule, and no other."""
    assert Limits.of(book, PLACE, AS_OF) == LIMITS


def _labelling(view: View) -> Iterator[Column]:
    """A family that counts checks after the view's day: what a label is made of."""
    for column in frame_module_family(view):
        yield column
        if column.key == "insp_uncoop":
            later = view.archive.tables["inspection_result"]
            ahead = later[later["inspdate"] > view.today]
            seen = np.isin(view.codes, ahead["enterprise_code"].to_numpy())
            yield replace(column, values=seen.astype(float))


frame_module_family = frame_module.supervision


def test_indicators_made_from_labels_are_found(
    town_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Recomputed from a database that ends on the snapshot, they differ; honest ones do not."""
    engine, book = town_database.engine_for("risk"), load_rules()

    def alarms() -> list[str]:
        with engine.connect() as connection:
            archive = load_archive(connection, AS_OF)
        sample = gather(archive, book, PLACE, AS_OF, count=2)
        return looked_ahead(engine, sample, 0, book, PLACE, AS_OF)

    assert alarms() == []
    families = [f for f in frame_module.FAMILIES if f is not frame_module.supervision]
    monkeypatch.setattr(frame_module, "FAMILIES", (*families, _labelling))
    assert "此后才知悉" in alarms()[0]
