"""Bombs (压缩炸弹): small files that are monstrous inside are refused before anything unpacks them into memory."""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from registry.errors import Refusal

MAX_UNPACKED = 600 * 1024 * 1024
MAX_UNPACK_RATIO = 200
MAX_TEXT = 1 << 30
"""Characters in all cells of a workbook together, shared texts counted as often as cells hold them."""
CELLS_A_ROW = 20
"""A sheet whose last row is far down must have at least a cell in so many rows: readers make room for all between."""
_BLOCK = 1 << 20
_OVERLAP = 64
_FAR_RIGHT = re.compile(rb'r="(?:[A-Z]{3}|[F-Z][A-Z])[0-9]')
"""Columns beyond FA (157): more than any file may have."""
_FAR_DOWN = re.compile(rb'r="[A-Z]{0,3}[0-9]{6,7}"')
_SHARED = re.compile(rb'<c [^>]*t="s"[^>]*><v>([0-9]{1,9})</v>')
_TEXTS = re.compile(rb"<si[ >].*?</si>|<si/>", re.DOTALL)


def refuse_bomb(path: Path) -> None:
    """Raise Refusal file.bomb for an archive that unpacks to more than the limits; reads its directory only."""
    with _opened(path) as archive:
        unpacked = sum(entry.file_size for entry in archive.infolist())
    packed = max(path.stat().st_size, 1)
    if unpacked > MAX_UNPACKED or (unpacked > 10 * _BLOCK and unpacked / packed > MAX_UNPACK_RATIO):
        _refuse(path, f"展开后有 {unpacked // _BLOCK} MB")


def refuse_monstrous_workbook(path: Path) -> None:
    """The same for a workbook, and for one whose cells would fill the memory: far-off corners, one long text in
    many cells, document types. Reads the sheets as a stream. Raises Refusal file.bomb, file.unreadable."""
    refuse_bomb(path)
    with _opened(path) as archive:
        names = [name for name in archive.namelist() if name.endswith(".xml")]
        for name in names:
            with archive.open(name) as file:
                if b"<!DOCTYPE" in file.read(2048):
                    _refuse(path, f"的 {name} 带有文档类型声明")
        sheets = [name for name in names if name.startswith("xl/worksheets/")]
        for name in sheets:
            _refuse_sparse(path, archive, name)
        if "xl/sharedStrings.xml" in names:
            _refuse_repeated_texts(path, archive, sheets)


def _refuse_sparse(path: Path, archive: zipfile.ZipFile, name: str) -> None:
    """Readers make room for every cell up to the last column and row that any cell names."""
    cells, down = 0, False
    for block in _blocks(path, archive, name):
        cells += block[_OVERLAP:].count(b"<c ") + block[_OVERLAP:].count(b"<c>")
        if _FAR_RIGHT.search(block):
            _refuse(path, f"的 {name} 有 150 列以外的格子")
        down = down or bool(_FAR_DOWN.search(block))
    if down and cells * CELLS_A_ROW < 100_000:
        _refuse(path, f"的 {name} 只有 {cells} 个格子，却排到了第十万行以后")


def _refuse_repeated_texts(path: Path, archive: zipfile.ZipFile, sheets: list[str]) -> None:
    """Every cell gets its own copy of a shared text."""
    content = archive.read("xl/sharedStrings.xml")
    lengths = np.array([len(text) for text in _TEXTS.findall(content)] or [0], dtype=np.int64)
    cells = sum(block[_OVERLAP:].count(b't="s"') for name in sheets for block in _blocks(path, archive, name))
    if cells * int(lengths.max()) <= MAX_TEXT:
        return
    total = 0
    for name in sheets:
        for block in _blocks(path, archive, name):
            used = np.array(_SHARED.findall(block), dtype=np.int64)
            total += int(lengths[used[used < len(lengths)]].sum())
            if total > MAX_TEXT:
                _refuse(path, "里同一段长文字出现在太多格子里")


def _blocks(path: Path, archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """The entry in blocks that overlap a little, so that nothing is cut in two. Raises Refusal file.bomb when the
    entry goes on after what the directory says."""
    told, read, before = archive.getinfo(name).file_size, 0, b" " * _OVERLAP
    try:
        with archive.open(name) as file:
            while block := file.read(_BLOCK):
                read += len(block)
                if read > told:
                    _refuse(path, f"的 {name} 比目录里写的大")
                yield before + block
                before = block[-_OVERLAP:].rjust(_OVERLAP)
    except (zipfile.BadZipFile, EOFError, OSError) as error:
        raise _unreadable(path, error) from error


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> Refusal:
    return Refusal("file.unreadable", f"“{path.name}”不是完整的压缩文件：{error}。", "请重新导出或重新传送。")


def _refuse(path: Path, why: str) -> None:
    raise Refusal("file.bomb", f"“{path.name}”{why}，超过限度。", "请拆成几个文件报送，或另存为 CSV 后报送。")
