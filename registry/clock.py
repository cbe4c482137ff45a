"""The clock (时钟): Beijing time without zone, or the simulated date of a demonstration."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from registry.settings import load_settings

BEIJING = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """Now in Beijing, naive. Under a simulated date: that date with the real time of day."""
    real = datetime.now(BEIJING).replace(tzinfo=None)
    simulated = load_settings().today
    return datetime.combine(simulated, real.time()) if simulated else real


def today() -> date:
    """Today in Beijing, or the simulated date."""
    return now().date()


def end_of(day: date) -> datetime:
    """The first instant after `day`: what is known as of a day is known strictly before it."""
    return datetime.combine(day, time()) + timedelta(days=1)
