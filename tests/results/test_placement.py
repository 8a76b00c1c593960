"""Where a picture stands: whole, in proportion, never enlarged, in the middle."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from results.placement import placement
from schemas.rendition import SIDE_MAX_PX, SIDE_MIN_PX, RenditionSpec
from schemas.size import Size

pictures = st.builds(Size, st.integers(1, 12_000), st.integers(1, 12_000))
sides = st.integers(SIDE_MIN_PX, SIDE_MAX_PX)
specs = st.one_of(
    st.builds("square-{}.jpg".format, sides),
    st.builds("pad-{}x{}.webp".format, sides, sides),
    st.builds("fit-{}x{}.avif".format, sides, sides),
    st.just("full.jpg"),
).map(RenditionSpec.parse)


@given(pictures, specs)
def test_it_is_whole_and_in_the_middle(picture: Size, spec: RenditionSpec) -> None:
    place = placement(picture, spec)
    right = place.canvas.width - place.drawn.width - place.left
    below = place.canvas.height - place.drawn.height - place.top
    assert 0 <= place.left <= right <= place.left + 1
    assert 0 <= place.top <= below <= place.top + 1


@given(pictures, specs)
def test_it_is_never_enlarged_and_keeps_its_proportions(picture: Size, spec: RenditionSpec) -> None:
    drawn = placement(picture, spec).drawn
    assert 1 <= drawn.width <= picture.width
    assert 1 <= drawn.height <= picture.height
    stretched = abs(drawn.width * picture.height - drawn.height * picture.width)
    assert stretched <= max(picture), "by a pixel at most"


@given(pictures, specs)
def test_the_canvas_is_what_was_asked_for(picture: Size, spec: RenditionSpec) -> None:
    place = placement(picture, spec)
    if spec.on_white and spec.box is not None:
        assert place.canvas == spec.box
    if spec.box is None:
        assert place.canvas == picture
    else:
        touches = place.drawn.width == spec.box.width or place.drawn.height == spec.box.height
        assert place.drawn == picture or touches, "no smaller than it must be"
        assert place.not_filled == (place.canvas == spec.box and not touches)


@pytest.mark.parametrize(
    ("size", "text", "drawn", "at"),
    [
        ((1024, 1024), "square-800.jpg", (800, 800), (0, 0)),
        ((1280, 720), "square-1000.jpg", (1000, 563), (0, 218)),
        ((720, 1280), "square-1000.jpg", (563, 1000), (218, 0)),
        ((512, 512), "square-2000.jpg", (512, 512), (744, 744)),
        ((3000, 1), "fit-800.jpg", (800, 1), (0, 0)),
    ],
)
def test_examples(
    size: tuple[int, int], text: str, drawn: tuple[int, int], at: tuple[int, int]
) -> None:
    place = placement(Size(*size), RenditionSpec.parse(text))
    assert (tuple(place.drawn), (place.left, place.top)) == (drawn, at)
