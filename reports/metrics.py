"""Metrics of a model run beside its baselines (模型指标与基线), read from `model_run.metrics` as risk/ wrote it."""

from collections.abc import Mapping
from typing import Any

SCORES = {
    "lightgbm": "LightGBM", "logistic": "逻辑回归", "rule_score": "规则评分", "scorecard": "规则评分",
    "last_result": "基线：上次检查结果", "group_rate": "基线：同类平均", "mean_score": "基线：历史平均得分",
}  # fmt: skip
MEASURES = (
    ("auc", "AUC"),
    ("ap", "平均精度"),
    ("ks", "KS"),
    ("lift_10", "前10%提升"),
    ("brier", "Brier"),
    ("ece", "ECE"),
)
LIFT_SHARES = (("lift_1", 0.01), ("lift_5", 0.05), ("lift_10", 0.10))


def metric_rows(metrics: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """One row a score: its name and each measure, with its 95 % interval where there is one; '—' where not."""
    return [
        (SCORES.get(name, name), *(_shown(row.get(key)) for key, _ in MEASURES))
        for name, row in _scores(metrics).items()
    ]


def lift_points(metrics: Mapping[str, Any], learner: str) -> list[tuple[float, float]]:
    """(share, lift) of the chosen score; empty where it was not measured."""
    row = _scores(metrics).get("rule_score" if learner == "scorecard" else learner, {})
    points = [(share, _value(row.get(key))) for key, share in LIFT_SHARES]
    return [(share, value) for share, value in points if value is not None]


def calibration_points(metrics: Mapping[str, Any]) -> list[tuple[float, float, float]]:
    """(predicted, observed, visits) of each bin; empty where the run could not be calibrated."""
    found: Any = metrics.get("calibration") or []
    return [(float(p), float(o), float(n)) for p, o, n in found]


def test_of(metrics: Mapping[str, Any]) -> str:
    """On what the measures were taken, in a sentence."""
    test = metrics.get("test") or {}
    everything = test.get("all") or {}
    if not everything:
        return "没有可用于检验的后续窗口，模型指标从缺。"
    return (
        f"时间外检验：以 {test.get('snapshot', '—')} 的指标预测其后至 {test.get('until', '—')} 的 "
        f"{everything.get('visits', 0):,} 次检查（其中 {everything.get('problems', 0):,} 次发现问题）。"
    )


def remarks(metrics: Mapping[str, Any]) -> list[str]:
    """Limits and leak alarms of the run, in sentences."""
    return [str(said) for key in ("alarms", "limits") for said in metrics.get(key) or []]


def _scores(metrics: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    found: Any = ((metrics.get("test") or {}).get("all") or {}).get("scores") or {}
    return found


def _value(measure: Any) -> float | None:
    value = measure[0] if isinstance(measure, list | tuple) else measure
    return None if value is None else float(value)


def _shown(measure: Any) -> str:
    value = _value(measure)
    if value is None:
        return "—"
    if isinstance(measure, list | tuple) and len(measure) == 3 and None not in measure:
        return f"{value:.3f}（{measure[1]:.3f}–{measure[2]:.3f}）"
    return f"{value:.3f}"
