"""Mending (更正送回): a fault workbook that comes back finds its own batch, dataset and profile by its name."""

import re
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, RowMapping, select

from ingestion import mapping
from ingestion.mapping import Profile, load_profile
from registry.errors import Refusal
from registry.settings import data_folder
from registry.tables.batch import Batch

FAULTS, CLAIMED = "问题数据", "认领"
"""What a file of ours is about: rows to mend, or rows whose enterprise a person has named."""
_OURS = re.compile(rf"^(?P<original>.+)\.第(?P<batch>\d+)批(?:{FAULTS}|{CLAIMED})")
_STRANGE = re.compile(r"[^\w.\-（）()]+")
_LONGEST = 100


def workbook_name(connection: Connection, batch_id: int, what: str = FAULTS) -> str:
    """The name under which rows of a batch go out and come back: the original file's, then the batch.

    Raises Refusal batch.unknown.
    """
    batch = _batch(connection, batch_id)
    if batch is None:
        raise Refusal("batch.unknown", f"没有第 {batch_id} 批。", "请从批次列表里选择。", 404)
    return f"{_label(connection, batch)}.第{batch_id}批{what}.xlsx"


def return_address(
    connection: Connection, name: str, dataset: str | None, profile: Profile | None
) -> tuple[str, str | None, Profile | None]:
    """(name to find a rule by, dataset, profile) of an arriving file.

    A workbook that we wrote goes where its rows came from, whatever a browser appended to its name; what the
    caller states wins. Any other file is itself. Raises Refusal profile.unknown when its profile is not here.
    """
    ours = _OURS.match(name)
    batch = _batch(connection, int(ours["batch"])) if ours else None
    if ours is None or batch is None or _label(connection, batch) != ours["original"]:
        return name, dataset, profile
    return _original(connection, batch), dataset or batch["dataset"], profile or profile_of(batch)


def profile_of(batch: RowMapping) -> Profile | None:
    """The profile by which a batch was read; None for the standard layout. Raises Refusal profile.unknown."""
    if batch["profile"] is None:
        return None
    name = batch["profile"].partition("@")[
        0
    ]  # behind it stands the version, which may have been mended since
    for path in known_profiles():
        if path.stem == name or f'"{name}"' in path.read_text(encoding="utf-8"):
            profile = load_profile(path)
            if profile.name == name:
                return profile
    raise Refusal(
        "profile.unknown", f"找不到对照方案“{name}”，第 {batch['id']} 批是按它读的。",
        f"请把方案放进 {data_folder() / 'profiles'}，或用 wurao ingest 文件 --profile 方案.toml 归集。",
    )  # fmt: skip


def known_profiles() -> Iterator[Path]:
    """Profiles that can be found by name: those of the data folder, then those that come with the program."""
    for folder in (data_folder() / "profiles", Path(mapping.__file__).parent / "profiles"):
        yield from sorted(folder.glob("*.toml"))


def _batch(connection: Connection, batch_id: int) -> RowMapping | None:
    columns = (Batch.id, Batch.file_name, Batch.dataset, Batch.profile)
    return connection.execute(select(*columns).where(Batch.id == batch_id)).mappings().first()


def _original(connection: Connection, batch: RowMapping) -> str:
    """The name of the first file, however often its rows went out and came back."""
    name: str = batch["file_name"]
    ours = _OURS.match(name)
    earlier = _batch(connection, int(ours["batch"])) if ours else None
    if earlier is None or earlier["id"] >= batch["id"]:
        return name
    return _original(connection, earlier)


def _label(connection: Connection, batch: RowMapping) -> str:
    """The original name as any file system and browser takes it."""
    return _STRANGE.sub("_", _original(connection, batch))[-_LONGEST:].lstrip(".")
