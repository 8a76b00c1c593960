"""A contact sheet as its reader gets it."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from results.contact_sheet import SHEET_LIMITS, ContactSheet, SheetLimits
from results.page_head import PageHead
from results.tally import Tally
from schemas.result import JobResult
from storage.errors import Unreachable
from storage.local import LocalStorage
from tests.results.orders import BATCH, batch

PIXEL_LINK = "images/a_01.png"


def render(
    storage: LocalStorage,
    *given: JobResult,
    limits: SheetLimits = SHEET_LIMITS,
    small: bool = True,
    **fields: Any,
) -> str:
    with TemporaryDirectory() as name:
        sheet = ContactSheet(storage, BATCH, Path(name), limits, thumbnails=small)
        tally = Tally()
        for one in given:
            sheet.add(one)
            tally.add(one)
        sheet.close()
        head = PageHead(batch(**fields), tally, "2026-11-20T22:01:27Z", has_failed=True)
        sheet.write_page(Path(name) / "index.html", head)
        return (Path(name) / "index.html").read_text(encoding="utf-8")


class Silent(LocalStorage):
    def get(self, key: str) -> bytes:
        raise Unreachable(f"no answer for {key}")
