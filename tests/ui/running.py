"""`imagemill ui` as a process, and somebody who asks it for pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from tests.cli.command import CommandLine
from tests.valkey import Valkey

TOKEN = "a-token-for-tests-only"


class Pages:
    """The running pages."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url.rstrip("/")
        self.token = token

    @contextmanager
    def visitor(self, *, signed_in: bool = True) -> Iterator[httpx2.Client]:
        """A browser without a screen; redirects are not followed."""
        with httpx2.Client(base_url=self.url, trust_env=False) as client:
            if signed_in:
                answer = client.post("/login", data={"token": self.token})
                assert answer.status_code == 303, answer.text
            yield client


@contextmanager
def running_pages(command_line: CommandLine, *options: str) -> Iterator[Pages]:
    """The pages, as long as the block runs."""
    with command_line.started("ui", "--port", "0", "--json", *options) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            assert process.stderr is not None
            raise AssertionError(process.stderr.read().decode())
        told = json.loads(line)
        yield Pages(told["url"], told["token"] or TOKEN)


def command_line_of(place: Path, valkey: Valkey) -> CommandLine:
    """A command line that looks at a mill of this process, which has its files there."""
    folder = place / "desk"
    folder.mkdir(exist_ok=True)
    variables = {
        "IMAGEMILL_REDIS_URL": valkey.url,
        "IMAGEMILL_STORAGE_URL": str(place / "store"),
        "IMAGEMILL_UI_TOKEN": TOKEN,
    }
    return CommandLine(folder, variables)
