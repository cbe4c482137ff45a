"""Files that are small outside and monstrous inside (C-8). Each maker writes one file; none needs much memory itself."""

import io
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

from tests.ingestion.papers import good, write_csv

MEGABYTE = 1 << 20
_TYPES = """<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">\
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>\
<Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType=\
"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>"""
_RELATIONS = """<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns=\
"http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type=\
"http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}" Target="{target}"/>{more}</Relationships>"""
_STRINGS = """<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" \
Target="sharedStrings.xml"/>"""
_WORKBOOK = """<?xml version="1.0" encoding="UTF-8"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" \
xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="s" sheetId="1" r:id="rId1"/>\
</sheets></workbook>"""
_SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
_PROLOG = '<?xml version="1.0" encoding="UTF-8"?>'
_END = "</sheetData></worksheet>"


def office_cells(line: int, cells: dict[str, str] | None = None) -> str:
    """A row of inline texts: the headings of the office layout, or one good office."""
    row = good("office") if cells is None else cells
    texts = row.keys() if line == 1 else row.values()
    inline = "".join(f'<c t="inlineStr"><is><t>{each}</t></is></c>' for each in texts)
    return f'<row r="{line}">{inline}</row>'


def _write_frame(archive: zipfile.ZipFile, more: str = "") -> None:
    """The parts of a workbook around its sheet; `more` relations of the workbook beside the sheet's."""
    archive.writestr("[Content_Types].xml", _TYPES)
    whole = _RELATIONS.format(kind="officeDocument", target="xl/workbook.xml", more="")
    archive.writestr("_rels/.rels", whole)
    archive.writestr("xl/workbook.xml", _WORKBOOK)
    sheet = _RELATIONS.format(kind="worksheet", target="worksheets/sheet1.xml", more=more)
    archive.writestr("xl/_rels/workbook.xml.rels", sheet)


def workbook(path: Path, sheet: str, strings: str | None = None, prolog: str = _PROLOG) -> Path:
    """An XLSX of one sheet, its XML as given."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        _write_frame(archive, _STRINGS if strings else "")
        if strings:
            archive.writestr("xl/sharedStrings.xml", strings)
        archive.writestr("xl/worksheets/sheet1.xml", prolog + _SHEET + sheet + _END)
    return path


def _poured(path: Path, entry: str, megabytes: int, block: bytes = b"0" * MEGABYTE) -> Path:
    """A zip with one entry that unpacks to so many megabytes, and a workbook's parts around it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        _write_frame(archive)
        with archive.open(entry, "w", force_zip64=True) as file:
            for _ in range(megabytes):
                file.write(block)
    return path


def xlsx_bomb(path: Path) -> Path:
    """1.2 GB of a sheet's XML in about 1 MB."""
    return _poured(path, "xl/worksheets/sheet1.xml", 1_200)


def xlsx_bomb_that_lies(path: Path) -> Path:
    """The same, with a directory that says it unpacks to a few bytes."""
    _poured(path, "xl/worksheets/sheet1.xml", 1_200)
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        start = archive.start_dir
    directory = bytes(content[start:])
    place = directory.index(b"xl/worksheets/sheet1.xml") - 46 + start
    content[place + 24 : place + 28] = (1_000).to_bytes(4, "little")
    header = content.index(b"PK\x03\x04", content.index(b"xl/_rels/workbook.xml.rels"))
    content[header + 22 : header + 26] = (1_000).to_bytes(4, "little")
    path.write_bytes(content)
    return path


def shared_string_bomb(path: Path) -> Path:
    """One text of 100,000 characters that 100,000 cells refer to: 10 GB once each cell holds it."""
    names = "".join(f"<si><t>{heading}</t></si>" for heading in good("office"))
    strings = f'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{names}<si><t>{"长" * 100_000}</t></si></sst>'
    width = len(good("office"))
    heading = "".join(f'<c t="s"><v>{n}</v></c>' for n in range(width))
    cell = f'<c t="s"><v>{width}</v></c>'
    rows = f"<row>{cell * width}</row>"
    return workbook(path, f"<row>{heading}</row>" + rows * (100_000 // width), strings)


def sparse_bomb(path: Path) -> Path:
    """Two cells, in the first and in the last corner of a sheet: 17 thousand million between them."""
    corner = '<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c></row>'
    first = '<row r="1"><c r="A1" t="inlineStr"><is><t>机构代码</t></is></c></row>'
    return workbook(path, first + corner)


def tall_sparse_bomb(path: Path) -> Path:
    """The same in as many columns as are allowed: 150 million empty cells."""
    corner = '<row r="1048576"><c r="ET1048576" t="inlineStr"><is><t>x</t></is></c></row>'
    first = '<row r="1"><c r="A1" t="inlineStr"><is><t>机构代码</t></is></c></row>'
    return workbook(path, first + corner)


def _entity(path: Path, definition: str, used: str) -> Path:
    row = dict(good("office"), 机构名称=used)
    prolog = f"{_PROLOG}<!DOCTYPE worksheet [{definition}]>"
    return workbook(path, office_cells(1) + office_cells(2, row), prolog=prolog)


def external_entity(path: Path) -> Path:
    """A cell that asks for a file of the server."""
    return _entity(path, '<!ENTITY secret SYSTEM "file:///etc/passwd">', "&secret;")


def external_dtd(path: Path) -> Path:
    """A document type that lives at an address."""
    return workbook(
        path, office_cells(1) + office_cells(2),
        prolog=f'{_PROLOG}<!DOCTYPE worksheet SYSTEM "http://127.0.0.1:9/x.dtd">',
    )  # fmt: skip


def billion_laughs(path: Path) -> Path:
    """Ten entities, each ten times the one before."""
    laughs = '<!ENTITY l0 "ha">' + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return _entity(path, laughs, "&l9;")


def wide_csv(path: Path) -> Path:
    """200 columns."""
    path.write_text(",".join(f"列{n}" for n in range(200)) + "\n" + ",".join("1" * 200), encoding="utf-8")
    return path


def wide_xlsx(path: Path) -> Path:
    """200 columns of a sheet."""
    return workbook(path, office_cells(1, {f"列{n}": "1" for n in range(200)}))


def endless_line(path: Path) -> Path:
    """Two million columns and no line break."""
    path.write_bytes(b"1," * 2_000_000)
    return path


def endless_cell(path: Path) -> Path:
    """A quote that is opened and never closed: 60 MB of one cell."""
    write_csv(path, [good("office")])
    with path.open("ab") as file:
        file.write(b'"')
        for _ in range(60):
            file.write(b"x" * MEGABYTE)
    return path


def long_line(path: Path) -> Path:
    """A line of 100 MB with neither separator nor break."""
    with path.open("wb") as file:
        for _ in range(100):
            file.write(b"x" * MEGABYTE)
    return path


def megabyte_cell(path: Path) -> Path:
    """A cell of a million characters."""
    return write_csv(path, [good("office"), good("office", 机构名称="长" * 1_000_000)])


def megabyte_json(path: Path) -> Path:
    """A JSON line of 100 MB."""
    with path.open("wb") as file:
        file.write('{"机构代码": "'.encode())
        for _ in range(100):
            file.write(b"x" * MEGABYTE)
        file.write(b'"}')
    return path


def deep_json(path: Path) -> Path:
    """Brackets within brackets within brackets."""
    path.write_text("[" * 1_000_000 + "\n", encoding="utf-8")
    return path


FILES: dict[str, tuple[str, Callable[[Path], Path]]] = {
    "xlsx bomb": ("office_x.xlsx", xlsx_bomb),
    "xlsx bomb that lies": ("office_x.xlsx", xlsx_bomb_that_lies),
    "shared strings": ("office_x.xlsx", shared_string_bomb),
    "sparse sheet": ("office_x.xlsx", sparse_bomb),
    "tall sparse sheet": ("office_x.xlsx", tall_sparse_bomb),
    "external entity": ("office_x.xlsx", external_entity),
    "external DTD": ("office_x.xlsx", external_dtd),
    "billion laughs": ("office_x.xlsx", billion_laughs),
    "200 columns, csv": ("office_x.csv", wide_csv),
    "200 columns, xlsx": ("office_x.xlsx", wide_xlsx),
    "2,000,000 columns": ("office_x.csv", endless_line),
    "endless cell": ("office_x.csv", endless_cell),
    "endless line": ("office_x.csv", long_line),
    "1 MB cell": ("office_x.csv", megabyte_cell),
    "endless JSON": ("office_x.jsonl", megabyte_json),
    "deep JSON": ("office_x.jsonl", deep_json),
}
"""What → (file name, how it is made): files that go through the door by themselves."""


def zip_bomb(path: Path) -> Path:
    """1.2 GB of CSV in about 1 MB."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive, archive.open(
        "office_bomb.csv", "w", force_zip64=True
    ) as file:  # fmt: skip
        for _ in range(1_200):
            file.write(b"0" * MEGABYTE)
    return path


def overlapping_zip(path: Path) -> Path:
    """A thousand entries of the directory that all point at the same megabyte."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("office_0000.csv", b"0" * MEGABYTE)
    content, start = buffer.getvalue(), archive.start_dir
    entry = content[start : start + 46 + len("office_0000.csv")]
    entries = b"".join(entry.replace(b"0000", f"{n:04d}".encode()) for n in range(1_000))
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 1_000, 1_000, len(entries), start, 0)
    path.write_bytes(content[:start] + entries + end)
    return path


def nested_zip(path: Path) -> Path:
    """A zip in a zip in a zip."""
    content = write_csv(path.with_suffix(".csv"), [good("office")]).read_bytes()
    path.with_suffix(".csv").unlink()
    name = "office_inner.csv"
    for _ in range(3):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr(name, content)
        content, name = buffer.getvalue(), "office_inner.zip"
    path.write_bytes(content)
    return path


def zip_with_link(path: Path) -> Path:
    """An entry that is a symbolic link to a file of the server."""
    link = zipfile.ZipInfo("office_link.csv")
    link.create_system = 3
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    return path


def zip_with_many(path: Path) -> Path:
    """Sixty thousand empty entries."""
    with zipfile.ZipFile(path, "w") as archive:
        for n in range(60_000):
            archive.writestr(f"office_{n}.csv", b"")
    return path


def locked_zip(path: Path) -> Path:
    """An entry that asks for a password."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("office_locked.csv", b"x" * 40)
    content = bytearray(buffer.getvalue())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + flags] |= 1
    path.write_bytes(content)
    return path


ZIPS: dict[str, Callable[[Path], Path]] = {
    "zip bomb": zip_bomb,
    "overlapping zip": overlapping_zip,
    "nested zip": nested_zip,
    "link in a zip": zip_with_link,
    "60,000 entries": zip_with_many,
    "locked zip": locked_zip,
}
"""What → how it is made: archives, which come by a folder."""
