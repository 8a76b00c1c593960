"""What a program says of an order: a batch file's words, and over a batch file's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from producer.commands.reading import usual_options
from producer.errors import ManifestError
from producer.order_words import OrderWords, said_by_program
from producer.prompt_template import Template
from schemas.batch import Priority
from schemas.batch_file import BatchFile
from schemas.finishing import Label
from schemas.finishing_sections import GateAction


def test_its_words_are_a_batch_files() -> None:
    assert set(OrderWords.__annotations__) == set(BatchFile.model_fields) - {"manifest"}


@pytest.mark.parametrize(
    ("name", "choice"), [("label", Label), ("gate", GateAction), ("priority", Priority)]
)
def test_its_choices_are_all_there_are(name: str, choice: Any) -> None:
    assert set(get_args(get_type_hints(OrderWords)[name])) == {str(each) for each in choice}


def test_who_says_nothing_orders_as_the_command_line_does() -> None:
    assert said_by_program("catalog.csv", {}) == ("catalog.csv", usual_options())


def test_words_become_options() -> None:
    _, options = said_by_program(
        "catalog.csv",
        {
            "batch": "autumn",
            "budget": "50CNY",
            "set": {"n": 2, "style": "<anime>"},
            "template": {"text": "{{ name }}"},
            "priority": "high",
            "renditions": ["square-1600.jpg"],
        },
    )
    assert options["name"] == "autumn"
    assert options["budgets"] == ("50CNY",)
    assert options["set_table"] == {"n": "2", "style": "<anime>"}
    assert isinstance(options["template"], Template)
    assert options["priority"] == "high"
    assert options["renditions"] == ("square-1600.jpg",)


def test_a_program_wins_over_a_batch_file(tmp_path: Path) -> None:
    path = tmp_path / "batch.toml"
    path.write_text('manifest = "rows.csv"\nmodel = "wanx-v1"\nbudget = "5CNY"\n')
    manifest, options = said_by_program(str(path), {"budget": "9CNY"})
    assert manifest == str(tmp_path / "rows.csv")
    assert (options["model"], options["budgets"]) == ("wanx-v1", ("9CNY",))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"modle": "wanx-v1"}, r"submit\(\): modle: there is no such key.*model"),
        ({"budget": "fifty"}, r"submit\(\): budget"),
        ({"budget": 50}, r"submit\(\): budget: '50' is no amount of money; write .* like 50CNY"),
        ({"template": {}}, r"submit\(\): template: needs file, or text instead"),
        ({"rerolls": 99}, r"submit\(\): rerolls"),
    ],
)
def test_a_wrong_word_is_named(words: dict[str, Any], said: str) -> None:
    with pytest.raises(ManifestError, match=said):
        said_by_program("catalog.csv", words)
