"""The command line (命令行): `wurao`."""

from portal.cli import (  # noqa: F401 - each registers its commands
    accounts,
    batches,
    data,
    grading,
    matches,
    planning,
    results,
    service,
)
from portal.cli.console import app, run

__all__ = ["app", "main"]


def main() -> None:
    """Entry point of the `wurao` command. Exit codes: 0 done, 1 refused, 2 wrong usage, 3 our own fault."""
    raise SystemExit(run())
