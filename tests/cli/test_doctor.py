"""`doctor` on real servers with real faults."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from tests.cli.command import CommandLine
from tests.valkey import Valkey

STORAGE, SERVER, PERSISTENCE, EVICTION = "storage", "server", "persistence", "eviction"


def findings(command_line: CommandLine, code: int) -> dict[str, dict[str, Any]]:
    ran = command_line("doctor", "--json")
    assert ran.code == code, ran.out + ran.err
    return {entry["subject"]: entry for entry in ran.documents}


def test_a_healthy_mill_has_nothing_to_fix_but_the_missing_key(shared: CommandLine) -> None:
    found = findings(shared, 0)

    assert {subject for subject, entry in found.items() if entry["verdict"] == "ok"} >= {
        *(STORAGE, SERVER, PERSISTENCE, EVICTION, "clocks"),
    }
    assert not [entry for entry in found.values() if entry["verdict"] == "fail"]
    assert "IMAGEMILL" not in found[SERVER]["advice"]
    assert "imagemill worker" in found["workers"]["advice"]
    assert "DASHSCOPE_API_KEY" in found["key of dashscope@default"]["advice"]


def test_a_key_that_is_set_is_seen_and_not_shown(shared: CommandLine) -> None:
    ran = shared.with_variables(DASHSCOPE_API_KEY="sk-very-secret")("doctor")

    assert ran.code == 0
    assert "key of dashscope@default: set" in ran.out
    assert "very-secret" not in ran.out + ran.err


def test_a_variable_that_is_no_setting_is_told(shared: CommandLine) -> None:
    found = findings(shared.with_variables(IMAGEMILL_WORKERS__CONCURRENCY="8"), 0)
    assert found["settings"]["verdict"] == "warn"
    assert "IMAGEMILL_WORKERS__CONCURRENCY is no setting" in found["settings"]["found"]


@pytest.mark.parametrize(
    ("setting", "value", "subject", "verdict"),
    [
        ("appendonly", "no", PERSISTENCE, "fail"),
        ("appendfsync", "everysec", PERSISTENCE, "warn"),
        ("maxmemory-policy", "allkeys-lru", EVICTION, "fail"),
    ],
)
def test_a_server_that_may_lose_jobs_is_named_with_the_cure(
    shared: CommandLine, valkey: Valkey, setting: str, value: str, subject: str, verdict: str
) -> None:
    with redis.Redis.from_url(valkey.url) as client:
        client.config_set(setting, value)
    ran = shared("doctor")
    found = findings(shared, 8 if verdict == "fail" else 0)

    assert found[subject]["verdict"] == verdict
    assert "set `" in found[subject]["advice"]
    assert found[subject]["advice"] in ran.out
    assert ("FAIL" in ran.out) == (verdict == "fail")


def test_a_storage_that_cannot_be_used_is_named_and_the_rest_is_looked_at(
    shared: CommandLine,
) -> None:
    shared.write("out", "a file where the folder should be")
    found = findings(shared, 8)

    assert found[STORAGE]["verdict"] == "fail"
    assert found[STORAGE]["advice"]
    assert found[PERSISTENCE]["verdict"] == "ok"


def test_a_storage_address_that_is_none_is_a_finding_too(alone: CommandLine) -> None:
    for url in ("ftp://me:secret@nowhere", "file"):
        alone.write("file", "in the way")
        found = findings(alone.with_variables(IMAGEMILL_STORAGE_URL=url), 8)

        assert found[STORAGE]["verdict"] == "fail"
        assert found[STORAGE]["advice"]
        assert "secret" not in str(found)


def test_a_server_that_is_away_is_a_finding(shared: CommandLine, valkey: Valkey) -> None:
    valkey.kill()
    found = findings(shared, 8)

    assert found[SERVER]["verdict"] == "fail"
    assert found[STORAGE]["verdict"] == "ok"


def test_alone_the_doctor_looks_at_the_server_it_would_bring(alone: CommandLine) -> None:
    found = findings(alone, 0)

    assert found[PERSISTENCE]["verdict"] == "ok"
    assert found["workers"]["verdict"] == "ok"
