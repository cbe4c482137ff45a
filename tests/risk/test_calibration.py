"""Calibration: order kept, and no certainty from a handful of visits."""

import numpy as np

from risk.calibration import calibrate


def test_a_handful_of_visits_is_never_certainty() -> None:
    rng = np.random.default_rng(0)
    raw = np.sort(rng.normal(size=2000))
    problem = (rng.random(2000) < 0.2 + 0.3 * (raw > 1)).astype(float)
    problem[-9:] = 1.0
    problem[:9] = 0.0
    fitted = calibrate(raw, problem, np.zeros(2000, bool), 200)
    assert fitted.method == "isotonic"
    shown = fitted.probability(np.append(raw, [-99.0, 99.0]))
    assert 0.0 < shown.min() < 0.2
    assert 0.5 < shown.max() < 0.99
    assert (np.diff(fitted.probability(raw)) >= 0).all()
