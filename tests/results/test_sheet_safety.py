"""What a contact sheet is made of is shown, never run, and it asks for nothing from outside."""

from __future__ import annotations

import base64
from hashlib import sha256
from typing import Any

import pytest

from results.link import relative_link
from schemas.failure import ErrorClass
from schemas.states import JobState
from storage.local import LocalStorage
from tests.results.orders import BATCH, failure, image, picture, result
from tests.results.rendered_sheet import render
from tests.results.sheet_reader import SheetReader

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
