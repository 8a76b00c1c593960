"""docs/models.md says what the catalogue says."""

from __future__ import annotations

from pathlib import Path

import pytest

from producer.models_page import PAGE, page
from schemas.catalogue import catalogue
from schemas.model import Model

WRITTEN = (Path(__file__).parents[2] / PAGE).read_text(encoding="utf-8")


def test_the_page_is_written_from_the_catalogue() -> None:
    assert page(catalogue()) == WRITTEN, "write it again: python -m producer.models_page"


@pytest.mark.parametrize(
    "model", list(catalogue()), ids=lambda model: f"{model.provider}:{model.name}"
)
def test_every_model_has_its_section(model: Model) -> None:
    section = WRITTEN.split(f"### {model.name}\n")
    if len(section) == 1:
        section = WRITTEN.split(f"### {model.provider}:{model.name}\n")
    text = section[1].split("\n### ")[0]
    assert model.title in text
    assert model.endpoint in text
    assert model.source in text
    assert [name for name in model.parameters if f"`{name}`" not in text] == []
    if model.retired is not None:
        assert str(model.retired) in text
        assert (model.successor or "") in text
