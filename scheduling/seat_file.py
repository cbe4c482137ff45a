"""The published file of a change's seats, wurao-seats-1 (席位替补公示文件): input and outcome of seat tickets.

Standard library only. It names no visit and no reason for a single seat: who was ill, or which firm has its visit moved,
is nobody's business; how many seats were replaced for which kind of reason is public.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from scheduling.draw import DrawFault
from scheduling.seat_tickets import Capacity, EmptySeat, Filling, SeatPlace, fill_seats

SEAT_FORMAT = "wurao-seats-1"


def seat_file(filling: Filling, replaced: Mapping[str, int]) -> bytes:
    """The file: seats to fill, who could, who does; and how many seats were replaced by kind of reason."""
    taken = fill_seats(filling)
    facts = {
        "format": SEAT_FORMAT,
        "state": filling.state,
        "places": [
            {**place._asdict(), "halves": list(place.halves), "eligible": sorted(place.eligible)}
            for _, place in sorted(filling.places.items())
        ],
        "sitting": sorted([group, name] for group, name in filling.sitting),
        "elsewhere": dict(sorted(filling.elsewhere.items())),
        "limits": {name: list(limit) for name, limit in sorted(filling.limits.items())},
        "empty": sorted([seat.group, seat.number] for seat in filling.empty),
        "taken": sorted([seat.group, seat.number, name] for seat, name in taken.items()),
        "replaced": dict(sorted(replaced.items())),
    }
    return (json.dumps(facts, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode()


def read_filling(content: bytes, file: str) -> tuple[Filling, list[list[Any]]]:
    """The input of a file's filling, and who took what as it says. Raises DrawFault where it is no such file."""
    try:
        facts = json.loads(content)
        if facts["format"] != SEAT_FORMAT:
            raise ValueError(facts["format"])
        places = {
            p["group"]: SeatPlace(
                str(p["group"]), str(p["slot"]), str(p["day"]), tuple(p["halves"]), tuple(p["eligible"])
            )
            for p in facts["places"]
        }
        filling = Filling(
            str(facts["state"]),
            places,
            [(group, name) for group, name in facts["sitting"]],
            {name: int(n) for name, n in facts["elsewhere"].items()},
            {
                name: Capacity(int(a), None if b is None else int(b))
                for name, (a, b) in facts["limits"].items()
            },
            [EmptySeat(group, int(n)) for group, n in facts["empty"]],
        )
        return filling, list(facts["taken"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as fault:
        zh, en = f"{file} 不是有效的席位文件。", f"{file} is not a valid file of seats."
        raise DrawFault(zh, en, file=file, found=str(fault)[:200]) from fault


def check_seat_file(content: bytes, file: str, state: str) -> None:
    """Replay the file's seats. Raises DrawFault where the state is another or an outcome differs."""
    filling, told = read_filling(content, file)
    if filling.state != state:
        zh, en = f"{file} 的状态值不是派员抽取的状态值。", f"{file} does not use the team lottery's state."
        raise DrawFault(zh, en, file=file, expected=state, found=filling.state)
    try:
        taken = fill_seats(filling)
    except KeyError as fault:
        zh, en = f"{file} 缺少 {fault}。", f"{file} does not know {fault}."
        raise DrawFault(zh, en, file=file, found=str(fault)) from fault
    replayed = sorted([seat.group, seat.number, name] for seat, name in taken.items())
    if replayed != told:
        both = [*replayed, *told]
        first = next(one for one in both if both.count(one) == 1 or replayed.count(one) != told.count(one))
        zh = f"{file}：席位 {first[0]} 第 {first[1]} 位复算不一致。"
        en = f"{file}: seat {first[0]}, number {first[1]} differs."
        raise DrawFault(zh, en, file=file, expected=str(replayed)[:200], found=str(told)[:200])
