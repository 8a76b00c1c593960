from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.failure import ErrorClass, Failure
from schemas.states import JobState
from worker.policy.retrying import (
    BACKOFF_CAP_S,
    PAUSE_CAP_S,
    DownloadFault,
    GiveUp,
    RetryLater,
    StopLane,
    Throttle,
    Uncertain,
    after_failure,
    after_not_sent,
    backoff_s,
    download_again_s,
)

chance = st.floats(0, 1)
tries = st.integers(0, 10_000)


def failure(error_class: ErrorClass, code: str = "Code") -> Failure:
    return Failure(error_class=error_class, code=code, message="words")


@pytest.mark.parametrize(
    ("code", "attempts_in_all"),
    [
        ("InternalError", 5),
        ("InternalError.Algo", 3),
        ("InvalidParameter.DataInspection", 3),
        ("NoPicture", 2),
        ("ERROR", 2),
    ],
)
def test_stumbles_are_retried_within_their_limit(code: str, attempts_in_all: int) -> None:
    stumble = failure(ErrorClass.TRANSIENT, code)
    for attempts in range(1, attempts_in_all):
        decision = after_failure(stumble, attempts, 0.5)
        assert isinstance(decision, RetryLater)
        assert decision.spends_attempt
    assert after_failure(stumble, attempts_in_all, 0.5) == GiveUp(JobState.FAILED)


@pytest.mark.parametrize(
    ("error_class", "decision"),
    [
        (ErrorClass.INVALID, GiveUp(JobState.FAILED)),
        (ErrorClass.MODERATED, GiveUp(JobState.FAILED)),
        (ErrorClass.ACCOUNT, StopLane("Code: words")),
        (ErrorClass.MODEL_GONE, StopLane("Code: words")),
        (ErrorClass.AMBIGUOUS, Uncertain()),
        (ErrorClass.LOST, GiveUp(JobState.FAILED)),
        (ErrorClass.TIMEOUT, GiveUp(JobState.FAILED)),
        (ErrorClass.DOWNLOAD, GiveUp(JobState.FAILED)),
        (ErrorClass.POISON, GiveUp(JobState.FAILED)),
        (ErrorClass.CANCELLED, GiveUp(JobState.CANCELLED)),
    ],
)
def test_decision(error_class: ErrorClass, decision: object) -> None:
    assert after_failure(failure(error_class), 1, 0.5) == decision


def test_an_application_that_stays_unreadable_stops_the_lane_and_costs_no_row() -> None:
    stumble = failure(ErrorClass.TRANSIENT, "15")
    assert isinstance(after_failure(stumble, 2, 0.5), RetryLater)
    assert after_failure(stumble, 3, 0.5) == StopLane("15: words")


def test_a_throttle_pauses_as_long_as_the_provider_says_or_as_its_code_suggests() -> None:
    plain = failure(ErrorClass.THROTTLED, "Throttling.RateQuota")
    burst = failure(ErrorClass.THROTTLED, "Throttling.BurstRate")
    assert after_failure(plain, 1, 0.5) == Throttle(1.0, rest_s=0.0)
    assert after_failure(burst, 1, 0.5) == Throttle(5.0)
    assert after_failure(burst, 1, 0.5, retry_after_s=0.25) == Throttle(0.25, rest_s=0.25)
    assert after_failure(plain, 1, 0.5, retry_after_s=1e9) == Throttle(PAUSE_CAP_S)


def test_a_stumble_waits_at_least_as_long_as_the_provider_says() -> None:
    decision = after_failure(failure(ErrorClass.TRANSIENT), 1, 0.0, retry_after_s=7.0)
    assert decision == RetryLater(7.0, spends_attempt=True)


@given(tries, chance)
def test_backoff_is_bounded_and_never_negative(count: int, dice_value: float) -> None:
    assert 0 <= backoff_s(count, dice_value) <= BACKOFF_CAP_S


@given(st.integers(1, 10_000))
def test_backoff_grows(count: int) -> None:
    assert backoff_s(count, 1.0) <= backoff_s(count + 1, 1.0)


@given(tries, chance)
def test_what_was_not_sent_spends_nothing_however_often(count: int, dice_value: float) -> None:
    assert not after_not_sent(count, dice_value).spends_attempt


@given(tries, chance, st.none() | st.floats(-10, 1e6))
def test_a_throttle_never_ends_a_job(count: int, dice_value: float, asked_s: float | None) -> None:
    decision = after_failure(failure(ErrorClass.THROTTLED), count, dice_value, asked_s)
    assert isinstance(decision, Throttle)
    assert 0 <= decision.pause_s <= PAUSE_CAP_S


@given(st.sampled_from(ErrorClass), st.text(), tries, chance)
def test_every_failure_has_a_decision(
    error_class: ErrorClass, code: str, count: int, dice_value: float
) -> None:
    decision = after_failure(failure(error_class, code), count, dice_value)
    assert isinstance(decision, RetryLater | GiveUp | StopLane | Throttle | Uncertain)
    if isinstance(decision, RetryLater):
        assert decision.spends_attempt
        assert 0 <= decision.wait_s <= BACKOFF_CAP_S


@pytest.mark.parametrize(
    ("fault", "tries", "again"),
    [
        (DownloadFault.TRANSIENT, 1, True),
        (DownloadFault.TRANSIENT, 1000, True),
        (DownloadFault.GONE, 2, True),
        (DownloadFault.GONE, 3, False),
        (DownloadFault.EXPIRED, 1, False),
        (DownloadFault.FORBIDDEN, 1, False),
        (DownloadFault.TOO_LARGE, 1, False),
    ],
)
def test_a_paid_picture_is_fetched_again_while_there_is_hope(
    fault: DownloadFault, tries: int, *, again: bool
) -> None:
    assert (download_again_s(fault, tries, 3600.0, 0.5) is not None) is again


@given(st.integers(1, 500), st.floats(0, 100_000), st.floats(0, 1))
def test_no_download_is_planned_for_after_its_address_has_expired(
    tries: int, remaining_s: float, dice_value: float
) -> None:
    wait_s = download_again_s(DownloadFault.TRANSIENT, tries, remaining_s, dice_value)
    assert wait_s is None or 0 <= wait_s < remaining_s
