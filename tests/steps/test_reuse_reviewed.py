"""What a review decided holds for the nights after it: nobody gets a picture twice that was not wanted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from producer.already_done import already_done
from producer.checking import Good
from producer.review import Decision, Mark
from producer.tally import Tally
from results.earlier import drawn_before
from schemas import layout
from schemas.failure import ErrorClass
from schemas.finishing import Finishing, Gate, Label
from schemas.job import Job
from schemas.result import JobResult, Sidecar
from schemas.states import JobState
from tests.results.metadata import drawn, told
from tests.steps.mill import LANE, PROMPT, Mill, job
from tests.steps.nights import FIRST, SECOND, THIRD, night, rows
from tests.steps.reviews import approved, rejected, retried, reviewed, unliked
from tests.steps.scripted_provider import trouble
from worker.fetching import Fetched
from worker.providers.port import Refused

A, A2, A3 = "A_01.png", "A_01_r2.png", "A_01_r3.png"
BETTER = "a cat with a red hat"
SEEDED: dict[str, Any] = {"parameters": {"seed": 7}}


def files(result: JobResult) -> list[str]:
    return [image.key.rsplit("/", 1)[-1] for image in result.images]


def is_done(mill: Mill, row: Job) -> bool:
    """Whether an estimate of some further night counts it as there."""
    tally = Tally(mill.known)
    tally.add(Good(row, ()))
    return bool(already_done([row], None, tally, mill.storage, lambda _: None).rows)


@pytest.mark.parametrize("prompt", ["", BETTER])
def test_the_next_night_gets_what_was_drawn_anew(mill: Mill, prompt: str) -> None:
    night(mill, FIRST, rows("A", "B"))
    (first, _) = reviewed(mill, FIRST, unliked(A, prompt), approved("B_01.png"))
    asked = len(mill.provider.ordered)
    assert is_done(mill, job("A"))

    again, other = night(mill, SECOND, rows("A", "B"))

    assert len(mill.provider.ordered) == asked == 3
    assert (files(again), files(other)) == ([A2], ["B_01.png"])
    assert (again.images, again.cost_micro, again.reused_from) == (first.images, 0, FIRST)
    assert (again.revision, again.prompt) == (2, prompt or PROMPT)
    assert again.row["prompt"] == PROMPT


def test_a_row_that_failed_gets_what_another_prompt_drew(mill: Mill) -> None:
    mill.provider.to_submit.append(Refused(trouble(ErrorClass.MODERATED)))
    night(mill, FIRST, rows("A"))
    reviewed(mill, FIRST, Mark(2, "A", "", Decision.REROLL, "", BETTER))
    (again,) = night(mill, SECOND, rows("A"))
    assert (files(again), again.prompt, again.reused_from) == ([A2], BETTER, FIRST)


def test_of_several_revisions_the_last_counts(mill: Mill) -> None:
    night(mill, FIRST, rows("A"))
    reviewed(mill, FIRST, unliked(A, BETTER))
    reviewed(mill, FIRST, unliked(A2))
    (again,) = night(mill, SECOND, rows("A"))
    assert (files(again), again.revision, again.prompt) == ([A3], 3, BETTER)


def test_of_a_row_in_part_drawn_anew_the_rest_comes_along(mill: Mill) -> None:
    night(mill, FIRST, rows("A", n=3))
    reviewed(mill, FIRST, unliked("A_02.png"))
    (again,) = night(mill, SECOND, rows("A", n=3))
    assert files(again) == ["A_01.png", "A_02_r2.png", "A_03.png"]
    assert again.reused_from == FIRST


def test_what_came_to_nothing_leaves_no_unwanted_picture(mill: Mill) -> None:
    """The picture nobody wanted does not come back; the row is ordered like one that failed."""
    night(mill, FIRST, rows("A"))
    mill.provider.to_submit.append(Refused(trouble(ErrorClass.MODERATED)))
    (failed,) = reviewed(mill, FIRST, unliked(A))
    assert failed.state is JobState.FAILED
    assert not is_done(mill, job("A"))
    (again,) = night(mill, SECOND, rows("A"))
    assert (again.reused_from, again.images[0].key) == (
        None,
        layout.image_key(SECOND, "A", 1, "png"),
    )


def test_what_is_tried_once_more_after_that_is_the_rows(mill: Mill) -> None:
    night(mill, FIRST, rows("A"))
    mill.provider.to_submit.append(Refused(trouble(ErrorClass.MODERATED)))
    reviewed(mill, FIRST, unliked(A, BETTER))
    retried(mill, FIRST)
    (again,) = night(mill, SECOND, rows("A"))
    assert (files(again), again.prompt, again.reused_from) == ([A2], BETTER, FIRST)


def test_a_rejected_row_is_drawn_anew_the_next_night_and_not_before(mill: Mill) -> None:
    night(mill, FIRST, rows("A", "B"))
    reviewed(mill, FIRST, rejected(A), approved("B_01.png"))
    assert len(mill.provider.ordered) == 2
    assert (is_done(mill, job("A")), is_done(mill, job("B"))) == (False, True)
    again, other = night(mill, SECOND, rows("A", "B"))
    assert (again.reused_from, other.reused_from) == (None, FIRST)
    (third, _) = night(mill, THIRD, rows("A", "B"))
    assert third.reused_from == SECOND


def test_whoever_takes_one_of_several_pays_for_no_other(mill: Mill) -> None:
    night(mill, FIRST, rows("A", n=3))
    reviewed(mill, FIRST, rejected("A_01.png"), rejected("A_02.png"), approved("A_03.png"))
    assert is_done(mill, job("A", n=3))


def test_what_would_come_out_the_same_is_not_paid_for_again(mill: Mill) -> None:
    night(mill, FIRST, rows("A", **SEEDED))
    reviewed(mill, FIRST, rejected(A))
    assert is_done(mill, job("A", **SEEDED))


def test_an_old_review_takes_nothing_from_what_was_drawn_since(mill: Mill) -> None:
    night(mill, FIRST, rows("A"))
    night(mill, SECOND, rows("A"), fresh=True)
    reviewed(mill, FIRST, rejected(A))
    (third,) = night(mill, THIRD, rows("A"))
    assert third.reused_from == SECOND


@pytest.mark.parametrize("reviewed_in", [FIRST, SECOND, THIRD])
def test_a_picture_is_rejected_in_whichever_batch_it_was_labelled(
    mill: Mill, reviewed_in: str
) -> None:
    """Each batch has a file of its own of it; one nobody rejected stays."""
    for batch, label in ((FIRST, Label.NONE), (SECOND, Label.ALL), (THIRD, Label.IPTC)):
        night(mill, batch, rows("A", "B", finishing=Finishing(label=label)))
    reviewed(mill, reviewed_in, rejected(A), approved("B_01.png"))
    assert (is_done(mill, job("A")), is_done(mill, job("B"))) == (False, True)
    again, other = night(mill, "thursday", rows("A", "B"))
    assert (again.reused_from, other.reused_from) == (None, FIRST)


def test_a_labelled_copy_that_could_not_be_drawn_anew_is_not_given_again(mill: Mill) -> None:
    night(mill, FIRST, rows("A", finishing=Finishing(label=Label.NONE)))
    night(mill, SECOND, rows("A"))
    mill.provider.to_submit.append(Refused(trouble(ErrorClass.MODERATED)))
    reviewed(mill, FIRST, unliked(A))
    assert not is_done(mill, job("A"))


def test_a_review_takes_nothing_from_another_drawing_that_was_labelled_since(mill: Mill) -> None:
    night(mill, FIRST, rows("A"))
    night(mill, SECOND, rows("A", finishing=Finishing(label=Label.NONE)), fresh=True)
    night(mill, THIRD, rows("A"))
    reviewed(mill, FIRST, rejected(A))
    assert is_done(mill, job("A"))
    reviewed(mill, SECOND, rejected(A))
    assert not is_done(mill, job("A"))


def test_a_revision_is_rejected_under_both_of_its_orders(mill: Mill) -> None:
    night(mill, FIRST, rows("A", finishing=Finishing(label=Label.NONE)))
    reviewed(mill, FIRST, unliked(A))
    night(mill, SECOND, rows("A"))
    reviewed(mill, SECOND, rejected(A2))
    assert not is_done(mill, job("A"))
    assert not is_done(mill, job("A", revision=2))


def test_what_was_refused_one_after_the_other_is_not_given_again(mill: Mill) -> None:
    """The first could not be drawn anew, and the second is not wanted either."""
    night(mill, FIRST, rows("A", n=2))
    mill.provider.to_submit.append(Refused(trouble(ErrorClass.MODERATED)))
    reviewed(mill, FIRST, unliked("A_02.png"), approved(A))
    assert is_done(mill, job("A", n=2))
    reviewed(mill, FIRST, unliked("A_02.png"), rejected(A))
    assert not is_done(mill, job("A", n=2))


def test_what_was_reused_is_reviewed_like_what_was_drawn(mill: Mill) -> None:
    """Its revisions go on, so that no two files of a row have one name."""
    night(mill, FIRST, rows("A"))
    reviewed(mill, FIRST, unliked(A, BETTER))
    night(mill, SECOND, rows("A"))
    line = Mark(2, "A", "", Decision.REROLL, "", "")
    (result,) = reviewed(mill, SECOND, line)
    assert (files(result), result.prompt, result.revision) == ([A3], BETTER, 3)
    assert [image.key for image in result.replaced] == [
        layout.image_key(FIRST, "A", 1, "png", revision=2)
    ]
    (same,) = reviewed(mill, SECOND, line)
    assert same == result, "typed twice, it is ordered once"
    (third,) = night(mill, THIRD, rows("A"))
    assert (third.images, third.reused_from) == (result.images, SECOND)
    reviewed(mill, THIRD, rejected(A3))
    assert not is_done(mill, job("A"))


def test_no_seed_is_used_again_in_the_next_night(mill: Mill) -> None:
    order: dict[str, Any] = {"n": 2, **SEEDED}
    night(mill, FIRST, rows("A", **order))
    (first,) = reviewed(mill, FIRST, unliked("A_02.png"))
    night(mill, SECOND, rows("A", **order))
    (second,) = reviewed(mill, SECOND, unliked("A_02_r2.png"))
    seeds = [image.seed for image in (*second.images, *second.replaced)]
    assert len({*seeds, *(image.seed for image in first.replaced)}) == len(seeds) + 1 == 4


def test_fresh_seeds_are_kept_to(mill: Mill) -> None:
    night(mill, FIRST, rows("A", **SEEDED))
    (first,) = reviewed(mill, FIRST, unliked(A), fresh_seeds=True)
    (again,) = night(mill, SECOND, rows("A", **SEEDED))
    assert again.images == first.images
    assert again.parameters["seed"] == first.parameters["seed"] != 7


def test_labelled_anew_it_tells_the_prompt_it_was_drawn_with(mill: Mill) -> None:
    night(mill, FIRST, rows("A", finishing=Finishing(label=Label.NONE)))
    reviewed(mill, FIRST, unliked(A, BETTER))
    (again,) = night(mill, SECOND, rows("A"))
    (image,) = again.images
    assert image.key == layout.image_key(SECOND, "A", 1, "png", revision=2)
    assert BETTER in json.dumps(told(mill.storage.get(image.key)))
    sidecar = Sidecar.model_validate_json(mill.storage.get(layout.sidecar_key(image.key)))
    assert sidecar.prompt == BETTER
    (third,) = night(mill, THIRD, rows("A"))
    assert (third.images, len(mill.provider.ordered)) == (again.images, 2)


def test_what_the_gate_and_then_a_person_had_drawn_anew_is_the_rows(mill: Mill) -> None:
    """With the gate or without it, and none of the pictures before comes back."""
    gate = Finishing(gate=Gate(rerolls=1))
    for place in ("task-2/1.png", "task-3/1.png"):
        mill.host.troubles[place].append(Fetched(drawn("PNG")))
    (first,) = night(mill, FIRST, rows("A", finishing=gate))
    assert files(first) == [A2]
    reviewed(mill, FIRST, unliked(A2))
    for batch, finishing in ((SECOND, gate), (THIRD, Finishing())):
        (again,) = night(mill, batch, rows("A", finishing=finishing))
        assert (files(again), again.revision) == ([A3], 3)
    assert len(mill.provider.ordered) == 3


def test_a_refused_second_revision_does_not_come_back_through_the_gate(mill: Mill) -> None:
    gate = Finishing(gate=Gate(rerolls=1))
    mill.host.troubles["task-2/1.png"].append(Fetched(drawn("PNG")))
    night(mill, FIRST, rows("A", finishing=gate))
    reviewed(mill, FIRST, rejected(A2))
    assert drawn_before(job("A", revision=2), mill.storage) is None
    (again,) = night(mill, SECOND, rows("A", finishing=gate))
    assert again.images[0].key == layout.image_key(SECOND, "A", 1, "png", revision=2)


def test_the_lane_of_the_marker_is_no_matter(mill: Mill) -> None:
    """Another account's order is the same picture, drawn anew or not."""
    night(mill, FIRST, rows("A"))
    reviewed(mill, FIRST, unliked(A, BETTER))
    assert is_done(mill, job("A", lane=LANE.replace("default", "second")))
