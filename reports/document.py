"""Documents (成文报告): sections of words, tables and pictures, written as one self-contained page and as PDF."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from reports.canvas import Chart
from reports.pages import write_page
from reports.pdf import compile_pdf


@dataclass(frozen=True)
class Words:
    """Paragraphs; `tone`: "" plain, quiet, good, bad."""

    lines: Sequence[str]
    tone: str = ""

    kind = "words"


@dataclass(frozen=True)
class Bullets:
    """A list."""

    items: Sequence[str]

    kind = "bullets"


@dataclass(frozen=True)
class Grid:
    """A table; columns named in `numbers` (by position) stand to the right. `widths`: relative, 0 as narrow as can be."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: Sequence[int] = ()
    widths: Sequence[float] = ()
    note: str = ""

    kind = "grid"


@dataclass(frozen=True)
class Pictures:
    """Charts side by side where there is room."""

    charts: Sequence[Chart]

    kind = "pictures"


Block = Words | Bullets | Grid | Pictures


@dataclass(frozen=True)
class Section:
    """One section with its Chinese heading and the English one beside it."""

    title: str
    english: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Document:
    """A whole report. `facts`: pairs in the head. `banner`: who may see it."""

    title: str
    english: str
    banner: str
    facts: Sequence[tuple[str, str]]
    sections: Sequence[Section]
    made_at: datetime
    cards: Sequence[tuple[str, str, str]] = field(default_factory=tuple)
    """(name, value, what it is): a few figures in boxes under the head."""


def write_document(document: Document, folder: Path, name: str) -> list[Path]:
    """Write `name`.html and `name`.pdf into `folder`; returns both. The same document gives the same bytes."""
    page = write_page(folder / f"{name}.html", "document.html.j2", document=document)
    paper = folder / f"{name}.pdf"
    paper.write_bytes(compile_pdf("document.typ", _plain(document), document.made_at))
    return [page, paper]


def _plain(document: Document) -> dict[str, Any]:
    """The document as JSON for Typst: texts are data, so no name can run as markup."""
    return {
        "title": document.title,
        "english": document.english,
        "banner": document.banner,
        "facts": [list(fact) for fact in document.facts],
        "cards": [list(card) for card in document.cards],
        "sections": [
            {
                "title": f"{section.title}",
                "english": section.english,
                "blocks": [_block(b) for b in section.blocks],
            }
            for section in document.sections
        ],
    }


def _block(block: Block) -> Mapping[str, Any]:
    if isinstance(block, Words):
        return {"kind": block.kind, "lines": list(block.lines), "tone": block.tone}
    if isinstance(block, Bullets):
        return {"kind": block.kind, "items": list(block.items)}
    if isinstance(block, Grid):
        return {
            "kind": block.kind, "headings": list(block.headings), "rows": [list(row) for row in block.rows],
            "numbers": list(block.numbers), "widths": list(block.widths) or [1] * len(block.headings), "note": block.note,
        }  # fmt: skip
    charts = [{"title": c.title, "said": c.description, "svg": _for_print(c.svg)} for c in block.charts]
    return {"kind": block.kind, "charts": charts}


def _for_print(svg: str) -> str:
    """A picture that names its own space: inside a page it takes it from HTML, in a PDF from nowhere."""
    return svg if "xmlns=" in svg else svg.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
