"""The review that examples/evening.py writes is the one that the page would export."""

from __future__ import annotations

from pathlib import Path

from schemas.states import JobState
from tests.browser.desk import Desk
from tests.browser.sheets import row, write_sheet
from tests.docs.evening import evening
from tests.results.orders import failure


def test_the_evenings_review_is_what_the_page_exports(desk: Desk, tmp_path: Path) -> None:
    failed = row(3, pictures=0, state=JobState.FAILED, failures=[failure()])
    rows = [row(1, pictures=2), row(2), failed]
    window = desk.open(write_sheet(tmp_path, rows))
    window.begin()
    window.press("a", "a", "n")
    window.one(".note-text").fill("too dark, 太暗")
    window.one(".prompt-text").fill('... "morning" light')
    window.press("Control+Enter", "ArrowRight", "x")

    script = evening()
    marks = {
        "CUP-1": script.APPROVED,
        "CUP-2": script.Mark("reroll", "too dark, 太暗", '... "morning" light'),
        "CUP-3": script.Mark("reroll"),
    }
    written = tmp_path / "review.csv"
    script.write_review(written, [one.model_dump(mode="json") for one in rows], marks)

    assert window.exported() == written.read_bytes()
