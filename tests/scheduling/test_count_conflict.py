"""Conflicts of the allocation: truly conflicting, truly smallest, judged by another solver in another process; priced."""

import json
import pickle
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from scheduling.count_limits import honest_room
from scheduling.count_model import allocate_counts
from scheduling.count_problem import Conflict, CountProblem, Room, Stratum, TaskCount

CASES = 60
CHONGQING = {"A": 0.03, "B": 0.04, "C": 0.05, "D": 0.06}


def squeezed(seed: int) -> CountProblem:
    """A small city whose floors, caps, full coverage, quota and people are drawn so that they often clash."""
    chance = random.Random(seed)
    districts = "ENW"[: chance.randint(1, 3)]
    tasks = [_task(chance, f"T{n + 1}") for n in range(chance.randint(1, 3))]
    strata = [
        Stratum(task.task, klass, district, size, chance.randrange(size + 1), (few, size - few))
        for task in tasks
        for district in districts
        for klass, share in zip("ABCD", (40, 20, 10, 5), strict=True)
        if (size := chance.randrange(0, share))
        for few in [chance.randrange(size + 1)]
    ]
    honest = sum(s.honest for s in strata)
    most = chance.choice([3, 8, 30])
    rooms = tuple(
        Room(
            "市场监管",
            qualification,
            days,
            f"{sorted(days)}",
            {d: chance.uniform(0, most) for d in districts},
            chance.uniform(0, most),
            dict.fromkeys(districts, 2.0),
            1.0,
        )
        for days in (frozenset({0}), frozenset({0, 1}))
        for qualification in (None, "特种")
    )
    return CountProblem(
        tuple(strata),
        tuple(tasks),
        honest,
        chance.choice([0, 0, honest // 20]),
        chance.choice([None, 0.9, 0.95, 1.0]),
        rooms if chance.random() < 0.8 else (),
        chance.choice(["class", "stratum"]),
    )


def _task(chance: random.Random, name: str) -> TaskCount:
    scale = chance.choice([1, 3])
    return TaskCount(
        name,
        f"任务{name}",
        "市场监管",
        {klass: rate * scale for klass, rate in CHONGQING.items()},
        lowest=chance.choice([{}, {"B": 0.5, "C": 0.8, "D": 0.8}]),
        highest=chance.choice([{}, {"A": 0.05, "B": 0.2, "C": 0.6}]),
        onsite=chance.random() < 0.85,
        floor=chance.choice([None, 0.03, 0.1, 0.2]),
        cap=chance.choice([None, 0.08, 0.1]),
        base=chance.choice([None, 200]),
        full_classes=chance.choice([(), (), ("D",), ("C", "D")]),
        qualification=chance.choice([None, None, "特种"]),
    )


def conflicting() -> Iterator[tuple[CountProblem, tuple[Conflict, ...]]]:
    """Squeezed cities that cannot be done, one after another."""
    seed = 0
    while True:
        problem = squeezed(seed)
        found = allocate_counts(problem)
        seed += 1
        if found.conflict:
            yield problem, found.conflict


@pytest.fixture(scope="module")
def explained() -> list[tuple[CountProblem, tuple[Conflict, ...]]]:
    cases = conflicting()
    return [next(cases) for _ in range(CASES)]


def second_opinion(cases: list[tuple[CountProblem, list[tuple[str, str]]]]) -> list[dict[str, object]]:
    """What HiGHS says of each, in a process of its own."""
    command = [sys.executable, "-m", "tests.scheduling.count_oracle"]
    done = subprocess.run(command, input=pickle.dumps(cases), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    answers: list[dict[str, object]] = json.loads(done.stdout)
    return answers


def keys_of(conflict: tuple[Conflict, ...]) -> list[tuple[str, str]]:
    """The rules named."""
    return [(c.rule, c.subject) for c in conflict]


def assert_true_and_smallest(cases: list[tuple[CountProblem, tuple[Conflict, ...]]]) -> None:
    """Infeasible all together; feasible with any one left out. By an independent model and solver."""
    answers = second_opinion([(problem, keys_of(conflict)) for problem, conflict in cases])
    assert len(answers) == len(cases)
    assert [n for n, answer in enumerate(answers) if answer != {"conflict": True, "idle": []}] == []
    sizes = Counter(len(conflict) for _, conflict in cases)
    rules = Counter(c.rule for _, conflict in cases for c in conflict)
    print(
        f"\n{len(cases)} conflicts, all true and smallest; rules in each: {dict(sorted(sizes.items()))}; {dict(rules)}"
    )
    assert len(sizes) >= 3, "the cases are too much alike"
    assert len(rules) >= 6


def test_conflicts_are_true_and_smallest(explained: list[tuple[CountProblem, tuple[Conflict, ...]]]) -> None:
    assert_true_and_smallest(explained)


@pytest.mark.slow
def test_300_conflicts_are_true_and_smallest() -> None:
    cases = conflicting()
    assert_true_and_smallest([next(cases) for _ in range(300)])


def test_the_second_opinion_can_disagree(
    explained: list[tuple[CountProblem, tuple[Conflict, ...]]],
) -> None:
    """Guards the test above: a rule too many and a rule too few are both noticed."""
    problem, conflict = next((p, c) for p, c in explained if len(c) > 1)
    named = keys_of(conflict)
    extra = next(
        ("at_least_one", f"{t.name} {k} 类")
        for t in problem.tasks
        for k in "ABCD"
        if ("at_least_one", f"{t.name} {k} 类") not in named
        and any(s.klass == k and s.task == t.task for s in problem.strata)
    )
    few, many = second_opinion([(problem, named[1:]), (problem, [*named, extra])])
    assert few["conflict"] is False
    assert [*extra] in many["idle"]  # type: ignore[operator]


def honest_city(**changes: object) -> CountProblem:
    """6,000 honest enterprises, nobody may be disturbed, 3 % must be checked at the door."""
    rates = {"A": 0.01, "B": 0.02, "C": 0.10, "D": 0.30}
    task = TaskCount("T1", "不定向抽查", "市场监管", rates, floor=0.03)
    whole = CountProblem((Stratum("T1", "A", "E", 6000, honest=6000),), (task,), 6000, 0, 1.0)
    return replace(whole, **changes)  # type: ignore[arg-type]


def amounts(conflict: Conflict) -> dict[str, int]:
    """Price of each kind of relief."""
    return {relief.kind: relief.amount for relief in conflict.reliefs}


def test_reliefs_of_the_quota_are_priced() -> None:
    floor, quota = allocate_counts(honest_city()).conflict
    assert amounts(floor) == {"give_way": 180, "offsite": 180}
    assert amounts(quota) == {"share": 180, "offsite": 180}
    assert "把 180 户次现场检查改为书面、网络检查，全部规定即可同时满足" in quota.relief
    assert "无事不扰比例相应为 97%" in quota.relief


def test_the_price_of_writing_is_what_is_lacking_and_no_more() -> None:
    """99 % undisturbed leaves 60 doors for 180 checks: 120 in writing."""
    quota = next(
        c for c in allocate_counts(honest_city(undisturbed_share=0.99)).conflict if c.rule == "honest_quota"
    )
    assert amounts(quota) == {"share": 120, "offsite": 120}


def short_of_people(own: float, anywhere: float) -> CountProblem:
    """10 checks of two people each, and few half-days."""
    task = TaskCount("T1", "检查", "市场监管", dict.fromkeys("ABCD", 0.1), full_classes=("D",))
    room = Room("市场监管", None, frozenset({0}), "某些日子", {"E": own}, anywhere, {"E": 1.5}, 0.5)
    return CountProblem((Stratum("T1", "D", "E", 10, patterns=(10,)),), (task,), rooms=(room,))


@pytest.mark.parametrize(
    ("own", "anywhere", "half_days", "inspector_days", "further"),
    [(0, 0, 20, 10, 10), (4, 1, 15, 8, 8), (19, 0.5, 1, 1, 1), (15, 0, 5, 3, 3)],
)
def test_people_are_priced_in_inspector_days_and_in_days_later(
    own: float, anywhere: float, half_days: int, inspector_days: int, further: int
) -> None:
    conflict = allocate_counts(short_of_people(own, anywhere)).conflict
    people = next(c for c in conflict if c.rule == "manpower")
    assert f"需放宽 {half_days} 人次半天" in people.relief
    found = amounts(people)
    assert (found["people"], found["window"]) == (inspector_days, further)
    assert found["offsite"] == -(-half_days // 2)


def test_days_later_do_not_help_where_nobody_works() -> None:
    problem = short_of_people(0, 0)
    idle = replace(problem.rooms[0], own_further={}, anywhere_further=0.0)
    people = next(
        c for c in allocate_counts(replace(problem, rooms=(idle,))).conflict if c.rule == "manpower"
    )
    assert set(amounts(people)) == {"people", "offsite"}


def test_a_priced_relief_does_relieve(explained: list[tuple[CountProblem, tuple[Conflict, ...]]]) -> None:
    """Where a quota's own price is granted, this conflict is gone."""
    granted = 0
    for problem, conflict in explained:
        quota = next((c for c in conflict if c.rule == "honest_quota"), None)
        if quota is None or problem.undisturbed_share is None:
            continue
        (price,) = [r.amount for r in quota.reliefs if r.kind == "share"]
        all_doors = honest_room(replace(problem, honest_disturbed=0))
        relieved = replace(problem, honest_disturbed=all_doors - honest_room(problem) - price)
        assert keys_of(allocate_counts(relieved).conflict) != keys_of(conflict)
        granted += 1
    assert granted >= 5
