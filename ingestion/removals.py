"""Removal prompts (移出提示): entries of object libraries whose licence ran out or whose holder is gone; a person confirms."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine

from ingestion.edits import retire_record
from ingestion.ledger import BatchReport
from registry.errors import Refusal
from registry.facts import as_of, read_frame
from registry.tables.enterprise import Enterprise
from registry.tables.library import LibraryEntry
from registry.tables.permit import Permit
from registry.vocabulary import IN_BUSINESS

_INVALID = "2"
"""xk_zt of a permit that is no longer valid."""


@dataclass(frozen=True)
class RemovalPrompt:
    """One entry that should leave its library (移出提示), and why."""

    key: str
    library: str
    tag: str
    enterprise_code: str
    entname: str
    reason: str
    """expired, gone, permit_invalid."""
    sentence: str


def removal_prompts(connection: Connection, day: date) -> list[RemovalPrompt]:
    """Entries proposed for removal as known on a day, by library and enterprise; nothing is changed."""
    entries = read_frame(connection, as_of(LibraryEntry, day))
    entries = entries[entries["active"].astype(bool)].sort_values(
        ["library", "enterprise_code", "natural_key"]
    )
    firms = read_frame(connection, as_of(Enterprise, day))
    states = dict(zip(firms["enterprise_code"], firms["regstate"], strict=True))
    permits = read_frame(connection, as_of(Permit, day))
    invalid = permits[permits["xk_zt"] == _INVALID]
    ended = set(zip(invalid["enterprise_code"], invalid["xk_xkbh"], strict=True))
    return list(_prompts(entries, states, ended, day))


def confirm_removal(engine: Engine, key: str, by: str, day: date) -> BatchReport:
    """Take the entry out (确认移出) for the reason of its prompt. Raises Refusal removal.none (409) without one."""
    with engine.connect() as connection:
        prompt = next((each for each in removal_prompts(connection, day) if each.key == key), None)
    if prompt is None:
        raise Refusal(
            "removal.none",
            f"“{key}”没有移出提示，可能已经移出或已经更新。",
            "刷新列表；确需移出的，用停用。",
            409,
        )
    return retire_record(engine, "library", key, by, prompt.sentence)


def _prompts(
    entries: pd.DataFrame, states: dict[str, str], ended: set[tuple[str, str]], day: date
) -> Iterator[RemovalPrompt]:
    rows: Any = entries.to_dict("records")
    for row in rows:
        state = states.get(row["enterprise_code"])
        if state is not None and state not in IN_BUSINESS:
            yield _prompt(row, "gone", f"主体登记状态为{state}，应移出{row['library']}。")
        elif row["valid_to"] is not None and pd.notna(row["valid_to"]) and row["valid_to"] < day:
            yield _prompt(row, "expired", f"有效期至 {row['valid_to']}，已过期，应移出{row['library']}。")
        elif (row["enterprise_code"], row["licence_no"]) in ended:
            yield _prompt(
                row, "permit_invalid", f"许可证 {row['licence_no']} 已失效，应移出{row['library']}。"
            )


def _prompt(row: dict[str, Any], reason: str, sentence: str) -> RemovalPrompt:
    return RemovalPrompt(
        row["natural_key"],
        row["library"],
        row["tag"] or "",
        row["enterprise_code"],
        row["entname"],
        reason,
        sentence,
    )
