"""How a person says what else is made of each picture."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.finishing import Finishing
from schemas.finishing_sections import GateSection, ResultsSection, finishing
from schemas.rendition import MOST, Form, RenditionSpec, Shape, parse_renditions
from schemas.settings import WrongSettings, load_settings
from schemas.size import Size


@pytest.mark.parametrize(
    ("text", "name", "shape", "box", "form", "quality"),
    [
        ("square-1600.jpg", "square-1600", Shape.SQUARE, Size(1600, 1600), Form.JPEG, 90),
        ("Square-1600.JPEG", "square-1600", Shape.SQUARE, Size(1600, 1600), Form.JPEG, 90),
        ("pad-1200×900.webp", "pad-1200x900", Shape.PAD, Size(1200, 900), Form.WEBP, 85),
        ("fit-800.avif", "fit-800", Shape.FIT, Size(800, 800), Form.AVIF, 75),
        ("fit-800x600-q60.webp", "fit-800x600-q60", Shape.FIT, Size(800, 600), Form.WEBP, 60),
        ("full.avif", "full", Shape.FULL, None, Form.AVIF, 75),
        ("full-q100.jpg", "full-q100", Shape.FULL, None, Form.JPEG, 100),
        ("天猫=square-800.jpg", "天猫", Shape.SQUARE, Size(800, 800), Form.JPEG, 90),
        (" Shop = fit-90.webp ", "Shop", Shape.FIT, Size(90, 90), Form.WEBP, 85),
    ],
)
def test_what_is_said_is_meant(
    text: str, name: str, shape: Shape, box: Size | None, form: Form, quality: int
) -> None:
    spec = RenditionSpec.parse(text)
    assert (spec.name, spec.shape, spec.box) == (name, shape, box)
    assert (spec.form, spec.quality) == (form, quality)
    assert RenditionSpec.parse(spec.text) == spec


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("thumb.jpg", "is no rendition; say square-1600.jpg"),
        ("square-1600", "is no rendition; say"),
        ("", "is no rendition; say"),
        ("square-1600.png", "there is no .png, only jpg, webp, avif"),
        ("square.jpg", "says no size; say square-1600.jpg"),
        ("pad-q80.webp", "says no size; say pad-1200x900.webp"),
        ("square-800x600.jpg", "say pad-800x600"),
        ("pad-800.jpg", "say both sides, pad-800x800, or square-800"),
        ("full-800.jpg", "fit-800 is at most"),
        ("square-15.jpg", "a side must be 16 to 5000 pixels"),
        ("fit-100x5001.jpg", "a side must be 16 to 5000 pixels"),
        ("full-q0.jpg", "the quality must be 1 to 100"),
        ("full-q101.jpg", "the quality must be 1 to 100"),
        ("=full.jpg", "a name has 1 to 40 letters"),
        ("../up=full.jpg", "a name has 1 to 40 letters"),
        ("a b=full.jpg", "a name has 1 to 40 letters"),
        ("CON=full.jpg", "a name has 1 to 40 letters"),
        ("x" * 41 + "=full.jpg", "a name has 1 to 40 letters"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_say_instead(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)) as error:
        RenditionSpec.parse(text)
    assert repr(text) in str(error.value)


@given(st.text(max_size=40))
def test_whatever_is_said_is_a_rendition_or_refused(text: str) -> None:
    try:
        spec = RenditionSpec.parse(text)
    except ValueError:
        return
    assert "/" not in spec.place


def test_two_that_would_be_the_same_file_are_refused() -> None:
    assert parse_renditions(["fit-800.webp", "fit-800.avif"]) == ("fit-800.webp", "fit-800.avif")
    assert parse_renditions(["Full.JPEG"]) == ("full.jpg",)
    with pytest.raises(ValueError, match=r"would be the same file; name one, as in shop=full\.jpg"):
        parse_renditions(["full.jpg", "full.jpg"])
    with pytest.raises(ValueError, match="would be the same file"):
        parse_renditions(["Shop=full.jpg", "shop=fit-80.jpg"])
    with pytest.raises(ValueError, match="more than"):
        parse_renditions([f"fit-{100 + side}.jpg" for side in range(MOST + 1)])


def test_settings_say_it_for_all_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGEMILL_RESULTS__RENDITIONS", '["Square-800.jpeg"]')
    settings = load_settings()
    wanted = finishing(settings.results, settings.gate)
    assert wanted == Finishing(renditions=("square-800.jpg",))
    assert finishing(ResultsSection(), GateSection()).renditions == ()


@pytest.mark.parametrize("said", ['["square.jpg"]', '["full.jpg", "full.jpg"]'])
def test_wrong_settings_are_named(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGEMILL_RESULTS__RENDITIONS", said)
    with pytest.raises(WrongSettings, match=r"results\.renditions \(\w+\): '?(square|full)\.jpg"):
        load_settings()


def test_a_job_that_wants_none_says_nothing_of_it() -> None:
    told: dict[str, Any] = Finishing().model_dump(exclude_defaults=True)
    assert told == {}
