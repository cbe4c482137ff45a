"""Reasons (理由): what one has to say at least, the same at every door."""

SHORTEST_REASON = 4
"""Signs that a reason needs at least to be one; anything shorter says nothing."""


def says_why(text: str) -> bool:
    """Whether a text is long enough to be a reason, without its stray blanks."""
    return len(text.strip()) >= SHORTEST_REASON
