"""Inspectors (执法检查人员名录库): who they are, what they may do, when they are away, how strict they are."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingestion.citylife import names
from ingestion.citylife.columns import Integers, Reals, Texts, texts
from ingestion.citylife.enterprises import Cohort
from ingestion.citylife.items import QUALIFICATIONS
from ingestion.citylife.offices import STAFF_LETTERS
from ingestion.citylife.places import CITY_DIVISION, DISTRICT_WEIGHTS, DISTRICTS
from ingestion.citylife.tables import Changing, Table, subject
from ingestion.citylife.timeline import Dates, Timeline
from registry.vocabulary import DEPARTMENTS

STAFF_AT_20000 = {"市场监管": 42, "人社": 13, "消防": 14, "生态环境": 13, "卫健": 13, "文旅": 11}
LEAST = {"市场监管": 10, "人社": 4, "消防": 5, "生态环境": 4, "卫健": 4, "文旅": 4}
_STRICTNESS = 0.45
_CONFLICTS_PER_ENTERPRISE = 0.004
_SPECIALITIES = {
    "市场监管": ("工商", "食药", "质监", "物价"), "人社": ("劳动监察", "社会保险"), "消防": ("防火监督", "安全生产"),
    "生态环境": ("环境执法", "固废管理"), "卫健": ("卫生监督", "医政"), "文旅": ("文化执法", "旅游质监"),
}  # fmt: skip


@dataclass(frozen=True)
class Staff:
    """Everyone who inspects. `strictness` (log-odds) is hidden: it goes to the truth folder only."""

    number: Texts
    name: Texts
    department: Texts
    district: Integers
    """−1: the city's own."""
    strictness: Reals

    def of(self, department: str) -> Integers:
        """Positions of a department's inspectors."""
        return np.nonzero(self.department == department)[0]


def hire(seed: int, enterprises: int) -> Staff:
    """Inspectors in proportion to the enterprises, and never too few for a visit of two with one away."""
    random = np.random.default_rng((seed, 6))
    department: list[str] = []
    district: list[int] = []
    for name in DEPARTMENTS:
        count = max(LEAST[name], round(STAFF_AT_20000[name] * enterprises / 20_000))
        city = max(2, count // 5)
        spread = np.floor(np.cumsum(DISTRICT_WEIGHTS) * (count - city) + 1e-9).astype(int)
        posts = np.searchsorted(spread, np.arange(count - city), side="right")
        department += [name] * count
        district += [-1] * city + np.minimum(posts, len(DISTRICTS) - 1).tolist()
    number = [f"{STAFF_LETTERS[d]}{k + 1:05d}" for k, d in enumerate(department)]
    people = names.person_names(random, len(department))
    strictness = random.normal(0, _STRICTNESS, len(department))
    return Staff(texts(number), people, texts(department), np.array(district), strictness)


def pair_up(
    random: np.random.Generator, staff: Staff, department: str, district: Integers
) -> NDArray[np.int64]:
    """Two different inspectors a visit, (n, 2): of the district where there are two, else of the whole department."""
    mine = staff.of(department)
    teams = np.empty((len(district), 2), dtype=np.int64)
    for place in np.unique(district):
        rows = np.nonzero(district == place)[0]
        local = mine[(staff.district[mine] == place) | (staff.district[mine] == -1)]
        pool = local if len(local) >= 2 else mine
        first = random.integers(0, len(pool), len(rows))
        second = (first + random.integers(1, len(pool), len(rows))) % len(pool)
        teams[rows, 0], teams[rows, 1] = pool[first], pool[second]
    return teams


def staff_rows(random: np.random.Generator, staff: Staff, known: np.datetime64) -> Table:
    """The inspector file. Personal columns are in it, as they are in life; ingestion must drop them."""
    count = len(staff.number)
    chosen = [_SPECIALITIES[d] for d in staff.department]
    picks = random.integers(0, 99, (count, 2))
    return {
        "staff_no": staff.number,
        "name": staff.name,
        "department": staff.department,
        "office": texts(
            [str(CITY_DIVISION + 1 + d) if d >= 0 else str(CITY_DIVISION) for d in staff.district]
        ),
        "specialities": texts(
            [
                "、".join(dict.fromkeys((c[a % len(c)], c[b % len(c)])))
                for c, (a, b) in zip(chosen, picks, strict=True)
            ]
        ),
        "expert": random.random(count) < 0.12,
        "active": np.where(random.random(count) < 0.02, "失效", "有效").astype(object),
        "known_at": np.full(count, known),
        "mobile": texts([f"1009{k:07d}" for k in range(count)]),
        "sex": texts([("男", "女")[int(r)] for r in random.random(count) < 0.4]),
    }


def certificate_rows(
    random: np.random.Generator, staff: Staff, timeline: Timeline, known: np.datetime64
) -> Table:
    """Law-enforcement certificates and qualifications: some expired, some expiring in the next quarter."""
    holders, kinds = list(range(len(staff.number))), ["执法证"] * len(staff.number)
    for department, qualifications in QUALIFICATIONS.items():
        mine = staff.of(department)
        for turn, qualification in enumerate(qualifications):
            wanted = max(4, round(0.3 * len(mine)))
            step = [int(mine[(turn * 3 + k) % len(mine)]) for k in range(min(wanted, len(mine)))]
            holders += step
            kinds += [qualification] * len(step)
    count = len(holders)
    fate = (random.permutation(count) + 0.5) / count
    left = np.where(fate < 0.03, -random.integers(5, 200, count), random.integers(120, 1700, count))
    left = np.where((fate >= 0.03) & (fate < 0.12), random.integers(3, 92, count), left)
    until = timeline.as_of + left
    return {
        "staff_no": staff.number[holders],
        "kind": texts(kinds),
        "certificate_no": texts([f"990100{k + 1:06d}" for k in range(count)]),
        "valid_from": until - 5 * 365,
        "valid_to": until,
        "known_at": np.full(count, known),
    }


def leave_rows(random: np.random.Generator, staff: Staff, timeline: Timeline, known: np.datetime64) -> Table:
    """Leave in the quarter after as_of: nearly half of the inspectors, once, for 2 to 9 days."""
    away = np.nonzero(random.random(len(staff.number)) < 0.45)[0]
    begins: Dates = timeline.as_of + random.integers(1, 85, len(away))
    return {
        "staff_no": staff.number[away],
        "leave_from": begins,
        "leave_to": begins + random.integers(1, 9, len(away)),
        "known_at": np.full(len(away), known),
    }


def conflict_rows(
    random: np.random.Generator, staff: Staff, cohort: Cohort, called: Changing, known: np.datetime64
) -> Table:
    """Declared conflicts of interest (回避), a few in a thousand enterprises."""
    settled = np.nonzero(cohort.established < known.astype("datetime64[D]") - 60)[0]
    owner = random.choice(settled, random.binomial(len(settled), _CONFLICTS_PER_ENTERPRISE), replace=False)
    reasons = ("近亲属任职", "本人曾任职", "存在利害关系")
    return {
        "staff_no": staff.number[random.integers(0, len(staff.number), len(owner))],
        **subject(cohort, called, owner, np.full(len(owner), known.astype("datetime64[D]"))),
        "reason": texts([reasons[k] for k in random.integers(0, 3, len(owner))]),
        "known_at": np.full(len(owner), known),
    }
