"""What happens to a job after a failure: a closed set of decisions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from schemas.failure import ErrorClass, Failure
from schemas.states import JobState

BACKOFF_BASE_S = 2.0
BACKOFF_CAP_S = 60.0
DEFAULT_ATTEMPTS = 5

ATTEMPTS = {
    "InternalError.Algo": 3,
    "InvalidParameter.DataInspection": 3,
    "InvalidParameter.FileDownload": 3,
    "BadRequest.InputDownloadFailed": 3,
    "InvalidURL.ConnectionRefused": 3,
    "InvalidURL.Timeout": 3,
    "NoPicture": 2,
    "ERROR": 2,
    "15": 3,
}
"""Attempts in all for codes that are often a wrong row in disguise (Model Studio: error codes), for
a picture that failed (Stability: finish reasons), and for an application that could not be read
(Qianfan: error codes)."""
STOPS_THE_LANE_AT_LAST = frozenset({"15"})
"""What trying again usually mends and, where it does not, is wrong with the account (Qianfan: error
codes)."""

DEFAULT_PAUSE_S = 1.0
PAUSES_S = {
    "Throttling.BurstRate": 5.0,
    "limit_burst_rate": 5.0,
    "Throttling.AllocationQuota": 10.0,
    "insufficient_quota": 10.0,
    "336501": 10.0,
    "336502": 10.0,
    "rpm_rate_limit_exceeded": 10.0,
    "tpm_rate_limit_exceeded": 10.0,
    "rate_limit_exceeded": 10.0,
    "ModelAccountIpmRateLimitExceeded": 10.0,
    "ModelAccountRpmRateLimitExceeded": 10.0,
}
"""Pauses where the provider names none: DashScope sends no Retry-After and admits again within a
minute (Model Studio: rate limits); the others are limits for each minute too (Qianfan: error codes;
OpenAI: rate limits; Volcengine Ark: error codes)."""
PAUSE_CAP_S = 3600.0
"""A provider that asks for more is asked again after this."""


@dataclass(frozen=True)
class RetryLater:
    """Try the same step again after `wait_s`, jitter included."""

    wait_s: float
    spends_attempt: bool


@dataclass(frozen=True)
class GiveUp:
    """The job ends in `state`."""

    state: JobState


@dataclass(frozen=True)
class StopLane:
    """Every job of the lane would fail; it goes back unspent and the lane waits for a person."""

    reason: str


@dataclass(frozen=True)
class Throttle:
    """The lane's bucket is pushed forward by `pause_s`; the job waits its turn and spends nothing."""

    pause_s: float
    rest_s: float | None = None
    """Only by this, where it may be that the order came a moment too soon; None: it is more."""


@dataclass(frozen=True)
class Uncertain:
    """It may have been paid for: never sent again without a decision."""


Decision = RetryLater | GiveUp | StopLane | Throttle | Uncertain


def after_failure(
    failure: Failure, attempts: int, dice_value: float, retry_after_s: float | None = None
) -> Decision:
    """What to do after a provider's error.

    `attempts` counts the requests that may have been paid for, the failed one included;
    `dice_value` is chance between 0 and 1; `retry_after_s` is the wait the provider asks for.
    """
    match failure.error_class:
        case ErrorClass.TRANSIENT:
            if attempts >= ATTEMPTS.get(failure.code, DEFAULT_ATTEMPTS):
                if failure.code in STOPS_THE_LANE_AT_LAST:
                    return StopLane(_words(failure))
                return GiveUp(JobState.FAILED)
            wait_s = max(backoff_s(attempts, dice_value), _capped(retry_after_s or 0.0))
            return RetryLater(wait_s, spends_attempt=True)
        case ErrorClass.THROTTLED:
            default_s = PAUSES_S.get(failure.code, DEFAULT_PAUSE_S)
            pause_s = _capped(default_s if retry_after_s is None else retry_after_s)
            brief = pause_s <= DEFAULT_PAUSE_S
            return Throttle(pause_s, (retry_after_s or 0.0) if brief else None)
        case ErrorClass.ACCOUNT | ErrorClass.MODEL_GONE:
            return StopLane(_words(failure))
        case ErrorClass.AMBIGUOUS:
            return Uncertain()
        case ErrorClass.CANCELLED:
            return GiveUp(JobState.CANCELLED)
        case _:
            # A lost or late task may have been paid for: a person orders it again, not we.
            return GiveUp(JobState.FAILED)


def after_not_sent(tries: int, dice_value: float) -> RetryLater:
    """Nothing left this machine, so nothing is spent, however often it happens."""
    return RetryLater(backoff_s(tries, dice_value), spends_attempt=False)


def backoff_s(tries: int, dice_value: float) -> float:
    """Exponential, with full jitter: somewhere between nothing and min(cap, base * 2^(tries - 1))."""
    doublings = min(max(tries - 1, 0), 16)
    return float(min(BACKOFF_CAP_S, BACKOFF_BASE_S * 2**doublings) * dice_value)


def _words(failure: Failure) -> str:
    return f"{failure.code}: {failure.message}"


def _capped(wait_s: float) -> float:
    return min(max(wait_s, 0.0), PAUSE_CAP_S)


class DownloadFault(StrEnum):
    """Why a picture did not come."""

    EXPIRED = "expired"
    """Its address no longer works; the provider may hand out a new one."""
    GONE = "gone"
    """There is nothing at the address."""
    TRANSIENT = "transient"
    """The network or the host stumbled, or the picture came damaged."""
    FORBIDDEN = "forbidden"
    """The host refuses it, or we do: an address we do not trust."""
    TOO_LARGE = "too_large"
    """More bytes than any picture we accept."""


GONE_TRIES = 3
"""A picture may be listed a moment before its host can serve it."""


def download_again_s(
    fault: DownloadFault, tries: int, remaining_s: float, dice_value: float
) -> float | None:
    """Seconds until a picture that did not come is fetched again; None: there is no hope.

    `tries` counts the downloads tried, the failed one included; `remaining_s` is how long its
    address will still work. The picture is paid for, so it is tried as long as there is hope.
    """
    wait_s = backoff_s(tries, dice_value)
    hopeful = fault is DownloadFault.TRANSIENT
    hopeful = hopeful or (fault is DownloadFault.GONE and tries < GONE_TRIES)
    return wait_s if hopeful and wait_s < remaining_s else None
