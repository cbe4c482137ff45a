"""Inspections (抽查检查): public draws, targeted checks, patrols and follow-ups, and what was found.

Only draws of the 不定向 kind are an unbiased sample. Who inspects matters: strictness is part of the outcome.
"""

from dataclasses import dataclass

import numpy as np

from ingestion.citylife.columns import Flags, Integers, Reals, Texts, texts
from ingestion.citylife.complaints import DEPARTMENT_OF_TOPIC, TOPICS, Heard
from ingestion.citylife.enterprises import Cohort
from ingestion.citylife.items import EVERYBODY, ITEMS
from ingestion.citylife.offices import STAFF_LETTERS
from ingestion.citylife.places import Ground
from ingestion.citylife.process import PROBLEM_INTERCEPT, PROBLEM_SLOPE, Lives, Risk, logistic, occurrences
from ingestion.citylife.staff import Staff, pair_up
from ingestion.citylife.tables import Changing, Table, pick, subject
from ingestion.citylife.timeline import NEVER, Dates, known_in_time
from ingestion.citylife.trades import KIND_NAMES, LIBRARY_WITHOUT_PERMIT, PERMIT_KINDS
from registry.vocabulary import DEPARTMENTS, RESULTS

RANDOM_RATE = {"市场监管": 0.05, "人社": 0.04, "消防": 0.04, "生态环境": 0.04, "卫健": 0.04, "文旅": 0.04}
_TARGETED_RATE, _PATROL_RATE, _FOLLOW_UP = 0.022, 0.05, 0.3
_DEPARTMENT_SHIFT = {
    "市场监管": 0.0,
    "人社": -0.15,
    "消防": 0.25,
    "生态环境": 0.15,
    "卫健": 0.1,
    "文旅": -0.05,
}
_FOUND = {
    "市场监管": (("R02", 0.24), ("R03", 0.06), ("R04", 0.2), ("R05", 0.36), ("R06", 0.02), ("R08", 0.12)),
    "其他": (("R04", 0.08), ("R05", 0.68), ("R06", 0.02), ("R08", 0.22)),
}
_OLD_WORDS = {
    "R01": "正常", "R02": "未按规定公示年报信息", "R03": "弄虚作假", "R04": "无法联系",
    "R05": "发现问题经责令已改正", "R06": "不予配合情节严重", "R07": "未发现开展本次抽查涉及的生产经营活动",
    "R08": "发现问题待后续处理", "S05": "已关闭停业或正在组织清算",
}  # fmt: skip
"""Another vendor's words for the same results (domain.md 2.4 b–d)."""
_NEW_SYSTEM = np.datetime64("2023-07-01")
"""Until then the city's own system spoke the old words."""


@dataclass(frozen=True)
class Findings:
    """What inspections found, as events that penalties and listings follow from."""

    owner: Integers
    day: Dates
    department: Texts
    result: Texts


@dataclass(frozen=True)
class _Calls:
    owner: Integers
    day: Dates
    department: Texts
    draw_type: Texts


def inspect(
    random: np.random.Generator, cohort: Cohort, called: Changing, ground: Ground, risk: Risk, lives: Lives,
    staff: Staff, heard: Heard,
) -> tuple[Table, Findings]:  # fmt: skip
    """The inspection table and the findings."""
    calls = _all_calls(random, cohort, risk, lives, heard)
    district = ground.districts[cohort.place[calls.owner]]
    teams = np.zeros((len(calls.owner), 2), dtype=np.int64)
    for department in DEPARTMENTS:
        mine = calls.department == department
        teams[mine] = pair_up(random, staff, department, district[mine])
    result = _results(random, risk, calls, staff.strictness[teams].mean(axis=1))
    published = risk.timeline.after(calls.day, random.integers(3, 24, len(calls.owner)))
    known = risk.timeline.learned(random, calls.day)
    late = published.astype("datetime64[s]") >= known
    learned = np.maximum(known, published.astype("datetime64[s]") + 30_000)
    table: Table = {
        "insp_no": _numbers(calls, int(cohort.serial[0])),
        **subject(cohort, called, calls.owner, calls.day),
        "inspdate": calls.day,
        "department": calls.department,
        "localadm": ground.office_code(cohort.place[calls.owner]).astype(object),
        "draw_type": calls.draw_type,
        "method": _methods(random, calls),
        "item_codes": (items := _items(random, cohort, calls)),
        "results": _words(random, calls, result),
        "inspectors": texts([";".join(pair) for pair in staff.number[teams].tolist()]),
        "published_on": np.where(late & (random.random(len(late)) < 0.25), NEVER, published),
        "item_words": _item_words(calls, items, result),
        **_orders(cohort, calls, result, learned),
        "known_at": learned,
    }
    keep = known_in_time(risk.timeline, table["known_at"])
    return pick(table, keep), Findings(calls.owner, calls.day, calls.department, result)


def _all_calls(random: np.random.Generator, cohort: Cohort, risk: Risk, lives: Lives, heard: Heard) -> _Calls:
    timeline, level = risk.timeline, risk.yearly()
    parts: list[tuple[Integers, Dates, str, str]] = []
    for department in DEPARTMENTS:
        concerned = in_charge(cohort, department)[:, None] * np.ones((1, level.shape[1]))
        parts.append(
            (*occurrences(random, concerned * RANDOM_RATE[department], lives, timeline), department, "不定向")
        )
        hunch = np.exp(0.75 * (level + random.normal(0, 0.9, level.shape)))
        rate = concerned * np.minimum(_TARGETED_RATE * hunch, 1.5)
        parts.append((*occurrences(random, rate, lives, timeline), department, "定向"))
    key = (cohort.permits.sum(axis=1) > 0)[:, None] * np.ones((1, level.shape[1]))
    parts.append((*occurrences(random, key * _PATROL_RATE, lives, timeline), "市场监管", "日常巡查"))
    follow = random.random(len(heard.owner)) < _FOLLOW_UP
    when = timeline.after(heard.day[follow], random.integers(3, 18, int(follow.sum())))
    who = texts([DEPARTMENT_OF_TOPIC.get(TOPICS[t], "市场监管") for t in heard.topic[follow]])
    owner = np.concatenate([p[0] for p in parts] + [heard.owner[follow]])
    day = timeline.workday(np.concatenate([p[1] for p in parts] + [when]))
    return _in_order(
        _Calls(
            owner,
            day,
            np.concatenate([*(texts([p[2]] * len(p[0])) for p in parts), who]),
            np.concatenate(
                [*(texts([p[3]] * len(p[0])) for p in parts), texts(["投诉举报"] * int(follow.sum()))]
            ),
        ),
        lives,
    )


def _in_order(calls: _Calls, lives: Lives) -> _Calls:
    alive = np.nonzero(lives.alive(calls.owner, calls.day))[0]
    order = alive[np.lexsort((calls.day[alive], calls.owner[alive]))]
    return _Calls(calls.owner[order], calls.day[order], calls.department[order], calls.draw_type[order])


def in_charge(cohort: Cohort, department: str) -> Flags:
    """Who is among a department's objects: everyone, every company, or the holders of its permits."""
    if department == "市场监管":
        return np.ones(len(cohort), dtype=bool)
    if department == "人社":
        return np.asarray(cohort.kind == "1")
    columns = [
        k
        for k, name in enumerate(KIND_NAMES)
        if name in PERMIT_KINDS and PERMIT_KINDS[name].department == department
    ]
    return np.asarray(cohort.permits[:, columns].any(axis=1))


def _results(random: np.random.Generator, risk: Risk, calls: _Calls, strictness: Reals) -> Texts:
    count = len(calls.owner)
    shift = np.array([_DEPARTMENT_SHIFT[d] for d in calls.department])
    aimed = np.where(calls.draw_type == "投诉举报", 0.7, 0.0)
    odds = PROBLEM_INTERCEPT + PROBLEM_SLOPE * risk.at(calls.owner, calls.day) + strictness + shift + aimed
    problem = random.random(count) < logistic(odds)
    result = np.where(random.random(count) < 0.06, "R07", "R01").astype(object)
    result = np.where(random.random(count) < 0.006, "S05", result)
    regulator = calls.department == "市场监管"
    for mine, found in ((regulator, _FOUND["市场监管"]), (~regulator, _FOUND["其他"])):
        rows = problem & mine
        result[rows] = random.choice([c for c, _ in found], int(rows.sum()), p=[share for _, share in found])
    return result


def _words(random: np.random.Generator, calls: _Calls, result: Texts) -> Texts:
    """Each sender's own words; a few tick several results at once."""
    also = random.random(len(result)) < 0.2
    foreign = (calls.department == "人社") | (calls.department == "文旅")
    old = foreign | ((calls.department == "市场监管") & (calls.day < _NEW_SYSTEM))
    words = []
    for code, ancient, more in zip(result, old, also, strict=True):
        text = _OLD_WORDS[code] if ancient else RESULTS[code][0]
        if more and code == "R05":
            text += ";" + RESULTS["R08"][0] if not ancient else "," + _OLD_WORDS["R08"]
        words.append(text)
    return texts(words)


def _item_words(calls: _Calls, items: Texts, result: Texts) -> Texts:
    """Item by item, as the market regulator's new system sends it: the first item bears the result."""
    sound, missing = RESULTS["R01"][0], "合理缺项"
    said: list[str | None] = []
    for department, day, codes, found in zip(calls.department, calls.day, items, result, strict=True):
        if department != "市场监管" or day < _NEW_SYSTEM:
            said.append(None)
            continue
        first, *others = codes.split(";")
        nothing = found in ("R07", "S05")
        words = missing if nothing else RESULTS[found][0]
        said.append(";".join([f"{first}:{words}", *(f"{c}:{missing if nothing else sound}" for c in others)]))
    return texts(said)


def _orders(cohort: Cohort, calls: _Calls, result: Texts, learned: Dates) -> Table:
    """Orders to correct (责令改正): ten to thirty days; obeyed in time, later, or never. Its own generator."""
    random = np.random.default_rng((int(cohort.serial[0]), 14))
    ordered = result == "R05"
    due = calls.day + random.integers(10, 31, len(calls.day))
    done = calls.day + random.integers(2, 12, len(calls.day))
    heard = ordered & (random.random(len(done)) < 0.7) & (done.astype("datetime64[s]") < learned)
    return {"rectify_due": np.where(ordered, due, NEVER), "rectified_on": np.where(heard, done, NEVER)}


def correct_later(random: np.random.Generator, checked: Table, risk: Risk) -> Table:
    """Later versions of checks whose order was obeyed only after the first report."""
    timeline = risk.timeline
    waiting = ~np.isnat(checked["rectify_due"]) & np.isnat(checked["rectified_on"])
    table = pick(checked, waiting & (random.random(len(waiting)) < 0.75))
    table["rectified_on"] = timeline.workday(
        table["rectify_due"] + random.integers(-5, 60, len(table["rectify_due"]))
    )
    table["known_at"] = np.maximum(
        timeline.learned(random, table["rectified_on"]), table["known_at"] + np.timedelta64(1, "h")
    )
    return pick(table, known_in_time(timeline, table["known_at"]))


def _methods(random: np.random.Generator, calls: _Calls) -> Texts:
    draw = random.random(len(calls.owner))
    paper = (calls.department == "市场监管") & (calls.draw_type == "不定向")
    return np.select(
        [paper & (draw < 0.2), paper & (draw < 0.32)], ["书面检查", "网络监测"], "现场检查"
    ).astype(object)


def _items(random: np.random.Generator, cohort: Cohort, calls: _Calls) -> Texts:
    libraries = [
        PERMIT_KINDS[n].library if n in PERMIT_KINDS else LIBRARY_WITHOUT_PERMIT[n][0] for n in KIND_NAMES
    ]
    draws = random.random((len(calls.owner), 2))
    wide = {d: [i.code for i in ITEMS if i.department == d and i.library == EVERYBODY] for d in DEPARTMENTS}
    narrow: dict[tuple[str, str], list[str]] = {}
    for item in ITEMS:
        narrow.setdefault((item.department, item.library), []).append(item.code)
    made = []
    for owner, department, (first, second) in zip(
        calls.owner.tolist(), calls.department, draws.tolist(), strict=True
    ):
        held = [libraries[k] for k in np.nonzero(cohort.permits[owner])[0]]
        special = [code for library in dict.fromkeys(held) for code in narrow.get((department, library), ())]
        choice = special or wide[department] or [f"{STAFF_LETTERS[department]}-01"]
        picked = [choice[int(first * len(choice))]]
        if wide[department] and second < 0.5:
            picked.append(wide[department][int(second * 2 * len(wide[department]))])
        made.append(";".join(dict.fromkeys(picked)))
    return texts(made)


def _numbers(calls: _Calls, chunk: int) -> Texts:
    days = np.char.replace(calls.day.astype(str), "-", "")
    return texts(
        [
            f"{STAFF_LETTERS[d]}9901{day}{chunk:08d}{k:05d}"
            for k, (d, day) in enumerate(zip(calls.department, days, strict=True))
        ]
    )
