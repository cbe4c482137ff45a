"""One worker process of the thousand ticks: python -m tests.portal.ticking URL TICKS."""

import os
import sys
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from portal.house import House, Progress
from portal.worker import run_one
from registry import jobs
from registry.database import Database
from registry.settings import load_settings

START = datetime(2026, 12, 1)


def work(url: str, ticks: int) -> None:
    """Tick every minute of the accelerated day, and between ticks run whatever waits."""
    database = Database(url)
    house = House(database.engine_for, load_settings())
    me = str(os.getpid())

    def count(house: House, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
        with house.engine.begin() as connection:
            connection.execute(text("INSERT INTO effect VALUES (:tick, :me)"), arguments | {"me": me})
        return {}

    for tick in range(ticks):
        with house.engine.begin() as connection:
            jobs.tick(connection, "every_minute", START + timedelta(minutes=tick), {"tick": tick})
        if tick % 3 == 0:
            run_one(house, {"every_minute": count}, me)
    while run_one(house, {"every_minute": count}, me):
        pass
    database.close()


if __name__ == "__main__":
    work(sys.argv[1], int(sys.argv[2]))
