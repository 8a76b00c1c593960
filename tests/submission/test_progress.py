"""What a person sees of a batch on its way: a panel on a terminal, lines anywhere else."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from producer.pace import Figures
from producer.progress import PLAIN_EVERY_S, line, panel, progress
from producer.standing import money
from schemas.batch import BatchStatus
from tests.submission.statuses import status

HALF_WAY = status(
    succeeded=40,
    partial=3,
    failed=5,
    uncertain=2,
    running=6,
    storing=4,
    images=46,
    cost="7.36",
    costs={"CNY": "7.36"},
)
FIGURES = Figures(92.4, 185.0)


def rendered(shown: BatchStatus, figures: Figures, width: int = 60) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    console.print(panel(shown, figures))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_panel_fits_sixty_columns() -> None:
    text = rendered(HALF_WAY, FIGURES)
    assert max(map(len, text.splitlines())) <= 60
    words = " ".join(text.replace("│", " ").split())
    for part in ("night", "50 done", "10 in play", "40 waiting", "46 images", "7.36 CNY"):
        assert part in words


def test_the_panel_says_troubles_speed_and_time_left_where_there_is_room() -> None:
    text = rendered(HALF_WAY, FIGURES, width=110)
    assert "3 partial, 5 failed, 2 uncertain" in text
    assert "92 images/min" in text
    assert "about 3 min 5 s left" in text


def test_a_stopped_lane_stands_in_the_panel_as_it_is_written() -> None:
    why = "Arrearage: pay [/red] at [https://example.com] please"
    stopped = HALF_WAY.model_copy(update={"stopped": {"dashscope:wanx-v1@default": why}})
    text = rendered(stopped, FIGURES, width=110)
    assert f"dashscope:wanx-v1@default stopped: {why}" in text


def test_a_new_batch_promises_nothing() -> None:
    text = rendered(status(), Figures(0.0, None), width=110)
    assert "time left: not known yet" in text
    assert "no cost" in text


def test_an_empty_batch_renders() -> None:
    assert "0 done" in rendered(status(total=0), Figures(0.0, None))


def test_a_line_says_it_all() -> None:
    assert line(HALF_WAY, FIGURES) == (
        "night: 50/100 done, 10 in play, 40 waiting, 46 images (92/min), 7.36 CNY,"
        " about 3 min 5 s left"
    )
    assert line(HALF_WAY, Figures(0.0, None)).endswith("7.36 CNY")
    finished = status(state="finished", succeeded=100)
    assert line(finished, Figures(0.0, 0.0)).endswith("no cost, finished")


def test_currencies_never_mix() -> None:
    both = status(costs={"CNY": "7.36", "USD": "0.12"})
    assert money(both) == "7.36 CNY + 0.12 USD"


def shown(looks: list[tuple[BatchStatus, float]], *, quiet: bool = False) -> list[str]:
    stream = io.StringIO()
    with progress(Console(file=stream, width=60), quiet=quiet) as show:
        for look, now_s in looks:
            show(look, now_s)
    return stream.getvalue().splitlines()


def test_plain_lines_come_now_and_then_and_at_the_end() -> None:
    finished = status(state="finished", succeeded=100)
    looks = [(status(succeeded=i), i * PLAIN_EVERY_S / 4) for i in range(10)]
    lines = shown([*looks, (finished, 12.6)])
    assert [text.split(" done")[0] for text in lines] == [
        "night: 0/100",
        "night: 4/100",
        "night: 8/100",
        "night: 100/100",
    ]


def test_quiet_says_nothing() -> None:
    assert shown([(status(), 0.0), (status(state="finished"), 60.0)], quiet=True) == []


@pytest.mark.parametrize("width", [60, 200])
def test_a_terminal_shows_a_panel_that_moves(width: int) -> None:
    stream = io.StringIO()
    with progress(Console(file=stream, width=width, force_terminal=True)) as show:
        show(status(), 0.0)
        show(HALF_WAY, 30.0)
    assert "night" in stream.getvalue()
    assert "50 done" in stream.getvalue()
