"""The hidden risk process (隐性风险过程): what really drives events. Its truth is for evaluation only."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingestion.citylife.columns import Integers, Reals, Texts, kept_where
from ingestion.citylife.enterprises import Backdrop, Cohort
from ingestion.citylife.timeline import YEARS, Dates, Timeline
from ingestion.citylife.trades import TRADES

PROBLEM_INTERCEPT, PROBLEM_SLOPE = -2.4, 1.5
"""Log-odds that a random check by an average inspector finds a problem: intercept + slope × latent risk."""
_DRIFT, _MEMORY = 0.38, 0.85
ENDING_STATES = ("注销", "吊销", "迁出", "撤销", "清算")


@dataclass(frozen=True)
class Risk:
    """`latent` (n, 6): standardised risk of each enterprise on the six anniversaries of the timeline."""

    latent: Reals
    timeline: Timeline

    def yearly(self) -> Reals:
        """(n, 5): the mean of each year."""
        return (self.latent[:, 1:] + self.latent[:, :-1]) / 2

    def at(self, owner: Integers, days: Dates) -> Reals:
        """Latent risk of enterprise `owner` on each day, interpolated between anniversaries."""
        year = self.timeline.year(days)
        opens, closes = self.timeline.edges[year], self.timeline.edges[year + 1]
        share = np.clip((days - opens) / (closes - opens), 0, 1)
        return self.latent[owner, year] * (1 - share) + self.latent[owner, year + 1] * share

    def problem(self, owner: Integers, days: Dates) -> Reals:
        """Probability that a random check by an average inspector finds a problem."""
        return logistic(PROBLEM_INTERCEPT + PROBLEM_SLOPE * self.at(owner, days))


@dataclass(frozen=True)
class Lives:
    """From when to when each enterprise could be the subject of an event; `state` is how it ended, or None."""

    begins: Dates
    ends: Dates
    """Day after as_of for those still in business."""
    state: Texts

    def alive(self, owner: Integers, days: Dates) -> NDArray[np.bool_]:
        """Whether each enterprise existed on the day."""
        return (days >= self.begins[owner]) & (days < self.ends[owner])


def logistic(x: Reals) -> Reals:
    """1 / (1 + e^−x)."""
    return np.asarray(1.0 / (1.0 + np.exp(-x)))


def latent_risk(backdrop: Backdrop, cohort: Cohort) -> Risk:
    """Persistent part (trade, place, owner group, hosted address, size, own character) plus slow drift."""
    random = np.random.default_rng((backdrop.seed, 4, int(cohort.serial[0])))
    count = len(cohort)
    grouped = np.where(cohort.owner >= 0, backdrop.owner_effect[cohort.owner], 0.0)
    lasting = (
        np.array([t.risk for t in TRADES])[cohort.trade] * 1.5
        + backdrop.place_effect[cohort.place]
        + 0.7 * grouped
        + 0.65 * (cohort.host >= 0)
        - 0.35 * cohort.scaled
        - 0.3 * (cohort.kind == "2")
        + random.normal(-0.47, 0.58, count)
    )
    drift = random.normal(0, _DRIFT, count)
    path = [drift]
    for _ in range(YEARS):
        drift = _MEMORY * drift + np.sqrt(1 - _MEMORY**2) * random.normal(0, _DRIFT, count)
        path.append(drift)
    age = (backdrop.timeline.edges[None, :] - cohort.established[:, None]).astype(float) / 365.25
    young = 0.5 * np.exp(-np.clip(age, 0, None) / 1.5) - 0.012 * np.clip(age, 0, 20)
    return Risk(lasting[:, None] + np.stack(path, axis=1) + young, backdrop.timeline)


def live(backdrop: Backdrop, cohort: Cohort, risk: Risk) -> Lives:
    """Who leaves the register within the five years, when and how: about one in ten, the risky sooner."""
    random = np.random.default_rng((backdrop.seed, 5, int(cohort.serial[0])))
    timeline, count = backdrop.timeline, len(cohort)
    mean = risk.latent.mean(axis=1)
    leaves = random.random(count) < logistic(-1.85 + 0.45 * mean)
    span = int((timeline.as_of - timeline.start).astype(int))
    day = timeline.start + random.integers(20, span - 20, count)
    leaves &= day > cohort.established + 90
    odds = np.array([0.62, 0.2, 0.1, 0.03, 0.05])[None, :] * np.exp(np.outer(mean, [0, 0.6, 0, 0.8, 0.1]))
    pick = (np.cumsum(odds, axis=1) / odds.sum(axis=1, keepdims=True) < random.random((count, 1))).sum(axis=1)
    state = np.array(ENDING_STATES, dtype=object)[np.minimum(pick, len(ENDING_STATES) - 1)]
    return Lives(
        np.maximum(cohort.established, timeline.start),
        np.where(leaves, day, timeline.as_of + 1),
        kept_where(leaves, state),
    )


def occurrences(
    random: np.random.Generator, rate: Reals, lives: Lives, timeline: Timeline
) -> tuple[Integers, Dates]:
    """Events of a Poisson process: (owner, day), ordered by owner and day.

    rate: (n, 5), expected events of each enterprise in each year of the history.
    """
    owner, year = np.nonzero(np.ones_like(rate, dtype=bool))
    count = random.poisson(rate[owner, year])
    owner, year = np.repeat(owner, count), np.repeat(year, count)
    length = (timeline.edges[year + 1] - timeline.edges[year]).astype(np.int64)
    day = timeline.edges[year] + (random.random(len(owner)) * length).astype(np.int64)
    keep = lives.alive(owner, day)
    owner, day = owner[keep], day[keep]
    order = np.lexsort((day, owner))
    return owner[order], day[order]
