"""Flower, as whoever has the password sees it, and as strangers do not.

A browser looks at it in test_topology.py, while a batch is running.
"""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest
from click.testing import CliRunner
from flower.urls import handlers

from tests.deploy.flower_page import PASSWORD, USER, running_flower
from tests.system.mill import Mill
from tests.waiting import wait_until
from worker.flower import main

OPEN = {r"/static/(.*)", r"/login/?", r"/logout", r".*", r"/healthcheck"}
"""Pages that tell nothing of the fleet."""
DO_SOMETHING = (
    "api/worker/shutdown/imagemill-1@x",
    "api/worker/pool/shrink/imagemill-1@x",
    "api/task/send-task/imagemill.submit",
    "api/task/revoke/x",
)


def paths() -> list[str]:
    """Each of Flower's pages, with something in the place of a name."""
    patterns = [rule[0] if isinstance(rule, tuple) else rule.regex.pattern for rule in handlers]
    closed = [pattern.rstrip("$") for pattern in patterns if pattern.rstrip("$") not in OPEN]
    return [pattern.replace("(.+)", "x").replace("(.*)", "x") for pattern in closed]


@pytest.mark.system
@pytest.mark.timeout(120)
def test_it_remembers_tasks_and_shows_them_to_whoever_has_the_password(
    mill: Mill, tmp_path: Path
) -> None:
    home = {"IMAGEMILL_FLOWER__DIRECTORY": str(tmp_path / "memory")}
    mill.start_workers(1)
    with running_flower(mill.command_line, home) as url:
        # A worker sends events from the time on when Flower asks for them.
        wait_until(lambda: workers_online(url) == 1, 30, "Flower to hear of the worker")
        wait_until(lambda: has_seen_tasks_of(mill, url), 30, "tasks")
        before = tasks(url)
    assert (tmp_path / "memory").stat().st_mode & 0o077 == 0
    with running_flower(mill.command_line, home) as url:
        assert before <= tasks(url)
        check_strangers_see_nothing(url)
        check_nothing_can_be_done(url)


def has_seen_tasks_of(mill: Mill, url: str) -> bool:
    """After one more batch; of the first ones the worker may not have known that Flower asks."""
    mill.finished(
        mill.submit(mill.command_line.manifest(f"cups-{len(mill.ledger.batches.names())}", 3))
    )
    return len(tasks(url)) > 3


def workers_online(url: str) -> int:
    answer = httpx2.get(f"{url}workers?json=1", auth=(USER, PASSWORD))
    return sum(bool(one["status"]) for one in answer.json()["data"])


def tasks(url: str) -> set[str]:
    answer = httpx2.get(f"{url}api/tasks", params={"limit": 1000}, auth=(USER, PASSWORD))
    assert "teapot" not in answer.text, "of a prompt"
    return set(answer.json())


def check_strangers_see_nothing(url: str) -> None:
    assert len(paths()) > 20
    with httpx2.Client() as stranger:
        for path in paths():
            for auth in (None, (USER, "wrong"), ("wrong", PASSWORD), (USER, "")):
                for method in ("GET", "POST"):
                    answer = stranger.request(method, url.rstrip("/") + path, auth=auth)
                    # A page that takes the other method only says so, and nothing else.
                    assert answer.status_code in (401, 403, 405), (method, path, auth, answer)
                    assert "imagemill" not in answer.text
        assert stranger.get(f"{url}healthcheck").text == "OK"


def check_nothing_can_be_done(url: str) -> None:
    for path in DO_SOMETHING:
        answer = httpx2.post(url + path, auth=(USER, PASSWORD), json={"args": []})
        assert answer.status_code == 403, (path, answer.text)


URL = {"IMAGEMILL_REDIS_URL": "redis://127.0.0.1:1/0"}
GIVEN = {**URL, "IMAGEMILL_FLOWER_PASSWORD": "x"}


@pytest.mark.parametrize(
    ("variables", "mode", "said"),
    [
        (URL, 0o700, "with a password only"),
        ({"IMAGEMILL_FLOWER_PASSWORD": "x"}, 0o700, "set IMAGEMILL_REDIS_URL"),
        ({**URL, "IMAGEMILL_FLOWER_PASSWORD": "密码"}, 0o700, "ASCII"),
        (GIVEN, 0o777, "chmod 700"),
    ],
)
def test_it_does_not_start_unsafely(
    tmp_path: Path, variables: dict[str, str], mode: int, said: str
) -> None:
    memory = tmp_path / "memory"
    memory.mkdir()
    memory.chmod(mode)
    (tmp_path / "none.toml").write_text("")
    alone = {
        "IMAGEMILL_CONFIG": str(tmp_path / "none.toml"),
        "IMAGEMILL_FLOWER__DIRECTORY": str(memory),
    }
    ran = CliRunner().invoke(main, env={**alone, **variables})
    assert (ran.exit_code, ran.stdout) == (7, "")
    assert said in ran.stderr
