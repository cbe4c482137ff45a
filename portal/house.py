"""The house (系统装配): what every door needs, wired in one place."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from registry.settings import Settings


@dataclass(frozen=True)
class House:
    """`engine_for(stage)` gives an engine in that stage's database role; doors write as `portal`."""

    engine_for: Callable[[str], Engine]
    settings: Settings

    @property
    def engine(self) -> Engine:
        """The doors' own engine."""
        return self.engine_for("portal")

    @property
    def reports(self) -> Path:
        """Where sheets for officers lie."""
        return self.settings.data / "reports"

    @property
    def bundles(self) -> Path:
        """Where published draws lie."""
        return self.settings.data / "bundles"

    @property
    def uploads(self) -> Path:
        """Where arriving files lie until they are ingested."""
        return self.settings.data / "uploads"

    @property
    def inbox(self) -> Path:
        """The drop folder that the worker watches."""
        return self.settings.inbox or self.settings.data / "inbox"


Progress = Callable[[float, str], None]
"""A task's word on how far it has come: 0 to 1, and what it is doing."""

Task = Callable[[House, dict[str, Any], Progress], dict[str, Any]]
"""What a background job is: the house and the run's arguments in, its outcome out; raises Refusal."""
