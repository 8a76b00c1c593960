"""Blank pictures, and pictures that are alike."""

from __future__ import annotations

import io

import PIL.Image
import PIL.ImageDraw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from results.likeness import LookAlikes, look_of
from results.picture import thumbnail
from schemas.finishing import HASH_BITS
from simulator.pictures import draw
from simulator.tasks import Order
from tests.results.orders import picture

HASHES = st.integers(0, 2**HASH_BITS - 1)


def scene(prompt: str, size: tuple[int, int] = (512, 512), form: str = "png") -> bytes:
    return draw(Order("", "wanx-v1", prompt, 1, 7, size, "", {}, format=form), 0)


def hash_of(file: bytes) -> int:
    return int(look_of(thumbnail(file)).hash, 16)


def apart(one: bytes, other: bytes) -> int:
    return (hash_of(one) ^ hash_of(other)).bit_count()


def saved(image: PIL.Image.Image, form: str = "PNG", **options: int) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


@pytest.mark.parametrize("colour", ["black", "white", "#7f7f7f", "teal"])
def test_a_picture_of_one_colour_is_blank(colour: str) -> None:
    assert look_of(thumbnail(picture(colour, (300, 200)))).blank


def test_noise_that_nobody_sees_is_blank_as_well() -> None:
    with PIL.Image.effect_noise((200, 200), 1.0) as noise:
        image = noise.copy()
    assert look_of(thumbnail(saved(image))).blank


def test_a_small_thing_on_white_is_not_blank() -> None:
    image = PIL.Image.new("RGB", (1000, 1000), "white")
    PIL.ImageDraw.Draw(image).ellipse((480, 480, 520, 520), fill="navy")
    assert not look_of(thumbnail(saved(image))).blank


def test_colours_alone_make_a_picture() -> None:
    """Red and a green as light as it: grey would show nothing."""
    image = PIL.Image.new("RGB", (100, 100), (255, 0, 0))
    image.paste((0, 130, 0), (0, 0, 50, 100))
    assert not look_of(thumbnail(saved(image))).blank


def test_the_same_picture_saved_otherwise_is_alike() -> None:
    file = scene("a cup")
    with PIL.Image.open(io.BytesIO(file)) as image:
        for other in (
            saved(image, "JPEG", quality=60),
            saved(image, "WEBP", quality=60),
            saved(image.resize((300, 300))),
            saved(image.point(lambda level: min(255, level + 4))),
        ):
            assert apart(file, other) <= 8


def test_other_pictures_are_not() -> None:
    files = [scene(prompt) for prompt in ("a cup", "a bowl", "a lamp", "一只青瓷茶杯")]
    pairs = [(one, other) for one in files for other in files if one is not other]
    assert all(apart(one, other) > 16 for one, other in pairs)


def test_a_picture_and_its_mirror_are_told_apart() -> None:
    image = PIL.Image.new("L", (200, 200), "white")
    image.paste(PIL.Image.linear_gradient("L").resize((120, 60)), (10, 20))
    mirrored = image.transpose(PIL.Image.Transpose.FLIP_LEFT_RIGHT)
    assert apart(saved(image), saved(mirrored)) > 8


@given(HASHES, st.sets(st.integers(0, HASH_BITS - 1), max_size=20), st.integers(0, 16))
def test_what_differs_in_few_bits_is_found(bits: int, changed: set[int], most: int) -> None:
    other = bits
    for place in changed:
        other ^= 1 << place
    alikes = LookAlikes(most, 10)
    assert alikes.earlier(f"{bits:x}", "first") is None
    assert alikes.earlier(f"{other:x}", "second") == ("first" if len(changed) <= most else None)


@given(st.lists(st.sampled_from([0, 1, 3, 255 << 40, (255 << 40) + 1]), max_size=30))
def test_the_parts_find_what_comparing_all_finds(hashes: list[int]) -> None:
    alikes, kept = LookAlikes(2, 100), list[int]()
    for bits in hashes:
        expected = any((bits ^ one).bit_count() <= 2 for one in kept)
        assert (alikes.earlier(f"{bits:x}", "x") is not None) is expected
        if not expected:
            kept.append(bits)


def test_no_more_are_kept_than_there_is_room_for() -> None:
    alikes = LookAlikes(0, 1)
    assert [alikes.earlier(look, look) for look in ("1", "2", "2", "1")] == [None, None, None, "1"]
