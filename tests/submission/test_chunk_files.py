"""Chunks: which jobs lie where, and the same bytes for the same jobs."""

from __future__ import annotations

from pathlib import Path

from producer.chunk_files import ChunkFiles
from schemas.batch import CHUNK_SIZE
from schemas.job import Job
from tests.steps.mill import job
from tests.steps.storages import StumblingStorage
from tests.submission.manifests import FLUX, WANX, jobs_of

FOLDER = "batches/night/input/dashscope-wanx-v1@default"


def written(folder: Path, jobs: list[Job]) -> ChunkFiles:
    chunks = ChunkFiles(folder)
    for one in jobs:
        chunks.add(one)
    chunks.close()
    return chunks


def test_a_thousand_and_one_jobs_are_three_chunks(
    tmp_path: Path, storage: StumblingStorage
) -> None:
    jobs = [job(f"SKU-{i:04}", line=2 + i) for i in range(1001)]
    chunks = written(tmp_path, jobs)
    refs = chunks.refs("night", WANX)
    assert [str(ref) for ref in refs] == [
        "night/00001/500",
        "night/00002/500",
        "night/00003/1",
    ]
    assert (chunks.lanes, CHUNK_SIZE) == ({WANX: 1001}, 500)
    chunks.upload("night", WANX, storage)
    keys = [found.key for found in storage.list("batches/")]
    assert keys == [f"{FOLDER}/{number:05}.jsonl.gz" for number in (1, 2, 3)]
    assert [one for key in keys for one in jobs_of(storage.get(key))] == jobs


def test_a_full_chunk_is_not_followed_by_an_empty_one(tmp_path: Path) -> None:
    chunks = written(tmp_path, [job(f"SKU-{i}") for i in range(CHUNK_SIZE)])
    assert [ref.size for ref in chunks.refs("night", WANX)] == [CHUNK_SIZE]


def test_each_lane_has_chunks_of_its_own(tmp_path: Path, storage: StumblingStorage) -> None:
    jobs = [job(f"SKU-{i}", lane=(WANX, FLUX)[i % 2]) for i in range(5)]
    chunks = written(tmp_path, jobs)
    assert chunks.lanes == {WANX: 3, FLUX: 2}
    for lane in chunks.lanes:
        chunks.upload("night", lane, storage)
    assert [one.id for one in jobs_of(storage.get(f"{FOLDER}/00001.jsonl.gz"))] == [
        "SKU-0",
        "SKU-2",
        "SKU-4",
    ]


def test_the_same_jobs_give_the_same_bytes(tmp_path: Path) -> None:
    jobs = [job(f"SKU-{i}", row={"sku": f"SKU-{i}", "注": "秋"}) for i in range(7)]
    for place in ("one", "other"):
        written(tmp_path / place, jobs)
    one, other = (
        [path.read_bytes() for path in sorted((tmp_path / place).rglob("*.gz"))]
        for place in ("one", "other")
    )
    assert one == other
    assert one[0][4:8] == b"\0\0\0\0"  # gzip's place for a time


def test_uploading_twice_changes_nothing(tmp_path: Path, storage: StumblingStorage) -> None:
    chunks = written(tmp_path / "chunks", [job()])
    chunks.upload("night", WANX, storage)
    before = storage.get(f"{FOLDER}/00001.jsonl.gz")
    chunks.upload("night", WANX, storage)
    assert storage.get(f"{FOLDER}/00001.jsonl.gz") == before


def test_no_jobs_are_no_chunks(tmp_path: Path) -> None:
    assert written(tmp_path, []).lanes == {}
