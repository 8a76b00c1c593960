"""Exif's orientation is read, and set upright without touching what else is there."""

from __future__ import annotations

import struct

import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st

from results.orientation import orientation

TAG = 0x0112


def exif(order: str, value: int, *, kind: int = 3) -> bytes:
    header = {"<": b"II*\0", ">": b"MM\0*"}[order]
    entries = [(0x010F, 2, 4, b"ABC\0"), (TAG, kind, 1, struct.pack(f"{order}HH", value, 0))]
    listed = b"".join(struct.pack(f"{order}HHI", *entry[:3]) + entry[3] for entry in entries)
    size = struct.pack(f"{order}IH", 8, len(entries))
    return b"Exif\0\0" + header + size + listed + b"\0" * 4 + b"maker's own"


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("value", range(1, 9))
def test_it_is_read_and_set_upright(order: str, value: int) -> None:
    found = orientation(exif(order, value))
    assert (found.value, found.upright) == (value, exif(order, 1))


def test_a_second_library_agrees() -> None:
    written = PIL.Image.Exif()
    written[TAG] = 6
    written[0x010E] = "a cup"
    found = orientation(written.tobytes())
    assert found.value == 6
    read = PIL.Image.Exif()
    read.load(found.upright)
    assert (read[TAG], read[0x010E]) == (1, "a cup")


@pytest.mark.parametrize("value", [0, 9, 65_535])
def test_a_value_that_means_nothing_is_upright(value: int) -> None:
    assert orientation(exif("<", value)).value == 1


def test_of_another_type_it_is_not_believed() -> None:
    file = exif("<", 6, kind=4)
    assert orientation(file) == (1, file)


@given(st.binary(max_size=60) | st.binary(max_size=60).map(lambda tail: b"Exif\0\0II*\0" + tail))
def test_whatever_the_bytes_are(data: bytes) -> None:
    try:
        found = orientation(data)
    except ValueError:
        return
    assert 1 <= found.value <= 8
    assert len(found.upright) == len(data)
