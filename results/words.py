"""Endings in plain words: what happened, and what the person who wrote the row can do."""

from __future__ import annotations

from typing import NamedTuple

from schemas.failure import ErrorClass, Failure
from schemas.result import JobResult
from schemas.states import JobState

_QUOTE_LIMIT = 300
"""Characters of a provider's message that are quoted: some providers send whole pages."""


class Wording(NamedTuple):
    """One thing to say, in each language we speak."""

    english: str


STATES: dict[JobState, Wording] = {
    JobState.PENDING: Wording("Pending"),
    JobState.RELEASED: Wording("Released"),
    JobState.SUBMITTING: Wording("Submitting"),
    JobState.RUNNING: Wording("Running"),
    JobState.STORING: Wording("Storing"),
    JobState.SUCCEEDED: Wording("Succeeded"),
    JobState.PARTIAL: Wording("Partial"),
    JobState.FAILED: Wording("Failed"),
    JobState.CANCELLED: Wording("Cancelled"),
    JobState.UNCERTAIN: Wording("Uncertain"),
}

FAILURES: dict[ErrorClass, Wording] = {
    ErrorClass.INVALID: Wording(
        "The provider does not accept this row. Correct its prompt or settings and run it again."
    ),
    ErrorClass.MODERATED: Wording(
        "The provider's content rules refused this prompt or its picture."
        " Reword the prompt and run the row again."
    ),
    ErrorClass.THROTTLED: Wording(
        "The provider kept answering that there were too many requests. Run the row again later."
    ),
    ErrorClass.TRANSIENT: Wording(
        "The provider or the network kept failing. Nothing is wrong with the row; run it again."
    ),
    ErrorClass.ACCOUNT: Wording(
        "The provider refused our account: key, balance or quota."
        " Have the account put right, then run the row again."
    ),
    ErrorClass.MODEL_GONE: Wording(
        "The provider no longer offers this model. Choose another model and run the row again."
    ),
    ErrorClass.LOST: Wording(
        "The provider lost this order after accepting it. Run the row again;"
        " the lost order may have been charged."
    ),
    ErrorClass.TIMEOUT: Wording("The provider did not finish in time. Run the row again."),
    ErrorClass.DOWNLOAD: Wording(
        "The picture was made but could not be fetched, or arrived broken. Run the row again."
    ),
    ErrorClass.AMBIGUOUS: Wording(
        "The order was sent but its answer never came, so it may have been charged."
        " Look at the provider's bill; `imagemill retry BATCH --uncertain` orders it once more."
    ),
    ErrorClass.POISON: Wording(
        "This row was given up after several workers broke off while handling it."
        " Show it to whoever runs the system before running it again."
    ),
    ErrorClass.CANCELLED: Wording(
        "Cancelled before it was done. Run the row again if you want it."
    ),
}

UNEXPLAINED: dict[JobState, Wording] = {
    JobState.FAILED: Wording("No picture was made, and no reason was recorded. Run the row again."),
    JobState.UNCERTAIN: FAILURES[ErrorClass.AMBIGUOUS],
    JobState.CANCELLED: FAILURES[ErrorClass.CANCELLED],
}
"""What is said of a job that ended in such a state without a failure on record."""

STORED = Wording("{stored} of {ordered} pictures stored")
MISSING_ONE = Wording("picture {which} is missing")
MISSING_SOME = Wording("pictures {which} are missing")
AND = Wording(" and ")
SAYS = Wording("The provider says: {message}")


def state_label(state: JobState) -> str:
    """A state as a badge shows it."""
    return STATES[state].english


def explain(result: JobResult) -> str:
    """Why this job is not (wholly) done and what to do about it; empty where all went well."""
    if result.state is JobState.SUCCEEDED:
        return ""
    reasons = _reasons(result.failures)
    if result.state is JobState.PARTIAL:
        return " ".join([_shortfall(result), *reasons])
    if not reasons and result.state in UNEXPLAINED:
        return UNEXPLAINED[result.state].english
    return " ".join(reasons)


def first_failure(result: JobResult) -> Failure | None:
    """The failure that names the row's error: the whole job's before a single image's."""
    whole_first = sorted(result.failures, key=lambda failure: failure.index or 0)
    return whole_first[0] if whole_first else None


def missing_indexes(result: JobResult) -> list[int]:
    """Which of the ordered images, from 1, are not stored."""
    stored = {image.index for image in result.images}
    return [index for index in range(1, result.n + 1) if index not in stored]


def _shortfall(result: JobResult) -> str:
    said = STORED.english.format(stored=len(result.images), ordered=result.n)
    missing = [str(index) for index in missing_indexes(result)]
    if not missing:
        return f"{said}."
    which = AND.english.join(filter(None, [", ".join(missing[:-1]), missing[-1]]))
    wording = MISSING_ONE if len(missing) == 1 else MISSING_SOME
    return f"{said}; {wording.english.format(which=which)}."


def _reasons(failures: list[Failure]) -> list[str]:
    """Each class's sentence once, each followed by what the provider adds to it."""
    said: dict[str, None] = {}
    for error_class in dict.fromkeys(failure.error_class for failure in failures):
        said[FAILURES[error_class].english] = None
        for failure in failures:
            if failure.error_class is error_class and _says_more(failure):
                said[SAYS.english.format(message=_quotable(failure.message))] = None
    return list(said)


def _says_more(failure: Failure) -> bool:
    if failure.error_class is ErrorClass.CANCELLED:
        return False  # what a person did is no news from the provider
    message = " ".join(failure.message.split()).casefold().rstrip(".")
    known = FAILURES[failure.error_class].english.casefold()
    return bool(message) and message not in known and message != failure.code.casefold()


def _quotable(message: str) -> str:
    text = " ".join(message.split())
    return text if len(text) <= _QUOTE_LIMIT else text[: _QUOTE_LIMIT - 1].rstrip() + "…"
