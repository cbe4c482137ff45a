"""Tickets (随机序号): numbers that follow from the public randomness and nothing else.

Wherever two choices are equally good, the smaller ticket decides, so nobody, neither an inspector nor an
enterprise, can guess a date from the pattern of the plan.
"""

from __future__ import annotations

import hashlib


def ticket(seed: str, *words: object) -> int:
    """SHA256(seed,word,word…) as a 64-bit number."""
    text = ",".join([seed, *(str(w) for w in words)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
