"""Key supervision list (重点监管名单) and addresses on the negative list (住所负面清单)."""

import numpy as np

from ingestion.citylife.columns import texts
from ingestion.citylife.enterprises import Backdrop, Cohort
from ingestion.citylife.offices import authority
from ingestion.citylife.places import CITY, CITY_DIVISION, Ground
from ingestion.citylife.process import Lives, Risk, logistic
from ingestion.citylife.tables import Changing, Table, pick, subject
from ingestion.citylife.timeline import NEVER, known_in_time
from ingestion.citylife.trades import KIND_NAMES

_FIELDS = {
    "hazard": "危险化学品",
    "food_make": "食品生产",
    "device": "特种设备",
    "drug": "药品经营",
    "clinic": "医疗机构",
}
_LISTED_HOSTS = 0.3


def watch(
    random: np.random.Generator, cohort: Cohort, called: Changing, ground: Ground, risk: Risk, lives: Lives
) -> Table:
    """The key supervision table: those of sensitive trades whose risk is high."""
    timeline, mean = risk.timeline, risk.latent.mean(axis=1)
    owners, fields = [], []
    for name, field in _FIELDS.items():
        holders = np.nonzero(cohort.permits[:, KIND_NAMES.index(name)])[0]
        chosen = holders[random.random(len(holders)) < logistic(-2.6 + 0.8 * mean[holders])]
        owners.append(chosen)
        fields += [field] * len(chosen)
    owner = np.concatenate(owners)
    day = timeline.workday(timeline.start + random.integers(30, 1700, len(owner)))
    table: Table = {
        **subject(cohort, called, owner, day),
        "field": texts(fields),
        "reason": texts(["属于重点领域且风险较高"] * len(owner)),
        "basis": texts([f"{CITY}重点监管事项清单（模拟）"] * len(owner)),
        "listed_on": day,
        "removed_on": np.full(len(owner), NEVER),
        "organ": authority("市场监管", ground.districts[cohort.place[owner]]),
        "frequency": texts(["每年不少于2次"] * len(owner)),
        "known_at": timeline.learned(random, day),
    }
    return pick(table, lives.alive(owner, day) & known_in_time(timeline, table["known_at"]))


def bad_addresses(random: np.random.Generator, backdrop: Backdrop) -> Table:
    """The negative list: some of the hosted addresses, where enterprises are many and hard to find."""
    chosen = np.nonzero(random.random(len(backdrop.hosts)) < _LISTED_HOSTS)[0]
    chosen = chosen if len(chosen) else np.array([0])
    day = backdrop.timeline.workday(backdrop.timeline.start + random.integers(100, 1600, len(chosen)))
    district = backdrop.ground.districts[backdrop.host_places[chosen]]
    return {
        "address": backdrop.hosts[chosen],
        "division": (CITY_DIVISION + 1 + district).astype(str).astype(object),
        "kind": texts(["集中登记异常"] * len(chosen)),
        "reason": texts(["多户主体在此登记而无法联系"] * len(chosen)),
        "organ": authority("市场监管", district),
        "listed_on": day,
        "removed_on": np.full(len(chosen), NEVER),
        "known_at": backdrop.timeline.learned(random, day),
    }
