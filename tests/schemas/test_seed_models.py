"""The first systems' figures, from the vendors' documents: limits, prices, dates, refusals."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from schemas.catalogue import catalogue
from schemas.model import Model
from schemas.picture_rule import PictureRule

URL = "https://example.com/a.png"
TEXT2IMAGE = "services/aigc/text2image/image-synthesis"
IMAGE2IMAGE = "services/aigc/image2image/image-synthesis"
GENERATION = "services/aigc/image-generation/generation"
VIRTUALMODEL = "services/aigc/virtualmodel/generation"

# name, endpoint, where the pictures are, price in CNY, submits/s, running tasks
OVERVIEW = """
wanx-v1                        TEXT2IMAGE    results       0.16  2  1
stable-diffusion-v1.5          TEXT2IMAGE    results       0     2  1
stable-diffusion-xl            TEXT2IMAGE    results       0     2  1
stable-diffusion-3.5-large     TEXT2IMAGE    results       0     2  1
stable-diffusion-3.5-large-turbo TEXT2IMAGE  results       0     2  1
flux-schnell                   TEXT2IMAGE    results       0     2  1
flux-dev                       TEXT2IMAGE    results       0     2  1
flux-merged                    TEXT2IMAGE    results       0     2  1
wanx-background-generation-v2  services/aigc/background-generation/generation/ results 0.08 2 1
wanx-sketch-to-image-lite      IMAGE2IMAGE   results       0.06  2  1
wanx-x-painting                IMAGE2IMAGE   results       0     2  1
wanx-style-cosplay-v1          GENERATION    results       0     2  1
wanx-style-repaint-v1          GENERATION    results       0.12  2  2
facechain-facedetect           services/vision/facedetection/detect facts 0 5 5
facechain-finetune             fine-tunes    facts         2.5   1  1
facechain-generation           services/aigc/album/gen_potrait results 0.18 2 1
wanx-virtualmodel              VIRTUALMODEL  results       0     2  1
virtualmodel-v2                VIRTUALMODEL  results       0     2  1
shoemodel-v1                   VIRTUALMODEL  results       0     2  1
image-out-painting             services/aigc/image2image/out-painting output_image 0.18 2 10
image-instance-segmentation    IMAGE2IMAGE   output_image  0     2  1
image-erase-completion         IMAGE2IMAGE   output_image  0     2  1
wanx-poster-generation-v1      TEXT2IMAGE    posters       0     2  1
wordart-texture                services/aigc/wordart/texture  results 0.08 2 1
wordart-semantic               services/aigc/wordart/semantic vectors 0.24 2 1
wordart-surnames               services/aigc/wordart/surnames results 0    2 1
"""


def find(name: str) -> Model:
    return catalogue().find(name, "dashscope")


@pytest.mark.parametrize("line", OVERVIEW.strip().splitlines(), ids=lambda line: line.split()[0])
def test_the_overview_of_the_systems(line: str) -> None:
    name, endpoint, result, price, rate, running = line.split()
    model = find(name)
    assert model.endpoint == globals().get(endpoint, endpoint)
    assert model.result == result
    assert (model.price, model.currency) == (Decimal(price), "CNY")
    assert (model.limits.rate_per_s, model.running) == (float(rate), int(running))
    assert model.price_as_of == date(2026, 11, 20)


def test_only_face_detection_answers_at_once() -> None:
    names = [line.split()[0] for line in OVERVIEW.strip().splitlines()]
    assert [name for name in names if find(name).synchronous] == ["facechain-facedetect"]
    others = {name: find(name).protocol for name in names if find(name).draws}
    assert set(others.values()) == {"dashscope-task"}
    assert find("facechain-facedetect").protocol == "dashscope-facedetect"
    assert find("facechain-finetune").protocol == "dashscope-finetune"


@pytest.mark.parametrize(
    ("retired", "names"),
    [
        (date(2025, 7, 2), "wanx-style-cosplay-v1 wordart-surnames"),
        (
            date(2026, 3, 30),
            "stable-diffusion-v1.5 stable-diffusion-xl stable-diffusion-3.5-large"
            " stable-diffusion-3.5-large-turbo flux-schnell flux-dev flux-merged",
        ),
        (
            date(2026, 10, 10),
            "facechain-generation image-out-painting wordart-semantic wordart-texture"
            " wanx-background-generation-v2",
        ),
    ],
)
def test_what_is_retired_says_since_when_and_what_takes_its_place(
    retired: date, names: str
) -> None:
    of_that_day = [find(line.split()[0]) for line in OVERVIEW.strip().splitlines()]
    assert {m.name for m in of_that_day if m.retired == retired} == set(names.split())
    for name in names.split():
        # The vendor names no replacement for what went in 2025.
        assert (find(name).successor is None) == (retired.year == 2025)


def test_what_cannot_be_bought_is_known() -> None:
    every = [find(line.split()[0]) for line in OVERVIEW.strip().splitlines()]
    assert {model.name for model in every if model.trial_only} == {
        "wanx-x-painting",
        "image-instance-segmentation",
        "image-erase-completion",
        "wanx-virtualmodel",
        "virtualmodel-v2",
        "shoemodel-v1",
        "wanx-poster-generation-v1",
    }


@pytest.mark.parametrize(
    ("name", "field", "good", "bad", "words"),
    [
        ("wanx-v1", "ref_strength", [0, 1], [-0.01, 1.01], "from 0 to 1"),
        ("wanx-v1", "ref_mode", ["repaint", "refonly"], ["repant"], "did you mean repaint"),
        ("wanx-v1", "seed", [0, 2147483647], [-1, 2147483648], "from 0 to 2147483647"),
        ("stable-diffusion-v1.5", "size", ["512*512"], ["1024*1024"], "512"),
        ("wanx-background-generation-v2", "noise_level", [0, 999], [-1, 1000], "0 to 999"),
        ("wanx-background-generation-v2", "title", ["双十一特惠"], ["123456789"], "at most 8"),
        ("wanx-sketch-to-image-lite", "sketch_weight", [0, 10], [-1, 11], "0 to 10"),
        ("wanx-sketch-to-image-lite", "size", ["768x768"], ["1024x1024"], "768"),
        ("wanx-sketch-to-image-lite", "style", ["auto"], ["photography"], "watercolor"),
        ("wanx-x-painting", "style", ["<sketch>"], ["portrait"], "flat illustration"),
        ("wanx-x-painting", "size", ["1280x720"], ["768x1152"], "1024"),
        ("wanx-style-repaint-v1", "style_index", [-1, 0, 9], [-2, 10, 1.5], "from -1 to 9"),
        ("facechain-generation", "user_urls", [[URL] * 5], [[URL] * 6, []], "1 to 5"),
        ("facechain-finetune", "images", [[URL] * 10], [[URL] * 11], "1 to 10"),
        ("shoemodel-v1", "shoe_image_url", [URL, [URL] * 3], [[URL] * 4], "1 to 3"),
        ("shoemodel-v1", "scale", [2, 8], [1.9, 8.1], "from 2 to 8"),
        ("wanx-virtualmodel", "short_side_size", [512, "1024"], ["2048"], "512, 1024"),
        ("virtualmodel-v2", "short_side_size", ["2048"], [512], "1024, 2048"),
        ("virtualmodel-v2", "aspect_ratio", ["2:1", "1024x2048"], ["21:9"], "16:9"),
        ("image-out-painting", "angle", [0, 359], [-1, 360], "from 0 to 359"),
        ("image-out-painting", "x_scale", [1, 3], [0.9, 3.1], "from 1 to 3"),
        ("image-out-painting", "left_offset", [0, 12287], [-1, 12288], "from 0 to 12287"),
        ("wanx-poster-generation-v1", "title", ["三" * 30], ["三" * 31], "at most 30"),
        ("wanx-poster-generation-v1", "body_text", ["三" * 50], ["三" * 51], "it has 51"),
        ("wanx-poster-generation-v1", "generate_mode", ["hrf"], ["hr"], "did you mean hrf"),
        ("wordart-texture", "text", ["春夏秋冬东西"], ["春夏秋冬东西南"], "at most 6"),
        ("wordart-texture", "image_short_size", [512, 1024], [448, 700, 1088], "in steps of 64"),
        ("wordart-texture", "texture_style", ["lego"], ["legos"], "did you mean lego"),
        ("wordart-semantic", "steps", [10, 100], [9, 101], "from 10 to 100"),
        ("wordart-semantic", "output_image_ratio", ["1024*1024"], ["512x512"], "1280x720"),
        ("wordart-surnames", "surname", ["欧阳"], ["欧阳锋"], "at most 2"),
    ],
)
def test_limits_hold_at_their_edges(
    name: str, field: str, good: list[Any], bad: list[Any], words: str
) -> None:
    parameter = find(name).parameters[field]
    for value in good:
        assert parameter.check(value) is not None
    for value in bad:
        with pytest.raises(ValueError, match="must be") as caught:
            parameter.check(value)
        assert words in str(caught.value)


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("wanx-background-generation-v2", {}, "needs at least one of prompt, ref_image_url"),
        ("wanx-style-repaint-v1", {"style_index": -1}, "needs style_ref_url when style_index"),
        ("image-out-painting", {"image_url": URL}, "needs at least one of angle"),
        ("stable-diffusion-3.5-large", {"denoise": 0.5}, "needs image when denoise is given"),
        ("wanx-poster-generation-v1", {}, "needs at least one of prompt, prompt_text_en"),
        (
            "wanx-poster-generation-v1",
            {"prompt": "猫", "generate_mode": "hrf"},
            "needs auxiliary_parameters when generate_mode is hrf",
        ),
        ("wordart-texture", {}, "needs exactly one of image_url, text"),
        ("wordart-texture", {"image_url": URL, "text": "春"}, "needs exactly one of"),
        ("wordart-texture", {"image_url": URL, "font_name": "logoti"}, "takes no font_name"),
        (
            "wordart-semantic",
            {"font_name": "logoti", "ttf_url": URL},
            "takes only one of font_name, ttf_url",
        ),
        ("wordart-surnames", {"surname": "赵"}, "needs at least one of style, prompt"),
        ("wordart-surnames", {"style": "diy"}, "needs at least one of prompt, ref_image_url"),
        ("facechain-generation", {"style": "f_lightportray_female"}, "needs resources when"),
        (
            "facechain-generation",
            {"style": "train_free_portrait_url_template", "template_url": URL},
            "needs user_urls when",
        ),
    ],
)
def test_a_row_that_breaks_a_rule_hears_which(name: str, given: dict[str, Any], words: str) -> None:
    broken = [reason for rule in find(name).rules if (reason := rule.broken_by(given))]
    assert len(broken) == 1
    assert words in broken[0]


@pytest.mark.parametrize(
    ("name", "field", "rule"),
    [
        (
            "wanx-background-generation-v2",
            "base_image_url",
            PictureRule(formats=("PNG",), max_side=2048, alpha="required"),
        ),
        (
            "wanx-x-painting",
            "mask_image_url",
            PictureRule(
                formats=("JPEG", "PNG", "BMP"),
                min_side=256,
                max_side=4096,
                max_bytes=10_000_000,
                same_size_as="base_image_url",
            ),
        ),
        (
            "wanx-style-repaint-v1",
            "image_url",
            PictureRule(
                formats=("JPEG", "PNG", "BMP", "WEBP"),
                min_side=256,
                max_side=5760,
                max_pixels=5760 * 3240,
                max_ratio=2,
                max_bytes=10_000_000,
            ),
        ),
        (
            "image-out-painting",
            "image_url",
            PictureRule(
                formats=("JPEG", "PNG", "HEIF", "WEBP"),
                min_side=512,
                max_side=4096,
                max_bytes=10_000_000,
            ),
        ),
    ],
)
def test_what_input_pictures_must_be(name: str, field: str, rule: PictureRule) -> None:
    assert find(name).parameters[field].picture == rule


def test_only_what_must_go_into_a_request_as_bytes_does() -> None:
    assert find("facechain-finetune").parameters["images"].picture is not None
    taken = find("facechain-finetune").parameters["images"].picture
    assert taken is not None
    assert taken.taken_as == ("bytes",)


@pytest.mark.parametrize("name", ["image-out-painting", "image-erase-completion"])
def test_the_vendors_watermark_is_on_unless_told_otherwise(name: str) -> None:
    assert find(name).parameters["add_watermark"].default is True


@pytest.mark.parametrize(
    ("name", "limit", "cut"),
    [
        ("wanx-v1", 500, True),
        ("stable-diffusion-xl", 75, True),
        ("flux-dev", 500, True),
        ("wanx-sketch-to-image-lite", 75, True),
        ("wanx-x-painting", 75, True),
        ("wanx-poster-generation-v1", 50, False),
        ("wordart-texture", 200, False),
        ("wordart-semantic", 200, False),
    ],
)
def test_how_much_of_a_prompt_is_read(name: str, limit: int, *, cut: bool) -> None:
    assert (find(name).prompt_limit, find(name).prompt_cut) == (limit, cut)
