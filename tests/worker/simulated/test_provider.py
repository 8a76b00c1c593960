"""The whole way of an order against the stand-in provider, as a real process."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from results.picture import inspect, thumbnail
from schemas.account import Account
from schemas.catalogue import catalogue
from schemas.clock import SystemClock
from schemas.failure import ErrorClass
from schemas.job import Job
from tests.shared_token import ProcessToken
from tests.simulator.running import RunningSimulator
from tests.waiting import wait_until
from worker.fetching import Fetched, Fetcher, FetchFailed
from worker.providers.port import (
    Accepted,
    Done,
    PollAnswer,
    Provider,
    Refused,
    RemotePicture,
    StillRunning,
    TaskPage,
    TaskUnknown,
    TooLate,
    Unanswered,
)
from worker.providers.registry import open_provider


def order(model: str, **changes: Any) -> Job:
    fields = {"id": "SKU-1", "line": 2, "lane": f"dashscope:{model}@default", "name": "SKU-1"}
    return Job(**{**fields, **changes})


def finished(client: Provider, ticket: str) -> Done:
    seen: list[PollAnswer] = []

    def ended() -> bool:
        seen.append(client.poll(ticket))
        return not isinstance(seen[-1], StillRunning)

    wait_until(ended, what=f"the end of {ticket}")
    assert isinstance(seen[-1], Done)
    return seen[-1]


@pytest.mark.parametrize(
    ("job", "size", "pictures"),
    [
        (
            order(
                "wanx-v1",
                prompt="水墨山水，远处有一只白鹤",
                negative_prompt="文字",
                n=2,
                parameters={"style": "<chinese painting>", "size": "720*1280", "seed": 42},
            ),
            (720, 1280),
            2,
        ),
        (
            order(
                "flux-schnell", prompt="a red bicycle", parameters={"size": "768*512", "steps": 4}
            ),
            (768, 512),
            1,
        ),
    ],
    ids=["wanx-v1", "flux-schnell"],
)
def test_an_order_becomes_pictures(
    client: Provider, fetcher: Fetcher, job: Job, size: tuple[int, int], pictures: int
) -> None:
    model = catalogue().find(job.lane.split(":")[1].split("@")[0])
    taken = client.submit(job, model)
    assert isinstance(taken, Accepted)
    done = finished(client, taken.ticket)
    assert [picture.index for picture in done.pictures] == list(range(1, pictures + 1))
    assert done.failures == ()
    assert done.took_s is not None
    for picture in done.pictures:
        assert isinstance(picture, RemotePicture)
        assert picture.expires_at_s is not None
        found = fetcher.fetch(picture.url)
        assert isinstance(found, Fetched)
        facts = inspect(found.data)
        assert ((facts.width, facts.height), facts.content_type) == (size, "image/png")
        assert inspect(thumbnail(found.data)).content_type == "image/jpeg"


def test_an_altered_address_is_refused(client: Provider, fetcher: Fetcher) -> None:
    taken = client.submit(order("wanx-v1", prompt="cat"), catalogue().find("wanx-v1"))
    assert isinstance(taken, Accepted)
    picture = finished(client, taken.ticket).pictures[0]
    assert isinstance(picture, RemotePicture)
    assert isinstance(fetcher.fetch(picture.url), Fetched)
    altered = fetcher.fetch(picture.url.replace("%3D", "="))
    assert isinstance(altered, FetchFailed)
    assert altered.kind == "forbidden"


def test_a_wrong_row_is_refused_and_a_strange_ticket_unknown(client: Provider) -> None:
    wrong = order("wanx-v1", prompt="cat", parameters={"style": "auto"})
    found = client.submit(wrong, catalogue().find("wanx-v1"))
    assert isinstance(found, Refused)
    assert found.failure.error_class is ErrorClass.INVALID
    assert client.poll("no-such-task") == TaskUnknown()


def test_a_wrong_key_stops_the_lane(account: Account) -> None:
    client = open_provider(
        "dashscope",
        Account(api_key=SecretStr("wrong"), base_url=account.base_url),
        1,
        ProcessToken(),
    )
    found = client.submit(order("wanx-v1", prompt="cat"), catalogue().find("wanx-v1"))
    client.close()
    assert isinstance(found, Refused)
    assert found.failure.error_class is ErrorClass.ACCOUNT


def test_an_order_whose_answer_was_lost_is_in_the_list(
    client: Provider, simulator: RunningSimulator
) -> None:
    simulator.script({"on": "create", "match": "lost", "do": {"kind": "drop-after"}})
    wanx = catalogue().find("wanx-v1")
    from_s = SystemClock().now().timestamp()
    assert isinstance(client.submit(order("wanx-v1", prompt="a lost cat"), wanx), Unanswered)
    until_s = SystemClock().now().timestamp()
    page = client.list_tasks(wanx, from_s - 5, until_s + 5, 1)
    assert isinstance(page, TaskPage)
    (truth,) = simulator.ledger(prompt="a lost cat")["tasks"]
    (found,) = [task for task in page.tasks if task.ticket == truth["task_id"]]
    assert from_s - 0.5 <= found.created_s <= until_s + 0.5
    assert page.provider_now_s is not None
    assert abs(page.provider_now_s - until_s) < 5


@pytest.mark.parametrize(
    ("do", "meaning"),
    [
        ({"kind": "error", "status": 429, "code": "Throttling.RateQuota"}, Refused),
        ({"kind": "error", "status": 500, "code": "InternalError"}, Refused),
        ({"kind": "drop"}, Unanswered),
        ({"kind": "garbage"}, Unanswered),
    ],
)
def test_what_goes_wrong_with_a_list_or_a_cancel_is_told(
    client: Provider, simulator: RunningSimulator, do: dict[str, object], meaning: type
) -> None:
    now_s = SystemClock().now().timestamp()
    simulator.script({"on": "list", "do": do}, {"on": "cancel", "do": do})
    assert isinstance(client.list_tasks(catalogue().find("wanx-v1"), now_s, now_s, 1), meaning)
    assert isinstance(client.cancel("no-such-task"), meaning)


def test_a_cancel_whose_answer_was_lost_may_have_been_done(
    client: Provider, simulator: RunningSimulator
) -> None:
    simulator.configure(generation_s=60.0)
    simulator.created("it is being drawn", "flux-dev")
    waiting = simulator.created("it waits", "flux-dev")
    simulator.configure(generation_s=0.05)
    simulator.script({"on": "cancel", "match": "it waits", "do": {"kind": "drop-after"}})
    assert isinstance(client.cancel(waiting), Unanswered)
    assert simulator.output(waiting)["task_status"] == "CANCELED"
    assert client.cancel(waiting) == TooLate()


def test_a_span_of_more_than_a_day_is_refused(client: Provider) -> None:
    now_s = SystemClock().now().timestamp()
    wanx = catalogue().find("wanx-v1")
    assert isinstance(client.list_tasks(wanx, now_s - 86_300, now_s, 1), TaskPage)
    assert isinstance(client.list_tasks(wanx, now_s - 86_500, now_s, 1), Refused)
