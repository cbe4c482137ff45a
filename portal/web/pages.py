"""Pages (页面): templates, and what every page knows."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import jinja2
import markupsafe
from fastapi import Request
from starlette.responses import RedirectResponse, Response
from starlette.templating import Jinja2Templates

from portal.navigation import HOMES, menu_of
from registry import clock
from registry.vocabulary import RESULTS

LARGE_TYPE = "wurao_large"
WEEKDAYS = "一二三四五六日"
HALVES = {"am": "上午", "pm": "下午", "day": "全天"}


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        day=day_text,
        moment=moment_text,
        half=lambda half: HALVES.get(half, half),
        count=lambda n: f"{n:,}",
        result=lambda code: RESULTS[code][0] if code in RESULTS else code,
    )
    return environment


def day_text(day: date | None) -> str:
    """2026年12月1日（周二）; a dash where there is none."""
    return f"{day.year}年{day.month}月{day.day}日（周{WEEKDAYS[day.weekday()]}）" if day else "—"


def moment_text(moment: datetime | None) -> str:
    """2026-12-01 09:30."""
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "—"


def token_field(token: str) -> markupsafe.Markup:
    """The hidden field that every form of a signed-in page carries."""
    return markupsafe.Markup('<input type="hidden" name="csrf_token" value="{}">').format(token)


templates = Jinja2Templates(env=_environment())


def render(request: Request, name: str, status: int = 200, **context: Any) -> Response:
    """A page with the visitor's own menu, form token and type size."""
    visitor = getattr(request.state, "visitor", None)
    known = {
        "visitor": visitor,
        "token": lambda: token_field(visitor.csrf_token if visitor else ""),
        "menu": menu_of(visitor, request.url.path),
        "home": HOMES.get(visitor.role, "/") if visitor else "/",
        "large_type": request.cookies.get(LARGE_TYPE) == "1",
        "today": clock.today(),
        "path": request.url.path,
    }
    return templates.TemplateResponse(request, name, known | context, status_code=status)


def see(path: str) -> RedirectResponse:
    """After a POST: go and look (303), so that reload and back repeat nothing."""
    return RedirectResponse(path, status_code=303)
