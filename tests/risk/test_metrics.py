"""Metrics against scikit-learn's, ties included, and calibration that is one."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from risk import metrics
from risk.calibration import calibrate
from risk.evaluate import plain


@pytest.fixture(scope="module")
def scored() -> tuple[np.ndarray, np.ndarray]:
    """2,000 visits with many ties in the score."""
    random = np.random.default_rng(2)
    score = np.round(random.normal(size=2000), 1)
    return score, (random.random(2000) < 1 / (1 + np.exp(2 - score))).astype(float)


def test_auc_and_ap_are_the_usual_ones(scored: tuple[np.ndarray, np.ndarray]) -> None:
    """Ties count half in AUC and enter together in AP."""
    score, problem = scored
    assert metrics.auc(score, problem) == pytest.approx(roc_auc_score(problem, score), abs=1e-12)
    assert metrics.average_precision(score, problem) == pytest.approx(average_precision_score(problem, score))


def test_ks_and_lift_by_hand() -> None:
    """Four visits, two problems on top: perfect separation, twice the rate among the top half."""
    score, problem = np.array([4.0, 3, 2, 1]), np.array([1.0, 1, 0, 0])
    assert metrics.ks(score, problem) == 1
    assert metrics.lift(score, problem, 0.5) == 2
    assert metrics.lift(np.zeros(4), problem, 0.5) == 1, "a score that says nothing lifts nothing"


def test_one_outcome_has_no_auc() -> None:
    """NaN, and null in JSON."""
    assert plain({"auc": metrics.auc(np.arange(3.0), np.zeros(3))}) == {"auc": None}


def test_a_paired_interval_knows_the_better_score(scored: tuple[np.ndarray, np.ndarray]) -> None:
    """The score against itself: nothing. Against noise: surely better."""
    score, problem = scored
    draws = metrics.resamples(len(score), 0)
    assert metrics.paired_difference(score, score, problem, draws) == [0, 0, 0]
    noise = np.random.default_rng(0).normal(size=len(score))
    assert metrics.paired_difference(score, noise, problem, draws)[1] > 0


def test_calibration_repairs_a_distorted_score(scored: tuple[np.ndarray, np.ndarray]) -> None:
    """Platt with few positives, isotonic with enough; both nearly right where the raw score is far off."""
    score, problem = scored
    first = np.zeros(len(score), bool)
    for enough, method in ((10**9, "platt"), (50, "isotonic")):
        fitted = calibrate(score * 3 + 1, problem, first, enough)
        assert fitted.method == method
        assert metrics.ece(fitted.probability(score * 3 + 1), problem) < 0.02


def test_a_useless_score_keeps_its_order(scored: tuple[np.ndarray, np.ndarray]) -> None:
    """A score that points the wrong way is flattened, never turned round."""
    score, problem = scored
    fitted = calibrate(-score, problem, np.zeros(len(score), bool), 10**9)
    assert fitted.slope > 0
    assert np.ptp(fitted.probability(-score)) < 0.01


def test_first_time_places_have_a_wider_interval(scored: tuple[np.ndarray, np.ndarray]) -> None:
    """Their bins hold fewer visits."""
    score, problem = scored
    first = np.arange(len(score)) % 20 == 0
    fitted = calibrate(score, problem, first, 10**9)
    low, high = fitted.interval(np.zeros(2), np.array([False, True]))
    assert high[1] - low[1] > high[0] - low[0]
