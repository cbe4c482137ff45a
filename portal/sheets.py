"""Sheets (表单下载): files that the chain wrote, found below two folders and nowhere else."""

import mimetypes
from dataclasses import dataclass
from pathlib import Path

from starlette.responses import FileResponse

from portal.headers import SANDBOXED
from portal.house import House
from registry.scope import not_yours

_SHOWN_IN_PLACE = (".pdf", ".html", ".svg", ".png", ".txt")


TITLES = {
    "roster.xlsx": "排班工作簿",
    "roster.pdf": "排班表（打印）",
    "check-sheets-sample.pdf": "检查记录表（样张）",
    "notices-sample.pdf": "检查通知书（样张）",
    "summary.html": "汇总",
    "public.html": "公示页",
    "announcement.txt": "公告",
}
"""File name → what it is called."""
_BUNDLES = {"draw-": "公开包", "audit-": "审计包（不公开）"}


@dataclass(frozen=True)
class Sheet:
    """One file: the folder's short name, its path below it, size in bytes."""

    folder: str
    path: str
    size: int

    @property
    def title(self) -> str:
        """What it is called, where its name is known; else its path."""
        name = Path(self.path).name
        bundle = next((title for prefix, title in _BUNDLES.items() if name.startswith(prefix)), self.path)
        return TITLES.get(name) or (bundle if name.endswith(".zip") else self.path)


def all_sheets(house: House) -> dict[str, list[Sheet]]:
    """Title → files, newest folder first."""
    return {
        "排班表、检查单与统计": _below(house.reports, "reports"),
        "公开抽取数据包": _below(house.bundles, "bundles"),
    }


def find_sheet(house: House, folder: str, path: str) -> Path:
    """The file of a short name and path. Raises Refusal scope.not_yours for anything outside."""
    roots = {"reports": house.reports, "bundles": house.bundles}
    if folder not in roots:
        raise not_yours()
    return find_below(roots[folder], path)


def find_below(root: Path, path: str) -> Path:
    """A regular file really below `root`, links followed. Raises Refusal scope.not_yours."""
    try:
        file = (root / path).resolve(strict=True)
    except (OSError, ValueError):
        raise not_yours() from None
    if (
        not file.is_file()
        or not file.is_relative_to(root.resolve())
        or any(p.startswith(".") for p in Path(path).parts)
    ):
        raise not_yours()
    return file


def answer_with(file: Path, name: str | None = None) -> FileResponse:
    """The file, shown in place where a browser can, under a policy that lets it do nothing."""
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    placing = "inline" if file.suffix in _SHOWN_IN_PLACE else "attachment"
    headers = {} if file.suffix == ".pdf" else {"Content-Security-Policy": SANDBOXED}
    return FileResponse(
        file, media_type=kind, filename=name or file.name, content_disposition_type=placing, headers=headers
    )


def _below(root: Path, folder: str) -> list[Sheet]:
    files = [file for file in root.rglob("*") if file.is_file() and not file.name.startswith(".")]
    newest = sorted(files, key=lambda file: (file.parent.as_posix(), file.name), reverse=False)
    return [Sheet(folder, file.relative_to(root).as_posix(), file.stat().st_size) for file in newest]
