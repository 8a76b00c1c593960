from __future__ import annotations

import pytest

from schemas.fields import ALIASES, SPARE, normal_name, resolve
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
    first = pair.split("'")[1]
    name = pair.rsplit(maxsplit=1)[-1]
    said = f"{name}={first}" if first.isascii() else f"'{name}={first}'"
    assert clash == f"{pair}; rename or remove one, or say which it is: --map {said}"


def test_in_json_lines_a_clash_is_the_rows_own() -> None:
    good = '{"id": 1, "prompt": "cup", "model": "wanx-v1"}\n'
    clash = '{"sku": 2, "custom_id": 3, "prompt": "cup", "model": "wanx-v1"}\n'
    assert complaints(good + clash) == [
        "line 2: columns 'sku' and 'custom_id' both mean id; rename or remove one,"
        " or say which it is: --map id=sku"
    ]


def test_the_row_keeps_all_columns_in_order_and_untouched() -> None:
    (job,) = jobs(" Brand ,SKU,Prompt,尺寸\n x ,A-1, cup ,1024×1024\n", "wanx-v1")
    assert list(job.row.items()) == [
        ("Brand", " x "),
        ("SKU", "A-1"),
        ("Prompt", " cup "),
        ("尺寸", "1024×1024"),
    ]


@pytest.mark.parametrize(
    ("column", "meaning"),
    [
        ("*提示词", "prompt"),
        ("提示词（必填）", "prompt"),
        ("Seed (optional)", "seed"),
        ("数量【选填】", "n"),
    ],
)
def test_what_a_form_writes_beside_a_name_is_no_part_of_it(column: str, meaning: str) -> None:
    assert resolve([column], PARAMETERS).columns == {meaning: column}


def test_a_note_that_changes_the_meaning_is_part_of_the_name() -> None:
    assert resolve(["尺寸(cm)", "Size (EU)"], PARAMETERS).columns == {}


@pytest.mark.parametrize(
    ("column", "meaning"),
    [("货号", "id"), ("Barcode", "id"), ("qty", "n"), ("画面描述", "prompt"), ("随机种子", "seed")],
)
def test_a_spare_name_means_a_field_where_no_other_column_does(column: str, meaning: str) -> None:
    assert resolve([column, "brand"], PARAMETERS).columns == {meaning: column}


def test_a_spare_name_gives_way_wherever_it_stands() -> None:
    header = ["条码", "货号", "sku", "qty", "count", "描述", "提示词"]
    fields = resolve(header, PARAMETERS)
    assert fields.columns == {"id": "sku", "n": "count", "prompt": "提示词"}
    assert fields.clash is None


def test_two_spare_names_of_one_field_are_an_error() -> None:
    clash = resolve(["条码", "货号", "prompt"], PARAMETERS).clash
    assert clash is not None
    assert clash.startswith("columns '条码' and '货号' both mean id")


@pytest.mark.parametrize(
    ("header", "said", "meant"),
    [
        (
            ["编码X", "文案X"],
            {"id": "编码x", "prompt": " 文案X "},
            {"id": "编码X", "prompt": "文案X"},
        ),
        (["id", "sku", "prompt"], {"id": "SKU"}, {"id": "sku", "prompt": "prompt"}),
        (["id", "size", "提示词"], {"prompt": "size"}, {"id": "id", "prompt": "size"}),
        (["id", "size", "prompt"], {"size": ""}, {"id": "id", "prompt": "prompt"}),
        (["id", "尺寸", "size"], {"size": "尺寸"}, {"id": "id", "size": "尺寸"}),
        (["id", "steps"], {"seed": "steps"}, {"id": "id", "seed": "steps"}),
        (["id", "-"], {"size": ""}, {"id": "id"}),
    ],
)
def test_what_is_said_of_a_column_counts_before_its_name(
    header: list[str], said: dict[str, str], meant: dict[str, str]
) -> None:
    fields = resolve(header, PARAMETERS, said)
    assert fields.columns == meant
    assert fields.clash is None


def test_no_name_is_spare_and_plain_at_once() -> None:
    plain = [name for names in ALIASES.values() for name in names]
    spare = [name for names in SPARE.values() for name in names]
    assert len({*plain, *spare}) == len(plain) + len(spare)
    assert [name for name in (*plain, *spare) if normal_name(name) != name] == []
