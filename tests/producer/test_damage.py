"""What a spreadsheet has done to a row is named; what people write is left alone."""

from __future__ import annotations

import pytest

from producer.checking import Bad, Good
from producer.row import Kind, Odd, Row
from tests.producer.manifests import checker, complaints, validated
from tests.producer.worded import faults


def checked(odd: dict[str, Odd] | None = None, /, **cells: object) -> Good | Bad:
    row = {"sku": "A1", "prompt": "a cup", "barcode": "", "note": "", "size": "", **cells}
    return checker("wanx-v1").check(Row(7, tuple(row), row, odd=odd))


def problems(found: Good | Bad) -> list[str]:
    return [str(problem) for problem in found.problems] if isinstance(found, Bad) else []


def cautions(found: Good | Bad) -> list[str]:
    assert isinstance(found, Good), problems(found)
    return [str(caution) for caution in found.cautions]


@pytest.mark.parametrize(
    "code", ["6.90123E+12", "6,90123E+12", "1E+05", "6.90123e+12", " 7.0E-03 "]
)
def test_a_number_cut_short_is_no_id(code: str) -> None:
    (said,) = problems(checked(sku=code))
    assert said.startswith(f'line 7, column sku: "{code}" is a number Excel has shortened')
    (warned,) = cautions(checked(barcode=code))
    assert warned.startswith(f'line 7, barcode: "{code}" is a number Excel has shortened')


@pytest.mark.parametrize(
    "code", ["12E5", "1E3-RED", "E+12", "6.5", "CUP-1E+05", "0E", "5-MAYA", "3E-21", "1E+5"]
)
def test_an_id_that_only_looks_a_little_like_a_number_is_one(code: str) -> None:
    assert cautions(checked(sku=code, barcode=code)) == []


@pytest.mark.parametrize(
    "code",
    [
        "3-May",
        "05-Mar-26",
        "MAR-01",
        "2026/3/5",
        "2026-03-05 00:00:00",
        "3/5/2026",
        "5月3日",
        "2026年3月",
    ],
)
def test_an_id_like_a_date_is_asked_about(code: str) -> None:
    (said,) = cautions(checked(sku=code))
    assert said == (
        f'line 7, sku: "{code}" reads like a date that Excel has made of something else;'
        " is it right?"
    )


@pytest.mark.parametrize(("code", "words"), [("690123.0", "ends in .0"), ("TRUE", "a yes or no")])
def test_an_id_like_other_things_programs_make_is_asked_about(code: str, words: str) -> None:
    (said,) = cautions(checked(sku=code))
    assert words in said


@pytest.mark.parametrize("code", ["2026-AUTUMN", "12-345", "A-3/5", "MAY", "3.0", "10月新品"])
def test_an_id_with_a_month_or_a_stroke_is_one(code: str) -> None:
    assert cautions(checked(sku=code)) == []


@pytest.mark.parametrize(
    "error",
    ["#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#####"],
)
def test_an_error_value_is_never_ordered(error: str) -> None:
    for column in ("sku", "prompt", "size"):
        (said,) = problems(checked(**{column: error}))
        assert said.startswith(f'line 7, column {column}: "{error}" is an error of the spreadsheet')
    (warned,) = cautions(checked(note=error))
    assert warned.startswith(f'line 7, note: "{error}" is an error of the spreadsheet')


@pytest.mark.parametrize("text", ["#1 cup", "a #N/A badge", "#WOW!", "#red", "# title", "C#"])
def test_other_words_with_a_hash_are_words(text: str) -> None:
    assert cautions(checked(prompt=text, note=text)) == []


def test_a_misread_prompt_is_refused_with_no_more_of_it_than_shows_why() -> None:
    prompt = "a cup in " + "红色水杯在橡木桌上".encode().decode("gb18030", "ignore") + " and more"
    (said,) = problems(checked(prompt=prompt))
    assert said.startswith('line 7, column prompt: holds "')
    assert 'is UTF-8 that was opened as GBK and was "红色' in said
    assert "and more" not in said
    (warned,) = cautions(checked(note=prompt))
    assert warned.startswith('line 7, note: holds "')


@pytest.mark.parametrize("lost", ["\ufffd", "锟斤拷"])
def test_lost_characters_are_never_ordered(lost: str) -> None:
    (said,) = problems(checked(prompt=f"红色{lost}水杯"))
    assert "characters were lost when a file was saved" in said


def test_of_a_damaged_cell_nothing_else_is_said() -> None:
    assert complaints("id,prompt,size,n\n1,a cup,#REF!,#N/A\n", "wanx-v1") == [
        'line 2, column size: "#REF!" is an error of the spreadsheet; correct the formula or write'
        " the value",
        'line 2, column n: "#N/A" is an error of the spreadsheet; correct the formula or write'
        " the value",
    ]


def test_a_row_without_a_model_has_its_damage_named_too() -> None:
    (row,) = validated("id,prompt,model\n6.90123E+12,a cup,nobody's\n")
    assert [problem.column for problem in getattr(row, "problems", ())] == ["id", "model"]


def test_json_lines_are_looked_at_as_well() -> None:
    assert complaints('{"id": 1, "prompt": "#N/A", "tags": ["#N/A"], "n": 1}\n', "wanx-v1") == [
        'line 1, column prompt: "#N/A" is an error of the spreadsheet; correct the formula or'
        " write the value"
    ]


@pytest.mark.parametrize("kind", [Kind.DATE, Kind.TIME])
def test_a_workbooks_date_is_no_id_and_no_size_but_may_pass_through(kind: Kind) -> None:
    for column in ("sku", "size", "prompt"):
        found = checked({column: Odd(kind, "C7")}, **{column: "2026-03-05"})
        (said,) = problems(found)
        assert said.startswith(
            f'line 7, column {column}: "2026-03-05" in C7 is a {kind} and no text'
        )
    assert cautions(checked({"note": Odd(kind, "D7")}, note="2026-03-05")) == []


def test_a_workbooks_number_of_too_many_digits_is_no_id() -> None:
    odd = {"sku": Odd(Kind.ROUNDED, "A7")}
    (said,) = problems(checked(odd, sku="6901234567890120"))
    assert "in A7 has more digits than the 15 a workbook keeps of a number" in said
    odd = {"barcode": Odd(Kind.ROUNDED, "C7")}
    assert len(cautions(checked(odd, barcode="6901234567890120"))) == 1
    odd = {"note": Odd(Kind.ROUNDED, "D7")}
    assert cautions(checked(odd, note="6901234567890120")) == []


def test_a_formula_nobody_calculated_is_refused_wherever_it_stands() -> None:
    for column in ("prompt", "note"):
        (said,) = problems(checked({column: Odd(Kind.UNCALCULATED, "B7")}, **{column: ""}))
        assert said == (
            f"line 7, column {column}: B7 is a formula without a stored value; open the file in"
            " Excel, save it, and hand it in again"
        )


def test_cells_grown_together_are_refused_where_they_would_be_ordered() -> None:
    odd = {"size": Odd(Kind.MERGED, "E6:E9"), "note": Odd(Kind.MERGED, "D6:D9")}
    (said,) = problems(checked(odd))
    assert said == "line 7, column size: is empty: E6:E9 are one cell; unmerge and fill each"


def test_what_a_template_makes_words_of_is_ordered() -> None:
    table = "sku,name,material,supplier\nA-1,cup,#N/A,#N/A\nA-2,cup,clay,\n"
    (said,) = faults(table, "a {{ material }} {{ name }}")
    assert said.startswith('line 2, column material: "#N/A" is an error of the spreadsheet')
