"""Orders that bring a picture along, from the slot to the result."""

from __future__ import annotations

import base64
import hashlib

import pytest

from ledger.moves import Claim
from schemas.layout import input_picture_key
from schemas.states import JobState
from storage import StoredObject, Unreachable
from tests.producer.drawn import drawn
from tests.steps.mill import Mill, job
from tests.steps.storages import StumblingStorage

EDIT = "dashscope:wanx2.1-imageedit@default"
PICTURE = drawn()
KEY = input_picture_key(hashlib.sha256(PICTURE).hexdigest(), "png")


class Away(StumblingStorage):
    """A directory where nothing can be looked for until it is back."""

    away = True

    def head(self, key: str) -> StoredObject | None:
        if self.away:
            raise Unreachable("The storage does not answer.")
        return super().head(key)


def released(mill: Mill, key: str = KEY) -> Claim:
    """An order with a picture, handed out."""
    parameters = {"function": "description_edit", "base_image_url": key}
    mill.hand_in([job(lane=EDIT, parameters=parameters)])
    (handout,) = mill.hand_out(EDIT)
    return handout.claim


def everything_kept(mill: Mill, claim: Claim) -> str:
    """What the ledger knows of a job, and every document in storage."""
    files = [path.read_text() for path in mill.folder.rglob("*.json") if path.is_file()]
    assert files
    return "".join([str(mill.record(claim)), *files])


def test_the_provider_gets_the_picture_and_nobody_keeps_it(mill: Mill) -> None:
    mill.storage.put(KEY, PICTURE, "image/png")
    claim = released(mill)
    mill.desk.step("submit", claim)
    (ordered,) = mill.provider.ordered
    kind, data = ordered.parameters["base_image_url"].split(",")
    assert (kind, base64.b64decode(data)) == ("data:image/png;base64", PICTURE)
    assert mill.record(claim)["state"] == "running"
    for step, state in (("poll", JobState.RUNNING), ("store", JobState.STORING)):
        mill.let_time_pass()
        (handout,) = mill.hand_out(EDIT)
        assert handout.state is state
        mill.desk.step(step, handout.claim)
    result = mill.result(claim)
    assert result.state is JobState.SUCCEEDED
    assert result.parameters["base_image_url"] == KEY
    kept = everything_kept(mill, claim)
    assert KEY in kept
    assert ";base64," not in kept


@pytest.mark.parametrize("key", [KEY, "s3://m/a.png", "/etc/hostname"])
def test_without_its_picture_nothing_is_ordered(mill: Mill, key: str) -> None:
    claim = released(mill, key)
    mill.desk.step("submit", claim)
    assert mill.provider.ordered == []
    result = mill.result(claim)
    assert result.state is JobState.FAILED
    assert (result.attempts, result.cost_micro, result.at_risk_micro) == (0, 0, 0)
    (failure,) = result.failures
    assert failure.code.startswith("input-")
    assert "base_image_url" in failure.message


def test_a_storage_that_is_away_keeps_the_order_until_it_is_back(mill: Mill) -> None:
    storage = Away(mill.folder / "away")
    storage.put(KEY, PICTURE, "image/png")
    mill.storage = storage
    mill.use(mill.tools.settings)
    claim = released(mill)
    mill.desk.step("submit", claim)
    assert mill.provider.ordered == []
    record = mill.record(claim)
    assert "result" not in record
    assert record.get("attempts", "0") == "0"
    storage.away = False
    mill.let_time_pass()
    (handout,) = mill.hand_out(EDIT)
    mill.desk.step("submit", handout.claim)
    assert len(mill.provider.ordered) == 1
    assert mill.record(claim)["state"] == "running"
