"""What a batch's document says of templates, packs and matrix; and that they make it another batch."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from ledger.opening import Ledger
from producer.handing_in import NameTaken
from producer.prompt_template import Template
from producer.style_packs import StylePacks
from producer.submission import Order
from producer.wording import Wording
from schemas.batch import Batch
from schemas.notify import Notify
from schemas.style_pack import StylePack
from storage import LocalStorage
from tests.producer.worded import matrix_of
from tests.submission.manifests import jobs_of, prepared

TABLE = "sku,name,prompt,model,style_pack\nA,mug,a mug,wanx-v1,\nB,jug,a jug,wanx-v1,dawn\n"
TEXT = "a {{ name }} from {{ angle }}"
STUDIO = StylePack(prefix="studio", values={"size": "1024x1024"})
DAWN = StylePack(suffix="at dawn")
PACKS = {"studio": STUDIO, "dawn": DAWN, "never": StylePack(prefix="never")}


def whole(text: str = TEXT, packs: dict[str, StylePack] | None = None, **other: Any) -> Order:
    return Order(
        wording=Wording(Template("prompt.j2", text), Template("--name", "{{ id }}")),
        packs=StylePacks(PACKS if packs is None else packs, "studio"),
        matrix=matrix_of({"angle": ["front", "side"]}),
        **other,
    )


def batch(folder: Path, order: Order, content: str = TABLE) -> Batch:
    return prepared(content, folder, order).batch


def test_a_reader_can_tell_what_was_ordered(tmp_path: Path) -> None:
    found = batch(tmp_path, whole(notify=Notify(url_env="HOOK")))
    assert found.recipe is not None
    assert found.recipe.model_dump() == {
        "template": "prompt.j2",
        "template_sha256": hashlib.sha256(TEXT.encode()).hexdigest(),
        "naming": "{{ id }}",
        "matrix": {"angle": {"front": "front", "side": "side"}},
        "style_pack": "studio",
        "style_packs": {"studio": STUDIO.model_dump(), "dawn": DAWN.model_dump()},
    }
    assert found.columns == ["sku", "name", "prompt", "model", "style_pack", "angle"]
    assert found.total == 4
    assert found.notify == Notify(url_env="HOOK")
    assert Batch.model_validate_json(found.model_dump_json()) == found


def test_rows_ordered_as_they_stand_have_no_recipe(tmp_path: Path) -> None:
    content = TABLE.replace(",dawn", ",")
    assert batch(tmp_path, Order(), content).recipe is None
    unused = Order(packs=StylePacks(PACKS))
    assert batch(tmp_path, unused, content) == batch(tmp_path, Order(), content)


@pytest.mark.parametrize(
    "other",
    [
        whole(text=TEXT + "!"),
        whole(packs={**PACKS, "dawn": StylePack(suffix="at noon")}),
        Order(wording=whole().wording, packs=whole().packs, matrix=matrix_of({"angle": ["top"]})),
        Order(
            wording=Wording(whole().wording.template), packs=whole().packs, matrix=whole().matrix
        ),
        Order(packs=whole().packs),
    ],
    ids=["template", "pack", "matrix", "naming", "none"],
)
def test_another_recipe_is_another_batch(
    tmp_path: Path, ledger: Ledger, storage: LocalStorage, other: Order
) -> None:
    assert batch(tmp_path, whole()).batch != batch(tmp_path, other).batch

    first = prepared(TABLE, tmp_path / "first", whole(name="night"))
    second = prepared(
        TABLE,
        tmp_path / "second",
        Order(name="night", wording=other.wording, packs=other.packs, matrix=other.matrix),
    )
    first.hand_in(ledger, storage)
    assert not first.hand_in(ledger, storage).fresh
    with pytest.raises(NameTaken):
        second.hand_in(ledger, storage)


def test_a_pack_that_no_row_has_changes_nothing(tmp_path: Path) -> None:
    packs = {**PACKS, "never": StylePack(prefix="otherwise")}
    assert batch(tmp_path, whole(packs=packs)) == batch(tmp_path, whole())


def test_whom_to_tell_does_not_make_another_batch(tmp_path: Path) -> None:
    told = batch(tmp_path, whole(notify=Notify(url_env="HOOK")))
    assert told.batch == batch(tmp_path, whole()).batch


def test_a_worker_gets_the_rendered_job_and_nothing_else(
    tmp_path: Path, ledger: Ledger, storage: LocalStorage
) -> None:
    ready = prepared(TABLE, tmp_path, whole())
    ready.hand_in(ledger, storage)
    (chunk,) = [each.key for each in storage.list("") if each.key.endswith(".jsonl.gz")]
    data = storage.get(chunk)
    assert [job.prompt for job in jobs_of(data)] == [
        "studio a mug from front",
        "studio a mug from side",
        "a jug from front at dawn",
        "a jug from side at dawn",
    ]
    assert jobs_of(data)[0].parameters == {"size": "1024*1024"}
    for trace in (b"{{", b"prefix", b"recipe", b"template"):
        assert trace not in b"".join(job.document() for job in jobs_of(data))
