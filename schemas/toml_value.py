"""Values of a TOML file as the cells of a table would have them."""

from __future__ import annotations

import json
from typing import Any


def as_cell(value: Any) -> str:
    """A value as the text of a cell: `2`, `true`, `["a", "b"]`; texts stay as they are.

    Raises ValueError for what no cell says: nothing at all, a date.
    """
    if isinstance(value, str):
        if not value.strip():
            raise ValueError("must not be empty")
        return value
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError("must be a text, a number, true, false, or a list of these") from error
