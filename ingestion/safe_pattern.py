"""Patterns that split a cell (拆分式), judged before use: one that could take for ever is refused.

Python's matcher tries alternatives one after another. The judge multiplies the ways in which the parts of a pattern
can share a cell; beyond a limit, and for repetitions inside repetitions, the pattern is refused by its syntax alone.
"""

import re
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

LONGEST_CELL = 400
"""Longer cells are not matched; their rows are held."""
MOST_WAYS = 50_000_000

_REPEATS = {op.MAX_REPEAT, op.MIN_REPEAT}
_ONE = {op.LITERAL, op.NOT_LITERAL, op.IN, op.ANY}
_CLASSES = {
    op.CATEGORY_DIGIT: str.isdigit, op.CATEGORY_SPACE: str.isspace,
    op.CATEGORY_WORD: lambda letter: letter.isalnum() or letter == "_",
}  # fmt: skip
_OPPOSITES = {
    op.CATEGORY_NOT_DIGIT: op.CATEGORY_DIGIT, op.CATEGORY_NOT_SPACE: op.CATEGORY_SPACE,
    op.CATEGORY_NOT_WORD: op.CATEGORY_WORD,
}  # fmt: skip


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """The compiled pattern. Raises ValueError with a sentence that says what is wrong."""
    if len(pattern) > 300:
        raise ValueError("超过 300 个字符")
    try:
        compiled, parts = re.compile(pattern), parser.parse(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"不是正则表达式：{error}") from None
    if not compiled.groupindex:
        raise ValueError("没有命名的组，请写成 (?P<名>…)")
    if _ways(_flat(parts)) > MOST_WAYS:
        raise ValueError("可能要试太多次才有结果，请减少 .* 或 .+，或在它们之间写上固定的分隔符")
    return compiled


def _flat(parts: Any) -> list[Any]:
    """The sequence with plain groups opened: a group changes nothing of how a match is found."""
    found: list[Any] = []
    for kind, content in parts:
        if kind is op.SUBPATTERN:
            found += _flat(content[-1])
        else:
            found.append((kind, content))
    return found


def _ways(sequence: list[Any]) -> int:
    ways = 1
    for place, (kind, content) in enumerate(sequence):
        if kind in _REPEATS:
            least, most, inner = content
            follower = sequence[place + 1] if place + 1 < len(sequence) else None
            ways *= _ways_of_repeat(least, most, _flat(inner), follower)
        elif kind is op.BRANCH:
            ways *= sum(_ways(_flat(branch)) for branch in content[1])
        elif kind in (op.GROUPREF, op.GROUPREF_EXISTS, op.ASSERT, op.ASSERT_NOT):
            raise ValueError("不能用反向引用和前后断言")
        elif kind in (op.ATOMIC_GROUP, op.POSSESSIVE_REPEAT):
            raise ValueError("不能用占有式的重复")
        if ways > MOST_WAYS:
            break
    return ways


def _ways_of_repeat(least: int, most: int, inner: list[Any], follower: Any) -> int:
    simple = len(inner) == 1 and inner[0][0] in _ONE
    choices = min(int(most) - int(least), LONGEST_CELL) + 1
    if simple:
        return 1 if choices == 1 or _told_apart(inner[0], follower) else choices
    within = _ways(inner)
    if most == 1:
        return within + 1
    if choices > 1 or within > 1:
        raise ValueError("重复里面还有重复（如 (a+)+），可能永远没有结果")
    return 1


def _told_apart(repeated: Any, follower: Any) -> bool:
    """Whether what follows can never be part of what is repeated, so that only one end is possible."""
    if follower is None or follower[0] is not op.LITERAL:
        return False
    return not _holds(repeated, chr(follower[1]))


def _holds(one: Any, letter: str) -> bool:
    kind, content = one
    if kind is op.LITERAL:
        return chr(content) == letter
    if kind is op.NOT_LITERAL:
        return chr(content) != letter
    if kind is op.ANY:
        return letter != "\n"
    negated = content[0][0] is op.NEGATE
    inside = any(_fits(entry, letter) for entry in content[1 if negated else 0 :])
    return inside != negated


def _fits(entry: Any, letter: str) -> bool:
    kind, content = entry
    if kind is op.LITERAL:
        return chr(content) == letter
    if kind is op.RANGE:
        return chr(content[0]) <= letter <= chr(content[1])
    if content in _OPPOSITES:
        return not _CLASSES[_OPPOSITES[content]](letter)
    return bool(_CLASSES[content](letter))
