"""Local pictures and public URLs: what may be written, and what is wrong with it."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import Any

import pytest

from producer.input_pictures import InputPictures
from producer.picture_places import PicturePlaces
from schemas.layout import is_input_picture
from schemas.parameter import Kind
from schemas.picture_rule import PictureRule
from schemas.settings import Settings
from tests.producer.drawn import RULE, drawn, painting, pictures_in, put, reason, refer


@pytest.fixture
def pictures(tmp_path: Path) -> InputPictures:
    return pictures_in(tmp_path)


def test_a_local_picture_is_named_after_its_content(
    tmp_path: Path, pictures: InputPictures
) -> None:
    data = drawn()
    put(tmp_path, "glass.png", data)
    put(tmp_path, "again/glass copy.PNG", data)
    digest = hashlib.sha256(data).hexdigest()
    key = refer(pictures, "glass.png", painting())
    assert key == f"inputs/{digest[:2]}/{digest}.png"
    assert is_input_picture(key)
    assert refer(pictures, "again/glass copy.PNG", painting()) == key


def test_another_content_is_another_reference(tmp_path: Path, pictures: InputPictures) -> None:
    path = put(tmp_path, "glass.png", drawn())
    first = refer(pictures, "glass.png", painting())
    path.write_bytes(drawn((600, 600)))
    assert refer(pictures, "glass.png", painting()) != first


def test_a_path_begins_beside_the_manifest_then_here_then_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside, here, home = tmp_path / "beside", tmp_path / "here", tmp_path / "home"
    sizes = {"both.png": (500, 500), "here.png": (501, 501), "home 红.png": (502, 502)}
    put(beside, "both.png", drawn(sizes["both.png"]))
    put(here, "both.png", drawn((300, 300)))
    put(here, "here.png", drawn(sizes["here.png"]))
    in_home = put(home, "home 红.png", drawn(sizes["home 红.png"]))
    monkeypatch.setenv("HOME", str(home))
    pictures = InputPictures(PicturePlaces(Settings(), "default"), (beside, here))

    def digest(name: str) -> str:
        return hashlib.sha256(drawn(sizes[name])).hexdigest()

    found = {
        written: refer(pictures, written, painting())
        for written in ("both.png", "here.png", "~/home 红.png", str(in_home), in_home.as_uri())
    }
    assert digest("both.png") in found["both.png"]
    assert digest("here.png") in found["here.png"]
    for written in ("~/home 红.png", str(in_home), in_home.as_uri()):
        assert digest("home 红.png") in found[written]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("missing.png", r"does not exist; looked in .*"),
        ("folder", "is a directory"),
        ("empty.png", "is empty"),
        ("text.png", "is no picture: neither PNG"),
        ("half.png", "is no picture: a damaged PNG"),
        ("half.jpg", "is no picture: a damaged JPEG"),
        ("half.bmp", "is no picture: a damaged BMP"),
        ("pipe", "is no file"),
        ("photo.heic", "is HEIF, .* make it JPEG or PNG"),
        ("data:image/png;base64,iVBORw0KGgo=", "is the picture itself; write its file's name"),
        ("ftp://host/a.png", "begins with ftp://"),
        ("oss://bucket/a.png", "begins with oss://"),
        ("file://elsewhere/a.png", "is no file:// address"),
        ("file:relative.png", "is no file:// address"),
        ("a\0b.png", "is no path"),
        ("\ud800.png", "is no path"),
        ("~nobody-here/a.png", "names a home directory nobody knows"),
        ("x" * 5000, "cannot be read: File name too long"),
        ("text.png/a.png", "does not exist"),
    ],
)
def test_what_is_no_picture_is_refused(
    tmp_path: Path, pictures: InputPictures, written: str, said: str
) -> None:
    (tmp_path / "folder").mkdir()
    put(tmp_path, "empty.png", b"")
    put(tmp_path, "text.png", b"no picture at all")
    for form, name in (("PNG", "half.png"), ("JPEG", "half.jpg"), ("BMP", "half.bmp")):
        whole = drawn((300, 200), form)
        put(tmp_path, name, whole[: len(whole) // 2])
    os.mkfifo(tmp_path / "pipe")
    put(tmp_path, "photo.heic", b"\0\0\0\x18ftypheic" + bytes(40))
    assert re.match(said, reason(pictures, written, painting()))


def test_a_picture_that_may_not_be_read_says_so(
    tmp_path: Path, pictures: InputPictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    put(tmp_path, "glass.png", drawn()).chmod(0)
    assert "check its permissions" in reason(pictures, "glass.png", painting())


LIMITED = "base_image_url of x-painting takes"


@pytest.mark.parametrize(
    ("rule", "picture", "said"),
    [
        (
            {"min_side": 256, "max_side": 4096},
            drawn((200, 150)),
            f"is 200x150 pixels; {LIMITED} sides of 256 to 4096",
        ),
        ({"min_side": 256}, drawn((255, 300)), f"is 255x300 pixels; {LIMITED} sides of 256 up"),
        (
            {"max_side": 256},
            drawn((257, 9)),
            f"is 257x9 pixels; {LIMITED} sides of at most 256",
        ),
        (
            {"min_pixels": 10_000},
            drawn((99, 101)),
            f"is 99x101 pixels; {LIMITED} at least 10,000 pixels in all",
        ),
        (
            {"max_pixels": 10_000},
            drawn((100, 101)),
            f"is 100x101 pixels; {LIMITED} at most 10,000 pixels in all",
        ),
        (
            {"max_ratio": 2.0},
            drawn((100, 201)),
            f"is 100x201 pixels; {LIMITED} a long side of at most 2 times the short one",
        ),
        (
            {"formats": ("JPEG", "PNG")},
            drawn((100, 100), "WEBP"),
            f"is WEBP; {LIMITED} JPEG or PNG only",
        ),
        (
            {"alpha": "required"},
            drawn((100, 100)),
            f"has no alpha channel; {LIMITED} RGBA with a transparent background",
        ),
        (
            {"alpha": "required"},
            drawn((100, 100), mode="P", transparency=3),
            f"has no alpha channel; {LIMITED} RGBA with a transparent background",
        ),
        (
            {"alpha": "refused"},
            drawn((100, 100), mode="RGBA"),
            f"has transparency; {LIMITED} pictures without an alpha channel",
        ),
        (
            {"alpha": "refused", "formats": ("WEBP",)},
            drawn((100, 100), "WEBP", "RGBA", lossless=True),
            f"has transparency; {LIMITED} pictures without an alpha channel",
        ),
        (
            {"formats": ("PNG",), "min_side": 256, "max_ratio": 1.5},
            drawn((200, 100), "JPEG"),
            f"is JPEG and is 200x100 pixels; {LIMITED} PNG only, sides of 256 up,"
            " a long side of at most 1.5 times the short one",
        ),
    ],
)
def test_what_is_found_and_what_is_allowed_are_both_said(
    tmp_path: Path, pictures: InputPictures, rule: dict[str, Any], picture: bytes, said: str
) -> None:
    put(tmp_path, "glass.png", picture)
    taken = PictureRule(**{"taken_as": ("data",), **rule})
    assert reason(pictures, "glass.png", painting(taken)) == said


def test_bytes_are_counted_to_the_last(tmp_path: Path, pictures: InputPictures) -> None:
    data = drawn()
    put(tmp_path, "glass.png", data)
    fits = RULE.model_copy(update={"max_bytes": len(data)})
    assert refer(pictures, "glass.png", painting(fits))
    tight = RULE.model_copy(update={"max_bytes": len(data) - 1})
    said = reason(pictures, "glass.png", painting(tight))
    megabytes = [f"{size / 1e6:g} MB" for size in (len(data), len(data) - 1)]
    assert said == f"has {megabytes[0]}; {LIMITED} at most {megabytes[1]}"


@pytest.mark.parametrize(
    ("rule", "picture"),
    [
        ({"min_side": 256, "max_side": 300}, drawn((256, 300))),
        ({"min_pixels": 10_000, "max_pixels": 10_000}, drawn((100, 100))),
        ({"max_ratio": 2.0}, drawn((100, 200))),
        ({"alpha": "required"}, drawn((100, 100), mode="RGBA")),
        ({"alpha": "refused"}, drawn((100, 100))),
        ({"formats": ("BMP",)}, drawn((100, 100), "BMP")),
        ({"formats": ("TIFF",)}, drawn((100, 100), "TIFF")),
        ({"formats": ("GIF",)}, drawn((100, 100), "GIF", "P")),
        ({"formats": ("WEBP",), "alpha": "required"}, drawn((9, 9), "WEBP", "RGBA")),
        ({}, drawn((100, 100), "JPEG", "CMYK")),
        ({}, drawn((100, 100), "JPEG", "L")),
    ],
)
def test_what_is_just_allowed_is_taken(
    tmp_path: Path, pictures: InputPictures, rule: dict[str, Any], picture: bytes
) -> None:
    put(tmp_path, "glass.png", picture)
    taken = PictureRule(**{"taken_as": ("data",), **rule})
    assert is_input_picture(refer(pictures, "glass.png", painting(taken)))


def test_a_turned_photograph_counts_as_it_is_stored(
    tmp_path: Path, pictures: InputPictures
) -> None:
    turned = (
        b"\xff\xe1\0\x22Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    )
    plain = drawn((300, 200), "JPEG")
    put(tmp_path, "photo.jpg", plain[:2] + turned + plain[2:])
    taken = PictureRule(taken_as=("data",), max_pixels=1)
    assert reason(pictures, "photo.jpg", painting(taken)).startswith("is 300x200 pixels")


@pytest.mark.parametrize("form", ["PNG", "BMP", "TIFF", "GIF"])
def test_a_decompression_bomb_is_never_unfolded(
    tmp_path: Path, pictures: InputPictures, form: str
) -> None:
    data = bytearray(drawn((300, 200), form, "P" if form == "GIF" else "RGB"))
    side = 60_000
    if form == "PNG":
        data[16:24] = side.to_bytes(4, "big") * 2
    elif form == "BMP":
        data[18:26] = side.to_bytes(4, "little") * 2
    elif form == "GIF":
        data[6:10] = side.to_bytes(2, "little") * 2
    else:
        start = data.index((300).to_bytes(2, "little") + b"\0\0\x01\x01")
        data[start : start + 2] = side.to_bytes(2, "little")
        data[start + 12 : start + 14] = side.to_bytes(2, "little")
    put(tmp_path, "bomb", bytes(data))
    taken = PictureRule(formats=(form,), taken_as=("data",))
    assert reason(pictures, "bomb", painting(taken)).startswith("is no picture")


def test_one_of_several_is_named(tmp_path: Path, pictures: InputPictures) -> None:
    put(tmp_path, "small.png", drawn((9, 9)))
    model = painting(PictureRule(min_side=256), Kind.PICTURES)
    assert reason(pictures, "small.png", model).startswith("has small.png, which is 9x9 pixels;")
    model = painting(PictureRule(), Kind.PICTURES)
    said = reason(pictures, "http://127.0.0.1/a.png?signature=s", model)
    assert said.startswith("has http://127.0.0.1/a.png, which cannot")
    assert "signature" not in said


def test_sizes_of_two_pictures_are_compared(tmp_path: Path, pictures: InputPictures) -> None:
    for name, size in {"base": (300, 200), "mask": (300, 200), "wide": (301, 200)}.items():
        put(tmp_path, f"{name}.png", drawn(size, mode="L" if name == "mask" else "RGB"))
    base, mask, wide = (
        refer(pictures, f"{name}.png", painting()) for name in ("base", "mask", "wide")
    )
    assert base != mask
    assert pictures.same_size(base, mask) is True
    assert pictures.same_size(base, wide) is False
    url = refer(pictures, "https://example.com/mask.png", painting())
    assert pictures.same_size(base, url) is None
    assert pictures.same_size(url, base) is None
