"""Pictures in results.xlsx, and where they lead."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path

import PIL.Image
import pytest

from results.workbook import (
    BookLimits,
    Shown,
)
from schemas.result import JobResult
from storage.local import LocalStorage
from tests.results.orders import image, picture, result
from tests.results.written_workbook import REFUSED, media, rows, stored, written


def test_small_pictures_sit_in_their_cells(
    tmp_path: Path, storage: LocalStorage, done: JobResult
) -> None:
    sheet, _ = written(tmp_path, storage, [REFUSED, done])

    anchors = sorted((one.anchor._from.row, one.anchor._from.col) for one in sheet._images)
    assert anchors == [(2, 3), (2, 4)]
    for one in sheet._images:
        assert (one.anchor.to.row, one.anchor.to.col) == (
            one.anchor._from.row,
            one.anchor._from.col,
        )
        assert one.anchor.editAs in (None, "twoCell"), "which it is by default"
    assert {PIL.Image.open(BytesIO(data)).format for data in media(tmp_path / "r.xlsx")} == {"JPEG"}


@pytest.mark.parametrize("size", [(4096, 512), (30, 20), (1024, 1024), (1, 3000)])
def test_a_picture_of_any_shape_fits_into_its_cell(
    tmp_path: Path, storage: LocalStorage, size: tuple[int, int]
) -> None:
    one = image("a").model_copy(update={"width": size[0], "height": size[1]})
    storage.put(one.key, picture(size=size), "image/png")
    sheet, _ = written(tmp_path, storage, [result(images=[one])])

    (shown,) = sheet._images
    assert (shown.anchor.to.row, shown.anchor.to.col) == (1, 3)
    assert (shown.anchor._from.row, shown.anchor._from.col) == (1, 3)


def test_only_so_many_pictures_are_shown_and_the_rest_is_named(
    tmp_path: Path, storage: LocalStorage
) -> None:
    images = [image(f"a{line}", index) for line in (2, 3) for index in (1, 2)]
    stored(storage, *images)
    results = [result(2, images=images[:2], n=2), result(3, images=images[2:], n=2)]

    sheet, shown = written(tmp_path, storage, results, limits=BookLimits(rows=9, pictures=3))

    assert shown == Shown(rows=2, pictures=3, not_shown=1)
    assert len(sheet._images) == 3
    assert rows(sheet)[1]["images"].split(" | ") == [one.key for one in images[2:]]


def test_a_picture_that_is_gone_leaves_its_cell_empty(
    tmp_path: Path, storage: LocalStorage
) -> None:
    sheet, shown = written(tmp_path, storage, [result(images=[image("gone")])])

    assert shown == Shown(rows=1, pictures=0, not_shown=1)
    assert rows(sheet)[0]["images"] == image("gone").key


def test_links_are_a_column_that_can_be_clicked_and_so_are_the_pictures(
    tmp_path: Path, storage: LocalStorage, done: JobResult
) -> None:
    single = result(4, images=[image("c")], row={"sku": "c"})
    stored(storage, image("c"))
    sheet, _ = written(
        tmp_path, storage, [done, single], link=lambda key: f"https://s3.test/{key}?sig=a%2Fb&x=1"
    )

    first, second = rows(sheet)
    assert first["links"].count("https://s3.test/") == 2
    assert second["links"] == f"https://s3.test/{image('c').key}?sig=a%2Fb&x=1"
    (cell,) = (cell for cell in sheet[3] if cell.value == second["links"])
    assert cell.hyperlink.target == second["links"]
    with zipfile.ZipFile(tmp_path / "r.xlsx") as parts:
        targets = parts.read("xl/drawings/_rels/drawing1.xml.rels").decode()
    assert f"https://s3.test/{image('c').key}?sig=a%2Fb&amp;x=1" in targets


def test_an_address_too_long_for_a_link_is_a_text(tmp_path: Path, storage: LocalStorage) -> None:
    stored(storage, image("c"))
    long = "https://s3.test/" + "x" * 3000
    sheet, _ = written(tmp_path, storage, [result(images=[image("c")])], link=lambda _: long)

    assert rows(sheet)[0]["links"] == long
    assert not sheet._hyperlinks


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("batches/x/images/杯_01.png", "batches/x/images/杯_01.png"),
        ("../a b#1 50%.png", "../a%20b%231%2050%25.png"),
    ],
)
def test_a_picture_leads_to_its_file_beside_the_workbook(
    tmp_path: Path, storage: LocalStorage, path: str, target: str
) -> None:
    stored(storage, image("c"))
    written(tmp_path, storage, [result(images=[image("c")])], beside=lambda _: path)

    with zipfile.ZipFile(tmp_path / "r.xlsx") as parts:
        links = parts.read("xl/drawings/_rels/drawing1.xml.rels").decode()
    assert f'Target="{target}" TargetMode="External"' in links


def test_a_batch_without_pictures_has_no_column_for_them(
    tmp_path: Path, storage: LocalStorage
) -> None:
    sheet, shown = written(tmp_path, storage, [REFUSED])

    assert [cell.value for cell in sheet[1]][:4] == ["sku", "prompt", "条码", "status"]
    assert shown == Shown(1, 0, 0)
