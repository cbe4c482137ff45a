"""Signals from courts, tax and social insurance (司法、税务、社保信息): they come with the hidden risk, and before it shows."""

import numpy as np

from ingestion.citylife.columns import Integers, texts
from ingestion.citylife.enterprises import Cohort
from ingestion.citylife.places import CITY, DISTRICTS, Ground
from ingestion.citylife.process import Lives, Risk, logistic, occurrences
from ingestion.citylife.tables import Changing, Table, pick, stack, subject
from ingestion.citylife.timeline import NEVER, Dates, known_in_time

_JUDICIAL = (
    ("涉诉被告", 0.022, 0.7, "民初", "合同纠纷"), ("被执行人", 0.008, 0.9, "执", "合同纠纷执行"),
    ("失信被执行人", 0.002, 1.1, "执失", "有履行能力而拒不履行"), ("股权冻结", 0.002, 0.9, "执保", "财产保全"),
    ("股权出质", 0.004, 0.2, "出质", "借款担保"), ("动产抵押", 0.004, 0.2, "抵押", "借款担保"),
)  # fmt: skip
"""Kind, yearly rate of a company, how it grows with risk, word of the number, cause."""
RESTRAINTS = (
    ("限制高消费", 0.003, 1.1, "执限", "未履行给付义务"), ("破产", 0.001, 0.9, "破申", "不能清偿到期债务"),
)  # fmt: skip
_TAX_BUREAU = f"{CITY}税务局"
_GRADED_YEARS = 2
_GRADES = ("A", "B", "M", "C", "D")


def sue(
    random: np.random.Generator, cohort: Cohort, called: Changing, ground: Ground, risk: Risk, lives: Lives,
    kinds: tuple[tuple[str, float, float, str, str], ...] = _JUDICIAL,
) -> Table:  # fmt: skip
    """The judicial table: a case, and its end as a later version."""
    timeline, level = risk.timeline, risk.yearly()
    company = ((cohort.kind == "1") & ~cohort.is_branch)[:, None]
    parts = [
        _cases(random, cohort, called, ground, risk, *occurrences(
            random, np.minimum(company * rate * np.exp(slope * level), 2), lives, timeline), kind)
        for kind in kinds for rate, slope in (kind[1:3],)
    ]  # fmt: skip
    table = stack(parts)
    ends = random.random(len(table["kind"])) < 0.55
    later = pick(table, ends)
    later["ended_on"] = timeline.workday(later["happened_on"] + random.integers(90, 500, int(ends.sum())))
    later["state"] = texts(["结案"] * int(ends.sum()))
    later["known_at"] = timeline.learned(random, later["ended_on"])
    both = stack([table, later])
    return pick(both, known_in_time(timeline, both["known_at"]))


def _cases(random: np.random.Generator, cohort: Cohort, called: Changing, ground: Ground, risk: Risk, owner: Integers,
           day: Dates, about: tuple[str, float, float, str, str]) -> Table:  # fmt: skip
    kind, _, _, sign, cause = about
    day = risk.timeline.workday(day)
    years, chunk = day.astype("datetime64[Y]").astype(str), int(cohort.serial[0])
    district = ground.districts[cohort.place[owner]]
    secured = sign in ("出质", "抵押")
    organs = [f"{CITY}{DISTRICTS[d]}{'市场监督管理局' if secured else '人民法院'}" for d in district]
    return {
        **subject(cohort, called, owner, day),
        "kind": texts([kind] * len(owner)),
        "case_no": texts([f"（{y}）安{sign}{chunk + k}号" for k, y in enumerate(years)]),
        "organ": texts(organs),
        "cause": texts([cause] * len(owner)),
        "amount": np.round(np.exp(random.normal(2.5, 1.2, len(owner))), 2),
        "happened_on": day,
        "ended_on": np.full(len(owner), NEVER),
        "state": texts(["有效"] * len(owner)),
        "known_at": risk.timeline.learned(random, day),
    }


def tax(random: np.random.Generator, cohort: Cohort, called: Changing, risk: Risk, lives: Lives) -> Table:
    """The tax table: grades of the last years, arrears and enterprises that the tax bureau cannot find."""
    timeline = risk.timeline
    last = int(str(timeline.as_of)[:4]) - 1
    parts = [
        _grades(random, cohort, called, risk, lives, year)
        for year in range(last - _GRADED_YEARS + 1, last + 1)
    ]
    for kind, rate, slope in (("欠税", 0.008, 0.8), ("非正常户", 0.004, 1.1)):
        company = (cohort.kind == "1")[:, None]
        owner, day = occurrences(
            random, np.minimum(company * rate * np.exp(slope * risk.yearly()), 2), lives, timeline
        )
        day = timeline.workday(day)
        amount = np.round(np.exp(random.normal(1.5, 1.0, len(owner))), 4)
        parts.append(
            _rows(random, cohort, called, risk, owner, day, kind)
            | {"period": day.astype("datetime64[M]").astype(str).astype(object)}
            | ({"amount": amount} if kind == "欠税" else {})
        )
    table = stack(parts)
    return pick(table, known_in_time(timeline, table["known_at"]))


def owe(random: np.random.Generator, cohort: Cohort, called: Changing, risk: Risk, lives: Lives) -> Table:
    """Further findings: social insurance not paid, major tax offences; half of them settled later."""
    timeline, parts = risk.timeline, []
    for kind, rate, slope in (("欠缴社保", 0.008, 0.8), ("重大税收违法", 0.002, 1.0)):
        company = (cohort.kind == "1")[:, None]
        owner, day = occurrences(
            random, np.minimum(company * rate * np.exp(slope * risk.yearly()), 2), lives, timeline
        )
        day = timeline.workday(day)
        parts.append(
            _rows(random, cohort, called, risk, owner, day, kind)
            | {"period": day.astype("datetime64[M]").astype(str).astype(object)}
            | {"amount": np.round(np.exp(random.normal(1.5, 1.0, len(owner))), 4)}
        )
    table = stack(parts)
    table["ended_on"] = np.full(len(table["kind"]), NEVER)
    later = pick(table, random.random(len(table["kind"])) < 0.5)
    later["ended_on"] = timeline.workday(later["happened_on"] + random.integers(30, 400, len(later["kind"])))
    later["known_at"] = timeline.learned(random, later["ended_on"])
    both = stack([table, later])
    return pick(both, known_in_time(timeline, both["known_at"]))


def _grades(
    random: np.random.Generator, cohort: Cohort, called: Changing, risk: Risk, lives: Lives, year: int
) -> Table:
    published = np.datetime64(f"{year + 1}-04-20")
    companies = np.nonzero((cohort.kind == "1") & ~cohort.is_branch & (random.random(len(cohort)) < 0.6))[0]
    day = risk.timeline.workday(np.full(len(companies), published) + random.integers(0, 10, len(companies)))
    graded = lives.alive(companies, day) & (cohort.established[companies] < np.datetime64(f"{year}-07-01"))
    owner, day = companies[graded], day[graded]
    badness = logistic(-1.2 + 0.9 * risk.at(owner, day) + random.normal(0, 0.8, len(owner)))
    grade = np.digitize(badness, (0.12, 0.35, 0.5, 0.72))
    return _rows(random, cohort, called, risk, owner, day, "纳税信用等级") | {
        "period": texts([str(year)] * len(owner)),
        "tax_grade": texts([_GRADES[g] for g in grade]),
    }


def _rows(random: np.random.Generator, cohort: Cohort, called: Changing, risk: Risk, owner: Integers, day: Dates,
          kind: str) -> Table:  # fmt: skip
    return {
        **subject(cohort, called, owner, day),
        "kind": texts([kind] * len(owner)),
        "period": texts([None] * len(owner)),
        "tax_grade": texts([None] * len(owner)),
        "amount": np.full(len(owner), np.nan),
        "organ": texts([_TAX_BUREAU] * len(owner)),
        "happened_on": day,
        "known_at": risk.timeline.learned(random, day),
    }
