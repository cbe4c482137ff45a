"""A bundle as a folder or a zip (抽取资料包的读写): the same bytes every time out, nothing trusted on the way in.

Standard library only.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

from scheduling.draw import DrawFault

# Far above any real bundle (a pool of a million objects is 40 MB), far below what fills a machine.
MOST_FILES = 100
MOST_BYTES = 1 << 30
_LEFT_BY_SYSTEMS = {"Thumbs.db", "desktop.ini", "__MACOSX"}
_EPOCH = (1980, 1, 1, 0, 0, 0)


def zip_bytes(files: Mapping[str, bytes]) -> bytes:
    """The files as one zip (打包): stored, sorted, fixed dates, so equal on every machine and version."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, files[name])
    return buffer.getvalue()


def write_zip(files: Mapping[str, bytes], path: Path) -> Path:
    """Write the zip to `path` (写压缩包)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(zip_bytes(files))
    return path


def write_folder(files: Mapping[str, bytes], folder: Path) -> Path:
    """Write the files into `folder` (写文件夹). Raises DrawFault where it already holds other files."""
    folder.mkdir(parents=True, exist_ok=True)
    strangers = sorted({entry.name for entry in folder.iterdir()} - set(files))
    if strangers:
        raise DrawFault(
            f"文件夹 {folder} 中已有其他文件 {strangers[0]}，请换一个空文件夹。",
            f"Folder {folder} already holds {strangers[0]}; choose an empty folder.",
            file=strangers[0],
        )
    for name in sorted(files):
        (folder / name).write_bytes(files[name])
    return folder


def read_files(path: Path) -> dict[str, bytes]:
    """Files of a bundle by name (读取资料包), from a folder or a zip, with or without one folder around them.

    Raises DrawFault for anything else: missing, not a zip, damaged, locked, too large, nested.
    """
    try:
        if path.is_dir():
            return _read_folder(path)
        if not path.is_file():
            raise DrawFault(f"没有找到 {path}。", f"{path} does not exist.", file=str(path))
        return _read_zip(path)
    except OSError as error:
        raise DrawFault(
            f"无法读取 {path}：{error}。", f"{path} cannot be read: {error}.", file=str(path)
        ) from error


def _read_folder(path: Path) -> dict[str, bytes]:
    entries = [entry for entry in sorted(path.iterdir()) if not _ignored(entry.name)]
    if len(entries) == 1 and entries[0].is_dir():
        return _read_folder(entries[0])
    for entry in entries:
        if not entry.is_file():
            zh, en = f"资料包中不应有 {entry.name}。", f"The bundle must not hold {entry.name}."
            raise DrawFault(zh, en, file=entry.name)
    _check_size(len(entries), sum(entry.stat().st_size for entry in entries), path)
    return {entry.name: entry.read_bytes() for entry in entries}


def _read_zip(path: Path) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            _check_size(len(entries), sum(entry.file_size for entry in entries), path)
            files: dict[str, bytes] = {}
            for entry in entries:
                name = _plain_name(entry.filename, [other.filename for other in entries])
                if not name:
                    continue
                if name in files:
                    raise DrawFault(f"{name} 重复出现。", f"{name} stands twice in the zip.", file=name)
                files[name] = archive.read(entry)
            return files
    # zipfile raises all of these on damaged, locked or foreign archives.
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, ValueError) as error:
        if isinstance(error, DrawFault):
            raise
        raise DrawFault(
            f"{path.name} 不是完好的 zip 文件：{error}。",
            f"{path.name} is not a sound zip: {error}.",
            file=path.name,
        ) from error


def _plain_name(name: str, names: list[str]) -> str:
    """The name inside the one folder that packers put around the files; empty for what systems leave."""
    if any(_ignored(part) for part in name.split("/")):
        return ""
    tops = {other.split("/")[0] for other in names if not any(_ignored(part) for part in other.split("/"))}
    inner = name.split("/", 1)[1] if len(tops) == 1 and "/" in name else name
    if "/" in inner or "\\" in inner:
        raise DrawFault(
            f"资料包中不应有文件夹：{name}。", f"The bundle must not hold folders: {name}.", file=name
        )
    return inner


def _ignored(name: str) -> bool:
    return name.startswith(".") or name in _LEFT_BY_SYSTEMS


def _check_size(count: int, size: int, path: Path) -> None:
    if count > MOST_FILES or size > MOST_BYTES:
        raise DrawFault(
            f"{path.name} 过大：{count} 个文件，{size} 字节。",
            f"{path.name} is too large: {count} files, {size} bytes.",
            file=path.name,
        )
