"""Renditions are read back by Pillow: size, white, colours, form, labels."""

from __future__ import annotations

import io
import json
from typing import Any

import PIL.Image
import PIL.ImageCms
import pytest
from hypothesis import given
from hypothesis import strategies as st

from results.labels.writing import labelled
from results.rendering import Rendered, Unrendered, render
from schemas.rendition import Form, RenditionSpec
from tests.results.metadata import (
    ALL,
    MADE_BY_AI,
    TYPES,
    drawn,
    told,
    with_png_chunk,
    with_png_packet,
)

WHITE = (255, 255, 255)
FORMS = {"jpg": "JPEG", "webp": "WEBP", "avif": "AVIF"}
MODES = [("PNG", mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")]
MODES += [("JPEG", "CMYK"), ("JPEG", "L"), ("WEBP", "RGBA")]


def made(file: bytes, text: str, form: str = "PNG") -> Rendered:
    (found,) = render(file, TYPES[form], [RenditionSpec.parse(text)]).values()
    assert isinstance(found, Rendered), found
    return found


def opened(file: bytes) -> PIL.Image.Image:
    image = PIL.Image.open(io.BytesIO(file))
    image.load()
    return image


def plain(
    colour: Any, mode: str = "RGB", size: tuple[int, int] = (60, 40), **options: Any
) -> bytes:
    out = io.BytesIO()
    PIL.Image.new(mode, size, colour).save(out, options.pop("form", "PNG"), **options)
    return out.getvalue()


def near(found: Any, wanted: tuple[int, ...], by: int = 6) -> bool:
    return all(abs(one - other) <= by for one, other in zip(found, wanted, strict=True))


@pytest.mark.parametrize("ending", FORMS)
@pytest.mark.parametrize(("form", "mode"), MODES)
def test_any_picture_stands_on_a_white_square(form: str, mode: str, ending: str) -> None:
    file = drawn(form, mode, (60, 40))
    found = made(file, f"square-80.{ending}", form)
    image = opened(found.file)
    assert (image.size, image.mode, image.format) == ((80, 80), "RGB", FORMS[ending])
    corners = [image.getpixel(at) for at in ((0, 0), (79, 0), (0, 79), (79, 79))]
    assert corners == [WHITE] * 4
    assert (found.not_filled, found.size) == (True, (80, 80))


@pytest.mark.parametrize("ending", FORMS)
def test_a_larger_picture_fills_one_side(ending: str) -> None:
    image = opened(made(plain("navy", size=(600, 300)), f"square-100.{ending}").file)
    assert near(image.getpixel((2, 50)), (0, 0, 128))
    assert near(image.getpixel((97, 50)), (0, 0, 128))
    assert image.getpixel((50, 10)) == image.getpixel((50, 90)) == WHITE


@pytest.mark.parametrize("ending", FORMS)
def test_nothing_is_put_around_what_is_to_fit(ending: str) -> None:
    image = opened(made(plain("navy", size=(600, 300)), f"fit-100.{ending}").file)
    assert image.size == (100, 50)
    small = made(plain("navy", size=(60, 40)), f"fit-100.{ending}")
    assert (small.size, small.not_filled) == ((60, 40), False), "never enlarged"


def test_what_shines_through_is_white_in_a_jpeg_and_on_a_square() -> None:
    clear = plain((200, 0, 0, 0), "RGBA")
    for text in ("fit-50.jpg", "square-60.webp", "pad-60x50.avif"):
        assert near(opened(made(clear, text).file).convert("RGB").getpixel((20, 20)), WHITE, 1)
    for text in ("fit-50.webp", "full.avif"):
        image = opened(made(clear, text).file)
        assert image.mode == "RGBA"
        assert image.getchannel("A").getpixel((20, 20)) == 0


def test_a_thing_cut_out_has_no_dark_edge() -> None:
    """Pixels that nobody sees are often black; they may not mix with those beside them."""
    picture = PIL.Image.new("RGBA", (200, 200), (0, 0, 0, 0))
    picture.paste((255, 255, 255, 255), (50, 50, 150, 150))
    out = io.BytesIO()
    picture.save(out, "PNG")
    image = opened(made(out.getvalue(), "fit-67.jpg").file)
    assert all(min(channel.tobytes()) > 245 for channel in image.split())


def test_sixteen_bits_of_grey_stay_grey() -> None:
    image = opened(made(plain(0x8080, "I;16"), "full.webp").file)
    assert near(image.getpixel((5, 5)), (128, 128, 128))


def test_a_profile_becomes_srgb() -> None:
    lab = PIL.ImageCms.ImageCmsProfile(PIL.ImageCms.createProfile("sRGB")).tobytes()
    same = opened(made(plain("teal", icc_profile=lab), "full.webp").file)
    assert near(same.getpixel((5, 5)), (0, 128, 128))
    assert "icc_profile" not in same.info
    wide = adobe_like()
    image = opened(made(plain((100, 180, 100), icc_profile=wide), "full-q100.jpg").file)
    assert "icc_profile" not in image.info
    assert not near(image.getpixel((5, 5)), (100, 180, 100)), "the same numbers are another colour"
    white = opened(made(plain("white", icc_profile=wide), "full-q100.jpg").file)
    assert white.getpixel((5, 5)) == WHITE


def adobe_like() -> bytes:
    """A profile whose numbers mean other colours: sRGB with red and green exchanged."""
    profile = bytearray(PIL.ImageCms.ImageCmsProfile(PIL.ImageCms.createProfile("sRGB")).tobytes())
    profile[:] = profile.replace(b"s\0R\0G\0B", b"w\0i\0d\0e").replace(b"sRGB", b"wide")
    red, green = profile.find(b"rXYZ", 128), profile.find(b"gXYZ", 128)
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(profile)


@pytest.mark.parametrize("profile", [b"colours", b"\0" * 200])
def test_a_profile_that_nobody_can_read_is_ignored(profile: bytes) -> None:
    image = opened(made(plain("teal", icc_profile=profile), "full.webp").file)
    assert near(image.getpixel((5, 5)), (0, 128, 128))


@pytest.mark.parametrize("form", TYPES)
@pytest.mark.parametrize("ending", FORMS)
def test_labels_and_parameters_go_along(form: str, ending: str) -> None:
    file = labelled(drawn(form), TYPES[form], ALL).file
    found = made(file, f"square-40.{ending}", form)
    assert told(found.file) == told(file)
    assert told(found.file)["DigitalSourceType"] == MADE_BY_AI
    assert found.unlabelled == ""


@pytest.mark.parametrize("ending", FORMS)
def test_without_labels_nothing_is_written(ending: str) -> None:
    image = opened(made(drawn("PNG"), f"full.{ending}").file)
    assert not {"xmp", "exif", "icc_profile", "comment"} & image.info.keys()


@pytest.mark.parametrize("form", TYPES)
@pytest.mark.parametrize("ending", FORMS)
def test_a_label_in_exif_goes_along(form: str, ending: str) -> None:
    exif = PIL.Image.Exif()
    exif[0x010E] = '{"AIGC":{"Label":"1"}}'
    found = made(drawn(form, exif=exif.tobytes()), f"full.{ending}", form)
    assert opened(found.file).getexif()[0x010E] == '{"AIGC":{"Label":"1"}}'
    assert found.unlabelled == ""


@pytest.mark.parametrize("ending", FORMS)
def test_a_label_that_is_a_text_of_a_png_is_written_into_the_xmp(ending: str) -> None:
    aigc = '{"Label":"1","ContentProducer":"vendor"}'
    file = with_png_chunk(drawn("PNG"), b"tEXt", b"AIGC\0" + aigc.encode())
    for each in (file, labelled(file, "image/png", ALL).file):
        said = told(made(each, f"full.{ending}").file)
        assert json.loads(said["AIGC"])["ContentProducer"] == "vendor"


def test_what_cannot_go_along_is_told() -> None:
    unread = made(with_png_packet(b"no packet"), "full.webp")
    assert told_nothing(unread.file)
    hidden = with_png_chunk(drawn("PNG"), b"tEXt", b'note\0{"AIGC":{"Label":"1"}}')
    assert made(hidden, "full.jpg").unlabelled.startswith("its AIGC label is where only")
    long = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + b" " * 70_000 + b"</x:xmpmeta>"
    assert made(with_png_packet(long), "full.jpg").unlabelled == (
        f"a JPEG has no room for {len(long):,} bytes of XMP"
    )
    assert made(with_png_packet(long), "full.webp").unlabelled == ""


def told_nothing(file: bytes) -> bool:
    return b"AIGC" not in file


@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_is_turned_as_viewers_turn_it(orientation: int) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    picture = PIL.Image.new("RGB", (40, 20), "white")
    picture.paste((200, 0, 0), (0, 0, 20, 10))
    out = io.BytesIO()
    picture.save(out, "PNG", exif=exif.tobytes())
    image = opened(made(out.getvalue(), "full.webp").file)
    assert image.getexif().get(0x0112, 1) == 1
    corner = {1: (5, 5), 2: (35, 5), 3: (35, 15), 4: (5, 15), 5: (5, 5), 6: (15, 5), 7: (15, 35)}
    assert near(image.getpixel(corner.get(orientation, (5, 35))), (200, 0, 0), 12)


def test_exif_that_nobody_can_read_stops_nothing() -> None:
    file = with_png_chunk(drawn("PNG"), b"eXIf", b"II*\0\xff\xff\xff\xffgarbage")
    assert made(file, "square-40.jpg").size == (40, 40)


def test_a_drawing_is_not_drawn() -> None:
    (found,) = render(b"<svg/>", "image/svg+xml", [RenditionSpec.parse("full.jpg")]).values()
    assert isinstance(found, Unrendered)
    assert "SVG" in found.why


def test_a_damaged_picture_has_none() -> None:
    file = drawn("PNG", size=(200, 200))
    specs = [RenditionSpec.parse(text) for text in ("full.jpg", "fit-50.avif")]
    found = render(file[: len(file) // 2], "image/png", specs)
    assert list(found) == ["full.jpg", "fit-50.avif"]
    assert all(isinstance(one, Unrendered) and "damaged PNG" in one.why for one in found.values())


def test_one_that_fails_leaves_the_others() -> None:
    """A WebP has 16,383 pixels a side at most; a JPEG has room for more."""
    specs = [RenditionSpec.parse(text) for text in ("full.webp", "full.jpg")]
    webp, jpeg = render(plain("teal", size=(16_500, 2)), "image/png", specs).values()
    assert isinstance(webp, Unrendered)
    assert webp.why.startswith("it cannot be written as webp: ")
    assert isinstance(jpeg, Rendered)


@given(
    st.sampled_from(MODES),
    st.tuples(st.integers(1, 90), st.integers(1, 90)),
    st.sampled_from(["square", "pad", "fit", "full"]),
    st.sampled_from(list(Form)),
    st.integers(16, 64),
    st.integers(1, 100),
)
def test_the_same_picture_and_words_give_the_same_bytes(
    source: tuple[str, str], size: tuple[int, int], shape: str, form: Form, side: int, quality: int
) -> None:
    file = drawn(source[0], source[1], size)
    box = {"full": "", "pad": f"-{side}x{side + 9}"}.get(shape, f"-{side}")
    spec = RenditionSpec.parse(f"{shape}{box}-q{quality}.{form}")
    first, second = (render(file, TYPES[source[0]], [spec])[spec.text] for _ in range(2))
    assert isinstance(first, Rendered)
    assert first == second
    assert opened(first.file).size == first.size
