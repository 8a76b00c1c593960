"""failed.csv of a batch with a recipe: handed in as it is, it orders the same."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from producer.prompt_template import Template
from producer.style_packs import StylePacks
from producer.submission import Order
from producer.wording import Wording
from schemas.job import Job
from schemas.style_pack import StylePack
from tests.producer.manifests import jobs
from tests.producer.test_failed_csv import failed_csv, order
from tests.producer.worded import matrix_of
from tests.submission.manifests import jobs_in, prepared

TABLE = (
    "sku,name,prompt,model,style_pack,size\n"
    "A,mug,old words,wanx-v1,,\n"
    "B,jug,,wanx-v1,dawn,1280x720\n"
    "C,pot,,flux-schnell,dawn,\n"
)
PACKS = StylePacks(
    {
        "studio": StylePack(prefix="studio ", values={"style": "anime", "negative_prompt": "text"}),
        "dawn": StylePack(suffix=", at dawn", values={"negative_prompt": "night", "n": "1"}),
    },
    "studio",
)
TEMPLATE = Template("prompt.j2", "a {{ name }}")
ORDERS = {
    "template": Order(wording=Wording(TEMPLATE)),
    "matrix": Order(
        wording=Wording(TEMPLATE),
        matrix=matrix_of({"angle": ["front", "side"], "seed": ["1", "2"]}),
    ),
    "packs": Order(wording=Wording(TEMPLATE), packs=PACKS),
    "all": Order(
        wording=Wording(TEMPLATE),
        packs=PACKS,
        matrix=matrix_of({"style_pack": ["studio", "dawn"], "angle": {"a": "from above"}}),
    ),
}


def jobs_ordered(folder: Path, how: Order, content: str) -> tuple[list[Job], Any]:
    ready = prepared(content, folder, how)
    found = [job for path in sorted(folder.rglob("*.jsonl.gz")) for job in jobs_in(path)]
    return sorted(found, key=lambda job: (job.line, job.id)), ready.batch


@pytest.mark.parametrize("name", ORDERS)
def test_what_failed_is_ordered_again_without_template_packs_or_matrix(
    tmp_path: Path, name: str
) -> None:
    content = TABLE if name in ("packs", "all") else TABLE.replace(",dawn,", ",,")
    ordered, batch = jobs_ordered(tmp_path, ORDERS[name], content)

    again = jobs(failed_csv(tmp_path, ordered, batch))

    assert len(ordered) == batch.total >= 3
    assert [order(job) for job in again] == [order(job) for job in ordered]


def test_a_model_without_a_prompt_has_none_the_next_time_either(tmp_path: Path) -> None:
    content = (
        "sku,name,prompt,model,image_url\n"
        "A,mug,old words,image-instance-segmentation,https://example.com/a.png\n"
    )
    ordered, batch = jobs_ordered(tmp_path, ORDERS["template"], content)

    table = failed_csv(tmp_path, ordered, batch)

    (line,) = csv.DictReader(io.StringIO(table.removeprefix("\ufeff"), newline=""))
    assert line["prompt"] == ""
    assert [order(job) for job in jobs(table)] == [order(job) for job in ordered]
