"""Annual reports (年度报告): on time, late, never; corrected or all zero; and the listings that follow."""

from dataclasses import dataclass

import numpy as np

from ingestion.citylife.columns import Integers
from ingestion.citylife.enterprises import Cohort
from ingestion.citylife.process import Lives, Risk, logistic
from ingestion.citylife.tables import Changing, Table, pick, stack, subject
from ingestion.citylife.timeline import NEVER, Dates, known_in_time


@dataclass(frozen=True)
class Missed:
    """Reports that were due and not filed by 30 June: whose, due when, and filed late on (NaT: not yet)."""

    owner: Integers
    due: Dates
    filed: Dates


def report(
    random: np.random.Generator, cohort: Cohort, called: Changing, risk: Risk, lives: Lives
) -> tuple[Table, Missed]:
    """The annual-report table and the missed ones (企业信息公示暂行条例 Art 8: due 30 June of the next year)."""
    timeline = risk.timeline
    tables, misses = [], []
    for year in range(int(str(timeline.start)[:4]), int(str(timeline.as_of)[:4])):
        due = np.datetime64(f"{year + 1}-06-30")
        days = np.full(len(cohort), due)
        must = lives.alive(np.arange(len(cohort)), days) & (
            cohort.established <= np.datetime64(f"{year}-12-31")
        )
        owner = np.nonzero(must & (due <= timeline.as_of))[0]
        filed, missed = _filing_days(random, risk, owner, due)
        misses.append(Missed(owner[missed], np.full(int(missed.sum()), due), filed[missed]))
        exists = ~np.isnat(filed)
        owner, filed = owner[exists], filed[exists]
        tables.append(_rows(random, cohort, called, risk, owner, filed, year))
    everything = stack(tables)
    return (
        pick(everything, known_in_time(timeline, everything["known_at"])),
        Missed(
            np.concatenate([m.owner for m in misses]),
            np.concatenate([m.due for m in misses]),
            np.concatenate([m.filed for m in misses]),
        ),
    )


def _filing_days(
    random: np.random.Generator, risk: Risk, owner: Integers, due: np.datetime64
) -> tuple[Dates, np.ndarray]:
    level = risk.at(owner, np.full(len(owner), due))
    missed = random.random(len(owner)) < logistic(-3.3 + 1.3 * level)
    eager = random.beta(1.2 + 1.0 * np.exp(0.6 * level), 1.6, len(owner))
    on_time = due - 180 + np.minimum(eager * 181, 180).astype(np.int64)
    wait = random.exponential(260 * np.exp(0.3 * level)).astype(np.int64) + 5
    late = np.where(random.random(len(owner)) < 0.8, due + wait, NEVER)
    return np.where(missed, late, on_time), missed


def _rows(
    random: np.random.Generator,
    cohort: Cohort,
    called: Changing,
    risk: Risk,
    owner: Integers,
    filed: Dates,
    year: int,
) -> Table:
    level = risk.at(owner, filed)
    zero = random.random(len(owner)) < logistic(-3.1 + 1.0 * level + 1.2 * (cohort.host[owner] >= 0))
    people = np.maximum(1, cohort.empnum[owner] * np.exp(random.normal(0, 0.12, len(owner)))).astype(np.int64)
    insured = np.where(
        cohort.kind[owner] == "1", people * random.beta(8, 2.0 + 2.5 * np.exp(0.4 * level), len(owner)), 0
    ).astype(np.int64)
    first: Table = {
        **subject(cohort, called, owner, filed),
        "report_year": np.full(len(owner), year),
        "submitted_on": filed,
        "all_zero": zero,
        "amended": np.zeros(len(owner), dtype=np.int64),
        "empnum": np.where(zero, 0, people),
        "insured": np.where(zero, 0, insured),
        "known_at": risk.timeline.learned(random, filed),
    }
    amended = random.random(len(owner)) < logistic(-4.0 + 0.5 * level)
    again = pick(first, amended)
    again["amended"] = np.ones(int(amended.sum()), dtype=np.int64)
    again["empnum"] = again["empnum"] + 1
    later = filed[amended] + random.integers(10, 200, int(amended.sum()))
    again["known_at"] = np.maximum(
        risk.timeline.learned(random, later), again["known_at"] + np.timedelta64(1, "h")
    )
    return stack([first, again])
