"""Models of the user's own, and changes to known ones, as imagemill.toml says them."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.catalogue import BadModel, UnknownModel, catalogue
from schemas.model import Model
from schemas.settings import WrongSettings, load_settings


def known(**sections: dict[str, Any]) -> Any:
    return catalogue().extended({name.replace("__", ":"): said for name, said in sections.items()})


def model(name: str, **said: Any) -> Model:
    found: Model = catalogue().extended({name: said}).find(*reversed(name.split(":")))
    return found


def test_a_contracts_price_takes_the_place_of_the_list_price_and_its_tiers() -> None:
    listed = catalogue().find("z-image-turbo")
    assert listed.price_micro_of({"prompt_extend": True}) > listed.price_micro
    own = model("dashscope:z-image-turbo", price="0.08")
    assert own.price_micro_of({"prompt_extend": True}) == own.price_micro == 80_000
    assert own.parameters == listed.parameters
    assert own.title == listed.title


def test_a_model_like_another_has_its_request_and_a_name_of_its_own() -> None:
    own = model("openai:sdxl-turbo", like="dall-e-3", account="gpu", price="0", rate="50/s")
    like = catalogue().find("dall-e-3")
    assert (own.name, own.account, own.rate, own.wire_name) == ("sdxl-turbo", "gpu", "50/s", None)
    assert (own.retired, own.successor) == (None, None)
    assert own.parameters == like.parameters
    assert own.constants == like.constants
    assert "dall-e-3" in own.title
    assert catalogue().find("dall-e-3") == like


def test_fields_are_added_changed_and_taken_out() -> None:
    field = {"kind": "integer", "doc": "Steps.", "minimum": 1, "maximum": 9}
    own = model("dashscope:wanx-v1", parameters={"steps": field, "ref_img": {}})
    assert own.parameters["steps"].check("9") == 9
    assert "ref_img" not in own.parameters
    assert "style" in own.parameters


def test_a_model_nobody_knows_is_described_whole() -> None:
    said = {
        "title": "mine",
        "protocol": "openai-images",
        "endpoint": "images/generations",
        "prompt_place": "prompt",
        "rate": "1/s",
        "running": 1,
        "price": 0.25,
        "currency": "USD",
        "price_as_of": "2026-11-20",
        "typical_s": 3,
    }
    assert model("openai:mine", **said).price_micro == 250_000


@pytest.mark.parametrize(
    ("name", "said", "words"),
    [
        ("wanx-v1", {"price": "1"}, 'write the provider too, as in "dashscope:wanx-v1"'),
        ("openai:x", {"like": "dall-e-33", "price": "1"}, "did you mean dall-e-3"),
        ("openai:x", {"price": "1"}, "title: Field required"),
        (
            "dashscope:wanx-v1",
            {"pirce": "1"},
            "pirce: there is no such setting; did you mean price",
        ),
        ("dashscope:wanx-v1", {"rate": "fast"}, "rate: .*write 2/s"),
    ],
)
def test_what_is_described_wrongly_is_named(name: str, said: dict[str, Any], words: str) -> None:
    with pytest.raises(BadModel, match=words):
        catalogue().extended({name: said})


def test_settings_name_a_wrong_model_when_they_are_read(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "imagemill.toml"
    file.write_text('[models."dashscope:wanx-v1"]\nrate = "fast"\n', encoding="utf-8")
    monkeypatch.setenv("IMAGEMILL_CONFIG", str(file))
    with pytest.raises(WrongSettings, match=r"wanx-v1.*rate"):
        load_settings()


def test_other_models_stay_as_they_are() -> None:
    found = known(dashscope__mine={"like": "wanx-v1"})
    assert len(list(found)) == len(list(catalogue())) + 1
    with pytest.raises(UnknownModel):
        catalogue().find("mine")
