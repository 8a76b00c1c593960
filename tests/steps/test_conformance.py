"""What the steps rely on: the scripted provider behaves as the real client does."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import SecretStr

from schemas.catalogue import catalogue
from schemas.job import Job
from schemas.settings import Account
from tests.simulator.running import RunningSimulator
from tests.steps.mill import job
from tests.steps.picture_host import PictureHost
from tests.steps.scripted_provider import ScriptedProvider
from tests.waiting import wait_until
from worker.fetching import Fetched, Fetcher
from worker.providers.port import (
    Accepted,
    Done,
    PollAnswer,
    Provider,
    RemotePicture,
    StillRunning,
    TaskUnknown,
)
from worker.providers.registry import open_fetcher, open_provider

PARTLY = "a red bikini on a chair"
"""A prompt of which the last picture is withheld."""
WANX = catalogue().find("wanx-v1")
Pair = tuple[Provider, Fetcher]


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    simulator = RunningSimulator(
        "--generation-s", "0.02", "--rate", "500", "--query-rate", "2000", "--running", "50"
    )
    yield Account(api_key=SecretStr("sk-test"), base_url=f"{simulator.url}/api/v1")
    simulator.stop()


@pytest.fixture(params=["scripted", "dashscope"])
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    if request.param == "scripted":
        scripted = ScriptedProvider()
        scripted.withheld.add(PARTLY)
        yield scripted, PictureHost()
        return
    account = request.getfixturevalue("account")
    provider, fetcher = (
        open_provider("dashscope", account, 16),
        open_fetcher("dashscope", account, 16),
    )
    yield provider, fetcher
    provider.close()
    fetcher.close()


def ended(provider: Provider, order: Job) -> PollAnswer:
    """What an order comes to."""
    taken = provider.submit(order, WANX)
    assert isinstance(taken, Accepted)
    assert taken.ticket
    seen: list[PollAnswer] = []

    def over() -> bool:
        seen.append(provider.poll(taken.ticket))
        return not isinstance(seen[-1], StillRunning)

    wait_until(over, what=f"the end of {taken.ticket}")
    return seen[-1]


@pytest.mark.parametrize("n", [1, 2, 4])
def test_an_order_ends_with_as_many_pictures_as_were_ordered(pair: Pair, n: int) -> None:
    provider, fetcher = pair
    done = ended(provider, job(n=n))
    assert isinstance(done, Done)
    assert [picture.index for picture in done.pictures] == list(range(1, n + 1))
    assert (done.failures, done.took_s is not None) == ((), True)
    for picture in done.pictures:
        assert isinstance(picture, RemotePicture)
        assert isinstance(fetcher.fetch(picture.url), Fetched)


def test_pictures_and_failures_add_up_to_the_order(pair: Pair) -> None:
    done = ended(pair[0], job(prompt=PARTLY, n=3))
    assert isinstance(done, Done)
    assert [picture.index for picture in done.pictures] == [1, 2]
    assert [failure.index for failure in done.failures] == [3]


def test_a_finished_task_can_be_asked_for_again(pair: Pair) -> None:
    provider, _ = pair
    taken = provider.submit(job(), WANX)
    assert isinstance(taken, Accepted)
    for _ in range(2):
        wait_until(lambda: isinstance(provider.poll(taken.ticket), Done), what="the picture")


@pytest.mark.parametrize("ticket", ["no-such-task", "a b?c=d", "猫"])
def test_an_unknown_ticket_is_unknown_and_nothing_is_raised(pair: Pair, ticket: str) -> None:
    assert isinstance(pair[0].poll(ticket), TaskUnknown)


def test_sixteen_threads_share_one_client(pair: Pair) -> None:
    orders = [job(f"SKU-{i}", n=1 + i % 4) for i in range(32)]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda order: ended(pair[0], order), orders))
    for order, answer in zip(orders, answers, strict=True):
        assert isinstance(answer, Done)
        assert len(answer.pictures) == order.n
