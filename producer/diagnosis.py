"""What may be wrong with a mill: pure judgements over what was found."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from schemas.account import DEFAULT_ACCOUNT
from schemas.contract import Contract
from schemas.provider import PROVIDERS

OLDEST_SERVER = (6, 2)
CLOCK_SKEW_S = 30.0


class Verdict(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"
    """It works, but a promise does not hold."""
    FAIL = "fail"
    """It does not work."""


class Finding(Contract):
    """One thing that was looked at."""

    subject: str
    verdict: Verdict
    found: str
    advice: str = ""


def judge_version(info: dict[str, Any]) -> Finding:
    """Whether the server is new enough for the scripts."""
    name = "Valkey" if "valkey_version" in info else "Redis"
    version = str(info.get("valkey_version") or info.get("redis_version", "0"))
    parts = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if parts < OLDEST_SERVER:
        return Finding(
            subject="server",
            verdict=Verdict.FAIL,
            found=f"{name} {version}",
            advice="Redis 6.2 or newer, or Valkey, is needed.",
        )
    return Finding(subject="server", verdict=Verdict.OK, found=f"{name} {version}")


def judge_persistence(info: dict[str, Any], fsync: str) -> Finding:
    """Whether a paid order survives the server's death."""
    if not int(info.get("aof_enabled", 0)):
        return Finding(
            subject="persistence",
            verdict=Verdict.FAIL,
            found="AOF is off",
            advice="Orders that were paid for would be forgotten when the server restarts:"
            " set `appendonly yes` and `appendfsync always`.",
        )
    if info.get("aof_last_write_status", "ok") != "ok":
        return Finding(
            subject="persistence",
            verdict=Verdict.FAIL,
            found="the last AOF write failed",
            advice="Look for a full disk on the server.",
        )
    if fsync != "always":
        return Finding(
            subject="persistence",
            verdict=Verdict.WARN,
            found=f"AOF is on, appendfsync {fsync}",
            advice="A power cut may lose the last second of paid orders: set `appendfsync always`.",
        )
    return Finding(subject="persistence", verdict=Verdict.OK, found="AOF on, appendfsync always")


def judge_eviction(policy: str) -> Finding:
    """Whether the server may throw jobs away."""
    if policy != "noeviction":
        return Finding(
            subject="eviction",
            verdict=Verdict.FAIL,
            found=f"maxmemory-policy {policy}",
            advice="A full server would throw jobs away: set `maxmemory-policy noeviction`.",
        )
    return Finding(subject="eviction", verdict=Verdict.OK, found="maxmemory-policy noeviction")


def judge_clock(skew_s: float) -> Finding:
    """Whether this machine and the server agree on the time."""
    found = f"{abs(skew_s):.1f} s apart"
    if abs(skew_s) > CLOCK_SKEW_S:
        return Finding(
            subject="clocks",
            verdict=Verdict.WARN,
            found=f"this machine and the server are {found}",
            advice="Times in results would be wrong: let both follow NTP.",
        )
    return Finding(subject="clocks", verdict=Verdict.OK, found=found)


def judge_workers(threads: dict[str, int], *, embedded: bool) -> Finding:
    """Whether anybody works."""
    if threads:
        found = f"{len(threads)} worker(s), {sum(threads.values())} threads"
        return Finding(subject="workers", verdict=Verdict.OK, found=found)
    advice = "`imagemill run` starts one when needed." if embedded else "Start `imagemill worker`."
    verdict = Verdict.OK if embedded else Verdict.WARN
    return Finding(subject="workers", verdict=verdict, found="none is running", advice=advice)


def judge_key(provider: str, account: str, *, present: bool) -> Finding:
    """Whether there is a key to order with."""
    subject = f"key of {provider}@{account}"
    if present:
        return Finding(subject=subject, verdict=Verdict.OK, found="set")
    default = account == DEFAULT_ACCOUNT
    variable = PROVIDERS[provider].key_variable if default else f"accounts.{account}.api_key"
    return Finding(
        subject=subject,
        verdict=Verdict.WARN,
        found="not set here",
        advice=f"Set {variable} where the workers run; --simulate needs none.",
    )


def judge_storage(location: str, problem: str | None, conditional_put: str) -> Finding:
    """Whether pictures can be stored and read back."""
    if problem is not None:
        return Finding(subject="storage", verdict=Verdict.FAIL, found=location, advice=problem)
    return Finding(
        subject="storage",
        verdict=Verdict.OK,
        found=f"{location}: written, read back; conditional put {conditional_put}",
    )
