"""Pictures drawn anew: in files of their own, beside those that nobody touches."""

from __future__ import annotations

import json

from schemas import layout
from schemas.job import Again, content_key
from schemas.states import JobState
from tests.steps.earlier_pictures import kept
from tests.steps.mill import BATCH, Mill, job
from tests.steps.test_top_up import finished

PRICE = 160_000
SEED = 1000
ONE, TWO = kept("SKU-1", 1, 2)
SECOND = Again(round=3, kept=[ONE], replaced=[TWO], attempts=1, cost_micro=2 * PRICE)


def test_a_new_picture_has_a_file_of_its_own(mill: Mill) -> None:
    mill.storage.put(TWO.key, b"the second picture as it was", "image/png")

    claim = mill.released(n=2, revision=2, again=SECOND, parameters={"seed": SEED})
    result = finished(mill, claim)

    assert (result.state, result.revision, result.replaced) == (JobState.SUCCEEDED, 2, [TWO])
    first, second = result.images
    assert first == ONE
    assert second.key == layout.image_key(BATCH, "SKU-1", 2, "png", revision=2)
    assert (second.revision, second.seed) == (2, SEED + 4), "no seed of the rounds before"
    assert mill.storage.get(second.key).startswith(b"\x89PNG")
    assert mill.storage.get(TWO.key) == b"the second picture as it was"
    assert mill.storage.head(layout.thumbnail_key(second.key)) is not None


def test_only_the_new_picture_is_ordered_and_what_the_old_one_cost_stays_counted(
    mill: Mill,
) -> None:
    result = finished(mill, mill.released(n=2, revision=2, again=SECOND))

    (order,) = mill.provider.ordered
    assert order.n == 1
    assert (result.cost_micro, result.attempts) == (3 * PRICE, 2)


def test_its_sidecar_is_of_the_revision(mill: Mill) -> None:
    again = Again(round=2, replaced=[ONE])
    result = finished(mill, mill.released(revision=2, again=again, prompt="a better cat"))

    sidecar = json.loads(mill.storage.get(layout.sidecar_key(result.images[0].key)))
    assert sidecar["prompt"] == "a better cat"
    assert sidecar["image"]["revision"] == 2
    assert sidecar["content_key"] == content_key(job(revision=2, prompt="a better cat"))


def test_a_row_drawn_anew_and_withdrawn_names_what_it_had(mill: Mill) -> None:
    """Nobody finds a paid picture that no result speaks of."""
    claim = mill.released(revision=2, again=Again(round=2, replaced=[ONE], cost_micro=PRICE))
    mill.poison(claim)

    result = mill.result(claim)
    assert (result.state, result.replaced, result.cost_micro) == (JobState.FAILED, [ONE], PRICE)
