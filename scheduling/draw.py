"""The object lottery wurao-draw-1 (检查对象公开抽取): commitment, seed, tickets, drawn list.

Pure arithmetic on bytes with the standard library only, so that anybody may replay it. The format is
written out in docs/draw-format.md. A ticket belongs to the object and not to the task: permanent random
numbers (Ohlsson 1995, "Coordination of samples using permanent random numbers"), which make the samples
of all departments overlap as much as they can while each stays an exact simple random sample.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from scheduling.draw_files import (
    DrawFault,
    FrozenPool,
    PoolRow,
    Stratum,
    check_field,
    counts_file,
    decode,
    digest,
    freeze,
    pool_file,
    read_counts,
    read_pool,
)

__all__ = [
    "KEY_BYTES",
    "Commitment",
    "DrawFault",
    "DrawResult",
    "DrawnRow",
    "FrozenPool",
    "PoolRow",
    "StratumDraw",
    "check_field",
    "check_seed",
    "commit",
    "commitment_of",
    "counts_file",
    "decode",
    "digest",
    "draw_frozen",
    "draw_objects",
    "freeze",
    "key_text",
    "pool_file",
    "read_counts",
    "read_pool",
    "seed_state",
    "ticket",
]

KEY_BYTES = 32
_TICKET = 32
"""Bytes of a ticket."""
_TOP = b"\xff" * (_TICKET + 1)
"""Above every ticket."""


class DrawnRow(NamedTuple):
    """One drawn object in one task (抽中对象); `ticket` is 64 hex digits and secret where classes are."""

    object_id: str
    task: str
    stratum: str
    ticket: str


class Commitment(NamedTuple):
    """The four hashes published before any seed exists (抽取承诺)."""

    pool_hash: str
    counts_hash: str
    key_hash: str
    commitment: str


@dataclass(frozen=True)
class StratumDraw:
    """Size of a stratum and how many of it are drawn (层内总数与抽取数)."""

    size: int
    count: int

    @property
    def inclusion(self) -> Fraction:
        """Exact probability that a given object of the stratum is drawn (入样概率)."""
        return Fraction(self.count, self.size)


class DrawResult(NamedTuple):
    """A finished draw (抽取结果): `drawn` sorted by (object_id, task), never by class; `state` is S."""

    drawn: tuple[DrawnRow, ...]
    state: str
    commitment: Commitment
    strata: dict[Stratum, StratumDraw]


def commit(pool: bytes, counts: bytes, key: bytes) -> Commitment:
    """Hashes to publish before the seed (发布承诺). Raises DrawFault where counts do not fit the pool."""
    wanted, frozen = read_counts(counts), freeze(pool)
    _fit_counts(wanted, frozen.sizes)
    return commitment_of(frozen.pool_hash, digest(counts), digest(key_text(key)))


def commitment_of(pool_hash: str, counts_hash: str, key_hash: str) -> Commitment:
    """The commitment over three published hashes (承诺值)."""
    whole = digest(f"wurao-draw-1\n{pool_hash}\n{counts_hash}\n{key_hash}\n")
    return Commitment(pool_hash, counts_hash, key_hash, whole)


def key_text(key: bytes) -> str:
    """The secret key K in hex (抽取密钥). Raises DrawFault unless it is 32 bytes."""
    if not isinstance(key, bytes) or len(key) != KEY_BYTES:
        raise DrawFault("密钥必须是 32 个随机字节。", "The key must be 32 random bytes.", file="key.txt")
    return key.hex()


def check_seed(seed_text: str) -> str:
    """Return the seed exactly as announced (公布的种子文本); DrawFault unless it is one line of text."""
    if (
        not isinstance(seed_text, str)
        or not seed_text.strip()
        or re.search("[\x00-\x1f\ud800-\udfff]", seed_text)
    ):
        raise DrawFault(
            "种子必须是一行非空文本，与现场宣读的完全一致（不能是数字类型，不能换行）。",
            "The seed must be one non-empty line of text exactly as announced (not a number, no line break).",
            found=ascii(seed_text),
        )
    return seed_text


def seed_state(commitment: str, seed_text: str, key: bytes) -> str:
    """The state S of the object lottery (抽取状态值), 64 hex digits."""
    return digest(f"{commitment}\n{check_seed(seed_text)}\n{key_text(key)}\n")


def ticket(state: str, object_id: str) -> str:
    """The object's ticket (签号): the same in every task of the batch."""
    return digest(f"{state},{object_id}")


def draw_objects(pool: bytes, counts: bytes, key: bytes, seed_text: str) -> DrawResult:
    """Draw (抽取): in each (task, stratum) the `count` objects with the smallest tickets.

    `pool` and `counts` are the committed files, byte for byte. Raises DrawFault, with file and line, for
    anything that is not the published format or does not fit together.
    """
    return draw_frozen(freeze(pool), counts, key, seed_text)


def draw_frozen(pool: FrozenPool, counts: bytes, key: bytes, seed_text: str) -> DrawResult:
    """Draw from a pool that has been read already (从已读入的对象库抽取); as draw_objects."""
    wanted = read_counts(counts)
    published = commitment_of(pool.pool_hash, digest(counts), digest(key_text(key)))
    state = seed_state(published.commitment, seed_text, key)
    strata = _fit_counts(wanted, pool.sizes)
    lots = _smallest(pool, state, {name: stratum.count for name, stratum in strata.items()})
    drawn = sorted(
        [
            (lot[_TICKET:].decode(), task, stratum, lot[:_TICKET].hex())
            for (task, stratum), tickets in lots.items()
            for lot in tickets
        ]
    )
    return DrawResult(tuple(map(DrawnRow._make, drawn)), state, published, strata)


def _smallest(pool: FrozenPool, state: str, counts: Mapping[Stratum, int]) -> dict[Stratum, list[bytes]]:
    """The smallest tickets of each stratum, each with its object behind it.

    Only tickets below a generous mark are kept at first. Those are all the tickets below it, so where a stratum has
    enough of them its smallest are among them; where one has not, which is rarer than one in a billion, all are kept.
    """
    for marks in (_marks(pool, counts), dict.fromkeys(counts, _TOP)):
        lots = _lots_below(pool, state, marks)
        if all(len(lots[name]) >= count for name, count in counts.items()):
            break
    return {name: sorted(tickets)[: counts[name]] for name, tickets in lots.items()}


def _marks(pool: FrozenPool, counts: Mapping[Stratum, int]) -> dict[Stratum, bytes]:
    """Marks that leave `count` tickets and 8 standard deviations more below them, out of `size`."""
    marks = {}
    for name, count in counts.items():
        share = (count + 8 * math.sqrt(count) + 8) / pool.sizes[name] if count else 0.0
        marks[name] = _TOP if share >= 1 else int(share * 2**32).to_bytes(4, "big")
    return marks


def _lots_below(pool: FrozenPool, state: str, marks: Mapping[Stratum, bytes]) -> dict[Stratum, list[bytes]]:
    """The objects of each stratum whose ticket lies below the stratum's mark.

    Rows of an object stand together, so each object is hashed once however many tasks it stands in.
    """
    lots: dict[Stratum, list[bytes]] = {name: [] for name in marks}
    own = {
        (task.encode(), stratum.encode()): (lots[task, stratum], marks[task, stratum])
        for task, stratum in marks
    }
    highest = max(marks.values(), default=b"")
    copy = hashlib.sha256(f"{state},".encode()).copy
    last, lot = b"", b""
    for object_ids, tasks, strata in pool.columns():
        if tasks.count(tasks[0]) == len(tasks):  # one task, as mostly: no object stands twice
            for object_id, stratum in zip(object_ids, strata, strict=True):
                hashed = copy()
                hashed.update(object_id)
                once = hashed.digest()
                if once < highest:
                    kept, mark = own[tasks[0], stratum]
                    if once < mark:
                        kept.append(once + object_id)
            continue
        for at, object_id in enumerate(object_ids):
            if object_id != last:
                last, hashed = object_id, copy()
                hashed.update(object_id)
                lot = hashed.digest()
            if lot < highest:
                kept, mark = own[tasks[at], strata[at]]
                if lot < mark:
                    kept.append(lot + object_id)
    return lots


def _fit_counts(wanted: Mapping[Stratum, int], sizes: Mapping[Stratum, int]) -> dict[Stratum, StratumDraw]:
    """Every stratum of the pool with its count (0 where none is given); DrawFault where they do not fit."""
    for line, ((task, stratum), count) in enumerate(wanted.items(), start=3):
        size = sizes.get((task, stratum))
        if size is None:
            zh, en = (
                f"对象库中没有任务 {task} 的层 {stratum}。",
                f"The pool has no task {task}, stratum {stratum}.",
            )
            raise DrawFault(zh, en, file="counts.csv", line=line, found=f"{task},{stratum},{count}")
        if count > size:
            raise DrawFault(
                f"任务 {task} 层 {stratum} 只有 {size} 个对象，不能抽取 {count} 个。",
                f"Task {task}, stratum {stratum} holds {size} objects; {count} cannot be drawn.",
                file="counts.csv",
                line=line,
                expected=f"<= {size}",
                found=str(count),
            )
    return {name: StratumDraw(size, wanted.get(name, 0)) for name, size in sorted(sizes.items())}
