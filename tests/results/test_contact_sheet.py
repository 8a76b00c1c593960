from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from results.contact_sheet import SHEET_LIMITS, ContactSheet, SheetLimits
from results.link import relative_link
from results.page_head import PageHead
from results.picture import thumbnail
from results.tally import Tally
from schemas.failure import ErrorClass
from schemas.layout import thumbnail_key
from schemas.result import JobResult
from schemas.states import JobState
from storage.errors import Unreachable
from storage.local import LocalStorage
from tests.results.orders import BATCH, batch, failure, image, picture, result
from tests.results.sheet_reader import Element, SheetReader

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</article></main><h1>",
    "</script><script>alert(1)</script>",
    "</style><!-- cards --> <!-- rest -->",
    "nul\x00and\x1bescape",
    "\u202egnp.exe\u202c and \u200f marks",
    "$name ${policy} $$ {name} %s",
    "&lt;b&gt; &amp;amp; &#x3c;",
    "javascript:alert(1)",
]


PIXEL_LINK = "images/a_01.png"


def render(
    storage: LocalStorage,
    *given: JobResult,
    limits: SheetLimits = SHEET_LIMITS,
    small: bool = True,
    **fields: Any,
) -> str:
    with TemporaryDirectory() as name:
        sheet = ContactSheet(storage, BATCH, Path(name), limits, thumbnails=small)
        tally = Tally()
        for one in given:
            sheet.add(one)
            tally.add(one)
        sheet.close()
        head = PageHead(batch(**fields), tally, "2026-11-20T22:01:27Z", has_failed=True)
        sheet.write_page(Path(name) / "index.html", head)
        return (Path(name) / "index.html").read_text(encoding="utf-8")


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


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_stay_texts(storage: LocalStorage, text: str) -> None:
    told = failure(ErrorClass.INVALID, message=text)
    fields: dict[str, Any] = {"model": text, "currency": text, "actual_prompt": f"{text} indeed"}
    bad = result(state=JobState.FAILED, id=text, prompt=text, failures=[told], **fields)
    drawn = result(3, id=text, prompt=text * 40, images=[image("a")], **fields)
    tame = [one.model_copy(update=dict.fromkeys(TEXT_FIELDS, "tame")) for one in (bad, drawn)]
    tame[0] = tame[0].model_copy(update={"failures": [failure(ErrorClass.INVALID, message="tame")]})
    tame = [one.model_copy(update={"actual_prompt": "tame indeed"}) for one in tame]

    page = render(storage, bad, drawn, manifest=text)
    read = SheetReader(page)

    assert read.tags == SheetReader(render(storage, *tame, manifest="tame")).tags
    shown = text.replace("\x00", "\ufffd").replace("\x1b", "\ufffd")
    assert [card.one("h2").text for card in read.cards] == [shown, shown]
    assert read.cards[0].one("summary").text == shown
    assert shown in read.cards[0].one("p", "error").text
    assert not [name for name, _ in read.attributes if name.startswith("on")]
    assert "\x00" not in page


TEXT_FIELDS = ("id", "prompt", "model", "currency")


def test_nothing_outside_is_asked_for(storage: LocalStorage) -> None:
    storage.put(image("a").key, picture(), "image/png")
    read = SheetReader(render(storage, result(images=[image("a")])))

    assert read.addresses
    for address in read.addresses:
        assert address.startswith(("data:image/jpeg;base64,", "images/", "results.", "failed."))
    style = read.root.one("style").text
    assert "url(" not in style
    assert "@import" not in style
    assert not {"iframe", "object", "embed", "link", "base", "form"} & set(read.tags)


def test_the_policy_admits_the_pages_own_style_and_script_only(storage: LocalStorage) -> None:
    read = SheetReader(render(storage))
    (policy,) = [
        one.attributes["content"] for one in read.root.all("meta") if "http-equiv" in one.attributes
    ]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))

    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "'self' data:"
    for element in ("style", "script"):
        digest = base64.b64encode(sha256(read.root.one(element).text.encode()).digest()).decode()
        assert rules[f"{element}-src"] == f"'sha256-{digest}'"
    assert not [name for name, _ in read.attributes if name == "style"]


@pytest.mark.parametrize(
    ("key", "link"),
    [
        (f"batches/{BATCH}/images/a_01.png", "images/a_01.png"),
        ("batches/last-night/images/a_01.png", "../last-night/images/a_01.png"),
        (f"batches/{BATCH}/images/杯 #1?_01.png", "images/%E6%9D%AF%20%231%3F_01.png"),
        (f"batches/{BATCH}/javascript:alert(1)", "javascript%3Aalert%281%29"),
    ],
)
def test_links_lead_from_the_page_to_the_picture(key: str, link: str) -> None:
    assert relative_link(key, BATCH) == link


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


def test_the_stored_thumbnail_is_taken(storage: LocalStorage) -> None:
    stored = thumbnail(picture("red"))
    storage.put(image("a").key, picture("blue"), "image/png")
    storage.put(thumbnail_key(image("a").key), stored, "image/jpeg")

    assert thumbnails(render(storage, result(images=[image("a")]))) == [stored]


@pytest.mark.parametrize("stored", [None, b"<html>", b"\xff\xd8\xff" + b"0" * 200_000])
def test_a_missing_or_strange_thumbnail_is_made_anew(
    storage: LocalStorage, stored: bytes | None
) -> None:
    storage.put(image("a").key, picture("blue"), "image/png")
    if stored is not None:
        storage.put(thumbnail_key(image("a").key), stored, "image/jpeg")

    made = thumbnail(picture("blue"))
    assert thumbnails(render(storage, result(images=[image("a")]))) == [made]


def test_a_picture_nobody_can_read_has_a_placeholder(storage: LocalStorage) -> None:
    storage.put(image("a").key, b"broken", "image/png")
    given = [result(images=[image("a")]), result(3, images=[image("gone")])]

    for card in SheetReader(render(storage, *given)).cards:
        assert card.one("span", "blank").text == "No preview"
        assert card.one("a", "picture").attributes["href"].startswith("images/")


def test_a_storage_that_does_not_answer_is_no_missing_picture(tmp_path: Path) -> None:
    with pytest.raises(Unreachable):
        render(Silent(tmp_path), result(images=[image("a")]))


class Silent(LocalStorage):
    def get(self, key: str) -> bytes:
        raise Unreachable(f"no answer for {key}")


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


def test_pictures_beyond_the_limit_are_shown_from_their_files(storage: LocalStorage) -> None:
    given = [result(line, images=[image(f"a{line}")]) for line in (2, 3)]
    storage.put(given[0].images[0].key, picture(), "image/png")

    page = render(storage, *given, limits=SHEET_LIMITS._replace(embedded=1))

    sources = [card.one("img").attributes["src"] for card in SheetReader(page).cards]
    assert sources[0].startswith("data:")
    assert sources[1] == "thumbnails/a3_01.jpg"


def test_large_thumbnails_fill_the_page_sooner(storage: LocalStorage) -> None:
    given = [result(line, images=[image("a")]) for line in range(2, 102)]
    storage.put(given[0].images[0].key, picture(), "image/png")

    page = render(storage, *given, limits=SHEET_LIMITS._replace(embedded_bytes=1000))

    sources = [card.one("img").attributes["src"] for card in SheetReader(page).cards]
    assert sources[0].startswith("data:")
    assert sources[-1] == "thumbnails/a_01.jpg"


def test_without_thumbnails_pictures_are_shown_from_their_files_and_none_is_read(
    tmp_path: Path,
) -> None:
    svg = image("b").model_copy(update={"content_type": "image/svg+xml"})
    given = [result(images=[image("a")]), result(3, images=[svg])]

    pixels, drawing = SheetReader(render(Silent(tmp_path), *given, small=False)).cards

    assert pixels.one("img").attributes["src"] == PIXEL_LINK
    assert drawing.one("span", "blank").text == "No preview"


def test_jobs_beyond_the_limit_are_counted(storage: LocalStorage) -> None:
    limits = SHEET_LIMITS._replace(cards=2)
    read = SheetReader(render(storage, *map(result, range(2, 7)), limits=limits))

    assert len(read.cards) == 2
    assert read.root.one("p", "rest").text.startswith("The first 2 jobs are shown; 3 more")


def thumbnails(page: str) -> list[bytes]:
    return [base64.b64decode(text) for text in re.findall(r"data:image/jpeg;base64,([^\"]+)", page)]
