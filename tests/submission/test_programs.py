"""A program orders without the command line: on a real server, with no worker about."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import producer
from ledger.opening import Ledger
from producer import (
    Batch,
    BatchStatus,
    LanesStopped,
    ManifestError,
    NameTaken,
    NoSuchBatch,
    NotFinished,
    NotReachable,
    ProducerError,
    RowsRefused,
    SettingsError,
    WaitedTooLong,
    submit,
)
from schemas.failure import ErrorClass
from schemas.states import JobState
from storage import LocalStorage
from tests.ports import free_ports
from tests.submission.finished import finish
from tests.submission.manifests import WANX
from tests.valkey import Valkey

MUGS = [{"sku": f"MUG-{number}", "prompt": f"a mug of clay number {number}"} for number in range(3)]
Places = dict[str, Any]


@pytest.fixture
def places(
    ledger: Ledger, valkey: Valkey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Places:
    monkeypatch.chdir(tmp_path)
    return {"redis_url": valkey.url, "storage_url": str(tmp_path / "store")}


def order(places: Places, **words: Any) -> Batch:
    return submit(MUGS, settings=places, **{"model": "wanx-v1", **words})


def done(ledger: Ledger, places: Places, name: str, **endings: tuple[Any, ...]) -> None:
    endings = {key.replace("_", "-"): value for key, value in endings.items()}
    finish(ledger, LocalStorage(Path(places["storage_url"])), name, endings, (WANX,))


def test_what_is_public_is_there_and_nothing_else() -> None:
    for name in producer.__all__:
        assert getattr(producer, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'sumbit'"):
        _ = producer.sumbit
    public = [getattr(producer, name) for name in producer.__all__]
    errors = [each for each in public if isinstance(each, type) and issubclass(each, Exception)]
    assert len(errors) == 12
    assert all(issubclass(kind, ProducerError) for kind in errors)


def test_an_order_is_handed_in_without_a_word(
    places: Places, ledger: Ledger, capfd: pytest.CaptureFixture[str]
) -> None:
    batch = order(places, batch="autumn", budget="5CNY", set={"n": 2}, priority="high")

    status = batch.status()
    assert (batch.name, batch.new) == ("autumn", True)
    assert "3 rows, 6 images, at most 0.96 CNY at list price" in batch.said
    assert (status.state, status.total, status.pending) == ("running", 3, 3)
    assert (status.priority, status.budgets["CNY"].limit) == ("high", "5.00")
    document = ledger.batches.document("autumn")
    assert document is not None
    assert document.columns == ["sku", "prompt"]
    assert capfd.readouterr() == ("", "")
    assert {path.name for path in Path.cwd().iterdir()} == {"store"}


def test_the_same_order_is_the_same_batch(places: Places, ledger: Ledger) -> None:
    first, again = order(places), order(places)
    assert (first.new, again.new) == (True, False)
    assert again.name == first.name
    assert first.name.startswith("rows-")
    assert ledger.batches.names() == [first.name]


def test_threads_that_order_the_same_make_one_batch(places: Places, ledger: Ledger) -> None:
    with ThreadPoolExecutor(6) as threads:
        batches = list(threads.map(lambda _: order(places, batch="rush"), range(6)))
    assert {batch.name for batch in batches} == {"rush"}
    with batches[0] as batch, ThreadPoolExecutor(6) as threads:
        found = list(threads.map(lambda _: batch.status(), range(24)))
    assert {(status.total, status.pending) for status in found} == {(3, 3)}
    assert ledger.lanes.names() == [WANX]


def test_a_file_a_batch_file_and_a_path_of_any_kind_will_do(places: Places, tmp_path: Path) -> None:
    (tmp_path / "mugs.csv").write_text("sku,prompt,model\nA-1,a mug,wanx-v1\n")
    (tmp_path / "batch.toml").write_text('manifest = "mugs.csv"\nbatch = "toml"\n')
    found = [
        submit(manifest, settings=places).name
        for manifest in ("mugs.csv", tmp_path / "mugs.csv", tmp_path / "batch.toml")
    ]
    assert found[0] == found[1]
    assert found[0].startswith("mugs-")
    assert found[2] == "toml"


def test_bad_rows_are_refused_with_all_that_is_wrong(places: Places, ledger: Ledger) -> None:
    rows: list[dict[str, object]]
    rows = [{**MUGS[0]}, {"sku": "MUG-1", "prompt": ""}, {"sku": "MUG-2", "prompt": "m", "n": 99}]
    with pytest.raises(RowsRefused, match="2 of 3 rows cannot be ordered") as refused:
        submit(rows, settings=places, model="wanx-v1", budget="9CNY")
    assert [(each.line, each.column) for each in refused.value.problems] == [
        (2, "prompt"),
        (3, "n"),
    ]
    assert isinstance(refused.value, ProducerError)
    assert ledger.batches.names() == []


def test_left_out_rows_lie_in_the_storage_and_not_here(places: Places, tmp_path: Path) -> None:
    rows = [*MUGS, {"sku": "MUG-9", "prompt": ""}]
    batch = submit(rows, settings=places, model="wanx-v1", batch="some", skip_invalid=True)
    assert batch.status().total == 3
    left_out = tmp_path / "store" / "batches" / "some" / "invalid.csv"
    assert "MUG-9" in left_out.read_text(encoding="utf-8-sig")
    assert str(left_out) in batch.said
    assert not (tmp_path / "invalid.csv").exists()


def _wrong_port(places: Places) -> Places:
    return {**places, "redis_url": f"redis://127.0.0.1:{free_ports(1)[0]}/0"}


@pytest.mark.parametrize(
    ("act", "kind", "said"),
    [
        (lambda at: submit([], settings=at), ManifestError, "no rows"),
        (lambda at: submit("nowhere.csv", settings=at), ManifestError, "does not exist"),
        (lambda at: order(at, modle="x"), ManifestError, "no such key"),
        (lambda at: order({**at, "redis": "x"}), SettingsError, "redis: there is no such setting"),
        (lambda at: order(_wrong_port(at)), NotReachable, "IMAGEMILL_REDIS_URL"),
        (lambda at: Batch("autmn", settings=at).status(), NoSuchBatch, "autmn"),
        (lambda at: Batch("autmn", settings=at).wait(), NoSuchBatch, "autmn"),
        (lambda at: Batch("autmn", settings=at).cancel(), NoSuchBatch, "autmn"),
        (lambda at: Batch("x", settings=_wrong_port(at)).status(), NotReachable, "REDIS_URL"),
    ],
)
def test_what_goes_wrong_is_said_in_our_errors(
    places: Places, act: Callable[[Places], object], kind: type[ProducerError], said: str
) -> None:
    with pytest.raises(kind, match=said):
        act(places)


def test_a_name_belongs_to_one_order(places: Places) -> None:
    order(places, batch="autumn")
    with pytest.raises(NameTaken, match="autumn"):
        order(places, batch="autumn", set={"n": 2})


def test_results_come_in_order_when_the_batch_is_finished(places: Places, ledger: Ledger) -> None:
    order(places, batch="autumn")
    batch = Batch("autumn", settings=places)
    with pytest.raises(NotFinished, match="0 of 3 rows are done"):
        batch.results()

    done(ledger, places, "autumn", MUG_1=(JobState.FAILED, ErrorClass.MODERATED))

    with batch:
        assert batch.wait().failed == 1
        found = [(result.id, str(result.state), len(result.images)) for result in batch.results()]
    assert found == [("MUG-0", "succeeded", 1), ("MUG-1", "failed", 0), ("MUG-2", "succeeded", 1)]
    assert [result.id for result in batch.results()] == ["MUG-0", "MUG-1", "MUG-2"]


def test_a_picture_is_read_and_found(places: Places, ledger: Ledger) -> None:
    batch = order(places, batch="night")
    done(ledger, places, "night")
    image = next(batch.results()).images[0]
    file = Path(places["storage_url"]) / image.key
    with pytest.raises(NotReachable):
        batch.read(image)
    file.parent.mkdir(parents=True)
    file.write_bytes(b"a picture")
    assert batch.read(image) == b"a picture"
    assert batch.location(image) == str(file)


def test_waiting_tells_what_changed_and_once(places: Places, ledger: Ledger) -> None:
    batch = order(places, batch="autumn")
    seen: list[BatchStatus] = []

    def see(status: BatchStatus) -> None:
        seen.append(status)
        if len(seen) == 1:
            done(ledger, places, "autumn")

    assert batch.wait(progress=see).succeeded == 3
    assert [status.state for status in seen] == ["running", "finished"]


def test_waiting_ends_where_only_a_person_can_go_on(places: Places, ledger: Ledger) -> None:
    batch = order(places, batch="autumn")
    with pytest.raises(WaitedTooLong, match="it goes on"):
        batch.wait(timeout_s=0)
    ledger.lanes.stop(WANX, "in arrears")
    with pytest.raises(LanesStopped, match="in arrears"):
        batch.wait(timeout_s=30)


def test_a_cancelled_batch_orders_nothing_more(places: Places, ledger: Ledger) -> None:
    batch = order(places, batch="autumn")
    batch.cancel()
    assert batch.status().state == "cancelling"
    done(ledger, places, "autumn")
    batch.cancel()
    assert batch.status().state == "finished"
