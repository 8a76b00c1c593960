"""Rows that an earlier batch has drawn, looked up before they are ordered."""

from __future__ import annotations

from pathlib import Path

import pytest

from producer.already_done import QUICK_ROWS, already_done, quickly_found
from producer.commands.ordering import summary
from producer.estimate import Estimate, LaneStanding, Prospect, estimated
from producer.estimate_text import render
from producer.tally import FIRST_KEPT, AlreadyDone, Tally
from producer.validation import validate
from schemas import layout
from schemas.catalogue import catalogue
from schemas.job import Job, content_key
from schemas.marker import MadeBatch
from storage import LocalStorage, Unreachable
from tests.earlier_batch import leave_drawn
from tests.producer.manifests import checker, given, job_of

WANX = "dashscope:wanx-v1@default"
CORE = "stability:stable-image-core@default"
ROWS = """sku,prompt,model,n,image_url
CUP-1,a cup,wanx-v1,2,
CUP-2,a cup,wanx-v1,1,
POT-1,a pot,stable-image-core,,
"""


class Shop:
    """A manifest and its storage."""

    def __init__(self, storage: LocalStorage, content: str = ROWS) -> None:
        self.storage = storage
        self.tally = Tally(catalogue())
        self.jobs: dict[str, Job] = {}
        with given(content) as manifest:
            for checked in validate(manifest, checker()):
                self.tally.add(checked)
                job = job_of(checked)
                self.jobs[job.id] = job

    def found(self, batch: MadeBatch | None = None, looked: list[int] | None = None) -> AlreadyDone:
        told = [] if looked is None else looked
        jobs = self.jobs.values()
        return already_done(jobs, batch, self.tally, self.storage, told.append)


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "out", fsync=False)


def test_what_is_there_counts_with_its_images_and_its_price(storage: LocalStorage) -> None:
    shop = Shop(storage)
    leave_drawn(storage, shop.jobs["CUP-1"])
    leave_drawn(storage, shop.jobs["POT-1"])

    found = shop.found()

    assert dict(found.rows) == {WANX: 1, CORE: 1}
    assert dict(found.images) == {WANX: 2, CORE: 1}
    assert found.costs_micro[WANX] == 320_000


def test_nothing_is_there_where_nothing_was_ever_stored(storage: LocalStorage) -> None:
    assert not Shop(storage).found().rows
    assert not (Path(storage.url.removeprefix("file://"))).exists()


@pytest.mark.parametrize("left", ["gone", "cut short", "unreadable"])
def test_a_picture_that_is_not_whole_is_drawn_anew(storage: LocalStorage, left: str) -> None:
    shop = Shop(storage)
    job = shop.jobs["CUP-1"]
    *_, last = leave_drawn(storage, job)
    if left == "gone":
        storage.delete(last)
    elif left == "cut short":
        storage.put(last, b"half", "image/png")
    else:
        storage.put(layout.marker_key(content_key(job)), b"{", "application/json")

    assert not shop.found().rows


def test_the_first_that_are_left_are_told_in_the_manifests_order(storage: LocalStorage) -> None:
    models = ["wanx-v1", "stable-image-core"]
    rows = "".join(f"A-{number},a cup,{models[number % 2]}\n" for number in range(9))
    shop = Shop(storage, f"sku,prompt,model\n{rows}")
    assert shop.found().first_left == shop.tally.first
    for number in (0, 1, 2, 4):
        leave_drawn(storage, shop.jobs[f"A-{number}"])
    found = said(shop, done=shop.found())
    assert [order.id for order in found.first] == ["A-3", "A-5", "A-6"]
    assert len(found.first) == FIRST_KEPT


def test_what_takes_a_moment_is_looked_up_at_once(storage: LocalStorage) -> None:
    few, many = Shop(storage), Shop(storage, _rows(QUICK_ROWS + 1))

    def quickly(shop: Shop) -> AlreadyDone | None:
        return quickly_found(shop.jobs.values(), None, shop.tally, shop.storage)

    for shop in (few, many):
        found = quickly(shop)
        assert found is not None, "where nothing was ever drawn that is known at once"
        assert not found.rows
    leave_drawn(storage, few.jobs["CUP-1"])
    assert quickly(many) is None
    found = quickly(few)
    assert found is not None
    assert found.rows == {WANX: 1}


def test_a_storage_that_fails_is_no_hindrance_to_a_word(storage: LocalStorage) -> None:
    class Away(LocalStorage):
        def get(self, key: str) -> bytes:
            raise Unreachable(f"{key} cannot be reached")

    shop = Shop(Away(Path(storage.url.removeprefix("file://"))))
    leave_drawn(storage, shop.jobs["CUP-1"])
    assert quickly_found(shop.jobs.values(), None, shop.tally, shop.storage) is None


def test_the_summary_leaves_out_what_is_done(storage: LocalStorage) -> None:
    shop = Shop(storage, _rows(4))
    tally = shop.tally
    assert summary(tally, {}) == "4 rows, 4 images, at most 0.64 CNY at list price"
    assert summary(tally, {}, unseen=True).endswith("at list price, before what is already done")
    assert summary(tally, {}, shop.found()) == summary(tally, {})
    leave_drawn(storage, shop.jobs["A-1"])
    assert summary(tally, {"CNY": 480_000}, shop.found()) == (
        "4 rows, of which 1 is already done, 3 images, at most 0.48 CNY at list price"
    )
    assert "about 1 of 3 rows fit" in summary(tally, {"CNY": 160_000}, shop.found())


def test_another_prompt_or_revision_is_another_picture(storage: LocalStorage) -> None:
    shop = Shop(storage)
    for changed in ({"prompt": "a red cup"}, {"revision": 2}, {"n": 1}):
        leave_drawn(storage, shop.jobs["CUP-1"].model_copy(update=changed))
    assert not shop.found().rows


@pytest.mark.parametrize(
    ("batch", "is_there"),
    [
        (MadeBatch("night", "2026-11-20T20:00:00+00:00"), False),
        (MadeBatch("night", "2026-11-20T20:00:02+00:00"), True),
        (MadeBatch("night", None), False),
        (MadeBatch("tomorrow", "2026-11-20T20:00:00+00:00"), True),
        (None, True),
    ],
)
def test_what_the_batch_itself_has_drawn_is_no_earlier_batchs(
    storage: LocalStorage, batch: MadeBatch | None, is_there: bool
) -> None:
    """A batch that had its name and was forgotten is another one."""
    shop = Shop(storage)
    drawn_at = "2026-11-20T20:00:01.500Z"
    leave_drawn(storage, shop.jobs["CUP-1"], batch="night", finished_at=drawn_at)
    assert shop.found(batch).rows == ({WANX: 1} if is_there else {})


def test_what_draws_no_picture_is_asked_anew_each_time(storage: LocalStorage) -> None:
    address = "https://example.com/a.png"
    content = f"sku,model,images\nCUP-1,facechain-facedetect,{address}\n"
    shop = Shop(storage, content)
    leave_drawn(storage, shop.jobs["CUP-1"])
    assert shop.tally.model(shop.jobs["CUP-1"].lane).draws is False
    assert not shop.found().rows


def test_whoever_waits_is_told_how_far_it_is(storage: LocalStorage) -> None:
    shop = Shop(storage, _rows(1100))
    leave_drawn(storage, shop.jobs["A-1099"])
    looked: list[int] = []

    assert shop.found(looked=looked).rows == {WANX: 1}
    assert looked == [500, 1000, 1100]


def test_a_storage_without_any_markers_is_asked_once(storage: LocalStorage) -> None:
    class Unasked(LocalStorage):
        def get(self, key: str) -> bytes:
            pytest.fail(f"{key} was looked for")

    assert not Shop(Unasked(Path("/nowhere"))).found().rows


def test_a_storage_that_fails_is_said(storage: LocalStorage) -> None:
    class Away(LocalStorage):
        def get(self, key: str) -> bytes:
            raise Unreachable(f"{key} cannot be reached")

    shop = Shop(Away(Path(storage.url.removeprefix("file://"))))
    leave_drawn(storage, shop.jobs["CUP-1"])
    with pytest.raises(Unreachable):
        shop.found()


def _rows(count: int) -> str:
    rows = "".join(f"A-{number},a cup,wanx-v1\n" for number in range(count))
    return f"sku,prompt,model\n{rows}"


def said(shop: Shop, **more: object) -> Estimate:
    standings = {lane: LaneStanding(shop.tally.model(lane).limits) for lane in shop.tally.lanes}
    return estimated(Prospect("today", "cups.csv", shop.tally, standings, **more))  # type: ignore[arg-type]  # the rest of a Prospect


def test_all_of_it_there_costs_and_takes_nothing(storage: LocalStorage) -> None:
    shop = Shop(storage)
    for job in shop.jobs.values():
        leave_drawn(storage, job)
    found = said(shop, done=shop.found())

    assert (found.already_done, found.to_order, found.images, found.takes_s) == (3, 0, 0, 0)
    assert set(found.costs.values()) == {"0.00"}
    assert "3 rows, free of charge" in render(found)


def test_a_budget_need_only_cover_what_is_new(storage: LocalStorage) -> None:
    shop = Shop(storage, "sku,prompt,model\nA,a,wanx-v1\nB,b,wanx-v1\nC,c,wanx-v1\n")
    budgets = {"CNY": 160_000}
    leave_drawn(storage, shop.jobs["A"])
    assert said(shop, done=shop.found(), budgets=budgets).shortfalls == [
        "about 1 of 2 rows fit into the budget of 0.16 CNY"
    ]
    leave_drawn(storage, shop.jobs["B"])
    assert said(shop, done=shop.found(), budgets=budgets).shortfalls == []


def test_whoever_draws_afresh_is_told_that_nobody_looked(storage: LocalStorage) -> None:
    found = said(Shop(storage), fresh=True)
    assert found.already_done is None
    assert "with --fresh every row is ordered" in render(found)
