"""What a contact sheet says of jobs, and of the batch."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from results.contact_sheet import SHEET_LIMITS
from schemas.states import JobState
from storage.local import LocalStorage
from tests.results.orders import BATCH, failure, image, picture, result
from tests.results.rendered_sheet import PIXEL_LINK, render
from tests.results.sheet_reader import Element, SheetReader


def test_a_card_says_what_became_of_a_job(storage: LocalStorage) -> None:
    storage.put(image("a").key, picture(), "image/png")
    done = result(
        id="杯-1", images=[image("a", seed=42)], cost_micro=160_000, prompt="一只蓝色的杯子"
    )

    (card,) = SheetReader(render(storage, done)).cards

    assert card.one("h2").text == "杯-1"
    assert card.one("span", "badge").text == "Succeeded"
    prompt = card.one("p", "prompt")
    assert (prompt.text, prompt.attributes["lang"]) == ("一只蓝色的杯子", "zh-Hans")
    facts = [one.text for one in card.all("dd")]
    assert facts == ["wanx-v1", "64 × 48", "42", "0.16 CNY"]
    assert card.one("a", "picture").attributes["href"] == PIXEL_LINK
    assert card.one("img").attributes["alt"] == "杯-1: 一只蓝色的杯子"
    assert card.attributes["data-state"] == "succeeded"


def test_filters_have_counts(storage: LocalStorage) -> None:
    states = [JobState.SUCCEEDED] * 3 + [JobState.FAILED] * 2 + [JobState.UNCERTAIN]
    given = [result(line, state) for line, state in enumerate(states, start=2)]

    read = SheetReader(render(storage, *given))

    buttons = read.root.one("div", "filters").all("button")
    told = [(b.attributes["data-state"], b.text, b.attributes["aria-pressed"]) for b in buttons]
    assert told == [
        ("", "All 6", "true"),
        ("succeeded", "Succeeded 3", "false"),
        ("failed", "Failed 2", "false"),
        ("uncertain", "Uncertain 1", "false"),
    ]


def test_the_head_says_what_it_came_to(storage: LocalStorage) -> None:
    given = [
        result(2, images=[image("a")], cost_micro=160_000),
        result(3, images=[image("b")], cost_micro=35_000, currency="USD"),
    ]

    top = SheetReader(render(storage, *given, simulated=True, invalid=2)).root.one("header", "top")

    assert top.one("h1").text == BATCH
    assert "2026-11-20 22:00 to 22:01 UTC" in top.text
    assert "drawn by the simulator" in top.text
    assert [one.text for one in top.all("dd")][:5] == [
        "2", "2", "0.16 CNY + 0.035 USD", "1 min 27 s", "2",
    ]  # fmt: skip
    links = [one.attributes["href"] for one in top.all("a")]
    assert links == ["results.csv", "results.jsonl", "failed.csv"]


def test_times_that_are_none_are_shown_as_they_are(storage: LocalStorage) -> None:
    top = SheetReader(render(storage, created_at="last <night>")).root.one("header", "top")

    assert "last <night> to 2026-11-20T22:01:27Z" in top.one("p", "origin").text


def test_partial_jobs_show_the_gap_and_the_reason(storage: LocalStorage) -> None:
    given = result(
        state=JobState.PARTIAL,
        n=3,
        images=[image("a", 1), image("a", 3)],
        failures=[failure(index=2)],
    )

    (card,) = SheetReader(render(storage, given)).cards

    tiles = card.one("div", "pictures").inside
    assert [tile.text for tile in tiles][1] == "Picture 2 missing"
    assert "2 of 3 pictures stored; picture 2 is missing." in card.one("p", "error").text


def test_each_picture_of_a_row_is_a_tile_of_its_own(storage: LocalStorage) -> None:
    given = result(n=2, images=[image("a", 1), image("a", 2)], model="flux", revision=3)

    (card,) = SheetReader(render(storage, given)).cards

    assert (card.attributes["data-model"], card.attributes["data-revision"]) == ("flux", "3")
    tiles = card.all("div", "tile")
    assert [(tile.attributes["data-image"], tile.attributes["data-index"]) for tile in tiles] == [
        ("images/a_01.png", "1"),
        ("images/a_02.png", "2"),
    ]


@pytest.mark.parametrize(
    ("state", "tiles"),
    [
        (JobState.FAILED, [""]),
        (JobState.CANCELLED, [""]),
        (JobState.UNCERTAIN, []),  # `retry --uncertain` is for these
        (JobState.SUCCEEDED, []),  # values, and no picture
    ],
)
def test_a_row_without_pictures_may_be_ordered_again(
    storage: LocalStorage, state: JobState, tiles: list[str]
) -> None:
    (card,) = SheetReader(render(storage, result(state=state))).cards

    assert [tile.attributes["data-image"] for tile in card.all("div", "tile")] == tiles


def test_pictures_that_were_drawn_anew_have_links_to_the_earlier_ones(
    storage: LocalStorage,
) -> None:
    given = result(n=2, images=[image("a", 1), image("a_r2", 2)], replaced=[image("a", 2)])

    (card,) = SheetReader(render(storage, given)).cards

    (link,) = card.one("div", "earlier").all("a")
    assert (link.text, link.attributes["href"]) == ("r1", "images/a_02.png")


def test_everything_the_page_says_it_says_in_chinese_too(storage: LocalStorage) -> None:
    """What bears a text without its translation is a user's own text, a key or a file's name."""
    given = [
        result(2, id="1", prompt="2", images=[image("a")]),
        result(3, JobState.PARTIAL, id="3", n=2, prompt="4", images=[image("b")]),
        result(4, JobState.FAILED, id="5", prompt="6", failures=[failure()]),
        result(5, id="7", prompt="8", actual_prompt="9"),
    ]
    read = SheetReader(render(storage, *given, simulated=True, invalid=2))

    assert untranslated(read.root.one("body")) == set()
    for element in every(read.root):
        for name in ("aria-label", "title", "placeholder"):
            said = element.attributes.get(name, "")
            store = f"data-other-{name.removeprefix('aria-')}"
            assert not LETTERS.search(said) or element.attributes.get(store), said
            assert not LETTERS.search(element.attributes.get(store, ""))


LETTERS = re.compile(r"[a-z]{2}")
OWN_WORDS = {"script", "style", "kbd", "code", "bdi", "time", "template"}
"""Elements whose text is no sentence of the page's."""


def untranslated(element: Element) -> set[str]:
    """Texts with letters below it that have no translation."""
    if element.tag in OWN_WORDS or "data-other" in element.attributes:
        return set()
    own, found = element.text, set()
    for one in element.inside:
        own = own.replace(one.text, "", 1)
        found |= untranslated(one)
    return (found | ({own} if LETTERS.search(own) else set())) - ALLOWED


ALLOWED = {"English", "中文", "results.csv", "results.jsonl", "failed.csv", "wanx-v1"}


def every(element: Element) -> Iterator[Element]:
    for one in element.inside:
        yield one
        yield from every(one)


def test_long_prompts_unfold_without_a_script(storage: LocalStorage) -> None:
    long = "a very long prompt " * 30

    (card,) = SheetReader(render(storage, result(prompt=long, actual_prompt="so"))).cards

    summary = card.one("details", "prompt").one("summary")
    assert summary.text == summary.attributes["title"] == long
    assert card.one("details").one("p").text == "As the provider rewrote it: so"


def test_jobs_beyond_the_limit_are_counted(storage: LocalStorage) -> None:
    limits = SHEET_LIMITS._replace(cards=2)
    read = SheetReader(render(storage, *map(result, range(2, 7)), limits=limits))

    assert len(read.cards) == 2
    assert read.root.one("p", "rest").text.startswith("The first 2 jobs are shown; 3 more")
