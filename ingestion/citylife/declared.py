"""What inspectors declare of themselves (利害关系申报): relatives behind companies, and companies they worked for.

A relative's number is the one under which the relation table knows an owner, so that a recusal follows from the two.
"""

import numpy as np

from ingestion.citylife.columns import texts
from ingestion.citylife.enterprises import Cohort
from ingestion.citylife.relations import first_owners, resident_numbers
from ingestion.citylife.staff import Staff
from ingestion.citylife.tables import Changing, Table, subject
from ingestion.citylife.timeline import Timeline

_SHARE = 0.002
_KINSHIPS = ("配偶", "父母", "子女", "兄弟姐妹", "本人")
_ROLES = ("职员", "质量负责人", "会计", "店长")
_YEARS_BACK = 2500


def relative_rows(random: np.random.Generator, staff: Staff, cohort: Cohort, known: np.datetime64) -> Table:
    """Declared relatives (亲属申报) who own a company of the cohort, a few in a thousand companies."""
    company = np.nonzero((cohort.kind == "1") & ~cohort.is_branch)[0]
    owned = random.choice(company, random.binomial(len(company), _SHARE), replace=False)
    return {
        "staff_no": staff.number[random.integers(0, len(staff.number), len(owned))],
        "kinship": texts([_KINSHIPS[k] for k in random.integers(0, len(_KINSHIPS), len(owned))]),
        "person_key": resident_numbers(first_owners(cohort, owned)),
        "known_at": np.full(len(owned), known),
    }


def employment_rows(
    random: np.random.Generator,
    staff: Staff,
    cohort: Cohort,
    called: Changing,
    timeline: Timeline,
    known: np.datetime64,
) -> Table:
    """Former employers (曾任职单位) left within the last seven years or so."""
    old = np.nonzero(cohort.established < timeline.as_of - _YEARS_BACK - 400)[0]
    left = random.choice(old, random.binomial(len(old), _SHARE), replace=False)
    until = timeline.as_of - random.integers(100, _YEARS_BACK, len(left))
    return {
        "staff_no": staff.number[random.integers(0, len(staff.number), len(left))],
        **subject(cohort, called, left, np.full(len(left), known.astype("datetime64[D]"))),
        "role": texts([_ROLES[k] for k in random.integers(0, len(_ROLES), len(left))]),
        "date_from": until - random.integers(100, 400, len(left)),
        "date_to": until,
        "known_at": np.full(len(left), known),
    }
