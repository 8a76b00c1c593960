"""The verdict finds each kind of defect: a check that cannot fail is none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ledger.keys import BATCH_AGENDA, LaneKeys, batch_record
from ledger.opening import Ledger
from schemas import layout
from schemas.states import JobState
from storage import open_storage
from tests.storm.finished_world import BATCH, LANE, ROWS, FinishedWorld, task_for

KEYS = LaneKeys(LANE)
PICTURE = layout.image_key(BATCH, "jar-0", 1, "png")


@pytest.fixture
def world(ledger: Ledger, tmp_path: Path) -> FinishedWorld:
    return FinishedWorld(ledger, open_storage(str(tmp_path)))


def test_a_world_without_defects_is_clean(world: FinishedWorld) -> None:
    verdict = world.judged()

    assert verdict.clean, str(verdict)
    figures = verdict.figures
    assert (figures.jobs, figures.charged, figures.charged_twice) == (5, 4, 0)
    assert (figures.lost, figures.abandoned, figures.uncertain, figures.images) == (0, 0, 1, 3)


Spoil = Callable[[FinishedWorld], object]


def twice(world: FinishedWorld) -> None:
    world.tasks.append(task_for(ROWS["jar-0"], "second"))


def still_running(world: FinishedWorld) -> None:
    world.tasks.append(
        task_for(ROWS["jar-1"], "second") | {"state": "RUNNING", "images_charged": 0}
    )


def uncertain_charged_twice(world: FinishedWorld) -> None:
    world.tasks.append(task_for(ROWS["jar-4"], "second"))


def reported_double_charged_thrice(world: FinishedWorld) -> None:
    world.change(0, possible_double_charges=1)
    world.ledger.client.hset(KEYS.counts(BATCH), "doubles", 1)
    world.tasks += [task_for(ROWS["jar-0"], ticket) for ticket in ("second", "third")]


CHARGES: list[tuple[Spoil, str]] = [
    (twice, "jar-0: charged 2 times"),
    (still_running, "jar-1: charged 2 times"),
    (uncertain_charged_twice, "jar-4: charged 2 times"),
    (reported_double_charged_thrice, "jar-0: charged 3 times, reported at most 2"),
    (lambda w: w.tasks.append(task_for(ROWS["jar-3"], "x")), "jar-3: abandoned: paid for"),
    (lambda w: w.change(4, state=JobState.CANCELLED), "jar-4: abandoned: paid for"),
    (lambda w: w.tasks.append(task_for("a cat", "x")), "'a cat', which no row asked for"),
    (lambda w: w.change(0, ticket="ticket-jar-1"), "of order ticket-jar-1, which is not for"),
    (lambda w: w.tasks.pop(0), "of order ticket-jar-0, which is not for"),
]

ACCOUNTS: list[tuple[Spoil, str]] = [
    (lambda w: w.results.pop(3), "jar-3: lost"),
    (lambda w: w.results.append(w.results[0]), "jar-0: two results"),
    (lambda w: w.change(3, id="jar-9"), "jar-9: a result of a row that was never handed in"),
    (lambda w: w.counts.update(succeeded=-1, failed=1), "the ledger counts failed 2"),
    (lambda w: w.counts.update(pending=1), "the counts add up to"),
    (lambda w: setattr(w, "images", 7), "counts 7 pictures, the results 3"),
    (
        lambda w: w.change(0, possible_double_charges=1),
        "counts 0 possible double charges, the results 1",
    ),
]

PICTURES: list[tuple[Spoil, str]] = [
    (lambda w: w.storage.delete(PICTURE), "not in storage"),
    (lambda w: w.storage.put(PICTURE, b"jar-X", "image/png"), "not the bytes"),
    (lambda w: w.storage.put(PICTURE, b"jar", "image/png"), "3 bytes, the results say 5"),
    (lambda w: w.storage.delete(layout.sidecar_key(PICTURE)), "no sidecar"),
    (
        lambda w: w.put_picture(PICTURE, b"jar-0", "jar-1", "ticket-jar-0"),
        "its sidecar speaks of another picture",
    ),
    (
        lambda w: w.storage.put(f"batches/{BATCH}/images/jar-7_01.png", b"x", "image/png"),
        "jar-7_01.png: in storage, and no result names it",
    ),
    (
        lambda w: w.storage.put(f"batches/{BATCH}/images/jar-7_01.json", b"{}", "text/plain"),
        "jar-7_01.json: in storage, and no result names it",
    ),
    (lambda w: w.change(0, n=2), "succeeded with 1 of 2 pictures"),
    (lambda w: w.change(1, images=w.results[0].images), "two pictures have one name"),
]


@pytest.mark.parametrize(("spoil", "found"), [*CHARGES, *ACCOUNTS, *PICTURES])
def test_each_defect_is_found(world: FinishedWorld, spoil: Spoil, found: str) -> None:
    spoil(world)

    verdict = world.judged()

    assert not verdict.clean
    assert found in str(verdict)


RESULTS = layout.batch_file(BATCH, layout.RESULTS_JSONL)

LEFTOVERS: list[tuple[Spoil, str]] = [
    (lambda w: w.ledger.client.zadd(KEYS.agenda, {f"{BATCH}/jar-0": 1}), "agenda: left in motion"),
    (lambda w: w.ledger.client.sadd(KEYS.window, f"{BATCH}/jar-0"), "window: left in motion"),
    (lambda w: w.ledger.client.rpush(KEYS.ready(BATCH), "jar-0"), f"ready:{BATCH}: left"),
    (lambda w: w.ledger.client.rpush(KEYS.waiting(BATCH), "a"), f"waiting:{BATCH}: left"),
    (lambda w: w.ledger.client.hset(KEYS.job("jar-0"), "claim", 1), "jar-0: left in motion"),
    (lambda w: w.ledger.client.hset(KEYS.chunk("1"), "size", 1), "chunk:1: left in motion"),
    (lambda w: w.ledger.client.set("mill:{fleet}:forgotten", 1), "neither expires nor"),
    (lambda w: w.ledger.client.hset(KEYS.tally, "running", 2), "in_play 2"),
    (lambda w: w.ledger.client.hset(batch_record(BATCH), "state", "running"), "not finished"),
    (lambda w: w.ledger.client.zadd(BATCH_AGENDA, {BATCH: 1}), "still looked at"),
    (lambda w: w.storage.delete(layout.batch_file(BATCH, layout.CONTACT_SHEET)), "index.html"),
    (lambda w: w.storage.delete(RESULTS), "jar-0: lost"),
    (lambda w: w.storage.put(RESULTS, b'{"id"', "text/plain"), "line 1 is no result"),
    (
        lambda w: w.storage.put(
            layout.batch_file(BATCH, layout.RESULTS_CSV), b"sku\na", "text/csv"
        ),
        "results.csv has 1 rows",
    ),
]


@pytest.mark.parametrize(("leave", "found"), LEFTOVERS)
def test_whatever_is_left_is_found(world: FinishedWorld, leave: Spoil, found: str) -> None:
    world.write()
    leave(world)

    verdict = world.judged_as_it_is()

    assert found in str(verdict)


def test_a_double_charge_that_is_reported_is_no_finding(world: FinishedWorld) -> None:
    world.change(0, possible_double_charges=1)
    world.write()
    world.ledger.client.hset(KEYS.counts(BATCH), "doubles", 1)
    world.tasks.append(task_for(ROWS["jar-0"], "second"))

    verdict = world.judged_as_it_is()

    assert verdict.clean, str(verdict)
    assert (verdict.figures.charged_twice, verdict.figures.possible_doubles) == (1, 1)


def test_a_key_that_expires_is_no_finding(world: FinishedWorld) -> None:
    world.ledger.client.set("mill:{fleet}:passing", 1, ex=60)

    assert world.judged().clean


def test_a_batch_nobody_knows_is_found(world: FinishedWorld) -> None:
    world.write()
    world.ledger.client.flushall()

    assert "knows no batch" in str(world.judged_as_it_is())
