"""Anybody: find the draw, see commitment, seed and result, download the bundle, verify it here and offline."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import keep

pytestmark = pytest.mark.journey


def test_verify_a_draw_here_and_offline(open_page: Callable[..., Page], tmp_path: Path) -> None:
    page = open_page()
    page.goto("/")
    page.get_by_role("link", name="抽取检查对象").first.click()
    expect(page.get_by_text("公布承诺")).to_be_visible()
    expect(page.get_by_text("大厅掷骰，公证员见证")).to_be_visible()
    page.get_by_role("link", name="在本页核验").click()
    expect(page.locator("#verdict")).to_contain_text("公开部分核验通过")
    keep(page, "public-verified")

    page.get_by_role("link", name="公开抽取").first.click()
    page.get_by_role("link", name="抽取检查对象").first.click()
    with page.expect_download() as waiting:
        page.get_by_role("link", name="下载数据包").click()
    bundle = tmp_path / "bundle.zip"
    waiting.value.save_as(bundle)
    command = [sys.executable, "-m", "scheduling.verify", str(bundle)]
    offline = subprocess.run(
        command, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False
    )
    assert offline.returncode == 0, offline.stdout


def test_the_interfaces_own_pages_load_from_our_address(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.goto("/api/docs")
    expect(page.get_by_text("/api/v1/draws").first).to_be_visible()
    keep(page, "public-api-docs")
