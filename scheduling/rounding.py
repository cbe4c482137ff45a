"""The team lottery (检查人员公开抽取): exact dependent rounding of published probabilities.

Standard library only. Every outcome keeps every hard rule; every probability is exactly the published one. The
table's first line says which lottery it is: wurao-team-2 rounds within each slot and then walks along what is
left, wurao-team-1 (the earlier format) only walks. The law of a public lottery is that an old one can be
replayed for ever, so what one of them does is never changed: another way of rounding is another format.
"""

from __future__ import annotations

from collections.abc import Iterable

from scheduling.draw import check_seed, digest
from scheduling.loose_seats import LooseSeats, Teams
from scheduling.slot_rounding import round_slots
from scheduling.team_chance import BlockChance, Chance, WordChance
from scheduling.team_table import FIRST_FORMAT, TeamTable, read_team_table
from scheduling.team_walk import walk_loose

__all__ = [
    "Teams",
    "draw_teams",
    "replace_seat",
    "result_file",
    "round_table",
    "round_teams",
    "team_commitment",
    "team_state",
]


def team_commitment(table_bytes: bytes) -> str:
    """What is published of the file before the team lottery's seed exists (人员抽取承诺).

    It binds the format that the file names, and thereby how it will be rounded, with the file.
    """
    edition = table_bytes.partition(b",")[0]
    return digest(b"%b\n%b\n" % (edition, digest(table_bytes).encode()))


def team_state(commitment: str, seed_text: str) -> str:
    """The state S of the team lottery (人员抽取状态值), 64 hex digits, from its own public seed."""
    return digest(f"{commitment}\n{check_seed(seed_text)}\n")


def round_teams(table_bytes: bytes, state: str) -> Teams:
    """Who goes (派出人员): each group's inspectors, sorted, from the committed file and the state S.

    Raises DrawFault where the file is not a valid table.
    """
    return draw_teams(read_team_table(table_bytes), state)


def draw_teams(table: TeamTable, state: str) -> Teams:
    """Who goes (派出人员), from a table already read and the state S."""
    return round_table(table, (BlockChance if table.edition == FIRST_FORMAT else WordChance)(state))


def result_file(teams: Teams) -> bytes:
    """The file teams-result.csv (派员结果文件): one line for each inspector sent, sorted by group."""
    lines = [f"{group},{name}" for group in sorted(teams) for name in teams[group]]
    return "\n".join(["group,inspector", *lines, ""]).encode()


def replace_seat(state: str, visit: str, seat: str, candidates: Iterable[str]) -> str:
    """The inspector who takes one vacated seat (替补): the candidate with the smallest seat ticket.

    `candidates` are those eligible and free now; ValueError where there is none.
    """
    return min(candidates, key=lambda name: (digest(f"{state},seat,{visit},{seat},{name}"), name))


def round_table(table: TeamTable, chance: Chance) -> Teams:
    """Round a checked table with any source of chance (按概率表取整)."""
    seats = LooseSeats(table, chance)
    if table.edition != FIRST_FORMAT:
        round_slots(seats, chance)
    walk_loose(seats, chance)
    return seats.teams()
