"""What the steps rely on: the scripted provider behaves as the real client does."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import SecretStr

from schemas.account import Account
from schemas.catalogue import catalogue
from schemas.clock import SystemClock
from schemas.job import Job
from tests.shared_token import ProcessToken
from tests.simulator.running import RunningSimulator
from tests.steps.mill import job
from tests.steps.picture_host import PictureHost
from tests.steps.scripted_provider import ScriptedProvider
from tests.waiting import wait_until
from worker.fetching import Fetched, Fetcher
from worker.providers.port import (
    Accepted,
    Done,
    NotSent,
    PollAnswer,
    Provider,
    RemotePicture,
    StillRunning,
    TaskFailed,
    TaskPage,
    TaskUnknown,
    TooLate,
    Withdrawn,
)
from worker.providers.registry import open_fetcher, open_provider

PARTLY = "a red bikini on a chair"
"""A prompt of which the last picture is withheld."""
WANX = catalogue().find("wanx-v1")
Pair = tuple[Provider, Fetcher]


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    rates = ("--rate", "500", "--query-rate", "2000")
    simulator = RunningSimulator(*rates, "--generation-s", "0.02", "--running", "50")
    yield Account(api_key=SecretStr("sk-test"), base_url=f"{simulator.url}/api/v1")
    simulator.stop()


def simulated(*options: str, busy: bool = False) -> Iterator[Provider]:
    """DashScope's client at a simulator of its own, where a task may be drawn all the time."""
    simulator = RunningSimulator(*options)
    if busy:
        simulator.created("a task that is drawn all the time")
    account = Account(api_key=SecretStr("sk-test"), base_url=f"{simulator.url}/api/v1")
    provider = open_provider("dashscope", account, 4, ProcessToken())
    yield provider
    provider.close()
    simulator.stop()


@pytest.fixture(params=["scripted", "dashscope"])
def busy(request: pytest.FixtureRequest) -> Iterator[Provider]:
    """A provider where whatever is ordered has to wait."""
    if request.param == "scripted":
        scripted = ScriptedProvider()
        scripted.busy = True
        yield scripted
        return
    yield from simulated("--generation-s", "60", "--rate", "500", "--running", "1", busy=True)


@pytest.fixture(params=["scripted", "dashscope"])
def echoing(request: pytest.FixtureRequest) -> Iterator[Provider]:
    """A provider that repeats prompts."""
    if request.param == "scripted":
        scripted = ScriptedProvider()
        scripted.echoes = True
        yield scripted
        return
    yield from simulated("--generation-s", "0.02", "--echo-prompt")


@pytest.fixture(params=["scripted", "dashscope"])
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    if request.param == "scripted":
        scripted = ScriptedProvider()
        scripted.withheld.add(PARTLY)
        yield scripted, PictureHost()
        return
    account = request.getfixturevalue("account")
    provider, fetcher = (
        open_provider("dashscope", account, 16, ProcessToken()),
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


def accepted(provider: Provider, order: Job) -> str:
    taken = provider.submit(order, WANX)
    assert isinstance(taken, Accepted)
    return taken.ticket


def listed(provider: Provider, model: str = "wanx-v1", ago_s: float = 0.0) -> dict[str, float]:
    """The tasks of the last hour (or an hour `ago_s` ago), all pages of them."""
    now_s = SystemClock().now().timestamp() - ago_s
    found: dict[str, float] = {}
    page, pages = 1, 1
    while page <= pages:
        answer = provider.list_tasks(catalogue().find(model), now_s - 3600, now_s + 60, page)
        assert isinstance(answer, TaskPage)
        assert answer.provider_now_s is not None
        assert abs(answer.provider_now_s - now_s - ago_s) < 30
        pages = answer.pages
        page += 1
        assert not found.keys() & {task.ticket for task in answer.tasks}
        found |= {task.ticket: task.created_s for task in answer.tasks}
    return found


def test_what_was_ordered_is_listed_page_by_page(pair: Pair) -> None:
    before_s = SystemClock().now().timestamp()
    with ThreadPoolExecutor(16) as pool:
        orders = (job(f"SKU-{i}") for i in range(120))
        tickets = set(pool.map(lambda order: accepted(pair[0], order), orders))
    found = listed(pair[0])
    assert tickets <= found.keys()
    # The list names milliseconds, cut off.
    assert all(before_s - 1 <= found[ticket] <= before_s + 60 for ticket in tickets)


def test_the_list_holds_neither_another_model_nor_another_time(pair: Pair) -> None:
    ticket = accepted(pair[0], job())
    assert ticket in listed(pair[0])
    assert ticket not in listed(pair[0], model="flux-dev")
    assert ticket not in listed(pair[0], ago_s=7200)


def test_an_order_held_up_is_not_sent(pair: Pair) -> None:
    before = listed(pair[0])
    answer = pair[0].submit(job(), WANX, may_send=lambda: False)
    assert isinstance(answer, NotSent)
    assert "held up" in answer.reason
    assert listed(pair[0]) == before
    assert isinstance(pair[0].submit(job(), WANX, may_send=lambda: True), Accepted)


def test_a_waiting_task_can_be_withdrawn_once(busy: Provider) -> None:
    ticket = accepted(busy, job())
    assert busy.poll(ticket) == StillRunning(queued=True)
    assert busy.cancel(ticket) == Withdrawn()
    assert isinstance(busy.poll(ticket), TaskFailed)
    assert busy.cancel(ticket) == TooLate()
    assert ticket in listed(busy)


def test_a_finished_task_and_a_strange_one_are_too_late(pair: Pair) -> None:
    ticket = accepted(pair[0], job())
    wait_until(lambda: isinstance(pair[0].poll(ticket), Done), what="the picture")
    assert pair[0].cancel(ticket) == TooLate()
    assert pair[0].cancel("no-such-task") == TooLate()


def test_a_prompt_is_repeated_by_who_repeats_prompts(echoing: Provider) -> None:
    done = ended(echoing, job(prompt="一只青瓷茶杯, 7 o'clock"))
    assert isinstance(done, Done)
    assert done.prompt_echo == "一只青瓷茶杯, 7 o'clock"


def test_a_prompt_is_repeated_by_nobody_else(pair: Pair) -> None:
    done = ended(pair[0], job())
    assert isinstance(done, Done)
    assert done.prompt_echo is None


def test_the_list_tells_which_tasks_have_ended(pair: Pair) -> None:
    provider, _ = pair
    taken = provider.submit(job(), WANX)
    assert isinstance(taken, Accepted)
    wait_until(
        lambda: not isinstance(provider.poll(taken.ticket), StillRunning), what="the task's end"
    )
    assert shown_as_ended(provider, taken.ticket) is True
    assert shown_as_ended(provider, taken.ticket, running_only=True) is None


def test_a_task_that_waits_is_listed_and_is_not_being_drawn(busy: Provider) -> None:
    taken = busy.submit(job(), WANX)
    assert isinstance(taken, Accepted)
    assert shown_as_ended(busy, taken.ticket) is False
    assert shown_as_ended(busy, taken.ticket, running_only=True) is None


def test_a_task_that_is_drawn_is_listed_among_those() -> None:
    scripted = ScriptedProvider()
    scripted.drawing.add(scripted.take_in(job(), "a-task"))
    assert shown_as_ended(scripted, "a-task", running_only=True) is False
    for provider in simulated("--generation-s", "60", "--rate", "500"):
        taken = provider.submit(job(), WANX)
        assert isinstance(taken, Accepted)
        assert shown_as_ended(provider, taken.ticket, running_only=True) is False


def shown_as_ended(provider: Provider, ticket: str, *, running_only: bool = False) -> bool | None:
    """Whether the list shows a task as ended; None: it does not show it."""
    now_s = SystemClock().now().timestamp()
    page = provider.list_tasks(WANX, now_s - 60, now_s + 60, 1, running_only=running_only)
    assert isinstance(page, TaskPage)
    found = {task.ticket: task.ended for task in page.tasks}
    return found.get(ticket)
