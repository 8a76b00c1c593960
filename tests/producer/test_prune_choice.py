"""Which batches are old enough to go: never one that is under way, or that somebody may be using."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ledger.retention import KeptBatch
from producer.prune_choice import Folder, borrowed, choose, inputs_named, is_chunk, is_old
from schemas.states import BatchState
from storage import StoredObject

NOW = datetime(2026, 11, 21, tzinfo=UTC)
NAMES = st.sampled_from(["autumn", "spring", "winter", "杯子"])
MOMENTS = st.integers(-100, 100).map(lambda days: NOW + timedelta(days=days))


def kept(name: str, state: BatchState, finished: datetime) -> KeptBatch:
    ended = finished.isoformat() if state is BatchState.FINISHED else None
    return KeptBatch(name, state, ended)


def folder(name: str, modified_at: datetime | None, *, table: bool = True) -> Folder:
    found = Folder(name)
    file = "results.jsonl" if table else "images/a.png"
    found.see(StoredObject(f"batches/{name}/{file}", 1, modified_at=modified_at))
    return found


KEPT = st.builds(kept, NAMES, st.sampled_from(list(BatchState)), MOMENTS)
FOLDERS = st.builds(folder, NAMES, st.none() | MOMENTS, table=st.booleans())


@given(
    st.lists(KEPT, unique_by=lambda batch: batch.name),
    st.lists(FOLDERS, unique_by=lambda folder: folder.name),
)
def test_only_what_is_finished_and_old_goes(batches: list[KeptBatch], found: list[Folder]) -> None:
    choice = choose(batches, found, NOW)
    known = {batch.name: batch for batch in batches}
    for batch in choice.forgotten:
        assert batch.state is BatchState.FINISHED
        assert datetime.fromisoformat(batch.finished_at or "") < NOW
    for name in choice.folders:
        old = {folder.name: folder for folder in found}[name]
        if name in known:
            assert known[name] in choice.forgotten
        else:
            assert old.has_results
            assert old.newest is not None
            assert old.newest < NOW
    assert sorted([*choice.folders, *choice.staying]) == sorted(folder.name for folder in found)


def test_a_folder_of_no_batch_we_know_goes_when_nobody_wrote_there_for_long() -> None:
    old, young = NOW - timedelta(days=1), NOW + timedelta(days=1)
    found = [
        folder("old", old),
        folder("unfinished", old, table=False),
        folder("young", young),
        folder("undated", None),
    ]
    found[0].see(StoredObject("batches/old/index.html", 1, modified_at=old))
    assert choose([], found, NOW).folders == ["old"]
    found[0].see(StoredObject("batches/old/images/late.png", 1, modified_at=young))
    assert choose([], found, NOW).folders == []


def test_what_says_no_time_is_young() -> None:
    assert not is_old(StoredObject("inputs/a", 1), NOW)
    assert is_old(StoredObject("inputs/a", 1, modified_at=NOW - timedelta(seconds=1)), NOW)
    assert not is_old(StoredObject("inputs/a", 1, modified_at=NOW), NOW)


def test_chunks_are_told_from_tables_and_pictures() -> None:
    for chunk in ("input/lane/00001.jsonl.gz", "results/lane/r2-00001.jsonl"):
        assert is_chunk(f"batches/autumn/{chunk}")
    for other in ("results.jsonl", "batch.json", "images/results/a.png", "input"):
        assert not is_chunk(f"batches/autumn/{other}")


def test_results_name_what_they_borrowed() -> None:
    line = (
        '{"images":[{"key":"batches/杯子/images/a_01.png"},{"key":"batches/own/images/b.png"}],'
        '"renditions":[{"key":"batches/杯子/renditions/web/a_01.jpg"}]}'
    ).encode()
    assert set(borrowed(line, "own")) >= {
        "batches/杯子/images/a_01.png",
        "batches/杯子/images/a_01.json",
        "batches/杯子/thumbnails/a_01.jpg",
        "batches/杯子/renditions/web/a_01.jpg",
    }
    assert not any("own" in key for key in borrowed(line, "own"))


def test_orders_name_their_inputs() -> None:
    key = f"inputs/ab/ab{'0' * 62}.png"
    assert inputs_named(f'{{"parameters":{{"ref_img":"{key}"}}}}'.encode()) == {key}
    assert inputs_named(b'{"prompt":"inputs of all kinds"}') == set()
