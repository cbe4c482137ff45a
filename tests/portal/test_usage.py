"""Wrong usage of the command line: one sentence in Chinese, what to do, exit code 2."""

import re
from typing import Any

import pytest

from portal.cli.console import run

WRONG = [
    (["nonsense"], "没有命令 nonsense", "wurao --help"),
    (["roster", "solvee"], "没有命令 solvee，是不是 solve？", "wurao roster --help"),
    (["roster", "solve"], "缺少参数 PROBLEM", "wurao roster solve --help"),
    (["roster", "make", "1"], "缺少选项 --by", "wurao roster make --help"),
    (["roster", "solve", "x", "--nothing"], "没有选项 --nothing", "wurao roster solve --help"),
    (["roster", "solve", "x", "--secnds", "3"], "没有选项 --secnds，是不是", "--seconds"),
    (["roster", "solve", "x", "--gap", "a"], "选项 --gap 的值不对：应为数", "wurao roster solve --help"),
    (["roster", "solve", "x", "--rounds", "1.5"], "选项 --rounds 的值不对：应为整数", "--help"),
    (["roster", "solve", "x", "--seconds", "-1"], "选项 --seconds 的值不对：应不小于 0", "--help"),
    (["roster", "make", "x", "--by", "甲"], "参数 PLAN 的值不对：应为整数", "wurao roster make --help"),
    (
        ["roster", "change", "p", "r", "c", "--as-of", "1"],
        "选项 --as-of 的值不对：1 不是 YYYY-MM-DD 的日期",
        "--help",
    ),
    (
        ["roster", "change", "p", "r", "--absent", "a"],
        "--absent 后面要写 3 个值",
        "wurao roster change --help",
    ),
    (["roster", "change", "p", "--reason"], "--reason 后面要写一个值", "wurao roster change --help"),
    (["roster", "solve", "x", "--json=3"], "--json 后面不写值", "--help"),
    (["roster", "list", "x"], "多写了参数 x", "wurao roster list --help"),
]


@pytest.mark.parametrize(("words", "told", "remedy"), WRONG, ids=[" ".join(words) for words, *_ in WRONG])
def test_wrong_usage_is_one_chinese_sentence_and_what_to_do(
    words: list[str], told: str, remedy: str, capsys: Any
) -> None:
    assert run(words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    flat = said.err.replace("\n", "")
    assert told in flat
    assert remedy in flat
    sentence = flat.partition("→")[0]
    assert not re.search(r"Missing|Invalid|No such|Option|Usage|Input|Error|requires", sentence), sentence


def test_help_is_shown_once_where_nothing_is_asked(capsys: Any) -> None:
    assert run(["roster"]) == 2
    said = capsys.readouterr()
    assert (said.out + said.err).count("Usage:") == 1
    assert run(["roster", "--help"]) == 0


def test_a_command_that_leaves_with_a_code_still_does(tmp_path: Any, capsys: Any) -> None:
    assert run(["roster", "schema", "nothing"]) == 1
    assert run(["roster", "schema", "problem"]) == 0
