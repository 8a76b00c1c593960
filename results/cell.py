"""One cell of a CSV: a value as text, and kept from becoming a formula."""

from __future__ import annotations

import json
import re
from typing import Any

_PLAIN_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")
"""What spreadsheets take for the start of a formula; East Asian ones take the wide signs too."""


def cell_text(value: Any) -> str:
    """A value of a manifest as the text of a cell; texts stay exactly as they are."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def guarded(text: str) -> str:
    """The text with a leading quote where a spreadsheet would run it; numbers stay numbers.

    What has such a quote already gets one more, so that `unguarded` gives back every text.
    """
    if text.lstrip("'").startswith(_FORMULA_STARTS) and not _PLAIN_NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def unguarded(text: str) -> str:
    """What `guarded` was given."""
    if text.startswith("'") and text.lstrip("'").startswith(_FORMULA_STARTS):
        return text[1:]
    return text
