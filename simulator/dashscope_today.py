"""DashScope's Wan, Qwen-Image and Z-Image models, by their pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from simulator.checks import (
    BadParameter,
    Check,
    fields,
    flag,
    many,
    matching,
    one_of,
    only_one,
    refused,
    text,
    whole,
)
from simulator.dashscope_model import (
    GENERATION,
    I2I,
    MULTIMODAL,
    T2I,
    Fields,
    Model,
    Picture,
    Pixels,
    Sizes,
)

_SEED = whole(0, 2147483647)
_COMMON: Mapping[str, Check] = {
    "n": whole(1, 4),
    "seed": _SEED,
    "prompt_extend": flag,
    "watermark": flag,
}
_WAN_2_2 = Model(
    path=T2I,
    n=4,
    prompt_characters=500,
    sizes=Sizes(default="1024*1024", sides=range(512, 1441)),
    checks=_COMMON,
    extends=True,
    echoes=True,
)
_WIDE_AREA = Sizes(
    default="1280*1280",
    area=(1280 * 1280, 1440 * 1440),
    ratio=4,
    # The page recommends these although they have fewer pixels than it asks for.
    named={
        "1104*1472": (1104, 1472),
        "1472*1104": (1472, 1104),
        "960*1696": (960, 1696),
        "1696*960": (1696, 960),
    },
)
_SMALL_AREA = Sizes(default="1280*1280", area=(768 * 768, 1280 * 1280), ratio=4)
_WAN_2_6 = Model(
    path=GENERATION,
    waiting_path=MULTIMODAL,
    shape="choices",
    usage="size",
    n=4,
    prompt_characters=2100,
    sizes=_WIDE_AREA,
    checks={**_COMMON, "negative_prompt": text(500)},
    extends=True,
)


def _square(side: int) -> Pixels:
    return side, side


def _interleaved(inputs: Fields, parameters: Fields) -> None:
    pictures = len(inputs.get("images") or ())
    if not parameters.get("enable_interleave"):
        if not 1 <= pictures <= 4:
            raise BadParameter("content must hold 1 to 4 images when enable_interleave is false.")
        return
    if pictures > 1:
        raise BadParameter("content must hold at most 1 image when enable_interleave is true.")
    if parameters.get("n") not in (None, 1):
        raise BadParameter("n must be 1 when enable_interleave is true.")


def _interleaved_count(_inputs: Fields, parameters: Fields) -> int:
    if parameters.get("enable_interleave"):
        return parameters.get("max_images") or 5
    return parameters.get("n") or 4


_WAN_2_6_IMAGE = replace(
    _WAN_2_6,
    prompt_characters=2000,
    pictures={"images": Picture(most=4, data=True, sides=(240, 8000), alpha="refused")},
    sizes=Sizes(
        default="1K",
        named={"1K": _square(1280), "2K": _square(2048)},
        area=(768 * 768, 2048 * 2048),
        ratio=4,
    ),
    checks={
        **_COMMON,
        "negative_prompt": text(500),
        "enable_interleave": flag,
        "max_images": whole(1, 5),
    },
    count=_interleaved_count,
    rules=(_interleaved,),
)


def _sequence_count(_inputs: Fields, parameters: Fields) -> int:
    return parameters.get("n") or (12 if parameters.get("enable_sequential") else 4)


def _sequence(inputs: Fields, parameters: Fields) -> None:
    if not parameters.get("enable_sequential") and (parameters.get("n") or 1) > 4:
        raise BadParameter("n must be an integer in [1, 4].")
    boxes = parameters.get("bbox_list")
    if boxes is not None and len(boxes) != len(inputs.get("images") or ()):
        raise BadParameter("bbox_list must have an entry for each image.")
    palette = parameters.get("color_palette")
    if palette is not None:
        whole_share = sum(float(colour["ratio"].rstrip("%")) for colour in palette)
        if abs(whole_share - 100) > 0.01:
            raise BadParameter("The ratios of color_palette must add up to 100.00%.")


_COLOUR = fields(
    {"hex": matching("#[0-9a-fA-F]{6}"), "ratio": matching(r"\d{1,3}\.\d\d%")}, ("hex", "ratio")
)
_BOX = many(whole(0, 100_000), 4, 4)
_WAN_2_7 = Model(
    path=GENERATION,
    waiting_path=MULTIMODAL,
    shape="choices",
    usage="size",
    n=4,
    prompt_characters=5000,
    pictures={"images": Picture(most=9, data=True, megabytes=20, ratio=8, alpha="refused")},
    sizes=Sizes(
        default="2K",
        named={"1K": _square(1024), "2K": _square(2048)},
        area=(768 * 768, 2048 * 2048),
        ratio=8,
    ),
    checks={
        "n": whole(1, 12),
        "seed": _SEED,
        "watermark": flag,
        "enable_sequential": flag,
        "thinking_mode": flag,
        "bbox_list": many(many(_BOX, 0, 2), 0, 9),
        "color_palette": many(_COLOUR, 3, 10),
        "prompt_extend": refused,
        "negative_prompt": refused,
    },
    count=_sequence_count,
    rules=(_sequence,),
)


def _large_from_words_only(inputs: Fields, parameters: Fields) -> None:
    size = parameters.get("size")
    if size is None or not inputs.get("images"):
        return
    width, height = _WAN_2_7_PRO.sizes.read(size)
    if width * height > 2048 * 2048:
        raise BadParameter(f"the size is not match: {size} is for text to image only")


_WAN_2_7_PRO = replace(
    _WAN_2_7,
    sizes=Sizes(
        default="2K",
        named={"1K": _square(1024), "2K": _square(2048), "4K": _square(4096)},
        area=(768 * 768, 4096 * 4096),
        ratio=8,
    ),
    rules=(_sequence, _large_from_words_only),
)
_WAN_2_5 = replace(_WAN_2_2, prompt_characters=2000, sizes=_WIDE_AREA)
_WAN_2_5_EDIT = replace(
    _WAN_2_5,
    path=I2I,
    required=("prompt", "images"),
    pictures={"images": Picture(most=3, data=True, sides=(384, 5000))},
    sizes=_SMALL_AREA,
)
_QWEN_AREA = (512 * 512, 2048 * 2048)
_QWEN_PICTURES = {"images": Picture(most=3, data=True, sides=(384, 3072))}
_QWEN_CHECKS: Mapping[str, Check] = {
    "n": whole(1, 6),
    "seed": _SEED,
    "prompt_extend": flag,
    "watermark": flag,
    "negative_prompt": text(500),
}
_QWEN_2 = Model(
    path="",
    waiting_path=MULTIMODAL,
    usage="sides",
    prompt_characters=None,
    pictures=_QWEN_PICTURES,
    sizes=Sizes(default="2048*2048", area=_QWEN_AREA),
    checks=_QWEN_CHECKS,
    extends=True,
    gathers=True,
)


def _agent_draws_from_words(inputs: Fields, parameters: Fields) -> None:
    if parameters.get("prompt_extend_mode") == "agent" and inputs.get("images"):
        raise BadParameter("prompt_extend_mode agent takes no images.")


_QWEN_3 = replace(
    _QWEN_2,
    path=GENERATION,
    shape="choices",
    usage="output",
    # Left out, the model chooses; this is as good a choice as any.
    sizes=Sizes(default="1536*1024", area=_QWEN_AREA, ratio=8),
    checks={
        **_QWEN_CHECKS,
        "prompt_extend_mode": one_of("direct", "agent"),
        "enable_thinking": flag,
    },
    rules=(_agent_draws_from_words,),
)
_QWEN_1 = replace(
    _QWEN_2,
    path=T2I,
    pictures={},
    prompt_characters=800,
    sizes=Sizes(
        default="1664*928",
        choices=("1664*928", "1472*1104", "1328*1328", "1104*1472", "928*1664"),
    ),
    checks={**_QWEN_CHECKS, "n": only_one},
    echoes=True,
)


def _needs_pictures(inputs: Fields, _parameters: Fields) -> None:
    if not inputs.get("images"):
        raise BadParameter("content must hold 1 to 3 images.")


_QWEN_EDIT = replace(_QWEN_2, rules=(_needs_pictures,))
_Z_IMAGE = Model(
    path="",
    waiting_path=MULTIMODAL,
    usage="sides",
    n=None,
    prompt_characters=800,
    sizes=Sizes(default="1024*1536", area=_QWEN_AREA),
    checks={
        "n": only_one,
        "seed": _SEED,
        "prompt_extend": flag,
        "negative_prompt": refused,
        "watermark": refused,
    },
    extends=False,
    gathers=True,
)

TODAY: Mapping[str, Model] = {
    "wanx2.0-t2i-turbo": replace(_WAN_2_2, prompt_characters=800),
    "wanx2.1-t2i-turbo": _WAN_2_2,
    "wanx2.1-t2i-plus": _WAN_2_2,
    # The vendor's SDK has a synchronous call for these two alone.
    "wan2.2-t2i-flash": replace(_WAN_2_2, waiting_path=T2I, waiting_shape="results"),
    "wan2.2-t2i-plus": replace(_WAN_2_2, waiting_path=T2I, waiting_shape="results"),
    "wan2.5-t2i-preview": _WAN_2_5,
    "wan2.5-i2i-preview": _WAN_2_5_EDIT,
    "wan2.6-t2i": _WAN_2_6,
    "wan2.6-image": _WAN_2_6_IMAGE,
    "wan2.7-image": _WAN_2_7,
    "wan2.7-image-pro": _WAN_2_7_PRO,
    "qwen-image": _QWEN_1,
    "qwen-image-plus": _QWEN_1,
    "qwen-image-max": replace(_QWEN_1, path=""),
    "qwen-image-2.0": _QWEN_2,
    "qwen-image-2.0-pro": _QWEN_2,
    "qwen-image-3.0": _QWEN_3,
    "qwen-image-3.0-pro": _QWEN_3,
    "qwen-image-edit": replace(_QWEN_EDIT, checks={**_QWEN_CHECKS, "n": only_one}),
    "qwen-image-edit-plus": _QWEN_EDIT,
    "qwen-image-edit-max": _QWEN_EDIT,
    "z-image-turbo": _Z_IMAGE,
}
