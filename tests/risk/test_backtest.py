"""The rolling backtest: nothing of a window or later enters what is tested on it; baselines in every row."""

from datetime import date

import numpy as np
import pytest

from registry.database import Database
from registry.errors import Refusal
from risk.backtest import CHOSEN, Backtest, backtest
from risk.selection import mean_regret
from tests.risk.conftest import AS_OF
from tests.risk.town import PLACE

DAY = date(2025, 12, 2)
"""Half a year earlier in windows: snapshots of both days fall on the same dates."""


@pytest.fixture(scope="module")
def tested(town_database: Database) -> Backtest:
    """The town, tested on as many windows as the rules ask for."""
    return backtest(town_database.engine_for("risk"), AS_OF, PLACE)


def test_at_least_six_windows_each_with_every_score(tested: Backtest) -> None:
    """Learned only from what was settled by the snapshot."""
    assert len(tested.windows) >= 6
    for window in tested.windows:
        assert window["trained_until"] <= window["snapshot"]
        assert {CHOSEN, "rule_score", "last_result", "group_rate"} <= window["scores"].keys()
        assert window["scores"][CHOSEN]["auc"] == window["scores"][window["chosen"]]["auc"]
        low, high = window["scores"][CHOSEN]["auc"][1:]
        assert low <= window["scores"][CHOSEN]["auc"][0] <= high
        assert 0 <= window["scores"][CHOSEN]["capture"] <= 1


def test_the_pooled_table_is_the_mean_of_the_windows(tested: Backtest) -> None:
    """AUC, regret and the paired difference, by hand from the windows."""
    for name, (value, low, high) in tested.pooled["all"]["scores"].items():
        assert value == pytest.approx(
            np.mean([w["scores"][name]["auc"][0] for w in tested.windows]), abs=1e-5
        )
        assert low <= value <= high
    table = [{name: w["scores"][name]["auc"][0] for name in tested.regret} for w in tested.windows]
    assert tested.regret == pytest.approx(mean_regret(table, [*tested.regret]), abs=1e-5)
    scores = tested.pooled["all"]["scores"]
    for name, (gap, low, high) in tested.against["all"].items():
        assert gap == pytest.approx(scores[CHOSEN][0] - scores[name][0], abs=2e-6)
        assert low <= gap <= high
    assert tested.capture[CHOSEN][0] == [0.0, 0.0]
    assert tested.capture[CHOSEN][-1] == [1.0, 1.0]


def test_what_came_later_changed_nothing(town_database: Database, tested: Backtest) -> None:
    """As of half a year before, nothing later was there at all: windows that both test agree to the last digit.

    So results known after a snapshot never enter what is tested on it: features, tuning, choice, learning, calibration.
    """
    earlier = backtest(town_database.engine_for("risk"), DAY, PLACE, windows=4)
    theirs = {window["snapshot"]: window for window in earlier.windows}
    both = [window for window in tested.windows if window["snapshot"] in theirs]
    assert len(both) == 4
    for window in both:
        assert window == theirs[window["snapshot"]]


def test_nothing_to_test_on_is_a_refusal(town_database: Database) -> None:
    """Before the first result."""
    with pytest.raises(Refusal) as refused:
        backtest(town_database.engine_for("risk"), date(2021, 3, 1), PLACE)
    assert refused.value.code == "backtest.nothing"
