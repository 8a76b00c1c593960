"""`imagemill flower` as a process, and a browser in front of it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from playwright.sync_api import Browser, Page

from tests.cli.command import CommandLine

USER, PASSWORD = "imagemill", "fl0wer:s3cr3t"


@contextmanager
def running_flower(desk: CommandLine, variables: Mapping[str, str]) -> Iterator[str]:
    """Its address, as it says itself, for as long as the block runs; it ends by SIGTERM."""
    given = {"IMAGEMILL_FLOWER__PORT": "0", "IMAGEMILL_FLOWER_PASSWORD": PASSWORD, **variables}
    with desk.with_variables(**given).started("flower") as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.stderr.read().decode() if process.stderr else ""
        yield str(json.loads(line)["flower"])
        process.terminate()
        try:
            _, said = process.communicate(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        assert process.returncode == 0, said.decode()


@contextmanager
def logged_in(browser: Browser, url: str, password: str) -> Iterator[Page]:
    """A page of somebody who typed the name and the password."""
    context = browser.new_context(http_credentials={"username": USER, "password": password})
    context.set_default_timeout(30_000)
    try:
        page = context.new_page()
        page.goto(url)
        yield page
    finally:
        context.close()
