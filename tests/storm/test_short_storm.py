"""A short storm on every build; the long one is `make chaos`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.storm.plan import Wish, make_plan
from tests.storm.run import run_storm

WISH = Wish(seed=20, jobs=240, kills=6, redis_restarts=1, freezes=1, workers=2, faults=0.05)


@pytest.mark.system
@pytest.mark.timeout(180)
def test_a_short_storm_loses_nothing_and_pays_nothing_twice(tmp_path: Path) -> None:
    said: list[str] = []

    report = run_storm(make_plan(WISH), tmp_path, said.append)

    assert report.findings == [], "\n".join([*said, *report.findings])
    assert report.course.strikes == len(said) >= 7
    assert report.verdict.figures.images > 100
    assert report.faults_struck > 0
