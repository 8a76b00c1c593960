"""Workbooks for tests, part by part as Excel writes them: also such as no library would write."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape, quoteattr

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_STYLES = {"date": 1, "time": 2, "zeros": 3, "prefixed": 4}
_FORMATS = {"zeros": (164, "0000000000000"), "prefixed": (165, '"MUG-"000')}


@dataclass(frozen=True)
class Formula:
    """A formula and the value stored with it, as the cell's XML has it; None: there is none."""

    text: str
    stored: str | None = None
    kind: str | None = None


@dataclass(frozen=True)
class Failed:
    """An error value."""

    text: str


@dataclass(frozen=True)
class Styled:
    """A number shown by one of our styles: date, time, zeros, prefixed."""

    number: float
    style: str


@dataclass(frozen=True)
class SheetOf:
    """A sheet: rows of values, by place, or by their number where some are missing."""

    title: str
    rows: Sequence[Sequence[Any]] | Mapping[int, Sequence[Any]]
    merged: Sequence[str] = ()
    state: str = "visible"
    dimension: str | None = None


@dataclass
class _Texts:
    """The texts of all sheets."""

    places: dict[str, int] = field(default_factory=dict)

    def place(self, text: str) -> int:
        return self.places.setdefault(text, len(self.places))


def workbook(*sheets: SheetOf, changed: Mapping[str, bytes | None] | None = None) -> bytes:
    """The bytes of a workbook; `changed` replaces parts, or takes them out."""
    texts = _Texts()
    parts: dict[str, bytes | None] = {"[Content_Types].xml": _types(len(sheets)).encode()}
    parts["_rels/.rels"] = _relations([("officeDocument", "xl/workbook.xml")]).encode()
    parts["xl/workbook.xml"] = _workbook(sheets).encode()
    targets = [("worksheet", f"worksheets/sheet{n}.xml") for n in range(1, len(sheets) + 1)]
    others = [("styles", "styles.xml"), ("sharedStrings", "sharedStrings.xml")]
    parts["xl/_rels/workbook.xml.rels"] = _relations([*targets, *others]).encode()
    parts["xl/styles.xml"] = _styles().encode()
    for number, sheet in enumerate(sheets, 1):
        parts[f"xl/worksheets/sheet{number}.xml"] = _sheet(sheet, texts).encode()
    parts["xl/sharedStrings.xml"] = _strings(texts).encode()
    return packed({**parts, **(changed or {})})


def packed(parts: Mapping[str, bytes | None], *, small: bool = False) -> bytes:
    """A zip archive that is the same on every machine."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as package:
        for name, content in parts.items():
            if content is not None:
                info = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
                info.compress_type = zipfile.ZIP_DEFLATED if small else zipfile.ZIP_STORED
                package.writestr(info, content)
    return written.getvalue()


def letters(column: int) -> str:
    """A column's name, from 1."""
    return (letters((column - 1) // 26) if column > 26 else "") + chr(65 + (column - 1) % 26)


def _sheet(sheet: SheetOf, texts: _Texts) -> str:
    numbered = sheet.rows if isinstance(sheet.rows, Mapping) else dict(enumerate(sheet.rows, 1))
    rows = "".join(
        f'<row r="{line}">{"".join(_cell(line, n, value, texts) for n, value in enumerate(cells, 1))}</row>'
        for line, cells in numbered.items()
    )
    merged = "".join(f'<mergeCell ref="{ref}"/>' for ref in sheet.merged)
    if merged:
        merged = f'<mergeCells count="{len(sheet.merged)}">{merged}</mergeCells>'
    size = f'<dimension ref="{sheet.dimension}"/>' if sheet.dimension else ""
    return (
        f'{_HEAD}<worksheet xmlns="{_MAIN}">{size}<sheetData>{rows}</sheetData>{merged}</worksheet>'
    )


def _cell(line: int, column: int, value: Any, texts: _Texts) -> str:
    ref = f"{letters(column)}{line}"
    match value:
        case None:
            return ""
        case bool():
            return f'<c r="{ref}" t="b"><v>{int(value)}</v></c>'
        case int() | float():
            return f'<c r="{ref}"><v>{value!r}</v></c>'
        case str():
            return f'<c r="{ref}" t="s"><v>{texts.place(value)}</v></c>'
        case Failed():
            return f'<c r="{ref}" t="e"><v>{value.text}</v></c>'
        case Styled():
            return f'<c r="{ref}" s="{_STYLES[value.style]}"><v>{value.number!r}</v></c>'
        case Formula():
            kind = f' t="{value.kind}"' if value.kind else ""
            stored = "" if value.stored is None else f"<v>{escape(value.stored)}</v>"
            return f'<c r="{ref}"{kind}><f>{escape(value.text)}</f>{stored}</c>'
    raise TypeError(value)


def _strings(texts: _Texts) -> str:
    items = "".join(f'<si><t xml:space="preserve">{escape(text)}</t></si>' for text in texts.places)
    return f'{_HEAD}<sst xmlns="{_MAIN}" count="{len(texts.places)}">{items}</sst>'


def _workbook(sheets: Sequence[SheetOf]) -> str:
    listed = "".join(
        f'<sheet name={quoteattr(sheet.title)} sheetId="{n}" state="{sheet.state}" r:id="rId{n}"/>'
        for n, sheet in enumerate(sheets, 1)
    )
    return f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>{listed}</sheets></workbook>'


def _relations(targets: Sequence[tuple[str, str]]) -> str:
    items = "".join(
        f'<Relationship Id="rId{n}" Type="{_RELATIONS}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(targets, 1)
    )
    return f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{items}</Relationships>'


def _types(sheets: int) -> str:
    parts = [("/xl/workbook.xml", "sheet.main"), ("/xl/styles.xml", "styles")]
    parts += [(f"/xl/worksheets/sheet{n}.xml", "worksheet") for n in range(1, sheets + 1)]
    parts += [("/xl/sharedStrings.xml", "sharedStrings")]
    items = "".join(
        f'<Override PartName="{name}" ContentType="{_TYPE}.{kind}+xml"/>' for name, kind in parts
    )
    return (
        f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{items}</Types>'
    )


def _styles() -> str:
    formats = "".join(
        f'<numFmt numFmtId="{number}" formatCode={quoteattr(code)}/>'
        for number, code in _FORMATS.values()
    )
    used = (0, 14, 20, *(number for number, _ in _FORMATS.values()))
    cells = "".join(
        f'<xf numFmtId="{number}" fontId="0" fillId="0" borderId="0" xfId="0"/>' for number in used
    )
    return (
        f'{_HEAD}<styleSheet xmlns="{_MAIN}"><numFmts count="{len(_FORMATS)}">{formats}</numFmts>'
        '<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
        '<fills count="1"><fill><patternFill patternType="none"/></fill></fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        f'<cellXfs count="{len(used)}">{cells}</cellXfs></styleSheet>'
    )
