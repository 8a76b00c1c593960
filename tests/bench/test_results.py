"""results.json: kept as it comes, and read again."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import results
from bench.medians import medians
from bench.results import Results, Taken

FOUND = {"jobs": 5, "名": "杯"}
TAKEN = Taken("2026-11-21 05:00 UTC", "0.1 0.2 0.3", 12.0, False, FOUND, loop_ms=(80.5, 91.0))
FAILED = Taken("2026-11-21 06:00 UTC", "0.1 0.2 0.3", 1.0, False, {}, "Failed: no server")


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    kept = Results({"CPU": "two"}, {"cost": TAKEN, "quota": FAILED})
    results.write(kept, tmp_path / "results.json")
    assert results.read(tmp_path / "results.json") == kept
    assert [path.name for path in tmp_path.iterdir()] == ["results.json"]


def test_a_measurement_taken_anew_takes_the_old_ones_place() -> None:
    kept = Results({}, {"cost": FAILED, "quota": TAKEN}).with_taken("cost", TAKEN)
    assert kept.figures("cost") == TAKEN.figures
    assert kept.figures("quota") == TAKEN.figures
    assert kept.figures("peers") == {}


def test_figures_of_two_machines_are_never_beside_each_other() -> None:
    kept = Results({"CPU": "two", "RAM": "24 GiB"}, {"cost": TAKEN})
    assert results.beside(kept, dict(kept.machine), some=True) is kept
    other = {"CPU": "four", "RAM": "24 GiB"}
    assert results.beside(kept, other, some=False) == Results(other, {})
    assert results.beside(None, other, some=True) == Results(other, {})
    with pytest.raises(ValueError, match="of another CPU: measure all"):
        results.beside(kept, other, some=True)


def test_a_file_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert results.read(tmp_path / "results.json") is None


@pytest.mark.parametrize("text", ["[]", '{"machine": {}, "quota": {}}', "{"])
def test_a_file_that_is_something_else_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "results.json").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"holds no results|Expecting"):
        results.read(tmp_path / "results.json")


def test_the_median_counts_but_for_promises() -> None:
    runs = [
        {"name": "a", "cpu_ms": cpu, "charged_twice": twice, "images_stored": stored, "ok": ok}
        for cpu, twice, stored, ok in ((3.0, 0, 5, True), (9.0, 1, 5, True), (4.0, 0, 4, False))
    ]
    found = medians(runs)
    assert found.pop("runs") == runs
    assert found == {
        "name": "a", "cpu_ms": 4.0, "charged_twice": 1, "images_stored": 4, "ok": False,
    }  # fmt: skip


def test_a_figure_that_some_runs_lack_is_the_median_of_the_others() -> None:
    assert medians([{"late_s": None}, {"late_s": 1.0}, {"late_s": 3.0}])["late_s"] == 2.0
    assert medians([{"late_s": None}, {"late_s": None}])["late_s"] is None
