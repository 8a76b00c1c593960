from __future__ import annotations

import pytest

from schemas.fields import resolve
from tests.producer.manifests import complaints, jobs

PARAMETERS = frozenset({"size", "seed", "style", "steps"})


@pytest.mark.parametrize(
    ("column", "meaning"),
    [
        ("id", "id"),
        ("SKU", "id"),
        ("custom_id", "id"),
        ("Product ID", "id"),
        ("external-id", "id"),
        ("row_id", "id"),
        ("商品编码", "id"),
        (" Prompt ", "prompt"),
        ("提示词", "prompt"),
        ("文案", "prompt"),
        ("Description", "prompt"),
        ("Negative Prompt", "negative_prompt"),
        ("反向提示词", "negative_prompt"),
        ("尺寸", "size"),
        ("Count", "n"),
        ("output_count", "n"),
        ("num images", "n"),
        ("数量", "n"),
        ("风格", "style"),
        ("模型", "model"),
        ("PROVIDER", "provider"),
        ("Steps", "steps"),
    ],
)
def test_a_header_is_known_by_any_of_its_names(column: str, meaning: str) -> None:
    assert resolve([column, "brand"], PARAMETERS).columns == {meaning: column}


@pytest.mark.parametrize(
    ("header", "meant"),
    [
        (["sku", "id", "custom_id"], {"id": "id"}),
        (["description", "prompt"], {"prompt": "prompt"}),
        (["n", "count"], {"n": "n"}),
        (["size", "尺寸"], {"size": "size"}),
    ],
)
def test_beside_a_fields_own_name_its_other_names_pass_through(
    header: list[str], meant: dict[str, str]
) -> None:
    fields = resolve(header, PARAMETERS)
    assert fields.columns == meant
    assert fields.clash is None


@pytest.mark.parametrize(
    ("header", "pair"),
    [
        ("sku,custom_id,prompt", "columns 'sku' and 'custom_id' both mean id"),
        ("id,提示词,文案", "columns '提示词' and '文案' both mean prompt"),
        ("id,prompt,count,数量", "columns 'count' and '数量' both mean n"),
    ],
)
def test_two_columns_of_one_meaning_are_an_error_naming_both(header: str, pair: str) -> None:
    clash = resolve(header.split(","), PARAMETERS).clash
    assert clash is not None
    assert clash == f"{pair}; rename or remove one"


def test_in_json_lines_a_clash_is_the_rows_own() -> None:
    good = '{"id": 1, "prompt": "cup", "model": "wanx-v1"}\n'
    clash = '{"sku": 2, "custom_id": 3, "prompt": "cup", "model": "wanx-v1"}\n'
    assert complaints(good + clash) == [
        "line 2: columns 'sku' and 'custom_id' both mean id; rename or remove one"
    ]


def test_the_row_keeps_all_columns_in_order_and_untouched() -> None:
    (job,) = jobs(" Brand ,SKU,Prompt,尺寸\n x ,A-1, cup ,1024×1024\n", "wanx-v1")
    assert list(job.row.items()) == [
        ("Brand", " x "),
        ("SKU", "A-1"),
        ("Prompt", " cup "),
        ("尺寸", "1024×1024"),
    ]
