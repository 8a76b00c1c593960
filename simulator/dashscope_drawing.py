"""DashScope models that draw from words: text to image, word art and posters, by their pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from simulator.checks import (
    BadParameter,
    fields,
    flag,
    matching,
    number,
    one_of,
    only_one,
    text,
    whole,
)
from simulator.dashscope_model import T2I, Fields, Model, Picture, Pixels, Sizes, inside

SEED_MAX = 4294967290
STYLES = (
    *("<auto>", "<photography>", "<portrait>", "<3d cartoon>", "<anime>", "<oil painting>"),
    *("<watercolor>", "<sketch>", "<chinese painting>", "<flat illustration>"),
)
_WANX = Model(
    path=T2I,
    n=4,
    prompt_characters=800,
    sizes=Sizes(default="1024*1024", choices=("1024*1024", "720*1280", "768*1152", "1280*720")),
    pictures={"ref_img": Picture()},
    checks={
        "style": one_of(*STYLES),
        "n": whole(1, 4),
        # The page names -1 as the default: a seed of the vendor's choice.
        "seed": whole(-1, SEED_MAX),
        "ref_strength": number(0.0, 1.0),
        "ref_mode": one_of("repaint", "refonly"),
    },
)
_DIFFUSION = Model(
    path=T2I,
    sizes=Sizes(default="1024*1024", sides=range(512, 1025, 128)),
    checks={
        "n": whole(1, 4),
        "steps": whole(1, 500),
        "scale": number(1, 15),
        "seed": whole(0, SEED_MAX),
    },
)
_DIFFUSION_3 = replace(
    _DIFFUSION,
    # The page states no ranges for this generation: only what no model could draw is refused.
    sizes=Sizes(default="1024*1024", sides=range(256, 2049, 8)),
    checks={
        "n": whole(1, 4),
        "steps": whole(1, 500),
        "cfg": number(0, 100),
        "shift": number(0, 100),
        "seed": whole(0, SEED_MAX),
    },
)
_FLUX = Model(
    path=T2I,
    n=None,
    prompt_characters=500,
    sizes=Sizes(
        default="1024*1024",
        choices=("512*1024", "768*512", "768*1024", "1024*576", "576*1024", "1024*1024"),
    ),
    checks={
        "n": only_one,
        "seed": whole(0, SEED_MAX),
        "steps": whole(1, 500),
        "guidance": number(0, 100),
        "offload": flag,
        "add_sampling_metadata": flag,
    },
)
_LORAS = (
    *("2D插画1", "2D插画2", "浩瀚星云", "浓郁色彩", "光线粒子", "透明玻璃"),
    *("剪纸工艺", "折纸工艺", "中国水墨", "中国刺绣", "真实场景", "2D卡通"),
    *("儿童水彩", "赛博背景", "浅蓝抽象", "深蓝抽象", "抽象点线", "童话油画"),
)


def _poster_prompt(inputs: Fields, _parameters: Fields) -> None:
    chinese, english = inputs.get("prompt_text_zh") or "", inputs.get("prompt_text_en") or ""
    words = len(chinese) + len(english.split())
    if inputs.get("generate_mode") != "generate":
        if not inputs.get("auxiliary_parameters"):
            raise BadParameter("auxiliary_parameters is required by this generate_mode.")
    elif not words:
        raise BadParameter("prompt_text_zh or prompt_text_en is required.")
    if words > 50:
        raise BadParameter("The length of prompt_text_zh and prompt_text_en must not exceed 50.")


def _poster_count(inputs: Fields, _parameters: Fields) -> int:
    number_asked: int = inputs.get("generate_num") or 1
    return number_asked if inputs.get("generate_mode") == "generate" else 1


def _poster_pixels(inputs: Fields, _parameters: Fields, _base: Pixels | None) -> Pixels:
    # The page names no pixels; these have the proportion of a poster.
    wide = inputs.get("wh_ratios") == "横版"
    large = 1 if inputs.get("generate_mode") == "generate" else 2
    return (large * 768, large * 512) if wide else (large * 512, large * 768)


_POSTER = Model(
    path=T2I,
    shape="render_urls",
    prompts=("prompt_text_zh", "prompt_text_en", "title", "sub_title", "body_text"),
    required=("title", "generate_mode"),
    needs_parameters=True,
    inputs={
        "title": text(30),
        "sub_title": text(30),
        "body_text": text(50),
        "prompt_text_zh": text(),
        "prompt_text_en": text(),
        "wh_ratios": one_of("横版", "竖版"),
        "lora_name": one_of(*_LORAS),
        "lora_weight": number(0, 1),
        "ctrl_ratio": number(0, 1),
        "ctrl_step": number(0, 1),
        "generate_mode": one_of("generate", "sr", "hrf"),
        "generate_num": whole(1, 4),
        "auxiliary_parameters": text(),
        "creative_title_layout": flag,
    },
    count=_poster_count,
    measure=_poster_pixels,
    rules=(_poster_prompt,),
)


def _one_lettering(inputs: Fields, _parameters: Fields) -> None:
    image, letters = inside(inputs, "image.image_url"), inside(inputs, "text.text_content")
    if bool(image) == bool(letters):
        raise BadParameter("Exactly one of image.image_url and text.text_content is required.")


def _texture_pixels(inputs: Fields, parameters: Fields, base: Pixels | None) -> Pixels:
    short = parameters.get("image_short_size") or 704
    shapes = {"16:9": (16, 9), "9:16": (9, 16)}
    ratio = inside(inputs, "text.output_image_ratio") or "1:1"
    width, height = base or shapes.get(ratio, (1, 1))
    return width * short // min(width, height), height * short // min(width, height)


_TEXTURE = Model(
    path="aigc/wordart/texture",
    prompts=("prompt", "text.text_content"),
    needs_parameters=True,
    inputs={
        "prompt": text(200),
        # One of 23 names, of which the overview shows five (Model Studio: image models).
        "texture_style": matching(r"[a-z0-9_]+"),
        "image": fields({}),
        "text": fields(
            {
                "text_content": text(6),
                "font_name": text(),
                "ttf_url": text(),
                "output_image_ratio": one_of("1:1", "16:9", "9:16"),
            }
        ),
    },
    pictures={"image.image_url": Picture(), "ref_image_url": Picture()},
    checks={"image_short_size": whole(512, 1024, 64), "n": whole(1, 4), "alpha_channel": flag},
    measure=_texture_pixels,
    rules=(_one_lettering,),
)


def _one_font(_inputs: Fields, parameters: Fields) -> None:
    if parameters.get("font_name") and parameters.get("ttf_url"):
        raise BadParameter("font_name and ttf_url exclude each other.")


def _semantic_pixels(_inputs: Fields, parameters: Fields, _base: Pixels | None) -> Pixels:
    width, _, height = (parameters.get("output_image_ratio") or "1280x720").partition("x")
    return int(width), int(height)


_SEMANTIC = Model(
    path="aigc/wordart/semantic",
    shape="png_svg",
    n=4,
    prompts=("prompt", "text"),
    required=("text", "prompt"),
    inputs={"prompt": text(200), "text": text()},
    checks={
        "n": whole(1, 4),
        "steps": whole(10, 100),
        "font_name": text(),
        "ttf_url": text(),
        "output_image_ratio": one_of("1280x720", "720x1280", "1024x1024"),
    },
    measure=_semantic_pixels,
    rules=(_one_font,),
)


def _own_style_needs_words(inputs: Fields, _parameters: Fields) -> None:
    if inputs.get("style") == "diy" and not inputs.get("prompt"):
        raise BadParameter("prompt is required by the style diy.")


_SURNAMES = Model(
    path="aigc/wordart/surnames",
    prompts=("prompt", "surname"),
    required=("surname",),
    inputs={
        "surname": text(2),
        "style": text(),
        "text": fields(
            {
                "font_name": text(),
                "ttf_url": text(),
                "text_strength": number(0, 1),
                "text_inverse": flag,
            }
        ),
    },
    checks={"n": whole(1, 4)},
    rules=(_own_style_needs_words,),
)

DRAWING: Mapping[str, Model] = {
    "wanx-v1": _WANX,
    "stable-diffusion-xl": _DIFFUSION,
    "stable-diffusion-v1.5": replace(
        _DIFFUSION, sizes=Sizes(default="512*512", choices=("512*512",))
    ),
    "stable-diffusion-3.5-large": _DIFFUSION_3,
    "stable-diffusion-3.5-large-turbo": _DIFFUSION_3,
    "flux-schnell": _FLUX,
    "flux-dev": _FLUX,
    "flux-merged": _FLUX,
    "wanx-poster-generation-v1": _POSTER,
    "wordart-texture": _TEXTURE,
    "wordart-semantic": _SEMANTIC,
    "wordart-surnames": _SURNAMES,
}
