"""Sends a notice: one request, one try, no redirects."""

from __future__ import annotations

import httpx2

from results.telling.answers import Answer, Delivered, Undelivered, judge
from results.telling.posts import Post, post_of
from results.telling.target import NoTarget, Target, Variable, find_target
from schemas.clock import Clock
from schemas.notify import Notify
from storage.guard import NO_PROXY, Deadline

TIMEOUT_S = 10.0
"""For all of it: a receiver that drips must not hold a thread."""
_READ_BYTES = 16 * 1024
"""Of an answer; nobody has more to say to a notice."""


def deliver(
    notify: Notify, document: str, variable: Variable, clock: Clock
) -> Delivered | Undelivered:
    """Tell whom `notify` names, once. Never raises for what settings, network or receiver do."""
    try:
        target = find_target(notify, variable)
    except NoTarget as error:
        return Undelivered(str(error))
    return _send(target, post_of(target, document, clock.now()), clock)


def _send(target: Target, post: Post, clock: Clock) -> Delivered | Undelivered:
    try:
        return judge(target.format, _answer(post, clock))
    except httpx2.TimeoutException:
        return Undelivered(f"{target.host} did not answer within {TIMEOUT_S:g} s")
    except httpx2.ConnectError as error:
        return Undelivered(f"{target.host} cannot be reached: {error}")
    # Others quote the address, or what was to be sent.
    except (httpx2.HTTPError, httpx2.InvalidURL, UnicodeError) as error:
        return Undelivered(f"{target.host} cannot be told: {type(error).__name__}")


def _answer(post: Post, clock: Clock) -> Answer:
    """A client of its own for each: notices are rare, and whoever is told shares nothing."""
    deadline = Deadline(clock)  # the status line and the headers keep it, too
    deadline.begin(TIMEOUT_S)
    with (
        httpx2.Client(timeout=TIMEOUT_S, follow_redirects=False, mounts=NO_PROXY) as http,
        http.stream(
            "POST",
            post.url,
            headers=dict(post.headers),
            content=post.body,
            extensions={"trace": deadline.watch},
        ) as response,
    ):
        body = b""
        for part in response.iter_raw():
            body += part
            if len(body) >= _READ_BYTES:
                break
        retry_after = response.headers.get("Retry-After")
        return Answer(response.status_code, body[:_READ_BYTES], retry_after)
