"""How many from each stratum: published plans come out, every rule holds, and conflicts are the smallest ones."""

import random
from dataclasses import replace
from itertools import pairwise

import pytest

from scheduling.count_limits import Strata, all_limits, honest_room
from scheduling.count_model import allocate_counts
from scheduling.count_problem import Allocation, CountProblem, Room, Stratum, TaskCount, at_least, shortfall
from scheduling.count_solver import holds

CHONGQING = {"A": 0.03, "B": 0.04, "C": 0.05, "D": 0.06}
HENAN = {"A": 0.01, "B": 0.02, "C": 0.10, "D": 0.30}


def sizes(*many: int, task: str = "T1", district: str = "") -> tuple[Stratum, ...]:
    """Strata A, B, C, D of one district."""
    return tuple(Stratum(task, k, district, n) for k, n in zip("ABCD", many, strict=False) if n)


def task(rates: dict[str, float], name: str = "T1", **changes: object) -> TaskCount:
    """A task of 市场监管."""
    return TaskCount(name, f"任务{name}", "市场监管", rates, **changes)  # type: ignore[arg-type]


def by_class(found: Allocation, name: str = "T1") -> dict[str, int]:
    """Count of each class."""
    return {c.klass: c.count for c in found.classes if c.task == name}


def test_chongqing_draws_18() -> None:
    found = allocate_counts(CountProblem(sizes(200, 200, 60, 16), (task(CHONGQING),)))
    assert by_class(found) == {"A": 6, "B": 8, "C": 3, "D": 1}
    assert found.total == 18
    rates = [6 / 200, 8 / 200, 3 / 60, 1 / 16]
    assert all(low < high for low, high in pairwise(rates))


def test_a_17th_object_of_class_d_makes_it_two() -> None:
    assert by_class(allocate_counts(CountProblem(sizes(200, 200, 60, 17), (task(CHONGQING),))))["D"] == 2


def test_chizhou_draws_1202_not_1200() -> None:
    assert at_least(0.03, 40_065) == 1202
    problem = CountProblem(sizes(24_039, 14_023, 1_602, 401), (task(HENAN, floor=0.03),))
    assert allocate_counts(problem).total == 1202


def test_chizhou_published_1200_is_warned_about() -> None:
    """3 % of 40,065 is 1,201.95: the published 1,200 is short, and so is 1,201."""
    assert "应不少于 1202 户，还差 2 户" in (shortfall(1200, 0.03, 40_065) or "")
    assert "还差 1 户" in (shortfall(1201, 0.03, 40_065) or "")
    assert shortfall(1202, 0.03, 40_065) is None


@pytest.mark.parametrize(("share", "pool"), [(0.05, 3), (0.01, 40), (0.05, 12), (0.10, 7)])
def test_shanggao_small_pools_draw_at_least_one(share: float, pool: int) -> None:
    """上高 2023: n = max(1, ...) whatever the ratio leaves of a handful, also under a cap of the same ratio."""
    rates = dict.fromkeys("ABCD", share)
    found = allocate_counts(CountProblem(sizes(0, pool), (task(rates, cap=share),)))
    assert found.total == max(1, int(share * pool))


def test_small_pools_draw_one() -> None:
    problem = CountProblem(sizes(7), (task({"A": 0.01, "B": 0.01, "C": 0.01, "D": 0.01}),))
    assert allocate_counts(problem).total == 1


def test_henan_below_the_floor_raises_b_first_and_says_so() -> None:
    found = allocate_counts(CountProblem(sizes(6000, 3500, 400, 100), (task(HENAN, floor=0.03),)))
    assert by_class(found) == {"A": 60, "B": 170, "C": 40, "D": 30}
    (raised,) = [c for c in found.classes if c.count != c.planned]
    assert raised.klass == "B"
    assert "由 70 户提高到 170 户" in raised.reason
    assert "不低于 3%" in raised.reason


def test_henan_above_the_floor_stays_as_planned() -> None:
    found = allocate_counts(CountProblem(sizes(3000, 5000, 1500, 500), (task(HENAN, floor=0.03),)))
    assert by_class(found) == {"A": 30, "B": 100, "C": 150, "D": 150}


def test_henan_with_a_stratum_of_all() -> None:
    problem = CountProblem(sizes(600, 300, 50, 20), (task(HENAN, full_classes=("D",)),))
    assert by_class(allocate_counts(problem)) == {"A": 6, "B": 6, "C": 5, "D": 20}


def test_a_floor_counts_from_everybody_in_business_not_only_the_eligible() -> None:
    problem = CountProblem(sizes(100, 100), (task(HENAN, floor=0.1, base=400),))
    assert allocate_counts(problem).total == 40


def test_undisturbed_100_percent_and_an_onsite_floor_conflict_and_offsite_relieves() -> None:
    honest = (Stratum("T1", "A", "", 6000, honest=6000),)
    problem = CountProblem(honest, (task(HENAN, floor=0.03),), 6000, 0, 1.0)
    found = allocate_counts(problem)
    assert not found.counts
    assert {c.rule for c in found.conflict} == {"floor", "honest_quota"}
    assert all("书面、网络" in c.relief for c in found.conflict)
    assert all("需放宽 180 户" in c.relief for c in found.conflict)
    offsite = replace(problem, tasks=(task(HENAN, floor=0.03, onsite=False),))
    assert allocate_counts(offsite).total == 180


def test_the_quota_holds_in_the_worst_draw() -> None:
    """60 of 100 are honest and 10 may be disturbed: even a draw that hits only honest ones keeps the quota."""
    strata = (Stratum("T1", "A", "", 100, honest=60), Stratum("T1", "B", "", 200, honest=0))
    problem = CountProblem(strata, (task({"A": 0.2, "B": 0.2, "C": 0.2, "D": 0.2}),), 100, 0, 0.9)
    found = allocate_counts(problem)
    assert by_class(found) == {"A": 10, "B": 40}
    assert "诚信主体" in next(c.reason for c in found.classes if c.klass == "A")


def test_jiujiang_may_disturb_5010() -> None:
    assert honest_room(CountProblem((), (), 100_000, 0, 0.9499)) == 5_010
    assert honest_room(CountProblem((), (), 100_000, 5_000, 0.9499)) == 10
    assert honest_room(CountProblem((), (), 100_000, 6_000, 0.9499)) == 0


def test_spread_evenly_over_districts() -> None:
    strata = (*sizes(100, district="E"), *sizes(50, district="N"), *sizes(50, district="W"))
    found = allocate_counts(CountProblem(strata, (task(CHONGQING | {"A": 0.08}),)))
    assert [found.counts["T1", f"A-{d}"] for d in "ENW"] == [8, 4, 4]


def test_at_least_one_in_every_stratum_where_the_place_says_so() -> None:
    strata = tuple(s for d in "ENW" for s in sizes(20, district=d))
    problem = CountProblem(strata, (task(HENAN),))
    assert allocate_counts(problem).total == 1
    assert allocate_counts(replace(problem, at_least_one="stratum")).total == 3


def people(own: float, anywhere: float, patterns: tuple[int, ...] = (0,)) -> Room:
    """Half-days of 市场监管 in district E and of those who serve anywhere."""
    return Room("市场监管", None, frozenset(patterns), "某些日子", {"E": own}, anywhere)


def test_people_limit_the_number_and_a_gives_way_first() -> None:
    strata = tuple(replace(s, patterns=(s.size,)) for s in sizes(200, 200, 60, 16, district="E"))
    problem = CountProblem(strata, (task(CHONGQING),), rooms=(people(20, 4),))
    found = allocate_counts(problem)
    assert found.total == 12  # two people each, 24 half-days
    counts = by_class(found)
    assert counts["C"] == 3
    assert counts["D"] == 1
    assert counts["A"] + counts["B"] == 8
    assert counts["A"] < 6
    assert "人次半天" in next(c.reason for c in found.classes if c.klass == "A")


def test_people_of_one_district_do_not_serve_another() -> None:
    strata = tuple(replace(s, patterns=(s.size,)) for s in sizes(100, district="W"))
    rooms = (people(1000, 4),)
    assert (
        allocate_counts(
            CountProblem(strata, (task({"A": 0.1, "B": 0.1, "C": 0.1, "D": 0.1}),), rooms=rooms)
        ).total
        == 2
    )


def test_quiet_days_bind_only_those_who_have_them() -> None:
    """Half of the objects are open on few days, when only 4 half-days of people are there: 2 visits, so 4 of them."""
    strata = (Stratum("T1", "A", "E", 100, patterns=(50, 50)),)
    rooms = (people(4, 0, (0,)), people(1000, 0, (0, 1)))
    rates = {"A": 0.2, "B": 0.2, "C": 0.2, "D": 0.2}
    assert allocate_counts(CountProblem(strata, (task(rates),), rooms=rooms)).total == 4
    assert allocate_counts(CountProblem(strata, (task(rates),), rooms=rooms[1:])).total == 20


def test_holders_of_a_qualification_limit_the_tasks_that_ask_for_it() -> None:
    strata = (Stratum("T1", "A", "E", 50, patterns=(50,)), Stratum("T2", "A", "E", 50, patterns=(50,)))
    rates = {"A": 0.2, "B": 0.2, "C": 0.2, "D": 0.2}
    holders = Room("市场监管", "特种设备安全监察员", frozenset({0}), "全部", {"E": 3}, 0)
    tasks = (task(rates), task(rates, "T2", qualification="特种设备安全监察员"))
    found = allocate_counts(CountProblem(strata, tasks, rooms=(holders, people(100, 0))))
    assert by_class(found, "T1") == {"A": 10}
    assert by_class(found, "T2") == {"A": 3}


EVENLY = dict.fromkeys("ABCD", 0.2)


def beside_desks(desk: float, own: float, anywhere: float = 0.0, **changes: object) -> CountProblem:
    """20 visits of two people and 20 checks in writing are planned, both of the same people."""
    strata = (Stratum("T1", "A", "E", 100, patterns=(100,)), Stratum("T2", "A", "E", 100, patterns=(100,)))
    tasks = (task(EVENLY), task(EVENLY, "T2", onsite=False, desk=desk, **changes))
    return CountProblem(strata, tasks, rooms=(people(own, anywhere),))


@pytest.mark.parametrize(
    ("desk", "own", "anywhere"), [(0.0, 20, 0), (0.5, 20, 0), (0.5, 12, 8), (2.0, 20, 10)]
)
def test_checks_in_writing_take_people_from_the_visits(desk: float, own: float, anywhere: float) -> None:
    counts = allocate_counts(beside_desks(desk, own, anywhere)).counts
    used = 2 * counts["T1", "A-E"] + desk * counts["T2", "A-E"]
    assert used <= own + anywhere + 1e-6
    assert own + anywhere - used < max(2.0, desk), "what is there is used"
    if desk == 0:
        assert counts == {("T1", "A-E"): 10, ("T2", "A-E"): 20}


def test_desks_bind_only_on_the_days_of_their_window_and_ask_for_no_qualification() -> None:
    """Visits on few days (pattern 0), desk work on all (pattern 1): only all days together feel the desks."""
    strata = (
        Stratum("T1", "A", "E", 100, patterns=(100, 0)),
        Stratum("T2", "A", "E", 100, patterns=(0, 100)),
    )
    tasks = (task(EVENLY, qualification="特种"), task(EVENLY, "T2", onsite=False, desk=1.0))
    holders = Room("市场监管", "特种", frozenset({0, 1}), "全部", {"E": 20}, 0)
    rooms = (people(40, 0, (0,)), people(55, 0, (0, 1)), holders)
    counts = allocate_counts(CountProblem(strata, tasks, rooms=rooms)).counts
    assert 2 * counts["T1", "A-E"] + counts["T2", "A-E"] in (54, 55)
    roomy = (*rooms[:1], people(60, 0, (0, 1)), holders)
    assert sum(allocate_counts(CountProblem(strata, tasks, rooms=roomy)).counts.values()) == 40


def test_a_visit_made_in_writing_instead_still_takes_desk_time() -> None:
    """10 visits must be, 8 half-days are there: without desk time 6 of them in writing would do, with it all the more."""
    strata = (Stratum("T1", "D", "E", 10, patterns=(10,)),)
    amounts = []
    for desk in (0.0, 0.5):
        only = (task(EVENLY, full_classes=("D",), desk=desk),)
        (conflict, *_) = allocate_counts(CountProblem(strata, only, rooms=(people(8, 0),))).conflict
        amounts += [relief.amount for relief in conflict.reliefs if relief.kind == "offsite"]
    assert amounts == [6, 8]


def test_nobody_at_all_is_a_conflict_in_words_not_a_zero() -> None:
    strata = (Stratum("T1", "A", "E", 50, patterns=(50,)),)
    found = allocate_counts(
        CountProblem(strata, (task(HENAN),), rooms=(people(0, 0),), basis={"manpower": "某办法"})
    )
    assert {c.rule for c in found.conflict} == {"at_least_one", "manpower"}
    people_short = next(c for c in found.conflict if c.rule == "manpower")
    assert people_short.basis == "某办法"
    assert "可用 0 人次半天" in people_short.sentence
    assert "需放宽 2 人次半天" in people_short.relief


def random_problem(seed: int, hard: bool) -> CountProblem:
    """A small city; `hard` ones are squeezed until most cannot be done."""
    chance = random.Random(seed)
    strata, tasks = [], []
    for n in range(3):
        name = f"T{n + 1}"
        for district in "ENW":
            for klass, share in zip("ABCD", (60, 25, 10, 5), strict=True):
                size = chance.randrange(0, share * 4)
                few = chance.randrange(0, size + 1)
                if size:
                    strata.append(
                        Stratum(name, klass, district, size, chance.randrange(0, size + 1), (few, size - few))
                    )
        floor, cap = chance.choice([None, 0.03, 0.2 if hard else 0.05]), chance.choice([None, 0.1])
        tasks.append(task(CHONGQING, name, floor=floor, cap=cap, lowest={"B": 0.5, "C": 0.8, "D": 0.8}))
    most = 12 if hard else 60
    rooms = tuple(
        Room(
            "市场监管",
            None,
            p,
            str(sorted(p)),
            {d: chance.uniform(0, most) for d in "ENW"},
            chance.uniform(0, most),
        )
        for p in (frozenset({0}), frozenset({0, 1}))
    )
    share = 1.0 if hard and seed % 2 else 0.9
    return CountProblem(tuple(strata), tuple(tasks), sum(s.honest for s in strata), 0, share, rooms)


@pytest.mark.parametrize("seed", range(12))
def test_every_rule_holds_in_what_is_found(seed: int) -> None:
    problem = random_problem(seed, hard=False)
    found = allocate_counts(problem)
    if found.conflict:
        return
    strata = Strata(problem)
    for limit in all_limits(strata):
        if any(name[0] != "n" for name, _ in limit.terms):
            continue
        total = sum(weight * found.counts[name[1], name[2]] for name, weight in limit.terms)
        assert limit.least is None or total >= limit.least, limit.sentence
        assert limit.most is None or total <= limit.most, limit.sentence
    worst = sum(min(s.honest, found.counts[s.task, s.name]) for s in problem.strata)
    assert worst <= honest_room(problem)
    for room in problem.rooms:
        needed = dict.fromkeys("ENW", 0.0)
        for s in problem.strata:
            needed[s.district] += (
                2 * found.counts[s.task, s.name] * sum(s.patterns[p] for p in room.patterns) / s.size
            )
        assert sum(max(0.0, needed[d] - room.own[d]) for d in needed) <= room.anywhere + 1e-6


@pytest.mark.parametrize("seed", range(12))
def test_conflicts_are_true_and_smallest(seed: int) -> None:
    problem = random_problem(seed, hard=True)
    found = allocate_counts(problem)
    if not found.conflict:
        assert found.counts
        return
    strata = Strata(problem)
    sentences = {c.sentence for c in found.conflict}
    keys = {limit.key for limit in all_limits(strata) if limit.sentence in sentences}
    limits = [limit for limit in all_limits(strata) if limit.key in keys]
    assert not holds(strata, limits), "the rules named do hold together"
    for key in keys:
        assert holds(strata, [limit for limit in limits if limit.key != key]), f"{key} is not needed"


def test_most_hard_cities_do_conflict() -> None:
    """Guards the test above: it would be empty if the squeezed cities could all be done."""
    assert sum(bool(allocate_counts(random_problem(seed, hard=True)).conflict) for seed in range(12)) >= 6


def test_the_same_numbers_again() -> None:
    problem = random_problem(3, hard=False)
    assert allocate_counts(problem).counts == allocate_counts(problem).counts


def test_no_model_knows_problems_found_or_fines() -> None:
    names = {field for kind in (Stratum, TaskCount, CountProblem) for field in kind.__dataclass_fields__}
    assert not names & {"problem_rate", "fines", "penalty", "hit_rate", "findings"}


def test_a_library_too_small_for_its_cap_draws_its_highest_class() -> None:
    low = dict.fromkeys("CD", 1.0)
    found = allocate_counts(CountProblem(sizes(4, 1, 1, 1), (task(HENAN, cap=0.1, lowest=low),)))
    assert not found.conflict
    assert by_class(found) == {"A": 0, "B": 0, "C": 0, "D": 1}
