"""What is peculiar to directories."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from storage import BadKey, Broken, Denied, Full, LocalStorage, StorageError, checked_key
from storage.keys import TEMPORARY_PREFIX
from storage.local import _take_name

PNG = "image/png"


def accepted(key: str) -> bool:
    try:
        return checked_key(key) == key
    except BadKey:
        return False


# A name must not be a file and a folder at once in a directory, so keys do not share first parts.
KEYS = st.text(st.sampled_from("ab/.é茶\U0001f375 \\-~\n\x85") | st.characters(), max_size=40)


@given(key=KEYS, data=st.binary(max_size=50))
@settings(max_examples=300, deadline=None)
def test_any_accepted_key_comes_back(key: str, data: bytes) -> None:
    assume(accepted(key))
    with tempfile.TemporaryDirectory() as directory:
        storage = LocalStorage(Path(directory), fsync=False)
        storage.put(key, data, PNG)
        assert storage.get(key) == data
        assert [found.key for found in storage.list("")] == [key]
        assert Path(storage.location(key)).is_relative_to(directory)
        storage.delete(key)
        assert storage.head(key) is None


def test_the_whole_listing_is_in_key_order(local_storage: LocalStorage) -> None:
    keys = ["B", "a-b", "a.b", "a/x", "a/y/z", "a0", "é", "中/文", "￿x", "\U0001f600"]
    for key in reversed(keys):
        local_storage.put(key, b"1", PNG)
    assert [found.key for found in local_storage.list("")] == keys
    assert keys == sorted(keys, key=str.encode)


def test_listing_leaves_out_what_is_no_object(local_storage: LocalStorage, tmp_path: Path) -> None:
    local_storage.put("a", b"1", PNG)
    place = tmp_path / "place"
    (place / "back\\slash").write_bytes(b"1")
    (place / "empty").mkdir()
    (place / "loop").symlink_to(place)
    os.mkfifo(place / "pipe")
    assert [found.key for found in local_storage.list("")] == ["a"]


def test_locations_and_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    storage = LocalStorage(Path("out"))
    assert storage.location("a/茶.png") == f"{tmp_path}/out/a/茶.png"
    assert storage.url == f"file://{tmp_path}/out"
    monkeypatch.chdir("/")
    storage.put("a", b"1", PNG)
    assert (tmp_path / "out/a").read_bytes() == b"1"


def test_folders_go_with_what_was_in_them(local_storage: LocalStorage, tmp_path: Path) -> None:
    place = tmp_path / "place"
    for key in ("a/b/c.png", "a/d.png"):
        local_storage.put(key, b"1", PNG)
    local_storage.delete("a/b/c.png")
    assert sorted(path.name for path in (place / "a").iterdir()) == ["d.png"]
    local_storage.delete("a/d.png")
    assert list(place.iterdir()) == []


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """Threads that take turns as often as they can: between any two calls of the system."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hasty_threads")
def test_a_folder_that_others_empty_is_written_into(tmp_path: Path) -> None:
    def come_and_go(name: str) -> None:
        storage = LocalStorage(tmp_path, fsync=False)
        for _ in range(100):
            storage.put(f"a/b/{name}", b"1", PNG)
            storage.delete(f"a/b/{name}")
            assert storage.put_new(f"a/b/{name}", b"1", PNG)
            storage.delete(f"a/b/{name}")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(come_and_go, "wxyz"))
    assert list(tmp_path.iterdir()) == []


def test_files_obey_the_umask(local_storage: LocalStorage) -> None:
    mask = os.umask(0o022)
    try:
        local_storage.put("a", b"1", PNG)
    finally:
        os.umask(mask)
    assert Path(local_storage.location("a")).stat().st_mode & 0o777 == 0o644


def test_a_file_in_the_directory_s_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for root in (tmp_path / "file", tmp_path / "file" / "below"):
        storage = LocalStorage(root)
        for call in (storage.check, lambda s=storage: s.put("a", b"1", PNG)):
            with pytest.raises(Broken, match=f"{tmp_path}/file.*move it away"):
                call()
        probe = storage.probe()
        assert not probe.write_ok
        assert str(tmp_path) in str(probe.problem)


def test_a_file_on_a_key_s_way_is_named(local_storage: LocalStorage) -> None:
    local_storage.put("a", b"1", PNG)
    local_storage.put("b/c", b"1", PNG)
    for key in ("a/b", "b"):
        with pytest.raises(Broken, match="move it away"):
            local_storage.put(key, b"2", PNG)
    assert [found.key for found in local_storage.list("")] == ["a", "b/c"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_is_not_ours_is_denied(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    with pytest.raises(Denied, match="write access"):
        LocalStorage(tmp_path).check()


def test_check_makes_the_directory(tmp_path: Path) -> None:
    LocalStorage(tmp_path / "a/b/c").check()
    assert list((tmp_path / "a/b/c").iterdir()) == []


@pytest.mark.parametrize("fsync", [True, False])
def test_a_full_disk_leaves_the_old_object_alone(tmp_path: Path, fsync: bool) -> None:
    storage = LocalStorage(tmp_path, fsync=fsync)
    storage.put("a/b", b"old", PNG)

    def fill(file: BinaryIO) -> None:
        file.write(b"ne")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(Full, match=r"a/b.*no room is left"):
        storage._replace(tmp_path / "a/b", fill)
    assert storage.get("a/b") == b"old"
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b"]


def test_a_killed_writer_leaves_the_old_object_alone(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    storage.put("a/b", b"old", PNG)
    program = (
        "import os, signal, sys; from pathlib import Path; from storage import LocalStorage\n"
        "def fill(file):\n"
        "    file.write(b'half'); file.flush(); os.kill(os.getpid(), signal.SIGKILL)\n"
        "root = Path(sys.argv[1]); LocalStorage(root)._replace(root / 'a/b', fill)\n"
    )
    repository = Path(__file__).parents[2]
    ended = subprocess.run([sys.executable, "-c", program, tmp_path], cwd=repository, check=False)
    assert ended.returncode == -9
    leftovers = [path for path in (tmp_path / "a").iterdir() if path.name != "b"]
    assert [path.read_bytes() for path in leftovers] == [b"half"]
    assert leftovers[0].name.startswith(TEMPORARY_PREFIX)
    assert [found.key for found in storage.list("")] == ["a/b"]
    assert storage.get("a/b") == b"old"
    storage.put("a/b", b"new", PNG)
    assert storage.get("a/b") == b"new"


class LinklessPath(type(Path())):  # type: ignore[misc] # pathlib picks its class at run time
    def hardlink_to(self, target: object) -> None:  # noqa: ARG002 - pathlib's signature
        raise OSError(errno.EPERM, "no hard links here")


def test_a_file_system_without_links_still_takes_new_objects(tmp_path: Path) -> None:
    (tmp_path / "temporary").write_bytes(b"1")
    assert _take_name(LinklessPath(tmp_path / "temporary"), LinklessPath(tmp_path / "a")) == "moved"
    assert (tmp_path / "a").read_bytes() == b"1"


def test_storage_errors_keep_their_cause(local_storage: LocalStorage) -> None:
    with pytest.raises(StorageError) as caught:
        local_storage.get("a")
    assert caught.value.__cause__ is not None
