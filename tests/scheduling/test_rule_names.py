"""Every rule that a checker names has a name for people."""

import ast
from collections.abc import Iterator
from pathlib import Path

from scheduling.rule_names import RULE_NAMES, rule_name, rule_words

SCHEDULING = Path(__file__).parents[2] / "scheduling"


def named() -> Iterator[str]:
    """First argument of every Violation in the checkers, and every rule of an Unplaced as a text."""
    for path in SCHEDULING.glob("check*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Violation":
                yield from (n.value for n in ast.walk(node.args[0]) if isinstance(n, ast.Constant))


def test_every_rule_of_the_checkers_has_chinese_words() -> None:
    found = set(named())
    assert len(found) > 30
    assert found <= set(RULE_NAMES)
    assert all(not name.isascii() for name in RULE_NAMES.values())


def test_the_name_for_machines_stands_in_brackets() -> None:
    assert rule_words("leave") == "请假（leave）"
    assert rule_words("somebody_elses") == rule_name("somebody_elses") == "somebody_elses"
