"""Wrong usage in words (命令写法): what typer says of a command line in English, as one sentence in Chinese and what to do."""

import re
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any

import typer

# typer carries click with it, in some versions as a part of itself: its own exception knows which.
_exceptions: Any = import_module(typer.BadParameter.__module__)
WrongUsage: type[Exception] = _exceptions.ClickException

_OF_A_COMMAND = (
    (r"No such command '(.+?)'\.?(?: Did you mean (.+?)\?)?", "没有命令 {0}", "，是不是 {1}？"),
    (r"Missing command", "没有写明要做什么", ""),
    (r"Got unexpected extra arguments?(?:\(s\))? \((.+?)\)", "多写了参数 {0}", ""),
    (r"Option '(.+?)' requires an argument", "选项 {0} 后面要写一个值", ""),
    (r"Option '(.+?)' requires (\d+) arguments", "选项 {0} 后面要写 {1} 个值", ""),
    (r"Option '(.+?)' does not take a value", "选项 {0} 后面不写值", ""),
    (r"Argument '(.+?)' takes (\d+) values", "参数 {0} 要写 {1} 个值", ""),
)
_OF_A_VALUE = (
    (r"valid integer", "应为整数"),
    (r"valid (?:number|float)", "应为数"),
    (r"valid bool", "应为 true 或 false"),
    (r"'([^']+)' does not match the format", "{0} 不是 YYYY-MM-DD 的日期"),
    (r"valid date", "应为 YYYY-MM-DD 的日期"),
    (r"greater than or equal to (\S+)", "应不小于 {0}"),
    (r"less than or equal to (\S+)", "应不大于 {0}"),
    (r"greater than (\S+)", "应大于 {0}"),
    (r"less than (\S+)", "应小于 {0}"),
    (r"(?:not one of|should be) ('.+)", "应为 {0} 之一"),
    (r"in the range (.+?)\.?$", "应在 {0} 之内"),
    (r"does not exist", "所指的文件或文件夹不存在"),
)


def usage_words(fault: Exception, app: typer.Typer, arguments: Sequence[str]) -> tuple[str, str]:
    """The sentence and the remedy for a wrong command line (写法错误)."""
    words = " ".join(["wurao", *_commands(app, arguments)])
    return f"{_sentence(fault)}。".replace("？。", "？"), f"写法见 {words} --help"


def _commands(app: typer.Typer, arguments: Sequence[str]) -> Iterator[str]:
    """The command and the groups above it that the arguments begin with."""
    known: Any = typer.main.get_command(app)
    for word in arguments:
        known = getattr(known, "commands", {}).get(word)
        if known is None:
            return
        yield word


def _sentence(fault: Any) -> str:
    if isinstance(fault, _exceptions.MissingParameter):
        return f"缺少{_parameter(fault.param)}"
    if isinstance(fault, _exceptions.NoSuchOption):
        near = "、".join(sorted(fault.possibilities or ()))
        return f"没有选项 {fault.option_name}" + (f"，是不是 {near}？" if near else "")
    if isinstance(fault, typer.BadParameter):
        return f"{_parameter(getattr(fault, 'param', None))} 的值不对：{_value(fault.message)}"
    message = str(getattr(fault, "message", fault))
    for pattern, words, more in _OF_A_COMMAND:
        if found := re.match(pattern, message):
            parts = [part.replace("'", "") for part in found.groups() if part]
            return words.format(*parts) + (more.format(*parts) if len(parts) > 1 else "")
    return f"写法不对（{message.rstrip('.')}）"


def _parameter(param: Any) -> str:
    """An option by its long name, an argument as docs/reference.md names it."""
    if param is None:
        return "参数"
    if param.param_type_name == "option":
        return f"选项 {max(param.opts, key=len)}"
    return f"参数 {param.name.upper()}"


def _value(message: str) -> str:
    for pattern, words in _OF_A_VALUE:
        if found := re.search(pattern, message):
            return words.format(*(part.replace("'", "") for part in found.groups()))
    return message.rstrip(".")
