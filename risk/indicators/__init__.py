"""Indicators (分类指标): five families, computed for a whole cohort as of a date."""

from risk.indicators.catalogue import CATALOGUE, Indicator
from risk.indicators.frame import FeatureFrame, feature_frame, features

__all__ = ["CATALOGUE", "FeatureFrame", "Indicator", "feature_frame", "features"]
