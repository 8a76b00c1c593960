"""What a template sees of a row, where it counts, and how pictures are named."""

from __future__ import annotations

import pytest

from producer.column_names import column_names
from producer.errors import ManifestError
from schemas.catalogue import catalogue
from schemas.fields import resolve
from tests.producer.worded import faults, judged, packs_of, worded

TABLE = "商品编码,Product Name,Größe (cm),颜色\nA-1, mug ,12,鼠尾草绿\n"


@pytest.mark.parametrize(
    ("template", "prompt"),
    [
        ("{{ product_name }}", "mug"),
        ("{{ 颜色 }}", "鼠尾草绿"),
        ("{{ row['Größe (cm)'] }} cm", "12 cm"),
        ("{{ row['Product Name'] }}", "mug"),
        ("{{ 商品编码 }} {{ id }}", "A-1 A-1"),
    ],
)
def test_a_column_goes_by_its_name_its_plain_name_and_its_field(template: str, prompt: str) -> None:
    assert worded(TABLE, template)[0].prompt == prompt


def test_what_can_be_written_is_listed_as_it_is_written() -> None:
    columns = ("商品编码", "Product Name", "Größe (cm)", "class")
    there = column_names(columns, resolve(columns, ()))
    assert there.listed == ("商品编码", "product_name", 'row["Größe (cm)"]', "class")
    assert there.there_is_no("row['x']") == "there is no row['x']"


def test_what_a_form_notes_beside_a_name_need_not_be_written() -> None:
    table = "*商品编码,品名（必填）,颜色*,颜色\nA-1,杯子,红,绿\n"
    assert worded(table, "{{ 颜色 }}{{ 品名 }}")[0].prompt == "绿杯子"
    columns = ("品名（必填）", "Size (cm)")
    assert column_names(columns, resolve(columns, ())).listed == ("品名", 'row["Size (cm)"]')


def test_of_very_many_columns_the_first_are_listed() -> None:
    columns = tuple(f"c{number}" for number in range(40))
    assert column_names(columns, resolve(columns, ())).there_is().endswith("c29 and 10 more")


def test_a_column_named_row_is_a_column() -> None:
    assert worded("id,row\n1,seven\n", "{{ row }}")[0].prompt == "seven"


def test_a_prompt_column_is_one_of_the_ingredients() -> None:
    table = "id,prompt\n1,a cup\n2,\n"
    jobs = worded(table, "{{ prompt|default('something') }} on oak")
    assert [job.prompt for job in jobs] == ["a cup on oak", "something on oak"]
    assert jobs[0].row == {"id": "1", "prompt": "a cup"}


def test_a_model_that_takes_no_prompt_has_no_template_either() -> None:
    none = next(model for model in catalogue() if model.prompt == "none")
    found = judged(f"id,model\n1,{none.provider}:{none.name}\n", "{{ id }}", sets=())
    told = [str(problem) for problem in getattr(found[0], "problems", ())]
    assert not [line for line in told if "prompt" in line.split(":")[0]]


def test_a_templates_prompt_is_measured_like_any_other() -> None:
    model = next(
        model
        for model in catalogue()
        if not model.prompt_cut and model.prompt_limit and model.prompt_unit == "characters"
    )
    content = f"id,model\n1,{model.provider}:{model.name}\n"
    told = faults(content, f"{{{{ 'x' * {model.prompt_limit + 1} }}}}", sets=())
    assert any(
        f"the prompt has {model.prompt_limit + 1:,} characters; {model.name} takes at most" in line
        for line in told
    )


def test_every_fault_of_a_row_is_told_beside_the_templates() -> None:
    told = faults("id,n,w\n1,9,x\n", "{{ w|int }}")
    assert len(told) == 2
    assert told[0] == 'line 2: prompt.j2, line 1: "x" is no whole number'
    assert told[1].startswith('line 2, column n: "9"')


def test_pictures_are_named_by_a_template() -> None:
    table = "sku,brand,prompt\nA 1,Acme/Co,a cup\nB,,a jug\n"
    jobs = worded(table, naming="{{ brand|default('own') }}-{{ id }}")
    assert [(job.id, job.name) for job in jobs] == [("A 1", "Acme-Co-A-1"), ("B", "own-B")]


def test_names_without_a_template_are_made_of_the_ids() -> None:
    assert [job.name for job in worded("sku,prompt\nA 1,a cup\n")] == ["A-1"]


@pytest.mark.parametrize(
    ("naming", "told"),
    [
        ("{{ brand }}", ['line 4, column sku: "C" would have the same file name as line 2 (ACME); let the template for names say more']),
        ("{{ note }}", ["line 2: the template for names gives none", "line 3: the template for names gives none", "line 4: the template for names gives none"]),
        ("{{ brand|int }}", [f'line {line}: --name, line 1: "{brand}" is no whole number' for line, brand in ((2, "Acme"), (3, "Bolt"), (4, "ACME"))]),
    ],
)  # fmt: skip
def test_a_name_that_is_none_or_anothers_is_a_problem(naming: str, told: list[str]) -> None:
    table = "sku,brand,note,prompt\nA,Acme,,a cup\nB,Bolt,,a jug\nC,ACME,,a pot\n"
    assert faults(table, naming=naming) == told


def test_the_same_id_twice_is_told_whatever_the_names() -> None:
    table = "sku,view,prompt\nA,front,a cup\nA,side,a cup\n"
    assert faults(table, naming="{{ id }}-{{ view }}") == [
        'line 3, column sku: "A" is the same id as line 2'
    ]


def test_a_name_for_pictures_must_be_made_of_what_there_is() -> None:
    with pytest.raises(ManifestError, match="--name, line 1: there is no brnd; did you mean brand"):
        worded("sku,brand,prompt\nA,Acme,a cup\n", naming="{{ brnd }}")


def test_the_words_of_a_pack_are_there_for_templates() -> None:
    packs = packs_of('[dawn.words]\nlight = "soft morning light"\n[plain]\n', "plain")
    table = "id,style_pack\n1,dawn\n2,\n"
    jobs = worded(
        table, "a cup{% if pack.light is defined %}, {{ pack.light }}{% endif %}", packs=packs
    )
    assert [job.prompt for job in jobs] == ["a cup, soft morning light", "a cup"]
    assert faults(table, "{{ pack.ligth }}", packs=packs) == [
        "line 2: prompt.j2, line 1: there is no ligth in it (it has: light); did you mean light?",
        "line 3: prompt.j2, line 1: there is no ligth in it (it has: nothing)",
    ]
    with pytest.raises(ManifestError, match="there is no pack"):
        worded("id\n1\n", "{{ pack.light }}")
