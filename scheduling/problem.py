"""A roster problem and its answer (排班问题与排班表): plain data that any program can write, solve or check.

Nothing here knows a database, a solver or a regulation: every ratio, cap and interval is a value of `Rules`. The JSON form
is public (docs/roster-format.md), so an outsider's instance can be solved and any roster, ours or not, can be checked.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date

from scheduling.conflict_record import Conflict
from scheduling.records import ProblemError as ProblemError
from scheduling.records import from_json, to_json

PROBLEM_FORMAT = "wurao-problem-1"
ROSTER_FORMAT = "wurao-roster-1"
HALVES = ("am", "pm")
WHOLE_DAY = "day"


@dataclass(frozen=True)
class Check:
    """One drawn task at one object (一项抽查任务对一个检查对象).

    `categories` are those that quiet-day rules may exempt (for example `double_random`, `food_drug`).
    `urgency` is 1 (least) to 4 (most) and never leaves the bureau. `lead`: the plan names this department as
    lead (牵头); `clue`: a complaint or transferred lead (线索), which caps, spacing and quotas do not count;
    `joint`: the plan allows it to be merged with other departments' checks. `item_minutes`: minutes of each item
    in the order of `items`, empty where the item register gives none; recognised items then take none.
    `statutory`: the law sets the end of the window (法定期限); nobody may extend it."""

    id: str
    object_id: str
    task_id: str
    department: str
    items: tuple[str, ...]
    window_from: date
    window_to: date
    minutes: int
    onsite: bool = True
    qualifications: tuple[str, ...] = ()
    categories: tuple[str, ...] = ("double_random",)
    urgency: int = 1
    lead: bool = False
    clue: bool = False
    joint: bool = True
    pinned_day: date | None = None
    pinned_half: str | None = None
    item_minutes: tuple[int, ...] = ()
    statutory: bool = False


@dataclass(frozen=True)
class VisitCount:
    """How often a department has already been at an object in a calendar year (本年度已入企次数)."""

    department: str
    year: int
    count: int


@dataclass(frozen=True)
class Object:
    """An enterprise at one premises (检查对象). `cluster` is its park or street, the unit of travel.

    `last_team` are the people of each department's last visit there (上次检查人员).
    """

    object_id: str
    cluster: str
    district: str
    premises: str = ""
    scale: str = ""
    industry: str = ""
    park: str = ""
    honest: bool = False
    last_visit: date | None = None
    visits: tuple[VisitCount, ...] = ()
    last_team: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recusal:
    """Why an inspector stands aside at an object (回避): declared, relation, relative or former_employer; one sentence.

    The sentence is for the bureau's own staff and is never published.
    """

    object_id: str
    kind: str
    sentence: str


@dataclass(frozen=True)
class Inspector:
    """A certified officer (执法检查人员). `visits_total` limits the visits of the whole period.

    `districts` are those he serves (属地管辖), empty: anywhere. `recused` are objects closed to him for any
    reason, `recusals` with one of his own, `recused_from` from a day on, when the reason was learned.
    """

    id: str
    department: str
    certificate_valid_to: date
    qualifications: tuple[str, ...] = ()
    leave: tuple[date, ...] = ()
    half_days_per_day: int = 2
    visits_total: int | None = None
    recused: tuple[str, ...] = ()
    districts: tuple[str, ...] = ()
    recusals: tuple[Recusal, ...] = ()
    recused_from: tuple[tuple[str, date], ...] = ()

    def serves(self, district: str) -> bool:
        """Whether the officer goes to objects of the district."""
        return not self.districts or district in self.districts

    def stands_aside(self, object_id: str, day: date | None = None) -> bool:
        """Whether the officer must not go to the object (回避): at all, or by that day."""
        later = any(o == object_id and day is not None and since <= day for o, since in self.recused_from)
        return later or object_id in self.recused or any(r.object_id == object_id for r in self.recusals)


@dataclass(frozen=True)
class Result:
    """An earlier inspection result (已有检查结果) that other departments may have to recognise (结果互认)."""

    object_id: str
    item: str
    department: str
    day: date


@dataclass(frozen=True)
class QuietRule:
    """Quiet days (企业安静日): to whom they apply, which days they cover, which categories may be exempt.

    Empty selectors mean everybody; `regions` and `industries` match by prefix of the code, the rest exactly.
    A day is quiet if any of `month_days`, `weekdays` (Monday is 0) or `ranges` names it. A category in
    `exempt_categories` *may* be exempted; the exemption itself is a separate, approved `Exemption`.
    """

    id: str
    name: str
    regions: tuple[str, ...] = ()
    parks: tuple[str, ...] = ()
    scales: tuple[str, ...] = ()
    industries: tuple[str, ...] = ()
    object_ids: tuple[str, ...] = ()
    month_days: tuple[int, ...] = ()
    weekdays: tuple[int, ...] = ()
    ranges: tuple[tuple[date, date], ...] = ()
    exempt_categories: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None
    basis: str = ""


@dataclass(frozen=True)
class Exemption:
    """A request to enter on quiet days (安静日豁免). It counts only once approved on or before `as_of`.

    An empty `rule_id` or `object_id` means every rule or every object.
    """

    id: str
    category: str
    first_day: date
    last_day: date
    rule_id: str = ""
    object_id: str = ""
    approved_by: str = ""
    approved_on: date | None = None


@dataclass(frozen=True)
class AnnualCap:
    """Visits a year by one department at one enterprise (年度检查频次上限). Empty selectors mean all."""

    most: int
    departments: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()


@dataclass(frozen=True)
class HonestQuota:
    """无事不扰 quota: of `total` honest enterprises, `visited` already had a planned visit in the period."""

    total: int
    visited: int
    undisturbed_share: float


@dataclass(frozen=True)
class Weights:
    """Prices of the soft aims (目标权重): policy, not law. One unit is a week of an urgency-1 visit. `pressing` is a
    week's price, if higher, of a visit that somebody waits for (clue) or that has a last day by law (statutory)."""

    urgency: tuple[int, int, int, int] = (1, 2, 4, 8)
    pressing: int = 0
    unplaced: int = 1000
    cluster_day: float = 0.4


@dataclass(frozen=True)
class Rules:
    """The rules in force for this problem (适用规则). `basis` pairs a rule's name with its citation.

    `separate_pairs`: no two of a department's last team at an object go there again together. `desk_people`: how many
    carry out a check in writing or online; 0 counts no desk time.
    """

    spacing_days: int
    recognition_days: int
    lead_team: int
    partner_team: int
    half_day_minutes: int
    annual_caps: tuple[AnnualCap, ...] = ()
    cluster_day_cap: int | None = None
    reserve_share: float = 0.0
    lead_order: tuple[str, ...] = ()
    honest_quota: HonestQuota | None = None
    weights: Weights = Weights()
    basis: tuple[tuple[str, str], ...] = ()
    separate_pairs: bool = False
    desk_people: int = 0


@dataclass(frozen=True)
class DayOverride:
    """An operator's correction of the working calendar (工作日历调整)."""

    day: date
    working: bool


@dataclass(frozen=True)
class Calendar:
    """Operator's calendar (工作日历): overrides, years they make official, permission to guess the rest."""

    overrides: tuple[DayOverride, ...] = ()
    official_years: tuple[int, ...] = ()
    allow_estimated: bool = False


@dataclass(frozen=True)
class Problem:
    """Everything a roster is made from, as known on `as_of` (排班问题)."""

    as_of: date
    first_day: date
    last_day: date
    rules: Rules
    objects: tuple[Object, ...]
    checks: tuple[Check, ...]
    inspectors: tuple[Inspector, ...]
    results: tuple[Result, ...] = ()
    quiet_rules: tuple[QuietRule, ...] = ()
    exemptions: tuple[Exemption, ...] = ()
    calendar: Calendar = Calendar()
    format: str = PROBLEM_FORMAT


@dataclass(frozen=True)
class Visit:
    """A dated joint visit (一次联合检查). `half` is am, pm or day (both); reasons are for the bureau."""

    id: str
    object_id: str
    day: date
    half: str
    checks: tuple[str, ...]
    departments: tuple[str, ...]
    lead: str
    minutes: int
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unplaced:
    """Checks that got no date (未排入): the rules in conflict, one sentence, and the cheapest relief."""

    checks: tuple[str, ...]
    object_id: str
    rules: tuple[str, ...]
    sentence: str
    relief: str


@dataclass(frozen=True)
class Settled:
    """Items that need no visit (无需入企): `kind` is recognised (结果互认) or off_site (书面/网络检查)."""

    check: str
    kind: str
    items: tuple[str, ...]
    sentence: str


@dataclass(frozen=True)
class TeamGroup:
    """Seats the team lottery fills (小组抽取单元): `need` of `eligible`; one group a person in one `slot`."""

    id: str
    visit: str
    department: str
    qualification: str
    slot: str
    need: int
    eligible: tuple[str, ...]


@dataclass(frozen=True)
class Seat:
    """One inspector sent to one visit (派员), realised by the team lottery."""

    visit: str
    department: str
    group: str
    inspector: str


@dataclass(frozen=True)
class DeskTime:
    """People of a department kept at their desks in a half-day (书面、网络检查占用), for checks that open no door.

    A number, never a name: whoever the lottery does not send out does it.
    """

    department: str
    day: date
    half: str
    people: int


@dataclass(frozen=True)
class Aim:
    """One aim with its value and the best that is provably reachable (目标、取值与下界); None where nothing is proved."""

    name: str
    value: float
    bound: float | None


@dataclass(frozen=True)
class Step:
    """A point of the search (求解过程): seconds since start, objective value, proved bound, visits placed."""

    seconds: float
    value: float
    bound: float
    placed: int


@dataclass(frozen=True)
class Roster:
    """The answer (排班表). `gap`: (value - bound) / bound of earliness; None where no bound is known or nothing dated."""

    problem_hash: str
    seed: str
    visits: tuple[Visit, ...]
    unplaced: tuple[Unplaced, ...] = ()
    settled: tuple[Settled, ...] = ()
    groups: tuple[TeamGroup, ...] = ()
    seats: tuple[Seat, ...] = ()
    aims: tuple[Aim, ...] = ()
    gap: float | None = None
    history: tuple[Step, ...] = ()
    statistics: dict[str, float] = field(default_factory=dict)
    stopped: str = ""
    conflicts: tuple[Conflict, ...] = ()
    desk: tuple[DeskTime, ...] = ()
    format: str = ROSTER_FORMAT


def problem_to_json(problem: Problem) -> str:
    """Canonical JSON (规范化 JSON): sorted keys, no spaces, UTF-8, one LF at the end."""
    return to_json(problem)


def problem_from_json(text: str) -> Problem:
    """Read a problem; raises `ProblemError` naming the field at fault. Values are judged by `validate`."""
    return from_json(Problem, text, PROBLEM_FORMAT)


def roster_to_json(roster: Roster) -> str:
    """Canonical JSON of a roster (排班表)."""
    return to_json(roster)


def roster_from_json(text: str) -> Roster:
    """Read a roster; raises `ProblemError` naming the field at fault."""
    return from_json(Roster, text, ROSTER_FORMAT)


def problem_hash(problem: Problem) -> str:
    """SHA-256 of the canonical JSON: two problems with one hash are the same problem."""
    return hashlib.sha256(problem_to_json(problem).encode()).hexdigest()
