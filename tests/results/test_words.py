from __future__ import annotations

import pytest

from results.words import FAILURES, STATES, Language, explain
from schemas.failure import ErrorClass
from schemas.states import JobState
from tests.results.orders import failure, image, result


def test_every_error_class_and_state_has_words() -> None:
    assert set(FAILURES) == set(ErrorClass)
    assert set(STATES) == set(JobState)
    assert STATES[JobState.PARTIAL].english == "Partial"


@pytest.mark.parametrize("error_class", ErrorClass)
def test_a_failure_is_told_in_whole_sentences(error_class: ErrorClass) -> None:
    said = explain(result(state=JobState.FAILED, failures=[failure(error_class)]))

    assert said[0].isupper()
    assert said.endswith(".")
    assert error_class.value.upper() not in said


def test_success_needs_no_words() -> None:
    assert explain(result(images=[image("a")])) == ""


def test_what_the_provider_adds_is_quoted() -> None:
    told = failure(ErrorClass.INVALID, code="BadSize", message="size must be\n 1024*1024")

    assert explain(result(state=JobState.FAILED, failures=[told])).endswith(
        "run it again. The provider says: size must be 1024*1024"
    )


@pytest.mark.parametrize("message", ["", "  ", "DataInspectionFailed", "content rules refused"])
def test_a_message_that_adds_nothing_is_left_out(message: str) -> None:
    said = explain(result(state=JobState.FAILED, failures=[failure(message=message)]))

    assert said == FAILURES[ErrorClass.MODERATED].english


def test_a_page_for_a_message_is_cut() -> None:
    said = explain(result(state=JobState.FAILED, failures=[failure(message="x" * 9000)]))

    assert len(said) < 500
    assert said.endswith("…")


def test_a_partial_job_names_the_missing_pictures() -> None:
    images = [image("a", 1), image("a", 3)]
    failures = [failure(index=2), failure(index=4)]

    said = explain(result(state=JobState.PARTIAL, n=4, images=images, failures=failures))

    assert said == (
        "2 of 4 pictures stored; pictures 2 and 4 are missing. The provider's content rules"
        " refused this prompt or its picture. Reword the prompt and run the row again."
    )


def test_an_uncertain_row_says_how_to_decide() -> None:
    said = explain(result(state=JobState.UNCERTAIN, failures=[failure(ErrorClass.AMBIGUOUS)]))

    assert "may have been charged" in said
    assert "`imagemill retry BATCH --uncertain`" in said


def test_what_a_person_withdrew_is_no_news_from_the_provider() -> None:
    told = failure(ErrorClass.CANCELLED, message="withdrawn")

    assert explain(result(state=JobState.CANCELLED, failures=[told])) == (
        FAILURES[ErrorClass.CANCELLED].english
    )


def test_one_missing_picture_is_singular() -> None:
    said = explain(result(state=JobState.PARTIAL, n=2, images=[image("a", 1)]))

    assert said == "1 of 2 pictures stored; picture 2 is missing."


@pytest.mark.parametrize("error_class", ErrorClass)
def test_a_failure_is_told_in_chinese_too(error_class: ErrorClass) -> None:
    told = failure(error_class, message="size must be 1024*1024")

    said = explain(result(state=JobState.FAILED, failures=[told]), Language.CHINESE)

    assert said.startswith(FAILURES[error_class].chinese)
    assert said.endswith(("。", "服务商的原话：size must be 1024*1024"))


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        ([1, 2], "订了 4 张，存了 2 张；缺第 3、4 张。"),
        ([1, 2, 4], "订了 4 张，存了 3 张；缺第 3 张。"),
    ],
)
def test_missing_pictures_are_named_in_chinese_too(stored: list[int], said: str) -> None:
    images = [image("a", index) for index in stored]

    given = result(state=JobState.PARTIAL, n=4, images=images)

    assert explain(given, Language.CHINESE) == said


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.UNCERTAIN, JobState.CANCELLED])
def test_an_ending_without_a_recorded_failure_is_explained_too(state: JobState) -> None:
    assert explain(result(state=state))
