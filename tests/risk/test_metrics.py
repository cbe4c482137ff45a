"""Metrics against scikit-learn's, ties included, and calibration that is one."""

import numpy as np
import pytest
from scipy.stats import beta, chi2
from sklearn.calibration import calibration_curve
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
        assert metrics.ece(fitted.probability(score * 3 + 1), problem) < 0.025, "chance alone gives about .02"


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


def test_hosmer_lemeshow_by_hand_and_by_simulation() -> None:
    """Two bins by hand; true probabilities are refused in about one test of twenty, doubled ones always."""
    probability = np.array([0.2] * 10 + [0.6] * 10)
    problem = np.array([1.0] * 4 + [0] * 6 + [1] * 5 + [0] * 5)
    expected = (4 - 2) ** 2 / (10 * 0.2 * 0.8) + (5 - 6) ** 2 / (10 * 0.6 * 0.4)
    statistic, p = metrics.hosmer_lemeshow(probability, problem, bins=2, lost=0)
    assert statistic == pytest.approx(expected)
    assert p == pytest.approx(chi2.sf(expected, 2))
    random = np.random.default_rng(4)
    refused = 0
    for _ in range(200):
        true = random.uniform(0.02, 0.4, 1000)
        refused += metrics.hosmer_lemeshow(true, (random.random(1000) < true).astype(float), lost=0)[1] < 0.05
    assert 2 <= refused <= 22
    assert metrics.hosmer_lemeshow(true * 2, (random.random(1000) < true).astype(float))[1] < 1e-9


def test_the_calibration_curve_is_the_usual_one(scored: tuple[np.ndarray, np.ndarray]) -> None:
    """As scikit-learn's by quantiles; the order of equal probabilities says nothing."""
    score, problem = scored
    untied = 1 / (1 + np.exp(2 - score - np.linspace(0, 0.01, len(score))))
    observed, predicted = calibration_curve(problem, untied, n_bins=10, strategy="quantile")
    ours = metrics.calibration_curve(untied, problem)
    assert np.allclose([p for p, _, _ in ours], predicted, atol=2e-3)
    assert np.allclose([o for _, o, _ in ours], observed, atol=1e-2)
    tied = np.round(untied, 2)
    order = np.argsort(problem, kind="stable")
    assert metrics.ece(tied, problem) == pytest.approx(metrics.ece(tied[order], problem[order]), abs=1e-12)


def test_jeffreys_interval_and_test_agree() -> None:
    """Brown, Cai and DasGupta's end rule; the interval holds what a two-sided test at 5 % would not refuse."""
    assert metrics.jeffreys_interval(0, 20) == (0.0, pytest.approx(beta.ppf(0.975, 0.5, 20.5)))
    assert metrics.jeffreys_interval(20, 20)[1] == 1.0
    assert metrics.jeffreys_interval(0, 0) == (0.0, 1.0)
    low, high = metrics.jeffreys_interval(7, 40)
    for edge in (low, high):
        assert metrics.jeffreys_test(edge, 7, 40)[1] == pytest.approx(0.05)
    assert metrics.jeffreys_test(0.05, 7, 40)[0] < 0.01, "found far more than predicted"
    assert metrics.jeffreys_test(0.5, 7, 40)[0] > 0.99


def test_psi_by_hand() -> None:
    """Nothing moved: 0. Shares 50/50 to 80/20; unknown is a bin; an emptied bin does not divide by nothing."""
    before = np.array([0.0] * 50 + [1.0] * 50)
    after = np.array([0.0] * 80 + [1.0] * 20)
    assert metrics.psi(before, before, 10) == 0
    assert metrics.psi(before, after, 10) == pytest.approx(0.3 * np.log(0.8 / 0.5) - 0.3 * np.log(0.2 / 0.5))
    blank = np.where(np.arange(100) % 2 == 0, np.nan, before)
    assert metrics.psi(before, blank, 10) > 0.25
    assert np.isfinite(metrics.psi(before, np.zeros(100), 10))
    drawn = np.random.default_rng(1).normal(size=(3, 5000))
    assert metrics.psi(drawn[0], drawn[1], 10) < 0.01 < 0.1 < metrics.psi(drawn[0], drawn[2] + 0.5, 10)
    assert np.isnan(metrics.psi(drawn[0], np.zeros(0), 10))


def test_capture_at_capacity() -> None:
    """Half the visits catch both problems; with no knowledge they catch half of them."""
    problem = np.array([1.0, 1, 0, 0])
    assert metrics.capture(np.array([4.0, 3, 2, 1]), problem, 2) == 1
    assert metrics.capture(np.array([4.0, 3, 2, 1]), problem, 1) == 0.5
    assert metrics.capture(np.zeros(4), problem, 2) == 0.5
    assert metrics.capture(np.zeros(4), problem, 99) == 1


def test_auc_of_draws_is_the_auc_of_each_draw(scored: tuple[np.ndarray, np.ndarray]) -> None:
    """One sweep over counts gives what drawing the rows gives, ties included."""
    score, problem = scored
    draws = metrics.resamples(len(score), 3, 20)
    swept = metrics.auc_of_draws(score, problem, metrics.as_counts(draws, len(score)))
    assert np.allclose(swept, [metrics.auc(score[d], problem[d]) for d in draws], atol=1e-12)
    assert np.isnan(
        metrics.auc_of_draws(score, np.zeros(len(score)), metrics.as_counts(draws, len(score)))
    ).all()


def test_a_clustered_interval_is_not_fooled_by_copies(scored: tuple[np.ndarray, np.ndarray]) -> None:
    """Every visit four times over is no more evidence than once; whole enterprises are drawn or left."""
    score, problem = scored[0][:400], scored[1][:400]
    codes = np.array([f"E{n}" for n in range(400)], dtype=object)
    once = metrics.auc_of_draws(score, problem, metrics.clustered_counts(codes, 0))
    copies = np.tile(codes, 4)
    counts = metrics.clustered_counts(copies, 0)
    assert (counts[:, :400] == counts[:, 400:800]).all()
    four = metrics.auc_of_draws(np.tile(score, 4), np.tile(problem, 4), counts)
    naive = metrics.auc_of_draws(
        np.tile(score, 4), np.tile(problem, 4), metrics.as_counts(metrics.resamples(1600, 0), 1600)
    )
    assert four.std() == pytest.approx(once.std(), rel=1e-6)
    assert naive.std() < 0.7 * once.std()
