"""Pictures are approved, rejected and ordered anew by keyboard, and nothing of it is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from producer.review import Decision, read_review
from schemas.states import JobState
from tests.browser.desk import Desk, Window
from tests.browser.sheets import drawn_anew, row, write_sheet
from tests.results.orders import failure


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    """Three rows: one picture, two pictures, none."""
    failed = row(3, pictures=0, state=JobState.FAILED, failures=[failure()])
    return write_sheet(tmp_path, [row(1), row(2, pictures=2), failed, row(4)])


def picture(number: int, index: int = 1) -> str:
    return f"images/CUP-{number}_0{index}.png"


def test_a_key_decides_and_goes_on(desk: Desk, sheet: Path) -> None:
    window = desk.open(sheet)
    window.begin()
    assert window.where == picture(1)

    window.press("a", "r", "x", "x")

    assert window.decisions == {
        picture(1): "approve", picture(2, 1): "reject", picture(2, 2): "reroll", "CUP-3": "reroll",
    }  # fmt: skip
    assert window.where == picture(4)


def test_the_same_key_again_takes_it_back_and_stays(desk: Desk, sheet: Path) -> None:
    window = desk.open(sheet)
    window.begin()
    window.press("a", "ArrowLeft", "a")
    assert (window.decisions, window.where) == ({}, picture(1))


def test_the_last_decisions_can_be_taken_back_one_by_one(desk: Desk, sheet: Path) -> None:
    window = desk.open(sheet)
    window.begin()
    window.press("a", "r", "z")
    assert (window.decisions, window.where) == ({picture(1): "approve"}, picture(2))
    window.press("z", "z")
    assert (window.decisions, window.where) == ({}, picture(1))


def test_arrows_move_and_ends_are_ends(desk: Desk, tmp_path: Path) -> None:
    window = desk.open(write_sheet(tmp_path, [row(number) for number in range(1, 12)]))
    window.page.set_viewport_size({"width": 1000, "height": 800})
    columns = window.page.evaluate(
        "getComputedStyle(document.querySelector('.cards')).gridTemplateColumns.split(' ').length"
    )
    window.begin()
    window.press("ArrowDown", "ArrowRight")
    assert window.where == picture(columns + 2)
    window.press("ArrowUp", "ArrowLeft", "ArrowLeft", "ArrowLeft")
    assert window.where == picture(1)
    window.press("End", "ArrowRight", "ArrowDown")
    assert window.where == "images/CUP-11_01.png"
    window.press("Home")
    assert window.where == picture(1)


def test_what_is_not_there_cannot_be_approved(desk: Desk, sheet: Path) -> None:
    window = desk.open(sheet)
    window.begin()
    window.press("End", "ArrowLeft", "a")
    assert window.decisions == {}
    assert "no picture" in window.told


def test_letters_decide_only_where_pictures_have_the_focus(desk: Desk, sheet: Path) -> None:
    window = desk.open(sheet)
    window.press("a", "r", "x")
    window.one(".search input").click()
    window.press("a", "r", "x")
    assert window.decisions == {}
    assert window.one(".search input").input_value() == "arx"


def test_decisions_are_kept_for_the_next_time(desk: Desk, sheet: Path) -> None:
    context = desk.context()
    first = desk.open(sheet, context)
    first.begin()
    first.press("a", "n")
    first.page.keyboard.type("the handle, 手柄")
    first.press("Control+Enter")
    first.page.close()

    again = desk.open(sheet, context)
    assert again.decisions == {picture(1): "approve"}
    assert again.one(".notes").text_content() == "1 the handle, 手柄"


def test_a_new_revision_is_open_and_the_others_stay_decided(desk: Desk, tmp_path: Path) -> None:
    context = desk.context()
    first = desk.open(write_sheet(tmp_path, [row(1), row(2)]), context)
    first.begin()
    first.press("a", "x")

    anew = row(2, images=[drawn_anew(2)], revision=2, replaced=row(2).images)
    second = desk.open(write_sheet(tmp_path, [row(1), anew]), context)

    assert second.decisions == {picture(1): "approve"}
    assert second.one(".earlier a").get_attribute("href") == picture(2)


def test_batches_of_one_name_do_not_share_decisions(desk: Desk, tmp_path: Path) -> None:
    context = desk.context()
    mine = desk.open(write_sheet(tmp_path / "mine", [row(1)]), context)
    mine.begin()
    mine.press("a")
    later = write_sheet(tmp_path / "yours", [row(1)], created_at="2026-11-21T22:00:00Z")
    assert desk.open(later, context).decisions == {}


def test_two_windows_of_a_batch_decide_together(desk: Desk, sheet: Path) -> None:
    context = desk.context()
    one, other = desk.open(sheet, context), desk.open(sheet, context)
    one.begin()
    one.press("a")
    other.page.wait_for_selector(".tile[data-decision=approve]")
    other.begin()
    other.press("ArrowRight", "r")
    one.page.wait_for_selector(".tile[data-decision=reject]")
    assert one.decisions == other.decisions
    assert len(one.decisions) == 2


def test_a_browser_that_keeps_nothing_still_exports(desk: Desk, sheet: Path) -> None:
    context = desk.context()
    context.add_init_script(
        "Object.defineProperty(window, 'localStorage', {get() { throw new Error('no'); }})"
    )
    window = desk.open(sheet, context)
    window.begin()
    window.press("a")
    window.wait_for(
        "document.querySelector('.told').textContent.startsWith('This browser keeps nothing')"
    )
    assert b"approve" in window.exported()


def test_the_viewer_has_the_same_keys(desk: Desk, sheet: Path) -> None:
    window = desk.open(sheet)
    window.begin()
    window.press("Enter")
    viewer = window.one(".viewer")
    assert viewer.get_attribute("open") is not None

    window.press("a", "r")

    assert window.decisions == {picture(1): "approve", picture(2): "reject"}
    assert window.one(".viewer .name").text_content() == "CUP-2 (2)  ·  64 × 48"
    window.press("ArrowLeft")
    pressed = window.one(".viewer [aria-pressed=true]")
    assert pressed.get_attribute("data-do") == "reject"
    window.press("Escape")
    assert window.where == picture(2)


def test_a_large_picture_is_the_stored_one(desk: Desk, sheet: Path) -> None:
    """The policy of the page admits it, opened from disk."""
    window = desk.open(sheet)
    window.begin()
    window.press("Enter")
    window.wait_for("document.querySelector('.viewer img').naturalWidth === 64")


def test_a_mouse_decides_too_and_stays_there(desk: Desk, sheet: Path) -> None:
    window = desk.open(sheet)
    tile = window.one(f".tile[data-image='{picture(4)}']")
    tile.hover()
    tile.locator("[data-do=reject]").click()
    assert window.decisions == {picture(4): "reject"}
    tile.locator("[data-do=reject]").click()
    assert window.decisions == {}


def test_a_new_prompt_means_a_reroll(desk: Desk, sheet: Path, tmp_path: Path) -> None:
    window = desk.open(sheet)
    window.begin()
    window.press("n")
    assert window.one(".prompt-text").input_value() == "cup 1"
    window.one(".note-text").fill("too dark")
    window.one(".prompt-text").fill("cup 1, brighter")
    window.one(".save").click()

    assert window.decisions == {picture(1): "reroll"}
    (tmp_path / "review.csv").write_bytes(window.exported())
    (mark,) = read_review(str(tmp_path / "review.csv")).marks
    assert (mark.decision, mark.note, mark.prompt) == (
        Decision.REROLL,
        "too dark",
        "cup 1, brighter",
    )
    assert f"imagemill reroll {'shop-20261120'} review.csv" in window.told
    window.one(f".tile[data-image='{picture(1)}'] .picture").focus()
    window.press("z")
    assert window.decisions == {}
    assert window.one(".notes").count() == 0


def test_decisions_are_counted_and_announced(desk: Desk, sheet: Path) -> None:
    window = desk.open(sheet)
    window.begin()
    window.press("a")
    assert window.told == "CUP-1: approved"
    assert counts_of(window) == [
        "Undecided pictures 3", "Approved 1", "Rejected 0", "Reroll 0",
    ]  # fmt: skip
    description = window.one(".tile[data-decision] .picture").get_attribute("aria-description")
    assert description == "approved"


def test_a_row_without_a_picture_is_not_undecided_and_may_be_ordered_anew(
    desk: Desk, sheet: Path
) -> None:
    """Nobody has to decide on it before a review is done."""
    window = desk.open(sheet)
    window.begin()
    window.press("a", "a", "a")
    assert counts_of(window)[0] == "Undecided pictures 1"
    window.one(".decisions [data-decision=open]").click()
    assert window.shown == ["CUP-4"]
    window.one(".decisions [data-decision=open]").click()
    window.one(f".tile[data-image='{picture(4)}'] .picture").focus()
    window.press("a", "ArrowLeft", "x")
    assert counts_of(window) == [
        "Undecided pictures 0", "Approved 4", "Rejected 0", "Reroll 1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("keys", "command"), [("arr", "reroll"), ("ara", "results"), ("aar", "results")]
)
def test_who_acts_on_a_review_is_said(desk: Desk, sheet: Path, keys: str, command: str) -> None:
    """A row all of whose pictures are rejected is for `reroll` to know."""
    window = desk.open(sheet)
    window.begin()
    window.press(*keys)
    window.exported()
    assert f"Next: imagemill {command} shop-20261120" in window.told


def test_an_id_stays_in_one_piece(desk: Desk, tmp_path: Path) -> None:
    """In both languages; where even a line of its own is too short it ends behind an underscore."""
    long = "6901234567892_windowsill_fromabove_evening"
    window = desk.open(write_sheet(tmp_path, [row(1, id="6901234567892_white"), row(2, id=long)]))
    for language in ("en", "zh-Hans"):
        window.one(f".language [lang={language}]").click()
        assert pieces_of(window) == [
            ["6901234567892_white"], ["6901234567892_windowsill_", "fromabove_evening"],
        ]  # fmt: skip
    assert window.one("h2").nth(1).text_content() == long


def test_nothing_to_review_is_said(desk: Desk, sheet: Path) -> None:
    window = desk.open(sheet)
    window.one(".export").click()
    assert window.told == "Nothing is decided yet."


def counts_of(window: Window) -> list[str]:
    """The buttons by decision, as they read."""
    said = [button.text_content() or "" for button in window.one(".decisions button").all()]
    return [" ".join(text.split()) for text in said]


_PIECES = """() => [...document.querySelectorAll('.card h2 bdi')].map((shown) => {
  const lines = [];
  const range = document.createRange();
  for (const text of [...shown.childNodes].filter((node) => node.nodeType === 3)) {
    for (let place = 0; place < text.length; place += 1) {
      range.setStart(text, place);
      range.setEnd(text, place + 1);
      const top = Math.round(range.getBoundingClientRect().top);
      const last = lines[lines.length - 1];
      if (last && last.top === top) last.text += text.data[place];
      else lines.push({ top, text: text.data[place] });
    }
  }
  return lines.map((line) => line.text);
})"""


def pieces_of(window: Window) -> list[list[str]]:
    """The ids on the cards, line by line."""
    found: list[list[str]] = window.page.evaluate(_PIECES)
    return found


def keys_of(window: Window) -> list[str]:
    return [key.text_content() or "" for key in window.one(".keys kbd").all()]


def test_the_keys_are_shown(desk: Desk, sheet: Path) -> None:
    window = desk.open(sheet)
    window.begin()
    window.press("?")
    assert window.one(".keys").get_attribute("open") is not None
    assert {"A", "R", "X", "N", "Z"} <= set(keys_of(window))
    window.press("a")
    assert window.decisions == {}, "it is read, not acted through"
