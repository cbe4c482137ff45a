"""Permits (行政许可): granted, renewed in time, renewed late, left to expire; and the special libraries."""

import numpy as np

from ingestion.citylife.columns import Integers, texts
from ingestion.citylife.enterprises import Cohort
from ingestion.citylife.offices import SHORT_SIGNS, authority, authority_code
from ingestion.citylife.places import Ground
from ingestion.citylife.process import Lives, Risk, logistic
from ingestion.citylife.tables import Changing, Table, pick, stack, subject
from ingestion.citylife.timeline import Dates, known_in_time
from ingestion.citylife.trades import KIND_NAMES, LIBRARY_WITHOUT_PERMIT, PERMIT_KINDS

_ENDLESS = np.datetime64("2099-12-31")
_MISSING = 0.035


def grant(
    random: np.random.Generator, cohort: Cohort, called: Changing, ground: Ground, risk: Risk, lives: Lives
) -> tuple[Table, Table]:
    """The permit table and the library table."""
    permits, entries = [], []
    mean = risk.latent.mean(axis=1)
    without = random.random((len(cohort), 1)) < _MISSING * np.exp(0.6 * mean[:, None])
    for column, name in enumerate(KIND_NAMES):
        owner = np.nonzero(cohort.permits[:, column] & ~without[:, 0])[0]
        if name in LIBRARY_WITHOUT_PERMIT:
            entries.append(_tagged(random, cohort, called, ground, risk, owner, name))
            continue
        for turn, (rows, start, end) in enumerate(_terms(random, cohort, risk, lives, owner, name)):
            table = _permit_rows(random, cohort, called, ground, risk, rows, start, end, name, turn)
            permits.append(table)
            entries.append(_entries(cohort, ground, table, rows, name))
    timeline = risk.timeline
    everything, library = stack(permits), stack(entries)
    return (
        pick(everything, known_in_time(timeline, everything["known_at"])),
        pick(library, known_in_time(timeline, library["known_at"])),
    )


def _terms(
    random: np.random.Generator, cohort: Cohort, risk: Risk, lives: Lives, owner: Integers, name: str
) -> list[tuple[Integers, Dates, Dates]]:
    """Successive terms of one kind of permit: (owners, first days, last days)."""
    kind, timeline = PERMIT_KINDS[name], risk.timeline
    start = cohort.established[owner] + random.integers(10, 80, len(owner))
    start = np.maximum(start, np.datetime64(f"{kind.from_year}-03-01") + random.integers(0, 700, len(owner)))
    length = kind.years * 365
    if length:
        behind = np.maximum((timeline.start - 60 - start).astype(np.int64), 0) // length
        start = start + behind * length
    terms = []
    while len(owner):
        known = (start <= timeline.as_of) & (start < lives.ends[owner])
        owner, start = owner[known], start[known]
        end = start + length - 1 if length else np.full(len(owner), _ENDLESS)
        terms.append((owner, start, end))
        if not length:
            break
        level = risk.at(owner, np.clip(end, timeline.start, timeline.as_of))
        renews = random.random(len(owner)) < logistic(3.4 - 0.7 * level)
        late = random.random(len(owner)) < logistic(-2.6 + 0.8 * level)
        gap = np.where(late, random.integers(5, 150, len(owner)), 0)
        owner, start = owner[renews], (end + 1 + gap)[renews]
    return terms


def _permit_rows(
    random: np.random.Generator, cohort: Cohort, called: Changing, ground: Ground, risk: Risk, owner: Integers,
    start: Dates, end: Dates, name: str, turn: int,
) -> Table:  # fmt: skip
    kind = PERMIT_KINDS[name]
    district = ground.districts[cohort.place[owner]]
    decided = risk.timeline.workday(start) if turn == 0 else risk.timeline.workday(start - 20)
    years = decided.astype("datetime64[Y]").astype(str)
    serial = cohort.serial[owner]
    return {
        **subject(cohort, called, owner, decided),
        "counterpart": np.where(cohort.kind[owner] == "3", "个体工商户", "法人及非法人组织").astype(object),
        "xk_xkws": texts([kind.document] * len(owner)),
        "xk_wsh": texts(
            [
                f"安{SHORT_SIGNS[kind.department]}许〔{y}〕{kind.prefix}{s:07d}号"
                for y, s in zip(years, serial, strict=True)
            ]
        ),
        "xk_xklb": texts([kind.category] * len(owner)),
        "xk_xkzs": texts([kind.certificate] * len(owner)),
        "xk_xkbh": _licence(kind.prefix, district, serial),
        "xk_nr": texts([kind.scope] * len(owner)),
        "xk_jdrq": decided,
        "xk_yxqz": start,
        "xk_yxqzi": end,
        "xk_xkjg": authority(kind.department, district),
        "xk_xkjgdm": authority_code(kind.department, district),
        "xk_zt": texts(["有效"] * len(owner)),
        "xk_lydw": authority(kind.department, district),
        "xk_lydwdm": authority_code(kind.department, district),
        "department": texts([kind.department] * len(owner)),
        "known_at": risk.timeline.learned(random, decided),
    }


def _licence(prefix: str, district: Integers, serial: Integers) -> np.ndarray:
    return texts([f"{prefix}9901{d + 1:02d}{s:08d}" for d, s in zip(district, serial, strict=True)])


def _entries(cohort: Cohort, ground: Ground, permits: Table, owner: Integers, name: str) -> Table:
    kind, place = PERMIT_KINDS[name], cohort.place[owner]
    return {
        "library": texts([kind.library] * len(owner)),
        "tag": texts([kind.certificate] * len(owner)),
        "given_code": permits["given_code"],
        "given_regno": permits["given_regno"],
        "entname": permits["given_name"],
        "licence_no": permits["xk_xkbh"],
        "valid_to": permits["xk_yxqzi"],
        "regorg": permits["xk_xkjg"],
        "localadm": ground.office_code(place).astype(object),
        "active": np.ones(len(owner), dtype=bool),
        "known_at": permits["known_at"] + np.timedelta64(1, "D"),
    }


def _tagged(
    random: np.random.Generator, cohort: Cohort, called: Changing, ground: Ground, risk: Risk, owner: Integers, name: str
) -> Table:  # fmt: skip
    library, department = LIBRARY_WITHOUT_PERMIT[name]
    since = np.maximum(cohort.established[owner] + 40, risk.timeline.start - 900)
    return {
        "library": texts([library] * len(owner)),
        "tag": texts([f"{library}单位"] * len(owner)),
        **{
            k if k != "given_name" else "entname": v for k, v in subject(cohort, called, owner, since).items()
        },
        "licence_no": texts([None] * len(owner)),
        "valid_to": np.full(len(owner), np.datetime64("9999-09-09")),
        "regorg": authority(department, ground.districts[cohort.place[owner]]),
        "localadm": ground.office_code(cohort.place[owner]).astype(object),
        "active": np.ones(len(owner), dtype=bool),
        "known_at": risk.timeline.learned(random, since),
    }
