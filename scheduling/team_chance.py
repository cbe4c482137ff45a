"""Chance in the team lottery (随机来源): uniform whole numbers from the state S by SHA-256 and rejection.

Standard library only; the arithmetic is written out in docs/draw-format.md.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from itertools import count
from typing import Protocol, TypeVar

Item = TypeVar("Item")


class Chance(Protocol):
    """What the rounding asks of chance (随机来源)."""

    def shuffle(self, items: list[Item]) -> None:
        """Put `items` in random order, in place."""

    def forward(self, up: int, down: int) -> bool:
        """True with probability exactly down / (up + down)."""


class BlockChance:
    """Chance of wurao-team-1 (由种子产生的随机数): each number is SHA256(S + ",team," + counter), 256 bits.

    An integer below n is h mod n of the next number h under the largest multiple of n (rejection), so it is
    exactly uniform.
    """

    _range = 1 << 256

    def __init__(self, state: str) -> None:
        self._numbers = self._read(f"{state},team,".encode())

    def _read(self, prefix: bytes) -> Iterator[int]:
        for counter in count():
            yield int.from_bytes(hashlib.sha256(prefix + b"%d" % counter).digest(), "big")

    def below(self, n: int) -> int:
        """A uniform integer in 0 .. n-1; n from 1 up to the range of the numbers (2^256, or 2^64)."""
        limit = self._range // n * n
        while (number := next(self._numbers)) >= limit:
            pass
        return number % n

    def shuffle(self, items: list[Item]) -> None:
        """Fisher-Yates from the last place down to the second."""
        for last in range(len(items) - 1, 0, -1):
            other = self.below(last + 1)
            items[last], items[other] = items[other], items[last]

    def forward(self, up: int, down: int) -> bool:
        """True with probability exactly down / (up + down)."""
        return self.below(up + down) < down


class WordChance(BlockChance):
    """Chance of wurao-team-2 (由种子产生的随机数): each block of BlockChance gives four numbers of 64 bits.

    A denominator has at most 18 digits, so no step of the rounding asks for more than 60 bits.
    """

    _range = 1 << 64

    def _read(self, prefix: bytes) -> Iterator[int]:
        words = struct.Struct(">4Q").unpack
        for counter in count():
            yield from words(hashlib.sha256(prefix + b"%d" % counter).digest())
