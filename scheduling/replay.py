"""What a verification does, step by step (逐项复算). Standard library only; shares no code with bundle.py."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import cached_property, partial
from itertools import zip_longest
from operator import eq, itemgetter, lt
from typing import Any, NamedTuple

from scheduling.draw import (
    DrawFault,
    DrawResult,
    FrozenPool,
    commitment_of,
    decode,
    digest,
    draw_frozen,
    freeze,
    read_counts,
)
from scheduling.rounding import draw_teams, result_file, team_commitment, team_state
from scheduling.seat_file import check_seat_file
from scheduling.team_table import TeamTable, read_team_table

PUBLIC, AUDIT = "bundle.json", "audit.json"
_SECRET = ("pool.csv", "counts.csv", "key.txt")
_TEAM = ("teams.csv", "teams-result.csv")
_TEXTS = (
    "batch",
    "place",
    "ceremony_at",
    "committed_at",
    "seed_text",
    "seed_source",
    "seed_at",
    "redraw_reason",
)
_HASHES = ("pool_hash", "counts_hash", "key_hash", "commitment", "record_hash")
_SHARED = (*_TEXTS, *_HASHES[:4], "version", "approved_by", "class_secret", "totals")


class Step(NamedTuple):
    """One check to make (一项核验): its sentences and the act that raises DrawFault where it fails."""

    name: str
    zh: str
    en: str
    act: Callable[[], object]
    skip: bool = False


class Replay:
    """The replay of one bundle's files (资料包复算)."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.record = AUDIT if AUDIT in files and PUBLIC not in files else PUBLIC
        self.is_public = self.record == PUBLIC
        self._hashes: dict[str, str] = {}

    def steps(self) -> Iterator[Step]:
        """The checks in order. A step whose files are secret is yielded as skipped."""
        yield Step("record", "抽取记录完好。", "The record is whole and unchanged.", self.check_record)
        yield Step(
            "files",
            "文件齐全，未被改动。",
            "All files are there, as the record lists them.",
            self.check_files,
        )
        yield Step(
            "commitment", "承诺值正确。", "The commitment follows from its hashes.", self.check_commitment
        )
        yield Step(
            "order",
            "先承诺后种子；重抽有理由和批准。",
            "Commitment before seed; approvals.",
            self.check_order,
        )
        yield Step("secrecy", "公示内容不泄露分类。", "The public list betrays no class.", self.check_secrecy)
        yield from self._replay_steps()
        yield Step(
            "totals", "各任务抽取数与名单一致。", "Totals by task agree with the list.", self.check_totals
        )
        if self._team_named():
            yield from self._team_steps()

    def _replay_steps(self) -> Iterator[Step]:
        closed = self.is_public and not any(name in self.files for name in _SECRET)
        if closed and self._is_secret():
            zh = "名单复算需要审计包（分层涉及信用分类，对象库和密钥不公开）。"
            en = "Replaying the list needs the audit bundle (strata by class: pool and key are not public)."
            yield Step("draw", zh, en, lambda: None, skip=True)
            return
        for name, field in zip(_SECRET, _HASHES, strict=False):
            act = partial(self.check_committed, name, field)
            yield Step(name, f"{name} 与承诺一致。", f"{name} is what was committed to.", act)
        yield Step(
            "draw", "按种子复算，名单逐行一致。", "Replayed from the seed, the list agrees.", self.check_drawn
        )

    def _team_steps(self) -> Iterator[Step]:
        yield Step(
            "teams",
            "人员概率表与承诺一致。",
            "The team table is what was committed to.",
            self.check_team_table,
        )
        yield Step(
            "team order", "人员抽取先承诺后种子。", "Team commitment before its seed.", self.check_team_order
        )
        yield Step(
            "team draw", "按种子复算，派员逐行一致。", "Replayed, the teams agree.", self.check_team_result
        )
        for name in sorted(name for name in self.files if name.startswith("seats-")):
            zh, en = f"{name}：替补席位按签号复算一致。", f"{name}: replayed, the seats filled later agree."
            yield Step(name, zh, en, partial(self.check_seats, name))

    @cached_property
    def facts(self) -> dict[str, Any]:
        """The record, checked for shape."""
        facts = _read_record(self._file(self.record), self.record)
        for name in (*_TEXTS, *_HASHES):
            _need(isinstance(facts.get(name), str), self.record, name, "text", facts.get(name))
        _need(_is_number(facts.get("version"), 1), self.record, "version", ">= 1", facts.get("version"))
        _need(isinstance(facts.get("class_secret"), bool), self.record, "class_secret", "true/false", "")
        _need(_is_texts(facts.get("approved_by")), self.record, "approved_by", "list of text", "")
        for name in ("files", "totals"):
            _need(isinstance(facts.get(name), dict), self.record, name, "object", facts.get(name))
        return facts

    def check_record(self) -> None:
        """The record has its fields, its one spelling and its own hash."""
        facts = dict(self.facts)
        wanted = "wurao-bundle-1" if self.is_public else "wurao-audit-1"
        _same(facts.get("format"), wanted, self.record, "format")
        claimed = facts.pop("record_hash")
        _same(digest(_spelled(facts)), claimed, self.record, "record_hash")
        _same_lines(self._file(self.record), _spelled(self.facts), self.record)

    def check_files(self) -> None:
        """Each file has the hash in the record; none is missing, none is added."""
        listed = self.facts["files"]
        for name in sorted(set(listed) | set(self.files) - {self.record}):
            if name not in listed:
                zh, en = f"{name} 不在抽取记录中。", f"{name} is not in the record."
                raise DrawFault(zh, en, file=name, found=name)
            _same(self._hash(name), listed[name], name, "SHA-256")

    def check_commitment(self) -> None:
        """commitment = SHA256(wurao-draw-1, three hashes)."""
        facts = self.facts
        whole = commitment_of(facts["pool_hash"], facts["counts_hash"], facts["key_hash"])
        _same(facts["commitment"], whole.commitment, self.record, "commitment")

    def check_order(self) -> None:
        """The seed is younger than the commitment; a second draw has its reason and two approvals."""
        facts = self.facts
        _check_times(facts, self.record)
        names = {name for name in facts["approved_by"] if name.strip()}
        _need(bool(names), self.record, "approved_by", "who approved", "nobody")
        if facts["version"] > 1:
            _need(bool(facts["redraw_reason"].strip()), self.record, "redraw_reason", "a reason", "")
            _need(len(names) > 1, self.record, "approved_by", "two persons", ", ".join(sorted(names)))

    def check_secrecy(self) -> None:
        """A public bundle of strata by class holds no pool, counts, key, state, stratum or ticket."""
        if not (self.is_public and self.facts["class_secret"]):
            return
        for name in (*_SECRET, AUDIT):
            if name in self.files:
                zh, en = (
                    f"公示包不应包含 {name}：会泄露信用分类。",
                    f"The public bundle must not hold {name}.",
                )
                raise DrawFault(zh, en, file=name)
        _need("state" not in self.facts, self.record, "state", "absent", "present")
        _same(",".join(self._drawn_rows[0]), "object_id,task,name", "drawn.csv", "columns", 1)

    def check_committed(self, name: str, field: str) -> None:
        """The file reads well and has the committed hash."""
        content = self._file(name)
        hashed = self._hash(name)
        if name == "key.txt":
            key = content[:-1]
            good = len(content) == 65 and content.endswith(b"\n") and not set(key) - set(b"0123456789abcdef")
            _need(good, name, "key", "64 hex digits and LF", ascii(content[:80]), 1)
            hashed = digest(key)
        elif name == "pool.csv":
            hashed = self.pool.pool_hash
        else:
            read_counts(content)
        _same(hashed, self.facts[field], name, field)

    @cached_property
    def pool(self) -> FrozenPool:
        """The pool, read and checked once for all steps."""
        return freeze(self._file("pool.csv"), self._hash("pool.csv"))

    @cached_property
    def result(self) -> DrawResult:
        """The draw, computed again."""
        counts, key = self._file("counts.csv"), self._file("key.txt").decode("ascii")
        return draw_frozen(self.pool, counts, bytes.fromhex(key), self.facts["seed_text"])

    def check_drawn(self) -> None:
        """State and drawn list as replayed, line by line."""
        _same(self.facts.get("state"), self.result.state, self.record, "state")
        more = ("ticket",) if self.is_public else ("stratum", "ticket")
        header, *rows = self._drawn_rows
        _same(",".join(header), ",".join(("object_id", "task", "name", *more)), "drawn.csv", "columns", 1)
        listed, drawn = ((0, 1, 3), (0, 1, 3)) if self.is_public else ((0, 1, 3, 4), (0, 1, 2, 3))
        published, replayed = itemgetter(*listed), itemgetter(*drawn)
        # Row beside row first, without keeping them: two lists of them cost more than the comparison.
        alike = all(map(eq, map(published, rows), map(replayed, self.result.drawn)))
        if not alike or len(rows) != len(self.result.drawn):
            _same_rows(list(map(published, rows)), map(replayed, self.result.drawn))

    def check_totals(self) -> None:
        """Totals by task as the drawn list has them; the list is sorted and repeats nobody."""
        rows = [(row[0], row[1]) for row in self._drawn_rows[1:]]
        if not all(map(lt, rows, rows[1:])):
            _same_rows(rows, sorted(set(rows)))
        counted = Counter(task for _, task in rows)
        for task in sorted(set(counted) | set(self.facts["totals"])):
            _same(str(counted[task]), str(self.facts["totals"].get(task, 0)), "drawn.csv", f"total {task}")

    def check_team_table(self) -> None:
        """The table is sound, and hash and commitment follow from it."""
        team, table = self._team(), self._team_table
        _same(table.hash, team["table_hash"], "teams.csv", "table_hash")
        _same(team_commitment(table.content), team["commitment"], self.record, "team.commitment")

    def check_team_order(self) -> None:
        """The team lottery's seed is younger than its commitment."""
        _check_times(self._team(), self.record)

    def check_team_result(self) -> None:
        """Who goes, as replayed, line by line. A sound table makes every outcome keep the hard rules."""
        team = self._team()
        state = team_state(team["commitment"], team["seed_text"])
        _same(team["state"], state, self.record, "team.state")
        expected = result_file(draw_teams(self._team_table, state))
        _same_lines(self._file("teams-result.csv"), expected, "teams-result.csv")

    def check_seats(self, name: str) -> None:
        """Seats filled after the lottery, by its state."""
        team = self._team()
        check_seat_file(self._file(name), name, team_state(team["commitment"], team["seed_text"]))

    def compare_public(self, public: dict[str, bytes]) -> None:
        """This audit bundle is the one whose hash `public` carries, and both tell the same draw."""
        _need(not self.is_public, PUBLIC, "audit", "an audit bundle", "a public bundle")
        other = Replay(public)
        manifest = "".join(f"{digest(self.files[name])}  {name}\n" for name in sorted(self.files))
        for name in _SHARED:
            _same(_text(other.facts[name]), _text(self.facts[name]), PUBLIC, name)
        mine, theirs = ([tuple(row[:3]) for row in rows] for rows in (self._drawn_rows, other._drawn_rows))
        _same_rows(theirs, mine, first=1)
        _same(digest(f"wurao-audit-1\n{manifest}"), other.facts.get("audit_hash"), PUBLIC, "audit_hash")

    def _file(self, name: str) -> bytes:
        if name not in self.files:
            raise DrawFault(f"缺少文件 {name}。", f"The file {name} is missing.", file=name)
        return self.files[name]

    def _hash(self, name: str) -> str:
        """SHA-256 of a file, which several steps ask for."""
        if name not in self._hashes:
            self._hashes[name] = digest(self._file(name))
        return self._hashes[name]

    @cached_property
    def _team_table(self) -> TeamTable:
        return read_team_table(self._file("teams.csv"))

    @cached_property
    def _drawn_rows(self) -> list[list[str]]:
        text = decode(self._file("drawn.csv"), "drawn.csv")
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True)) or [[]]
        width = max(3, len(rows[0]))
        if set(map(len, rows)) != {width}:
            line, row = next((n, row) for n, row in enumerate(rows, start=1) if len(row) != width)
            raise _differs("drawn.csv", "columns", str(width), str(len(row)), line)
        return rows

    def _team(self) -> dict[str, Any]:
        team: Any = self.facts.get("team")
        _need(isinstance(team, dict), self.record, "team", "object", team)
        for name in ("table_hash", "commitment", "state", "seed_text", "seed_at", "committed_at"):
            _need(isinstance(team.get(name), str), self.record, f"team.{name}", "text", team.get(name))
        return dict(team)

    def _team_named(self) -> bool:
        return any(name in self.files for name in _TEAM) or self._fact("team") is not None

    def _is_secret(self) -> bool:
        return self._fact("class_secret") is True

    def _fact(self, name: str) -> object:
        """A fact that decides which checks to make; a broken record has failed its own check already."""
        try:
            return self.facts.get(name)
        except DrawFault:
            return None


def _read_record(content: bytes, file: str) -> dict[str, Any]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = Counter(name for name, _ in pairs)
        _need(len(names) == len(pairs), file, "fields", "each once", names.most_common(1))
        return dict(pairs)

    try:
        facts = json.loads(decode(content, file), object_pairs_hook=once)
    except (json.JSONDecodeError, RecursionError) as error:
        line = getattr(error, "lineno", 0)
        zh, en = f"{file} 不是有效的 JSON。", f"{file} is not valid JSON."
        raise DrawFault(zh, en, file=file, line=line, found=str(error)[:200]) from error
    _need(isinstance(facts, dict), file, "record", "object", type(facts).__name__)
    return dict(facts)


def _spelled(facts: dict[str, Any]) -> bytes:
    return (json.dumps(facts, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode()


def _check_times(facts: dict[str, Any], file: str) -> None:
    moments = []
    for name in ("committed_at", "seed_at"):
        try:
            moment = datetime.fromisoformat(facts[name])
        except ValueError:
            moment = None
        _need(
            moment is not None and moment.tzinfo is not None, file, name, "ISO 8601 with offset", facts[name]
        )
        moments.append(moment)
    good = moments[0] < moments[1]  # type: ignore[operator]
    _need(good, file, "committed_at", f"< seed_at {facts['seed_at']}", facts["committed_at"])


def _need(condition: bool, file: str, what: str, expected: str, found: object, line: int = 0) -> None:
    if not condition:
        raise _differs(file, what, expected, str(found), line)


def _same(found: object, expected: object, file: str, what: str, line: int = 0) -> None:
    if found != expected:
        raise _differs(file, what, str(expected), str(found), line)


def _same_lines(found: bytes, expected: bytes, file: str) -> None:
    """Byte for byte, naming the first line that differs."""
    if found != expected:
        pairs = zip_longest(found.split(b"\n"), expected.split(b"\n"), fillvalue=b"(end of file)")
        line, here, there = next((n, *pair) for n, pair in enumerate(pairs, start=1) if pair[0] != pair[1])
        raise _differs(file, "line", there.decode(errors="replace"), here.decode(errors="replace"), line)


def _same_rows(found: Sequence[tuple[str, ...]], expected: Iterable[tuple[str, ...]], first: int = 2) -> None:
    """Rows of drawn.csv, naming the first line that differs; `first` is the line of the first row."""
    wanted = list(expected)
    if found == wanted:
        return
    for at in range(max(len(found), len(wanted))):
        here, there = (",".join(rows[at]) if at < len(rows) else "—" for rows in (found, wanted))
        if here != there:
            raise _differs("drawn.csv", "row", there, here, at + first)


def _differs(file: str, what: str, expected: str, found: str, line: int) -> DrawFault:
    at, where = (f" 第 {line} 行", f", line {line}") if line else ("", "")
    return DrawFault(
        f"{file}{at}：{what} 不符。",
        f"{file}{where}: {what} differs.",
        file=file,
        line=line,
        expected=expected[:200],
        found=found[:200],
    )


def _is_number(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
