"""A failed.csv handed in again: the same orders, and nothing of ours among the owner's columns."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from producer.manifest import Form
from producer.mojibake import misread
from results.failed_csv import FailedCsv
from schemas.batch import Batch, Reading
from schemas.job import Job
from schemas.result import JobResult
from schemas.states import JobState
from tests.producer import manifests
from tests.results.orders import batch, failure


def failed(job: Job) -> JobResult:
    """The job's result, had the provider refused it."""
    return JobResult(
        id=job.id,
        line=job.line,
        state=JobState.FAILED,
        lane=job.lane,
        model=job.lane.split(":")[1].split("@")[0],
        n=job.n,
        failures=[failure()],
        attempts=1,
        currency="CNY",
        prompt=job.prompt,
        parameters=job.parameters,
        row=job.row,
    )


def ordered(
    content: str, form: Form, model: str | None = None, sets: Sequence[str] = ()
) -> tuple[list[Job], tuple[str, ...]]:
    """A manifest's jobs and columns."""
    with manifests.given(content, form=form) as manifest:
        checker = manifests.checker(model, *sets)
        jobs = [manifests.job_of(checker.check(row)) for row in manifest.rows()]  # type: ignore[arg-type]  # no row is broken
        return jobs, manifest.columns


def failed_csv(folder: Path, jobs: Sequence[Job], of: Batch) -> str:
    table = FailedCsv(folder / "failed.csv", of)
    for job in jobs:
        table.add(failed(job))
    table.close()
    return (folder / "failed.csv").read_bytes().decode()


def order(job: Job) -> tuple[Any, ...]:
    """What is ordered, whatever the row looks like."""
    return job.id, job.lane, job.prompt, job.negative_prompt, job.n, job.parameters


TABLES = {
    "a shop's": (
        "sku,prompt,model,size,style,n,seed,colour\n"
        'A-1,"a cup, ""blue""",wanx-v1,1280x720,watercolor,2,7,=sage\n'
        "A-2,+a jug\tof tea,wanx-v1,,,,,-3\n"
    ),
    "Chinese": (
        "商品编码,提示词,模型,尺寸,数量,备注\n杯-1,青瓷茶杯，商品摄影,wanx-v1,1024*1024,3,首页\n"
    ),
    "with columns named like ours": (
        "id,prompt,model,code,Error,error_class,mill_code\nA-1,a cup,wanx-v1,C-9,none,I,9\n"
    ),
    "short": "id,prompt,model\n'A-1,=1+1,flux-schnell\n",
}


@pytest.mark.parametrize("content", TABLES.values(), ids=TABLES)
def test_a_table_comes_back_and_may_fail_again(tmp_path: Path, content: str) -> None:
    """However often: columns of ours neither reach the rows nor pile up."""
    jobs, columns = ordered(content, "csv")

    once = failed_csv(tmp_path, jobs, batch(columns))
    again, kept = ordered(once, "csv")

    assert kept == columns
    assert [job.row for job in again] == [job.row for job in jobs]
    assert [order(job) for job in again] == [order(job) for job in jobs]
    assert failed_csv(tmp_path, again, batch(kept)) == once


def test_what_the_command_line_said_needs_no_saying_again(tmp_path: Path) -> None:
    content = "sku,prompt,model,negative_prompt\nA,a cup,,\nB,a jug,flux-schnell,\n"
    sets = ("n=4", "style=anime", "seed=9", "negative_prompt=blur")
    jobs, columns = ordered(content, "csv", "wanx-v1", sets)
    said = {"model": "wanx-v1", **dict(text.split("=") for text in sets), "account": "default"}

    again, _ = ordered(failed_csv(tmp_path, jobs, batch(columns, defaults=said)), "csv")

    assert [job.n for job in jobs] == [4, 1]
    assert [order(job) for job in again] == [order(job) for job in jobs]


MAPPED = {
    "names nobody knows": (
        "编码X,画面,模型X,备注\nA-1,青瓷茶杯,wanx-v1,首页\n",
        {"id": "编码X", "prompt": "画面", "model": "模型X"},
    ),
    "a stock and a size of clothes": (
        "sku,prompt,model,size,数量,size 2\nA-1,a shirt,wanx-v1,XL,500,x\n",
        {"size": "", "n": ""},
    ),
    "a column that means another": (
        "sku,id,prompt,description,model\nA-1,9,a cup,a red cup,wanx-v1\n",
        {"id": "sku", "prompt": "description"},
    ),
}


@pytest.mark.parametrize(("content", "said"), MAPPED.values(), ids=MAPPED)
def test_what_was_said_of_columns_needs_no_saying_again(
    tmp_path: Path, content: str, said: dict[str, str]
) -> None:
    with manifests.given(content) as manifest:
        checker = manifests.checker(None, said=said)
        jobs = [manifests.job_of(checker.check(row)) for row in manifest.rows()]  # type: ignore[arg-type]  # no row is broken
        of = batch(manifest.columns, reading=Reading(columns=said))

    again, columns = ordered(failed_csv(tmp_path, jobs, of), "csv")

    assert [order(job) for job in again] == [order(job) for job in jobs]
    assert list(again[0].row.values()) == list(jobs[0].row.values())
    assert len(set(columns)) == len(columns)


ROWS = [
    {"id": 17, "prompt": "a cup", "model": "wanx-v1", "n": 2, "seed": 7, "tags": ["a", {"b": 1}]},
    {"prompt": "a\njug", "custom_id": "B", "model": "wanx-v1", "size": "720*1280", "ok": True},
    {
        "sku": "C",
        "description": "一只青瓷茶杯",
        "model": "flux-schnell",
        "steps": None,
        "price": 1.5,
    },
    {"ID": "D", "prompt": " a bowl ", "model": "stable-diffusion-xl", "steps": 30, "scale": 7.5},
]


def test_json_lines_come_back_as_a_table(tmp_path: Path) -> None:
    content = "\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS)
    jobs, columns = ordered(content, "jsonl")

    table = failed_csv(tmp_path, jobs, batch(columns))
    again, _ = ordered(table, "csv")

    assert [order(job) for job in again] == [order(job) for job in jobs]
    (first, *_) = csv.DictReader(io.StringIO(table.removeprefix("\ufeff"), newline=""))
    assert first["tags"] == '["a", {"b": 1}]'


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12).filter(
    lambda text: misread(f"cup {text}") is None  # which would be refused
)
VALUES = st.one_of(TEXT, st.integers(), st.booleans(), st.none(), st.lists(st.integers()))
EXTRAS = st.dictionaries(TEXT.map("x-{}".format), VALUES, max_size=3)


@settings(max_examples=60, deadline=None)
@given(prompts=st.lists(st.tuples(TEXT, EXTRAS), min_size=1, max_size=4))
def test_any_json_lines_order_the_same_again(
    tmp_path_factory: pytest.TempPathFactory, prompts: list[tuple[str, dict[str, Any]]]
) -> None:
    rows = [
        {"id": f"R{place}", "prompt": f"cup {prompt}", "model": "wanx-v1", **extras}
        for place, (prompt, extras) in enumerate(prompts)
    ]
    jobs, columns = ordered("\n".join(map(json.dumps, rows)), "jsonl")

    table = failed_csv(tmp_path_factory.mktemp("failed"), jobs, batch(columns))

    assert [order(job) for job in ordered(table, "csv")[0]] == [order(job) for job in jobs]
