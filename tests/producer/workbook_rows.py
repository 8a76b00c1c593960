"""Rows of a workbook as a manifest has them."""

from __future__ import annotations

from typing import Any

import pytest

from producer.errors import ManifestError
from producer.row import Broken, Row
from tests.producer.manifests import given

HEADER: list[Any] = ["sku", "prompt", "n", "note"]


def rows_of(content: bytes, sheet: str | None = None) -> list[Row | Broken]:
    with given(content, sheet=sheet) as manifest:
        return list(manifest.rows())


def said_of(content: bytes, sheet: str | None = None) -> str:
    with pytest.raises(ManifestError) as caught:
        rows_of(content, sheet)
    return str(caught.value)
