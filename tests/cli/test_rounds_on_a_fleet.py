"""Further rounds with a real worker: what is missing is ordered and charged once, and no more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from schemas.failure import ErrorClass
from schemas.states import JobState
from tests.cli.command import prompt_of
from tests.system.mill import Mill

pytestmark = pytest.mark.system
PRICE = 0.16


@pytest.fixture(scope="module")
def mill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mill]:
    """A mill with one worker that soon gives up asking what became of an order."""
    with ExitStack() as stack:
        found = Mill(tmp_path_factory.mktemp("rounds") / "mill", stack)
        found.start_workers(1, IMAGEMILL_ACCOUNTS__default__SETTLE_S="0.5")
        yield found


def charged(mill: Mill, name: str) -> list[dict[str, Any]]:
    """What the provider made of a manifest's rows, by its own ledger."""
    tasks: list[dict[str, Any]] = mill.simulator.ledger(prompt=f" {name} ")["tasks"]
    return tasks


def test_a_partial_row_is_topped_up_with_what_is_missing(mill: Mill) -> None:
    fault = {"kind": "partial", "images": 3, "code": "InternalError", "message": "no"}
    mill.simulator.script({"match": prompt_of("vases", 1), "on": "create", "do": fault})
    batch = mill.submit(mill.command_line.manifest("vases", 3, n=4), "--batch", "vases")
    mill.finished(batch)
    first = mill.results(batch)["vases-001"]
    assert (first.state, len(first.images)) == (JobState.PARTIAL, 1)

    ran = mill.command_line("retry", "--wait", "--json")

    assert ran.code == 0, ran.err
    assert (ran.document["jobs"], ran.document["images"]) == (1, 3)
    results = mill.results(batch)
    topped_up = results["vases-001"]
    assert {result.state for result in results.values()} == {JobState.SUCCEEDED}
    assert topped_up.images[0] == first.images[0]
    assert len({image.sha256 for image in topped_up.images}) == 4
    assert topped_up.cost_micro == 4 * PRICE * 1_000_000
    mill.check_pictures(results)
    orders = [task["parameters"]["n"] for task in charged(mill, "vases")]
    assert sorted(orders) == [3, 4, 4, 4]
    mill.check_nothing_in_motion()


def test_a_picture_nobody_liked_is_drawn_anew_and_the_others_stay(mill: Mill) -> None:
    batch = mill.submit(mill.command_line.manifest("cups", 2, n=2), "--batch", "cups")
    mill.finished(batch)
    first = mill.results(batch)
    approved, disliked = first["cups-001"].images
    mill.command_line.write(
        "review.csv",
        "id,image,decision\n"
        f"cups-000,{first['cups-000'].images[0].key},approve\n"
        f"cups-001,{approved.key},approve\n"
        f"cups-001,{disliked.key},reroll\n",
    )

    ran = mill.command_line("reroll", batch, "review.csv", "--wait", "--json")

    assert ran.code == 0, ran.err
    assert (ran.document["jobs"], ran.document["images"]) == (1, 1)
    results = mill.results(batch)
    assert results["cups-000"] == first["cups-000"]
    kept, anew = results["cups-001"].images
    assert kept == approved
    assert anew.key == disliked.key.replace("_02.png", "_02_r2.png")
    assert anew.sha256 != disliked.sha256
    assert results["cups-001"].replaced == [disliked]
    assert results["cups-001"].cost_micro == 3 * PRICE * 1_000_000
    mill.check_pictures(results)
    assert mill.storage.head(disliked.key) is not None, "it was paid for"
    assert sorted(task["parameters"]["n"] for task in charged(mill, "cups")) == [1, 2, 2]

    again = mill.command_line("reroll", batch, "review.csv", "--json")
    assert (again.code, again.document["round"]) == (0, None)
    table = mill.command_line("results", batch, "--approved", "review.csv", "--format", "jsonl")
    keys = [image["key"] for line in table.documents for image in line["images"]]
    assert keys == [first["cups-000"].images[0].key, approved.key]
    assert len(charged(mill, "cups")) == 3
    mill.check_nothing_in_motion()


def test_an_uncertain_row_is_ordered_once_more_when_a_person_says_so(mill: Mill) -> None:
    prompt = prompt_of("bells", 1)
    # Its task is there, and nothing proves that it is this row's.
    mill.simulator.script(
        {"match": prompt, "on": "create", "do": {"kind": "drop-after"}},
        {"match": prompt, "on": "get", "times": -1, "do": {"kind": "unknown"}},
    )
    batch = mill.submit(mill.command_line.manifest("bells", 3), "--batch", "bells")
    uncertain = mill.finished(batch)
    assert (uncertain.succeeded, uncertain.uncertain) == (2, 1)
    assert uncertain.at_risk == {"CNY": "0.16"}
    (failure,) = mill.results(batch)["bells-001"].failures
    assert failure.error_class is ErrorClass.AMBIGUOUS
    refused = mill.command_line("retry", batch)
    assert "retry bells --uncertain" in refused.err
    assert len(charged(mill, "bells")) == 3
    mill.simulator.client.delete("/_faults")

    ran = mill.command_line("retry", batch, "--uncertain", "--wait", "--json")

    assert ran.code == 0, ran.err
    assert "warning: 1 of them is uncertain" in ran.err
    status = ran.document["status"]
    assert (status["succeeded"], status["possible_double_charges"]) == (3, 1)
    assert len(charged(mill, "bells")) == 4, "the first one had been charged after all"
    assert mill.results(batch)["bells-001"].possible_double_charges == 1
    mill.check_nothing_in_motion()
