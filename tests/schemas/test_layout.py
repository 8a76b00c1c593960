"""Where things lie, under names that every file system and bucket accepts."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schemas import layout
from schemas.batch import ChunkRef

_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
CHUNK = ChunkRef(batch="night", number=7, size=500)
LANE = "dashscope:wanx-v1@default"


@given(st.text(max_size=300))
@example("")
@example("..")
@example("../../etc/passwd")
@example("CON")
@example("con." + "x" * 130)
@example("x" * 119 + ". tail")
@example("x" * 119 + "-tail")
@example("图" * 100)
@example("x" * 119 + "é")
@example("a\u2028b")
def test_a_name_is_always_one_legal_segment(text: str) -> None:
    name = layout.safe_name(text)
    assert name
    assert len(name.encode()) <= 120
    assert not re.search(r'[\x00-\x1f\x7f<>:"/\\|?*\s]', name)
    assert name.strip("-. ") == name, "Windows drops a dot at the end; a leading one hides"
    assert not _RESERVED.fullmatch(name)
    assert unicodedata.is_normalized("NFC", name)


@given(st.text(max_size=300))
def test_a_safe_name_stays_itself(text: str) -> None:
    name = layout.safe_name(text)
    assert layout.safe_name(name) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("SKU-0042", "SKU-0042"), ("red cup", "red-cup"), ("a/b\\c", "a-b-c"), (" x. ", "x"),
        ("茶杯 红", "茶杯-红"), ("e\u0301", "é"), ("a:?*b", "a-b"), ("nul.txt", "_nul.txt"),
        ("", "_"), ("///", "_"), ("console", "console"), (".hidden", "hidden"),
    ],
)  # fmt: skip
def test_a_name_stays_as_near_as_can_be(text: str, name: str) -> None:
    assert layout.safe_name(text) == name


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (layout.batch_document("night"), "batches/night/batch.json"),
        (
            layout.input_chunk(LANE, CHUNK),
            "batches/night/input/dashscope-wanx-v1@default/00007.jsonl.gz",
        ),
        (
            layout.results_chunk(LANE, CHUNK),
            "batches/night/results/dashscope-wanx-v1@default/00007.jsonl",
        ),
        (layout.results_prefix("night"), "batches/night/results/"),
        (layout.image_key("night", "sku", 2, "png"), "batches/night/images/sku_02.png"),
        (
            layout.image_key("night", "sku", 2, "svg", "svg", revision=3),
            "batches/night/images/sku_02_r3_svg.svg",
        ),
        (layout.sidecar_key("batches/night/images/s.k_02.png"), "batches/night/images/s.k_02.json"),
        (
            layout.thumbnail_key("batches/night/images/s.k_02.png"),
            "batches/night/thumbnails/s.k_02.jpg",
        ),
        (layout.batch_file("night", layout.RESULTS_CSV), "batches/night/results.csv"),
    ],
)
def test_keys_are_those_of_the_layout(found: str, expected: str) -> None:
    assert found == expected


def test_results_lie_below_their_prefix() -> None:
    assert layout.results_chunk(LANE, CHUNK).startswith(layout.results_prefix("night"))
