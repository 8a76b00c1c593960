"""Which sheet of a workbook is the manifest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from producer.errors import ManifestError, OptionError
from producer.problem import shown
from schemas.parameter import nearest


class SheetName(NamedTuple):
    """A sheet as its tab has it."""

    title: str
    is_visible: bool


def choose_sheet(sheets: Sequence[SheetName], said: str | None, name: str) -> str:
    """The sheet said by its name or by the number of its tab, or the first that is visible.

    Raises OptionError where there is no such sheet, ManifestError where none is visible.
    """
    visible = [sheet.title for sheet in sheets if sheet.is_visible]
    if said is None:
        if not visible:
            raise ManifestError(
                f"{name} has no visible sheet; say --sheet NAME ({_listed(sheets)})"
            )
        return visible[0]
    titles = [sheet.title for sheet in sheets]
    wanted = said.strip()
    if said in titles:
        return said
    for title in titles:
        if title.strip().casefold() == wanted.casefold():
            return title
    # A tab's number is what people count: hidden sheets have no tab.
    if wanted.isdecimal() and 1 <= int(wanted) <= len(visible):
        return visible[int(wanted) - 1]
    hint = nearest(wanted, titles) or f"; it has: {_listed(sheets)}"
    raise OptionError(f"--sheet {shown(said)}: {name} has no such sheet{hint}")


def _listed(sheets: Sequence[SheetName]) -> str:
    return ", ".join(
        shown(sheet.title) if sheet.is_visible else f"{shown(sheet.title)} (hidden)"
        for sheet in sheets
    )
