"""A proposal as a profile (建议方案文本): commented TOML that loads as it is, and says what a person must still decide."""

import json
import re
from pathlib import Path

from rapidfuzz import fuzz, process

from ingestion.clean import BLANKS
from ingestion.datasets import DATASETS, Column
from ingestion.evidence import STANDARD, Sample, is_choice
from ingestion.suggest import Match, Proposal

STUBS = 30
"""So many unknown texts of a column are listed."""
CLOSE = 74


def profile_text(proposal: Proposal, name: str | None = None) -> str:
    """The TOML of a proposal. Missing required columns stand as empty constants: it loads, and their rows are held."""
    dataset = DATASETS[proposal.dataset]
    columns = {column.heading: column for column in dataset.columns}
    lines = [
        f"# 对照方案建议：{proposal.file_name} → {dataset.title}（{proposal.dataset}）。由 wurao mapping suggest 生成。",
        "# 每一行都要由人核对；改好后用 wurao mapping check 试读，再用 wurao ingest --profile 归集。格式见 docs/mapping.md。",
        "",
        f"name = {_quoted(name or stem_of(proposal.file_name))}",
        *(
            [f"encoding = {_quoted(proposal.encoding)}"]
            if proposal.encoding not in ("excel", "utf-8", "utf-8-sig")
            else []
        ),
        *_opaque(proposal),
        "",
        "[[file]]",
        f"pattern = {_quoted(pattern_of(proposal.file_name))}",
        *_listed("ignore", proposal.ignored, "没有用上的列"),
        *_listed("personal", proposal.personal, "个人信息：读入时即丢弃，不看不存"),
        "",
        "[[file.feeds]]",
        f"dataset = {_quoted(proposal.dataset)}",
        "",
        "[file.feeds.columns]",
    ]
    lines += [
        f"{_quoted(match.column)} = {_quoted(match.heading)}   # 把握{match.confidence}（{match.score:.2f}）：{match.reason}"
        for match in proposal.matches
    ]
    if proposal.missing:
        lines += [
            "",
            "[file.feeds.constants]",
            "# 必填而文件里没有找到：请填一个固定的值，或在上面指明是哪一列。留空则每一行都作问题行。",
        ]
        for heading in proposal.missing:
            lines.append(f'{_quoted(heading)} = ""{_choices_hint(columns[heading])}')
    lines += _dates(proposal, columns) + _amounts(proposal, columns) + _values(proposal, columns)
    return "\n".join(lines) + "\n"


def stem_of(file_name: str) -> str:
    """The file's name without suffix and dates, for naming the profile."""
    return re.sub(r"[\d\-_.（()）]+$", "", Path(file_name).stem) or Path(file_name).stem


def pattern_of(file_name: str) -> str:
    """A pattern for the file and those of other days."""
    return re.sub(r"([\[\]?*])", "?", stem_of(file_name)) + "*"


def unknown_texts(column: Column, sample: Sample) -> dict[str, str]:
    """Texts that the code table does not have → the text of ours that is closest, empty if none is close."""
    found: dict[str, str] = {}
    for text in sample.texts:
        if text in BLANKS or is_choice(text, column) or len(found) >= STUBS:
            continue
        best = process.extractOne(text, list(column.choices or {}), scorer=fuzz.WRatio)
        found[text] = best[0] if best and best[1] >= CLOSE and len(best[0]) > 1 else ""
    return found


def _opaque(proposal: Proposal) -> list[str]:
    """Where a column was taken for the enterprises' numbers and not one passes its check digit."""
    for match in proposal.matches:
        if "统一社会信用代码" in match.column and "机关" not in match.column:
            credit, _, old = proposal.samples[match.heading].codes
            if not credit and not old:
                said = f"“{match.heading}”没有一个通过校验；若是外地的登记编号，请去掉行首的 #"
                return [f'# identity = "opaque"   # {said}']
    return []


def _dates(proposal: Proposal, columns: dict[str, Column]) -> list[str]:
    lines = []
    for match in proposal.matches:
        sample = proposal.samples[match.heading]
        if columns[match.column].kind not in ("date", "datetime") or not sample.texts:
            continue
        form, share, others = sample.dates
        if form != STANDARD:
            doubt = f"；也可能是 {'、'.join(others)}，请核对" if others else ""
            lines.append(
                f"{_quoted(match.column)} = {_quoted(form)}   # 读得出 {share:.0%}，如 {sample.texts[0]}{doubt}"
            )
    return ["", "[file.feeds.dates]", *lines] if lines else []


def _amounts(proposal: Proposal, columns: dict[str, Column]) -> list[str]:
    lines = []
    for match in proposal.matches:
        if columns[match.column].kind != "amount":
            continue
        unit = next((u for u in ("亿元", "百万元", "万元", "千元", "元") if u in match.heading), "")
        marks = ', decimal = ",", thousands = "."' if proposal.samples[match.heading].has_commas else ""
        if (unit and unit != "万元") or marks:
            lines.append(f"{_quoted(match.column)} = {{ unit = {_quoted(unit or '万元')}{marks} }}")
        elif not unit:
            lines.append(
                f'# {_quoted(match.column)} = "元"   # 列名没有写单位，按万元读；若是元，请去掉行首的 #'
            )
    return ["", "[file.feeds.amounts]", *lines] if lines else []


def _values(proposal: Proposal, columns: dict[str, Column]) -> list[str]:
    lines: list[str] = []
    for match in proposal.matches:
        column = columns[match.column]
        if column.kind not in ("choice", "choices", "boolean"):
            continue
        unknown = unknown_texts(column, proposal.samples[match.heading]) if column.choices else {}
        if unknown:
            lines += [
                "",
                f"[file.feeds.values.{_quoted(match.column)}]",
                f"# 代码表外的文字{_choices_hint(column)}",
            ]
            lines += [_stub(text, ours) for text, ours in unknown.items()]
    return lines


def _stub(text: str, ours: str) -> str:
    if ours:
        return f"{_quoted(text)} = {_quoted(ours)}   # 按文字相近，请核对"
    return f'# {_quoted(text)} = ""   # 请填；不填则有这个文字的行作问题行'


def _choices_hint(column: Column) -> str:
    texts = list(dict.fromkeys(column.choices or {}))
    return f"   # 可用：{'、'.join(texts[:12])}{' 等' if len(texts) > 12 else ''}" if texts else ""


def _listed(name: str, headings: list[str], words: str) -> list[str]:
    return [f"{name} = [{', '.join(map(_quoted, headings))}]   # {words}"] if headings else []


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def summary(match: Match) -> str:
    """One line for the terminal."""
    return f"{match.column} ← {match.heading}（{match.confidence} {match.score:.2f}，{match.reason}）"
