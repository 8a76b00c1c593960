"""Every verdict of the doctor, and what it advises."""

from __future__ import annotations

from typing import Any

import pytest

from producer.diagnosis import (
    CLOCK_SKEW_S,
    Finding,
    Verdict,
    judge_clock,
    judge_eviction,
    judge_key,
    judge_persistence,
    judge_storage,
    judge_version,
    judge_workers,
)


def assert_judged(found: Finding, verdict: Verdict, *words: str) -> None:
    assert found.verdict is verdict
    assert found.subject
    assert found.found
    assert bool(found.advice) or verdict is Verdict.OK, "whoever is warned is told what to do"
    for word in words:
        assert word in f"{found.found} {found.advice}"


@pytest.mark.parametrize(
    ("info", "verdict", "words"),
    [
        ({"redis_version": "7.4.1"}, Verdict.OK, "Redis 7.4.1"),
        ({"redis_version": "6.2.0"}, Verdict.OK, "Redis 6.2.0"),
        ({"redis_version": "7.2.4", "valkey_version": "9.1.2"}, Verdict.OK, "Valkey 9.1.2"),
        ({"redis_version": "6.0.16"}, Verdict.FAIL, "6.2 or newer"),
        ({"redis_version": "5"}, Verdict.FAIL, "Redis 5"),
        ({"redis_version": "10.0"}, Verdict.OK, "Redis 10.0"),
        ({}, Verdict.FAIL, "Redis 0"),
    ],
)
def test_the_servers_version(info: dict[str, Any], verdict: Verdict, words: str) -> None:
    assert_judged(judge_version(info), verdict, words)


@pytest.mark.parametrize(
    ("info", "fsync", "verdict", "words"),
    [
        ({"aof_enabled": 1}, "always", Verdict.OK, "appendfsync always"),
        ({"aof_enabled": 1}, "everysec", Verdict.WARN, "last second"),
        ({"aof_enabled": 1}, "no", Verdict.WARN, "appendfsync no"),
        ({"aof_enabled": 0}, "always", Verdict.FAIL, "appendonly yes"),
        ({}, "always", Verdict.FAIL, "AOF is off"),
        ({"aof_enabled": 1, "aof_last_write_status": "ok"}, "always", Verdict.OK, "AOF on"),
        ({"aof_enabled": 1, "aof_last_write_status": "err"}, "always", Verdict.FAIL, "full disk"),
    ],
)
def test_whether_paid_orders_survive(
    info: dict[str, Any], fsync: str, verdict: Verdict, words: str
) -> None:
    assert_judged(judge_persistence(info, fsync), verdict, words)


@pytest.mark.parametrize(
    ("policy", "verdict"),
    [("noeviction", Verdict.OK), ("allkeys-lru", Verdict.FAIL), ("volatile-ttl", Verdict.FAIL)],
)
def test_whether_the_server_may_throw_jobs_away(policy: str, verdict: Verdict) -> None:
    assert_judged(judge_eviction(policy), verdict, policy)


@pytest.mark.parametrize(
    ("skew_s", "verdict"),
    [
        (0.0, Verdict.OK),
        (CLOCK_SKEW_S, Verdict.OK),
        (-CLOCK_SKEW_S - 1, Verdict.WARN),
        (3600, Verdict.WARN),
    ],
)
def test_whether_clocks_agree(skew_s: float, verdict: Verdict) -> None:
    assert_judged(judge_clock(skew_s), verdict, f"{abs(skew_s):.1f} s apart")


@pytest.mark.parametrize(
    ("threads", "embedded", "verdict", "words"),
    [
        ({"a-1": 32, "b-2": 8}, False, Verdict.OK, "2 worker(s), 40 threads"),
        ({"a-1": 32}, True, Verdict.OK, "1 worker(s)"),
        ({}, False, Verdict.WARN, "Start `imagemill worker`"),
        ({}, True, Verdict.OK, "`imagemill run` starts one"),
    ],
)
def test_whether_anybody_works(
    threads: dict[str, int], embedded: bool, verdict: Verdict, words: str
) -> None:
    assert_judged(judge_workers(threads, embedded=embedded), verdict, words)


@pytest.mark.parametrize(
    ("account", "present", "verdict", "words"),
    [
        ("default", True, Verdict.OK, "set"),
        ("default", False, Verdict.WARN, "DASHSCOPE_API_KEY"),
        ("shop", False, Verdict.WARN, "accounts.shop.api_key"),
    ],
)
def test_whether_there_is_a_key(account: str, present: bool, verdict: Verdict, words: str) -> None:
    assert_judged(judge_key("dashscope", account, present=present), verdict, words)


@pytest.mark.parametrize(
    ("problem", "verdict", "words"),
    [
        (None, Verdict.OK, "conditional put honoured"),
        ("There is no room left.", Verdict.FAIL, "There is no room left."),
    ],
)
def test_whether_pictures_can_be_stored(problem: str | None, verdict: Verdict, words: str) -> None:
    found = judge_storage("s3://bucket/mill", problem, "honoured")
    assert_judged(found, verdict, words, "s3://bucket/mill")
