"""Enterprises (经营主体): a cohort of them as columns, with all that was settled when they were registered."""

from dataclasses import dataclass

import numpy as np

from ingestion.citylife import names
from ingestion.citylife.codes import credit_codes, registration_numbers
from ingestion.citylife.columns import Flags, Integers, Reals, Texts, kept_where
from ingestion.citylife.places import CITY, DISTRICTS, FORMER_DIVISIONS, STREET_COUNT, Ground
from ingestion.citylife.timeline import Dates, Timeline
from ingestion.citylife.trades import TRADES, permit_shares, trade_weights

KIND_SHARES = {"1": 0.47, "3": 0.5, "2": 0.025, "4": 0.005}
OLD_NUMBER_SHARE = 0.12
"""Of the rows of a published draw list, 12.3 % still carried only the 15-digit number (domain.md 7.1)."""
MOVED_SHARE = 0.012
BRANCH_SHARE = 0.05
HOSTED_SHARE = 0.07
GROUP_SHARE = 0.08
AGENT_SHARE = 0.10


@dataclass(frozen=True)
class Backdrop:
    """What enterprises share and a chunk cannot make by itself: ground, hosted addresses, groups, agents."""

    seed: int
    ground: Ground
    timeline: Timeline
    hosts: Texts
    host_places: Integers
    owners: Texts
    owner_effect: Reals
    place_effect: Reals
    agents: int


@dataclass(frozen=True)
class Cohort:
    """One chunk of enterprises; every field is one entry an enterprise, dates in days, NaT where none."""

    serial: Integers
    kind: Texts
    trade: Integers
    place: Integers
    code: Texts
    uniscid: Texts
    regno: Texts
    entname: Texts
    enttype: Texts
    is_branch: Flags
    moved: Texts
    """The city in which it was first registered, None if here."""
    established: Dates
    host: Integers
    owner: Integers
    address: Texts
    longitude: Reals
    latitude: Reals
    lerep: Texts
    telephone: Texts
    regcap: Reals
    reccap: Reals
    empnum: Integers
    scaled: Flags
    permits: Flags
    """(n, permit kinds): which kinds the enterprise's business calls for."""

    def __len__(self) -> int:
        return len(self.serial)


def set_the_scene(seed: int, ground: Ground, timeline: Timeline, enterprises: int) -> Backdrop:
    """What the whole city shares; its size follows the number of enterprises."""
    random = np.random.default_rng((seed, 2))
    hosts = max(4, enterprises // 400)
    owners = max(4, enterprises // 40)
    places = random.choice(len(ground.names), hosts, p=ground.weights)
    return Backdrop(
        seed,
        ground,
        timeline,
        np.array(
            [f"{_street(ground, p)}创业路{k + 1}号众创大厦（集群注册）" for k, p in enumerate(places)],
            dtype=object,
        ),
        places,
        names.person_names(random, owners),
        random.normal(0, 0.9, owners),
        random.normal(0, 0.42, len(ground.names)),
        max(3, enterprises // 300),
    )


def register(backdrop: Backdrop, first: int, count: int) -> Cohort:
    """The enterprises with serial numbers `first` … `first + count − 1`. Raises nothing; depends on the seed only."""
    random = np.random.default_rng((backdrop.seed, 3, first))
    serial = np.arange(first, first + count, dtype=np.int64)
    kind = random.choice(np.array(list(KIND_SHARES)), count, p=list(KIND_SHARES.values())).astype(object)
    trade = _trades(random, kind)
    established = _established(random, backdrop.timeline, count)
    host, place = _sites(random, backdrop, kind, count)
    owner = np.where(random.random(count) < GROUP_SHARE, random.integers(0, len(backdrop.owners), count), -1)
    is_branch = (kind == "1") & (random.random(count) < BRANCH_SHARE)
    entname = _names(random, backdrop, serial, kind, trade, place, is_branch)
    uniscid, regno, code, moved = _numbers(random, backdrop.ground, serial, kind, place, established)
    people = np.where(owner >= 0, backdrop.owners[owner], names.person_names(random, count))
    size = np.array([t.size for t in TRADES])[trade] * np.where(kind == "1", 1.0, 0.25)
    empnum = np.maximum(1, (size * np.exp(random.normal(0, 0.9, count))).astype(np.int64))
    scaled = (kind == "1") & ~is_branch & (empnum > 45) & (random.random(count) < 0.55)
    regcap, reccap = _capital(random, kind, empnum, is_branch)
    permits = random.random((count, permit_shares().shape[1])) < permit_shares()[trade]
    return Cohort(
        serial, kind, trade, place, code, uniscid, regno, entname, _types(random, kind, is_branch), is_branch,
        moved, established, host, owner, _addresses(random, backdrop, place, host),
        backdrop.ground.longitude[place] + random.normal(0, 0.006, count),
        backdrop.ground.latitude[place] + random.normal(0, 0.006, count),
        people, _telephones(random, backdrop, serial), regcap, reccap, empnum, scaled, permits,
    )  # fmt: skip


def _trades(random: np.random.Generator, kind: Texts) -> Integers:
    weights = trade_weights()
    trade = np.empty(len(kind), dtype=np.int64)
    for group, row in (("1", 0), ("4", 0), ("3", 1), ("2", 2)):
        mine = kind == group
        trade[mine] = random.choice(len(TRADES), int(mine.sum()), p=weights[row])
    return trade


def _established(random: np.random.Generator, timeline: Timeline, count: int) -> Dates:
    age = np.minimum(random.exponential(7 * 365, count), 30 * 365).astype(np.int64)
    return timeline.as_of - age - random.integers(20, 90, count)


def _sites(
    random: np.random.Generator, backdrop: Backdrop, kind: Texts, count: int
) -> tuple[Integers, Integers]:
    hosted = (kind == "1") & (random.random(count) < HOSTED_SHARE / KIND_SHARES["1"])
    host = np.where(hosted, random.integers(0, len(backdrop.hosts), count), -1)
    place = random.choice(len(backdrop.ground.names), count, p=backdrop.ground.weights)
    small = (kind == "3") & (place >= STREET_COUNT) & (random.random(count) < 0.8)
    place = np.where(small, place % STREET_COUNT, place)
    return host, np.where(hosted, backdrop.host_places[host], place)


def _names(
    random: np.random.Generator, backdrop: Backdrop, serial: Integers, kind: Texts, trade: Integers,
    place: Integers, is_branch: Flags,
) -> Texts:  # fmt: skip
    words = random.random(len(serial))
    forms = random.choice(len(names.COMPANY_FORMS), len(serial), p=(0.82, 0.09, 0.03, 0.02, 0.04))
    districts = backdrop.ground.districts[place]
    made = [
        names.enterprise_name(*parts)
        for parts in zip(kind, districts, names.trade_names(serial), trade, words, forms, strict=True)
    ]
    parent = ""
    for row, branch in enumerate(is_branch):
        if branch:
            made[row] = f"{parent or made[row]}{DISTRICTS[districts[row]][:2]}第{serial[row] % 97 + 1}分公司"
        elif kind[row] == "1" and forms[row] < 3:
            parent = made[row]
    return np.array(made, dtype=object)


def _numbers(
    random: np.random.Generator,
    ground: Ground,
    serial: Integers,
    kind: Texts,
    place: Integers,
    established: Dates,
) -> tuple[Texts, Texts, Texts, Texts]:
    count = len(serial)
    origin = np.where(
        random.random(count) < MOVED_SHARE, random.integers(0, len(FORMER_DIVISIONS), count), -1
    )
    former = np.array([d for d, _ in FORMER_DIVISIONS])[origin]
    division = np.where(origin >= 0, former, ground.division(place))
    digit = np.select([kind == "1", kind == "3", kind == "2"], ["1", "2", "3"], "9")
    modern = established >= np.datetime64("2015-10-01")
    uniscid = credit_codes(digit, division, serial, modern).astype(object)
    regno = registration_numbers(division, serial).astype(object)
    old_only = ~modern & (kind != "4")
    share = OLD_NUMBER_SHARE / max(float(old_only.mean()), OLD_NUMBER_SHARE)
    old_only &= random.random(count) < share
    uniscid = kept_where(~old_only, uniscid)
    both = ~modern & (random.random(count) < 0.7)
    regno = kept_where(old_only | both, regno)
    moved = kept_where(origin >= 0, np.array([n for _, n in FORMER_DIVISIONS], dtype=object)[origin])
    return uniscid, regno, np.where(old_only, regno, uniscid), moved


def _types(random: np.random.Generator, kind: Texts, is_branch: Flags) -> Texts:
    types = np.array(["1130", "1151", "1153", "1190", "1110", "1222", "4531", "4540", "5150"], dtype=object)
    picked = types[random.choice(9, len(kind), p=(0.46, 0.27, 0.09, 0.09, 0.01, 0.02, 0.02, 0.03, 0.01))]
    picked = np.where(is_branch, "2110", picked)
    return np.select([kind == "3", kind == "2", kind == "4"], ["9500", "9100", "7200"], picked).astype(object)


def _capital(
    random: np.random.Generator, kind: Texts, empnum: Integers, is_branch: Flags
) -> tuple[Reals, Reals]:
    count = len(kind)
    steps = np.array([1, 3, 5, 10, 20, 30, 50, 100, 200, 300, 500, 1000, 2000, 5000, 10000])
    wanted = np.where(kind == "1", empnum * 12.0, empnum * 1.5) * np.exp(random.normal(0, 0.9, count))
    regcap = steps[np.clip(np.searchsorted(steps, wanted), 0, len(steps) - 1)].astype(float)
    paid = np.round(regcap * np.clip(random.beta(1.2, 1.0, count), 0, 1), 2)
    regcap[is_branch | (kind == "4")] = np.nan
    return regcap, np.where((kind == "1") & ~is_branch, paid, np.nan)


def _street(ground: Ground, place: int) -> str:
    return f"{CITY}{DISTRICTS[ground.districts[place]]}{ground.names[place]}"


ROADS = (
    "人和路",
    "工业大道",
    "滨河路",
    "解放街",
    "新华路",
    "望山路",
    "商贸街",
    "科技路",
    "迎宾大道",
    "学院路",
)


def _addresses(random: np.random.Generator, backdrop: Backdrop, place: Integers, host: Integers) -> Texts:
    streets = [_street(backdrop.ground, p) for p in range(len(backdrop.ground.names))]
    roads, numbers, rooms = random.integers(0, (10, 300, 24), (len(place), 3)).T.tolist()
    made = []
    for p, h, road, number, room in zip(place.tolist(), host.tolist(), roads, numbers, rooms, strict=True):
        if h >= 0:
            made.append(backdrop.hosts[h])
        else:
            unit = f"{room // 4 + 1}0{room % 4 + 1}室" if room else ""
            made.append(f"{streets[p]}{ROADS[road]}{number + 1}号{unit}")
    return np.array(made, dtype=object)


def _telephones(random: np.random.Generator, backdrop: Backdrop, serial: Integers) -> Texts:
    """Eleven digits that begin with 100: no such mobile number exists. Agents' numbers are shared."""
    shared = random.random(len(serial)) < AGENT_SHARE
    agent = random.integers(0, backdrop.agents, len(serial))
    number = np.where(shared, 99_000_000 + agent, serial % 98_000_000)
    return (10_000_000_000 + number).astype(str).astype(object)


def street_address(random: np.random.Generator, ground: Ground, place: int) -> str:
    """A new address (住所) in a street or park."""
    road, number = int(random.integers(len(ROADS))), int(random.integers(1, 300))
    return f"{_street(ground, place)}{ROADS[road]}{number}号"
