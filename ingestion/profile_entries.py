"""The entries of a profile (对照方案条目): each is checked by itself, and a wrong one is named by its place in the TOML."""

import codecs
import hashlib
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ingestion.conversions import amount_form, date_form
from ingestion.datasets import DATASETS
from ingestion.datasets.result_codes import CODE_SETS
from ingestion.decode import heading_key
from ingestion.profile import (
    SEPARATORS,
    Feed,
    FileRule,
    Join,
    Profile,
    Split,
    check_targets,
    malformed,
    our_columns,
)
from ingestion.safe_pattern import compile_pattern
from registry.errors import Refusal

FILE_KEYS = {
    "pattern", "feeds", "ignore", "personal", "extra_columns", "encoding", "delimiter", "sheet", "heading_row",
}  # fmt: skip
FEED_KEYS = {
    "dataset", "columns", "constants", "join", "split", "values", "hold_unknown", "defaults", "dates", "amounts",
    "threshold", "exclude", "date_format", "code_set",
}  # fmt: skip
RULES: dict[str, dict[str, type | tuple[type, ...]]] = {
    "threshold": {"column": str, "from": str, "below": (int, float), "then": str, "otherwise": str},
    "exclude": {"column": str, "values": list, "sentence": str},
    "split": {"from": str, "pattern": str, "into": dict},
}


def load_profile(path: Path) -> Profile:
    """Read and check a whole profile before any file is touched. Raises Refusal profile.* naming the entry."""
    try:
        raw = path.read_bytes()
        content = tomllib.loads(raw.decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Refusal(
            "profile.unreadable", f"对照方案“{path.name}”读不了：{error}。", "请修正这个 TOML 文件。"
        ) from error
    where = f"对照方案“{path.name}”"
    known = {"name", "place", "identity", "encoding", "blank", "file", "records"}
    if strange := sorted(set(content) - known):
        malformed(where, f"不认识 {strange}", f"可用的有：{sorted(known)}。")
    if content.get("identity") not in (None, "opaque"):
        malformed(f"{where} identity", f"“{content['identity']}”不认识", "只能写 opaque，或不写。")
    records = content.get("records", {})
    for dataset, rows in records.items():
        for number, row in enumerate(rows, start=1):
            check_targets(f"{where} [[records.{dataset}]] 第 {number} 条", dataset, row)
    return Profile(
        str(content.get("name", path.stem)), content.get("place", "CN"), content.get("identity") == "opaque",
        content.get("encoding"), tuple(content.get("blank", ())), _files(where, content.get("file", [])), records,
        hashlib.sha256(raw).hexdigest(),
    )  # fmt: skip


def _files(where: str, entries: Any) -> tuple[FileRule, ...]:
    """Every [[file]] of a profile. Raises Refusal profile.malformed."""
    if not isinstance(entries, list):
        malformed(f"{where} file", "应写成 [[file]]")
    return tuple(_file(f"{where} 第 {n} 个 [[file]]", entry) for n, entry in enumerate(entries, start=1))


def _file(where: str, entry: dict[str, Any]) -> FileRule:
    _refuse_strange(where, entry, FILE_KEYS)
    patterns = entry.get("pattern")
    patterns = [patterns] if isinstance(patterns, str) else patterns
    if not isinstance(patterns, list) or not patterns or not all(isinstance(p, str) and p for p in patterns):
        malformed(f"{where} pattern", '应是文件名的样式，如 "penalty*"，或几个样式的列表')
    where = f"{where}（{patterns[0]}）"
    for name in ("ignore", "personal"):
        _texts(f"{where} {name}", entry.get(name, []))
    if not isinstance(entry.get("extra_columns", False), bool):
        malformed(f"{where} extra_columns", "应是 true 或 false")
    _check_opening(where, entry)
    feeds = entry.get("feeds", [])
    if not isinstance(feeds, list):
        malformed(f"{where} feeds", "应写成 [[file.feeds]]")
    return FileRule(
        tuple(patterns),
        tuple(_feed(f"{where} 第 {n} 个 feeds", feed) for n, feed in enumerate(feeds, start=1)),
        tuple(entry.get("ignore", ())),
        tuple(entry.get("personal", ())),
        entry.get("extra_columns", False),
        entry.get("encoding"),
        entry.get("delimiter"),
        entry.get("sheet"),
        entry.get("heading_row"),
    )


def _check_opening(where: str, entry: dict[str, Any]) -> None:
    if (encoding := entry.get("encoding")) is not None:
        try:
            codecs.lookup(str(encoding))
        except LookupError:
            malformed(f"{where} encoding", f"“{encoding}”不是编码", "可用 utf-8、gb18030、utf-16 等。")
    if (delimiter := entry.get("delimiter")) is not None and delimiter not in SEPARATORS:
        malformed(f"{where} delimiter", f"“{delimiter}”不能作分隔符", f"可用 {[*SEPARATORS]}。")
    row = entry.get("heading_row")
    if row is not None and (not isinstance(row, int) or isinstance(row, bool) or not 1 <= row <= 100):
        malformed(f"{where} heading_row", f"“{row}”不是 1 至 100 的行号")
    if not isinstance(entry.get("sheet", ""), str):
        malformed(f"{where} sheet", "应是工作表的名字")


def _feed(where: str, given: dict[str, Any]) -> Feed:
    _refuse_strange(where, given, FEED_KEYS)
    dataset = given.get("dataset")
    if dataset not in DATASETS:
        malformed(f"{where} dataset", f"不存在的数据集“{dataset}”", f"可用：{'、'.join(DATASETS)}。")
    for name in ("columns", "constants", "defaults"):
        _texts(f"{where} {name}", given.get(name, {}))
    for name in ("threshold", "exclude", "split"):
        for number, rule in enumerate(_list(f"{where} {name}", given.get(name, [])), start=1):
            _check_rule(f"{where} 第 {number} 个 {name}", rule, RULES[name])
    feed = Feed(
        dataset=str(dataset),
        columns=given.get("columns", {}),
        constants=given.get("constants", {}),
        join=_each(f"{where} join", given.get("join", {}), _join),
        split=tuple(_split(f"{where} 第 {n} 个 split", rule) for n, rule in enumerate(given.get("split", []), 1)),
        values=_each(f"{where} values", given.get("values", {}), _table),
        hold_unknown=tuple(_texts(f"{where} hold_unknown", given.get("hold_unknown", []))),
        defaults=given.get("defaults", {}),
        dates=_each(f"{where} dates", given.get("dates", {}), date_form),
        amounts=_each(f"{where} amounts", given.get("amounts", {}), amount_form),
        threshold=tuple(given.get("threshold", ())),
        exclude=tuple(given.get("exclude", ())),
        date_format=_one(f"{where} date_format", given["date_format"], date_form) if "date_format" in given else None,
        code_set=_code_set(where, str(dataset), given.get("code_set")),
    )  # fmt: skip
    check_targets(where, feed.dataset, feed.targets())
    _check_marks(where, feed)
    return feed


def _code_set(where: str, dataset: str, code_set: Any) -> str | None:
    if code_set is not None and (dataset != "inspection" or code_set not in CODE_SETS):
        remedy = f"检查结果（inspection）可用：{'、'.join(CODE_SETS)}。"
        malformed(f"{where} code_set", f"“{dataset}”不能用结果代码集“{code_set}”", remedy)
    return code_set


def _check_marks(where: str, feed: Feed) -> None:
    """What is said of a column is said of one that the feed fills, and of the right kind."""
    names = our_columns(feed.dataset)
    filled = {names[heading_key(target)] for target in feed.targets()}
    kinds = {c.name: c.kind for c in DATASETS[feed.dataset].columns}
    for entry, marked in (
        ("values", feed.values), ("hold_unknown", feed.hold_unknown), ("defaults", feed.defaults), ("dates", feed.dates),
        ("amounts", feed.amounts),
    ):  # fmt: skip
        for heading in marked:
            name = names.get(heading_key(heading))
            if name not in filled:
                malformed(f"{where} {entry}.“{heading}”", "这个 feeds 没有给出这一列", "请先写进 columns。")
            if entry == "dates" and kinds[str(name)] not in ("date", "datetime"):
                malformed(f"{where} dates.“{heading}”", "这一列不是日期")
            if entry == "amounts" and kinds[str(name)] != "amount":
                malformed(f"{where} amounts.“{heading}”", "这一列不是金额")
            if entry == "hold_unknown" and heading not in feed.values:
                malformed(f"{where} hold_unknown.“{heading}”", "这一列没有 values 对照表")


def _join(given: Any) -> Join:
    if (
        isinstance(given, dict)
        and set(given) <= {"parts", "between"}
        and isinstance(given.get("between", ""), str)
    ):
        given, between = given.get("parts"), given.get("between", "-")
    else:
        between = "-"
    if not isinstance(given, list) or not given or not all(isinstance(part, str) for part in given):
        raise ValueError('应是文件列名的列表，或 {parts = […], between = "-"}')
    return Join(tuple(given), between)


def _split(where: str, rule: dict[str, Any]) -> Split:
    pattern = _one(f"{where} pattern", rule["pattern"], compile_pattern)
    groups, into = set(pattern.groupindex), rule["into"]
    _texts(f"{where} into", into)
    if set(into) != groups:
        malformed(f"{where} into", f"组名 {sorted(groups)} 与 into 的 {sorted(into)} 不一致")
    return Split(rule["from"], pattern, into)


def _table(given: Any) -> Mapping[str, str]:
    if not isinstance(given, dict) or not all(isinstance(text, str) for text in given.values()):
        raise ValueError("应是 “文件的文字” = “我们的文字”")
    return given


def _check_rule(where: str, rule: Any, wanted: Mapping[str, type | tuple[type, ...]]) -> None:
    if not isinstance(rule, dict):
        malformed(where, "应是一组 名 = 值")
    if missing := sorted(set(wanted) - set(rule)):
        malformed(where, f"缺少 {missing}")
    _refuse_strange(where, rule, set(wanted))
    for name, kind in wanted.items():
        if not isinstance(rule[name], kind) or isinstance(rule[name], bool):
            malformed(f"{where} {name}", f"“{rule[name]}”不是所要的内容")


def _refuse_strange(where: str, entry: Any, known: set[str]) -> None:
    if not isinstance(entry, dict):
        malformed(where, "应是一组 名 = 值")
    if strange := sorted(set(entry) - known):
        malformed(where, f"不认识 {strange}", f"可用的有：{sorted(known)}。")


def _texts(where: str, given: Any) -> Any:
    cells = given.values() if isinstance(given, dict) else given
    if not isinstance(given, dict | list) or not all(isinstance(cell, str) for cell in cells):
        malformed(where, "应全是文字（用引号括起）")
    return given


def _list(where: str, given: Any) -> list[Any]:
    if not isinstance(given, list):
        malformed(where, f"应写成 [[file.feeds.{where.rsplit(' ', 1)[-1]}]]")
    return list(given)


def _each(where: str, given: Any, read: Callable[[Any], Any]) -> dict[str, Any]:
    if not isinstance(given, dict):
        malformed(where, "应是一组 “我们的列” = 值")
    return {heading: _one(f"{where}.“{heading}”", entry, read) for heading, entry in given.items()}


def _one(where: str, given: Any, read: Callable[[Any], Any]) -> Any:
    try:
        return read(given)
    except ValueError as error:
        malformed(where, str(error))
