"""The users of deploy/valkey-users.acl: each can do its work, and nothing else."""

from __future__ import annotations

import socket

import pytest
import redis

from schemas.states import JobState
from tests.hostile.fortress import Fortress
from tests.ui.running import TOKEN, running_pages

pytestmark = pytest.mark.system

FORBIDDEN_TO_ALL: list[tuple[str, ...]] = [
    ("CONFIG", "SET", "dir", "/tmp"),
    ("CONFIG", "GET", "requirepass"),
    ("FLUSHALL",),
    ("FLUSHDB",),
    ("KEYS", "*"),
    ("EVAL", "return 1", "0"),
    ("SCRIPT", "FLUSH"),
    ("FUNCTION", "LIST"),
    ("ACL", "LIST"),
    ("ACL", "SETUSER", "evil", "on"),
    ("CLIENT", "LIST"),
    ("MONITOR",),
    ("SHUTDOWN", "NOSAVE"),
    ("SAVE",),
    ("REPLICAOF", "127.0.0.1", "1"),
    ("MODULE", "LIST"),
    ("DEBUG", "SLEEP", "0"),
    ("SWAPDB", "0", "1"),
    ("SLOWLOG", "GET"),
    ("GET", "another-applications-key"),
    ("SET", "another-applications-key", "1"),
    ("PUBLISH", "another-applications-channel", "1"),
]
WRITES: list[tuple[str, ...]] = [
    ("SET", "mill:{fleet}:leader", "me"),
    ("DEL", "mill:{fleet}:lanes"),
    ("ZADD", "mill:{fleet}:lanes", "0", "x"),
    ("HSET", "mill:{dashscope:wanx-v1@default}:config", "stopped", "x"),
    ("LPUSH", "mill:broker:submit", "{}"),
    ("EXPIRE", "mill:{fleet}:batches", "1"),
    ("SCRIPT", "LOAD", "return 1"),
    ("EVALSHA", "e0e1f9fabfc9d4800c877a703b823ac0578ff8db", "0"),
    ("PUBLISH", "mill:broker:/0.celery.pidbox", "{}"),
]


DENIED = r"(?i)permission|not allowed"


def assert_refused(client: redis.Redis, command: tuple[str, ...]) -> None:
    with pytest.raises(redis.RedisError, match=DENIED):
        client.execute_command(*command)  # type: ignore[no-untyped-call] # redis-py has no types here


@pytest.mark.parametrize("user", ["worker", "producer", "watcher", "flower"])
def test_nobody_may_touch_the_server_or_others_keys(fortress: Fortress, user: str) -> None:
    with fortress.client(user) as client:
        for command in FORBIDDEN_TO_ALL:
            assert_refused(client, command)


def test_the_watcher_cannot_write(fortress: Fortress) -> None:
    with fortress.client("watcher") as client:
        for command in WRITES:
            assert_refused(client, command)


def test_flower_reaches_neither_the_ledger_nor_puts_messages_into_queues(
    fortress: Fortress,
) -> None:
    with fortress.client("flower") as client:
        # kombu's scripts are its own; what a script does is asked of its user, as anything else.
        read = client.script_load("return redis.call('GET', KEYS[1])")
        allowed = ("SCRIPT", "EVALSHA", "PUBLISH")
        for command in (
            *(write for write in WRITES if write[0] not in allowed),
            ("EVALSHA", read, "1", "mill:{fleet}:leader"),
            ("GET", "mill:{fleet}:leader"),
            ("ZRANGE", "mill:{fleet}:workers", "0", "-1"),
            ("HGETALL", "mill:{dashscope:wanx-v1@default}:config"),
        ):
            assert_refused(client, command)
        assert client.llen("mill:broker:submit") == 0


@pytest.mark.parametrize("user", ["producer", "watcher"])
def test_only_workers_reach_the_queues(fortress: Fortress, user: str) -> None:
    with fortress.client(user) as client:
        for command in (
            ("LPUSH", "mill:broker:submit", "{}"),
            ("LRANGE", "mill:broker:submit", "0", "-1"),
            ("BRPOP", "mill:broker:submit", "1"),
            ("PUBLISH", "mill:broker:/0.celery.pidbox", "{}"),
        ):
            assert_refused(client, command)


@pytest.mark.parametrize(
    ("user", "call"),
    [
        ("worker", "redis.call('set', 'another-applications-key', '1')"),
        ("worker", "redis.call('config', 'get', '*')"),
        ("worker", "redis.call('flushall')"),
        ("producer", "redis.call('lpush', 'mill:broker:submit', '{}')"),
        ("flower", "redis.call('lpush', 'mill:broker:submit', '{}')"),
        ("flower", "redis.call('zadd', 'mill:{fleet}:lanes', '0', 'x')"),
    ],
)
def test_a_script_may_do_no_more_than_its_user(fortress: Fortress, user: str, call: str) -> None:
    with fortress.client(user) as client:
        digest = client.script_load(f"return {call}")
        with pytest.raises(redis.RedisError, match=DENIED):
            client.evalsha(str(digest), 0)


def test_without_a_name_nothing_is_answered(fortress: Fortress) -> None:
    with socket.create_connection(("127.0.0.1", fortress.port), timeout=5) as line:
        line.sendall(b"PING\r\n")
        assert line.recv(100).startswith(b"-NOAUTH")


def test_a_batch_is_made_looked_at_and_steered_under_these_users(fortress: Fortress) -> None:
    batch = fortress.order("users", 4)
    assert {one.state for one in fortress.results(batch)} == {JobState.SUCCEEDED}
    looks = (
        ("status", batch, "--json"),
        ("results", batch),
        ("batches",),
        ("lanes", "--json"),
        ("watch", batch),
    )
    for look in looks:
        code, said = fortress.say(*look, user="watcher")
        assert code == 0, said
    watcher = fortress.desk("watcher", IMAGEMILL_UI_TOKEN=TOKEN)
    with running_pages(watcher) as pages, pages.visitor() as visitor:
        for path in ("/", "/lanes", f"/batches/{batch}", f"/files/{batch}/index.html"):
            assert visitor.get(path).status_code == 200, path
    lane = "dashscope:wanx-v1@default"
    assert fortress.say("lanes", "set", lane, "--rate", "40/s")[0] == 0
    code, said = fortress.say("lanes", "set", lane, "--rate", "1/s", user="watcher")
    assert code == 7
    assert "refuses us" in said
    log = fortress.worker.log()
    assert "NOPERM" not in log
    assert "NoPermission" not in log
