"""Receipts (回执): what became of a dropped file, in a text file beside it, faults first."""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from ingestion.datasets import DATASETS
from ingestion.ledger import BatchReport

RECEIPT = ".回执.txt"
_PIECE = 4 << 20
STATES = {"loaded": "已入库", "held": "暂存", "failed": "未读取"}


def write_receipt(
    target: Path, name: str, reports: list[BatchReport], received_at: datetime, sha256: str
) -> Path:
    """Write the receipt of `target` beside it. UTF-8 with a mark, so that Notepad shows it right."""
    receipt = target.with_name(target.name + RECEIPT)
    lines = _lines(name, reports, received_at, sha256)
    receipt.write_text("\r\n".join(lines) + "\r\n", encoding="utf-8-sig", newline="")
    return receipt


def sha256_of(path: Path) -> str:
    """SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        # In larger pieces than `hashlib.file_digest`, which asks for the interpreter so often that it holds up other threads.
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def _lines(name: str, reports: list[BatchReport], received_at: datetime, sha256: str) -> Iterator[str]:
    bad = [report for report in reports if report.state != "loaded"]
    faulty = [report for report in reports if report.rows_faulty]
    yield f"回执：{name}"
    yield f"结论：{_verdict(reports, bad, faulty)}"
    yield f"处理时间：{received_at:%Y-%m-%d %H:%M:%S}"
    yield f"SHA-256：{sha256}"
    if bad or faulty:
        yield ""
        yield "一、需要处理"
    for report in bad:
        yield f"  {report.file_name}（{STATES[report.state]}）：{report.sentence}"
    for report in faulty:
        yield f"  {report.file_name}：{report.rows_faulty} 行有问题，没有入库；其余各行已入库。"
        for fault in report.faults:
            where = f"“{fault['column']}”" if fault["column"] else ""
            yield f"    第 {fault['row_no']} 行{where}：{fault['sentence']}（{fault['code']}）"
        counted = sum(report.fault_counts.values())
        if counted > len(report.faults):
            yield f"    共 {counted} 处问题，其余在系统“数据归集”页面批次 {report.batch_id} 里。"
    loaded = [report for report in reports if report.state == "loaded"]
    if loaded:
        yield ""
        yield "二、已入库" if bad or faulty else "一、已入库"
    for report in loaded:
        title = DATASETS[report.dataset].title if report.dataset in DATASETS else report.dataset
        yield f"  {title}（批次 {report.batch_id}）{report.sentence}"


def _verdict(reports: list[BatchReport], bad: list[BatchReport], faulty: list[BatchReport]) -> str:
    rows = sum(report.rows_faulty for report in faulty)
    if not reports:
        return "没有可归集的内容。"
    if len(bad) == len(reports):
        return "没有入库，请按下面的说明处理后重新投放。"
    if bad:
        return f"{len(bad)} 个文件没有入库，请按下面的说明处理后重新投放；其余已入库。"
    return f"已入库，其中 {rows} 行有问题待更正。" if rows else "全部入库，没有问题。"
