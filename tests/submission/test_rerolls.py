"""Pictures of a finished batch drawn anew: the right ones, with the right prompt and seed, once."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.opening import Ledger
from producer.another_round import Gathered, check_finished, gather, hand_in_again
from producer.choice import Choice
from producer.chunk_files import ChunkFiles
from producer.reroll_choice import Rerolls, new_prompt
from producer.review import Decision, Mark, Review, ReviewError, file_name
from producer.submission import Order
from producer.watching import status_of
from results.sealed import sealed_results
from schemas.catalogue import catalogue
from schemas.failure import ErrorClass
from schemas.job import Job
from schemas.result import JobResult
from schemas.states import JobState
from tests.results.orders import image
from tests.results.orders import result as sealed
from tests.steps.storages import StumblingStorage
from tests.submission.finished import PRICE_MICRO, finish
from tests.submission.manifests import WANX, Prepared, jobs_of, prepared

SHOP = Order(name="shop")
ROWS = """sku,prompt,model,n,seed
CUP,a cup,wanx-v1,1,
FOUR,four cups,wanx-v1,4,
FIXED,a fixed cup,wanx-v1,1,42
SERIES,a series of cups,wanx-v1,4,42
BAD,a refused cup,wanx-v1,2,
LOST,a lost cup,wanx-v1,1,
"""
ENDINGS = {
    "BAD": (JobState.FAILED, ErrorClass.MODERATED),
    "LOST": (JobState.UNCERTAIN, ErrorClass.AMBIGUOUS),
}


@pytest.fixture
def shop(ledger: Ledger, storage: StumblingStorage, tmp_path: Path) -> Prepared:
    """A finished batch: four rows complete, one failed, one uncertain."""
    ready = prepared(ROWS, tmp_path / "chunks", SHOP)
    ready.hand_in(ledger, storage)
    finish(ledger, storage, "shop", ENDINGS, (WANX,))
    return ready


class Rounds:
    """Makes rounds of the batch, and ends them."""

    def __init__(self, shop: Prepared, ledger: Ledger, storage: StumblingStorage, folder: Path):
        self._shop = shop
        self._ledger = ledger
        self._storage = storage
        self._folder = folder
        self.rerolls: Rerolls

    def reroll(self, *marks: Mark, fresh_seeds: bool = False) -> dict[str, Job]:
        """Hand in what is marked; the jobs that wait now, by id."""
        review = Review("review.csv", marks)
        self.rerolls = Rerolls(review, catalogue(), fresh_seeds=fresh_seeds)
        return self.run(self.rerolls)

    def run(self, selection: Rerolls | Choice) -> dict[str, Job]:
        finished_at = check_finished(status_of(self._ledger.batches, "shop"))
        number = self._ledger.batches.new_round("shop")
        folder = self._folder / f"round-{number}"
        chunks = ChunkFiles(folder, round_=number)
        gathered = gather("shop", selection, self._storage, catalogue(), chunks)
        if not gathered.tally.jobs:
            return {}
        places = (self._ledger, self._storage)
        hand_in_again(self._shop.batch, gathered, chunks, finished_at, places)
        found = [job for path in folder.rglob("*.gz") for job in jobs_of(path.read_bytes())]
        return {job.id: job for job in found}

    def rehearse(self, *marks: Mark, fresh_seeds: bool = False) -> Gathered:
        """What would be handed in."""
        review = Review("review.csv", marks)
        self.rerolls = Rerolls(review, catalogue(), fresh_seeds=fresh_seeds)
        return gather("shop", self.rerolls, self._storage, catalogue(), None)

    def end(self, **endings: tuple[JobState | ErrorClass, ...]) -> None:
        finish(self._ledger, self._storage, "shop", endings, (WANX,))

    @property
    def results(self) -> dict[str, JobResult]:
        return {result.id: result for result in sealed_results(self._storage, "shop")}

    def pictures(self, row: str) -> list[str]:
        return [file_name(image.key) for image in self.results[row].images]


@pytest.fixture
def rounds(shop: Prepared, ledger: Ledger, storage: StumblingStorage, tmp_path: Path) -> Rounds:
    return Rounds(shop, ledger, storage, tmp_path / "rounds")


def reroll(image: str, line: int = 2, *, prompt: str = "", row: str = "") -> Mark:
    return Mark(line, row, image, Decision.REROLL, "", prompt)


def decided(decision: Decision, image: str, line: int = 9) -> Mark:
    return Mark(line, "", image, decision, "", "")


def test_one_of_four_pictures_is_ordered_and_the_others_stay(
    rounds: Rounds, ledger: Ledger
) -> None:
    before = status_of(ledger.batches, "shop")
    jobs = rounds.reroll(
        reroll("FOUR_03.png"),
        decided(Decision.APPROVE, "FOUR_01.png"),
        decided(Decision.REJECT, "CUP_01.png"),
    )

    assert set(jobs) == {"FOUR"}
    again = jobs["FOUR"].again
    assert again is not None
    assert [image.index for image in again.kept] == [1, 2, 4]
    assert [file_name(image.key) for image in again.replaced] == ["FOUR_03.png"]
    assert (jobs["FOUR"].revision, jobs["FOUR"].prompt) == (2, "four cups")
    waiting = status_of(ledger.batches, "shop")
    assert (waiting.pending, waiting.images) == (1, before.images - 4)

    rounds.end()
    assert rounds.pictures("FOUR") == [
        "FOUR_01.png", "FOUR_02.png", "FOUR_03_r2.png", "FOUR_04.png",
    ]  # fmt: skip
    assert rounds.results["FOUR"].cost_micro == 5 * PRICE_MICRO
    after = status_of(ledger.batches, "shop")
    assert (after.images, after.succeeded) == (before.images, before.succeeded)


def test_only_what_is_drawn_anew_is_counted_and_priced(rounds: Rounds) -> None:
    tally = rounds.rehearse(reroll("FOUR_03.png"), reroll("CUP_01.png", 3)).tally
    assert (tally.jobs, tally.images) == (2, 2)
    assert tally.costs_micro == {"CNY": 2 * PRICE_MICRO}


def test_the_same_review_twice_orders_once(rounds: Rounds) -> None:
    review = reroll("FOUR_03.png"), reroll("", 3, row="CUP")
    assert set(rounds.reroll(*review)) == {"FOUR", "CUP"}
    rounds.end()

    assert rounds.reroll(*review) == {}
    assert rounds.rerolls.done_before == 2


def test_a_new_picture_may_be_drawn_anew_in_its_turn(rounds: Rounds) -> None:
    rounds.reroll(reroll("CUP_01.png"))
    rounds.end()
    rounds.reroll(reroll("CUP_01_r2.png"))
    rounds.end()

    result = rounds.results["CUP"]
    assert (result.revision, rounds.pictures("CUP")) == (3, ["CUP_01_r3.png"])
    assert [image.revision for image in result.replaced] == [1, 2]


def test_a_new_prompt_stays_the_rows_own(rounds: Rounds) -> None:
    """A reroll that fails is run again as it was meant, not as the manifest had it."""
    rounds.reroll(reroll("CUP_01.png", prompt="a better cup"))
    rounds.end(CUP=(JobState.FAILED, ErrorClass.TIMEOUT))

    jobs = rounds.run(Choice(ids=frozenset({"CUP"})))

    assert (jobs["CUP"].prompt, jobs["CUP"].revision) == ("a better cup", 2)
    assert [file_name(image.key) for image in jobs["CUP"].earlier.replaced] == ["CUP_01.png"]
    assert jobs["CUP"].row["prompt"] == "a cup", "what the manifest says it goes on saying"
    rounds.end()
    assert rounds.pictures("CUP") == ["CUP_01_r2.png"]


def test_what_results_csv_repeats_of_the_manifest_is_no_new_prompt(rounds: Rounds) -> None:
    rounds.reroll(reroll("CUP_01.png", prompt="a better cup"))
    rounds.end()
    repeated = reroll("CUP_01_r2.png", prompt="a cup")

    jobs = rounds.reroll(repeated._replace(beside_row=True))
    assert (jobs["CUP"].prompt, jobs["CUP"].revision) == ("a better cup", 3)
    rounds.end()
    changed = reroll("CUP_01_r3.png", prompt="a red cup")
    assert rounds.reroll(changed._replace(beside_row=True))["CUP"].prompt == "a red cup"
    rounds.end()
    back = reroll("CUP_01_r4.png", prompt="a cup")
    assert rounds.reroll(back)["CUP"].prompt == "a cup", "asked for by itself"


@pytest.mark.parametrize(
    ("said", "present", "prompt"),
    [
        ("", "a cup", "a cup"),
        ("a mug", "a cup", "a mug"),
        ("... on linen", "a cup.", "a cup, on linen"),
        ("…on linen", "a cup, ", "a cup, on linen"),
        ("……放在亚麻布上", "一只茶杯。", "一只茶杯，放在亚麻布上"),
        ("...", "a cup", "a cup"),
        ("... a mug", "", "a mug"),
    ],
)
def test_a_prompt_is_replaced_or_added_to(said: str, present: str, prompt: str) -> None:
    assert new_prompt(said, present) == prompt


def test_a_fixed_seed_and_the_same_prompt_would_buy_the_same_picture(rounds: Rounds) -> None:
    with pytest.raises(ReviewError, match=r'line 2, column id: "FIXED" fixes the seed 42, .*seeds'):
        rounds.reroll(reroll("FIXED_01.png"))
    assert rounds.reroll(reroll("FIXED_01.png"), fresh_seeds=True)["FIXED"].parameters["seed"] > 42


def test_a_fixed_seed_stays_where_the_prompt_is_new(rounds: Rounds) -> None:
    jobs = rounds.reroll(reroll("FIXED_01.png", prompt="a fixed cup, larger"))
    assert jobs["FIXED"].parameters["seed"] == 42


def test_fresh_seeds_are_none_of_any_round_before(rounds: Rounds) -> None:
    """Four pictures take four seeds a round; the round's number says how many may be taken."""
    every = [reroll(f"SERIES_0{index}.png", index) for index in (1, 2, 3, 4)]
    job = rounds.reroll(*every, fresh_seeds=True)["SERIES"]
    assert job.again is not None
    assert job.parameters["seed"] == 42 + 4 * (job.again.round - 1)


def test_one_of_a_series_needs_no_word_about_seeds(rounds: Rounds) -> None:
    """Where pictures are kept, the others get seeds of their own, as when a row is topped up."""
    assert rounds.reroll(reroll("SERIES_02.png"))["SERIES"].parameters["seed"] == 42


def test_a_row_without_a_picture_is_ordered_with_another_prompt(rounds: Rounds) -> None:
    jobs = rounds.reroll(reroll("", row="BAD", prompt="a decent cup"))

    assert (jobs["BAD"].prompt, jobs["BAD"].n, jobs["BAD"].revision) == ("a decent cup", 2, 2)
    rounds.end()
    assert rounds.pictures("BAD") == ["BAD_01_r2.png", "BAD_02_r2.png"]


def test_an_uncertain_row_is_left_to_retry(rounds: Rounds) -> None:
    gathered = rounds.rehearse(reroll("", row="LOST"))
    assert (gathered.tally.jobs, gathered.passed_over) == (0, {JobState.UNCERTAIN: 1})


def test_a_line_for_the_row_means_the_pictures_no_other_line_names(rounds: Rounds) -> None:
    jobs = rounds.reroll(reroll("", row="FOUR"), decided(Decision.APPROVE, "FOUR_02.png"))
    assert [image.index for image in jobs["FOUR"].earlier.kept] == [2]


@pytest.mark.parametrize(
    ("marks", "reason"),
    [
        ([reroll("CUP_1.png")], r'"CUP_1.png" is no picture.*\(did you mean CUP_01.png\?\)'),
        ([reroll("", row="MUG")], '"MUG" is no row of this batch'),
        (
            [reroll("FOUR_01.png", prompt="one"), reroll("FOUR_02.png", 3, prompt="other")],
            'line 3, column prompt: "other" is another than in line 2',
        ),
    ],
)
def test_what_cannot_be_done_is_named_by_its_line(
    rounds: Rounds, ledger: Ledger, marks: list[Mark], reason: str
) -> None:
    with pytest.raises(ReviewError, match=reason):
        rounds.reroll(*marks)
    assert status_of(ledger.batches, "shop").state == "finished"


def test_all_that_cannot_be_done_is_said_at_once(rounds: Rounds) -> None:
    with pytest.raises(ReviewError) as caught:
        rounds.reroll(reroll("FIXED_01.png", 5), reroll("CUP_1.png", 3), reroll("CUP_01.png", 4))
    lines = [line.split(",")[0] for line in str(caught.value).splitlines()[1:]]
    assert lines == ["line 3", "line 5"]


def test_a_prompt_the_model_cuts_is_warned_of(rounds: Rounds) -> None:
    rounds.rehearse(reroll("CUP_01.png", 7, prompt="long " * 400))
    (caution,) = map(str, rounds.rerolls.cautions)
    assert caution == "line 7, prompt: 2,000 characters; wanx-v1 reads the first 500"


@pytest.mark.parametrize(("first", "taken"), [(1, False), (3, True)])
def test_a_line_for_the_row_counts_while_it_has_its_first_revision(first: int, taken: bool) -> None:
    review = Review("review.csv", [reroll("", row="a")])
    rerolls = Rerolls(review, catalogue(), first_revision=first)
    row = sealed(id="a", images=[image("a")], revision=3)

    rerolls.see(row)

    assert (rerolls.takes(row), rerolls.done_before) == (taken, not taken)


@pytest.mark.parametrize(
    ("lane", "reason"),
    [
        ("stability:stable-image-core@default", "stable-image-core takes at most 10000"),
        ("dashscope:image-out-painting@default", "image-out-painting takes no prompt"),
    ],
)
def test_a_prompt_the_model_refuses_is_named(lane: str, reason: str) -> None:
    review = Review("review.csv", [reroll("a_01.png", 7, prompt="long " * 4000)])
    rerolls = Rerolls(review, catalogue())

    rerolls.see(sealed(images=[image("a")], lane=lane))

    with pytest.raises(ReviewError, match=f"line 7, column prompt: .*{reason}"):
        rerolls.check("shop")


def test_rows_with_new_prompts_are_counted(rounds: Rounds) -> None:
    rounds.rehearse(reroll("CUP_01.png", prompt="a mug"), reroll("FOUR_01.png", 3))
    assert rounds.rerolls.reworded == 1
