"""Relations (关联关系): owners, heads and shareholders of companies; a group's owner is one person everywhere.

Persons are named and numbered in the file, as they are in life; ingestion must keep a keyed hash only. The numbers
are fictional: no division begins with 99.
"""

import numpy as np

from ingestion.citylife.columns import Integers, Texts, kept_where, texts
from ingestion.citylife.enterprises import Cohort
from ingestion.citylife.names import person_names
from ingestion.citylife.process import Risk
from ingestion.citylife.tables import Changing, Table, pick, stack, subject
from ingestion.citylife.timeline import known_in_time

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_SECOND_SHARE, _COMPANY_SHARE = 0.45, 0.12
_OTHERS = 10_000_000
_AGENTS = 5_000_000
_SHARED_NUMBERS = 10_099_000_000
"""Telephones from here on are an agent's (enterprises.py)."""
"""Persons who own nothing else are numbered after the owners of groups."""


def relate(random: np.random.Generator, cohort: Cohort, called: Changing, risk: Risk) -> Table:
    """The relation table of the companies of a cohort."""
    company = np.nonzero((cohort.kind == "1") & ~cohort.is_branch)[0]
    first = first_owners(cohort, company)
    names = cohort.lerep[company]
    capital = np.nan_to_num(cohort.regcap[company], nan=10.0)
    two = random.random(len(company)) < _SECOND_SHARE
    corporate = ~two & (random.random(len(company)) < _COMPANY_SHARE)
    share = np.where(two, random.integers(51, 91, len(company)), np.where(corporate, 40, 100)).astype(float)
    second = _OTHERS + cohort.serial[company] * 2 + 1
    mother = company[random.integers(0, len(company), len(company))] if len(company) else company
    parts = [
        _persons(company, "法定代表人", "执行董事", first, names, np.full(len(company), np.nan), capital),
        _persons(company, "股东", "自然人股东", first, names, share, capital),
        pick(_persons(company, "股东", "自然人股东", second, person_names(random, len(company)), 100 - share, capital), two),
        pick(_enterprises(cohort, called, company, "股东", "法人股东", mother, 100 - share), corporate & (mother != company)),
    ]  # fmt: skip
    branch = np.nonzero(cohort.is_branch)[0]
    if len(company) and len(branch):
        head = company[np.maximum(np.searchsorted(company, branch) - 1, 0)]
        parts.append(
            _enterprises(cohort, called, branch, "隶属企业", None, head, np.full(len(branch), np.nan))
        )
    return _dated(random, cohort, called, risk, stack(parts))


def first_owners(cohort: Cohort, company: Integers) -> Integers:
    """Numbers of the persons who own the companies: a group's owner is one everywhere."""
    return np.where(cohort.owner[company] >= 0, cohort.owner[company], _OTHERS + cohort.serial[company] * 2)


def act_for(random: np.random.Generator, cohort: Cohort, called: Changing, risk: Risk) -> Table:
    """Liaison officers (联络员): whoever has an agent's telephone has the agent's officer, the others their own."""
    company = np.nonzero((cohort.kind == "1") & ~cohort.is_branch & (random.random(len(cohort)) < 0.7))[0]
    number = cohort.telephone[company].astype(np.int64) - _SHARED_NUMBERS
    person = np.where(number >= 0, _AGENTS + number, _OTHERS * 4 + cohort.serial[company])
    unknown = np.full(len(company), np.nan)
    officers = _persons(
        company, "主要人员", "联络员", person, person_names(random, len(company)), unknown, unknown
    )
    return _dated(random, cohort, called, risk, officers)


def _persons(owner: Integers, kind: str, role: str, person: Integers, names: Texts, share: np.ndarray,
             capital: np.ndarray) -> Table:  # fmt: skip
    count = len(owner)
    return {
        "owner": owner,
        "kind": texts([kind] * count),
        "party_kind": texts(["自然人"] * count),
        "other_code": texts([None] * count),
        "other_name": texts([None] * count),
        "person_name": texts(list(names)),
        "person_number": resident_numbers(person),
        "role": texts([role] * count),
        "share": share,
        "amount": np.where(np.isnan(share), np.nan, np.round(capital * np.nan_to_num(share) / 100, 4)),
    }


def _enterprises(cohort: Cohort, called: Changing, owner: Integers, kind: str, role: str | None, other: Integers,
                 share: np.ndarray) -> Table:  # fmt: skip
    count = len(owner)
    return {
        "owner": owner,
        "kind": texts([kind] * count),
        "party_kind": texts(["企业法人"] * count),
        "other_code": cohort.code[other],
        "other_name": called.first[other],
        "person_name": texts([None] * count),
        "person_number": texts([None] * count),
        "role": texts([role] * count),
        "share": share,
        "amount": np.full(count, np.nan),
    }


def _dated(random: np.random.Generator, cohort: Cohort, called: Changing, risk: Risk, table: Table) -> Table:
    timeline = risk.timeline
    owner = table.pop("owner").astype(np.int64)
    order = np.argsort(owner, kind="stable")
    since = np.maximum(cohort.established[owner], timeline.start - 1000)
    full = {
        **subject(cohort, called, owner, since),
        **table,
        "date_from": cohort.established[owner],
        "date_to": kept_where(np.zeros(len(owner), dtype=bool), table["role"]),
        "known_at": timeline.learned(random, since, late=0),
    }
    return pick(full, order[known_in_time(timeline, full["known_at"])[order]])


def resident_numbers(person: Integers) -> Texts:
    """18 digits of a person who does not exist (身份证号): division 990100, a day of birth, check digit of GB 11643."""
    born = (np.datetime64("1950-01-01") + person * 7919 % 18_000).astype(str)
    made = []
    for day, number in zip(born, person.tolist(), strict=True):
        body = f"990100{day.replace('-', '')}{number // 18_000 % 1000:03d}"
        total = sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True))
        made.append(body + "10X98765432"[total % 11])
    return texts(made)
