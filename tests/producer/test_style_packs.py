"""Style packs in a manifest: chosen by a column or for all, and checked before any row."""

from __future__ import annotations

from pathlib import Path

import pytest

from producer.errors import ManifestError, OptionError
from producer.style_packs import StylePacks, read_style_packs
from schemas.catalogue import catalogue
from tests.producer.worded import faults, packs_of, worded

PACKS = """
[studio]
prefix = "studio photograph of"
suffix = ", white background"
negative_prompt = "text, people"
style = "photography"
size = "1280x720"

[anime]
style = "anime"
"""
TABLE = "sku,prompt,style_pack,size\nA,a mug,studio,\nB,a jug,,\nC,a pot,anime,\nD,a cup,studio,720x1280\n"


def test_a_column_chooses_the_pack_and_its_own_cells_come_first() -> None:
    jobs = worded(TABLE, packs=packs_of(PACKS))
    assert [(job.prompt, job.negative_prompt, job.parameters) for job in jobs] == [
        (
            "studio photograph of a mug, white background",
            "text, people",
            {"size": "1280*720", "style": "<photography>"},
        ),
        ("a jug", None, {}),
        ("a pot", None, {"style": "<anime>"}),
        (
            "studio photograph of a cup, white background",
            "text, people",
            {"size": "720*1280", "style": "<photography>"},
        ),
    ]


def test_the_pack_for_all_is_for_rows_that_name_none() -> None:
    jobs = worded(TABLE, packs=packs_of(PACKS, "studio"))
    assert jobs[1].prompt == "studio photograph of a jug, white background"
    assert jobs[2].prompt == "a pot"
    assert jobs[2].parameters == {"style": "<anime>"}


def test_what_is_said_for_all_rows_beats_the_pack_for_all_but_not_a_rows_own() -> None:
    sets = ("model=wanx-v1", "style=sketch", "size=1024x1024")
    jobs = worded(TABLE, packs=packs_of(PACKS, "studio"), sets=sets)
    assert [job.parameters for job in jobs] == [
        {"size": "1280*720", "style": "<photography>"},
        {"size": "1024*1024", "style": "<sketch>"},
        {"size": "1024*1024", "style": "<anime>"},
        {"size": "720*1280", "style": "<photography>"},
    ]


def test_a_pack_goes_around_what_a_template_makes() -> None:
    (job,) = worded("sku\nA\n", "a {{ sku }}", packs=packs_of(PACKS, "studio"))
    assert job.prompt == "studio photograph of a A, white background"


def test_a_pack_may_name_the_model() -> None:
    packs = packs_of('[fast]\nmodel = "flux-schnell"\n[fine]\nmodel = "wanx-v1"\n')
    table = "sku,prompt,style_pack\nA,a mug,fast\nB,a jug,fine\n"
    assert [job.lane for job in worded(table, packs=packs, sets=())] == [
        "dashscope:flux-schnell@default",
        "dashscope:wanx-v1@default",
    ]


def test_a_value_the_model_lacks_is_not_applied() -> None:
    (job,) = worded(
        "sku,prompt\nA,a mug\n", packs=packs_of(PACKS, "anime"), sets=("model=flux-schnell",)
    )
    assert job.parameters == {}


def test_a_value_that_does_not_suit_a_row_names_the_pack() -> None:
    told = faults("sku,prompt\nA,a mug\n", packs=packs_of('[odd]\nsize = "512x512"\n', "odd"))
    assert told == [
        'line 2, column style pack odd, size: "512x512" must be one of'
        " 1024*1024, 720*1280, 768*1152, 1280*720"
    ]


def test_a_pack_there_is_not_is_a_problem_of_its_row() -> None:
    table = "sku,prompt,style_pack\nA,a mug,studo\nB,a jug,zzz\nC,a pot,studio\n"
    assert faults(table, packs=packs_of(PACKS)) == [
        'line 2, column style_pack: "studo" is no style pack; did you mean studio?',
        'line 3, column style_pack: "zzz" is no style pack; there are: studio, anime',
    ]
    assert faults(table) == [
        f'line {line}, column style_pack: "{name}" names a style pack, and there are none;'
        " say --style-packs FILE"
        for line, name in ((2, "studo"), (3, "zzz"), (4, "studio"))
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[a]\nsizes = "1x1"', "style pack a, sizes: no model has such a parameter; did you mean size?"),
        ('[a]\nsufix = "x"', "style pack a, sufix: no model has such a parameter; did you mean suffix?"),
        ('[a]\nsize = "9x9"', 'style pack a, size: "9x9" suits no model'),
        ('[a]\nmodel = "wanx-v2"', 'style pack a, model: "wanx-v2" is no known model; did you mean wanx-v1?'),
        ('[a]\nsku = "1"', "style pack a, id: every row needs an id of its own"),
        ('[a]\nstyle_pack = "b"', "style pack a, style_pack: say --style-pack NAME"),
    ],
)  # fmt: skip
def test_what_no_model_takes_is_refused_before_any_row(text: str, sentence: str) -> None:
    with pytest.raises(OptionError) as caught:
        packs_of(text)
    assert str(caught.value).startswith(sentence)


def test_a_pack_for_all_must_be_there() -> None:
    with pytest.raises(OptionError, match='--style-pack: "studo" is no style pack; did you mean'):
        packs_of(PACKS, "studo")
    with pytest.raises(OptionError, match="there are none; say --style-packs FILE"):
        StylePacks({}, "studio").check(catalogue())


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('prefix = "x"', "packs.toml: prefix stands outside of a pack"),
        ("[a\n", "packs.toml is no TOML: Expected ']'"),
        ("[a]\nwords = 5", "packs.toml, [a]: words: Input should be a valid dictionary"),
        ('[a]\nsize = "x"\n"尺寸" = "y"', "packs.toml, [a]: size is said twice; the second time as 尺寸"),
        ("[a]\ndate = 2026-01-01", "packs.toml, [a]: date must be a text"),
    ],
)  # fmt: skip
def test_a_file_that_holds_no_packs_says_why(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "packs.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ManifestError) as caught:
        read_style_packs(path)
    assert str(caught.value).startswith(sentence)


def test_a_file_of_packs_may_be_chinese_and_begin_with_a_mark(tmp_path: Path) -> None:
    path = tmp_path / "packs.toml"
    path.write_text('\ufeff["棚拍"]\nsuffix = "，白底"\n', encoding="utf-8")
    assert read_style_packs(path)["棚拍"].around("杯子") == "杯子，白底"
    path.write_bytes('["棚拍"]\n'.encode("gb18030"))
    with pytest.raises(ManifestError, match="is not UTF-8: line 1; save it as UTF-8"):
        read_style_packs(path)
