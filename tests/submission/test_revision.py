"""A whole batch as another revision: drawn anew once, however often it is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.opening import Ledger
from producer.handing_in import NameTaken
from producer.preview import previews
from producer.submission import Order
from schemas.job import content_key
from tests.steps.storages import StumblingStorage
from tests.submission.manifests import jobs_in, prepared, rows

SECOND = Order(revision=2)


def test_every_job_is_of_it_and_is_another_picture(tmp_path: Path) -> None:
    plain, second = prepared(rows(2), tmp_path / "1"), prepared(rows(2), tmp_path / "2", SECOND)
    before, after = (
        [job for path in folder.rglob("*.jsonl.gz") for job in jobs_in(path)]
        for folder in (tmp_path / "1", tmp_path / "2")
    )

    assert [job.revision for job in after] == [2, 2]
    assert not {content_key(job) for job in before} & {content_key(job) for job in after}
    assert (plain.batch.revision, second.batch.revision) == (1, 2)


def test_the_same_revision_is_the_same_batch_and_another_is_another(tmp_path: Path) -> None:
    names = [
        prepared(rows(1), tmp_path / str(place), Order(revision=revision)).batch.batch
        for place, revision in enumerate([1, 2, 2, 3])
    ]
    assert names[1] == names[2]
    assert len(set(names)) == 3


def test_a_batch_of_that_name_is_not_taken_for_it(
    ledger: Ledger, storage: StumblingStorage, tmp_path: Path
) -> None:
    prepared(rows(1), tmp_path / "1", Order(name="cups")).hand_in(ledger, storage)
    second = prepared(rows(1), tmp_path / "2", Order(name="cups", revision=2))
    with pytest.raises(NameTaken):
        second.hand_in(ledger, storage)


def test_what_is_shown_first_has_the_names_its_pictures_will_have(tmp_path: Path) -> None:
    (first,) = previews(prepared(rows(1), tmp_path, SECOND).checked.tally.first)
    assert first.images == ["SKU-0_01_r2"]
