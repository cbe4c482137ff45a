"""Progress (进度): what long work tells whoever watches."""

from collections.abc import Callable

Progress = Callable[[str, float], None]
"""Called with what is being done and how much of the whole is finished, from 0 to 1."""

DETAIL = " · "
"""What follows it in a stage's words changes while the stage lasts (rows so far, rows a second)."""


def silent(stage: str, share: float) -> None:
    """For when nobody watches."""


def part_of(progress: Progress, start: float, share: float) -> Progress:
    """Progress of a part that fills `share` of the whole, beginning at `start`."""
    return lambda stage, done: progress(stage, start + share * done)
