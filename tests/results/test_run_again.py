"""What a row is when it was ordered anew, and not everything came."""

from __future__ import annotations

from results.run_again import as_before
from schemas.failure import ErrorClass
from schemas.flaw import Flaw, FlawKind
from schemas.result import Image
from schemas.states import JobState
from tests.results.orders import failure, image, result


def revision(number: int, index: int = 1) -> Image:
    changed = {"key": f"{index}-r{number}", "revision": number}
    return image("a", index).model_copy(update=changed)


def test_a_row_that_came_whole_stays_as_it_is() -> None:
    came = result(images=[revision(2)], replaced=[revision(1)])
    assert as_before(came) is came
    assert as_before(result(state=JobState.FAILED)) == result(state=JobState.FAILED)


def test_a_row_that_failed_is_what_it_was() -> None:
    failed = result(
        state=JobState.FAILED,
        replaced=[revision(1)],
        failures=[failure(ErrorClass.MODERATED)],
        cost_micro=5,
    )
    found = as_before(failed)
    assert (found.state, found.failures, found.replaced) == (JobState.SUCCEEDED, [], [])
    (stayed,) = found.images
    assert stayed.flaws == [Flaw(kind=FlawKind.KEPT, seen="DataInspectionFailed")]
    assert (stayed.key, found.cost_micro) == ("1-r1", 5)


def test_of_several_revisions_the_last_stays() -> None:
    failed = result(state=JobState.CANCELLED, replaced=[revision(1), revision(2)])
    found = as_before(failed)
    assert [one.key for one in found.images] == ["1-r2"]
    assert [one.key for one in found.replaced] == ["1-r1"]
    assert found.images[0].flaws[0].seen == "cancelled"


def test_what_came_is_not_undone() -> None:
    some = result(
        state=JobState.PARTIAL,
        n=2,
        images=[revision(2, 2)],
        replaced=[revision(1, 1), revision(1, 2)],
        failures=[failure(index=1)],
    )
    found = as_before(some)
    assert (found.state, [one.key for one in found.images]) == (
        JobState.SUCCEEDED,
        ["1-r1", "2-r2"],
    )
    assert [one.key for one in found.replaced] == ["2-r1"]


def test_a_row_that_never_was_whole_is_not_whole_now() -> None:
    failed = result(state=JobState.FAILED, n=2, replaced=[revision(1)], failures=[failure()])
    found = as_before(failed)
    assert (found.state, len(found.images), found.failures) == (
        JobState.PARTIAL,
        1,
        [failure()],
    )


def test_what_may_be_drawn_yet_is_left_to_a_person() -> None:
    unknown = result(state=JobState.UNCERTAIN, replaced=[revision(1)])
    assert as_before(unknown) is unknown


def test_it_is_said_once_that_nothing_came() -> None:
    kept = Flaw(kind=FlawKind.KEPT, seen="before")
    blank = Flaw(kind=FlawKind.BLANK)
    old = revision(1).model_copy(update={"flaws": [blank, kept]})
    (stayed,) = as_before(result(state=JobState.FAILED, replaced=[old])).images
    assert [flaw.kind for flaw in stayed.flaws] == [FlawKind.BLANK, FlawKind.KEPT]
    assert stayed.flaws[-1].seen == "failed"
