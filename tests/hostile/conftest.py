"""Servers set up as deploy/ says, which the tests of this folder share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.hostile.fortress import Fortress, policed
from tests.seaweed import Seaweed, run_seaweed


@pytest.fixture(scope="session")
def seaweed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seaweed]:
    """A bucket for which deploy/bucket-policy.json holds."""
    with run_seaweed(tmp_path_factory.mktemp("seaweed"), policed()) as server:
        yield server


@pytest.fixture(scope="session")
def fortress(tmp_path_factory: pytest.TempPathFactory, seaweed: Seaweed) -> Iterator[Fortress]:
    """A whole mill under least privilege, with one worker that logs everything."""
    with ExitStack() as stack:
        yield Fortress(tmp_path_factory.mktemp("fortress"), stack, seaweed)
