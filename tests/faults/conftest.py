"""Fleets to strike: shared by tests, and made anew where a test has left one broken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.faults.scene import Scene
from tests.seaweed import Seaweed, run_seaweed
from tests.system.mill import Servers, start_servers


class Stage:
    """One scene at a time, since all use the same servers."""

    def __init__(self, servers: Servers, make_folder: Callable[[], Path]) -> None:
        self._servers = servers
        self._make_folder = make_folder
        self._stack = ExitStack()
        self._scene: Scene | None = None

    def scene(self, seaweed: Seaweed | None = None) -> Scene:
        """A sound one, whose pictures lie in a bucket if there is one, else in a directory."""
        if self._scene is None or not self._scene.sound or self._scene.seaweed != seaweed:
            self.close()
            self._servers.valkey.restart()
            self._servers.simulator.client.post("/_reset")
            self._scene = Scene(self._make_folder(), self._stack, self._servers, seaweed)
            self._scene.mill.ledger.client.flushall()
        return self._scene

    def close(self) -> None:
        self._stack.close()
        self._scene = None


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with ExitStack() as stack:
        servers = start_servers(tmp_path_factory.mktemp("servers"), stack)
        opened = Stage(servers, lambda: tmp_path_factory.mktemp("scene") / "mill")
        stack.callback(opened.close)
        yield opened


@pytest.fixture
def scene(stage: Stage) -> Scene:
    """Its pictures lie in a directory."""
    return stage.scene()


@pytest.fixture(scope="session")
def seaweed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seaweed]:
    with run_seaweed(tmp_path_factory.mktemp("seaweed")) as server:
        yield server


@pytest.fixture
def bucket_scene(stage: Stage, seaweed: Seaweed) -> Scene:
    """Its pictures lie in a bucket."""
    return stage.scene(seaweed)
