"""Storing jobs whose pictures, addresses or storage fail."""

from __future__ import annotations

import pytest

from ledger.keys import LaneKeys
from ledger.moves import Claim
from schemas.failure import ErrorClass, Failure
from schemas.states import JobState
from tests.steps.mill import LANE, Mill
from tests.steps.picture_host import failed, truncated
from tests.steps.scripted_provider import done
from worker.fetching import Fetched, FetchFailed
from worker.policy.retrying import DownloadFault
from worker.providers.port import TaskFailed, TaskUnknown
from worker.storing import DAMAGED_TRIES


def store_again(mill: Mill) -> Claim:
    claim = mill.due_again(JobState.STORING)
    mill.desk.step("store", claim)
    return claim


@pytest.mark.parametrize(
    "trouble", [truncated(), Fetched(b"<html>busy</html>"), failed("transient")]
)
def test_a_damaged_picture_is_fetched_again(mill: Mill, trouble: Fetched | FetchFailed) -> None:
    mill.dice.share = 1.0
    claim = mill.storing(n=2)
    mill.host.troubles["/2.png"].append(trouble)
    mill.desk.step("store", claim)
    record = mill.record(claim)
    assert (record["state"], record["troubles"]) == ("storing", "1")
    wait_s = mill.wait_s(claim)
    assert wait_s is not None
    assert 0.5 < wait_s <= 2.0
    store_again(mill)
    assert mill.result(claim).state is JobState.SUCCEEDED


def test_what_is_stored_is_not_fetched_again(mill: Mill) -> None:
    claim = mill.storing(n=2)
    mill.host.troubles["/2.png"].append(failed("transient"))
    mill.desk.step("store", claim)
    store_again(mill)
    assert [url.split("?")[0][-5] for url in mill.host.fetched] == ["1", "2", "2"]


def test_a_picture_that_stays_damaged_is_given_up_and_was_paid_for(mill: Mill) -> None:
    claim = mill.storing(n=2)
    mill.host.troubles["/2.png"].extend([truncated()] * (DAMAGED_TRIES + 1))
    mill.desk.step("store", claim)
    for _ in range(DAMAGED_TRIES):
        assert mill.record(claim)["state"] == "storing"
        store_again(mill)
    result = mill.result(claim)
    assert (result.state, result.cost_micro) == (JobState.PARTIAL, 2 * 160_000)
    (given_up,) = result.failures
    assert (given_up.error_class, given_up.code) == (ErrorClass.DOWNLOAD, "not-a-picture")
    assert given_up.index == 2


@pytest.mark.parametrize("kind", ["forbidden", "too_large"])
def test_a_picture_that_may_not_be_fetched_is_given_up_at_once(
    mill: Mill, kind: DownloadFault
) -> None:
    claim = mill.storing()
    mill.host.troubles["/1.png"].append(failed(kind))
    mill.desk.step("store", claim)
    result = mill.result(claim)
    assert (result.state, result.failures[0].code) == (JobState.FAILED, kind)


@pytest.mark.parametrize(("kind", "tries"), [("expired", 1), ("gone", 3)])
def test_fresh_addresses_are_asked_for_and_used(
    mill: Mill, kind: DownloadFault, tries: int
) -> None:
    claim = mill.storing(n=2)
    mill.host.troubles["/2.png"].extend([failed(kind)] * tries)
    mill.desk.step("store", claim)
    for _ in range(tries - 1):
        assert mill.record(claim)["state"] == "storing"
        store_again(mill)
    assert mill.record(claim)["state"] == "running"
    mill.provider.to_poll.append(done("fresh", 2))
    mill.desk.step("poll", mill.due_again(JobState.RUNNING))
    assert mill.provider.polled == ["task-1", "task-1"]
    store_again(mill)
    result = mill.result(claim)
    assert (result.state, result.cost_micro) == (JobState.SUCCEEDED, 2 * 160_000)
    assert any("/fresh/2.png" in url for url in mill.host.fetched)
    assert mill.ledger.client.llen(f"mill:{{{LANE}}}:learned") == 1


def test_fresh_addresses_are_asked_for_only_once(mill: Mill) -> None:
    claim = mill.storing(n=2)
    mill.host.troubles["/2.png"].extend([failed("expired")] * 2)
    mill.desk.step("store", claim)
    mill.desk.step("poll", mill.due_again(JobState.RUNNING))
    store_again(mill)
    result = mill.result(claim)
    assert (result.state, result.failures[0].code) == (JobState.PARTIAL, "expired")
    assert len(mill.provider.polled) == 2


@pytest.mark.parametrize(
    "answer",
    [TaskUnknown(), TaskFailed(Failure(error_class=ErrorClass.TRANSIENT, code="x", message="x"))],
)
def test_what_is_stored_is_kept_when_fresh_addresses_never_come(
    mill: Mill, answer: TaskUnknown | TaskFailed
) -> None:
    claim = mill.storing(n=2)
    mill.host.troubles["/2.png"].append(failed("expired"))
    mill.desk.step("store", claim)
    long_ago_ms = int(mill.record(claim)["running_ms"]) - 120_000
    mill.ledger.client.hset(LaneKeys(LANE).job(claim.ref), "running_ms", long_ago_ms)
    mill.provider.to_poll.append(answer)
    mill.desk.step("poll", mill.due_again(JobState.RUNNING))
    result = mill.result(claim)
    assert (result.state, result.cost_micro) == (JobState.PARTIAL, 2 * 160_000)
    assert [image.index for image in result.images] == [1]


def test_a_download_that_stumbles_is_tried_as_long_as_its_address_works(mill: Mill) -> None:
    claim = mill.storing()
    mill.host.troubles["/1.png"].extend([failed("transient")] * 20)
    mill.desk.step("store", claim)
    for _ in range(20):
        assert mill.record(claim)["state"] == "storing"
        store_again(mill)
    assert mill.result(claim).state is JobState.SUCCEEDED


def test_a_storage_that_is_down_is_waited_for(mill: Mill) -> None:
    claim = mill.storing(n=2)
    mill.storage.down_for = "_02.png"
    mill.desk.step("store", claim)
    for _ in range(DAMAGED_TRIES * 2):
        record = mill.record(claim)
        assert (record["state"], record["troubles"]) == ("storing", "0")
        assert "_01.png" in record["images"]
        wait_s = mill.wait_s(claim)
        assert wait_s is not None
        assert wait_s > 1
        store_again(mill)
    mill.storage.down_for = ""
    store_again(mill)
    assert mill.result(claim).state is JobState.SUCCEEDED
    assert mill.storage.written.count("batches/night/images/SKU-1_01.png") == 1


def test_a_storage_that_was_down_spends_no_tries_of_the_pictures(mill: Mill) -> None:
    claim = mill.storing()
    mill.storage.down_for = "/images/"
    mill.desk.step("store", claim)
    for _ in range(DAMAGED_TRIES):
        store_again(mill)
    mill.storage.down_for = ""
    mill.host.troubles["/1.png"].append(failed("transient"))
    store_again(mill)
    assert mill.record(claim)["state"] == "storing"
    store_again(mill)
    assert mill.result(claim).state is JobState.SUCCEEDED


@pytest.mark.parametrize("part", ["/thumbnails/", ".json"])
def test_a_picture_counts_as_stored_with_everything_beside_it(mill: Mill, part: str) -> None:
    claim = mill.storing()
    mill.storage.down_for = part
    mill.desk.step("store", claim)
    assert mill.record(claim)["images"] == "[]"
    mill.storage.down_for = ""
    store_again(mill)
    assert mill.result(claim).state is JobState.SUCCEEDED


def test_a_storage_that_is_down_is_waited_for_beside_an_expired_address(mill: Mill) -> None:
    claim = mill.storing(n=2)
    mill.host.troubles["/1.png"].extend([failed("expired")] * 3)
    mill.storage.down_for = "_02.png"
    mill.desk.step("store", claim)
    mill.desk.step("poll", mill.due_again(JobState.RUNNING))
    store_again(mill)
    assert mill.record(claim)["state"] == "storing"
    mill.storage.down_for = ""
    store_again(mill)
    result = mill.result(claim)
    assert (result.state, [image.index for image in result.images]) == (JobState.PARTIAL, [2])
