"""How a batch's pictures are finished is in its document and with each of its jobs."""

from __future__ import annotations

from pathlib import Path

from ledger.opening import Ledger
from producer.submission import Order
from schemas.finishing import Finishing, Gate, Label
from tests.steps.storages import StumblingStorage
from tests.submission.manifests import WANX, jobs_in, prepared, rows

WANTED = Finishing(label=Label.IPTC, gate=Gate())


def test_every_job_brings_it_along(tmp_path: Path) -> None:
    ready = prepared(rows(3), tmp_path, Order(finishing=WANTED))
    assert ready.batch.finishing == WANTED
    (chunk,) = tmp_path.rglob("*.jsonl.gz")
    assert [job.finishing for job in jobs_in(chunk)] == [WANTED] * 3


def test_where_nothing_is_said_nothing_is_written(tmp_path: Path) -> None:
    usual, other = tmp_path / "usual", tmp_path / "other"
    assert prepared(rows(1), usual).batch.finishing == Finishing()
    prepared(rows(1), other, Order(finishing=WANTED))
    (plain,), (told,) = usual.rglob("*.jsonl.gz"), other.rglob("*.jsonl.gz")
    assert plain.stat().st_size < told.stat().st_size


def test_other_labels_do_not_make_another_batch(
    ledger: Ledger, storage: StumblingStorage, tmp_path: Path
) -> None:
    first = prepared(rows(2), tmp_path / "first")
    second = prepared(rows(2), tmp_path / "second", Order(finishing=WANTED))
    assert first.batch.batch == second.batch.batch
    assert first.hand_in(ledger, storage).fresh
    again = second.hand_in(ledger, storage)
    assert (again.fresh, again.batch.finishing) == (False, Finishing())
    assert ledger.batches.counts(again.batch)[0].lane == WANX
