"""Style packs as a file has them, and what they do to a prompt."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.recipe import Recipe
from schemas.style_pack import StylePack, nearest_to_the_row


def pack(**table: Any) -> StylePack:
    return StylePack.model_validate(table)


def test_what_is_no_key_of_a_pack_is_a_field_with_a_value() -> None:
    found = pack(prefix="p", 尺寸="1024x1024", n=2, Style="anime", prompt_extend=True)
    assert (found.prefix, found.values) == (
        "p",
        {"n": "2", "prompt_extend": "true", "size": "1024x1024", "style": "anime"},
    )


def test_a_pack_comes_back_from_a_document() -> None:
    found = pack(prefix="p", words={"light": "soft"}, size="1024x1024")
    assert StylePack.model_validate_json(found.model_dump_json()) == found


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ({"size": "a", "尺寸": "b"}, "size is said twice; the second time as 尺寸"),
        ({"size": ""}, "size must not be empty"),
        ({"seed": float("nan")}, "seed must be a text, a number, true, false, or a list"),
        ({"prefix": 5}, "valid string"),
        ({"words": "soft"}, "valid dictionary"),
    ],
)
def test_a_pack_that_is_none_says_why(table: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        pack(**table)


@pytest.mark.parametrize(
    ("prefix", "prompt", "suffix", "whole"),
    [
        ("", "a mug", "", "a mug"),
        ("photo of", "a mug", "on oak", "photo of a mug on oak"),
        ("photo of ", "a mug", ", on oak", "photo of a mug, on oak"),
        ("商品摄影，", "一只杯子", "，柔光", "商品摄影，一只杯子，柔光"),
        ("摄影", "杯子", "白底", "摄影杯子白底"),
        ("photo:", "杯子", "8k", "photo:杯子8k"),
        ("café", "émail", "", "café émail"),
    ],
)
def test_words_do_not_run_together_and_nothing_else_is_added(
    prefix: str, prompt: str, suffix: str, whole: str
) -> None:
    assert pack(prefix=prefix, suffix=suffix).around(prompt) == whole


@given(st.text(max_size=20), st.text(min_size=1, max_size=20), st.text(max_size=20))
def test_a_prompt_stands_whole_between_its_prefix_and_suffix(
    prefix: str, prompt: str, suffix: str
) -> None:
    whole = pack(prefix=prefix, suffix=suffix).around(prompt)
    assert prompt.strip() in whole
    assert len(whole) <= len(prefix) + len(prompt) + len(suffix) + 2


def test_the_nearest_to_the_row_wins() -> None:
    own, usual = pack(size="own", n=1), pack(size="usual", style="usual", seed=3)
    said = {"size": "said", "style": "said"}
    assert nearest_to_the_row(own, usual, said) == {"size": "own", "n": "1", "style": "said"}
    assert nearest_to_the_row(None, usual, said) == {"size": "said", "style": "said", "seed": "3"}
    assert nearest_to_the_row(None, None, said) == said


def test_a_recipe_knows_what_held_for_a_row() -> None:
    recipe = Recipe(
        style_pack="usual", style_packs={"usual": pack(size="usual"), "own": pack(n=1, prefix="p")}
    )
    assert recipe.unsaid(None, {"seed": "1"}) == {"size": "usual", "seed": "1"}
    assert recipe.unsaid("own", {"seed": "1"}) == {"n": "1", "seed": "1"}
    assert recipe.pack_values == {"size", "n"}
    assert recipe.writes_prompts
    assert not Recipe(style_packs={"own": pack(n=1)}).writes_prompts
    assert Recipe(template="prompt.j2", template_sha256="0" * 64).writes_prompts
