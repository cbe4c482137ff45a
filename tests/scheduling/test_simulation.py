"""Simulations: the same numbers as a plan would have, changed rules that bite, and nothing stored."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from registry.errors import Refusal
from registry.rules import load_rules
from scheduling.plan import PlanFrame
from scheduling.simulation import Simulated, simulate
from scheduling.what_if import Alternative, altered_rules, parse_settings, present_rules, read_alternatives
from tests.scheduling.town_records import (
    AS_OF,
    PLACE,
    WINDOW,
    allocated_plan,
    drawn_plan,
    rows,
    town,
    withdraw_unfinished,
)


@pytest.fixture(scope="module")
def engine(server: Any, template: str) -> Iterator[Engine]:
    with town(server, template) as made:
        yield made


def frame() -> PlanFrame:
    return PlanFrame(AS_OF, PLACE, *WINDOW, load_rules())


def one(engine: Engine, **values: Any) -> Simulated:
    """The outcome of one alternative; `ratio__general` is ratio.general."""
    alternative = Alternative("试", {key.replace("__", "."): value for key, value in values.items()})
    (found,) = simulate(engine, frame(), [alternative])
    return found


def everything(engine: Engine) -> dict[str, int]:
    """Rows of every table."""
    names = [
        r.name for r in rows(engine, "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'")
    ]
    with engine.connect() as connection:
        return {n: connection.execute(text(f'SELECT count(*) FROM "{n}"')).scalar_one() for n in names}


def test_the_present_rules_come_to_what_a_plan_comes_to(engine: Engine) -> None:
    (now,) = simulate(engine, frame(), [present_rules()])
    plan = allocated_plan(engine)
    counted = rows(engine, 'SELECT sum("count") AS n FROM stratum_count WHERE plan_id = :p', p=plan)[0].n
    withdraw_unfinished(engine)
    assert now.checks == counted > 0
    assert 0 < now.doors <= now.doors_apart <= now.onsite <= now.checks
    assert not now.conflict
    assert now.undisturbed_worst <= now.undisturbed <= 1
    assert set(now.coverage) == set("ABCD")
    assert all(now.coverage_onsite[k] <= now.coverage[k] <= 1 for k in "ABCD")
    assert now.capacity
    assert all(0 < share <= 1 for share in now.capacity.values())


def test_nothing_is_stored(engine: Engine) -> None:
    before = everything(engine)
    simulate(
        engine, frame(), [present_rules(), Alternative("全部", {"ratio.general": dict.fromkeys("ABCD", 1.0)})]
    )
    assert everything(engine) == before


def test_a_rate_that_no_item_follows_is_said_to_change_nothing(engine: Engine) -> None:
    """The town's items give ratios of their own: the general rates move nothing, and it says so and why."""
    rates = {"A": 0.2, "B": 0.3, "C": 0.4, "D": 0.5}
    (sentence,) = one(engine, ratio__general=rates).idle
    assert "ratio.general 没有影响任何任务" in sentence
    assert "ratio.by_item" in sentence
    assert one(engine, ratio__by_item=rates).idle == ()


def test_a_period_turned_round_is_refused(engine: Engine) -> None:
    """Not answered with conflicts of rules that nobody broke."""
    turned = replace(frame(), window_from=WINDOW[1], window_to=WINDOW[0])
    with pytest.raises(Refusal) as refused:
        simulate(engine, turned, [present_rules()])
    assert refused.value.code == "plan.window"


DOORS = """SELECT count(DISTINCT o.object_id) AS n FROM drawn_object o JOIN task t ON t.id = o.task_id
           WHERE o.draw_id = :d AND t.method = '现场'"""


def test_expected_doors_are_those_of_a_draw(engine: Engine) -> None:
    """Strata of a town are tiny, so a draw opens some doors more than the sum of max p, and fewer than drawn apart."""
    (now,) = simulate(engine, frame(), [present_rules()])
    many = [rows(engine, DOORS, d=drawn_plan(engine)[1])[0].n for _ in range(6)]
    average = sum(many) / len(many)
    assert now.doors * 0.8 <= average <= now.doors_apart * 1.2


def test_higher_ratios_cover_more(engine: Engine) -> None:
    """The town's items have ratios of their own, which `ratio.by_item` spreads over the classes."""
    free = {"quota__undisturbed_share": 0.0}
    low = one(engine, ratio__by_item={"A": 0.1, "B": 0.1, "C": 0.2, "D": 0.5}, **free)
    high = one(engine, ratio__by_item={"A": 1.0, "B": 1.0, "C": 1.5, "D": 2.0}, **free)
    assert high.checks > low.checks
    assert high.doors > low.doors
    assert high.coverage["A"] > low.coverage["A"]


def test_nobody_honest_disturbed_is_kept_or_is_a_conflict_in_words(engine: Engine) -> None:
    strict = one(engine, quota__undisturbed_share=1.0)
    if strict.conflict:
        assert any("不受计划内现场检查打扰" in sentence for sentence in strict.conflict)
        assert any("书面、网络检查" in relief for relief in strict.relief)
    else:
        assert strict.undisturbed_worst == 1.0


def test_quiet_days_take_from_capacity(engine: Engine) -> None:
    none = one(engine, quiet_day__all=False)
    long = one(engine, quiet_day__supposed={"month_days": list(range(1, 28))})
    if long.conflict:
        assert any("安静日" in sentence for sentence in long.conflict)
        return
    assert max(long.capacity.values()) > max(none.capacity.values())


def test_a_plan_in_which_everybody_is_quiet_is_a_conflict(engine: Engine) -> None:
    shut = one(engine, quiet_day__supposed={"month_days": list(range(1, 32))})
    assert shut.conflict
    assert shut.checks == 0


ALTERNATIVES = """
[[alternative]]
name = "全部不打扰"
rules = { "quota.undisturbed_share" = 1.0 }

[[alternative]]
name = "安静日到 25 日"
[alternative.rules]
"quiet_day.all" = false
"quiet_day.longer" = { month_days = [1, 2, 3], exempt_categories = ["double_random"] }
"""


def test_alternatives_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text(ALTERNATIVES, encoding="utf-8")
    first, second = read_alternatives(file)
    assert (first.name, dict(first.values)) == ("全部不打扰", {"quota.undisturbed_share": 1.0})
    rules = altered_rules(load_rules(), second, PLACE, AS_OF)
    assert rules.keys("quiet_day.") == ["quiet_day.longer"]
    assert rules.value("quiet_day.longer", PLACE, AS_OF)["name"] == "longer"
    assert load_rules().keys("quiet_day.") != ["quiet_day.longer"], "the law itself is untouched"


@pytest.mark.parametrize(
    "content",
    ["", "x = 1", "[[alternative]]\nname = 'a'", "[[alternative]]\nname = ''\nrules = {a = 1}", "[[alternative]",
     "[[alternative]]\nname = '现行规则'\nrules = {a = 1}", "[[alternative]]\nname = 'a'\nrules = {}",
     "[[alternative]]\nname='a'\nrules={a=1}\n[[alternative]]\nname='a'\nrules={a=1}"],
)  # fmt: skip
def test_bad_files_are_refused_by_name(content: str, tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(Refusal) as refusal:
        read_alternatives(file)
    assert refusal.value.code == "simulation.file"
    assert "bad.toml" in refusal.value.sentence


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ratio.general", {"A": 0.1}),
        ("ratio.general", {"A": "many", "B": 0.1, "C": 0.1, "D": 0.1}),
        ("ratio.general", {"A": 0.1, "B": 0.1, "C": 0.1, "D": 30}),
        ("quota.undisturbed_share", -0.1),
        ("quota.undisturbed_share", True),
        ("quota.honest_classes", "A"),
        ("quota.honest_classes", [1]),
        ("quota.period", 3),
        ("teams.own_district", 1),
        ("quiet_day.nowhere", False),
        ("quiet_day.x", {"name": "没有日子"}),
        ("quiet_day.x", 20),
    ],
)
def test_values_of_another_form_are_refused(key: str, value: Any) -> None:
    with pytest.raises(Refusal) as refusal:
        altered_rules(load_rules(), Alternative("试", {key: value}), PLACE, AS_OF)
    assert refusal.value.code == "simulation.value"


def test_unknown_keys_and_falling_rates_are_refused(engine: Engine) -> None:
    with pytest.raises(Refusal) as refusal:
        one(engine, ratio__generall=0.1)
    assert refusal.value.code == "rules.unknown_key"
    with pytest.raises(Refusal) as refusal:
        one(engine, ratio__by_item={"A": 1.5, "B": 0.1, "C": 0.1, "D": 0.1})
    assert refusal.value.code == "plan.rates"


def test_settings_are_toml_values() -> None:
    found = parse_settings(["quota.undisturbed_share=0.95", " ratio.general = {A=0, B=0.1, C=0.2, D=0.3} "])
    assert dict(found.values) == {
        "quota.undisturbed_share": 0.95,
        "ratio.general": {"A": 0, "B": 0.1, "C": 0.2, "D": 0.3},
    }
    for bad in (["a"], ["a="], ["a=b"], ["a=1", "a=2"]):
        with pytest.raises(Refusal) as refusal:
            parse_settings(bad)
        assert refusal.value.code == "simulation.setting"
