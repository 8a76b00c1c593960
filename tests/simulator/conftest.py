from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.simulator.running import RunningSimulator

FAST: dict[str, object] = {
    "rate": 1000.0,
    "query_rate": 10000.0,
    "running": 4,
    "limiter": "token-bucket",
    "generation_s": 0.02,
    "generation_sigma": 0.2,
    "url_ttl_s": 3600.0,
    "retention_s": 3600.0,
    "images": "small",
    "image_bytes": 2000,
    "echo_prompt": False,
    "connections": 100,
    "retired": "",
    "token_ttl_s": 2592000.0,
    "token_era": 1,
    "credits": 1000000.0,
    "burst": 150,
    "penalty_s": 60.0,
}


@pytest.fixture(scope="session")
def shared_simulator() -> Iterator[RunningSimulator]:
    simulator = RunningSimulator("--seed", "1")
    yield simulator
    simulator.stop()


@pytest.fixture
def simulator(shared_simulator: RunningSimulator) -> RunningSimulator:
    """A fast simulator with nothing in it yet."""
    shared_simulator.client.post("/_reset")
    shared_simulator.configure(**FAST)
    return shared_simulator


@pytest.fixture
def start() -> Iterator[Callable[..., RunningSimulator]]:
    """Starts further simulators with options of their own."""
    started: list[RunningSimulator] = []

    def start_one(*options: str) -> RunningSimulator:
        started.append(RunningSimulator(*options))
        return started[-1]

    yield start_one
    for simulator in started:
        simulator.stop()
