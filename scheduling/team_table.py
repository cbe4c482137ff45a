"""The published table of the team lottery (检查人员概率表): who may be sent where, with what probability.

Standard library only. The file teams.csv is committed before the team lottery's seed exists; the audit of
the lottery needs this table and the seed, never a solver. Its format is written out in docs/draw-format.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

from scheduling.draw import DrawFault, check_field, decode, digest

FIRST_FORMAT, TEAM_FORMAT = "wurao-team-1", "wurao-team-2"
TEAM_FORMATS = (FIRST_FORMAT, TEAM_FORMAT)
"""First lines of the file: each names how its lottery is rounded, and an old one can be replayed for ever."""
TEAM_FILE = "teams.csv"
Seat = tuple[str, str]


class SeatGroup(NamedTuple):
    """Seats of one visit that ask for the same thing (一组席位): one department, one qualification.

    `slot` is the half-day, such as "2026-12-03/am"; an inspector sits at most once in a slot. `need` is the
    number of seats, `eligible` the inspectors who hold the certificate and are free and not recused.
    """

    id: str
    slot: str
    need: int
    eligible: tuple[str, ...]


class Staff(NamedTuple):
    """One inspector and the most seats he may be given in this lottery (检查人员与工作量上限)."""

    id: str
    cap: int


@dataclass(frozen=True)
class TeamTable:
    """Published probabilities (公布的概率表).

    `chances[group, inspector]` is the probability times `denominator`. `bound` is the certified best
    reachable smallest ratio of probability to equal share; it is known to whoever computed the table and
    is not part of the file. `edition` is the format that the file names in its first line (格式版本).
    """

    denominator: int
    staff: tuple[Staff, ...]
    groups: tuple[SeatGroup, ...]
    chances: Mapping[Seat, int]
    bound: Fraction | None = None
    edition: str = TEAM_FORMAT

    @cached_property
    def content(self) -> bytes:
        """The file teams.csv: sorted by bytes, LF, UTF-8."""
        lines = [f"{self.edition},{self.denominator}"]
        lines += [f"inspector,{person.id},{person.cap}" for person in sorted(self.staff)]
        groups = sorted(self.groups)
        lines += [f"group,{group.id},{group.slot},{group.need}" for group in groups]
        lines += [
            f"seat,{group.id},{name},{self.chances[group.id, name]}"
            for group in groups
            for name in sorted(group.eligible)
        ]
        return "\n".join([*lines, ""]).encode()

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the file, published in the team lottery's commitment."""
        return team_table_hash(self.content)

    @cached_property
    def achieved(self) -> Fraction:
        """Smallest ratio of a probability to its group's equal share, exactly."""
        return min(
            (
                Fraction(self.chances[group.id, name] * len(group.eligible), self.denominator * group.need)
                for group in self.groups
                for name in group.eligible
            ),
            default=Fraction(1),
        )

    @cached_property
    def certain(self) -> tuple[Seat, ...]:
        """Seats that scarcity makes certain: (group, inspector) sent with probability one."""
        return tuple(seat for seat, chance in sorted(self.chances.items()) if chance == self.denominator)

    def probability(self, group: str, inspector: str) -> Fraction:
        """Published probability that `inspector` is sent to `group`; 0 where not eligible."""
        return Fraction(self.chances.get((group, inspector), 0), self.denominator)


def team_table_hash(content: bytes) -> str:
    """SHA-256 of the file teams.csv (概率表摘要)."""
    return digest(content)


def check_groups(groups: tuple[SeatGroup, ...], staff: tuple[Staff, ...]) -> None:
    """Validate the whole input (输入校验): DrawFault for a repeated or unknown name and for a bad number."""
    people = _unique([person.id for person in staff], "检查人员", "inspector")
    _unique([group.id for group in groups], "席位组", "group")
    for person in staff:
        check_field(person.id, "inspector", TEAM_FILE)
        _check_number(person.cap, 0, f"检查人员 {person.id} 的上限", f"the cap of inspector {person.id}")
    for group in groups:
        check_field(group.id, "group", TEAM_FILE)
        check_field(group.slot, "slot", TEAM_FILE)
        _check_number(group.need, 1, f"席位组 {group.id} 的人数", f"the need of group {group.id}")
        unknown = _unique(list(group.eligible), f"{group.id} 候选人", f"candidate of {group.id}") - people
        if unknown:
            name = min(unknown)
            raise DrawFault(
                f"席位组 {group.id} 的候选人 {name} 不在检查人员名单中。",
                f"Candidate {name} of group {group.id} is not on the list of inspectors.",
                file=TEAM_FILE,
                found=name,
            )


def read_team_table(content: bytes) -> TeamTable:
    """Read and check a published table (读取概率表).

    Raises DrawFault with the line at fault: format, order, and the sums without which no lottery can keep
    the hard rules (each group's need exactly, one seat a slot, the cap).
    """
    rows = _rows(content)
    number, (edition, text) = next(rows)
    denominator = _number(text, 1, number)
    staff, groups, chances = [], [], dict[Seat, int]()
    # Each name is kept once: half a million rows of a large lottery repeat some thousand names.
    known: dict[str, str] = {}
    for number, (kind, name, *fields) in rows:
        name = known.setdefault(name, name)
        if kind == "seat":
            person = known.setdefault(fields[0], fields[0])
            chances[name, person] = _number(fields[1], 0, number)
        elif kind == "group":
            groups.append(SeatGroup(name, fields[0], _number(fields[1], 1, number), ()))
        else:
            staff.append(Staff(name, _number(fields[0], 0, number)))
    eligible: dict[str, list[str]] = {group.id: [] for group in groups}
    for group_id, name in chances:
        if group_id not in eligible:
            zh, en = f"席位组 {group_id} 未列出。", f"Group {group_id} is not listed."
            raise DrawFault(zh, en, file=TEAM_FILE, found=group_id)
        eligible[group_id].append(name)
    full = tuple(group._replace(eligible=tuple(eligible[group.id])) for group in groups)
    table = TeamTable(denominator, tuple(staff), full, chances, edition=edition)
    check_groups(table.groups, table.staff)
    _check_bytes(content, table.content)
    _check_sums(table)
    return table


_WIDTH = {"inspector": 3, "group": 4, "seat": 4}


def _rows(content: bytes) -> Iterator[tuple[int, list[str]]]:
    lines = decode(content, TEAM_FILE).split("\n")
    first = lines[0].split(",")
    if len(first) != 2 or first[0] not in TEAM_FORMATS:
        raise _fault(1, lines[0], "首行不符合格式", "the first line is wrong")
    yield 1, first
    if lines.pop() != "":
        raise _fault(len(lines) + 1, "", "末行没有换行", "the last line is not ended by LF")
    for number, line in enumerate(lines[1:], start=2):
        fields = line.split(",")
        if len(fields) != _WIDTH.get(fields[0]):
            raise _fault(
                number, line, "不是 inspector、group、seat 三种行", "not an inspector, group or seat line"
            )
        yield number, fields


def _number(text: str, least: int, line: int) -> int:
    plain = text.isascii() and text.isdigit() and len(text) <= 18 and (text[0] != "0" or text == "0")
    if not plain or (number := int(text)) < least:
        raise _fault(line, text, f"不是不小于 {least} 的整数", f"not a whole number from {least} up")
    return number


def _check_bytes(found: bytes, expected: bytes) -> None:
    """One table has one spelling: anything unsorted or repeated differs from its own rewriting."""
    if found == expected:
        return
    pairs = zip(found.split(b"\n"), expected.split(b"\n"), strict=False)
    for number, (line, wanted) in enumerate(pairs, start=1):
        if line != wanted:
            raise _fault(
                number, line.decode(), "未按字节顺序排列或重复", "unsorted or repeated", wanted.decode()
            )
    raise _fault(1, "", "行数不符", "the number of lines is wrong")


def _check_sums(table: TeamTable) -> None:
    whole, chances = table.denominator, table.chances
    slots: dict[str, dict[str, int]] = {}
    for group in table.groups:
        total, slot = 0, slots.setdefault(group.slot, {})
        for name in group.eligible:
            chance = chances[group.id, name]
            total += chance
            slot[name] = slot.get(name, 0) + chance
            if chance > whole:
                _check_limit(chance, whole, f"{name} 在 {group.id}", f"{name} in {group.id}")
        if total != group.need * whole:
            raise DrawFault(
                f"席位组 {group.id} 的概率之和不等于人数 {group.need}。",
                f"The probabilities of group {group.id} do not add up to its need of {group.need}.",
                file=TEAM_FILE,
                expected=str(group.need * whole),
                found=str(total),
            )
    loads = dict.fromkeys((person.id for person in table.staff), 0)
    for slot_name, slot in slots.items():
        for name, total in slot.items():
            loads[name] += total
            _check_limit(total, whole, f"{name} 在时段 {slot_name}", f"{name} in slot {slot_name}")
    for person in table.staff:
        _check_limit(loads[person.id], person.cap * whole, f"{person.id} 的总量", f"the load of {person.id}")


def _check_limit(total: int, limit: int, zh: str, en: str) -> None:
    if total > limit:
        raise DrawFault(
            f"{zh}的概率之和超过上限。",
            f"The probability of {en} exceeds its limit.",
            file=TEAM_FILE,
            expected=f"<= {limit}",
            found=str(total),
        )


def _check_number(value: int, least: int, zh: str, en: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise DrawFault(
            f"{zh}「{value}」不是不小于 {least} 的整数。",
            f"{en} is {value!r}, not a whole number from {least} up.",
            file=TEAM_FILE,
        )


def _unique(names: list[str], zh: str, en: str) -> set[str]:
    seen = set(names)
    if len(seen) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DrawFault(
            f"{zh}「{twice}」重复。", f"The {en} {twice} stands twice.", file=TEAM_FILE, found=twice
        )
    return seen


def _fault(line: int, found: str, zh: str, en: str, expected: str = "") -> DrawFault:
    return DrawFault(
        f"{TEAM_FILE} 第 {line} 行：{zh}。",
        f"{TEAM_FILE}, line {line}: {en}.",
        file=TEAM_FILE,
        line=line,
        expected=expected,
        found=found[:200],
    )
