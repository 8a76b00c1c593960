"""Models nobody lists are ordered when the user says so, and what they cost."""

from __future__ import annotations

from typing import Any

import pytest

from producer.accounts_asked import Accounts
from producer.checking import Bad, Good, RowChecker
from producer.defaults import defaults_from
from producer.errors import OptionError
from producer.row import Row
from producer.tally import Tally
from producer.unlisted_models import WithUnlisted, caution, described, with_unlisted
from schemas.catalogue import Catalogue, UnknownModel, catalogue


def vouched(price: str = "0.20CNY", like: str | None = None) -> Catalogue:
    return with_unlisted(catalogue(), price, like, allowed=True)


def check(known: Catalogue, **cells: Any) -> Good | Bad:
    row = {"id": "A-1", "model": "wan9-super", **cells}
    return RowChecker(known, accounts=Accounts()).check(Row(1, tuple(row), row))


def test_an_unknown_name_is_a_model_like_another_at_the_price_said() -> None:
    model = vouched().find("wan9-super")
    like = catalogue().find("wan2.6-t2i")
    assert (model.provider, model.name, model.protocol) == (
        "dashscope",
        "wan9-super",
        like.protocol,
    )
    assert (model.price_micro, model.currency, model.retired) == (200_000, "CNY", None)
    assert vouched(like="wanx-v1").find("wan9-super").protocol == "dashscope-task"
    assert vouched(like="dashscope:wanx-v1").find("wan9-super").max_n == 4


def test_what_is_known_stays_as_it_is() -> None:
    assert vouched().find("wanx-v1") == catalogue().find("wanx-v1")
    with pytest.raises(UnknownModel):
        vouched().find("wan9-super", "openai")
    with pytest.raises(UnknownModel):
        vouched().find("two words")


@pytest.mark.parametrize(
    ("price", "like", "allowed", "sentence"),
    [
        (None, None, True, "--allow-unknown-model needs --price, what one picture costs"),
        ("cheap", None, True, "--price 'cheap' is no amount of money"),
        ("1CNY", "wanx-v9", True, "--like: unknown model 'wanx-v9'; did you mean wanx-v1?"),
        ("1CNY", None, False, "--price goes with --allow-unknown-model"),
        (None, "wanx-v1", False, "--like goes with --allow-unknown-model"),
    ],
)
def test_half_said_it_is_refused(
    price: str | None, like: str | None, allowed: bool, sentence: str
) -> None:
    with pytest.raises(OptionError) as caught:
        with_unlisted(catalogue(), price, like, allowed=allowed)
    assert str(caught.value).startswith(sentence)
    assert with_unlisted(catalogue(), None, None, allowed=False) is catalogue()


def test_parameters_pass_through_unchecked() -> None:
    cells = {
        "size": "9000x9000",
        "seed": "7",
        "style": "<baroque>",
        "watermark": "no",
        "parameters.Magic": "true",
        "parameters.note": "a b",
        "parameters.deep": '{"x": 1}',
        "brand": "Acme",
        "steps": "",
    }
    found = check(vouched(), prompt="a cup", **cells)
    assert isinstance(found, Good)
    assert found.job.lane == "dashscope:wan9-super@default"
    assert found.job.parameters == {
        "size": "9000*9000",
        "seed": 7,
        "style": "<baroque>",
        "watermark": False,
        "Magic": True,
        "note": "a b",
        "deep": {"x": 1},
    }


@pytest.mark.parametrize("parameters", [{"size": "2K", "n9": [1]}, '{"size": "2K", "n9": [1]}'])
def test_a_whole_object_of_parameters_is_taken(parameters: Any) -> None:
    found = check(vouched(), prompt="a cup", parameters=parameters)
    assert isinstance(found, Good)
    assert found.job.parameters == {"size": "2K", "n9": [1]}


def test_what_is_no_object_is_no_parameters() -> None:
    found = check(vouched(), prompt="a cup", parameters="size=2K")
    assert isinstance(found, Bad)
    (problem,) = found.problems
    assert str(problem).startswith('line 1, column parameters: "size=2K" must be a JSON object')


def test_a_prompt_is_not_asked_for_but_ids_and_counts_are_checked() -> None:
    assert isinstance(check(vouched()), Good)
    assert isinstance(check(vouched(), id=""), Bad)
    assert isinstance(check(vouched(), n="99"), Bad)


def test_a_model_of_the_command_line_may_be_unknown_too() -> None:
    known = vouched()
    assert defaults_from("wan9-super", [], known).values == {"model": "wan9-super"}
    with pytest.raises(OptionError, match="no known model"):
        defaults_from("wan9-super", [], catalogue())


def test_the_price_said_is_what_is_estimated() -> None:
    known = vouched("0.25USD")
    tally = Tally(known)
    for number, model in enumerate(["wan9-super", "wan9-super", "wanx-v1"]):
        tally.add(check(known, id=str(number), prompt="x", model=model, n="2"))
    assert tally.costs() == {"USD": 1_000_000, "CNY": 320_000}


def test_its_user_is_told() -> None:
    known = vouched()
    assert caution(known.find("magic-9"), known) == (
        "magic-9 is not in the catalogue: ordered like wan2.6-t2i, 0.20 CNY a picture"
        " as you say; its parameters are not checked"
    )
    near = caution(known.find("wanx-v11"), known)
    assert near.startswith("wanx-v11 is not in the catalogue (did you mean wanx-v1?): ordered")


def test_a_rehearsal_asks_for_the_model_it_is_like() -> None:
    rehearsed = with_unlisted(catalogue(), "1CNY", "wanx-v1", allowed=True, simulated=True)
    assert rehearsed.find("wan9-super").wire_name == "wanx-v1"
    assert vouched().find("wan9-super").wire_name is None


def test_what_was_handed_in_makes_the_same_model_again() -> None:
    known = vouched()
    assert isinstance(known, WithUnlisted)
    again = described(catalogue(), [("dashscope", "wan9-super", known.unlisted.model_dump_json())])
    assert again.find("wan9-super") == known.find("wan9-super")
