"""Rooms of the command line (命令分间): which file holds which command, so that one command loads only its own.

Loading all of them brings in the solver, the learner and the web server, which costs seconds before `ingest` starts.
"""

from collections.abc import Sequence
from importlib import import_module

ROOMS = {
    "accounts": ("account",),
    "adoption": ("model",),
    "appeals": ("appeal", "override"),
    "annual": ("annual",),
    "batches": ("batch",),
    "clusters": ("clusters",),
    "data": ("ingest",),
    "datasets": ("template",),
    "exemptions": ("exemption",),
    "leads": ("disturbance", "lead"),
    "estimating": ("estimate",),
    "grading": ("backtest", "explain", "grade", "score", "train"),
    "indicators": ("indicators",),
    "grades": ("grades",),
    "mapping": ("mapping",),
    "matches": ("match",),
    "monitor": ("model-card", "monitor"),
    "planning": ("draw", "plan", "verify"),
    "quality": ("quality",),
    "registers": ("record",),
    "results": ("report", "roster"),
    "roster_change": ("roster",),
    "roster_compare": ("roster",),
    "roster_explain": ("roster",),
    "roster_files": ("roster",),
    "sources": ("source",),
    "service": ("db", "demo", "serve", "worker"),
}
"""File below portal/cli → the commands and groups that it registers; a test compares them with what it does."""


def open_rooms(arguments: Sequence[str]) -> None:
    """Load the file of the command that the arguments name, or every file where they name none."""
    asked = next((argument for argument in arguments if not argument.startswith("-")), None)
    rooms = [room for room, commands in ROOMS.items() if asked in commands] or list(ROOMS)
    for room in rooms:
        import_module(f"portal.cli.{room}")
