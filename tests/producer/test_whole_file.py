"""A file takes its name when it is whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from producer.whole_file import whole_file


def test_the_name_is_taken_at_the_end(tmp_path: Path) -> None:
    goal = tmp_path / "new folder" / "table.csv"
    with whole_file(goal) as part:
        part.write_text("all of it")
        assert not goal.exists()
    assert goal.read_text() == "all of it"
    assert list(goal.parent.iterdir()) == [goal]


def break_off(part: Path, error: type[BaseException]) -> None:
    part.write_text("half of it")
    raise error


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_what_breaks_off_leaves_what_was_there(tmp_path: Path, error: type[BaseException]) -> None:
    goal = tmp_path / "table.csv"
    goal.write_text("yesterday's")
    with pytest.raises(error), whole_file(goal) as part:
        break_off(part, error)
    assert goal.read_text() == "yesterday's"
    assert list(tmp_path.iterdir()) == [goal]


def test_a_place_that_takes_no_file_is_said_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match="file"), whole_file(tmp_path / "file" / "table.csv"):
        pytest.fail("nothing is to be done")
