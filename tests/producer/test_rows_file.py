"""A program's rows as a manifest: the same rows, the same bytes; what is no row is named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from producer.errors import ManifestError
from producer.manifest import open_manifest
from producer.row import Row
from producer.rows_file import rows_file

MUG = {"sku": "MUG-1", "prompt": "一只青瓷茶杯", "n": 2, "note": None, "tags": ["a", "b"]}


def test_rows_are_lines_in_their_order() -> None:
    jug = {"sku": "JUG-1", "prompt": "a jug\nof two lines", "picture": Path("jug.png")}
    with rows_file([MUG, jug]) as path, open_manifest(str(path)) as manifest:
        rows = [row for row in manifest.rows() if isinstance(row, Row)]
        assert [(row.line, dict(row.cells)) for row in rows] == [
            (1, MUG),
            (2, {**jug, "picture": "jug.png"}),
        ]
    assert not path.exists()


def test_any_iterable_will_do_and_the_same_rows_are_the_same_manifest() -> None:
    def generated() -> Iterator[dict[str, Any]]:
        yield dict(MUG)

    digests = set()
    for rows in ([MUG], (MUG,), generated()):
        with rows_file(rows) as path, open_manifest(str(path)) as manifest:
            digests.add(manifest.sha256)
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("MUG-1", "row 2 is no mapping of columns to values: str"),
        ({"price": Decimal("9.90")}, "row 2 cannot be written as JSON: Decimal is no text"),
        ({"price": float("nan")}, "row 2 cannot be written as JSON"),
    ],
)
def test_what_is_no_row_is_named_by_its_number(bad: Any, said: str) -> None:
    with pytest.raises(ManifestError, match=said), rows_file([MUG, bad]):
        pass


def test_no_rows_are_no_order() -> None:
    with pytest.raises(ManifestError, match="there are no rows"), rows_file([]):
        pass


def test_half_a_character_is_a_bad_row_and_no_crash() -> None:
    with rows_file([{"prompt": "\ud83d"}]) as path:
        assert json.loads(path.read_text(encoding="ascii")) == {"prompt": "\ud83d"}
