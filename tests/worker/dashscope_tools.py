"""One order of each further system of Model Studio's overview: models, shoes, masks, posters, words."""

from __future__ import annotations

from tests.worker.dashscope_systems import AIGC, INPUT, OSS, System


def _virtual_model(name: str, side: str) -> System:
    given = {
        "base_image_url": f"{INPUT}/base.png",
        "mask_image_url": f"{INPUT}/mask.png",
        "face_prompt": "young",
    }
    prompt = "a woman in a park"
    return System(
        name,
        {"prompt": prompt, "parameters": {**given, "short_side_size": side}},
        f"{AIGC}/virtualmodel/generation",
        {
            "input": {"prompt": prompt, **given},
            "parameters": {"short_side_size": side, "n": 1},
        },
        {"results": [{"url": f"{OSS}/a.png"}]},
        [(1, "")],
    )


TOOLS = [
    _virtual_model("wanx-virtualmodel", "512"),
    _virtual_model("virtualmodel-v2", "1024"),
    System(
        "shoemodel-v1",
        {
            "prompt": "",
            "parameters": {
                "template_image_url": f"{INPUT}/legs.png",
                "shoe_image_url": [f"{INPUT}/left.png", f"{INPUT}/right.png"],
                "scale": 5.0,
            },
        },
        f"{AIGC}/virtualmodel/generation",
        {
            "input": {
                "template_image_url": f"{INPUT}/legs.png",
                "shoe_image_url": [f"{INPUT}/left.png", f"{INPUT}/right.png"],
            },
            "parameters": {"scale": 5.0, "n": 1},
        },
        {"results": [{"url": f"{OSS}/a.png"}]},
        [(1, "")],
    ),
    System(
        "image-out-painting",
        {"prompt": "", "parameters": {"image_url": f"{INPUT}/a.jpg", "output_ratio": "16:9"}},
        f"{AIGC}/image2image/out-painting",
        {"input": {"image_url": f"{INPUT}/a.jpg"}, "parameters": {"output_ratio": "16:9"}},
        {"output_image_url": f"{OSS}/a.png"},
        [(1, "")],
    ),
    System(
        "image-instance-segmentation",
        {"prompt": "", "parameters": {"image_url": f"{INPUT}/a.jpg"}},
        f"{AIGC}/image2image/image-synthesis",
        {"input": {"image_url": f"{INPUT}/a.jpg"}, "parameters": {}},
        {"output_image_url": f"{OSS}/mask.png", "output_vis_image_url": f"{OSS}/vis.png"},
        [(1, ""), (1, "overlay")],
    ),
    System(
        "image-erase-completion",
        {
            "prompt": "",
            "parameters": {
                "image_url": f"{INPUT}/a.jpg",
                "mask_url": f"{INPUT}/m.png",
                "add_watermark": False,
            },
        },
        f"{AIGC}/image2image/image-synthesis",
        {
            "input": {"image_url": f"{INPUT}/a.jpg", "mask_url": f"{INPUT}/m.png"},
            "parameters": {"add_watermark": False},
        },
        {"output_image_url": f"{OSS}/a.png"},
        [(1, "")],
    ),
    System(
        "wanx-poster-generation-v1",
        {
            "prompt": "灯笼，小猫",
            "n": 2,
            "parameters": {"title": "春节快乐", "wh_ratios": "竖版", "lora_name": "童话油画"},
        },
        f"{AIGC}/text2image/image-synthesis",
        {
            "input": {
                "generate_mode": "generate",
                "prompt_text_zh": "灯笼，小猫",
                "title": "春节快乐",
                "wh_ratios": "竖版",
                "lora_name": "童话油画",
                "generate_num": 2,
            },
            "parameters": {},
        },
        {
            "render_urls": [f"{OSS}/r1.png", f"{OSS}/r2.png"],
            "bg_urls": [f"{OSS}/b1.png", f"{OSS}/b2.png"],
            "auxiliary_parameters": ["opaque-1", "opaque-2"],
        },
        [(1, ""), (1, "background"), (2, ""), (2, "background")],
        {"auxiliary_parameters": ["opaque-1", "opaque-2"]},
    ),
    System(
        "wordart-texture",
        {
            "prompt": "水果",
            "parameters": {"text": "文字创意", "texture_style": "material", "alpha_channel": False},
        },
        f"{AIGC}/wordart/texture",
        {
            "input": {
                "prompt": "水果",
                "text": {"text_content": "文字创意"},
                "texture_style": "material",
            },
            "parameters": {"alpha_channel": False, "n": 1},
        },
        {"results": [{"url": f"{OSS}/a.png"}]},
        [(1, "")],
    ),
    System(
        "wordart-semantic",
        {
            "prompt": "水果，蔬菜",
            "n": 2,
            "parameters": {"text": "健康", "steps": 80, "output_image_ratio": "1280x720"},
        },
        f"{AIGC}/wordart/semantic",
        {
            "input": {"prompt": "水果，蔬菜", "text": "健康"},
            "parameters": {"steps": 80, "output_image_ratio": "1280x720", "n": 2},
        },
        {
            "results": [
                {"png_url": f"{OSS}/a.png", "svg_url": f"{OSS}/a.svg"},
                {"code": "InternalError.Algo", "message": "no"},
            ]
        },
        [(1, ""), (1, "svg")],
    ),
    System(
        "wordart-surnames",
        {"prompt": "", "parameters": {"surname": "王", "style": "fantasy_pavilion"}},
        f"{AIGC}/wordart/surnames",
        {"input": {"surname": "王", "style": "fantasy_pavilion"}, "parameters": {"n": 1}},
        {"results": [{"url": f"{OSS}/a.png"}]},
        [(1, "")],
    ),
]
