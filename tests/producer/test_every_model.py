"""Every model of the catalogue, every field of it: what is wrong is refused before it costs."""

from __future__ import annotations

from typing import Any

import pytest

from producer.checking import Bad, Good, RowChecker
from producer.problem import Problem
from producer.row import Row
from schemas.catalogue import catalogue
from schemas.model import Model
from schemas.parameter import Kind
from tests.producer import wrong_values as wrong

MODELS = list(catalogue())
CHECKER = RowChecker(catalogue())
LINE = 7

each_model = pytest.mark.parametrize(
    "model", MODELS, ids=[f"{model.provider}:{model.name}" for model in MODELS]
)


def checked(row: dict[str, Any]) -> Good | Bad:
    return CHECKER.check(Row(LINE, tuple(row), row))


def refused(row: dict[str, Any], column: str) -> Problem:
    """What is wrong with one column of a row that must be refused."""
    found = checked(row)
    assert isinstance(found, Bad), f"{column}: {row.get(column)!r} was accepted"
    assert all(problem.line == LINE and len(str(problem)) < 600 for problem in found.problems)
    about = [problem for problem in found.problems if problem.column == column]
    assert about, f"{column}: nothing said of it in {[str(p) for p in found.problems]}"
    return about[0]


@each_model
def test_the_least_row_is_accepted(model: Model) -> None:
    found = checked(wrong.good_row(model))
    assert isinstance(found, Good), [str(problem) for problem in found.problems]
    assert found.job.lane.startswith(f"{model.provider}:{model.name}@")


@each_model
def test_what_is_required_may_be_neither_empty_nor_absent(model: Model) -> None:
    required = [name for name, parameter in model.parameters.items() if parameter.required]
    required += ["prompt"] if model.prompt == "required" else []
    for name in required:
        row = wrong.good_row(model)
        empty = refused({**row, name: " "}, name)
        del row[name]
        absent = refused(row, name)
        assert all(told.reason.startswith("must not be empty") for told in (empty, absent))


@each_model
def test_what_is_just_out_of_range_is_refused_with_the_range(model: Model) -> None:
    for name, parameter in wrong.all_parameters(model).items():
        for value in wrong.beyond(parameter):
            problem = refused({**wrong.good_row(model), name: value}, name)
            assert problem.reason.startswith("must be ")
            for bound in (parameter.minimum, parameter.maximum):
                if bound is not None and not parameter.choices and name != "n":
                    assert f"{bound:.10f}".rstrip("0").rstrip(".") in problem.reason


@each_model
def test_what_is_misspelt_is_answered_with_the_nearest(model: Model) -> None:
    for name, parameter in model.parameters.items():
        if parameter.kind is not Kind.CHOICE:
            continue
        for choice in parameter.choices:
            plain = choice.strip("<>")
            misspelt = plain[:-1] + "#" + plain[-1]
            problem = refused({**wrong.good_row(model), name: misspelt}, name)
            assert choice in problem.reason
            if len(plain) >= 4:
                assert "did you mean " in problem.reason


@each_model
def test_styles_are_accepted_without_their_brackets_and_get_them_back(model: Model) -> None:
    for name, parameter in model.parameters.items():
        bracketed = [c for c in parameter.choices if c.startswith("<") and c.endswith(">")]
        for choice in bracketed:
            row = {**wrong.good_row(model), name: choice.strip("<>").upper()}
            found = checked(row)
            told = [] if isinstance(found, Good) else [p.column for p in found.problems]
            assert name not in told
            if isinstance(found, Good):
                assert found.job.parameters[name] == choice


@each_model
def test_nonsense_is_refused(model: Model) -> None:
    for name, parameter in wrong.all_parameters(model).items():
        for value in wrong.nonsense(parameter):
            assert refused({**wrong.good_row(model), name: value}, name).reason


@each_model
def test_a_field_of_another_model_is_refused(model: Model) -> None:
    for name, value in wrong.strangers(model):
        problem = refused({**wrong.good_row(model), name: value}, name)
        assert f"has no parameter {name}; it has: " in problem.reason


@each_model
def test_every_rule_between_fields_is_kept(model: Model) -> None:
    for rule in model.rules:
        row = wrong.breaking(rule, model)
        found = checked(row)
        assert isinstance(found, Bad), f"{rule} was not kept by {row}"
        about = [p for p in found.problems if p.reason.startswith(f"{model.name} ")]
        assert any(p.column in rule.fields and p.line == LINE for p in about)
        assert any(name in p.reason for p in about for name in rule.fields)


@each_model
def test_prompts_go_only_where_they_are_taken(model: Model) -> None:
    row = wrong.good_row(model)
    if model.prompt == "none":
        assert "takes no prompt" in refused({**row, "prompt": "a cup"}, "prompt").reason
        assert isinstance(checked({**row, "description": "our own words"}), Good)
    if not model.negative_prompt_limit:
        told = refused({**row, "negative_prompt": "blur"}, "negative_prompt")
        assert "takes no negative prompt" in told.reason


@each_model
def test_a_prompt_too_long_is_refused_where_it_would_be_and_doubtful_where_it_is_cut(
    model: Model,
) -> None:
    if not model.prompt_limit or model.prompt == "none":
        return
    row = {**wrong.good_row(model), "prompt": "word " * (model.prompt_limit + 1)}
    if not model.prompt_cut and model.prompt_unit != "tokens":
        problem = refused(row, "prompt")
        assert str(model.prompt_limit) in problem.reason
        assert problem.value is None
        return
    found = checked(row)
    assert isinstance(found, Good)
    assert str(model.prompt_limit) in found.cautions[0].text
