"""Real Chromium against the real service: one server a module, one page a test."""

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, sync_playwright

from tests.journeys import records as r
from tests.portal.conftest import app, december, house, passwords, records, settings, town

__all__ = ["app", "december", "house", "passwords", "records", "settings", "town"]

QUIET_BROWSER = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
SHOTS = os.environ.get("WURAO_SHOTS")
"""A folder to keep a picture of each page in; unset: none is kept."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium. Its absence fails under CI and skips with a word elsewhere."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        message = "no Chromium here: apt-get install chromium fonts-noto-cjk"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=QUIET_BROWSER)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def address(app: FastAPI, records: r.Records, passwords: dict[str, str]) -> Iterator[str]:
    """The service on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.05)
    assert server.started, "the service did not start"
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def open_page(browser: Browser, address: str, passwords: dict[str, str]) -> Iterator[Callable[..., Page]]:
    """`open_page("jiancha", PHONE)`: a fresh browser signed in as an account, or nobody."""
    contexts = []

    def opened(login: str | None = None, viewport: dict[str, int] = DESK) -> Page:
        context = browser.new_context(viewport=viewport, locale="zh-CN", base_url=address)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        if login:
            page.goto("/sign-in")
            page.get_by_label("登录名").fill(login)
            page.get_by_label("密码").fill(passwords[login])
            page.get_by_role("main").get_by_role("button", name="登录").click()
            page.get_by_role("button", name="退出").wait_for()
        return page

    yield opened
    for context in contexts:
        context.close()


def keep(page: Page, name: str) -> None:
    """A picture of the whole page, where somebody wants to look."""
    if SHOTS:
        Path(SHOTS).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)
