"""Commitments (告知承诺) and their checks: the riskier the enterprise, the less its word holds."""

import numpy as np

from ingestion.citylife.columns import texts
from ingestion.citylife.enterprises import Cohort
from ingestion.citylife.offices import authority, authority_code
from ingestion.citylife.places import Ground
from ingestion.citylife.process import Lives, Risk, logistic, occurrences
from ingestion.citylife.tables import Changing, Table, pick, subject
from ingestion.citylife.timeline import known_in_time

_KINDS = (
    ("涉企经营许可告知承诺", "食品经营许可新办"), ("证明事项告知承诺", "住所使用证明"), ("容缺受理", "许可延续补正材料"),
    ("信用承诺", "守法诚信经营"),
)  # fmt: skip
_SHARES = (0.4, 0.25, 0.15, 0.2)
_CHECKED = 0.6
_OUTCOMES = ("承诺不实", "未履行", "部分履行")
_MEASURES = {"承诺不实": "责令整改，不再适用告知承诺", "未履行": "责令限期履行", "部分履行": "责令限期补正"}


def promise(
    random: np.random.Generator, cohort: Cohort, called: Changing, ground: Ground, risk: Risk, lives: Lives
) -> tuple[Table, Table]:
    """The tables of commitments and of their checks."""
    timeline = risk.timeline
    busy = 0.02 + 0.06 * (cohort.permits.sum(axis=1) > 0)
    rate = busy[:, None] * np.ones((1, risk.yearly().shape[1]))
    owner, day = occurrences(random, rate, lives, timeline)
    day = timeline.workday(day)
    kind = random.choice(len(_KINDS), len(owner), p=_SHARES)
    district, chunk = ground.districts[cohort.place[owner]], int(cohort.serial[0])
    number = texts([f"CN9901{chunk:08d}{k:05d}" for k in range(len(owner))])
    made: Table = {
        "commitment_no": number,
        **subject(cohort, called, owner, day),
        "kind": texts([_KINDS[k][0] for k in kind]),
        "matter": texts([_KINDS[k][1] for k in kind]),
        "content": texts(["已知晓告知事项，符合规定的条件"] * len(owner)),
        "committed_on": day,
        "due_on": day + random.integers(30, 120, len(owner)),
        "organ": authority("市场监管", district),
        "organ_code": authority_code("市场监管", district),
        "published": np.ones(len(owner), dtype=bool),
        "known_at": timeline.learned(random, day),
    }
    checks = _check(random, cohort, risk, made, owner)
    return (
        pick(made, known_in_time(timeline, made["known_at"])),
        pick(checks, known_in_time(timeline, checks["known_at"])),
    )


def _check(random: np.random.Generator, cohort: Cohort, risk: Risk, made: Table, owner: np.ndarray) -> Table:
    chosen = np.nonzero(random.random(len(owner)) < _CHECKED)[0]
    day = risk.timeline.after(made["committed_on"][chosen], random.integers(10, 50, len(chosen)))
    level = risk.at(owner[chosen], day)
    broken = random.random(len(chosen)) < logistic(-2.7 + 1.0 * level)
    turn = random.integers(0, len(_OUTCOMES), len(chosen))
    outcome = [_OUTCOMES[t] if bad else "已履行" for t, bad in zip(turn, broken, strict=True)]
    said = {
        name: made[name][chosen]
        for name in ("commitment_no", "given_code", "given_regno", "given_name", "organ")
    }
    return {
        **said,
        "checked_on": day,
        "outcome": texts(outcome),
        "facts": texts(["核查发现与承诺不符" if bad else None for bad in broken]),
        "measure": texts([_MEASURES.get(each) for each in outcome]),
        "known_at": risk.timeline.learned(random, day),
    }
