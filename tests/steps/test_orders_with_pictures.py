"""Orders that bring pictures along: what the provider gets, and what is never sent."""

from __future__ import annotations

import base64

import pytest

from schemas.catalogue import Catalogue, catalogue
from schemas.failure import ErrorClass
from schemas.layout import input_picture_key
from schemas.parameter import Kind, Parameter
from schemas.picture_rule import PictureRule
from schemas.states import JobState
from tests.producer.drawn import drawn
from tests.steps.mill import Mill
from worker.models import Models

PICTURE = drawn()
KEY = input_picture_key("ab" * 32, "png")


@pytest.fixture
def painter(mill: Mill) -> Mill:
    """A mill whose model takes a picture, in a directory from which no address leads out."""
    rule = PictureRule(taken_as=("url", "data"))
    field = Parameter(kind=Kind.PICTURE, doc="What to paint over.", place="input", picture=rule)
    wanx = catalogue().find("wanx-v1").model_copy(update={"parameters": {"ref_img": field}})
    mill.models = Models(Catalogue([wanx]), mill.ledger.lanes)
    mill.use(mill.tools.settings)
    return mill


def test_the_provider_gets_the_picture_and_nobody_else_does(painter: Mill) -> None:
    painter.storage.put(KEY, PICTURE, "image/png")
    claim = painter.storing(parameters={"ref_img": KEY})
    painter.desk.step("store", claim)

    (order,) = painter.provider.ordered
    data = "data:image/png;base64," + base64.b64encode(PICTURE).decode()
    assert order.parameters == {"ref_img": data}
    result = painter.result(claim)
    assert (result.state, result.parameters) == (JobState.SUCCEEDED, {"ref_img": KEY})
    assert "base64" not in str(painter.record(claim))
    sidecar = painter.storage.get("batches/night/images/SKU-1_01.json")
    assert b"base64" not in sidecar


def test_an_order_whose_picture_is_gone_fails_and_is_not_sent(painter: Mill) -> None:
    claim = painter.released(parameters={"ref_img": KEY})
    painter.desk.step("submit", claim)
    result = painter.result(claim)
    (failure,) = result.failures
    assert (result.state, failure.error_class) == (JobState.FAILED, ErrorClass.INVALID)
    assert failure.code == "input-missing"
    assert (result.attempts, result.cost_micro, painter.provider.ordered) == (0, 0, [])


def test_an_order_waits_for_a_storage_that_is_away_and_spends_nothing(painter: Mill) -> None:
    painter.storage.put(KEY, PICTURE, "image/png")
    painter.storage.unseen = "inputs/"
    claim = painter.released(parameters={"ref_img": KEY})
    painter.desk.step("submit", claim)
    assert (painter.record(claim)["state"], painter.provider.ordered) == ("pending", [])
    assert painter.record(claim).get("attempts", "0") == "0"

    painter.storage.unseen = ""
    painter.desk.step("submit", painter.due_again(JobState.RELEASED))
    assert len(painter.provider.ordered) == 1
