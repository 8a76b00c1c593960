"""What a row is when it was ordered anew, and not everything came."""

from __future__ import annotations

import gzip
from pathlib import Path

from results.run_again import EarlierJobs, again, as_before
from results.sealed import Sealed
from schemas.batch import TRANSFERRED, ChunkRef
from schemas.failure import ErrorClass
from schemas.flaw import Flaw, FlawKind
from schemas.job import Job
from schemas.layout import input_chunk
from schemas.result import Image
from schemas.states import JobState
from storage.local import LocalStorage
from tests.results.orders import BATCH, LANE, failure, image, result


def job(line: int = 2, spent: int = 0) -> Job:
    name = f"SKU-{line}"
    return Job(id=name, line=line, lane=LANE, prompt="a blue cup", name=name, spent=spent)


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


def test_requests_through_an_account_that_failed_count_once() -> None:
    """They are among the attempts of the earlier round."""
    anew = again(job(spent=2), result(attempts=3), 2, [])
    assert (anew.spent, anew.earlier.attempts) == (0, 3)


class ReadStorage(LocalStorage):
    """Knows what was read."""

    read: list[str]

    def get(self, key: str) -> bytes:
        self.read.append(key)
        return super().get(key)


def test_rows_that_came_from_another_lane_lie_between_its_own(tmp_path: Path) -> None:
    """And each chunk is read once nevertheless."""
    storage = ReadStorage(tmp_path)
    storage.read = []
    for number, lines in ((1, (2, 4, 6)), (TRANSFERRED + 1, (3, 5))):
        document = gzip.compress(b"".join(job(line).document() + b"\n" for line in lines))
        chunk = ChunkRef(batch=BATCH, number=number, size=len(lines))
        storage.put(input_chunk(LANE, chunk), document, "application/gzip")
    jobs = EarlierJobs(storage, BATCH)
    for line in range(2, 7):
        number = TRANSFERRED + 1 if line % 2 else 1
        assert jobs.job(Sealed(result(line), 1, number)).line == line
    assert len(storage.read) == 2
