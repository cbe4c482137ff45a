"""Honours and certificates (荣誉、体系认证): the sound and the large have more of them."""

import numpy as np

from ingestion.citylife.columns import texts
from ingestion.citylife.enterprises import Cohort
from ingestion.citylife.places import CITY
from ingestion.citylife.process import Lives, Risk, occurrences
from ingestion.citylife.tables import Changing, Table, pick, subject
from ingestion.citylife.timeline import known_in_time

_KINDS = (
    ("荣誉", "守合同重信用企业", f"{CITY}市场监督管理局", "市级", 2), ("荣誉", "质量奖", f"{CITY}人民政府", "市级", 3),
    ("体系认证", "质量管理体系认证", "安和认证中心（模拟）", None, 3), ("体系认证", "环境管理体系认证", "安和认证中心（模拟）", None, 3),
    ("自愿认证", "绿色产品认证", "安和认证中心（模拟）", None, 5),
)  # fmt: skip
_SHARES = (0.3, 0.05, 0.4, 0.15, 0.1)
_TITLES = (
    ("知识产权", "发明专利", "国家知识产权局（模拟）", None, 10), ("知识产权", "注册商标", "国家知识产权局（模拟）", None, 10),
    ("联合激励", "A 级纳税人联合激励", f"{CITY}税务局", "市级", 1),
)  # fmt: skip
_TITLE_SHARES = (0.3, 0.4, 0.3)


def honour(random: np.random.Generator, cohort: Cohort, called: Changing, risk: Risk, lives: Lives) -> Table:
    """The table of honours and certificates."""
    return _award(random, cohort, called, risk, lives, _KINDS, _SHARES, "RZ")


def entitle(random: np.random.Generator, cohort: Cohort, called: Changing, risk: Risk, lives: Lives) -> Table:
    """Patents and marks, and the joint incentive list."""
    return _award(random, cohort, called, risk, lives, _TITLES, _TITLE_SHARES, "ZC")


def _award(
    random: np.random.Generator, cohort: Cohort, called: Changing, risk: Risk, lives: Lives,
    kinds: tuple[tuple[str, str, str, str | None, int], ...], shares: tuple[float, ...], sign: str,
) -> Table:  # fmt: skip
    timeline = risk.timeline
    size = np.sqrt(np.clip(cohort.empnum, 1, 300) / 20) * (cohort.kind == "1") * ~cohort.is_branch
    owner, day = occurrences(random, 0.035 * size[:, None] * np.exp(-0.6 * risk.yearly()), lives, timeline)
    day = timeline.workday(day)
    kind = random.choice(len(kinds), len(owner), p=shares)
    chosen = [kinds[k] for k in kind]
    chunk = int(cohort.serial[0])
    table: Table = {
        **subject(cohort, called, owner, day),
        "kind": texts([each[0] for each in chosen]),
        "title": texts([each[1] for each in chosen]),
        "certificate_no": texts([f"{sign}9901{chunk:08d}{k:05d}" for k in range(len(owner))]),
        "level": texts([each[3] for each in chosen]),
        "issuer": texts([each[2] for each in chosen]),
        "awarded_on": day,
        "valid_to": day + np.array([each[4] * 365 for each in chosen], dtype=np.int64),
        "known_at": timeline.learned(random, day),
    }
    return pick(table, known_in_time(timeline, table["known_at"]))
