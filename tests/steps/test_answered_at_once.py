"""Vendors whose answer is the picture, through the whole way of a job: what is kept, and what paid."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from ledger.keys import LaneKeys
from ledger.moves import Claim
from schemas.failure import ErrorClass
from schemas.lane import Lane
from schemas.result import JobResult
from schemas.states import JobState
from tests.results.metadata import pixels
from tests.shared_token import ProcessToken
from tests.steps.ageing import age
from tests.steps.mill import FakeProviders, Mill, job
from tests.steps.picture_host import picture
from tests.worker import qianfan_scene, stability_scene
from tests.worker.qianfan_scene import refused, token_answer
from tests.worker.wire import Play, Wire, answer, drop, wire
from worker.providers.port import Provider

CORE = "stability:stable-image-core@default"
ENGINE = "stability:stable-diffusion-xl-1024-v1-0@default"
SD_XL = "qianfan:sd_xl@default"
PRICES = {CORE: 30_000, ENGINE: 9_000, SD_XL: 60_000}
ONE, TWO = picture("one"), picture("two")

Order = Callable[..., Claim]


class Connected(FakeProviders):
    """The vendors' own clients, all speaking to one address."""

    def __init__(self, server: Wire, stack: ExitStack) -> None:
        super().__init__()
        self._stability = stack.enter_context(stability_scene.stability(server.url))
        self._qianfan = qianfan_scene.client(server.url, ProcessToken())
        stack.callback(self._qianfan.close)

    def client(self, lane: Lane) -> Provider:
        return self._qianfan if lane.provider == "qianfan" else self._stability


@pytest.fixture
def server() -> Iterator[Wire]:
    with wire() as opened:
        yield opened


@pytest.fixture
def order(mill: Mill, server: Wire) -> Iterator[Order]:
    """Hands in one job of a lane, and orders it."""
    with ExitStack() as stack:
        mill.providers = Connected(server, stack)
        mill.use(mill.tools.settings)

        def run(lane: str, *plays: Play, n: int = 1) -> Claim:
            server.plays(*plays)
            mill.hand_in([job(lane=lane, n=n)])
            (handout,) = mill.hand_out(lane)
            mill.desk.step("submit", handout.claim)
            return handout.claim

        yield run


def image(reason: str = "SUCCESS") -> Play:
    """An answer of Stability's second API."""
    document = {"image": stability_scene.b64(ONE), "seed": 7, "finish_reason": reason}
    return answer(200, document)


def result(mill: Mill, claim: Claim) -> JobResult:
    """How the job ended, once its last step is done."""
    if JobState(mill.record(claim)["state"]) is JobState.STORING:
        mill.let_time_pass()
        for handout in mill.hand_out(claim.lane):
            mill.desk.step("store", handout.claim)
    return mill.result(claim)


@pytest.mark.parametrize(
    ("lane", "plays"),
    [
        (CORE, [image()]),
        (ENGINE, [stability_scene.artifacts(stability_scene.artifact(data=ONE))]),
        (
            SD_XL,
            [
                token_answer(),
                qianfan_scene.drawn({"b64_image": qianfan_scene.b64(ONE), "index": 1}),
            ],
        ),
    ],
)
def test_a_picture_in_the_answer_is_stored_and_paid(
    mill: Mill, order: Order, lane: str, plays: list[Play]
) -> None:
    found = result(mill, order(lane, *plays))
    assert (found.state, found.cost_micro) == (JobState.SUCCEEDED, PRICES[lane])
    (stored,) = found.images
    assert pixels(mill.storage.get(stored.key)) == pixels(ONE)


def test_a_seed_the_row_did_not_name_is_told(mill: Mill, order: Order) -> None:
    assert result(mill, order(CORE, image())).facts == {"seeds": [7]}


def test_a_filtered_picture_is_moderated_and_paid_and_never_stored(
    mill: Mill, order: Order
) -> None:
    found = result(mill, order(CORE, image("CONTENT_FILTERED")))
    assert (found.state, found.images, found.cost_micro) == (JobState.FAILED, [], PRICES[CORE])
    assert [failure.error_class for failure in found.failures] == [ErrorClass.MODERATED]
    assert not [key for key in mill.storage.written if "images/" in key]


def test_one_filtered_picture_of_two_leaves_the_other(mill: Mill, order: Order) -> None:
    filtered = stability_scene.artifact("CONTENT_FILTERED", data=TWO)
    plays = stability_scene.artifacts(filtered, stability_scene.artifact(data=ONE))
    found = result(mill, order(ENGINE, plays, n=2))
    assert (found.state, found.cost_micro) == (JobState.PARTIAL, 2 * PRICES[ENGINE])
    assert [stored.index for stored in found.images] == [2]
    assert [failure.index for failure in found.failures] == [1]


@pytest.mark.parametrize(
    ("lane", "play", "told"), [(CORE, answer(429, b""), "cut"), (SD_XL, refused(18), "margin_us")]
)
def test_too_many_requests_cost_no_attempt_and_are_heeded(
    mill: Mill, order: Order, lane: str, play: Play, told: str
) -> None:
    claim = order(lane, *([token_answer()] if lane == SD_XL else []), play)
    assert mill.record(claim)["state"] == JobState.PENDING
    assert mill.record(claim)["attempts"] == "0"
    assert mill.ledger.client.hexists(LaneKeys(lane).bucket, told)
    if told == "cut":
        slot = mill.ledger.submit_bucket(lane).take(1000, 1000, patience_s=0)
        assert slot.wait_s > 59


@pytest.mark.parametrize(
    ("lane", "plays"),
    [
        (CORE, [stability_scene.errors(402, "payment_required", "You lack sufficient credits")]),
        (SD_XL, [token_answer(), refused(17, "Open api daily request limit reached")]),
        (SD_XL, [token_answer(), refused(110), token_answer("24.b"), refused(110)]),
        (SD_XL, [answer(401, {"error": "invalid_client", "error_description": "unknown"})]),
    ],
)
def test_an_account_error_stops_the_lane_and_gives_the_job_back(
    mill: Mill, order: Order, lane: str, plays: list[Play]
) -> None:
    claim = order(lane, *plays)
    assert mill.record(claim)["state"] == JobState.PENDING
    assert mill.record(claim)["attempts"] == "0"
    assert mill.hand_out(lane) == []


def test_without_a_token_the_job_comes_back_and_has_spent_nothing(mill: Mill, order: Order) -> None:
    claim = order(SD_XL, drop)
    assert mill.record(claim)["state"] == JobState.PENDING
    assert mill.record(claim)["attempts"] == "0"
    assert mill.wait_s(claim) is not None


@pytest.mark.parametrize(("lane", "plays"), [(CORE, [drop]), (SD_XL, [token_answer(), drop])])
def test_a_lost_answer_is_uncertain_since_there_is_no_list_to_ask(
    mill: Mill, order: Order, lane: str, plays: list[Play]
) -> None:
    claim = order(lane, *plays)
    assert mill.record(claim)["state"] == JobState.SUBMITTING
    age(mill.ledger, mill.provider)
    mill.let_time_pass()
    (handout,) = mill.hand_out(lane)
    mill.desk.step("reconcile", handout.claim)
    found = mill.result(handout.claim)
    assert (found.state, found.images) == (JobState.UNCERTAIN, [])
    assert found.at_risk_micro == PRICES[lane]
