"""A batch's name: the same order on the same day is the same batch."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.batch_name import batch_name, fit_name
from producer.default_values import Defaults
from producer.errors import OptionError
from producer.submission import Order
from tests.submission.manifests import EVENING, prepared, rows

DAY = date(2026, 11, 20)
SHA = "a" * 64


def test_file_name_day_and_a_hash() -> None:
    assert re.fullmatch(r"shop-20261120-[0-9a-f]{8}", batch_name("shop", SHA, DAY, {}))


def test_the_order_of_options_does_not_matter() -> None:
    one, other = {"n": "2", "style": "anime"}, {"style": "anime", "n": "2"}
    assert batch_name("shop", SHA, DAY, one) == batch_name("shop", SHA, DAY, other)


@pytest.mark.parametrize(
    ("stem", "sha", "day", "orders"),
    [
        ("other", SHA, DAY, {}),
        ("shop", "b" * 64, DAY, {}),
        ("shop", SHA, DAY + timedelta(days=1), {}),
        ("shop", SHA, DAY, {"n": "2"}),
        ("shop", SHA, DAY, {"account": "second"}),
    ],
)
def test_anything_else_is_another_batch(
    stem: str, sha: str, day: date, orders: dict[str, Any]
) -> None:
    assert batch_name(stem, sha, day, orders) != batch_name("shop", SHA, DAY, {})


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("autumn 2026 (final)", "autumn-2026-final"),
        ("秋季新品", "秋季新品"),
        ("../../etc/passwd", "etc-passwd"),
        ("a{b}c*d", "a-b-c-d"),
        ("...", ""),
        ("x" * 80, "x" * 60),
        ("e\u0301te\u0301", "été"),
    ],
)
def test_names_fit_folders_keys_and_addresses(text: str, fits: str) -> None:
    assert fit_name(text) == fits


@given(st.text())
def test_what_fits_fits_again(text: str) -> None:
    name = fit_name(text)
    assert fit_name(name) == name
    assert len(name) <= 60
    assert not set(name) & set("/\\{}:@ \n\0*?")


def test_a_name_of_signs_alone_is_a_batch() -> None:
    assert batch_name("***", SHA, DAY, {}).startswith("batch-20261120-")


def name(tmp_path: Path, content: str = rows(2), **order: Any) -> str:
    return prepared(content, tmp_path, Order(**order)).batch.batch


def test_the_same_manifest_has_the_same_name(tmp_path: Path) -> None:
    later = prepared(rows(2), tmp_path, now=EVENING + timedelta(hours=1))
    assert name(tmp_path) == later.batch.batch


def test_another_day_has_another_name(tmp_path: Path) -> None:
    later = prepared(rows(2), tmp_path, now=EVENING + timedelta(days=1))
    assert name(tmp_path) != later.batch.batch


@pytest.mark.parametrize(
    "order",
    [{"defaults": Defaults({"n": "2"})}, {"account": "second"}, {"simulated": True}],
    ids=["defaults", "account", "simulated"],
)
def test_what_the_command_line_adds_changes_the_name(tmp_path: Path, order: dict[str, Any]) -> None:
    assert name(tmp_path, **order) != name(tmp_path)


def test_other_content_changes_the_name(tmp_path: Path) -> None:
    assert name(tmp_path, rows(3)) != name(tmp_path)


def test_a_name_of_ones_own_is_kept(tmp_path: Path) -> None:
    assert name(tmp_path, name="black-friday") == "black-friday"


@pytest.mark.parametrize(
    ("wished", "would_do"), [("black friday", "black-friday"), ("a/b", "a-b"), ("{}", "my-batch")]
)
def test_a_name_that_does_not_fit_is_refused(tmp_path: Path, wished: str, would_do: str) -> None:
    with pytest.raises(OptionError, match=f"'{would_do}' would do"):
        name(tmp_path, name=wished)
