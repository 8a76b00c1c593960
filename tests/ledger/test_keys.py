"""Every key the code can make is of one class: it stays, goes with its batch, or expires."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ledger import keys
from ledger.keys import LaneKeys
from tests.ledger.leftovers import classes_of
from tests.ledger.scene import LANE


def _lane_keys() -> Iterator[str]:
    """Whatever a lane's keys have: attributes, and methods with one name as argument."""
    lane_keys = LaneKeys(LANE)
    for name, value in vars(lane_keys).items():
        if isinstance(value, str) and value.startswith(keys.PREFIX) and not name.startswith("_"):
            yield f"{value}night/a" if name.endswith("_prefix") else value
    for name, method in vars(LaneKeys).items():
        if callable(method) and not name.startswith("_"):
            yield method(lane_keys, "night/a:b/00001")


FLEET = [
    keys.LANES,
    keys.KNOWN_LANES,
    keys.BATCHES,
    keys.BATCH_AGENDA,
    keys.NOTICES,
    keys.LEADER,
    keys.WORKERS,
    keys.LONG_THREADS,
    keys.VERSION,
]
FLEET += [keys.BEATS, keys.SCHEDULES, keys.INTAKES, keys.HOURS]
OTHERS = [
    keys.batch_record("night"),
    keys.schedule_record("nightly"),
    keys.schedule_runs("nightly"),
    keys.intake_record("run:nightly-20260201"),
    keys.batch_closing("night"),
    *keys.notice_keys("night")[:3],
    keys.notice_keys("night").notice("evt_1"),
    keys.query_bucket("dashscope", "default"),
    keys.query_departures("dashscope", "default"),
    *keys.access_token_keys("qianfan", "default"),
    *keys.batch_purse_keys("night", "CNY"),
    *keys.batch_keys("night", ["CNY"]),
    *keys.account_purse_keys("dashscope", "default", "CNY"),
]


@pytest.mark.parametrize("key", [*_lane_keys(), *FLEET, *OTHERS])
def test_a_key_is_of_exactly_one_class(key: str) -> None:
    assert len(classes_of(key)) == 1, f"{key} is {classes_of(key) or 'of no class'}"


def test_all_keys_are_asked_about() -> None:
    """A function or constant that is added to keys.py belongs above."""
    functions = {n for n, f in vars(keys).items() if callable(f) and f.__module__ == keys.__name__}
    public = {name for name in functions if not name.startswith("_")}
    assert public == {
        "LaneKeys",
        "ProviderKeys",
        "PurseKeys",
        "NoticeKeys",
        "batch_record",
        "schedule_record",
        "schedule_runs",
        "intake_record",
        "batch_closing",
        "batch_keys",
        "notice_keys",
        "query_bucket",
        "query_departures",
        "access_token_keys",
        "batch_purse_keys",
        "account_purse_keys",
    }
    constants = {v for v in vars(keys).values() if isinstance(v, str) and v.startswith("mill:{")}
    assert constants - {"mill:{fleet}"} == set(FLEET)


def test_a_key_nobody_knows_is_of_no_class() -> None:
    assert classes_of(f"mill:{{{LANE}}}:surprise") == []
