"""docs/errors.md is made of the error tables."""

from __future__ import annotations

from pathlib import Path

from worker.policy.classification import TABLES
from worker.policy.errors_page import page

PAGE = Path(__file__).parents[2] / "docs" / "errors.md"


def test_the_page_says_what_the_tables_say() -> None:
    words = "docs/errors.md is stale: python -m worker.policy.errors_page > docs/errors.md"
    assert PAGE.read_text(encoding="utf-8") == page(), words


def test_every_row_of_every_table_is_a_row_of_the_page() -> None:
    lines = page().splitlines()
    assert sum(line.startswith("| `") for line in lines) == 6 + sum(
        len(table.rules) for table in TABLES
    )
    assert {line.count("|") - line.count("\\|") for line in lines if line.startswith("| `")} == {
        4,
        6,
    }
