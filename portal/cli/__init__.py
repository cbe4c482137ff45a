"""The command line (命令行): `wurao`."""

from typing import Any

from portal.cli.console import app as _app
from portal.cli.console import run
from portal.cli.rooms import ROOMS, open_rooms

__all__ = ["ROOMS", "app", "main"]


def __getattr__(name: str) -> Any:
    """`portal.cli.app` has every command; the command line itself loads only the one that is asked for."""
    if name == "app":
        open_rooms(())
        return _app
    raise AttributeError(name)


def main() -> None:
    """Entry point of the `wurao` command. Exit codes: 0 done, 1 refused, 2 wrong usage, 3 our own fault."""
    raise SystemExit(run())
