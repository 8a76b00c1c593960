"""The zip archive around a workbook: whether it is one, and harmless to unpack."""

from __future__ import annotations

import re
import zipfile
import zlib
from typing import BinaryIO

from producer.errors import ManifestError

ZIP = b"PK\x03\x04"
_OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""An OLE2 file: Excel before 2007, or a newer workbook with a password."""

_WORKBOOK = "xl/workbook.xml"
_TYPES = "[Content_Types].xml"
_SHEETS = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
_OVERRIDE = re.compile(rb"<(?:\w+:)?Override\b[^>]*>")
_PART_NAME = re.compile(rb"PartName\s*=\s*[\"']/?([^\"']+)")
_MOST_PARTS = 10_000
_SHEET_BYTES = 4 << 30
"""Read as a stream, so that only its time is bounded."""
_TEXT_BYTES = 512 << 20
"""The texts of all sheets: they are held in memory."""
_PART_BYTES = 64 << 20
"""Whatever else is read: styles, the list of sheets."""
_BROKEN = (zipfile.BadZipFile, zlib.error, OSError, EOFError, KeyError, ValueError, RuntimeError)
"""What `zipfile` makes of archives that are cut, made wrongly, or locked with a password."""
_STRICT = b"purl.oclc.org/ooxml"


def is_workbook(start: bytes) -> bool:
    """Whether bytes that begin so are read as a workbook, or refused as one."""
    return start.startswith((ZIP, _OLD))


def check_package(raw: BinaryIO, name: str) -> None:
    """Raises ManifestError for what is no workbook we read, or unpacks to more than one has."""
    start = raw.read(len(_OLD))
    raw.seek(0)
    if start == _OLD:
        raise ManifestError(
            f"{name} is an Excel file of the old form (.xls), or has a password;"
            " save it as an Excel workbook (.xlsx) without one"
        )
    if not start.startswith(ZIP):
        raise ManifestError(
            f"{name} is no Excel workbook (.xlsx); leave out --format, or save it as one"
        )
    try:
        with zipfile.ZipFile(raw) as package:
            _check_kind(package, name)
            _check_sizes(package, name)
    except _BROKEN as error:
        raise ManifestError(
            f"{name} is a damaged workbook or zip archive; copy it again, or open it in Excel"
            " and save it"
        ) from error
    finally:
        raw.seek(0)


def _check_kind(package: zipfile.ZipFile, name: str) -> None:
    parts = set(package.namelist())
    if _WORKBOOK not in parts:
        what = "no Excel workbook (.xlsx)"
        if "xl/workbook.bin" in parts:
            what = "a binary workbook (.xlsb)"
        elif "mimetype" in parts:
            what = "an OpenDocument file (.ods)"
        raise ManifestError(f"{name} is {what}; save it as an Excel workbook (.xlsx) or CSV UTF-8")
    with package.open(_WORKBOOK) as part:
        if _STRICT in part.read(4096):
            raise ManifestError(
                f"{name} is saved as a Strict Open XML workbook; save it as an Excel workbook"
                " (.xlsx), the first choice in Excel's list"
            )


def _check_sizes(package: zipfile.ZipFile, name: str) -> None:
    """By what the archive declares: no part can be unpacked beyond that."""
    parts = package.infolist()
    if len(parts) > _MOST_PARTS:
        raise ManifestError(f"{name} has {len(parts):,} parts; no workbook of orders has so many")
    _check_size(package.getinfo(_TYPES), _PART_BYTES, name)
    texts = _texts(package.read(_TYPES))
    for part in parts:
        if part.filename in texts:
            _check_size(part, _TEXT_BYTES, name)
        else:
            is_sheet = _SHEETS.fullmatch(part.filename)
            _check_size(part, _SHEET_BYTES if is_sheet else _PART_BYTES, name)


def _check_size(part: zipfile.ZipInfo, most_bytes: int, name: str) -> None:
    if part.file_size > most_bytes:
        raise ManifestError(
            f"{name} unpacks to {part.file_size:,} bytes in {part.filename}, more than"
            f" {most_bytes:,}; save only the sheet with the orders, or save that as CSV UTF-8"
        )


def _texts(types: bytes) -> set[str]:
    """The parts that hold the sheets' texts, wherever they lie."""
    found = set()
    for override in _OVERRIDE.findall(types):
        part = _PART_NAME.search(override)
        if part is not None and b"sharedStrings" in override:
            found.add(part[1].decode("utf-8", "ignore"))
    return found
