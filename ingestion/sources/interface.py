"""An interface as a source (接口拉取): page after page, from the watermark on.

Numbered pages shift when records change while they are read, and a record can slip between two pages. Such a
reading is recognised (a record comes twice, the total changes) and repeated; while it stays unsteady everything
read is kept, but the watermark stays where it was.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx2

from ingestion.sources.asking import Answer, Asker, at
from ingestion.sources.definition import HttpSettings
from ingestion.sources.secrecy import Secrets
from ingestion.sources.watermark import Gauge, Read, later
from registry.errors import Refusal
from registry.progress import Progress

PASSES = 3
SHIFTING = ("page", "offset")


@dataclass
class _Pass:
    """One reading from the first page to the last."""

    rows: int = 0
    keys: set[bytes] = field(default_factory=set)
    content: int = 0
    totals: set[int] = field(default_factory=set)

    def steady(self) -> bool:
        """Nothing came twice, and the total was the same all along and is what was read."""
        return len(self.keys) == self.rows and self.totals <= {self.rows}


def read_interface(
    settings: HttpSettings, secrets: Secrets, since: str | None, ceiling: datetime,
    add: Callable[[dict[str, Any]], None], progress: Progress, sleep: Callable[[float], None] | None = None,
) -> Read:  # fmt: skip
    """Hand every record since the watermark to `add`. Raises Refusal pull.*."""
    gauge = Gauge(settings.watermark, ceiling) if settings.watermark else None
    parameters: dict[str, Any] = secrets.plain(settings.parameters)
    if gauge and (asked := gauge.asked(since)) is not None:
        parameters[gauge.rule.parameter] = asked
    shifting = settings.paging.style in SHIFTING
    before: _Pass | None = None
    written: set[bytes] = set()
    with Asker(settings, secrets, **({"sleep": sleep} if sleep else {})) as asker:
        for number in range(PASSES if shifting else 1):
            done = _Pass()
            for records, total in _pages(asker, settings, parameters):
                done.totals |= {total} if total is not None else set()
                _take(records, settings, done, written if shifting else None, gauge, add)
                progress(
                    f"第 {number + 1} 遍，已读 {done.rows} 条" if number else f"已读 {done.rows} 条", 0.3
                )
            steady = not shifting or done.steady() or _alike(done, before)
            if steady:
                break
            before = done
    return _ended(settings, gauge, since, steady)


def _take(records: list[Any], settings: HttpSettings, done: _Pass, written: set[bytes] | None, gauge: Gauge | None,
          add: Callable[[dict[str, Any]], None]) -> None:  # fmt: skip
    for record in records:
        if not isinstance(record, dict):
            raise Refusal("pull.records", "对方的记录不是 JSON 对象。", "请核对 records 写的位置。")
        done.rows += 1
        if gauge:
            gauge.see(at(record, gauge.rule.field))
        if written is not None:
            content = _digest(record)
            key = [at(record, name) for name in settings.key]
            if None in key:
                raise Refusal(
                    "pull.key",
                    f"对方的记录里没有 {'、'.join(settings.key)}，或是空的。",
                    "请更正定义里的 key，或者不写。",
                )
            done.content = (done.content + int.from_bytes(content, "big")) % (1 << 128)
            done.keys.add(_digest(key) if key else content)
            if content in written:
                continue
            written.add(content)
        add(record)


def _alike(done: _Pass, before: _Pass | None) -> bool:
    """Two readings in a row that saw the same: the data itself holds equal records, or its total is wrong."""
    return before is not None and (done.rows, done.content) == (before.rows, before.content)


def _ended(settings: HttpSettings, gauge: Gauge | None, since: str | None, steady: bool) -> Read:
    if gauge is None:
        return Read(None)
    read = Read(later(since, gauge.text, gauge))
    if gauge.unreadable:
        read.remarks.append(f"{gauge.unreadable} 条记录的 {gauge.rule.field} 为空或读不懂，不参与水位。")
    if not steady:
        read.watermark = since
        read.remarks.append(
            f"读了 {PASSES} 遍，对方的数据一直在变，可能有记录落在两页之间；读到的已归集，水位不前移，下次从原处再读。"
        )
    return read


def _pages(
    asker: Asker, settings: HttpSettings, parameters: dict[str, Any]
) -> Iterator[tuple[list[Any], int | None]]:
    """Pages of records with the total that each states. Raises Refusal pull.* for pages that never end."""
    paging, url, seen, place = settings.paging, settings.url, 0, _start(settings)
    last_page, last_place = b"", place
    if paging.size_parameter:
        parameters = {**parameters, paging.size_parameter: paging.size}
    for _ in range(settings.max_pages):
        asked = dict(parameters)
        if place is not None:
            asked[paging.parameter] = place
        answer = asker.ask(url, asked)
        records, total = _records(settings, answer.body), _total(settings, answer.body)
        page = _digest(records)
        if records and page == last_page and paging.style != "none":
            raise Refusal(
                "pull.same_page",
                "对方连续两页给出同样的记录，像是没有按页码翻页。",
                "请核对 paging 里的参数名。",
            )
        last_page = page
        seen += len(records)
        yield records, total
        if paging.style == "link":
            url, parameters = _next_url(settings, answer, url), {}
            ended = not url
        else:
            place = _next_place(settings, answer.body, place, len(records))
            reached = paging.style in SHIFTING and total is not None and seen >= total
            ended = place is None or reached or (not records and place == last_place)
            last_place = place
        if ended:
            return
    raise Refusal(
        "pull.too_many_pages",
        f"翻了 {settings.max_pages} 页还没有完。",
        "请写水位的起点缩小范围，或调大 max_pages。",
    )


def _start(settings: HttpSettings) -> Any:
    return {"page": settings.paging.first, "offset": 0}.get(settings.paging.style)


def _next_place(settings: HttpSettings, body: Any, place: Any, received: int) -> Any:
    """The next page's number, offset or cursor; None at the end. An interface may give fewer than asked for, so
    only an empty page ends numbered ones."""
    style = settings.paging.style
    if style == "cursor":
        return at(body, settings.paging.next_path) or None
    if style == "none" or not received:
        return None
    return place + (1 if style == "page" else received)


def _next_url(settings: HttpSettings, answer: Answer, url: str) -> str:
    """The next page's address, on the same server: the token is not sent anywhere else."""
    given = at(answer.body, settings.paging.next_path) if settings.paging.next_path else answer.next_url
    if not given:
        return ""
    joined = httpx2.URL(url).join(str(given))
    if joined == httpx2.URL(url):
        raise Refusal("pull.same_page", "对方给的下一页就是这一页。", "请与对方核对。")
    here = httpx2.URL(settings.url)
    if (joined.scheme, joined.host, joined.port) != (here.scheme, here.host, here.port):
        raise Refusal(
            "pull.foreign_link",
            f"对方给的下一页在另一台服务器（{joined.host}），没有去取。",
            "请与对方核对。",
        )
    return str(joined)


def _records(settings: HttpSettings, body: Any) -> list[Any]:
    if settings.success_path and str(at(body, settings.success_path)) not in settings.success_values:
        said = at(body, settings.message_path) if settings.message_path else None
        raise Refusal(
            "pull.refused_inside",
            f"对方的回答说没有成功：{settings.success_path}={at(body, settings.success_path)}"
            f"{f'，{str(said)[:200]}' if said else ''}。",
            "请按对方的接口文档核对参数和授权。",
        )
    found = at(body, settings.records)
    if found is None and isinstance(body, dict) and at(body, settings.paging.total_path or "-") in (0, "0"):
        return []
    if not isinstance(found, list):
        raise Refusal(
            "pull.records",
            f"对方的回答里，{settings.records or '最外层'} 不是记录的列表。",
            "请核对 records 写的位置，或对方的接口是否改了。",
        )
    return found


def _total(settings: HttpSettings, body: Any) -> int | None:
    given = at(body, settings.paging.total_path) if settings.paging.total_path else None
    return int(str(given)) if str(given).isdigit() else None


def _digest(value: Any) -> bytes:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=16).digest()
