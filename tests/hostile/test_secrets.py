"""Nothing secret in anything anybody can read: said, logged, kept in Redis or stored."""

from __future__ import annotations

import base64
import json
import logging
import re
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from hypothesis import example, given
from hypothesis import strategies as st

from ledger.keys import BROKER_PREFIX
from schemas.states import JobState
from tests.hostile.fortress import (
    API_KEY,
    AWS_TOKEN,
    PASSWORDS,
    PREFIX,
    PROMPT,
    Fortress,
)
from worker.logbook import HIDDEN, JsonLines

MARK = "s3cr3t"
"""Part of every secret of these tests, however it is spelled."""
SIGNED = re.compile(r"Signature=(?!\[hidden\])")


def check(text: str, where: str) -> None:
    for found in (MARK, *SIGNED.findall(text)):
        at = text.find(found)
        assert at < 0, f"{where}: {text[max(0, at - 300) : at + 100]}"


@pytest.mark.system
def test_a_batch_leaves_no_secret_anywhere(fortress: Fortress) -> None:
    batch = fortress.order("secrets", 3)
    assert {one.state for one in fortress.results(batch)} == {JobState.SUCCEEDED}
    refusal = {
        "kind": "error",
        "status": 401,
        "code": "InvalidApiKey",
        "message": f"Bad key sk-REFUSED-{MARK}-0123456789, see"
        f" https://oss.test/a?Expires=1&Signature={MARK} for {PROMPT} refused 0",
    }
    fortress.simulator.script({"on": "create", "match": " refused ", "times": -1, "do": refusal})
    stopped = fortress.order("refused", 1, "--account", "refused")
    fortress.stops(stopped)
    for look in (
        ("status", stopped),
        ("status", stopped, "--json"),
        ("lanes", "--json"),
        ("doctor",),
        ("doctor", "--json"),
    ):
        fortress.say(*look)

    # A table of results shows its owner the prompts; nothing else does.
    said = "\n".join(text for text in fortress.said if not text.startswith("('results'"))
    assert "InvalidApiKey" in said
    check(said, "said")
    assert PROMPT not in said
    log = fortress.worker.log()
    assert '"level": "debug"' in log
    check(log, "log")
    assert PROMPT not in log
    check(fortress.stored(), "Redis")
    for found in fortress.storage.list(""):
        check(found.key, "keys")
        if not found.key.endswith((".png", ".jpg", ".gz")):
            check(fortress.storage.get(found.key).decode(), found.key)


@pytest.mark.system
def test_messages_carry_ids_only(fortress: Fortress) -> None:
    """As the server hears them, since a message is gone once it is read."""
    with fortress.client("operator") as client, fortress.client("operator") as listener:
        heard: list[str] = []
        with listener.monitor() as monitor:
            thread = threading.Thread(target=lambda: heard.extend(until_done(monitor)))
            thread.start()
            batch = fortress.order("messages", 3)
            fortress.results(batch)
            client.echo(DONE)
            thread.join(20)

    published = [line for line in heard if line.startswith(f"LPUSH {BROKER_PREFIX}")]
    bodies = [base64.b64decode(found).decode() for found in BODY.findall("\n".join(published))]
    # Batches of other tests may still be finishing on the same server.
    own = [body for body in bodies if batch in body]
    assert len(bodies) == len(published)
    assert len(own) >= 3 * 3
    for text in (*published, *bodies):
        check(text, "message")
        assert PROMPT not in text
        assert "http" not in text


DONE = "that is all"
BODY = re.compile(r'"body": "([^"]+)"')


def until_done(monitor: redis.client.Monitor) -> Iterator[str]:
    for entry in monitor.listen():  # type: ignore[no-untyped-call] # redis-py has no types here
        command = str(entry["command"]).replace(r"\"", '"')
        if DONE in command:
            return
        yield command


WRONG: dict[str, dict[str, str]] = {
    "password": {"IMAGEMILL_REDIS_URL": f"redis://worker:{MARK}@127.0.0.1:{{port}}/0"},
    "server": {"IMAGEMILL_REDIS_URL": f"redis://worker:{MARK}@127.0.0.1:1/0"},
    "name": {"IMAGEMILL_REDIS_URL": f"redis://worker:{MARK}@no.such.host.invalid/0"},
    "port": {"IMAGEMILL_REDIS_URL": f"redis://worker:{MARK}@127.0.0.1:{MARK}/0"},
    "unquoted": {"IMAGEMILL_REDIS_URL": f"redis://worker:{MARK}/{MARK}@127.0.0.1:{{port}}/0"},
    "brackets": {"IMAGEMILL_REDIS_URL": f"redis://worker:{MARK}[@127.0.0.1:{{port}}/0"},
    "letters": {"IMAGEMILL_REDIS_URL": f"redis://worker:{MARK}\u2100@127.0.0.1:{{port}}/0"},
    "letters, and a directory": {
        "IMAGEMILL_REDIS_URL": f"redis://worker:{MARK}\u2100@127.0.0.1:{{port}}/0",
        "IMAGEMILL_STORAGE_URL": "./pictures",
    },
    "brackets, and a directory": {
        "IMAGEMILL_REDIS_URL": f"redis://worker:{MARK}[@127.0.0.1:{{port}}/0",
        "IMAGEMILL_STORAGE_URL": "./pictures",
    },
    "scheme": {"IMAGEMILL_REDIS_URL": f"mysql://worker:{MARK}@127.0.0.1:{{port}}/0"},
    "option": {"IMAGEMILL_REDIS_URL": f"{{url}}?socket_timeout={MARK}"},
    "key of the bucket": {"AWS_SECRET_ACCESS_KEY": f"wrong-{MARK}"},
    "name of that key": {"AWS_ACCESS_KEY_ID": f"WRONG{MARK}"},
    "token": {"AWS_SESSION_TOKEN": AWS_TOKEN},
    "endpoint": {"IMAGEMILL_S3_ENDPOINT_URL": f"http://me:{MARK}@127.0.0.1:1"},
    "endpoint's port": {"IMAGEMILL_S3_ENDPOINT_URL": f"http://me:{MARK}@127.0.0.1:{MARK}"},
    "bucket": {"IMAGEMILL_STORAGE_URL": f"s3://me:{MARK}@pictures/night"},
    "place": {"IMAGEMILL_STORAGE_URL": f"ftp://me:{MARK}@pictures/night"},
    "file of a secret": {"AWS_SECRET_ACCESS_KEY": "", "AWS_SECRET_ACCESS_KEY_FILE": "/no/such"},
}
FOR_WORKERS = ("password", "letters, and a directory", "option", "token", "endpoint's port")


def wrong(fortress: Fortress, what: str, user: str) -> dict[str, str]:
    url = fortress.url(user)
    return {
        name: value.replace("{port}", str(fortress.port)).replace("{url}", url)
        for name, value in WRONG[what].items()
    }


@pytest.mark.system
@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_said_without_the_secret(fortress: Fortress, what: str) -> None:
    code, said = fortress.say("results", user="producer", **wrong(fortress, what, "producer"))
    assert code in (7, 8), said
    assert len(said) > 20, "it says what is wrong"
    check(said, what)


@pytest.mark.system
@pytest.mark.parametrize("what", FOR_WORKERS)
def test_a_worker_that_cannot_start_says_why_without_the_secret(
    fortress: Fortress, what: str
) -> None:
    code, said = fortress.say("worker", user="worker", **wrong(fortress, what, "worker"))
    assert code in (7, 8), said
    check(said, what)


@pytest.mark.system
def test_secrets_may_be_files(fortress: Fortress, tmp_path: Path) -> None:
    given = fortress.desk("watcher").variables
    names = ("IMAGEMILL_REDIS_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    for name in names:
        (tmp_path / name).write_text(f"{given[name]}\n")
    files = {f"{name}_FILE": str(tmp_path / name) for name in names}
    code, said = fortress.say("lanes", user="watcher", **dict.fromkeys(names, ""), **files)
    assert code == 0, said


def line_of(secrets: list[str], **said: object) -> str:
    record = logging.makeLogRecord({"msg": "hello", "levelname": "INFO", **said})
    return JsonLines(secrets).format(record)


@given(st.text(min_size=6, max_size=30), st.text(max_size=10), st.text(max_size=10))
@example('quo"ted\\word', "", "")
@example("a+b/c=%20", "x", "y")
@example("猫猫猫猫猫猫\n", "", "")
@example(secret="000000", before="\x10", after="")
def test_a_known_secret_is_taken_out_of_every_line(secret: str, before: str, after: str) -> None:
    line = line_of([secret], why=f"{before}{secret}{after}", more={"inside": [secret]})
    found = json.loads(line)
    assert HIDDEN in found["why"] or secret in HIDDEN
    if len(set(secret) - set(HIDDEN + before + after)) > 3:
        assert secret not in found["why"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("redis://me:word@host/0 is", "redis://[hidden]@host/0 is"),
        ("GET https://h/a.png?Expires=1&Signature=ab now", "GET https://h/a.png?[hidden] now"),
        ('"https://h/a?b=c"', '"https://h/a?[hidden]"'),
        ("https://h/a?b\nnext", "https://h/a?[hidden]\nnext"),
        ("https://h/a.png", "https://h/a.png"),
        ("what? a@b", "what? a@b"),
    ],
)
def test_addresses_lose_passwords_and_signatures(text: str, shown: str) -> None:
    assert json.loads(line_of([], why=text))["why"] == shown


def test_tracebacks_lose_them_too() -> None:
    try:
        int(f"redis://me:{MARK}@host {API_KEY}")
    except ValueError:
        line = line_of([API_KEY], exc_info=sys.exc_info())
    check(line, "traceback")
    assert "ValueError: invalid literal" in json.loads(line)["traceback"]


def test_a_line_steers_no_terminal() -> None:
    words = "\x1b[2J\x9b31m\x7f\u202eabc\u2028"
    line = line_of([], why=words)
    assert line.isprintable()
    assert json.loads(line)["why"] == words


def test_the_marks_are_in_every_secret() -> None:
    assert all(MARK in secret for secret in (*PASSWORDS.values(), API_KEY, AWS_TOKEN))
    assert MARK not in PREFIX
