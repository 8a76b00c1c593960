"""What the page shows: filters, two languages, light and dark, with and without a script."""

from __future__ import annotations

import re
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from results.page_parts import page_parts
from schemas.flaw import Flaw, FlawKind
from schemas.states import JobState
from tests.browser.desk import Desk, Window
from tests.browser.sheets import row, write_sheet
from tests.http_server import serving
from tests.results.orders import BATCH, failure, image

LATIN_WORD = re.compile(r"[A-Za-z]{3,}")
CHROME = """() => {
  const own = document.body.cloneNode(true);
  const skipped = 'script, style, kbd, code, bdi, time, template, a, option, [lang], .told';
  own.querySelectorAll(skipped).forEach((e) => e.remove());
  const names = [...document.querySelectorAll('[aria-label], [title], [placeholder]')].flatMap(
    (e) => ['aria-label', 'title', 'placeholder'].map((name) => e.getAttribute(name) || ''));
  return [document.title, own.innerText, ...names].join('\\n');
}"""


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    """Rows of two models and several endings."""
    return write_sheet(
        tmp_path,
        [
            row(1, prompt="a red cup"),
            row(2, prompt="a blue mug", model="flux"),
            row(3, pictures=0, state=JobState.FAILED, failures=[failure()], prompt="a red mug"),
            row(4, n=2, state=JobState.PARTIAL, prompt="一只红杯子"),
        ],
    )


def test_a_telephone_shows_all_of_it(desk: Desk, tmp_path: Path) -> None:
    long = "stable-diffusion-3.5-large-turbo"
    window = desk.open(write_sheet(tmp_path, [row(1, model=long), row(2, model="flux")]))
    window.page.set_viewport_size({"width": 390, "height": 800})

    assert window.page.evaluate("document.documentElement.scrollWidth") == 390
    languages, name = (window.one(each).bounding_box() for each in (".language", "h1"))
    assert languages is not None
    assert name is not None
    assert languages["y"] + languages["height"] <= name["y"]


def test_filters_narrow_together(desk: Desk, sheet: Path) -> None:
    window = desk.open(sheet)
    search = window.one(".search input")

    search.fill("RED")
    assert window.shown == ["CUP-1", "CUP-3"]
    window.one(".filters [data-state=failed]").click()
    assert window.shown == ["CUP-3"]
    assert window.one("output.shown").text_content() == "1 shown"
    window.one(".filters [data-state=failed]").click()
    search.fill("")
    window.one(".models").select_option("flux")
    assert window.shown == ["CUP-2"]
    window.one(".decisions [data-decision=approve]").click()
    assert window.shown == []
    window.one(".clear").click()
    assert len(window.shown) == 4


def test_what_the_gate_marked_is_found(desk: Desk, tmp_path: Path) -> None:
    marked = image("CUP-2").model_copy(update={"flaws": [Flaw(kind=FlawKind.BLANK, seen="")]})
    sheet = write_sheet(tmp_path, [row(1), row(2, images=[marked]), row(3)])
    window = desk.open(sheet)
    button = window.one(".filters [data-state=flawed]")
    assert (button.text_content() or "").split() == ["Marked", "by", "the", "gate", "1"]

    button.click()
    assert window.shown == ["CUP-2"]
    assert window.one(".card:visible .remark").text_content() == "The picture is blank, or nearly."
    window.one(".filters [data-state='']").click()
    assert len(window.shown) == 3


@pytest.mark.parametrize(
    ("asked", "found"), [("cup-4", ["CUP-4"]), ("红杯", ["CUP-4"]), ("mug blue", ["CUP-2"])]
)
def test_ids_and_words_are_found(desk: Desk, sheet: Path, asked: str, found: list[str]) -> None:
    window = desk.open(sheet)
    window.one(".search input").fill(asked)
    assert window.shown == found


def test_notes_are_found_too(desk: Desk, sheet: Path) -> None:
    window = desk.open(sheet)
    window.begin()
    window.press("n")
    window.one(".note-text").fill("Chipped rim")
    window.one(".save").click()
    window.one(".search input").fill("chipped")
    assert window.shown == ["CUP-1"]


@pytest.mark.parametrize(
    ("decision", "rows"),
    [
        ("open", ["CUP-4"]),
        ("approve", ["CUP-1"]),
        ("reject", ["CUP-2"]),
        ("reroll", ["CUP-3"]),
    ],
)
def test_pictures_are_filtered_by_decision(
    desk: Desk, sheet: Path, decision: str, rows: list[str]
) -> None:
    window = desk.open(sheet)
    window.begin()
    window.press("a", "r", "x")
    window.one(f".decisions [data-decision={decision}]").click()
    assert window.shown == rows


def test_what_is_decided_stays_in_sight_until_the_filter_is_set_anew(
    desk: Desk, sheet: Path
) -> None:
    window = desk.open(sheet)
    window.one(".decisions [data-decision=open]").click()
    window.one(".picture >> nth=0").focus()
    window.press("a")
    assert window.shown == ["CUP-1", "CUP-2", "CUP-4"]
    assert window.where == "images/CUP-2_01.png"


@pytest.mark.parametrize(
    ("locale", "lang", "words"),
    [("zh-CN", "zh-Hans", "导出 review.csv"), ("de-DE", "en", "Export review.csv")],
)
def test_the_readers_language_is_chosen(
    desk: Desk, sheet: Path, locale: str, lang: str, words: str
) -> None:
    window = desk.open(sheet, desk.context(locale=locale))
    assert window.one("html").get_attribute("lang") == lang
    assert window.one(".export").inner_text() == words


def test_in_chinese_nothing_is_left_in_english(desk: Desk, tmp_path: Path) -> None:
    rows = [
        row(1, id="1", prompt="2", model="3", currency="¥"),
        row(2, 2, id="4", n=3, state=JobState.PARTIAL, prompt="5", model="6", currency="¥"),
        row(
            3,
            0,
            id="7",
            prompt="8",
            state=JobState.FAILED,
            failures=[failure()],
            model="9",
            currency="¥",
        ),
    ]
    sheet = write_sheet(tmp_path, rows, simulated=True, invalid=1, manifest="0")
    window = desk.open(sheet, desk.context(locale="zh-CN"))
    window.begin()
    window.press("a")

    said = window.page.evaluate(CHROME).replace("review.csv", "").replace(BATCH, "")

    assert "图片总览" in said
    assert LATIN_WORD.findall(said) == []


def test_the_language_can_be_changed_and_is_remembered(desk: Desk, sheet: Path) -> None:
    context = desk.context()
    window = desk.open(sheet, context)
    window.begin()
    window.press("a", "n")
    window.press("Escape")
    before = window.page.evaluate(CHROME)

    window.one(".language [lang=zh-Hans]").click()
    assert window.one(".badge.partial").text_content() == "部分完成"
    assert "提示词" in (window.one(".error.failed").text_content() or "")
    assert desk.open(sheet, context).one("html").get_attribute("lang") == "zh-Hans"

    window.one(".language [lang=en]").click()
    assert window.page.evaluate(CHROME) == before


def test_without_a_script_the_pictures_are_there_and_nothing_dead_is(
    desk: Desk, sheet: Path
) -> None:
    window = desk.open(sheet, desk.context(java_script_enabled=False))
    assert window.one(".card:visible").count() == 4
    assert window.one(".picture img:visible").count() == 3
    for selector in (".reviewing", ".search", ".language", ".decide", "dialog"):
        assert window.one(f"{selector}:visible").count() == 0, selector


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_as_light_or_dark_as_its_reader_wants(
    desk: Desk, sheet: Path, scheme: Any
) -> None:
    window = desk.open(sheet, desk.context(color_scheme=scheme))
    colour = window.page.evaluate("getComputedStyle(document.body).backgroundColor")
    brightest = max(map(int, re.findall(r"\d+", colour)))
    assert (brightest > 200) == (scheme == "light")


def test_nothing_moves_for_who_wants_no_motion(desk: Desk, sheet: Path) -> None:
    window = desk.open(sheet, desk.context(reduced_motion="reduce"))
    moving = window.page.evaluate(
        """[...document.querySelectorAll('*')].filter((e) => {
          const { transitionDuration, animationName } = getComputedStyle(e);
          return transitionDuration !== '0s' || animationName !== 'none';
        }).map((e) => e.className)"""
    )
    assert moving == []


def test_it_opens_from_a_bucket_too(desk: Desk, sheet: Path) -> None:
    class FromDisk(SimpleHTTPRequestHandler):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, directory=str(sheet.parent), **options)

        def do_GET(self) -> None:
            if self.path.startswith("/favicon"):  # nobody's page has one
                self.send_response(204)
                self.end_headers()
            else:
                super().do_GET()

        def log_message(self, *_args: object) -> None:
            """Nothing is written."""

    with serving(FromDisk) as address:
        window = desk.open(f"{address}/index.html")
        window.begin()
        window.press("a", "ArrowLeft", "Enter")
        window.wait_for("document.querySelector('.viewer img').naturalWidth === 64")
        assert window.decisions == {"images/CUP-1_01.png": "approve"}
        window.page.close()


COLOUR = re.compile(r"--([a-z-]+): #([0-9a-f]{3,6})\b")
PAIRS = [
    *((ink, ground) for ink in ("ink", "muted") for ground in ("page", "card", "frame")),
    *((state, f"{state}-soft") for state in ("good", "some", "bad", "open", "off")),
    ("ink", "off-soft"),
    *(("on-decision", decision) for decision in ("approve", "reject", "reroll")),
]


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    full = colour if len(colour) == 6 else "".join(digit * 2 for digit in colour)
    parts = [int(full[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), PAIRS)
def test_texts_stand_out_from_their_ground(scheme: int, ink: str, ground: str) -> None:
    """At least 4.5 to 1, which WCAG 2.2 asks of texts."""
    style = page_parts().before.template
    blocks = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    colours = dict(COLOUR.findall(blocks[scheme]))
    lighter, darker = sorted((luminance(colours[ink]), luminance(colours[ground])), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


def unnamed(window: Window) -> list[str]:
    """What can be acted on and has no name for those who do not see it."""
    session = window.page.context.new_cdp_session(window.page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    wanted = {"button", "link", "textbox", "searchbox", "combobox", "image", "dialog", "article"}
    return [
        node["role"]["value"]
        for node in nodes
        if not node.get("ignored")
        and node["role"]["value"] in wanted
        and not node.get("name", {}).get("value", "").strip()
    ]


def test_everything_has_a_name_for_screen_readers(desk: Desk, sheet: Path) -> None:
    window = desk.open(sheet)
    assert unnamed(window) == []
    window.begin()
    window.press("Enter")
    assert unnamed(window) == []
    window.press("n")
    assert unnamed(window) == []
    window.press("Escape", "?")
    assert unnamed(window) == []


def test_only_one_card_is_in_the_way_of_the_tab_key(desk: Desk, sheet: Path) -> None:
    window = desk.open(sheet)
    window.one(".export").focus()
    window.press("Tab")
    assert window.where == "images/CUP-1_01.png"
    stops = window.page.evaluate(
        """[...document.querySelectorAll('main *')].filter((e) => e.tabIndex >= 0)
          .map((e) => e.closest('.card').dataset.id)"""
    )
    assert set(stops) == {"CUP-1"}
    assert len(stops) == 5, "the picture and its four buttons"


def test_a_row_nobody_can_review_keeps_its_own_stops(desk: Desk, tmp_path: Path) -> None:
    long = "a very long prompt " * 20
    rows = [row(1), row(2, 0, state=JobState.UNCERTAIN, prompt=long)]
    window = desk.open(write_sheet(tmp_path, rows))
    assert window.page.evaluate("document.querySelector('summary').tabIndex") == 0
