"""Answers that hold more than pictures, other things than pictures, or bill otherwise."""

from __future__ import annotations

import json
from typing import Any

import pytest

from schemas.catalogue import Catalogue, catalogue
from schemas.failure import ErrorClass, Failure
from schemas.model import PriceTier
from schemas.parameter import Kind, Parameter
from schemas.states import JobState
from tests.results.metadata import pixels
from tests.steps.mill import Mill
from tests.steps.picture_host import picture
from worker.models import Models
from worker.providers.port import (
    Accepted,
    Done,
    InlinePicture,
    Refused,
    RemotePicture,
    TaskFailed,
)

IMAGES = "batches/night/images"
HOST = "https://pictures.test/task-1"
MODERATED = Failure(
    error_class=ErrorClass.MODERATED, code="IPInfringementSuspect", message="looks like a brand"
)


def know(mill: Mill, **changes: Any) -> None:
    """From now on wanx-v1 is another model."""
    wanx = catalogue().find("wanx-v1").model_copy(update=changes)
    mill.models = Models(Catalogue([wanx]), mill.ledger.lanes)
    mill.use(mill.tools.settings)


def rewriting(mill: Mill, *, by_default: bool, **changes: Any) -> None:
    switch = Parameter(kind=Kind.SWITCH, doc="Rewrite the prompt.", default=by_default)
    know(mill, parameters={"prompt_extend": switch}, **changes)


def test_what_comes_along_lies_beside_its_picture_and_is_not_counted(mill: Mill) -> None:
    word = RemotePicture(1, f"{HOST}/1.png"), RemotePicture(1, f"{HOST}/1.svg.png", part="svg")
    mill.provider.to_poll.append(Done(word))
    claim = mill.storing()
    mill.desk.step("store", claim)

    result = mill.result(claim)
    (image,) = result.images
    (along,) = image.beside
    assert (result.state, result.cost_micro) == (JobState.SUCCEEDED, 160_000)
    assert (image.key, along.key) == (f"{IMAGES}/SKU-1_01.png", f"{IMAGES}/SKU-1_01_svg.png")
    assert (along.part, along.index, along.seed, along.beside) == ("svg", 1, None, [])
    assert pixels(mill.storage.get(along.key)) == pixels(picture(f"{HOST}/1.svg.png"))
    counts = mill.ledger.batches.status("night")
    assert counts is not None
    assert counts.images == 1


def test_what_came_along_and_was_missed_is_fetched_alone_later(mill: Mill) -> None:
    word = RemotePicture(1, f"{HOST}/1.png"), RemotePicture(1, f"{HOST}/1.svg.png", part="svg")
    mill.provider.to_poll.append(Done(word))
    mill.storage.down_for = "_01_svg.png"
    claim = mill.storing()
    mill.desk.step("store", claim)
    mill.storage.down_for = ""
    mill.desk.step("store", mill.due_again(JobState.STORING))

    result = mill.result(claim)
    assert result.state is JobState.SUCCEEDED
    assert [along.part for along in result.images[0].beside] == ["svg"]
    assert mill.host.fetched.count(f"{HOST}/1.png") == 1


def test_nothing_lies_beside_a_picture_that_is_not_there(mill: Mill) -> None:
    gone = Failure(error_class=ErrorClass.MODERATED, code="X", message="withheld", index=1)
    mill.provider.to_poll.append(Done((RemotePicture(1, f"{HOST}/1.svg", part="svg"),), (gone,)))
    claim = mill.storing()
    mill.desk.step("store", claim)
    result = mill.result(claim)
    assert (result.state, result.images, result.cost_micro) == (JobState.FAILED, [], 0)
    assert mill.host.fetched == []


def test_what_the_provider_told_is_in_the_result(mill: Mill) -> None:
    told = {"auxiliary_parameters": ["海报"]}
    mill.provider.to_poll.append(Done((RemotePicture(1, f"{HOST}/1.png"),), facts=told))
    claim = mill.storing()
    mill.desk.step("store", claim)
    assert (mill.result(claim).state, mill.result(claim).facts) == (JobState.SUCCEEDED, told)


def test_what_draws_nothing_succeeds_with_values_and_is_paid_by_the_run(mill: Mill) -> None:
    know(mill, result="facts")
    mill.provider.to_poll.append(Done((), facts={"finetuned_output": "lora-7"}))
    claim = mill.storing()
    mill.desk.step("store", claim)
    result = mill.result(claim)
    assert (result.state, result.failures, result.images) == (JobState.SUCCEEDED, [], [])
    assert (result.facts, result.cost_micro) == ({"finetuned_output": "lora-7"}, 160_000)


def test_what_draws_nothing_fails_with_the_providers_words(mill: Mill) -> None:
    know(mill, result="facts")
    why = Failure(error_class=ErrorClass.INVALID, code="NoFace", message="no face found")
    mill.provider.to_poll.append(Done((), (why,)))
    claim = mill.storing()
    mill.desk.step("store", claim)
    assert (mill.result(claim).state, mill.result(claim).cost_micro) == (JobState.FAILED, 0)


def test_a_censored_picture_that_was_billed_is_paid_for_and_not_stored(mill: Mill) -> None:
    censored = Failure(error_class=ErrorClass.MODERATED, code="C", message="blurred", index=2)
    answer = Done((InlinePicture(1, picture("one")),), (censored,), charged=2)
    mill.provider.to_submit.append(answer)
    claim = mill.released(n=2)
    mill.desk.step("submit", claim)
    result = mill.result(claim)
    assert (result.state, len(result.images)) == (JobState.PARTIAL, 1)
    assert (result.cost_micro, [f.index for f in result.failures]) == (2 * 160_000, [2])


def test_a_rewritten_prompt_is_told_of_pictures_that_came_at_once(mill: Mill) -> None:
    answer = Done((InlinePicture(1, picture("one")),), actual_prompt="a cat, cinematic")
    mill.provider.to_submit.append(answer)
    claim = mill.released()
    mill.desk.step("submit", claim)
    assert mill.result(claim).actual_prompt == "a cat, cinematic"


def test_what_was_billed_is_remembered_until_the_pictures_are_stored(mill: Mill) -> None:
    mill.provider.to_poll.append(Done((RemotePicture(1, f"{HOST}/1.png"),), charged=3))
    claim = mill.storing()
    mill.desk.step("store", claim)
    assert mill.result(claim).cost_micro == 3 * 160_000


@pytest.mark.parametrize("answer", ["refused", "failed"])
@pytest.mark.parametrize("said", [None, True])
def test_an_offence_the_rewriting_may_have_caused_is_ordered_once_as_written(
    mill: Mill, answer: str, said: bool | None
) -> None:
    rewriting(mill, by_default=said is None)
    if answer == "refused":
        mill.provider.to_submit.append(Refused(MODERATED))
    else:
        mill.provider.to_submit.append(Accepted("task-offended"))
        mill.provider.to_poll.append(TaskFailed(MODERATED))
    claim = mill.released(parameters={} if said is None else {"prompt_extend": said})
    mill.desk.step("submit", claim)
    if answer == "failed":
        mill.desk.step("poll", mill.due_again(JobState.RUNNING))
    mill.desk.step("submit", mill.due_again(JobState.RELEASED))
    assert [order.parameters.get("prompt_extend") for order in mill.provider.ordered] == [
        said,
        False,
    ]

    mill.desk.step("poll", mill.due_again(JobState.RUNNING))
    mill.desk.step("store", mill.due_again(JobState.STORING))
    result = mill.result(claim)
    assert (result.state, result.attempts) == (JobState.SUCCEEDED, 2)
    sidecar = json.loads(mill.storage.get(f"{IMAGES}/SKU-1_01.json"))
    assert sidecar["parameters"]["prompt_extend"] is False


def test_what_is_ordered_as_written_costs_what_that_costs(mill: Mill) -> None:
    dearer = PriceTier(price="0.20", when={"prompt_extend": True})
    rewriting(mill, by_default=True, price="0.10", price_tiers=[dearer])
    mill.provider.to_submit.append(Refused(MODERATED))
    claim = mill.released()
    mill.desk.step("submit", claim)
    mill.desk.step("submit", mill.due_again(JobState.RELEASED))
    mill.desk.step("poll", mill.due_again(JobState.RUNNING))
    mill.desk.step("store", mill.due_again(JobState.STORING))
    assert mill.result(claim).cost_micro == 100_000


@pytest.mark.parametrize(("by_default", "said"), [(False, None), (True, False)])
def test_an_offence_of_the_prompt_itself_is_final(
    mill: Mill, by_default: bool, said: bool | None
) -> None:
    rewriting(mill, by_default=by_default)
    mill.provider.to_submit.append(Refused(MODERATED))
    claim = mill.released(parameters={} if said is None else {"prompt_extend": said})
    mill.desk.step("submit", claim)
    assert mill.result(claim).state is JobState.FAILED
    assert len(mill.provider.ordered) == 1


def test_an_offence_as_written_is_final_too(mill: Mill) -> None:
    rewriting(mill, by_default=True)
    mill.provider.to_submit.extend([Refused(MODERATED), Refused(MODERATED)])
    claim = mill.released()
    mill.desk.step("submit", claim)
    mill.desk.step("submit", mill.due_again(JobState.RELEASED))
    assert mill.result(claim).state is JobState.FAILED
    assert len(mill.provider.ordered) == 2


def test_a_model_without_rewriting_is_not_asked_twice(mill: Mill) -> None:
    mill.provider.to_submit.append(Refused(MODERATED))
    claim = mill.released()
    mill.desk.step("submit", claim)
    assert mill.result(claim).state is JobState.FAILED
    assert len(mill.provider.ordered) == 1
