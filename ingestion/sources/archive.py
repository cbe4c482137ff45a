"""Archives (压缩包): the data files of a zip, each under its own name or with the reason why it cannot be read.

Chinese systems write names in GBK without saying so, others in UTF-8, others flag it: all three are read.
"""

import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ingestion.bombs import MAX_UNPACKED, refuse_bomb
from registry.errors import Refusal

SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".et", ".ods", ".jsonl", ".ndjson", ".json")
ARCHIVES = (".zip",)
OTHER_ARCHIVES = (".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz", *ARCHIVES)
LITTER = ("~$", "._", ".DS_Store", "Thumbs.db", "desktop.ini")
"""What spreadsheet programs and other systems leave beside the files."""

MAX_ENTRIES = 5_000
LONGEST_NAME = 200
"""Bytes of a name that every file system takes, with room for a suffix."""

_ENCRYPTED, _UTF8 = 0x1, 0x800
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Entry:
    """One file on its way in (待归集文件): where it lies and the name it came under, or why it cannot be read."""

    path: Path
    name: str
    origin: Path
    """What arrived: the file itself, or the zip that holds it."""
    refusal: Refusal | None = None


def unpack(archive: Path, folder: Path) -> list[Entry]:
    """The data files of a zip, written into `folder`; a bad entry carries its refusal and stops no other.

    Raises Refusal file.unreadable, file.bomb, zip.too_many for an archive that is refused as a whole.
    """
    refuse_bomb(archive)
    with zipfile.ZipFile(archive) as opened:
        members = [member for member in opened.infolist() if not member.is_dir()]
        if len(members) > MAX_ENTRIES:
            raise Refusal(
                "zip.too_many",
                f"“{archive.name}”里有 {len(members)} 个文件，最多 {MAX_ENTRIES} 个。",
                "请分成几个压缩包报送。",
            )
        return list(_entries(archive, opened, members, folder))


def read_names(members: list[zipfile.ZipInfo]) -> list[str]:
    """The names as their writer meant them: flagged UTF-8, else UTF-8 if every name of the zip is, else GBK."""
    raw = [_raw_name(member) for member in members]
    unflagged = [name for name in raw if name is not None]
    encoding = "utf-8" if all(_decodes(name, "utf-8") for name in unflagged) else "gb18030"
    return [
        member.filename if name is None else name.decode(encoding, errors="replace")
        for member, name in zip(members, raw, strict=True)
    ]


def is_data(name: str) -> bool:
    """Whether a file's name says that it holds rows."""
    return Path(name).suffix.lower() in SUFFIXES and not name.startswith(LITTER)


def _entries(
    archive: Path, opened: zipfile.ZipFile, members: list[zipfile.ZipInfo], folder: Path
) -> Iterator[Entry]:
    seen: set[str] = set()
    left = MAX_UNPACKED
    for number, (member, whole) in enumerate(zip(members, read_names(members), strict=True)):
        parts = whole.replace("\\", "/").split("/")
        name = parts[-1]
        if name.startswith(LITTER) or "__MACOSX" in parts:
            continue
        packed_again = Path(name).suffix.lower() in OTHER_ARCHIVES
        if not packed_again and not is_data(name):
            continue
        target = folder / f"{number:04d}" / _short(name)
        shown = f"{archive.name} / {whole}"
        try:
            _refuse_place(shown, parts)
            if whole in seen:
                raise Refusal(
                    "zip.duplicate", f"“{shown}”在压缩包里出现两次。", "请只留正确的一份，重新压缩。"
                )
            seen.add(whole)
            if packed_again:
                raise Refusal("zip.nested", f"“{shown}”又是一个压缩包。", "请解开后把里面的文件一起压缩。")
            if stat.S_ISLNK(member.external_attr >> 16):
                raise Refusal(
                    "zip.link", f"“{shown}”是一个链接，不是文件。", "请把链接所指的文件本身放进压缩包。"
                )
            left -= _extract(opened, member, target, shown, left)
            yield Entry(target, name, archive)
        except Refusal as refusal:
            yield Entry(archive, name, archive, refusal)


def _refuse_place(shown: str, parts: list[str]) -> None:
    """A name that climbs out of its folder is an attack or a broken program; neither is guessed at."""
    if ".." in parts or parts[0] == "" or parts[0].endswith(":") or "\0" in shown:
        raise Refusal(
            "zip.outside", f"“{shown}”的路径指到压缩包以外，没有读取。", "请用普通压缩软件重新压缩。"
        )


def _extract(opened: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, shown: str, left: int) -> int:
    """Write one entry out; the number of bytes. Raises Refusal zip.encrypted, zip.method, zip.damaged, file.bomb."""
    if member.flag_bits & _ENCRYPTED:
        raise Refusal("zip.encrypted", f"“{shown}”加了密码。", "请去掉压缩密码后重新报送。")
    target.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    try:
        with opened.open(member) as source, target.open("xb") as file:
            while block := source.read(_BLOCK):
                written += len(block)
                if written > left:
                    raise Refusal(
                        "file.bomb", f"“{shown}”展开后超过限度。", "请拆成几个文件报送，或改用 CSV。"
                    )
                file.write(block)
    except NotImplementedError as error:
        raise Refusal(
            "zip.method", f"“{shown}”用了不常见的压缩方式。", "请用普通压缩软件的标准方式重新压缩。"
        ) from error
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise Refusal(
            "zip.damaged", f"“{shown}”在压缩包里已损坏：{error}。", "请重新压缩或重新传送。"
        ) from error
    return written


def _raw_name(member: zipfile.ZipInfo) -> bytes | None:
    """The bytes of an unflagged name; None where the archive itself says what the name is."""
    if member.flag_bits & _UTF8:
        return None
    try:
        return member.orig_filename.encode("cp437")
    except UnicodeEncodeError:
        return None


def _decodes(name: bytes, encoding: str) -> bool:
    try:
        name.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _short(name: str) -> str:
    """A name that fits the file system; 80 Chinese characters already take 240 bytes."""
    suffix = Path(name).suffix
    stem = name.removesuffix(suffix).encode()[:LONGEST_NAME].decode(errors="ignore")
    return f"{stem}{suffix}"
