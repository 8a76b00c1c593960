"""The provider gone and back: nothing is sent to nobody, and everything else is asked again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from schemas.states import JobState
from tests.faults.points import PATIENCE_S, Action, Point
from tests.faults.scene import CHOSEN, IMAGE_BYTES, Scene, sku_of
from tests.simulator.running import RunningSimulator
from tests.system.mill import SIMULATOR, Servers
from tests.valkey import run_valkey
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]


class Provider:
    """A simulator that remembers what it charged when it comes back on its port."""

    def __init__(self, journal: str) -> None:
        self._options = (*SIMULATOR, "--journal", journal, "--image-bytes", str(IMAGE_BYTES))
        self.simulator = RunningSimulator(*self._options)
        self._port = str(urlsplit(self.simulator.url).port)

    def come_back(self) -> RunningSimulator:
        self.simulator = RunningSimulator("--port", self._port, *self._options)
        return self.simulator


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    opened = Provider(str(tmp_path_factory.mktemp("provider") / "journal"))
    yield opened
    opened.simulator.stop()


@pytest.fixture(scope="module")
def direct(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A scene without a gate: where the provider is gone, connections are refused."""
    folder = tmp_path_factory.mktemp("direct")
    with ExitStack() as stack:
        valkey = stack.enter_context(run_valkey(folder / "valkey"))
        servers = Servers(valkey, provider.simulator)
        scene = Scene(folder / "mill", stack, servers, gated=False)
        scene.staff(1)
        yield scene


@pytest.mark.parametrize(
    "point", [Point.MARKED, Point.UNPOLLED, Point.UNFETCHED, Point.HALF_FETCHED]
)
def test_the_provider_killed_and_started_again(
    provider: Provider, direct: Scene, point: Point
) -> None:
    batch = f"refused-{point}"
    placed = direct.place(batch, point, Action.HOLD)
    direct.hand_in(batch)
    placed.victim()

    provider.simulator.kill()
    placed.let_go()
    wait_until(lambda: int(direct.record(batch, "troubles") or 0) > 0, PATIENCE_S, "a try in vain")
    direct.mill.simulator = provider.come_back()

    chosen = direct.judge(batch, direct.now_s)[sku_of(batch, CHOSEN)]
    assert (chosen.state, chosen.attempts) == (JobState.SUCCEEDED, 1)
