"""Uploads (文件上传): bytes land under their own hash; a name is only ever a label."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ingestion.datasets import DATASETS, dataset_of
from ingestion.sources.archive import ARCHIVES, SUFFIXES
from registry.errors import Refusal

ACCEPTED = (*SUFFIXES, *ARCHIVES)
_BLOCK = 1 << 20


def dataset_titles() -> dict[str, str]:
    """Dataset → its Chinese title, for the choice on the page."""
    return {name: dataset.title for name, dataset in DATASETS.items()}


def refuse_unknown_dataset(dataset: str, file_name: str) -> None:
    """Raise Refusal upload.dataset unless a dataset is chosen, or the name tells it; a zip's files tell their own."""
    if dataset:
        known = dataset in DATASETS
    else:
        known = Path(file_name).suffix.lower() in ARCHIVES or dataset_of(_label(file_name)) is not None
    if not known:
        raise Refusal(
            "upload.dataset",
            f"从文件名“{_label(file_name)}”看不出是哪一类数据。",
            "请选择数据类别，或把文件名改成“数据集_说明.csv”，如 penalty_2026-11.csv。",
        )


@dataclass(frozen=True)
class StoredUpload:
    """A file that arrived: where it lies, its label and SHA-256."""

    path: Path
    file_name: str
    sha256: str
    size: int


def store_upload(source: BinaryIO, file_name: str, folder: Path, limit: int) -> StoredUpload:
    """Copy an arriving file below `folder`, named by its hash. Raises Refusal upload.* for type or size."""
    label = _label(file_name)
    suffix = Path(label).suffix.lower()
    if suffix not in ACCEPTED:
        raise Refusal(
            "upload.type", f"不接受 {suffix or '无扩展名'} 文件。", f"请上传 {'、'.join(ACCEPTED)} 之一。"
        )
    folder.mkdir(parents=True, exist_ok=True)
    arriving = folder / f".arriving-{secrets.token_hex(8)}"
    try:
        digest, size = _copy(source, arriving, limit)
        if size == 0:
            raise Refusal("upload.empty", "文件是空的。", "请检查导出是否成功后再上传。")
        # The label stays in the name because ingestion records it; the hash folder keeps equal names apart.
        kept = folder / digest[:16] / label
        kept.parent.mkdir(exist_ok=True)
        arriving.replace(kept)
    finally:
        arriving.unlink(missing_ok=True)
    return StoredUpload(kept, label, digest, size)


def _copy(source: BinaryIO, target: Path, limit: int) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with target.open("xb") as file:
        while block := source.read(_BLOCK):
            size += len(block)
            if size > limit:
                raise Refusal(
                    "upload.too_large", f"文件超过 {limit // 1_000_000} MB。", "请拆分后上传。", 413
                )
            digest.update(block)
            file.write(block)
    return digest.hexdigest(), size


def _label(file_name: str) -> str:
    last = re.split(r"[/\\]", file_name)[-1]
    kept = re.sub(r"[^\w.\-（）()]+", "_", last).lstrip(".")
    return kept[-120:] or "upload"
