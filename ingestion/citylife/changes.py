"""Changes and filings (变更、备案), and the versions of the registration that they leave behind."""

import numpy as np

from ingestion.citylife import names
from ingestion.citylife.columns import Integers, kept_where, texts
from ingestion.citylife.enterprises import Backdrop, Cohort, street_address
from ingestion.citylife.places import CITY, DISTRICTS, OFFICES_IN_DISTRICT, STREETS_IN_OFFICE
from ingestion.citylife.process import Lives, Risk, occurrences
from ingestion.citylife.tables import Changing, Table, pick, stack, subject
from ingestion.citylife.timeline import NEVER, Dates, Timeline, known_in_time
from ingestion.citylife.trades import TRADES

ITEMS = (
    ("变更", "名称变更", 0.05), ("变更", "住所变更", 0.22), ("变更", "法定代表人变更", 0.14),
    ("变更", "注册资本变更", 0.08), ("变更", "经营范围变更", 0.20), ("变更", "投资人（股权）变更", 0.12),
    ("备案", "登记联络员备案", 0.09), ("备案", "章程备案", 0.05), ("备案", "董事、监事备案", 0.05),
)  # fmt: skip
_NAME, _HOME, _HEAD, _CAPITAL, _SCOPE = range(5)
_FILING_DAYS = 30
_KIND_TEXTS = {"1": "企业", "2": "农民专业合作社", "3": "个体工商户", "4": "外国企业常驻代表机构"}
_FIRST_KNOWN = 1300
"""Days before the five years: the platform began, and learned of every older entry within half a year."""
_DORMANT_SHARE = 0.012
_WITHOUT_TELEPHONE = 61
"""One entry in so many has no telephone: filed before that was asked."""


class Register:
    """The registry's view of a cohort as it changes: names, places, and every version of each entry."""

    def __init__(self, backdrop: Backdrop, cohort: Cohort) -> None:
        self.backdrop, self.cohort = backdrop, cohort
        self.called = Changing(cohort.entname)
        self.place = Changing(cohort.place.astype(object))
        self.former = texts(
            [n.replace(CITY, m) if m else None for n, m in zip(cohort.entname, cohort.moved, strict=True)]
        )
        """Names before the enterprise moved in (迁入)."""
        self.versions: list[tuple[int, np.datetime64, dict[str, object]]] = []
        self._current: dict[int, dict[str, object]] = {}

    def revise(self, owner: int, day: np.datetime64, **fields: object) -> None:
        """A new version of one entry from `day` on."""
        merged = {**self._current.get(owner, {}), **fields}
        self._current[owner] = merged
        self.versions.append((owner, day, merged))

    def value(self, owner: int, field: str, first: object) -> object:
        """The present value of a field, `first` if it never changed."""
        return self._current.get(owner, {}).get(field, first)


def file_changes(random: np.random.Generator, register: Register, risk: Risk, lives: Lives) -> Table:
    """The filing table. Changes of name, home, head, capital and scope also revise the register."""
    cohort, timeline = register.cohort, risk.timeline
    base = np.where(cohort.kind == "1", 0.12, 0.05)
    owner, day = occurrences(random, base[:, None] * np.exp(0.55 * risk.yearly()), lives, timeline)
    day = timeline.workday(day)
    item = random.choice(len(ITEMS), len(owner), p=[share for *_, share in ITEMS])
    cannot = ((cohort.kind[owner] != "1") & (item > _SCOPE)) | (
        np.isnan(cohort.regcap[owner]) & (item == _CAPITAL)
    )
    item = np.where(cannot, _SCOPE, item)
    before, after = [], []
    for o, d, i in zip(owner.tolist(), day, item.tolist(), strict=True):
        was, now = _change(random, register, o, d, i)
        before.append(was)
        after.append(now)
    delay = random.exponential(14, len(owner)) * np.exp(0.4 * risk.at(owner, day))
    due = day - delay.astype(np.int64) + _FILING_DAYS
    is_filing = item >= 6
    table = {
        **subject(cohort, register.called, owner, day),
        "kind": texts([ITEMS[i][0] for i in item]),
        "altitem": texts([ITEMS[i][1] for i in item]),
        "altdate": day,
        "due_on": np.where(is_filing, due, NEVER),
        "altbe": texts(before),
        "altaf": texts(after),
        "known_at": timeline.learned(random, day),
    }
    return pick(table, known_in_time(timeline, table["known_at"]))


def wind_up(random: np.random.Generator, cohort: Cohort, called: Changing, risk: Risk, lives: Lives) -> Table:
    """Filings of liquidation committees and simple cancellations (清算组备案、简易注销) of those still there."""
    timeline = risk.timeline
    rate = (cohort.kind == "1")[:, None] * np.minimum(0.004 * np.exp(0.5 * risk.yearly()), 1)
    owner, day = occurrences(random, rate, lives, timeline)
    day = timeline.workday(day)
    table: Table = {
        **subject(cohort, called, owner, day),
        "kind": texts(["备案"] * len(owner)),
        "altitem": texts(
            ["清算组备案" if turn else "简易注销公告备案" for turn in random.random(len(owner)) < 0.5]
        ),
        "altdate": day,
        "due_on": np.full(len(owner), NEVER),
        "altbe": texts([None] * len(owner)),
        "altaf": texts([None] * len(owner)),
        "known_at": timeline.learned(random, day),
    }
    return pick(table, known_in_time(timeline, table["known_at"]))


def _change(
    random: np.random.Generator, register: Register, owner: int, day: np.datetime64, item: int
) -> tuple[str, str]:
    if item == _NAME:
        return _rename(random, register, owner, day)
    if item == _HOME:
        return _move(random, register, owner, day)
    if item == _HEAD:
        new = str(names.person_names(random, 1)[0])
        old = str(register.value(owner, "lerep", register.cohort.lerep[owner]))
        register.revise(owner, day, lerep=new)
        return old, new
    if item == _CAPITAL:
        old_capital = float(str(register.value(owner, "regcap", register.cohort.regcap[owner])))
        new_capital = round(
            old_capital * float(random.choice((0.5, 1.5, 2.0, 5.0, 10.0), p=(0.1, 0.3, 0.3, 0.2, 0.1))), 2
        )
        register.revise(owner, day, regcap=new_capital)
        return f"{old_capital:g}万元", f"{new_capital:g}万元"
    scope = TRADES[register.cohort.trade[owner]].scope
    if item <= _SCOPE:
        register.revise(owner, day, opscope=f"{scope}；技术服务、技术咨询")
        return scope, f"{scope}；技术服务、技术咨询"
    return "见登记档案", "见登记档案"


def _rename(
    random: np.random.Generator, register: Register, owner: int, day: np.datetime64
) -> tuple[str, str]:
    """A new first character, and 新 behind it the first time: no two enterprises come to share a name."""
    old, spot = str(register.called.now(owner)), len(CITY)
    again = owner in register.called.later
    first = names.FIRST[int(random.integers(len(names.FIRST)))]
    new = old[:spot] + first + (old[spot + 1 :] if again else "新" + old[spot:])
    earlier = register.value(owner, "former_names", register.former[owner])
    register.called.change(owner, day, new)
    register.revise(owner, day, given_name=new, former_names=f"{earlier};{old}" if earlier else old)
    return old, new


def _move(random: np.random.Generator, register: Register, owner: int, day: np.datetime64) -> tuple[str, str]:
    ground, place = register.backdrop.ground, int(register.place.now(owner))
    office = int(ground.offices[place])
    spread = random.random()
    if spread > 0.5:
        district = int(ground.districts[place]) if spread < 0.8 else int(random.integers(len(DISTRICTS)))
        office = district * OFFICES_IN_DISTRICT + int(random.integers(OFFICES_IN_DISTRICT))
    new_place = office * STREETS_IN_OFFICE + int(random.integers(STREETS_IN_OFFICE))
    old = str(register.value(owner, "dom", register.cohort.address[owner]))
    new = street_address(random, ground, new_place)
    register.place.change(owner, day, new_place)
    register.revise(owner, day, dom=new, **where(register.backdrop, new_place, random))
    return old, new


def where(backdrop: Backdrop, place: int, random: np.random.Generator) -> dict[str, object]:
    """The registration columns that follow from a street or park."""
    ground, one = backdrop.ground, np.array([place])
    return {
        "localadm": str(ground.office_code(one)[0]),
        "regorg": regorgs(backdrop, one)[0],
        "domdistrict": str(ground.division(one)[0]),
        "cluster": ground.names[place],
        "park": ground.parks[place],
        "longitude": float(ground.longitude[place] + random.normal(0, 0.006)),
        "latitude": float(ground.latitude[place] + random.normal(0, 0.006)),
    }


def regorgs(backdrop: Backdrop, place: Integers) -> np.ndarray:
    """The registering authority of the district (登记机关)."""
    bureaus = texts([f"{CITY}{name}市场监督管理局" for name in DISTRICTS])
    return np.asarray(bureaus[backdrop.ground.districts[place]])


def close_entries(random: np.random.Generator, register: Register, lives: Lives) -> None:
    """End states (注销、吊销、迁出…) and dormancy (歇业) as versions."""
    for owner in np.nonzero([s is not None for s in lives.state])[0].tolist():
        register.revise(owner, lives.ends[owner], regstate=lives.state[owner])
    timeline = register.backdrop.timeline
    sleeps = random.random(len(register.cohort)) < _DORMANT_SHARE
    for owner in np.nonzero(sleeps & (lives.ends > timeline.as_of) & (lives.begins < timeline.as_of - 500))[
        0
    ].tolist():
        register.revise(owner, timeline.as_of - int(random.integers(20, 360)), regstate="歇业")


def registration_table(random: np.random.Generator, register: Register) -> Table:
    """Every version of every entry: first registration, then each revision, with when it became known."""
    cohort, timeline = register.cohort, register.backdrop.timeline
    everyone = np.arange(len(cohort))
    known = np.maximum(
        timeline.learned(random, cohort.established, late=0), _first_known(random, timeline, len(cohort))
    )
    first = _columns(random, register) | {"known_at": known}
    order = sorted(
        range(len(register.versions)), key=lambda k: (register.versions[k][0], register.versions[k][1])
    )
    versions = [register.versions[k] for k in order]
    owner = np.array([v[0] for v in versions], dtype=np.int64)
    days: Dates = np.array([v[1] for v in versions], dtype="datetime64[D]")
    later = pick(first, owner) if len(owner) else first
    if len(owner):
        for row, (_, _, fields) in enumerate(versions):
            for name, value in fields.items():
                later[name][row] = value
        known = np.maximum(timeline.learned(random, days), first["known_at"][owner] + np.timedelta64(1, "h"))
        later["known_at"] = _in_turn(owner, known)
    table = stack([first, later]) if len(owner) else first
    order_of_rows = np.lexsort((table["known_at"], np.concatenate([everyone, owner])))
    kept = known_in_time(timeline, table["known_at"])
    return pick(table, order_of_rows[kept[order_of_rows]])


def _in_turn(owner: Integers, known: Dates) -> Dates:
    """Versions of one entry reach the platform in the order in which they were made."""
    for row in range(1, len(owner)):
        if owner[row] == owner[row - 1]:
            known[row] = max(known[row], known[row - 1] + np.timedelta64(1, "m"))
    return known


def _first_known(random: np.random.Generator, timeline: Timeline, count: int) -> Dates:
    days = (timeline.start - _FIRST_KNOWN + random.integers(0, 200, count)).astype("datetime64[s]")
    return days + random.integers(30_000, 60_000, count).astype("timedelta64[s]")


def _columns(random: np.random.Generator, register: Register) -> Table:
    cohort, ground, place = register.cohort, register.backdrop.ground, register.cohort.place
    forever = random.random(len(cohort)) < 0.8
    end = cohort.established + 365 * 20 + 5
    elsewhere = (cohort.kind == "1") & (random.random(len(cohort)) < 0.03)
    return {
        "given_code": cohort.uniscid,
        "given_regno": cohort.regno,
        "given_name": cohort.entname.copy(),
        "former_names": register.former.copy(),
        "enttype": cohort.enttype,
        "entkind": texts([_KIND_TEXTS[k] for k in cohort.kind]),
        "is_branch": cohort.is_branch,
        "regcap": cohort.regcap,
        "reccap": cohort.reccap,
        "estdate": cohort.established,
        "opfrom": cohort.established,
        "opto": np.where(forever, np.datetime64("9999-09-09"), end),
        "regorg": regorgs(register.backdrop, place),
        "localadm": ground.office_code(place).astype(object),
        "regstate": texts(["存续"] * len(cohort)),
        "dom": cohort.address.copy(),
        "domdistrict": ground.division(place).astype(str).astype(object),
        "opscope": texts([TRADES[t].scope for t in cohort.trade]),
        "industryphy": texts([TRADES[t].phy for t in cohort.trade]),
        "industryco": texts([TRADES[t].code[1:] for t in cohort.trade]),
        "empnum": cohort.empnum,
        "scaled": cohort.scaled,
        "park": ground.parks[place],
        "lerep": cohort.lerep.copy(),
        "tel": kept_where(cohort.serial % _WITHOUT_TELEPHONE != 0, cohort.telephone),
        "proloc": kept_where(elsewhere, texts([f"{a}旁仓库" for a in cohort.address])),
        "cluster": ground.names[place],
        "longitude": cohort.longitude.round(5),
        "latitude": cohort.latitude.round(5),
    }
