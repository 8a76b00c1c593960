"""People, posters and letters: each system's request is the one its document prints.

What is ordered here is written as a cell of a table would have it.
"""

from __future__ import annotations

import pytest

from schemas.catalogue import catalogue
from tests.schemas.ordering import CAT, DOG, MASK, Row, ordered

FACELORA = [{"resource_id": "women_model", "resource_type": "facelora"}]

PEOPLE = [
    Row(
        "wanx-style-cosplay-v1",
        {"face_image_url": CAT, "template_image_url": DOG},
        {"input": {"model_index": 1, "face_image_url": CAT, "template_image_url": DOG}},
    ),
    Row(
        "wanx-style-repaint-v1",
        {"image_url": CAT, "style_index": "0"},
        {"input": {"image_url": CAT, "style_index": 0}},
    ),
    Row(
        "wanx-style-repaint-v1",
        {"image_url": CAT, "style_index": "-1", "style_ref_url": DOG},
        {"input": {"image_url": CAT, "style_index": -1, "style_ref_url": DOG}},
    ),
    Row(
        "facechain-facedetect",
        {"images": f"{CAT} | {DOG}"},
        {"input": {"images": [CAT, DOG]}, "parameters": {}},
    ),
    Row("facechain-finetune", {"images": [CAT, DOG]}, {"input": {"images": [CAT, DOG]}}),
    Row(
        "facechain-generation",
        {
            "style": "f_idcard_female",
            "size": "768x1024",
            "resources": '[{"resource_id": "women_model", "resource_type": "facelora"}]',
        },
        {
            "parameters": {"style": "f_idcard_female", "size": "768*1024", "n": 4},
            "resources": FACELORA,
        },
        n=4,
    ),
    Row(
        "facechain-generation",
        {
            "style": "train_free_portrait_url_template",
            "template_url": MASK,
            "user_urls": f"{CAT}|{DOG}",
            "skin_retouch": "off",
        },
        {
            "input": {"template_url": MASK, "user_urls": [CAT, DOG]},
            "parameters": {
                "style": "train_free_portrait_url_template",
                "n": 1,
                "skin_retouch": False,
            },
        },
    ),
    Row(
        "wanx-virtualmodel",
        {
            "base_image_url": CAT,
            "mask_image_url": MASK,
            "face_prompt": "年轻女子,面容姣好,最高品质",
            "short_side_size": 512,
        },
        {
            "input": {
                "base_image_url": CAT,
                "mask_image_url": MASK,
                "prompt": "一名年轻女子,身穿白色短裤",
                "face_prompt": "年轻女子,面容姣好,最高品质",
            },
            "parameters": {"short_side_size": "512", "n": 2},
        },
        "一名年轻女子,身穿白色短裤",
        n=2,
    ),
    Row(
        "virtualmodel-v2",
        {
            "base_image_url": CAT,
            "mask_image_url": MASK,
            "face_prompt": "good face, beautiful face, best quality.",
            "background_image_url": DOG,
            "bgstyle_scale": 0.7,
            "real_person": "false",
            "aspect_ratio": "3:4",
            "short_side_size": "1024",
        },
        {
            "input": {
                "base_image_url": CAT,
                "mask_image_url": MASK,
                "prompt": "A woman stands on a rural road",
                "face_prompt": "good face, beautiful face, best quality.",
                "background_image_url": DOG,
                "bgstyle_scale": 0.7,
                "realPerson": False,
                "aspect_ratio": "3:4",
            },
            "parameters": {"short_side_size": "1024", "n": 1},
        },
        "A woman stands on a rural road",
    ),
    Row(
        "shoemodel-v1",
        {"template_image_url": CAT, "shoe_image_url": DOG, "scale": "5"},
        {
            "input": {"template_image_url": CAT, "shoe_image_url": [DOG]},
            "parameters": {"n": 1, "scale": 5.0},
        },
    ),
]

LETTERING = [
    Row(
        "wanx-poster-generation-v1",
        {
            "title": "春节快乐",
            "sub_title": "家庭团聚,共享天伦之乐",
            "body_text": "春节是中国最重要的传统节日之一,它象征着新的开始和希望",
            "wh_ratios": "竖版",
            "lora_name": "童话油画",
            "lora_weight": 0.8,
            "ctrl_ratio": 0.7,
            "ctrl_step": 0.7,
        },
        {
            "input": {
                "title": "春节快乐",
                "sub_title": "家庭团聚,共享天伦之乐",
                "body_text": "春节是中国最重要的传统节日之一,它象征着新的开始和希望",
                "prompt_text_zh": "灯笼,小猫,梅花",
                "wh_ratios": "竖版",
                "lora_name": "童话油画",
                "lora_weight": 0.8,
                "ctrl_ratio": 0.7,
                "ctrl_step": 0.7,
                "generate_mode": "generate",
                "generate_num": 1,
            },
            "parameters": {},
        },
        "灯笼,小猫,梅花",
    ),
    Row(
        "wanx-poster-generation-v1",
        {
            "title": "抽象艺术家",
            "prompt_text_en": "futuristic city",
            "generate_mode": "SR",
            "auxiliary_parameters": "opaque",
            "creative_title_layout": "yes",
        },
        {
            "input": {
                "title": "抽象艺术家",
                "prompt_text_en": "futuristic city",
                "generate_mode": "sr",
                "auxiliary_parameters": "opaque",
                "creative_title_layout": True,
                "generate_num": 1,
            },
            "parameters": {},
        },
    ),
    Row(
        "wordart-texture",
        {
            "text": "艺术字",
            "font_name": "dongfangdakai",
            "output_image_ratio": "16:9",
            "texture_style": "material",
            "image_short_size": 704,
            "alpha_channel": False,
        },
        {
            "input": {
                "text": {
                    "text_content": "艺术字",
                    "font_name": "dongfangdakai",
                    "output_image_ratio": "16:9",
                },
                "prompt": "精美玉石",
                "texture_style": "material",
            },
            "parameters": {"image_short_size": 704, "n": 1, "alpha_channel": False},
        },
        "精美玉石",
    ),
    Row(
        "wordart-texture",
        {"image_url": CAT, "ref_image_url": DOG},
        {
            "input": {"image": {"image_url": CAT}, "prompt": "jade", "ref_image_url": DOG},
            "parameters": {"n": 2},
        },
        "jade",
        n=2,
    ),
    Row(
        "wordart-semantic",
        {
            "text": "桂林山水",
            "steps": 80,
            "font_name": "fangzhengkaiti",
            "output_image_ratio": "720*1280",
        },
        {
            "input": {"text": "桂林山水", "prompt": "山峦叠嶂、漓江蜿蜒、岩石奇秀"},
            "parameters": {
                "n": 1,
                "steps": 80,
                "font_name": "fangzhengkaiti",
                "output_image_ratio": "720x1280",
            },
        },
        "山峦叠嶂、漓江蜿蜒、岩石奇秀",
    ),
    Row(
        "wordart-surnames",
        {
            "surname": "赵",
            "style": "diy",
            "font_name": "gufeng3",
            "text_strength": 0.5,
            "text_inverse": "no",
        },
        {
            "input": {
                "text": {"font_name": "gufeng3", "text_strength": 0.5, "text_inverse": False},
                "surname": "赵",
                "style": "diy",
                "prompt": "中国水墨画,古代建筑,石阶,花",
            },
            "parameters": {"n": 1},
        },
        "中国水墨画,古代建筑,石阶,花",
    ),
]


@pytest.mark.parametrize("row", [*PEOPLE, *LETTERING], ids=lambda row: row.model)
def test_the_body_is_the_one_the_vendor_prints(row: Row) -> None:
    assert ordered(row, catalogue().find(row.model, "dashscope")) == row.body
