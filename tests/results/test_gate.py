"""What the quality gate finds, and how results tell it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from results.gate import BatchGate, asked_size, flaws_of
from results.likeness import Look
from results.remarks import FLAWS, remarks
from results.report import write_results
from results.words import Language
from schemas.catalogue import catalogue
from schemas.finishing import Finishing, Gate
from schemas.flaw import Flaw, FlawKind
from schemas.layout import CONTACT_SHEET, RESULTS_CSV, RESULTS_JSONL, batch_file
from schemas.result import Image
from schemas.size import Size
from storage.local import LocalStorage
from tests.results.orders import BATCH, batch, image, result, seal
from tests.results.sheet_reader import SheetReader

GATE = Gate()
LOOK = Look("f" * 64, blank=False)


def stored(**changes: Any) -> Image:
    return image("a").model_copy(update=changes)


def kinds(found: list[Flaw]) -> list[FlawKind]:
    return [flaw.kind for flaw in found]


def test_a_good_picture_passes() -> None:
    assert flaws_of(GATE, stored(), Size(64, 48), LOOK) == []


@pytest.mark.parametrize("size", [Size(48, 64), Size(64, 47), Size(128, 96)])
def test_a_size_that_was_not_ordered(size: Size) -> None:
    (flaw,) = flaws_of(GATE, stored(), size, LOOK)
    assert (flaw.kind, flaw.seen) == (
        FlawKind.SIZE,
        f"64 × 48 / {size.width} × {size.height}",
    )


def test_nothing_is_said_where_no_size_is_known() -> None:
    assert flaws_of(GATE, stored(), None, LOOK) == []
    assert flaws_of(GATE, stored(width=0, height=0), Size(64, 48), None) == []


def test_a_blank_picture() -> None:
    assert kinds(flaws_of(GATE, stored(), None, Look("0", blank=True))) == [FlawKind.BLANK]


@pytest.mark.parametrize(
    ("size_bytes", "found"),
    [
        (99, [FlawKind.SMALL_FILE]),
        (100, []),
        (200, []),
        (201, [FlawKind.LARGE_FILE]),
    ],
)
def test_limits_of_files_include_their_ends(size_bytes: int, found: list[FlawKind]) -> None:
    gate = Gate(min_size_bytes=100, max_size_bytes=200)
    assert kinds(flaws_of(gate, stored(size_bytes=size_bytes), None, LOOK)) == found


@pytest.mark.parametrize(
    ("model", "parameters", "size"),
    [
        ("wanx-v1", {"size": "720*1280"}, Size(720, 1280)),
        ("wanx-v1", {}, None),
        ("wan2.7-image", {"size": "2K"}, None),
        ("wan2.7-image", {"size": "1024*768"}, Size(1024, 768)),
        ("stable-image-core", {"aspect_ratio": "16:9"}, None),
    ],
)
def test_what_a_row_asks_for(model: str, parameters: dict[str, Any], size: Size | None) -> None:
    assert asked_size(catalogue().find(model), parameters) == size


def looking(name: str, look: str, **fields: Any) -> Any:
    return result(int(name), images=[image(name).model_copy(update={"look": look})], **fields)


def test_what_is_alike_is_marked_with_the_first_of_its_kind() -> None:
    gate = BatchGate(GATE)
    marked = [gate.marked(looking(name, look)) for name, look in zip("2345", "070f", strict=True)]
    assert [[flaw.seen for flaw in one.images[0].flaws] for one in marked] == [
        [],
        ["SKU-2"],
        ["SKU-2"],
        ["SKU-2"],
    ]


def test_pictures_of_one_row_are_compared_too() -> None:
    pair = [image("a", index).model_copy(update={"look": "ff"}) for index in (1, 2)]
    marked = BatchGate(GATE).marked(result(n=2, images=pair))
    assert [kinds(one.flaws) for one in marked.images] == [[], [FlawKind.ALIKE]]
    assert marked.images[1].flaws[0].seen == "SKU-2 / 1"


def test_blank_ones_are_said_to_be_blank_only() -> None:
    blank = {"look": "0", "flaws": [Flaw(kind=FlawKind.BLANK)]}
    gate = BatchGate(GATE)
    for line in (2, 3):
        marked = gate.marked(result(line, images=[stored(**blank)]))
        assert kinds(marked.images[0].flaws) == [FlawKind.BLANK]


def test_without_a_gate_results_are_not_touched() -> None:
    one = looking("2", "0")
    assert BatchGate(None).marked(one) is one
    assert BatchGate(GATE).marked(result(images=[image("a")])).images == [image("a")]


def test_every_flaw_has_its_words() -> None:
    assert set(FLAWS) == set(FlawKind)
    told = [FLAWS[kind].said_in(language) for kind in FlawKind for language in Language]
    assert all("{who}" in words for words in told)
    assert [words for words in told if "{seen}" not in words] == list(FLAWS[FlawKind.BLANK])


def test_remarks_name_the_picture_where_there_are_several() -> None:
    flawed = stored(flaws=[Flaw(kind=FlawKind.BLANK)])
    assert remarks(result(images=[flawed])) == "The picture is blank, or nearly."
    second = flawed.model_copy(update={"index": 2, "unlabelled": "it has several XMP packets"})
    assert remarks(result(n=2, images=[stored(), second])) == (
        "Picture 2 is blank, or nearly. Picture 2 carries no label: it has several XMP packets."
    )
    assert remarks(result(n=2, images=[second]), Language.CHINESE) == (
        "第 2 张图片是空白的，或几乎空白。第 2 张图片没有写入 AI 标识：it has several XMP packets。"
    )
    assert remarks(result(images=[stored()])) == ""


def test_tables_and_sheet_tell_what_was_found(storage: LocalStorage) -> None:
    found = Flaw(kind=FlawKind.SIZE, seen="64 × 48 / 1024 × 1024")
    alike = {"look": "ff", "flaws": [found]}
    seal(storage, [result(2, images=[stored(**alike)]), result(3, images=[stored(look="ff")])])
    document = batch(finishing=Finishing(gate=GATE))
    write_results(storage, document, finished_at="2026-11-20T23:00:00Z", thumbnails=False)
    lines = storage.get(batch_file(BATCH, RESULTS_JSONL)).splitlines()
    flaws = [json.loads(line)["images"][0]["flaws"] for line in lines]
    assert [[one["kind"] for one in row] for row in flaws] == [["size"], ["alike"]]
    table = storage.get(batch_file(BATCH, RESULTS_CSV)).decode("utf-8-sig")
    page = storage.get(batch_file(BATCH, CONTACT_SHEET)).decode()
    said = [remark.text for remark in SheetReader(page).root.all("p", "remark")]
    assert said == [
        "The picture has another size than was ordered (64 × 48 / 1024 × 1024).",
        "The picture is nearly the same as SKU-2.",
    ]
    assert all(remark in table for remark in said)
    assert ">Marked by the gate</dt><dd>2</dd>" in page


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=12))
def test_marking_again_finds_the_same(rows: list[tuple[int, bool]]) -> None:
    results = [
        looking(str(line), "ff" * look if shown else "")
        for line, (look, shown) in enumerate(rows, 2)
    ]
    first = list(map(BatchGate(GATE).marked, results))
    assert list(map(BatchGate(GATE).marked, results)) == first
