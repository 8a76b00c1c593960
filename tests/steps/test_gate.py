"""The quality gate looks at pictures while they are stored; nothing is kept out."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.finishing import Finishing, Gate
from schemas.flaw import FlawKind
from schemas.result import Image
from schemas.states import JobState
from tests.results.metadata import drawn
from tests.steps.mill import Mill, job
from tests.steps.turning import turned
from worker.fetching import Fetched
from worker.providers.port import Done, RemotePicture

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="4" height="3"/>'


def image_of(mill: Mill, file: bytes | None, gate: Gate | None, **changes: Any) -> Image:
    if file is not None:
        mill.host.troubles["/1.png"].append(Fetched(file))
    claim = mill.storing(finishing=Finishing(gate=gate), **changes)
    mill.desk.step("store", claim)
    result = mill.result(claim)
    assert (result.state, result.cost_micro) == (JobState.SUCCEEDED, 160_000)
    (image,) = result.images
    assert mill.storage.get(image.key)
    return image


def kinds(image: Image) -> list[FlawKind]:
    return [flaw.kind for flaw in image.flaws]


def test_a_good_picture_passes_and_its_look_is_remembered(mill: Mill) -> None:
    image = image_of(mill, drawn("PNG"), Gate(), parameters={"size": "24*16"})
    assert (image.flaws, len(image.look)) == ([], 64)


def test_a_blank_picture_of_a_wrong_size_is_kept_and_marked(mill: Mill) -> None:
    image = image_of(mill, None, Gate(), parameters={"size": "1024*1024"})
    assert kinds(image) == [FlawKind.SIZE, FlawKind.BLANK]


def test_the_file_is_measured_as_it_is_stored(mill: Mill) -> None:
    file = drawn("PNG")
    image = image_of(mill, file, Gate(max_size_bytes=len(file)))
    assert kinds(image) == [FlawKind.LARGE_FILE]
    assert image.size_bytes > len(file)


@pytest.mark.parametrize("gate", [None, Gate()])
def test_nothing_is_looked_at_without_a_gate(mill: Mill, gate: Gate | None) -> None:
    image = image_of(mill, None, gate, parameters={"size": "1024*1024"})
    assert (bool(image.flaws), bool(image.look)) == (gate is not None, gate is not None)


def test_a_worker_that_makes_no_small_pictures_looks_all_the_same(mill: Mill) -> None:
    worker = mill.tools.settings.worker.model_copy(update={"thumbnails": False})
    mill.use(mill.tools.settings.model_copy(update={"worker": worker}))
    image = image_of(mill, None, Gate())
    assert kinds(image) == [FlawKind.BLANK]
    assert not mill.storage.head("batches/night/thumbnails/SKU-1_01.jpg")


def test_a_drawing_has_no_look(mill: Mill) -> None:
    image = image_of(mill, SVG, Gate(min_size_bytes=10_000))
    assert (kinds(image), image.look) == ([FlawKind.SMALL_FILE], "")


def test_what_comes_along_is_not_judged(mill: Mill) -> None:
    word = (
        RemotePicture(1, "https://pictures.test/1.png"),
        RemotePicture(1, "https://pictures.test/2.png", part="overlay"),
    )
    mill.provider.to_poll.append(Done(word))
    image = image_of(mill, drawn("PNG"), Gate())
    assert image.beside[0].flaws == []


def test_pictures_that_are_alike_are_marked_when_the_batch_ends(mill: Mill) -> None:
    twice = drawn("PNG", size=(64, 64))
    mill.host.troubles["/1.png"] += map(Fetched, (twice, twice, drawn("PNG", size=(64, 64))))
    finishing = Finishing(gate=Gate())
    mill.hand_in([job(name, line=n, finishing=finishing) for n, name in enumerate("ABC", 2)])
    found = [result.images[0].flaws for result in turned(mill)]
    assert sorted(map(len, found)) == [0, 0, 1]
    (marked,) = [flaws[0] for flaws in found if flaws]
    assert marked.kind is FlawKind.ALIKE
