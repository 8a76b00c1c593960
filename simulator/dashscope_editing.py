"""DashScope models that change or extend a picture, by their pages."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.checks import (
    BadParameter,
    colours,
    fields,
    flag,
    many,
    number,
    one_of,
    text,
    whole,
)
from simulator.dashscope_drawing import STYLES
from simulator.dashscope_model import (
    I2I,
    Fields,
    Model,
    Picture,
    Pixels,
    Sizes,
    as_the_first,
    inside,
)

_BARE = tuple(style for style in STYLES if style not in ("<photography>", "<portrait>"))


def _background_needs(inputs: Fields, _parameters: Fields) -> None:
    if not inputs.get("ref_image_url") and not inputs.get("ref_prompt"):
        raise BadParameter("ref_image_url or ref_prompt is required.")
    edges = 0
    for place in ("foreground", "background"):
        pictures = inside(inputs, f"reference_edge.{place}_edge") or []
        words = inside(inputs, f"reference_edge.{place}_edge_prompt")
        edges += len(pictures)
        if words is not None and len(words) != len(pictures):
            raise BadParameter(f"{place}_edge_prompt must be as long as {place}_edge.")
    if edges > 10:
        raise BadParameter("There must not be more than 10 edges.")


_EDGE = Picture(most=10, alpha="required")
_BACKGROUND = Model(
    path="aigc/background-generation/generation/",
    prompts=("ref_prompt", "title", "sub_title"),
    required=("base_image_url",),
    inputs={
        "ref_prompt": text(),
        "neg_ref_prompt": text(),
        "title": text(8),
        "sub_title": text(10),
        "reference_edge": fields(
            {
                "foreground_edge_prompt": many(text(), 0, 10),
                "background_edge_prompt": many(text(), 0, 10),
            }
        ),
    },
    pictures={
        "base_image_url": Picture(sides=(1, 2048), alpha="required"),
        "ref_image_url": Picture(),
        "reference_edge.foreground_edge": _EDGE,
        "reference_edge.background_edge": _EDGE,
    },
    checks={
        "n": whole(1, 4),
        "model_version": one_of("v2", "v3"),
        "noise_level": whole(0, 999),
        "ref_prompt_weight": number(0, 1),
        "scene_type": one_of("GENERAL", "ROOM", "COSMETIC"),
    },
    measure=as_the_first,
    rules=(_background_needs,),
)
_SKETCH = Model(
    path=I2I,
    n=4,
    prompt_characters=75,
    required=("prompt", "sketch_image_url"),
    pictures={"sketch_image_url": Picture(sides=(256, 2048))},
    sizes=Sizes(default="768*768", choices=("768*768",)),
    checks={
        "n": whole(1, 4),
        "sketch_weight": whole(0, 10),
        "style": one_of(*_BARE),
        "sketch_extraction": flag,
        "sketch_color": colours,
    },
)
_PAINTING = Model(
    path=I2I,
    prompt_characters=75,
    required=("prompt", "base_image_url", "mask_image_url"),
    pictures={
        "base_image_url": Picture(sides=(256, 4096)),
        "mask_image_url": Picture(sides=(256, 4096), same_size_as="base_image_url"),
    },
    sizes=Sizes(default="1024*1024", choices=("1024*1024", "720*1280", "1280*720")),
    checks={
        # The page lists some of wanx-v1's styles; which, is not at hand.
        "style": one_of(*STYLES),
        "n": whole(1, 4),
        "mask_color": colours,
    },
)
_OFFSETS = ("left_offset", "right_offset", "top_offset", "bottom_offset")


def _extended_pixels(_inputs: Fields, parameters: Fields, base: Pixels | None) -> Pixels:
    width, height = base or (1024, 1024)
    if parameters.get("output_ratio"):
        across, down = (int(side) for side in parameters["output_ratio"].split(":"))
        part = max(width / across, height / down)
        return round(part * across), round(part * down)
    if parameters.get("x_scale") or parameters.get("y_scale"):
        x, y = parameters.get("x_scale") or 1, parameters.get("y_scale") or 1
        return round(width * x), round(height * y)
    left, right, top, bottom = (parameters.get(name) or 0 for name in _OFFSETS)
    return width + left + right, height + top + bottom


_OUT_PAINTING = Model(
    path="aigc/image2image/out-painting",
    shape="image_url",
    prompts=(),
    required=("image_url",),
    needs_parameters=True,
    n=None,
    pictures={"image_url": Picture(sides=(512, 4096))},
    checks={
        "output_ratio": one_of("", "1:1", "3:4", "4:3", "9:16", "16:9"),
        "x_scale": number(1, 3),
        "y_scale": number(1, 3),
        **dict.fromkeys(_OFFSETS, whole(0, 12288)),
        "angle": whole(0, 359),
        "best_quality": flag,
        "limit_image_size": flag,
        "add_watermark": flag,
    },
    measure=_extended_pixels,
)
_SEGMENTATION = Model(
    path=I2I,
    shape="image_url",
    prompts=(),
    required=("image_url",),
    needs_parameters=True,
    n=None,
    pictures={"image_url": Picture(sides=(512, 4096))},
    measure=as_the_first,
)
_ERASING = Model(
    path=I2I,
    shape="image_url",
    prompts=(),
    required=("image_url", "mask_url"),
    n=None,
    pictures={
        "image_url": Picture(sides=(512, 4096)),
        "mask_url": Picture(same_size_as="image_url"),
        "foreground_url": Picture(same_size_as="image_url"),
    },
    checks={"fast_mode": flag, "dilate_flag": flag, "add_watermark": flag},
    measure=as_the_first,
)
_FUNCTIONS = (
    *("stylization_all", "stylization_local", "description_edit", "description_edit_with_mask"),
    *("remove_watermark", "expand", "super_resolution", "colorization", "doodle"),
    "control_cartoon_feature",
)
_SCALES = ("left_scale", "right_scale", "top_scale", "bottom_scale")


def _masked_edit(inputs: Fields, _parameters: Fields) -> None:
    masked = inputs.get("function") == "description_edit_with_mask"
    if masked and not inputs.get("mask_image_url"):
        raise BadParameter("mask_image_url is required by description_edit_with_mask.")


def _edited_pixels(inputs: Fields, parameters: Fields, base: Pixels | None) -> Pixels:
    width, height = base or (1024, 1024)
    if inputs.get("function") == "expand":
        left, right, top, bottom = (parameters.get(name) or 1 for name in _SCALES)
        return round(width * (left + right - 1)), round(height * (top + bottom - 1))
    factor = parameters.get("upscale_factor") or 1
    grows = inputs.get("function") == "super_resolution"
    return (width * factor, height * factor) if grows else (width, height)


_EDITING = Model(
    path=I2I,
    prompt_characters=800,
    required=("function", "prompt", "base_image_url"),
    inputs={"function": one_of(*_FUNCTIONS)},
    pictures={
        "base_image_url": Picture(sides=(512, 4096), data=True),
        "mask_image_url": Picture(data=True, same_size_as="base_image_url"),
    },
    checks={
        "n": whole(1, 4),
        "seed": whole(0, 2147483647),
        "watermark": flag,
        "strength": number(0, 1),
        **dict.fromkeys(_SCALES, number(1, 2)),
        "upscale_factor": whole(1, 4),
        "is_sketch": flag,
    },
    measure=_edited_pixels,
    rules=(_masked_edit,),
)

EDITING: Mapping[str, Model] = {
    "wanx-background-generation-v2": _BACKGROUND,
    "wanx-sketch-to-image-lite": _SKETCH,
    "wanx-x-painting": _PAINTING,
    "image-out-painting": _OUT_PAINTING,
    "image-instance-segmentation": _SEGMENTATION,
    "image-erase-completion": _ERASING,
    "wanx2.1-imageedit": _EDITING,
}
