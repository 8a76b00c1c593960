"""DashScope models of people and what they wear, by their pages."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.checks import MISSING, BadParameter, flag, number, one_of, text, whole
from simulator.dashscope_model import (
    GENERATION,
    Fields,
    Model,
    Picture,
    Pixels,
    Sizes,
    as_the_first,
)

_COSPLAY = Model(
    path=GENERATION,
    prompts=(),
    required=("model_index", "face_image_url", "template_image_url"),
    inputs={"model_index": one_of(1)},
    pictures={"face_image_url": Picture(), "template_image_url": Picture()},
    measure=as_the_first,
)


def _own_style_needs_picture(inputs: Fields, _parameters: Fields) -> None:
    if inputs.get("style_index") == -1 and not inputs.get("style_ref_url"):
        raise BadParameter("style_ref_url is required by style_index -1.")


_REPAINT = Model(
    path=GENERATION,
    prompts=(),
    required=("image_url", "style_index"),
    inputs={"style_index": whole(-1, 9)},
    pictures={"image_url": Picture(sides=(256, 5760), ratio=2), "style_ref_url": Picture()},
    measure=as_the_first,
    rules=(_own_style_needs_picture,),
    format="jpg",
)


def _portrait_needs(inputs: Fields, parameters: Fields) -> None:
    style = parameters.get("style")
    if style is None:
        raise BadParameter(MISSING)
    if str(style).endswith("portrait_url_template") and not inputs.get("template_url"):
        raise BadParameter("template_url is required by this style.")
    if style == "train_free_portrait_url_template" and not inputs.get("user_urls"):
        raise BadParameter("user_urls is required by this style.")


_PORTRAIT = Model(
    path="aigc/album/gen_potrait",
    prompts=(),
    required=(),
    n=4,
    needs_input=False,
    needs_parameters=True,
    pictures={"template_url": Picture(), "user_urls": Picture(most=5)},
    sizes=Sizes(default="768*1024", choices=("768*1024",)),
    checks={
        "style": one_of(
            *("f_idcard_male", "f_business_male", "f_idcard_female", "f_business_female"),
            *("m_springflower_female", "f_summersport_female", "f_autumnleaf_female"),
            *("m_winterchinese_female", "f_hongkongvintage_female", "f_lightportray_female"),
            *("portrait_url_template", "train_free_portrait_url_template"),
        ),
        "n": whole(1, 4),
        "skin_retouch": flag,
    },
    rules=(_portrait_needs,),
)
_FACES = Model(
    path="",
    waiting_path="vision/facedetection/detect",
    waiting_shape="faces",
    usage="none",
    prompts=(),
    required=("images",),
    n=None,
    pictures={"images": Picture(most=100)},
    free=True,
)


def _model_pixels(_inputs: Fields, parameters: Fields, base: Pixels | None) -> Pixels:
    short = int(parameters.get("short_side_size") or 1024)
    width, height = base or (3, 4)
    if parameters.get("aspect_ratio"):
        width, height = (int(side) for side in parameters["aspect_ratio"].split(":"))
    return width * short // min(width, height), height * short // min(width, height)


def _virtual_model(sides: tuple[str, ...], version_2: bool) -> Model:
    checks = {"short_side_size": one_of(*sides), "n": whole(1, 4)}
    if version_2:
        checks |= {
            "aspect_ratio": one_of("1:1", "3:4", "4:3", "9:16", "16:9", "1:2", "2:1"),
            "background_weight": number(0, 1),
            "realPerson": flag,
        }
    return Model(
        path="aigc/virtualmodel/generation",
        prompts=("prompt", "face_prompt"),
        required=("base_image_url", "mask_image_url", "prompt", "face_prompt"),
        inputs={"face_prompt": text()},
        pictures={
            "base_image_url": Picture(),
            "mask_image_url": Picture(same_size_as="base_image_url"),
            "background_image_url": Picture(),
        },
        checks=checks,
        measure=_model_pixels,
    )


_SHOES = Model(
    path="aigc/virtualmodel/generation",
    prompts=(),
    required=("template_image_url", "shoe_image_url"),
    pictures={
        "template_image_url": Picture(),
        "shoe_image_url": Picture(most=3, megabytes=5, ratio=1.5),
    },
    checks={"n": whole(1, 4), "scale": number(2, 8)},
    measure=as_the_first,
)
PEOPLE: Mapping[str, Model] = {
    "wanx-style-cosplay-v1": _COSPLAY,
    "wanx-style-repaint-v1": _REPAINT,
    "facechain-facedetect": _FACES,
    "facechain-generation": _PORTRAIT,
    "wanx-virtualmodel": _virtual_model(("512", "1024"), version_2=False),
    "virtualmodel-v2": _virtual_model(("1024", "2048"), version_2=True),
    "shoemodel-v1": _SHOES,
}
