"""Lanes and rates as they are written."""

from __future__ import annotations

import pytest

from schemas.lane import Lane, LaneLimits, parse_rate


@pytest.mark.parametrize(
    ("text", "lane"),
    [
        ("dashscope:wanx-v1@default", Lane("dashscope", "wanx-v1", "default")),
        ("stability:ultra/3.5@Team_2.eu", Lane("stability", "ultra/3.5", "Team_2.eu")),
        ("a:b:c@d", Lane("a", "b:c", "d")),
    ],
)
def test_a_lane_reads_as_it_is_written(text: str, lane: Lane) -> None:
    assert Lane.parse(text) == lane
    assert str(lane) == text


@pytest.mark.parametrize(
    "text",
    [
        "", "wanx-v1", "dashscope:wanx-v1", "dashscope:@default", ":wanx@default",
        "dashscope:wanx-v1@", "dashscope:wanx v1@default", "dashscope:wanx-v1@a@b",
        "dashscope:{wanx}@default", "DashScope:wanx@default", "dashscope:wanx-v1@a b",
        "dashscope:wanx-v1@default\n",
    ],
)  # fmt: skip
def test_what_is_no_lane_is_answered_with_the_form(text: str) -> None:
    with pytest.raises(ValueError, match="a lane looks like dashscope:wanx-v1@default"):
        Lane.parse(text)


@pytest.mark.parametrize(
    ("text", "rate_per_s"),
    [
        ("2/s", 2.0), ("0.5/s", 0.5), (" 2 / s ", 2.0), ("20/sec", 20.0), ("1/second", 1.0),
        ("2/min", 2 / 60), ("60/m", 1.0), ("30/minute", 0.5), ("1/h", 1 / 3600), ("2/hour", 2 / 3600),
    ],
)  # fmt: skip
def test_rates_per_second_minute_and_hour(text: str, rate_per_s: float) -> None:
    assert parse_rate(text) == pytest.approx(rate_per_s)


@pytest.mark.parametrize(
    "text", ["", "2", "2/", "/s", "0/s", "0.0/min", "-1/s", "2/d", "two/s", "2s", "1e3/s", "2/s/s"]
)
def test_what_is_no_rate_is_answered_with_the_forms(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no rate; write 2/s, 0\.5/s or 2/min"):
        parse_rate(text)


@pytest.mark.parametrize(
    "wrong", [{"rate_per_s": 0}, {"rate_per_s": -1}, {"burst": 0}, {"window": 0}, {"speed": 1}]
)
def test_limits_of_nothing_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        LaneLimits.model_validate({"rate_per_s": 1, "window": 1, **wrong})
