"""Local pictures go into storage once for each content, before their jobs do."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from producer.chunk_files import ChunkFiles
from producer.input_pictures import InputPictures
from producer.picture_upload import PictureChanged
from schemas.job import Job, content_key
from schemas.parameter import Kind
from storage import LocalStorage, StoredObject, Unreachable
from tests.producer.drawn import RULE, drawn, painting, pictures_in, put, refer


class CountingStorage(LocalStorage):
    """A directory that remembers what was written."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, fsync=False)
        self.written: list[str] = []
        self.down = False
        self._lock = threading.Lock()

    def head(self, key: str) -> StoredObject | None:
        if self.down:
            raise Unreachable("The storage does not answer.")
        return super().head(key)

    def put(self, key: str, data: bytes, content_type: str, **_: object) -> None:
        with self._lock:
            self.written.append(key)
        super().put(key, data, content_type)


@pytest.fixture
def storage(tmp_path: Path) -> CountingStorage:
    return CountingStorage(tmp_path / "store")


@pytest.fixture
def pictures(tmp_path: Path) -> InputPictures:
    return pictures_in(tmp_path)


def job(identity: str, **parameters: object) -> Job:
    return Job(
        id=identity,
        line=2,
        lane="dashscope:x-painting@default",
        prompt="a cup",
        parameters=parameters,
        name=identity,
    )


def test_equal_contents_are_uploaded_once_and_byte_for_byte(
    tmp_path: Path, storage: CountingStorage, pictures: InputPictures
) -> None:
    data, other = drawn(), drawn((300, 300), "JPEG")
    for name in ("a.png", "b.png", "夜/c.png"):
        put(tmp_path, name, data)
    put(tmp_path, "d.jpg", other)
    chunks = ChunkFiles(tmp_path / "chunks", pictures=pictures)
    for name in ("a.png", "b.png", "夜/c.png", "d.jpg"):
        chunks.add(job(name, base_image_url=refer(pictures, name, painting())))
    chunks.upload_pictures(storage)
    first, second = (refer(pictures, name, painting()) for name in ("a.png", "d.jpg"))
    assert sorted(storage.written) == sorted([first, second])
    assert (storage.get(first), storage.get(second)) == (data, other)
    found = storage.head(second)
    assert found is not None
    assert found.content_type == "image/jpeg"


def test_what_is_there_already_is_not_uploaded_again(
    tmp_path: Path, storage: CountingStorage, pictures: InputPictures
) -> None:
    put(tmp_path, "a.png", drawn())
    pictures.need(job("a", base_image_url=refer(pictures, "a.png", painting())))
    pictures.upload(storage)
    pictures.upload(storage)
    again = pictures_in(tmp_path)
    again.need(job("a", base_image_url=refer(again, "a.png", painting())))
    again.upload(storage)
    assert len(storage.written) == 1


def test_pictures_of_rows_that_are_left_out_stay_here(
    tmp_path: Path, storage: CountingStorage, pictures: InputPictures
) -> None:
    put(tmp_path, "wanted.png", drawn())
    put(tmp_path, "unwanted.png", drawn((300, 300)))
    wanted = refer(pictures, "wanted.png", painting())
    refer(pictures, "unwanted.png", painting())
    pictures.need(job("a", base_image_url=wanted, n=1, size="1*1"))
    pictures.upload(storage)
    assert storage.written == [wanted]


def test_every_picture_of_a_list_is_uploaded(
    tmp_path: Path, storage: CountingStorage, pictures: InputPictures
) -> None:
    model = painting(RULE, Kind.PICTURES)
    put(tmp_path, "a.png", drawn((300, 300)))
    put(tmp_path, "b.png", drawn((301, 300)))
    both = [refer(pictures, name, model) for name in ("a.png", "b.png")]
    pictures.need(job("a", base_image_url=[*both, "https://example.com/c.png"]))
    pictures.upload(storage)
    assert sorted(storage.written) == sorted(both)


@pytest.mark.parametrize("content", [None, drawn((600, 600)), b""])
def test_a_picture_that_changed_after_it_was_checked_is_not_handed_in(
    tmp_path: Path, storage: CountingStorage, pictures: InputPictures, content: bytes | None
) -> None:
    path = put(tmp_path, "a.png", drawn())
    pictures.need(job("a", base_image_url=refer(pictures, "a.png", painting())))
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PictureChanged, match=r"a\.png was changed .* Nothing was ordered"):
        pictures.upload(storage)
    assert storage.written == []


def test_a_storage_that_is_down_is_the_storages_error(
    tmp_path: Path, storage: CountingStorage, pictures: InputPictures
) -> None:
    put(tmp_path, "a.png", drawn())
    pictures.need(job("a", base_image_url=refer(pictures, "a.png", painting())))
    storage.down = True
    with pytest.raises(Unreachable):
        pictures.upload(storage)


def test_a_hundred_pictures_are_uploaded_by_several_threads(
    tmp_path: Path, storage: CountingStorage, pictures: InputPictures
) -> None:
    keys = []
    for number in range(100):
        put(tmp_path, f"{number}.png", drawn((100 + number, 100)))
        keys.append(refer(pictures, f"{number}.png", painting()))
        pictures.need(job(str(number), base_image_url=keys[-1]))
    pictures.upload(storage)
    assert sorted(storage.written) == sorted(keys)
    assert {found.key for found in storage.list("inputs/")} == set(keys)


def test_an_order_changes_with_its_picture_and_not_with_the_pictures_path(
    tmp_path: Path, pictures: InputPictures
) -> None:
    put(tmp_path, "a.png", drawn())
    put(tmp_path, "moved/b.png", drawn())
    put(tmp_path, "c.png", drawn((600, 600)))
    keys = [
        content_key(job("cup", base_image_url=refer(pictures, name, painting())))
        for name in ("a.png", "moved/b.png", "c.png")
    ]
    assert keys[0] == keys[1] != keys[2]
