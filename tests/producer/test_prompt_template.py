"""Prompts from columns: what a template may do, and what is said where it cannot."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.column_names import column_names
from producer.errors import ManifestError
from producer.prompt_template import MOST_BYTES, Template, TemplateFault, read_template
from producer.sandbox import MOST_CHARACTERS, MOST_ROUNDS
from schemas.fields import resolve
from tests.producer.worded import faults, worded

COLUMNS = ("sku", "Product Name", "colour", "width", "notes")
THERE = column_names(COLUMNS, resolve(COLUMNS, ()))
CELLS = {"sku": "A-1", "product_name": "mug", "colour": "sage", "width": "40", "notes": ""}


def rendered(text: str, **values: object) -> str:
    return Template("prompt.j2", text).render({**CELLS, **values}, THERE)


def fault(text: str, **values: object) -> str:
    with pytest.raises(TemplateFault) as caught:
        rendered(text, **values)
    return str(caught.value)


def refusal(text: str) -> str:
    with pytest.raises(ManifestError) as caught:
        Template("prompt.j2", text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "prompt"),
    [
        ("a {{ colour }} {{ product_name }}", "a sage mug"),
        ("一只{{ colour }}的杯子，商品摄影", "一只sage的杯子，商品摄影"),
        ("{{ colour|upper }} {{ colour|title }}", "SAGE Sage"),
        ("{{ colour.upper()[:2] }}", "SA"),
        ("{% if notes %}{{ notes }}{% else %}plain{% endif %}", "plain"),
        ("{{ notes|default('matte') }}", "matte"),
        ("{{ finish|default('matte') }}", "matte"),
        ("{{ 'shiny' if finish is defined else 'dull' }}", "dull"),
        ("{{ 'shiny' if notes }}", ""),
        ("{% set size = width|int * 2 %}{{ size }} cm", "80 cm"),
        ("{{ (width|float / 3)|round(1) }}", "13.3"),
        ("{{ width|int + 2 }}", "42"),
        ("{% for c in 'red|blue'.split('|') %}{{ loop.index }}:{{ c }} {% endfor %}", "1:red 2:blue"),
        ("{{ ['a', notes, colour]|select|join(', ') }}", "a, sage"),
        ("{{ {'sage': '鼠尾草绿'}[colour] }}", "鼠尾草绿"),
        ("{{ 'a' ~ colour ~ 1 }}", "asage1"),
        ("{{ colour|replace('sage', 'green') }}", "green"),
        ("{% if colour in ['sage', 'teal'] %}cool{% endif %}", "cool"),
        ("{# why #}a mug", "a mug"),
        ("{{ 2 > 1 }} {{ 1.5 }}", "true 1.5"),
        ("{{ '<b>' }} & 'x'", "<b> & 'x'"),
    ],
)  # fmt: skip
def test_a_template_says_what_it_says_in_jinja(text: str, prompt: str) -> None:
    assert rendered(text) == prompt


def test_a_template_over_several_lines_is_one_prompt() -> None:
    text = "a {{ colour }} mug,\n\n{% if notes %}\n  {{ notes }},\n{% endif %}\n  on oak  \n"
    assert rendered(text) == "a sage mug, on oak"


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_a_cell_is_data_whatever_stands_in_it(cell: str) -> None:
    """Nothing in a cell is a template, nor escaped."""
    assert rendered("{{ colour }}", colour=cell) == " ".join(cell.split())


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a\nmug, {{ colou }}", "prompt.j2, line 2: there is no colou; did you mean colour? There is: sku, product_name, colour, width, notes"),
        ("{% if zzz %}x{% endif %}", "prompt.j2, line 1: there is no zzz. There is: sku,"),
        ("{{ zzz.upper() }}", "prompt.j2, line 1: there is no zzz."),
        ("{{ zzz() }}", "prompt.j2, line 1: there is no zzz."),
        ("{% for x in zzz %}{% endfor %}", "prompt.j2, line 1: there is no zzz."),
        ("{{ [zzz]|join }}", "prompt.j2, line 1: there is no zzz."),
        ("{{ 'a' ~ zzz }}", "prompt.j2, line 1: there is no zzz."),
        ("{{ 'a' + zzz }}", "prompt.j2, line 1: there is no zzz."),
        ("\n\n{{ width + 2 }}", "prompt.j2, line 3: can only concatenate str"),
        ("{{ colour|int }}", 'prompt.j2, line 1: "sage" is no whole number'),
        ("{{ colour|float }}", 'prompt.j2, line 1: "sage" is no number'),
        ("{{ 1 / 0 }}", "prompt.j2, line 1: a number is divided by zero"),
        ("{{ ['a', 'b'] }}", "prompt.j2, line 1: this is a list; write {{ ...|join(', ') }}"),
        ("{{ {'a': 1} }}", "prompt.j2, line 1: this is a table, which is no text"),
        ("{{ range(3) }}", "prompt.j2, line 1: this is a list, which is no text"),
        ("{% for c in colour %}{{ c }}{% endfor %}", "prompt.j2, line 1: a loop goes through a list, and this is a text"),
        ("{{ colour|join(',') }}", "prompt.j2, line 1: join takes a list, and this is a text"),
        ("{{ {'a': 1}.b }}", "prompt.j2, line 1: there is no b in it (it has: a)"),
        ("{{ '%s' % colour }}", "prompt.j2, line 1: a text takes no %"),
        ("{{ colour.format() }}", "prompt.j2, line 1: a template may not use .format of a text"),
        ("{{ colour.nonsense }}", "prompt.j2, line 1: a text has no nonsense"),
    ],
)  # fmt: skip
def test_a_fault_names_the_line_and_what_there_is(text: str, sentence: str) -> None:
    assert fault(text).startswith(sentence)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a\n{{ colour", "prompt.j2, line 2: unexpected end of template"),
        ("{{ Product Name }}", "prompt.j2, line 1: expected token 'end of print statement', got 'Name'; a column with blanks in its name is written {{ product_name }}"),
        ("{% if a %}", "prompt.j2, line 1: Unexpected end of template"),
        ("{{ a|uper }}", "prompt.j2, line 1: there is no filter uper; did you mean upper?"),
        ("{% if x %}{{ a|uper }}{% endif %}", "prompt.j2, line 1: there is no filter uper; did you mean upper?"),
        ("{% if a is definde %}{% endif %}", "prompt.j2, line 1: there is no test definde; did you mean defined?"),
        ("{{ a|random }}", "prompt.j2, line 1: there is no filter random"),
        ("\n{% include 'other.j2' %}", "prompt.j2, line 2: a template has no {% include %}; it has {{ }}, if, for and set"),
        ("{% import 'a' as b %}", "prompt.j2, line 1: a template has no {% import %}"),
        ("{% extends 'a' %}", "prompt.j2, line 1: a template has no {% extends %}"),
        ("{% macro m() %}{% endmacro %}", "prompt.j2, line 1: a template has no {% macro %}"),
        ("{% set a %}x{% endset %}", "prompt.j2, line 1: a template has no {% endset %}"),
        ("{% filter upper %}x{% endfilter %}", "prompt.j2, line 1: a template has no {% filter %}"),
        ("{% autoescape true %}x{% endautoescape %}", "prompt.j2, line 1: a template has no {% autoescape %}"),
        ("{% for a in b recursive %}{% endfor %}", "prompt.j2, line 1: a loop may not be recursive"),
        ("{{ 2 ** 3 }}", "prompt.j2, line 1: a template has no **"),
    ],
)  # fmt: skip
def test_what_is_no_template_is_refused_before_any_row(text: str, sentence: str) -> None:
    assert refusal(text).startswith(sentence)


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__ }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ ''['__class__'] }}",
        "{{ row.__init__ }}",
        "{{ range.__globals__ }}",
        "{{ self.__init__ }}",
        "{{ loop.__class__ }}",
        "{{ cycler }}",
        "{{ lipsum() }}",
        "{{ namespace() }}",
        "{{ dict() }}",
        "{{ joiner() }}",
        "{{ ''|attr('__class__') }}",
        "{{ [].append(1) }}",
        "{{ {}.update({'a': 1}) }}",
        "{{ 'x'.format_map({}) }}",
        "{{ 'x'.encode() }}",
        "{{ 'x'.join(['a']) }}",
    ],
)
def test_nothing_leads_out_of_the_sandbox(text: str) -> None:
    with pytest.raises((TemplateFault, ManifestError)):
        rendered(text, row={"a": "b"})


@pytest.mark.parametrize(
    "text",
    [
        "{% for a in range(1000000000) %}x{% endfor %}",
        "{% for a in range(900) %}{% for b in range(900) %}{% endfor %}{% endfor %}",
        "{% for a in range(900) %}" + "x" * 9000 + "{% endfor %}",
        "{{ range(1000000000)|list }}",
        "{{ 'x' * 1000000000 }}",
        "{{ 1000000000 * 'x' }}",
        "{{ [1] * 1000000000 }}",
        "{{ 'x'.ljust(1000000000) }}",
        "{{ 'x'|center(1000000000) }}",
        "{{ 'x'|indent(1000000000) }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ '{:1000000000}'.format(1) }}",
        "{{ ''.zfill(1000000000) }}",
        "{{ 5|round(-1000000000) }}",
        "{{ 9999999999999999 * 9999999999999999 }}",
        "{% set s = 'xxxxxxxxxx' %}" + "{% set s = s ~ s %}" * 60 + "{{ s }}",
        "{% set s = 'xxxxxxxxxx' %}" + "{% set s = s + s %}" * 60 + "{{ s }}",
        "{% set s = 'xxxxxxxxxx' %}" + "{% set s = s|replace('x', s) %}" * 60 + "{{ s }}",
        "{% set s = ['x'] %}" + "{% set s = s + s %}" * 60 + "{{ s|length }}",
        "{% set s = ['x'] %}" + "{% set s = [s, s] %}" * 60 + "{{ s }}",
        "{% set s = {'a': 'x'} %}" + "{% set s = {'a': s, 'b': s} %}" * 60 + "{{ s }}",
        "{% set s = ('x', 'y') %}" + "{% set s = (s, s) %}" * 60 + "{{ s }}",
        "{{ ['x' * 9000, 'y' * 9000, 'z' * 9000]|join }}",
        "{{ ['x'] * 9000 |join('y' * 9000) }}",
        "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
        "{{ " + "9" * 5000 + " }}",
        "{% for a in b %}" * 30 + "{% endfor %}" * 30,
    ],
    ids=lambda text: text[:40],
)
def test_what_would_not_end_or_not_fit_is_stopped(text: str) -> None:
    with pytest.raises((TemplateFault, ManifestError)):
        rendered(text, b=["x"])


def test_the_limits_are_where_they_are_said_to_be() -> None:
    assert len(rendered(f"{{{{ 'x' * {MOST_CHARACTERS} }}}}")) == MOST_CHARACTERS
    assert fault(f"{{{{ 'x' * {MOST_CHARACTERS + 1} }}}}").endswith(
        "grows beyond 20,000 characters"
    )
    assert rendered(f"{{% for a in range({MOST_ROUNDS}) %}}{{% endfor %}}") == ""
    assert "1,000 times" in fault(
        f"{{% for a in [1] %}}{{% for b in range({MOST_ROUNDS}) %}}{{% endfor %}}{{% endfor %}}"
    )
    assert fault("{{ 'x' * 15000 }}{{ 'x' * 15000 }}") == (
        "prompt.j2: gives more than 20,000 characters"
    )


def test_each_row_has_all_rounds_before_it() -> None:
    template = Template("prompt.j2", "{% for a in range(900) %}{% endfor %}{{ colour }}")
    assert [template.render(CELLS, THERE) for _ in range(3)] == ["sage"] * 3


def test_a_template_comes_out_the_same_again() -> None:
    text = (
        "{% for c in ['b', 'a', 'c']|sort %}{{ c }}{% endfor %} {{ ['x', 'x', 'y']|unique|join }}"
    )
    assert {rendered(text) for _ in range(5)} == {"abc xy"}


def test_a_templates_file_may_begin_with_a_mark_and_end_lines_as_windows_does(
    tmp_path: Path,
) -> None:
    path = tmp_path / "prompt.j2"
    path.write_bytes("\ufeffa {{ colour }} mug,\r\non oak\r\n".encode())
    assert read_template(path).render(CELLS, THERE) == "a sage mug, on oak"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (None, "cannot be read: No such file or directory"),
        (
            "一只杯子\n{{ 颜色 }}".encode("gb18030"),
            "prompt.j2 is not UTF-8: line 1; save it as UTF-8",
        ),
        (b"x" * (MOST_BYTES + 1), "prompt.j2 is longer than 65,536 bytes; is it a template?"),
    ],
    ids=["missing", "gb18030", "long"],
)
def test_a_file_that_is_no_template_says_why(
    tmp_path: Path, data: bytes | None, sentence: str
) -> None:
    path = tmp_path / "prompt.j2"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(ManifestError) as caught:
        read_template(path)
    assert sentence in str(caught.value)


TABLE = "sku,Product Name,colour\nA,mug,sage\nB,jug,\n"


def test_a_name_that_no_row_will_have_is_told_once_before_any_row() -> None:
    with pytest.raises(ManifestError) as caught:
        worded(TABLE, "{{ product_nam }}\n{{ colour }} {{ size_cm }}")
    assert str(caught.value) == (
        "stdin: prompt.j2, line 1: there is no product_nam; did you mean product_name?"
        " line 2: there is no size_cm. There is: sku, product_name, colour"
    )


def test_rows_of_json_lines_may_lack_what_others_have() -> None:
    rows = [{"id": 1, "colour": "sage"}, {"id": 2, "color": "teal"}, {"id": 3, "colour": None}]
    content = "\n".join(map(json.dumps, rows))
    assert faults(content, "a {{ colour }} mug") == [
        "line 2: prompt.j2, line 1: there is no colour; did you mean color? There is: id, color"
    ]
    last = worded(json.dumps(rows[2]), "a {{ colour }} mug")[0]
    assert last.prompt == "a mug"


def test_a_template_that_says_nothing_is_a_problem_of_the_row() -> None:
    assert faults(TABLE, "{{ colour }}") == ["line 3: the template gives no prompt"]
