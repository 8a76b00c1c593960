"""A ZIP of pictures: whole, with names every system takes, and its table inside."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from results.archive import Packed, write_archive
from schemas.result import Image, JobResult
from schemas.states import JobState
from storage import Unreachable
from storage.local import LocalStorage
from tests.results.orders import batch, failure, image, picture, rendition, result

COLUMNS = ("sku", "prompt")


class Pipe(io.RawIOBase):
    """Takes bytes, and cannot go back."""

    def __init__(self) -> None:
        self.taken = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.taken += data
        return len(data)


def stored(storage: LocalStorage, *images: Image) -> dict[str, bytes]:
    """Put a different picture under each key."""
    found = {}
    for number, one in enumerate(images, 1):
        data = picture(size=(8 + number, 8))
        storage.put(one.key, data, "image/png")
        found[one.key] = data
    return found


def packed(storage: LocalStorage, results: Iterable[JobResult]) -> tuple[zipfile.ZipFile, Packed]:
    target = io.BytesIO()
    told = write_archive(results, target, batch(COLUMNS), storage)
    archive = zipfile.ZipFile(target)
    assert archive.testzip() is None
    return archive, told


def table(archive: zipfile.ZipFile) -> list[dict[str, str]]:
    text = archive.read("results.csv").decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_every_picture_is_in_it_byte_for_byte_and_named_by_the_table(
    storage: LocalStorage,
) -> None:
    first, second, third = image("杯-1", 1), image("杯-1", 2), image("mug", 1)
    data = stored(storage, first, second, third)
    rows = [
        result(2, images=[second, first], n=2, row={"sku": "杯-1", "prompt": "=1"}),
        result(3, images=[third], row={"sku": "mug", "prompt": "a mug"}),
        result(4, JobState.FAILED, failures=[failure()], row={"sku": "x", "prompt": "a toy"}),
    ]

    archive, told = packed(storage, rows)

    assert told == Packed(3, 0, ())
    assert sorted(archive.namelist()) == sorted(
        ["images/杯-1_01.png", "images/杯-1_02.png", "images/mug_01.png", "results.csv"]
    )
    found = table(archive)
    assert [row["images"].split(" | ") for row in found] == [
        ["images/杯-1_01.png", "images/杯-1_02.png"],
        ["images/mug_01.png"],
        [""],
    ]
    assert archive.read(found[0]["images"].split(" | ")[0]) == data[first.key]
    assert archive.read(found[1]["images"]) == data[third.key]
    assert [row["status"] for row in found] == ["succeeded", "succeeded", "failed"]
    assert found[0]["prompt"] == "'=1"


def test_what_came_along_with_a_picture_is_in_it_too(storage: LocalStorage) -> None:
    along = image("a").model_copy(update={"key": image("a").key.replace(".png", "_svg.svg")})
    main = image("a").model_copy(update={"beside": [along]})
    data = stored(storage, main, along)

    archive, told = packed(storage, [result(images=[main])])

    assert told.pictures == 2
    assert table(archive)[0]["beside"] == "images/a_01_svg.svg"
    assert archive.read("images/a_01_svg.svg") == data[along.key]


def test_what_is_gone_is_told_and_not_named(storage: LocalStorage) -> None:
    here, gone = image("a", 1), image("a", 2)
    stored(storage, here)

    archive, told = packed(storage, [result(images=[here, gone], n=2)])

    assert told == Packed(1, 1, (gone.key,))
    assert table(archive)[0]["images"] == "images/a_01.png"


def test_of_many_that_are_gone_the_first_are_named(storage: LocalStorage) -> None:
    rows = [result(line, images=[image(f"a{line}")]) for line in range(2, 60)]
    _, told = packed(storage, rows)
    assert (told.pictures, told.missing) == (0, 58)
    assert told.missing_keys == tuple(image(f"a{line}").key for line in range(2, 7))


def test_a_storage_that_is_away_is_no_picture_that_is_gone(storage: LocalStorage) -> None:
    class Away(LocalStorage):
        def get(self, key: str) -> bytes:
            raise Unreachable(f"The disk with {key} has gone.")

    with pytest.raises(Unreachable):
        packed(Away(storage._root), [result(images=[image("a")])])


def test_a_pipe_takes_it_too(storage: LocalStorage) -> None:
    one = image("a")
    data = stored(storage, one)
    pipe = Pipe()

    write_archive([result(images=[one])], io.BufferedWriter(pipe), batch(COLUMNS), storage)

    archive = zipfile.ZipFile(io.BytesIO(bytes(pipe.taken)))
    assert archive.testzip() is None
    assert archive.read("images/a_01.png") == data[one.key]


def test_entries_are_dated_by_the_rows_end(storage: LocalStorage) -> None:
    images = [image(name) for name in "abc"]
    stored(storage, *images)
    ends = ["2026-11-20T22:00:21+08:00", None, "1970-01-01T00:00:00+00:00"]
    rows = [
        result(line, images=[one], finished_at=end)
        for line, (one, end) in enumerate(zip(images, ends, strict=True), 2)
    ]

    archive, _ = packed(storage, rows)

    dates = [archive.getinfo(f"images/{name}_01.png").date_time for name in "abc"]
    assert dates[0] == (2026, 11, 20, 14, 0, 20)  # a ZIP counts every other second
    assert [date[0] for date in dates[1:]] == [1980, 1980]


NAMES = st.text(st.sampled_from("aAäÄé\u0301e:?. ẞß1"), min_size=1, max_size=3)


@given(names=st.lists(NAMES, min_size=1, max_size=8))
def test_no_two_names_are_the_same_to_any_file_system(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    """Pictures of several batches may meet in one: each has its own folder there."""
    storage = LocalStorage(tmp_path_factory.mktemp("storage"), fsync=False)
    images = [
        image("x", batch=f"b{number}").model_copy(
            update={"key": f"batches/b{number}/images/{name}.png"}
        )
        for number, name in enumerate(names)
    ]

    class Everything(LocalStorage):
        def get(self, key: str) -> bytes:
            return key.encode()

    rows = [result(line, images=[one]) for line, one in enumerate(images, 2)]
    archive, told = packed(Everything(storage._root), rows)

    assert told.pictures == len(names)
    found = [name for name in archive.namelist() if name != "results.csv"]
    assert len({name.casefold() for name in found}) == len(names)
    assert not any(set(name.removeprefix("images/")) & set('<>:"|?*\\/') for name in found)
    named = [row["images"] for row in table(archive)]
    assert [archive.read(name).decode() for name in named] == [one.key for one in images]


def test_renditions_lie_in_folders_of_their_own(storage: LocalStorage) -> None:
    one = image("a")
    square = rendition(one, "square-800.jpg", "square-800/a_01.jpg")
    gone = rendition(one, "shop=fit-90.webp", "shop/a_01.webp")
    data = stored(storage, one)
    storage.put(square.key, b"square", "image/jpeg")
    whole = result(images=[one.model_copy(update={"renditions": [square, gone]})])

    archive, told = packed(storage, [whole])
    assert set(archive.namelist()) == {
        "images/a_01.png",
        "renditions/square-800/a_01.jpg",
        "results.csv",
    }
    assert archive.read("renditions/square-800/a_01.jpg") == b"square"
    assert archive.read("images/a_01.png") == data[one.key]
    assert table(archive)[0]["renditions"] == "renditions/square-800/a_01.jpg"
    assert (told.pictures, told.renditions, told.missing_keys) == (1, 1, (gone.key,))


def test_one_name_in_two_folders_is_free_in_both(storage: LocalStorage) -> None:
    images = [image("a", batch=batch) for batch in ("monday", "tuesday")]
    whole = []
    for line, one in enumerate(images, 2):
        again = rendition(one, "full.webp", f"full/{line}/a_01.webp")
        storage.put(again.key, b"%d" % line, "image/webp")
        whole.append(result(line, images=[one.model_copy(update={"renditions": [again]})]))
    stored(storage, *images)

    archive, _ = packed(storage, whole)
    assert archive.read("renditions/full/a_01.webp") == b"2"
    assert archive.read("renditions/full/a_01-2.webp") == b"3"
    assert {"images/a_01.png", "images/a_01-2.png"} <= set(archive.namelist())
